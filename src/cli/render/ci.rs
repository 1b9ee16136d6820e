//! What `ci` found, as text, and the picture of what changes for Markdown.

use std::fmt::Write as _;

use super::findings;
use crate::report::{
    changes::{Change, Changes, ColumnShape, Reference, TableShape},
    ci::{CiReport, Outcome, PartReport},
    finding::Finding,
};

/// The findings, then each check with its result.
pub(in crate::cli) fn checked_all(
    report: &CiReport,
    findings: &[Finding],
    verbose: bool,
) -> String {
    let mut text = String::new();
    for note in &report.notes {
        line(&mut text, &format!("note: {note}"));
    }
    text += &findings::listed(findings, verbose);
    for part in &report.parts {
        line(&mut text, &self::part(part, findings));
    }
    if let Some(since) = &report.new_since {
        let count = match report.new.len() {
            0 => "no migration".to_owned(),
            count => super::migrations(count),
        };
        line(&mut text, &format!("new      {count} since {since}"));
    }
    let end = findings::counted(findings).map_or("Nothing found.".into(), |it| format!("{it}."));
    line(&mut text, &end);
    super::autogenerate::seen_on(&mut text, report.proved_on.as_ref());
    text
}

fn part(part: &PartReport, findings: &[Finding]) -> String {
    let name = part.part.word();
    let of = |it: &&Finding| findings::check_of(&it.code) == name;
    let own: Vec<Finding> = findings.iter().filter(of).cloned().collect();
    let result = match part.outcome {
        Outcome::Passed | Outcome::Found => {
            findings::counted(&own).unwrap_or_else(|| "ok".to_owned())
        }
        Outcome::Failed => "failed".to_owned(),
        Outcome::Skipped => return format!("{name:<8} skipped: {}", part.about),
    };
    format!("{name:<8} {result}  ({})", part.about)
}

/// What becomes of tables, as a Mermaid diagram that GitHub and GitLab draw. None if no table changes.
pub(in crate::cli) fn diagram(changes: &Changes) -> Option<String> {
    if changes.is_empty() {
        return None;
    }
    let mut text = String::from("### What changes\n\n```mermaid\nerDiagram\n");
    for (at, table) in changes.tables.iter().enumerate() {
        entity(&mut text, at, table);
    }
    for reference in &changes.references {
        relation(&mut text, reference);
    }
    text += "```\n";
    if !changes.left_out.is_empty() {
        let names: Vec<String> = changes.left_out.iter().map(|it| findings::cell(it)).collect();
        line(&mut text, &format!("\nThese change, too: {}.", names.join(", ")));
    }
    Some(text)
}

/// How many columns of a table are drawn that stay as they are.
const COLUMNS: usize = 12;

fn entity(text: &mut String, at: usize, table: &TableShape) {
    let mark = match table.change {
        Change::Same => String::new(),
        change => format!(" ({})", word(change)),
    };
    line(text, &format!("    t{at}[\"{}{mark}\"] {{", label(&table.name)));
    let mut same = 0;
    for column in &table.columns {
        if column.change == Change::Same && !column.is_key && !column.is_reference {
            same += 1;
            // a neighbor is drawn to show where it is
            if same > COLUMNS || table.change == Change::Same {
                continue;
            }
        }
        line(text, &format!("        {}", attribute(column)));
    }
    line(text, "    }");
}

fn attribute(column: &ColumnShape) -> String {
    let keys: Vec<&str> = [(column.is_key, "PK"), (column.is_reference, "FK")]
        .into_iter()
        .filter_map(|(is, key)| is.then_some(key))
        .collect();
    let keys = if keys.is_empty() { String::new() } else { format!(" {}", keys.join(", ")) };
    let (name, sql_type) = (word_of(&column.name), word_of(&column.sql_type));
    let mut about = Vec::new();
    if column.change != Change::Same {
        about.push(word(column.change).to_owned());
    }
    // what a word cannot say
    if name != column.name {
        about.push(label(&column.name));
    }
    about.extend(column.was.iter().map(|it| format!("was {}", label(it))));
    let about = if about.is_empty() { String::new() } else { format!(" \"{}\"", about.join(": ")) };
    format!("{sql_type} {name}{keys}{about}")
}

fn relation(text: &mut String, reference: &Reference) {
    let one = if reference.is_optional { "|o" } else { "||" };
    let mark = match reference.change {
        Change::Same => String::new(),
        change => format!(" ({})", word(change)),
    };
    let columns = label(&reference.columns.join(", "));
    let (from, to) = (reference.from, reference.to);
    line(text, &format!("    t{to} {one}--o{{ t{from} : \"{columns}{mark}\""));
}

/// The word of a change.
pub(in crate::cli) fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Dropped => "dropped",
        Change::Changed => "changed",
        Change::Same => "",
    }
}

/// A type or a name as Mermaid takes it: one word of letters and digits.
fn word_of(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-()[]".contains(c);
    let mut word: String = text.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        word.insert_str(0, "x_");
    }
    word
}

/// Text between quotes: without what would end them, or means something to Mermaid.
fn label(text: &str) -> String {
    let shown = crate::words::shown::Shown(text).on_one_line();
    shown.chars().map(|c| if "\"`%<>&#;\\{}".contains(c) { '\'' } else { c }).collect()
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").unwrap_or_default();
}
