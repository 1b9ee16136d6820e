//! Findings in the formats of other tools: one list, rendered for code scanning, merge requests, test reports and people.

pub(crate) mod github;
pub(crate) mod gitlab;
mod json;
pub(crate) mod junit;
pub(crate) mod markdown;
pub(crate) mod sarif;
mod text;

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub(crate) use self::{json::list, markdown::cell, text::findings as listed};
use crate::{
    report::finding::{Finding, Place, Severity},
    words::digest::Digest,
};

/// Findings, with what a format needs to know beside them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sheet {
    /// The findings, in their order.
    pub(crate) findings: Vec<Finding>,
    /// The checks that ran, such as `verify`; a finding belongs to the one that its code begins with.
    pub(crate) checks: Vec<String>,
    /// The file of the project that findings without a place are shown at, where a format demands one.
    pub(crate) home: String,
    /// What a Markdown summary says after the findings.
    pub(crate) sections: Vec<String>,
    /// Why the command could not do its work: the last finding is this one.
    pub(crate) is_failure: bool,
}

/// Where a finding is shown if nothing else is known.
const ANYWHERE: &str = "migrations";

impl Sheet {
    /// One of these findings, of the checks that their codes name.
    pub(crate) fn of(findings: Vec<Finding>) -> Self {
        Self { findings, ..Self::default() }
    }

    /// Where a finding is shown, in a format that demands a file.
    fn place(&self, finding: &Finding) -> Place {
        let home = if self.home.is_empty() { ANYWHERE } else { &self.home };
        let anywhere = || Place { file: home.to_owned(), region: None };
        finding.place.clone().unwrap_or_else(anywhere)
    }

    /// The checks that ran, with those that only findings name.
    fn all_checks(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.checks.iter().map(String::as_str).collect();
        for finding in &self.findings {
            let check = check_of(&finding.code);
            if !all.contains(&check) {
                all.push(check);
            }
        }
        all
    }

    /// What tells each finding from others in later runs: lines, columns and numbers may change, the order among equal ones counts.
    fn fingerprints(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let one = |finding: &Finding| {
            let file = finding.place.as_ref().map_or("", |it| &it.file);
            let version = finding.version.as_deref().unwrap_or_default();
            let words = finding.message.replace(|c: char| c.is_ascii_digit(), "");
            let key = [finding.code.as_str(), version, file, &words].join("\0");
            let count = seen.entry(key.clone()).or_default();
            *count += 1;
            Digest::of(&format!("{key}\0{count}")).as_str()[..32].to_owned()
        };
        self.findings.iter().map(one).collect()
    }
}

/// The check that a code belongs to: `verify` of `verify::not-back`.
pub(crate) fn check_of(code: &str) -> &str {
    code.split("::").next().unwrap_or(code)
}

/// The message with everything that explains it, one line each.
fn full(finding: &Finding) -> String {
    let details = finding.details.iter().map(|it| format!("\n{it}"));
    let help = finding.help.iter().map(|it| format!("\nhelp: {it}"));
    std::iter::once(finding.message.clone()).chain(details).chain(help).collect()
}

/// What stays as it is in the path of a relative reference.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path as a relative reference.
fn uri(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// The word of a severity.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// `2 errors, 1 warning`; none if there is nothing.
pub(crate) fn counted(findings: &[Finding]) -> Option<String> {
    let count = |severity| {
        let count = findings.iter().filter(|it| it.severity == severity).count();
        let word = word(severity);
        match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            many => Some(format!("{many} {word}s")),
        }
    };
    let all: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter_map(count)
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

#[cfg(test)]
mod tests;
