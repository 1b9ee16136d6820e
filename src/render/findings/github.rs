//! Workflow commands of GitHub Actions: annotations at the lines of a pull request.
//!
//! A command ends with its line, and its properties with `::`; so everything from elsewhere is escaped as the runner reads it.

use super::{Sheet, full};
use crate::{
    report::finding::{Finding, Severity},
    words::shown::Shown,
};

/// One command for each finding, and a line that counts them.
pub(crate) fn commands(sheet: &Sheet) -> String {
    let mut text: String = sheet.findings.iter().map(command).collect();
    text += &match super::counted(&sheet.findings) {
        Some(counted) => format!("Found {counted}.\n"),
        None => "No findings.\n".to_owned(),
    };
    text
}

fn command(finding: &Finding) -> String {
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = &finding.place {
        properties.push(("file", place.file.clone()));
        if let Some(region) = place.region {
            properties.push(("line", region.line.to_string()));
            properties.push(("endLine", region.end_line.to_string()));
            // columns are for a place within one line
            if region.line == region.end_line {
                properties.push(("col", region.column.to_string()));
                properties.push(("endColumn", region.end_column.to_string()));
            }
        }
    }
    properties.push(("title", finding.code.clone()));
    let properties = properties.iter().map(|(name, value)| format!("{name}={}", property(value)));
    let properties: Vec<String> = properties.collect();
    format!("::{word} {}::{}\n", properties.join(","), message(&full(finding)))
}

/// The text of a command.
fn message(text: &str) -> String {
    let shown = Shown(text).to_string();
    shown.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
