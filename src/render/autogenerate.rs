//! What autogenerate found, as text.

use std::fmt::Write as _;

use crate::report::{autogenerate::AutogenerateReport, drift::DriftReport, proved::ProvedOn};

/// The result of `check`.
pub(crate) fn checked(report: &AutogenerateReport) -> String {
    let mut text = listed(report);
    for remark in &report.remarks {
        line(&mut text, &format!("note: {remark}"));
    }
    let end = match report.differences.len() {
        0 => "The migrations and the source of truth agree.".to_owned(),
        1 => "1 difference.".to_owned(),
        many => format!("{many} differences."),
    };
    line(&mut text, &end);
    seen_on(&mut text, report.proved_on.as_ref());
    text
}

/// The result of `revision --autogenerate`.
pub(crate) fn drafted(report: &AutogenerateReport) -> String {
    let mut text = listed(report);
    if report.is_empty() {
        for remark in &report.remarks {
            line(&mut text, &format!("note: {remark}"));
        }
        line(&mut text, "The migrations and the source of truth agree: there is nothing to write.");
        seen_on(&mut text, report.proved_on.as_ref());
        return text;
    }
    for lost in &report.loses {
        line(&mut text, &format!("deletes-data: {lost}"));
    }
    for lost in &report.loses_down {
        line(&mut text, &format!("deletes-data, when reverted: {lost}"));
    }
    for why in &report.irreversible {
        line(&mut text, &format!("irreversible: {why}"));
    }
    for remark in &report.remarks {
        line(&mut text, &format!("review: {remark}"));
    }
    for drafted in &report.migrations {
        let place = drafted
            .path
            .as_ref()
            .map_or_else(|| drafted.name.clone(), |it| it.display().to_string());
        let alone = if drafted.run_in_transaction { "" } else { "  (without a transaction)" };
        line(&mut text, &format!("{place}{alone}"));
    }
    let judge = if report.judged_by_pg_dump { " pg_dump agrees." } else { "" };
    let ways = match report.irreversible.is_empty() {
        true => "up, down and up again.",
        false => "up, also from an empty database; down.sql refuses what cannot be reverted.",
    };
    let place = match &report.proved_on {
        Some(on) => format!("on {on}"),
        None => "in a throwaway database".to_owned(),
    };
    let end = format!("Proved {place}: {ways}{judge}");
    line(&mut text, &end);
    text
}

/// The result of `drift`.
pub(crate) fn drifted(report: &DriftReport) -> String {
    let mut text = String::new();
    for version in &report.orphaned {
        line(
            &mut text,
            &format!("note: {version} is applied but not on disk; it was not replayed"),
        );
    }
    if let Some(remark) = &report.remark {
        line(&mut text, &format!("note: {remark}"));
    }
    for difference in &report.differences {
        line(&mut text, difference);
    }
    if !report.heal.is_empty() {
        line(&mut text, "-- reverts the difference; review it before you run it:");
    }
    for statement in &report.heal {
        line(&mut text, &format!("{statement};"));
    }
    if let Some(why) = &report.no_way {
        line(&mut text, &format!("No statements revert the difference: {why}."));
    }
    let applied = super::text::migrations(report.applied);
    let end = match report.differences.len() {
        0 => format!("{} matches its {applied}.", report.database),
        1 => format!("{} has drifted from its {applied}: 1 difference.", report.database),
        many => format!("{} has drifted from its {applied}: {many} differences.", report.database),
    };
    line(&mut text, &end);
    seen_on(&mut text, report.proved_on.as_ref());
    text
}

/// The result of `diff`: a script.
pub(crate) fn statements(statements: &[String]) -> String {
    statements.iter().map(|it| format!("{it};\n")).collect()
}

fn listed(report: &AutogenerateReport) -> String {
    let mut text = String::new();
    for difference in &report.differences {
        line(&mut text, difference);
    }
    if !report.not_compared.is_empty() {
        line(&mut text, &format!("not compared: {}", report.not_compared.join(", ")));
    }
    text
}

/// Names the server that something was proved on.
pub(crate) fn seen_on(text: &mut String, on: Option<&ProvedOn>) {
    if let Some(on) = on {
        line(text, &format!("Proved on {on}."));
    }
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{content}").unwrap_or_default();
}
