//! `metadata.toml` of a migration.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use crate::{
    ledger::Declaration,
    migration::{
        backfill::Backfill,
        links::{Links, Replaced},
        source::Metadata,
        version::Version,
    },
    project::{ProjectError, regular::read_text},
    words::digest::Digest,
};

/// `metadata.toml` as glowplug demands it: with the key, so that Diesel reads the same out of it. Diesel ignores all others.
#[derive(Deserialize)]
struct MetadataToml {
    run_in_transaction: bool,
    #[serde(default)]
    ledger: bool,
    #[serde(default)]
    depends_on: Vec<String>,
    #[serde(default)]
    replaces: Vec<String>,
    /// The digests of what `replaces` names.
    #[serde(default)]
    replaced: BTreeMap<String, String>,
    backfill: Option<BackfillToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackfillToml {
    table: String,
    key: String,
    batch: Option<u32>,
}

/// What a `metadata.toml` says.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) metadata: Metadata,
    pub(super) links: Links,
    pub(super) backfill: Option<Backfill>,
}

const ADVICE: &str = "Write `run_in_transaction = true` or `= false` in it. Diesel reads a file without the key as false, and a malformed one as true.";

/// Reads one; a missing file says nothing.
pub(super) fn metadata(path: &Path, place: &Path) -> Result<Said, ProjectError> {
    let Some(text) = read_text(path, place)? else {
        return Ok(Said::default());
    };
    let toml: MetadataToml = toml::from_str(&text)
        .map_err(|error| ProjectError::toml(place.to_owned(), &text, &error, ADVICE))?;
    let wrong = |what: String| ProjectError::Metadata { path: place.to_owned(), what };
    let version = |text: &String| {
        Version::of_directory(text).map_err(|_| wrong(format!("`{text}` is not a version")))
    };
    let depends_on = toml.depends_on.iter().map(version).collect::<Result<_, _>>()?;
    let replaces = toml.replaces.iter().map(|it| {
        let up = toml.replaced.get(it).cloned().map(Digest::stored);
        Ok(Replaced { version: version(it)?, up })
    });
    let replaces = replaces.collect::<Result<_, ProjectError>>()?;
    let backfill = toml.backfill.map(|it| {
        let (schema, table) = Declaration::table(&it.table)
            .ok_or_else(|| wrong(format!("`{}` is not a table: write schema.table", it.table)))?;
        match (toml.run_in_transaction, it.batch) {
            (true, _) => Err(wrong("a backfill has `run_in_transaction = false`".into())),
            (_, Some(0)) => Err(wrong("a batch has at least one key".into())),
            _ => Ok(Backfill { schema, table, key: it.key, batch: it.batch }),
        }
    });
    Ok(Said {
        metadata: Metadata { run_in_transaction: toml.run_in_transaction, ledger: toml.ledger },
        links: Links { depends_on, replaces },
        backfill: backfill.transpose()?,
    })
}
