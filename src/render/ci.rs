//! What `ci` found, as text, and the picture of what changes for Markdown.

use std::fmt::Write as _;

use super::findings;
use crate::report::{
    changes::{Change, Changes, ColumnShape, Reference, TableShape},
    ci::{CiReport, Outcome, PartReport},
    deploy::{CompatMatrix, LockTimeline, Waits},
    finding::Finding,
};

/// The findings, then each check with its result.
pub(crate) fn checked_all(report: &CiReport, findings: &[Finding], verbose: bool) -> String {
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
    line(&mut text, &ending(report, findings));
    super::autogenerate::seen_on(&mut text, report.proved_on.as_ref());
    text
}

/// What was found, and how many checks could not look.
fn ending(report: &CiReport, findings: &[Finding]) -> String {
    let failed = match report.parts.iter().filter(|it| it.outcome == Outcome::Failed).count() {
        0 => None,
        1 => Some("1 check could not do its work".to_owned()),
        many => Some(format!("{many} checks could not do their work")),
    };
    let parts: Vec<String> = findings::counted(findings).into_iter().chain(failed).collect();
    match &parts[..] {
        [] => "No findings.".to_owned(),
        parts => format!("{}.", parts.join("; ")),
    }
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

/// What a Markdown summary says after the findings: who waits, which program works on which structure, what changes.
pub(crate) fn sections(report: &CiReport) -> Vec<String> {
    let all = [
        waits(&report.locks),
        report.compat.as_ref().map(matrix),
        report.changes.as_ref().and_then(diagram),
    ];
    all.into_iter().flatten().collect()
}

/// Who waits for the locks of new migrations, as a table. None if nobody does.
fn waits(timelines: &[LockTimeline]) -> Option<String> {
    let mut rows = String::new();
    for timeline in timelines {
        for bar in timeline.bars.iter().filter(|it| it.waits != Waits::Nobody) {
            let who = match bar.waits {
                Waits::Everybody => "readers and writers",
                Waits::Writers | Waits::Nobody => "writers",
            };
            let at = timeline.statements.get(bar.from);
            let at = at.map(|it| format!("line {}: {}", it.line, findings::cell(&it.text)));
            let until = if bar.to < timeline.statements.len() { "no" } else { "yes" };
            let cells = [
                findings::cell(&timeline.migration),
                findings::cell(&bar.table),
                who.to_owned(),
                match &bar.lasts {
                    Some(lasts) => findings::cell(lasts),
                    None if bar.is_brief() => "briefly".to_owned(),
                    // without production's sizes it is not known
                    None => "not known".to_owned(),
                },
                bar.grows_with.as_deref().map(findings::cell).unwrap_or_default(),
                at.unwrap_or_default(),
                bar.mode.clone(),
                until.to_owned(),
            ];
            line(&mut rows, &format!("| {} |", cells.join(" | ")));
        }
    }
    let head = "| migration | table | who waits | how long | grows with | because of | lock | to COMMIT |\n|---|---|---|---|---|---|---|---|\n";
    (!rows.is_empty()).then(|| format!("### Who waits\n\n{head}{rows}"))
}

/// Which program works on which structure, as a table.
fn matrix(matrix: &CompatMatrix) -> String {
    let mut text = String::from("### Which program works on which structure\n\n");
    if let Some(verdict) = &matrix.verdict {
        line(&mut text, &format!("**{}**\n", findings::cell(verdict)));
    }
    let programs: Vec<String> = matrix.programs.iter().map(|it| findings::cell(it)).collect();
    line(&mut text, &format!("| structure | {} |", programs.join(" | ")));
    line(&mut text, &format!("|---|{}", "---|".repeat(programs.len())));
    for row in &matrix.rows {
        let fits: Vec<&str> = row.fits.iter().map(|it| it.text()).collect();
        line(&mut text, &format!("| {} | {} |", findings::cell(&row.state), fits.join(" | ")));
    }
    text
}

/// What becomes of tables, as a Mermaid diagram that GitHub and GitLab draw. None if no table changes.
fn diagram(changes: &Changes) -> Option<String> {
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
pub(crate) fn word(change: Change) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::deploy::{CompatRow, Fit, LockBar, TimelineStatement};

    #[test]
    fn a_summary_has_a_table_of_who_waits_and_of_which_program_works() {
        let bar = |waits: Waits, to: usize| LockBar {
            table: "a|b".into(),
            mode: "SHARE".into(),
            from: 0,
            to,
            waits,
            lasts: (waits == Waits::Everybody).then(|| "4 s to 12 s".to_owned()),
            grows_with: (to == 2).then(|| "the rows of a|b".into()),
        };
        let statement =
            |line: usize| TimelineStatement { line, text: "LOCK \"a|b\"".into(), share: 0 };
        let report = CiReport {
            locks: vec![LockTimeline {
                migration: "1_a".into(),
                statements: vec![statement(3), statement(4)],
                bars: vec![bar(Waits::Everybody, 2), bar(Waits::Writers, 1), bar(Waits::Nobody, 2)],
            }],
            compat: Some(CompatMatrix {
                programs: vec!["running".into(), "new".into()],
                rows: vec![CompatRow {
                    state: "after 1_a".into(),
                    fits: vec![Fit::Fails, Fit::Works],
                    faults: Vec::new(),
                }],
                verdict: Some("deploy first".into()),
            }),
            ..CiReport::default()
        };
        let sections = sections(&report);
        let rows: Vec<&str> = sections[0].lines().skip(4).collect();
        assert_eq!(
            rows,
            [
                r#"| 1\_a | a\|b | readers and writers | 4 s to 12 s | the rows of a\|b | line 3: LOCK "a\|b" | SHARE | yes |"#,
                r#"| 1\_a | a\|b | writers | briefly |  | line 3: LOCK "a\|b" | SHARE | no |"#,
            ]
        );
        assert!(sections[1].ends_with(
            "**deploy first**\n\n| structure | running | new |\n|---|---|---|\n| after 1\\_a | fails | works |\n"
        ), "{}", sections[1]);
        assert_eq!(sections.len(), 2);
    }
}
