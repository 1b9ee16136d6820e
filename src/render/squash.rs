//! What a squash made, as text.

use std::fmt::Write as _;

use crate::report::squash::SquashReport;

/// The result of `squash`.
pub(crate) fn squashed(report: &SquashReport) -> String {
    let mut text = String::new();
    let mut line = |it: &str| writeln!(text, "{it}").unwrap_or_default();
    for it in &report.filled {
        let fate = if it.kept { "kept" } else { "left out" };
        line(&format!("rows of {}: {} {fate}", it.table, it.count));
    }
    for lost in &report.loses_down {
        line(&format!("deletes-data, when reverted: {lost}"));
    }
    for remark in &report.remarks {
        line(&format!("review: {remark}"));
    }
    for note in &report.notes {
        line(&format!("note: {note}"));
    }
    match &report.path {
        Some(path) => line(&path.display().to_string()),
        None => line(&format!("{} (not written)", report.name)),
    }
    let judge = if report.judged_by_pg_dump { " pg_dump agrees." } else { "" };
    let on = report.proved_on.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
    let count = report.replaces.len();
    line(&format!("Replaces {count} migrations. Proved{on}: the same structure and rows.{judge}"));
    if let Some(aside) = &report.moved_to {
        line(&format!(
            "They are in {}, for databases that have run some of them.",
            aside.display()
        ));
    }
    text
}
