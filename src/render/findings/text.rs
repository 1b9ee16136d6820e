//! Findings for people: each begins with its place, so that terminals and editors can open it.

use std::fmt::Write as _;

use super::word;
use crate::{
    report::finding::{Finding, Place},
    words::shown::Shown,
};

/// How many lines explain one finding; `--verbose` prints all.
const DETAILS: usize = 6;

/// Findings, one after the other.
pub(crate) fn findings(findings: &[Finding], verbose: bool) -> String {
    let mut text = String::new();
    for finding in findings {
        let place = finding.place.as_ref().map(|it| format!("{}: ", place(it)));
        let (severity, code) = (word(finding.severity), &finding.code);
        let message = Shown(&finding.message).on_one_line();
        line(&mut text, &format!("{}{severity}: {message} [{code}]", place.unwrap_or_default()));
        let limit = if verbose { usize::MAX } else { DETAILS };
        let mut left = finding.details.iter();
        for detail in left.by_ref().take(limit) {
            line(&mut text, &format!("  {}", Shown(detail).on_one_line()));
        }
        match left.count() {
            0 => {}
            rest => line(&mut text, &format!("  and {rest} more")),
        }
        for related in &finding.related {
            let message = Shown(&related.message).on_one_line();
            line(&mut text, &format!("  {}: {message}", self::place(&related.place)));
        }
        if let Some(help) = &finding.help {
            line(&mut text, &format!("  help: {}", Shown(help).on_one_line()));
        }
    }
    text
}

/// `migrations/1_a/up.sql:3:7`.
fn place(place: &Place) -> String {
    let file = Shown(&place.file).on_one_line();
    match place.region {
        Some(region) => format!("{file}:{}:{}", region.line, region.column),
        None => file,
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").unwrap_or_default();
}
