//! JUnit's XML: a suite for each check, a failed case for each finding, a passed one for a check that found nothing.

use std::fmt::Write as _;

use super::{Sheet, check_of, full};
use crate::{
    report::finding::{Finding, Severity},
    words::shown::Shown,
};

/// The document.
pub(crate) fn suites(sheet: &Sheet, command: &str) -> String {
    let mut inside = String::new();
    let (mut tests, mut failures) = (0, 0);
    for check in sheet.all_checks() {
        let found: Vec<(usize, &Finding)> = sheet.findings.iter().enumerate().collect();
        let found: Vec<_> = found.into_iter().filter(|it| check_of(&it.1.code) == check).collect();
        let failed = found.iter().filter(|it| it.1.severity != Severity::Note).count();
        let count = found.len().max(1);
        tests += count;
        failures += failed;
        let errors = found.iter().filter(|it| sheet.is_error(it.0)).count();
        let name = escape(check);
        let failed = failed - errors;
        open(
            &mut inside,
            &format!(
                "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\" errors=\"{errors}\">"
            ),
        );
        if found.is_empty() {
            open(&mut inside, &format!("    <testcase classname=\"{name}\" name=\"{name}\"/>"));
        }
        for (at, finding) in found {
            case(&mut inside, finding, sheet.is_error(at));
        }
        open(&mut inside, "  </testsuite>");
    }
    let errors = usize::from(sheet.is_failure);
    let failures = failures - errors;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"glowplug {}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n{inside}</testsuites>\n",
        escape(command)
    )
}

impl Sheet {
    /// Whether a finding says why the command could not do its work.
    fn is_error(&self, at: usize) -> bool {
        self.is_failure && at + 1 == self.findings.len()
    }
}

fn case(text: &mut String, finding: &Finding, is_error: bool) {
    let code = escape(&finding.code);
    let message = escape(&finding.message);
    let mut place = String::new();
    if let Some(at) = &finding.place {
        place = format!(" file=\"{}\"", escape(&at.file));
        if let Some(region) = at.region {
            write!(place, " line=\"{}\"", region.line).unwrap_or_default();
        }
    }
    open(text, &format!("    <testcase classname=\"{code}\" name=\"{message}\"{place}>"));
    let full = escape(&full(finding));
    open(
        text,
        &match (is_error, finding.severity) {
            (true, _) => {
                format!("      <error type=\"{code}\" message=\"{message}\">{full}</error>")
            }
            (false, Severity::Note) => format!("      <system-out>{full}</system-out>"),
            (false, _) => {
                format!("      <failure type=\"{code}\" message=\"{message}\">{full}</failure>")
            }
        },
    );
    open(text, "    </testcase>");
}

fn open(text: &mut String, line: &str) {
    writeln!(text, "{line}").unwrap_or_default();
}

/// Text within an element or an attribute. XML has no way to write most control characters: they become visible.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in Shown(text).to_string().chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // else an attribute would lose them
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
