//! GitLab's Code Quality report.

use serde_json::{Value, json};

use super::{Sheet, full};
use crate::report::finding::{Finding, Severity};

/// A list of issues.
pub(crate) fn issues(sheet: &Sheet) -> String {
    let findings = sheet.findings.iter().zip(sheet.fingerprints());
    let issues: Vec<Value> =
        findings.map(|(finding, print)| issue(sheet, finding, &print)).collect();
    let mut text = serde_json::to_string_pretty(&issues).unwrap_or_default();
    text.push('\n');
    text
}

fn issue(sheet: &Sheet, finding: &Finding, fingerprint: &str) -> Value {
    let place = sheet.place(finding);
    let begin = place.region.map_or(1, |it| it.line);
    let end = place.region.map_or(1, |it| it.end_line);
    json!({
        "type": "issue",
        "check_name": finding.code,
        "description": full(finding),
        "categories": ["Bug Risk"],
        "fingerprint": fingerprint,
        "severity": match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        },
        "location": {
            "path": place.file.clone(),
            "lines": { "begin": begin, "end": end },
        },
    })
}
