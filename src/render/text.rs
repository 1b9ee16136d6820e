//! Reports as text.

use std::fmt::Write as _;

use crate::{
    job::{init::InitReport, revision::RevisionReport},
    migration::{source::Direction, status::State, version::Version},
    report::{
        run::{RunReport, StampReport},
        schema::{FileReport, FileState, SchemaReport},
        status::{RowReport, StatusReport},
    },
};

fn place(version: Option<&Version>, head: Option<&Version>) -> String {
    match version {
        None => "base".into(),
        Some(version) if Some(version) == head => format!("{version} (head)"),
        Some(version) => version.to_string(),
    }
}

pub(crate) fn migrations(count: usize) -> String {
    if count == 1 { "1 migration".into() } else { format!("{count} migrations") }
}

/// What an upgrade, a downgrade or a redo did.
pub(crate) fn run(report: &RunReport) -> String {
    let mut text = String::new();
    let before = place(report.before.as_ref(), report.head.as_ref());
    let after = place(report.after.as_ref(), report.head.as_ref());
    if report.dry_run {
        for step in &report.steps {
            let way = if step.direction == Direction::Up { "up  " } else { "down" };
            line(&mut text, &format!("{way}  {}", step.name));
        }
        for it in &report.rows {
            line(&mut text, &format!("{}: {}: {}", it.place, it.what, it.counted()));
            for example in &it.examples {
                line(&mut text, &format!("  {example}"));
            }
        }
        let would = match report.steps.len() {
            0 => format!("Nothing to do: {} is at {after}.", report.database),
            count => format!(
                "Would run {}: {before} -> {after}. Nothing was changed.",
                migrations(count)
            ),
        };
        line(&mut text, &would);
        return text;
    }
    let count = |direction| report.steps.iter().filter(|it| it.direction == direction).count();
    let sentence = match (count(Direction::Up), count(Direction::Down)) {
        (0, 0) => format!("Nothing to do: {} is at {after}.", report.database),
        (up, 0) => format!("Applied {}: {before} -> {after}.", migrations(up)),
        (0, down) => format!("Reverted {}: {before} -> {after}.", migrations(down)),
        (up, _) => format!(
            "Reverted and applied {} again: {} is at {after}.",
            migrations(up),
            report.database
        ),
    };
    line(&mut text, &sentence);
    for file in &report.schema {
        if file.state == FileState::Written {
            line(&mut text, &format!("Wrote {}.", file.file));
        }
    }
    if let Some(head) = &report.ledgers {
        line(&mut text, &format!("Ledgers attested ({}): {}", head.place, head.head));
    }
    text
}

/// The state of the schema files.
pub(crate) fn schema(report: &SchemaReport) -> String {
    report.files.iter().map(schema_file).collect()
}

fn schema_file(file: &FileReport) -> String {
    let name = &file.file;
    match file.state {
        FileState::Fresh => format!("fresh    {name}\n"),
        FileState::LineEnds => format!("fresh    {name} (except for line endings)\n"),
        FileState::Missing => format!("missing  {name}\n"),
        FileState::Written => format!("wrote    {name}\n"),
        FileState::Kept => format!("kept     {name}\n"),
        FileState::Stale => {
            let difference = file.difference.as_deref().unwrap_or_default();
            format!("stale    {name}\n{difference}")
        }
    }
}

/// What was completed before a run failed.
pub(crate) fn done_before_failure(report: &RunReport) -> String {
    let after = place(report.after.as_ref(), report.head.as_ref());
    let count = migrations(report.steps.len());
    format!("Completed before the failure: {count}. The database is at {after}.")
}

/// What a stamp wrote.
pub(crate) fn stamp(report: &StampReport) -> String {
    let mut text = String::new();
    for version in &report.stamped {
        line(&mut text, &format!("marked as applied      {version}"));
    }
    for version in &report.unstamped {
        line(&mut text, &format!("marked as pending      {version}"));
    }
    for note in &report.notes {
        line(&mut text, &format!("note: {note}"));
    }
    let after = place(report.after.as_ref(), None);
    let sentence = if report.stamped.is_empty() && report.unstamped.is_empty() {
        format!("Nothing to do: {} is already at {after}.", report.database)
    } else {
        format!("{} is now at {after}. No migration was run.", report.database)
    };
    line(&mut text, &sentence);
    text
}

/// The current revision of the database.
pub(crate) fn current(report: &StatusReport, verbose: bool) -> String {
    let mut text = String::new();
    let row = report.migrations.iter().find(|row| row.is_current);
    let orphaned = row.is_some_and(|row| row.state == Some(State::Orphaned));
    let open = match (report.pending, orphaned) {
        (0, true) => "not on disk".to_owned(),
        (0, false) => "head".to_owned(),
        (count, _) => format!("{count} pending"),
    };
    match row {
        None if report.migrations.is_empty() => line(&mut text, "base  (no migrations)"),
        None => line(&mut text, &format!("base  ({open})")),
        Some(row) => line(&mut text, &format!("{}  {}  ({open})", row.version, row.name)),
    }
    if verbose {
        line(&mut text, &format!("database    {}", report.database.as_deref().unwrap_or("-")));
        if let Some(row) = row {
            details(&mut text, row);
        }
    }
    for row in &report.migrations {
        if let Some(sentence) = trouble(row) {
            line(&mut text, &sentence);
        }
    }
    text
}

/// What is wrong with a migration.
fn trouble(row: &RowReport) -> Option<String> {
    let name = &row.name;
    match row.state {
        Some(State::Edited) => {
            Some(format!("edited        {name}: up.sql has changed since it was applied"))
        }
        Some(State::OutOfOrder) => {
            Some(format!("out of order  {name}: pending, but older than an applied migration"))
        }
        Some(State::Interrupted) => {
            let done = row.statements_done.unwrap_or_default();
            Some(format!("interrupted   {name}: statements done: {done}"))
        }
        Some(State::Orphaned) => Some(format!("orphaned      {name}: applied, but not on disk")),
        _ if row.down_edited => Some(format!(
            "note          {name}: down.sql has changed since it was applied; a downgrade runs it as it is now"
        )),
        _ => None,
    }
}

fn details(text: &mut String, row: &RowReport) {
    let mut item = |label: &str, value: &str| line(text, &format!("{label:<11} {value}"));
    if let Some(run_on) = &row.run_on {
        item("applied", &format!("{run_on} UTC"));
    }
    if let Some(record) = &row.record {
        let who = match record.actor.as_str() {
            "" => format!("role {}", record.role),
            actor => format!("{actor}, role {}", record.role),
        };
        item("by", &who);
        item("with", &format!("{} ({})", record.tool, record.kind));
        if let Some(took) = record.took_ms {
            item("took", &format!("{took} ms"));
        }
    }
}

/// The migrations, newest first.
pub(crate) fn history(report: &StatusReport, verbose: bool) -> String {
    let mut text = String::new();
    let width = report.migrations.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    for row in report.migrations.iter().rev() {
        let mut marks = Vec::new();
        if row.is_head {
            marks.push("head");
        }
        if row.is_current {
            marks.push("current");
        }
        if !row.has_down && row.state != Some(State::Orphaned) {
            marks.push("no down.sql");
        }
        if !row.run_in_transaction {
            marks.push("without a transaction");
        }
        let marks =
            if marks.is_empty() { String::new() } else { format!("({})", marks.join(", ")) };
        let state = row.state.map_or("", State::word);
        let name = &row.name;
        line(&mut text, format!("{name:<width$}  {state:<12}  {marks}").trim_end());
        if verbose {
            let mut more = String::new();
            details(&mut more, row);
            for item in more.lines() {
                line(&mut text, &format!("    {item}"));
            }
        }
    }
    if report.migrations.is_empty() {
        line(&mut text, "There are no migrations.");
    }
    text
}

/// The newest migration on disk; of two branches that were merged, that of each.
pub(crate) fn heads(report: &StatusReport) -> String {
    let rows = &report.migrations;
    let Some(head) = rows.iter().find(|row| row.is_head) else {
        return "base  (no migrations)\n".to_owned();
    };
    let late = rows.iter().rev().find(|row| row.state == Some(State::OutOfOrder));
    let plain = |row: &RowReport| format!("{}  {}", row.version, row.name);
    let Some(late) = late else {
        return format!("{}\n", plain(head));
    };
    let current = rows.iter().find(|row| row.is_current).unwrap_or(head);
    let other = |row: &RowReport, what: &str| format!("{}  ({what})\n", plain(row));
    let mut text = other(current, "applied here");
    if head.version != current.version {
        text += &other(head, "pending");
    }
    text + &other(late, "out of order: `glowplug rebase`")
}

/// What `init` wrote.
pub(crate) fn init(report: &InitReport) -> String {
    let mut text = String::new();
    for path in &report.written {
        line(&mut text, &format!("wrote  {}", path.display()));
    }
    for path in &report.kept {
        line(&mut text, &format!("kept   {}", path.display()));
    }
    if report.written.is_empty() {
        line(&mut text, "Nothing to do.");
    } else {
        line(&mut text, "Next: `glowplug upgrade`.");
    }
    text
}

/// What `revision` wrote.
pub(crate) fn revision(report: &RevisionReport) -> String {
    let mut text = String::new();
    for file in ["up.sql", "down.sql"] {
        line(&mut text, &report.path.join(file).display().to_string());
    }
    text
}

/// One line of output, even if a name contains a line feed.
fn line(text: &mut String, content: &str) {
    let content = content.replace('\n', "\\n");
    writeln!(text, "{content}").expect("a String takes all text");
}
