//! What an upgrade, a downgrade, a redo or a stamp did.

use serde::Serialize;

use crate::{
    migration::{source::Direction, version::Version},
    report::{data_check::DataFinding, ledger::Head, schema::FileReport},
};

/// One migration that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// The key.
    pub version: Version,
    /// The directory.
    pub name: String,
    /// The direction.
    pub direction: Direction,
    /// Milliseconds on the server.
    pub took_ms: u64,
    /// How many statements the script has.
    pub statements: usize,
    /// Whether an interrupted run was finished.
    pub resumed: bool,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RunReport {
    /// The database.
    pub database: String,
    /// The newest version before, `null` for base.
    pub before: Option<Version>,
    /// The newest version after.
    pub after: Option<Version>,
    /// The newest version on disk.
    pub head: Option<Version>,
    /// What was run, in order.
    pub steps: Vec<StepReport>,
    /// Whether nothing was written: `--dry-run`.
    pub dry_run: bool,
    /// Rows that are there and that these migrations would fail on: of `--dry-run`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<DataFinding>,
    /// The state of the schema files, if diesel.toml names any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schema: Vec<FileReport>,
    /// The newest head of the attestation chain, if ledgers are guarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledgers: Option<Head>,
    /// Notes.
    pub notes: Vec<String>,
}

/// What a stamp wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct StampReport {
    /// The database.
    pub database: String,
    /// The newest version after.
    pub after: Option<Version>,
    /// Marked as applied.
    pub stamped: Vec<Version>,
    /// Marked as not applied.
    pub unstamped: Vec<Version>,
    /// Notes, such as on interrupted migrations.
    pub notes: Vec<String>,
}
