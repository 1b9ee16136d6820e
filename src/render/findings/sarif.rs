//! SARIF 2.1.0, for code scanning: rules, results with regions, related locations, fixes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Sheet, full, uri, word};
use crate::{
    render::pages,
    report::finding::{Finding, Fix, Place, Region, Severity},
    words::shown::Shown,
};

/// The log.
pub(crate) fn log(sheet: &Sheet, command: &str) -> String {
    let mut rules: BTreeMap<&str, Severity> = BTreeMap::new();
    for finding in &sheet.findings {
        let severity = rules.entry(&finding.code).or_insert(finding.severity);
        *severity = finding.severity.min(*severity);
    }
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(at, it)| (*it, at)).collect();
    let findings = sheet.findings.iter().zip(sheet.fingerprints());
    let results: Vec<Value> = findings
        .map(|(finding, print)| result(sheet, finding, index[finding.code.as_str()], &print))
        .collect();
    let rules: Vec<Value> = rules.iter().map(|(code, severity)| rule(code, *severity)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "glowplug",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            // several commands of one commit are told apart by it
            "automationDetails": { "id": format!("glowplug/{command}/") },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": !sheet.is_failure }],
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

/// What is known of a rule.
fn rule(code: &str, severity: Severity) -> Value {
    let mut rule = json!({
        "id": code,
        "defaultConfiguration": { "level": word(severity) },
    });
    if let Some(section) = pages::explained(code) {
        let first = section.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        rule["shortDescription"] = json!({ "text": first.trim() });
        rule["help"] = json!({ "text": section.trim(), "markdown": section.trim() });
    }
    rule
}

fn result(sheet: &Sheet, finding: &Finding, rule: usize, fingerprint: &str) -> Value {
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": word(finding.severity),
        "message": { "text": Shown(&full(finding)).to_string() },
        "locations": [location(&sheet.place(finding), None)],
        "partialFingerprints": { "glowplug/v1": fingerprint },
    });
    if !finding.related.is_empty() {
        let numbered = finding.related.iter().enumerate();
        let related = numbered.map(|(at, it)| {
            let mut location = location(&it.place, Some(&it.message));
            location["id"] = json!(at + 1);
            location
        });
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([self::fix(fix)]);
    }
    if let Some(version) = &finding.version {
        result["properties"] = json!({ "migration": version });
    }
    result
}

fn location(place: &Place, message: Option<&str>) -> Value {
    let mut physical = json!({ "artifactLocation": artifact(&place.file) });
    if let Some(region) = place.region {
        physical["region"] = self::region(region);
    }
    let mut location = json!({ "physicalLocation": physical });
    if let Some(message) = message {
        location["message"] = json!({ "text": Shown(message).to_string() });
    }
    location
}

fn artifact(file: &str) -> Value {
    json!({ "uri": uri(file), "uriBaseId": "%SRCROOT%" })
}

fn region(region: Region) -> Value {
    json!({
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    })
}

fn fix(fix: &Fix) -> Value {
    let mut files: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for replacement in &fix.replacements {
        // without a region it is the file as a whole: to a line that no file reaches
        let whole = Region { line: 1, column: 1, end_line: 1_000_000_000, end_column: 1 };
        let region = replacement.place.region.unwrap_or(whole);
        let change = json!({
            "deletedRegion": self::region(region),
            "insertedContent": { "text": replacement.text },
        });
        files.entry(&replacement.place.file).or_default().push(change);
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(file, replacements)| {
            json!({ "artifactLocation": artifact(file), "replacements": replacements })
        })
        .collect();
    json!({
        "description": { "text": Shown(&fix.description).to_string() },
        "artifactChanges": changes,
    })
}
