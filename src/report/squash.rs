//! What a squash made of several migrations.

use std::path::PathBuf;

use serde::Serialize;

use crate::{migration::version::Version, report::proved::ProvedOn};

/// The rows of a table that migrations fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FilledReport {
    /// The table, with its schema.
    pub table: String,
    /// How many rows, or how many statements of a range that does not begin at base.
    pub count: u64,
    /// Whether they are in the squashed migration.
    pub kept: bool,
}

/// What a squash made of several migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct SquashReport {
    /// The version of the squashed migration: that of the last one that it replaces.
    pub version: Option<Version>,
    /// Its directory's name.
    pub name: String,
    /// The directory; `null` in a dry run.
    pub path: Option<PathBuf>,
    /// The directories that it replaces, oldest first.
    pub replaces: Vec<String>,
    /// Where these are now; `null` if they were deleted, or in a dry run.
    pub moved_to: Option<PathBuf>,
    /// The tables whose rows were in question.
    pub filled: Vec<FilledReport>,
    /// What down.sql deletes.
    pub loses_down: Vec<String>,
    /// What the author must review.
    pub remarks: Vec<String>,
    /// Whether `pg_dump` agrees that the structure is the same.
    pub judged_by_pg_dump: bool,
    /// What it was proved on.
    pub proved_on: Option<ProvedOn>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Migrations that refer to those that are gone.
    pub notes: Vec<String>,
}
