//! What was pinned, as text.

use std::fmt::Write as _;

use crate::report::pin::PinReport;

/// The result of `shadow pin`.
pub(crate) fn pinned(report: &PinReport) -> String {
    let mut text = String::new();
    for (name, value) in &report.settings {
        line(&mut text, &format!("{name} = {value}"));
    }
    for name in &report.left_out {
        line(&mut text, &format!("note: {name} was not written because it may be a secret"));
    }
    for note in &report.notes {
        line(&mut text, &format!("note: {note}"));
    }
    if let Some(file) = &report.prerequisites {
        line(&mut text, &format!("Wrote {}: review it.", file.display()));
    }
    let (file, version, database) = (report.file.display(), report.postgresql, &report.database);
    line(
        &mut text,
        &format!("Wrote {file}: the environment of {database}, PostgreSQL {version}. Commit it."),
    );
    text
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{content}").unwrap_or_default();
}
