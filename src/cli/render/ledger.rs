//! Ledgers for people.

use std::fmt::Write as _;

use crate::report::finding::Finding;
use crate::report::ledger::Strength;
use crate::report::{
    ledger::{LedgerReport, LedgersReport},
    verify::{Leg, VerifyReport},
};

/// What is known of the ledgers.
pub(in crate::cli) fn ledgers(report: &LedgersReport) -> String {
    let mut text = String::new();
    if report.ledgers.is_empty() {
        line(
            &mut text,
            &format!(
                "{}: no ledger is declared in glowplug.toml.",
                report.database
            ),
        );
    }
    for ledger in &report.ledgers {
        one(&mut text, ledger);
    }
    if let Some(attested) = &report.attestation {
        line(
            &mut text,
            &format!("attested {} UTC, after {}", attested.at, attested.after),
        );
    }
    findings(&mut text, &report.findings);
    for table in &report.undeclared {
        line(
            &mut text,
            &format!(
                "{table} looks like a ledger and is not declared: [[ledger]] table = \"{table}\""
            ),
        );
    }
    text
}

fn one(text: &mut String, ledger: &LedgerReport) {
    line(text, &ledger.table);
    if !ledger.exists {
        line(text, "  there is no such table");
        return;
    }
    let word = |strength: Strength| match strength {
        Strength::None => "not refused",
        Strength::Statement => "refused for statements",
        Strength::Row => "refused",
        Strength::Always => "refused always",
    };
    let guarded = ledger.protection;
    line(text, &format!("  UPDATE      {}", word(guarded.update)));
    line(text, &format!("  DELETE      {}", word(guarded.delete)));
    line(text, &format!("  TRUNCATE    {}", word(guarded.truncate)));
    if let Some(rows) = ledger.rows {
        line(text, &format!("  rows        {rows}"));
    }
    if let Some(last) = &ledger.last {
        let last: Vec<&str> = last
            .iter()
            .map(|it| it.as_deref().unwrap_or("NULL"))
            .collect();
        line(
            text,
            &format!(
                "  last        {} = {}",
                ledger.key.join(", "),
                last.join(", ")
            ),
        );
    }
    for weak in &ledger.weak_points {
        line(text, &format!("  weak        {weak}"));
    }
}

/// What was compared, and what is different.
pub(in crate::cli) fn verified(report: &LedgersReport) -> String {
    let mut text = String::new();
    for checked in &report.checked {
        line(&mut text, &format!("compared {checked}"));
    }
    for note in &report.notes {
        line(&mut text, &format!("note: {note}"));
    }
    findings(&mut text, &report.findings);
    for table in &report.undeclared {
        line(
            &mut text,
            &format!("note: {table} looks like a ledger and is not declared"),
        );
    }
    let end = match report.findings.len() {
        0 => "Everything is as it was.".to_owned(),
        1 => "1 difference.".to_owned(),
        many => format!("{many} differences."),
    };
    line(&mut text, &end);
    text
}

fn findings(text: &mut String, findings: &[Finding]) {
    for finding in findings {
        let of = match finding.ledger.as_str() {
            "" => String::new(),
            ledger => format!("{ledger}: "),
        };
        line(text, &format!("different: {of}{}", finding.what));
        line(text, &format!("  {}", finding.advice));
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").unwrap_or_default();
}

/// What a replay of all migrations showed.
pub(in crate::cli) fn replayed(report: &VerifyReport) -> String {
    let mut text = String::new();
    for note in &report.notes {
        line(&mut text, &format!("note: {note}"));
    }
    if !report.one_way.is_empty() {
        line(
            &mut text,
            &format!("without a way back: {}", report.one_way.join(", ")),
        );
    }
    for table in &report.undeclared {
        line(
            &mut text,
            &format!(
                "{table} looks like a ledger and is not declared: [[ledger]] table = \"{table}\""
            ),
        );
    }
    if let Some(problem) = &report.problem {
        let leg = match problem.leg {
            Leg::Up => "up",
            Leg::Down => "down",
            Leg::UpAgain => "up again",
            Leg::Redo => "redo",
        };
        line(
            &mut text,
            &format!("{} ({leg}): {}", problem.name, problem.what),
        );
        for difference in &problem.difference {
            line(&mut text, &format!("  {difference}"));
        }
        line(&mut text, &format!("  {}", problem.advice));
    }
    if let Some(schema) = &report.schema {
        text += &super::schema(schema);
    }
    let back = report.returned;
    let end = match report.problem {
        None => format!(
            "Verified {}: {back} went down and up again, and left what they found.",
            super::text::migrations(report.migrations)
        ),
        Some(_) => format!(
            "Verified {} before it.",
            super::text::migrations(report.migrations)
        ),
    };
    let known = match report.known {
        0 => String::new(),
        1 => " One of them was known from an earlier run.".to_owned(),
        known => format!(" {known} of them were known from an earlier run."),
    };
    line(&mut text, &(end + &known));
    super::seen_on(&mut text, report.proved_on.as_ref());
    text
}
