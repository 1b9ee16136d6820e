//! The files of `lint`: the sizes of production's tables, and the findings that were there before. Both belong into version control.

use std::path::Path;

use serde::Deserialize;

use crate::{
    lint::stats::Stats,
    project::{ProjectError, schema_file},
};

/// What the file of sizes is called beside `glowplug.toml`.
pub(crate) const STATS: &str = "lint-stats.json";

/// What the file of known findings is called there.
pub(crate) const BASELINE: &str = "lint-baseline.toml";

/// The code, the file and the message of a finding.
pub(crate) type KnownFinding = (String, String, String);

const HEAD: &str = "# Known findings of `glowplug lint`; anything else fails it. Written by `glowplug lint --update-baseline`.\n";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Baseline {
    finding: Vec<One>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    code: String,
    file: String,
    message: String,
}

/// Reads the sizes; none if there is no such file.
///
/// # Errors
/// When the system says no, or it is not what [`write_stats`] writes.
pub(crate) fn stats(path: &Path) -> Result<Option<Stats>, ProjectError> {
    let Some(text) = schema_file::read(path)? else { return Ok(None) };
    match serde_json::from_str::<Stats>(&text) {
        Ok(stats) if stats.format == 1 => Ok(Some(stats)),
        Ok(stats) => Err(ProjectError::LintStats {
            path: path.to_owned(),
            reason: format!("its format is {}, and this version knows 1", stats.format),
        }),
        Err(error) => {
            Err(ProjectError::LintStats { path: path.to_owned(), reason: error.to_string() })
        }
    }
}

/// Writes the sizes.
///
/// # Errors
/// When the system says no.
pub(crate) fn write_stats(path: &Path, stats: &Stats) -> Result<(), ProjectError> {
    let text = serde_json::to_string_pretty(stats).unwrap_or_default();
    schema_file::write(path, &(text + "\n"))
}

/// Reads known findings, each with its code, file and message; none if there is no such file.
///
/// # Errors
/// When the system says no, or it is not what [`write_known`] writes.
pub(crate) fn known(path: &Path) -> Result<Option<Vec<KnownFinding>>, ProjectError> {
    let Some(text) = schema_file::read(path)? else { return Ok(None) };
    let read: Result<Baseline, _> = toml::from_str(&text);
    match read {
        Ok(read) => {
            let all = read.finding.into_iter().map(|it| (it.code, it.file, it.message));
            Ok(Some(all.collect()))
        }
        Err(error) => {
            let advice = "Rewrite it with `glowplug lint --update-baseline`.";
            Err(ProjectError::toml(path.to_owned(), &text, &error, advice))
        }
    }
}

/// Writes known findings.
///
/// # Errors
/// When the system says no.
pub(crate) fn write_known(path: &Path, known: &[KnownFinding]) -> Result<(), ProjectError> {
    // TOML's basic strings escape what JSON's do
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let mut text = HEAD.to_owned();
    for (code, file, message) in known {
        text += &format!(
            "\n[[finding]]\ncode = {}\nfile = {}\nmessage = {}\n",
            quoted(code),
            quoted(file),
            quoted(message)
        );
    }
    schema_file::write(path, &text)
}
