//! What was adopted, as text.

use std::fmt::Write as _;

use crate::{
    render::text::migrations,
    report::adopt::{AdoptReport, Down, Manner, TableRows, UndoReport},
    tools::Tool,
    words::shown::Shown,
};

/// So many lines of one kind are shown.
const FEW: usize = 20;

/// What `adopt` recognized, made, proved and wrote.
pub(crate) fn adopted(report: &AdoptReport, verbose: bool) -> String {
    let mut text = String::new();
    recognized(report, &mut text);
    made(report, verbose, &mut text);
    for rows in &report.rows {
        line(&mut text, &table_rows(rows));
    }
    let notes = report.remarks.iter().map(|it| format!("note: {it}"));
    some(&mut text, notes, verbose);
    proved(report, verbose, &mut text);
    text
}

fn recognized(report: &AdoptReport, text: &mut String) {
    let tool = report.tool.as_deref();
    let tool = Tool::ALL.into_iter().find(|it| Some(it.id()) == tool).map(Tool::label);
    let places: Vec<String> = [
        report.table.as_ref().map(|it| format!("table {it}")),
        report.files.as_ref().map(|it| match it.as_str() {
            "" => "its files here".to_owned(),
            dir => format!("files in {dir}"),
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    let what = match tool {
        Some(tool) => format!("{tool} ({})", places.join(", ")),
        None => "no migration tool".to_owned(),
    };
    line(text, &format!("Recognized: {what}"));
    let (all, applied) = (report.migrations.len(), report.applied());
    let pending = all - applied;
    let what = match report.manner {
        Manner::Convert if pending > 0 => {
            format!("{} converted, {applied} applied, {pending} pending", migrations(all))
        }
        Manner::Convert => format!("{} converted, all applied", migrations(all)),
        Manner::Baseline => "1 migration with the structure of the database".to_owned(),
        Manner::Record => format!("{} on disk, {applied} applied", migrations(all)),
    };
    line(text, &format!("Migrations: {what}"));
}

fn made(report: &AdoptReport, verbose: bool, text: &mut String) {
    let listed = report.migrations.iter().map(|it| {
        let state = if it.applied { "applied" } else { "pending" };
        let at = it.applied_at.as_deref().map(|at| format!("  {at}")).unwrap_or_default();
        format!("  {state}  {}{at}", it.name)
    });
    if verbose || report.migrations.len() <= FEW {
        some(text, listed, verbose);
    }
    let (original, generated, none) = (
        report.downs(Down::Original),
        report.downs(Down::Generated),
        report.downs(Down::Irreversible),
    );
    let counts =
        [(original, "original"), (generated, "generated and proved"), (none, "irreversible")];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    line(text, &format!("down.sql:   {}", counts.join(", ")));
    let reasons = report.migrations.iter().filter_map(|it| {
        let reason = it.reason.as_ref()?;
        let what = if it.down == Down::Irreversible { "irreversible" } else { "review" };
        Some(format!("  {what}: {}: {reason}", it.name))
    });
    some(text, reasons, verbose);
}

fn table_rows(rows: &TableRows) -> String {
    let TableRows { table, rows: count, equal, changed, missing, skipped } = rows;
    let what = match skipped {
        Some(why) => format!("not compared: {why}"),
        None if equal == count => format!("{count} inserted by migrations, equal in the database"),
        None => format!(
            "{count} inserted by migrations: in the database {equal} equal, {changed} changed, {missing} missing"
        ),
    };
    format!("Rows:       {table}: {what}")
}

fn proved(report: &AdoptReport, verbose: bool, text: &mut String) {
    if !report.is_clean() {
        line(
            text,
            "The replay and the database differ: `-` is only in the replay, `+` only in the database.",
        );
        some(text, report.differences.iter().map(|it| format!("  {it}")), verbose);
        let help = match report.manner {
            Manner::Baseline => {
                "Nothing was written. Look at the differences; `ignore` in [schema] of glowplug.toml leaves objects alone."
            }
            _ => {
                "Nothing was written. Correct the files or the database, or adopt its structure as it is: `glowplug adopt --baseline`."
            }
        };
        line(text, help);
        return;
    }
    let judges = match report.judged_by_pg_dump {
        true => "catalog and pg_dump",
        false => "catalog",
    };
    let on = report.proved_on.as_ref().map(|it| format!(", on {it}")).unwrap_or_default();
    line(text, &format!("Proved:     the replay equals {} ({judges}{on})", report.database));
    text.push_str(&recorded(report));
}

/// What was written and recorded.
pub(crate) fn recorded(report: &AdoptReport) -> String {
    let mut text = String::new();
    if !report.recorded {
        line(&mut text, "Nothing was written.");
        return text;
    }
    let directories: Vec<_> = report.written.iter().filter(|it| it.is_dir()).collect();
    if let Some(parent) = directories.first().and_then(|it| it.parent()) {
        let count = migrations(directories.len());
        line(&mut text, &format!("Wrote {count} to {}.", parent.display()));
    }
    for path in report.written.iter().filter(|it| it.is_file()) {
        line(&mut text, &format!("Wrote {}.", path.display()));
    }
    let count = migrations(report.applied());
    line(
        &mut text,
        &format!(
            "Adopted: {} records {count}. Nothing was run; `glowplug adopt --undo` takes it back.",
            report.database
        ),
    );
    text
}

/// What `adopt --undo` removed.
pub(crate) fn undone(report: &UndoReport, dry_run: bool) -> String {
    let (count, files) = (migrations(report.forgotten), report.removed.len());
    let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    let kept = report.kept.iter().map(|it| format!("kept: {} has changed\n", it.display()));
    let kept: String = kept.collect();
    match dry_run {
        true => format!(
            "Would remove {files}, and what {} records of {count}. Nothing was changed.\n",
            report.database
        ),
        false if report.database.is_empty() => {
            format!("{kept}Removed {files}: an adoption was interrupted.\n")
        }
        false => format!("{kept}Removed {files}; {} no longer records {count}.\n", report.database),
    }
}

/// The first lines, and how many more there are.
fn some(text: &mut String, lines: impl Iterator<Item = String>, all: bool) {
    let lines: Vec<String> = lines.collect();
    let shown = if all { lines.len() } else { lines.len().min(FEW) };
    for it in &lines[..shown] {
        line(text, it);
    }
    if lines.len() > shown {
        line(text, &format!("  … and {} more: --verbose shows them", lines.len() - shown));
    }
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{}", Shown(content)).unwrap_or_default();
}
