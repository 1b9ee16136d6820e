//! A summary in Markdown, for a comment on a pull request or the summary of a job.

use super::{Sheet, check_of, counted, word};
use crate::{
    report::finding::{Finding, Place},
    words::shown::Shown,
};

/// How many findings are listed: a comment has a limit of its own.
const MANY: usize = 100;
/// How many lines explain one.
const DETAILS: usize = 8;

/// The summary. Its first line stays the same, so that a bot finds the comment that it updates.
pub(crate) fn summary(sheet: &Sheet, command: &str) -> String {
    let mut text = format!("<!-- glowplug {command} -->\n## glowplug {command}\n\n");
    text += &match counted(&sheet.findings) {
        Some(counted) => format!("**{counted}**\n"),
        None => "No findings.\n".to_owned(),
    };
    let checks: Vec<String> = sheet.all_checks().into_iter().map(|it| check(sheet, it)).collect();
    if checks.len() > 1 {
        text += &format!("\n| check | result |\n|---|---|\n{}", checks.concat());
    }
    if !sheet.findings.is_empty() {
        let rows = sheet.findings.iter().take(MANY).map(row);
        text += &format!("\n| | where | what |\n|---|---|---|\n{}", rows.collect::<String>());
    }
    if sheet.findings.len() > MANY {
        text += &format!("\nand {} more\n", sheet.findings.len() - MANY);
    }
    for section in &sheet.sections {
        text += &format!("\n{}\n", section.trim_end());
    }
    text
}

/// One check with what it found.
fn check(sheet: &Sheet, name: &str) -> String {
    let of = |it: &&Finding| check_of(&it.code) == name;
    let found: Vec<Finding> = sheet.findings.iter().filter(of).cloned().collect();
    let result = counted(&found).unwrap_or_else(|| "ok".to_owned());
    format!("| {} | {result} |\n", cell(name))
}

fn row(finding: &Finding) -> String {
    let place = finding.place.as_ref().map(place).unwrap_or_default();
    let mut what = format!("{} ({})", cell(&finding.message), cell(&finding.code));
    for detail in finding.details.iter().take(DETAILS) {
        what += &format!("<br>{}", cell(detail));
    }
    if finding.details.len() > DETAILS {
        what += &format!("<br>and {} more", finding.details.len() - DETAILS);
    }
    for related in &finding.related {
        let at = self::place(&related.place);
        what += &format!("<br>{at}: {}", cell(&related.message));
    }
    if let Some(help) = &finding.help {
        what += &format!("<br>*{}*", cell(help));
    }
    format!("| {} | {place} | {what} |\n", word(finding.severity))
}

fn place(place: &Place) -> String {
    let file = cell(&place.file);
    place.region.map_or(file.clone(), |it| format!("{file}:{}", it.line))
}

/// Text in a cell of a table, or in a paragraph: it means nothing to Markdown or HTML, and mentions nobody.
pub(crate) fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in Shown(text).to_string().trim().chars() {
        match c {
            '\n' => escaped.push_str("<br>"),
            '\t' => escaped.push(' '),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // a comment ends a word: no mention, no reference to an issue, no commit
            '@' | '#' => {
                escaped.push(c);
                escaped.push_str("<!-- -->");
            }
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}
