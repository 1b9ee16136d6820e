//! The JSON document: a versioned envelope around a report or an error.

use miette::Diagnostic;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    job::{JobError, failure::CompatError},
    render::{covers::Covers, failure::CliError},
    report::finding::{Finding, Severity},
};

/// The version of the envelope and of every report in it.
const VERSION: u32 = 1;

pub(super) fn done<T: Serialize>(command: &str, report: &T) -> String {
    with_findings(command, report, None)
}

/// The same for a report that other tools also read as a list of findings.
pub(super) fn with_findings<T: Serialize>(
    command: &str,
    report: &T,
    findings: Option<Value>,
) -> String {
    let report = serde_json::to_value(report).unwrap_or(Value::Null);
    let mut document =
        json!({ "glowplug": VERSION, "command": command, "ok": true, "report": report });
    if let Some(findings) = findings {
        document["findings"] = findings;
    }
    pretty(&document)
}

/// A failure as a finding of the command, for formats that have nothing else.
pub(super) fn finding(command: &str, failure: &CliError, covers: &Covers) -> Finding {
    let code = failure.code().map(|code| code.to_string());
    let help = failure.help().map(|help| covers.over(&help.to_string()));
    let place = failure.job().and_then(JobError::place);
    let text = covers.over(&message(failure));
    let mut lines = text.lines().map(str::to_owned);
    Finding {
        severity: Severity::Error,
        message: lines.next().unwrap_or_default(),
        details: lines.collect(),
        code: code.unwrap_or_else(|| format!("{command}::failed")),
        help,
        version: None,
        place,
        related: Vec::new(),
        fix: None,
    }
}

pub(super) fn failed<T: Serialize>(
    command: &str,
    failure: &CliError,
    beside: Option<&T>,
    covers: &Covers,
) -> String {
    let mut error = json!({
        "code": failure.code().map(|code| code.to_string()),
        "message": covers.over(&message(failure)),
        "help": failure.help().map(|help| covers.over(&help.to_string())),
    });
    match failure.job() {
        Some(JobError::Migration(migration)) => {
            // detail, hint and context are in `server`
            error["message"] = json!(migration.what);
            error["migration"] = json!(migration.name);
            error["direction"] = json!(migration.direction);
            error["file"] = json!(migration.path);
            error["line"] = json!(migration.place.map(|(line, _)| line));
            error["column"] = json!(migration.place.map(|(_, column)| column));
            error["server"] = json!(migration.server);
            error["interrupted"] = json!(migration.interrupted);
            error["outcome_unknown"] = json!(migration.outcome_unknown);
        }
        Some(JobError::Refused(refused)) => {
            error["message"] = json!(refused.what);
            error["migration"] = json!(refused.name);
            error["direction"] = json!(refused.direction);
            error["file"] = json!(refused.path);
            error["line"] = json!(refused.place.map(|(line, _)| line));
            error["column"] = json!(refused.place.map(|(_, column)| column));
            error["findings"] = json!(refused.findings);
        }
        Some(JobError::Drift(drift)) => {
            error["findings"] = json!(drift.findings);
        }
        Some(JobError::Compat(CompatError::Breaks { findings, .. })) => {
            error["findings"] = json!(findings);
        }
        Some(JobError::Harm(harm)) => {
            error["findings"] = json!(harm.findings);
        }
        Some(JobError::SchemaWouldChange(change)) => {
            error["files"] = json!(change.files);
            error["difference"] = json!(change.difference);
        }
        Some(JobError::EditsWouldBeLost(edits)) => {
            error["files"] = json!(edits.files);
            error["difference"] = json!(edits.difference);
        }
        Some(JobError::Script(script)) => {
            error["file"] = json!(script.path);
            error["line"] = json!(script.line);
            error["column"] = json!(script.column);
        }
        _ => {}
    }
    let report = match failure {
        // if no database was reached, nothing was started
        CliError::Run(run) if !run.done.database.is_empty() => {
            serde_json::to_value(&run.done).unwrap_or(Value::Null)
        }
        _ => serde_json::to_value(beside).unwrap_or(Value::Null),
    };
    pretty(&json!({
        "glowplug": VERSION, "command": command, "ok": false, "error": error, "report": report,
    }))
}

/// A command line that could not be parsed: there is no command yet.
pub(super) fn misused(message: &str) -> String {
    let error = json!({ "code": "cli::usage", "message": message, "help": null });
    pretty(&json!({
        "glowplug": VERSION, "command": null, "ok": false, "error": error, "report": null,
    }))
}

/// The message with its causes.
fn message(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", message(cause)),
        None => error.to_string(),
    }
}

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
