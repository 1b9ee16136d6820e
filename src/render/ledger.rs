//! Ledgers as text.

use std::fmt::Write as _;

use crate::report::ledger::Strength;
use crate::report::ledger::{LedgerReport, LedgersReport};
use crate::report::ledger_finding::LedgerFinding;

/// The result of `ledger status`.
pub(crate) fn ledgers(report: &LedgersReport) -> String {
    let mut text = String::new();
    if report.ledgers.is_empty() {
        line(&mut text, &format!("{}: no ledger is declared in glowplug.toml.", report.database));
    }
    for ledger in &report.ledgers {
        one(&mut text, ledger);
    }
    if let Some(attested) = &report.attestation {
        line(&mut text, &format!("attested {} UTC, after {}", attested.at, attested.after));
    }
    findings(&mut text, &report.findings);
    for table in &report.undeclared {
        line(
            &mut text,
            &format!(
                "{table} looks like a ledger but is not declared: [[ledger]] table = \"{table}\""
            ),
        );
    }
    text
}

fn one(text: &mut String, ledger: &LedgerReport) {
    line(text, &ledger.table);
    if !ledger.exists {
        line(text, "  no such table");
        return;
    }
    let word = |strength: Strength| match strength {
        Strength::None => "not refused",
        Strength::Statement => "refused for statements",
        Strength::Row => "refused",
        Strength::Always => "always refused",
    };
    let guarded = ledger.protection;
    line(text, &format!("  UPDATE      {}", word(guarded.update)));
    line(text, &format!("  DELETE      {}", word(guarded.delete)));
    line(text, &format!("  TRUNCATE    {}", word(guarded.truncate)));
    if let Some(rows) = ledger.rows {
        line(text, &format!("  rows        {rows}"));
    }
    if let Some(last) = &ledger.last {
        let last: Vec<&str> = last.iter().map(|it| it.as_deref().unwrap_or("NULL")).collect();
        line(text, &format!("  last        {} = {}", ledger.key.join(", "), last.join(", ")));
    }
    line(
        text,
        &format!(
            "  level       {}",
            if ledger.sealed { "sealed: the server itself refuses" } else { "not sealed" }
        ),
    );
    for road in &ledger.roads {
        line(text, &format!("  open        {road}"));
    }
    for weak in &ledger.weak_points {
        line(text, &format!("  weak        {weak}"));
    }
}

/// What was compared, and what differs.
pub(crate) fn verified(report: &LedgersReport) -> String {
    let mut text = String::new();
    for checked in &report.checked {
        line(&mut text, &format!("compared {checked}"));
    }
    for note in &report.notes {
        line(&mut text, &format!("note: {note}"));
    }
    findings(&mut text, &report.findings);
    for table in &report.undeclared {
        line(&mut text, &format!("note: {table} looks like a ledger but is not declared"));
    }
    let end = match report.findings.len() {
        0 => "Nothing has changed.".to_owned(),
        1 => "1 difference.".to_owned(),
        many => format!("{many} differences."),
    };
    line(&mut text, &end);
    text
}

fn findings(text: &mut String, findings: &[LedgerFinding]) {
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
