//! Migrations with new versions, as text.

use std::fmt::Write as _;

use crate::report::{rebase::RebaseReport, schema::FileState};

/// The result of `rebase`.
pub(crate) fn rebased(report: &RebaseReport) -> String {
    let mut text = String::new();
    let mut line = |it: &str| writeln!(text, "{it}").unwrap_or_default();
    // what runs is told while it does
    for name in report.reverted.iter().filter(|_| report.dry_run) {
        line(&format!("down  {name}"));
    }
    for it in &report.moved {
        line(&format!("{} -> {}", it.from, it.to));
    }
    for note in &report.notes {
        line(&format!("note: {note}"));
    }
    let files = report.upgrade.iter().flat_map(|it| &it.schema);
    for file in files.filter(|it| it.state == FileState::Written) {
        line(&format!("Wrote {}.", file.file));
    }
    let on = report.proved_on.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
    let count = match report.moved.len() {
        1 => "1 migration".to_owned(),
        many => format!("{many} migrations"),
    };
    line(&match report.dry_run {
        true => {
            format!("Would rename {count}; the new order was replayed{on}. Nothing was changed.")
        }
        false => format!("Renamed {count}; the new order was replayed{on}."),
    });
    text
}
