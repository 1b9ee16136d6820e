//! What `verify` found, as text: by kind, the worst first.

use std::fmt::Write as _;

use crate::report::verify::{Leg, Problem, ProblemKind, VerifyReport};

/// How many lines about problems fit on a screen; `--verbose` prints all.
const SCREEN: usize = 18;
/// How many differences of one migration are printed without it.
const DIFFERENCES: usize = 4;

/// What `verify` found.
pub(crate) fn replayed(report: &VerifyReport, verbose: bool) -> String {
    let mut text = String::new();
    let limit = if verbose { usize::MAX } else { SCREEN / 2 };
    let mut notes = report.notes.iter();
    for note in notes.by_ref().take(limit) {
        line(&mut text, &format!("note: {note}"));
    }
    more(&mut text, "", notes.count(), "notes");
    if !report.one_way.is_empty() {
        let names = shortened(&report.one_way, limit);
        line(&mut text, &format!("cannot be reverted: {names}"));
    }
    for table in &report.undeclared {
        line(
            &mut text,
            &format!(
                "{table} looks like a ledger but is not declared: [[ledger]] table = \"{table}\""
            ),
        );
    }
    problems(&mut text, report, verbose);
    if !report.not_replayed.is_empty() {
        let names = shortened(&report.not_replayed, limit);
        line(
            &mut text,
            &format!("not applied, because they depend on a migration that failed: {names}"),
        );
    }
    if let Some(schema) = &report.schema {
        text += &super::schema(schema);
    }
    line(&mut text, &end(report));
    super::seen_on(&mut text, report.proved_on.as_ref());
    text
}

fn end(report: &VerifyReport) -> String {
    let count = super::text::migrations(report.migrations);
    let back = report.returned;
    let mut end = format!("Verified {count}: {back} went down and up again without a difference");
    match report.problems.len() {
        0 => end.push('.'),
        1 => end += "; 1 problem.",
        many => end += &format!("; {many} problems."),
    }
    match report.accepted.len() {
        0 => {}
        1 => end += " 1 known problem is accepted.",
        many => end += &format!(" {many} known problems are accepted."),
    }
    match report.known {
        0 => {}
        1 => end += " One of them was known from an earlier run.",
        known => end += &format!(" {known} of them were known from an earlier run."),
    }
    end
}

fn problems(text: &mut String, report: &VerifyReport, verbose: bool) {
    let all = &report.problems;
    if let [only] = &all[..] {
        one(text, only, verbose);
        return;
    }
    let kinds: Vec<&[Problem]> = all.chunk_by(|one, other| one.kind == other.kind).collect();
    let mut room = if verbose { usize::MAX } else { SCREEN };
    for (at, group) in kinds.iter().enumerate() {
        let problem = group[0].kind.text();
        let heading = match group.len() {
            1 => format!("{problem}:"),
            many => format!("{problem}: {many} migrations"),
        };
        line(text, &heading);
        // each following kind needs a line, too
        let share = (room / (kinds.len() - at)).max(2);
        let mut told = 0;
        let mut left = group.iter();
        for problem in left.by_ref() {
            let lines = summary(problem, verbose);
            told += lines.len();
            lines.iter().for_each(|it| line(text, it));
            if told >= share {
                break;
            }
        }
        room = room.saturating_sub(told);
        more(text, "  ", left.count(), "");
        line(text, &format!("  {}", advice(group)));
    }
    if !verbose && text.contains(" more\n") {
        line(text, "-v prints everything.");
    }
}

/// The only problem.
fn one(text: &mut String, problem: &Problem, verbose: bool) {
    let leg = match problem.leg {
        Leg::Up => "up",
        Leg::Down => "down",
        Leg::UpAgain => "up again",
        Leg::Redo => "redo",
    };
    line(text, &format!("{} ({leg}): {}", problem.name, problem.what));
    let limit = if verbose { usize::MAX } else { SCREEN };
    let mut left = problem.difference.iter();
    for difference in left.by_ref().take(limit) {
        line(text, &format!("  {difference}"));
    }
    more(text, "  ", left.count(), "");
    line(text, &format!("  {}", problem.advice));
}

/// One of several.
fn summary(problem: &Problem, verbose: bool) -> Vec<String> {
    let name = &problem.name;
    if problem.difference.is_empty() {
        let mut lines = problem.what.lines();
        let first = lines.next().unwrap_or_default();
        let mut told = vec![match first.starts_with(name.as_str()) {
            true => format!("  {first}"),
            false => format!("  {name}: {first}"),
        }];
        told.extend(lines.map(|it| format!("    {it}")));
        return told;
    }
    let limit = if verbose { usize::MAX } else { DIFFERENCES };
    let mut left = problem.difference.iter();
    let told = left.by_ref().take(limit);
    let mut told: Vec<String> = told.map(|it| format!("  {name}: {it}")).collect();
    let rest = left.count();
    if rest > 0 {
        told.push(format!("  {name}: and {rest} more"));
    }
    told
}

/// What to do about problems of one kind.
fn advice(group: &[Problem]) -> String {
    let first = &group[0];
    let is_same = group.iter().all(|it| it.advice == first.advice);
    match first.kind {
        _ if is_same => first.advice.clone(),
        ProblemKind::NotBack => {
            "Complete each down.sql, so that it undoes all of its up.sql and nothing else.".into()
        }
        ProblemKind::Elsewhere | ProblemKind::UpAgainFails => {
            "Complete each down.sql: something that it leaves behind blocks its up.sql."
                .into()
        }
        ProblemKind::HarmsLedger => {
            "Leave the rows and the protection of ledgers as they are. A deliberate change needs --allow-ledger-change \"reason\" when it is run."
                .into()
        }
        ProblemKind::UpFails | ProblemKind::DownFails => format!("{}: {}", first.name, first.advice),
    }
}

fn shortened(names: &[String], limit: usize) -> String {
    match names.len() > limit {
        true => format!("{}, and {} more", names[..limit].join(", "), names.len() - limit),
        false => names.join(", "),
    }
}

fn more(text: &mut String, indent: &str, count: usize, what: &str) {
    if count > 0 {
        let what = if what.is_empty() { String::new() } else { format!(" {what}") };
        line(text, format!("{indent}and {count} more{what}").as_str());
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").unwrap_or_default();
}
