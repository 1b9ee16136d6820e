//! The file of what is wrong with old migrations and known: it is read by people, too, and belongs into version control.

use std::path::Path;

use serde::Deserialize;

use crate::{
    project::{ProjectError, schema_file},
    report::verify::KnownProblem,
};

/// What the file is called beside `glowplug.toml`.
pub(crate) const NAME: &str = "verify-baseline.toml";

const HEAD: &str = "# Known findings of `glowplug verify`; anything else fails it. Written by `glowplug verify accept`.\n";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Baseline {
    finding: Vec<KnownProblem>,
}

/// Reads a file; none if there is no such file.
///
/// # Errors
/// When the system says no, or it is not what [`write`] writes.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<KnownProblem>>, ProjectError> {
    let Some(text) = schema_file::read(path)? else {
        return Ok(None);
    };
    let read: Result<Baseline, _> = toml::from_str(&text);
    match read {
        Ok(baseline) => Ok(Some(baseline.finding)),
        Err(error) => Err(ProjectError::toml(
            path.to_owned(),
            &text,
            &error,
            "Rewrite it with `glowplug verify accept`.",
        )),
    }
}

/// Writes a file anew.
///
/// # Errors
/// When the system says no.
pub(crate) fn write(path: &Path, known: &[KnownProblem]) -> Result<(), ProjectError> {
    // TOML's basic strings escape what JSON's do
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let mut text = HEAD.to_owned();
    for it in known {
        let what: Vec<String> = it.what.iter().map(|it| format!("    {},\n", quoted(it))).collect();
        let kind = serde_json::to_value(it.kind).unwrap_or_default();
        text += &format!(
            "\n[[finding]]\nmigration = {}\nkind = {kind}\nwhat = [\n{}]\n",
            quoted(&it.migration),
            what.concat()
        );
    }
    schema_file::write(path, &text)
}
