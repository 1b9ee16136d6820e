//! What `adopt` recognized, made, proved and wrote.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::report::proved::ProvedOn;

/// How migrations are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Manner {
    /// From the files of the tool, one by one.
    #[default]
    Convert,
    /// One, from the structure of the database.
    Baseline,
    /// They were adopted on another database, and are on disk.
    Record,
}

/// Where a down.sql comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Down {
    /// The tool had it.
    Original,
    /// The planner wrote it, and the replay proved it.
    Generated,
    /// There is no way back: it refuses to run.
    Irreversible,
}

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct AdoptedMigration {
    /// The directory.
    pub name: String,
    /// What the tool calls it.
    pub id: String,
    /// The file that it was made from.
    pub from: String,
    /// Whether the database has it.
    pub applied: bool,
    /// When it was applied, if the tool says so.
    pub applied_at: Option<String>,
    /// Its down.sql.
    pub down: Down,
    /// Why there is no way back, or what is wrong with the one that the tool had.
    pub reason: Option<String>,
}

/// The rows that migrations have inserted into one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TableRows {
    /// The table.
    pub table: String,
    /// How many rows the replay has.
    pub rows: usize,
    /// How many of them the database has with the same values.
    pub equal: usize,
    /// How many it has with other values.
    pub changed: usize,
    /// How many it does not have.
    pub missing: usize,
    /// Why they were not compared, if they were not.
    pub skipped: Option<String>,
}

/// What `adopt` recognized, made, proved and wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct AdoptReport {
    /// The database.
    pub database: String,
    /// The tool; none for a database of no known tool.
    pub tool: Option<String>,
    /// The tool's table in the database.
    pub table: Option<String>,
    /// The tool's directory.
    pub files: Option<String>,
    /// How migrations are made.
    pub manner: Manner,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// The migrations, in their order.
    pub migrations: Vec<AdoptedMigration>,
    /// What the database has and the replay has not, or the other way around.
    pub differences: Vec<String>,
    /// Whether `pg_dump`, which shares no code with glowplug, was asked, too.
    pub judged_by_pg_dump: bool,
    /// The rows that migrations have inserted.
    pub rows: Vec<TableRows>,
    /// Notes.
    pub remarks: Vec<String>,
    /// What this was proved on.
    pub proved_on: Option<ProvedOn>,
    /// Files that were written.
    pub written: Vec<PathBuf>,
    /// Whether the database records the migrations.
    pub recorded: bool,
}

impl AdoptReport {
    /// Whether the replay is what the database has.
    #[must_use]
    pub(crate) fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    /// How many migrations have such a down.sql.
    #[must_use]
    pub(crate) fn downs(&self, down: Down) -> usize {
        self.migrations.iter().filter(|it| it.down == down).count()
    }

    /// How many migrations the database has.
    #[must_use]
    pub(crate) fn applied(&self) -> usize {
        self.migrations.iter().filter(|it| it.applied).count()
    }
}

/// What `adopt --undo` removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct UndoReport {
    /// The database.
    pub database: String,
    /// How many migrations it no longer records.
    pub forgotten: usize,
    /// Files that were removed.
    pub removed: Vec<PathBuf>,
    /// Files that have changed since they were written, and stay.
    pub kept: Vec<PathBuf>,
}
