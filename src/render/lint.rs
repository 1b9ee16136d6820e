//! What `lint` found, as text.

use std::{collections::BTreeMap, fmt::Write as _};

use miette::{LabeledSpan, NamedSource};

use crate::render::{migrations, snippet::Snippet};
use crate::{
    lint::{
        case::short,
        rule::{Rule, Way},
        words,
    },
    report::{
        finding::{Finding, Place, Severity},
        lint::{FixReport, LintReport, LockReport},
    },
    words::shown::Shown,
};

/// The report: findings with their places, then one sentence. `texts` has the scripts, by their paths.
pub(crate) fn linted(
    report: &LintReport,
    texts: &BTreeMap<String, String>,
    is_verbose: bool,
) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        one(&mut text, finding, texts);
        text.push('\n');
    }
    if is_verbose {
        for accepted in &report.accepted {
            let finding = &accepted.finding;
            let (message, reason) = (one_line(&finding.message), one_line(&accepted.reason));
            line(&mut text, &format!("accepted: {message} [{}]: {reason}", finding.code));
        }
        locks(&mut text, &report.locks);
    }
    for note in &report.notes {
        line(&mut text, &format!("note: {}", one_line(note)));
    }
    line(&mut text, &sentence(report));
    if let Some(proved_on) = &report.proved_on {
        line(&mut text, &format!("Observed on {}.", one_line(&proved_on.to_string())));
    }
    text
}

/// What `--fix` did.
pub(crate) fn fixed(report: &FixReport) -> String {
    let mut text = String::new();
    for fixed in &report.fixed {
        let verb = if report.dry_run { "would be replaced" } else { "is replaced" };
        line(&mut text, &format!("{} {verb} by", one_line(&fixed.migration)));
        for drafted in &fixed.by {
            let alone = if drafted.run_in_transaction { "" } else { "  (without a transaction)" };
            let path = drafted.path.as_ref().map(|it| it.display().to_string());
            line(&mut text, &format!("  {}{alone}", path.as_ref().unwrap_or(&drafted.name)));
            for sql in drafted.up.lines().filter(|_| report.dry_run) {
                line(&mut text, format!("    {sql}").trim_end());
            }
        }
    }
    for refused in &report.refused {
        let (name, reason) = (one_line(&refused.migration), one_line(&refused.reason));
        line(&mut text, &format!("{name} stays as it is: {reason}"));
    }
    if report.fixed.is_empty() && report.refused.is_empty() {
        line(&mut text, "Nothing to replace.");
    } else if let Some(proved_on) = report.proved_on.as_ref().filter(|_| !report.fixed.is_empty()) {
        let proved_on = one_line(&proved_on.to_string());
        line(
            &mut text,
            &format!("Proved on {proved_on}: up, down and up again, with the same result."),
        );
    }
    text
}

fn sentence(report: &LintReport) -> String {
    let looked = format!("Checked {}", migrations(report.migrations.len()));
    let count = |severity| report.findings.iter().filter(|it| it.severity == severity).count();
    let said = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        many => Some(format!("{many} {word}s")),
    };
    let mut parts: Vec<String> = [
        said(count(Severity::Error), "error"),
        said(count(Severity::Warning), "warning"),
        said(count(Severity::Note), "note"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !report.accepted.is_empty() {
        parts.push(format!("{} accepted", report.accepted.len()));
    }
    match &parts[..] {
        [] => format!("{looked}: no findings."),
        parts => format!("{looked}: {}.", parts.join(", ")),
    }
}

fn one(text: &mut String, finding: &Finding, texts: &BTreeMap<String, String>) {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    line(text, &format!("{severity}: {} [{}]", one_line(&finding.message), finding.code));
    if let Some(place) = &finding.place {
        show(text, place, "", texts);
    }
    for detail in &finding.details {
        line(text, &format!("  {}", one_line(detail)));
    }
    for related in &finding.related {
        show(text, &related.place, &related.message, texts);
    }
    if let Some(help) = &finding.help {
        line(text, &format!("  help: {}", one_line(help)));
    }
}

/// A line of a script with a pointer.
fn show(text: &mut String, place: &Place, label: &str, texts: &BTreeMap<String, String>) {
    let file = one_line(&place.file);
    let script = place.region.zip(texts.get(&place.file));
    let snippet = script.and_then(|(region, script)| {
        let (start, end) = (
            byte(script, region.line, region.column),
            byte(script, region.end_line, region.end_column),
        );
        let label = LabeledSpan::new(Some(label.to_owned()), start, end.saturating_sub(start));
        Snippet::of(&NamedSource::new(&place.file, script.clone()), &label, None)
    });
    let Some(snippet) = snippet else {
        let label = if label.is_empty() { String::new() } else { format!(": {}", one_line(label)) };
        line(text, &format!("  {file}{label}"));
        return;
    };
    line(text, &format!("  {}", snippet.place));
    for (number, shown) in snippet.lines.iter().filter(|(number, _)| *number == snippet.line) {
        line(text, &format!("  {number} │ {shown}"));
        let space = " ".repeat(number.to_string().len());
        let (column, pointer) = &snippet.pointer;
        let width = pointer.text().chars().count();
        let pointer = format!("{}{}", " ".repeat(*column), "^".repeat(width));
        line(text, format!("  {space} │ {pointer} {}", snippet.label).trim_end());
    }
}

/// The byte of a line and a column, both from 1.
fn byte(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = &text[start.min(text.len())..];
    let within = rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at);
    start + within
}

/// Who waits for what, also briefly.
fn locks(text: &mut String, locks: &[LockReport]) {
    if locks.is_empty() {
        return;
    }
    line(text, "locks:");
    for lock in locks {
        let who = match (lock.readers, lock.writers) {
            (true, true) => "readers and writers",
            (true, false) => "readers",
            _ => "writers",
        };
        let how_long = match &lock.driver {
            None => "briefly".to_owned(),
            Some(driver) => {
                format!(
                    "{} rows of work per million rows of {}",
                    words::rows(lock.slope * 1e6),
                    short(driver)
                )
            }
        };
        let lines = match lock.line == lock.until_line {
            true => format!("line {}", lock.line),
            false => format!("lines {} to {}", lock.line, lock.until_line),
        };
        let relation = lock.via.as_ref().unwrap_or(&lock.table);
        line(
            text,
            &one_line(&format!(
                "  {} {}, {lines}: {} on {}; {who} of {} wait: {how_long}",
                lock.migration,
                lock.script,
                lock.mode,
                short(relation),
                short(&lock.table)
            )),
        );
    }
}

/// The page of a rule.
pub(crate) fn rule(rule: &Rule) -> String {
    let mut text = String::new();
    line(&mut text, &format!("{}: {}.", rule.name, rule.finds));
    line(&mut text, &format!("\n{}", rule.why));
    line(&mut text, &format!("\nInstead: {}", rule.instead));
    let scripts = match rule.way {
        Way::Up => "up.sql",
        Way::Down => "down.sql, with --down",
        Way::Both => "up.sql, and down.sql with --down",
    };
    line(&mut text, &format!("\nLooks at {scripts}."));
    if !rule.is_on {
        line(&mut text, &format!("Off by default: `enable = [\"{}\"]` in [lint].", rule.name));
    }
    if !rule.aliases.is_empty() {
        line(&mut text, &format!("Also known as {}.", rule.aliases.join(", ")));
    }
    line(&mut text, &format!("\nFound:\n\n{}", indented(rule.bad)));
    line(&mut text, &format!("\nNot found:\n\n{}", indented(rule.good)));
    text
}

/// All rules, in a line each.
pub(crate) fn rules(rules: &[Rule]) -> String {
    let width = rules.iter().map(|it| it.name.len()).max().unwrap_or_default();
    let all = rules.iter().map(|it| {
        let off = if it.is_on { "" } else { " (off by default)" };
        format!("{:width$}  {}{off}\n", it.name, it.finds)
    });
    all.collect()
}

fn indented(script: &str) -> String {
    let lines: Vec<String> = script.trim_end().lines().map(|it| format!("    {it}")).collect();
    lines.join("\n")
}

fn one_line(text: &str) -> String {
    Shown(text).on_one_line()
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::finding::Region;

    #[test]
    fn a_place_leads_back_to_its_byte() {
        let text = "ä b\nc d\n";
        for at in [0, 2, 3, 5, 7] {
            let of = Region::of(text, at, at);
            assert_eq!(byte(text, of.line, of.column), at);
        }
    }
}
