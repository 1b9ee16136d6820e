//! What autogenerate found and wrote.

use std::path::PathBuf;

use serde::Serialize;

use crate::report::proved::ProvedOn;

/// One generated migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Drafted {
    /// The directory's name.
    pub name: String,
    /// The directory, once it is written.
    pub path: Option<PathBuf>,
    /// `up.sql`.
    pub up: String,
    /// `down.sql`.
    pub down: String,
    /// What `metadata.toml` says.
    pub run_in_transaction: bool,
}

/// What autogenerate found and generated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct AutogenerateReport {
    /// What differs, in order.
    pub differences: Vec<String>,
    /// The migrations, in their order.
    pub migrations: Vec<Drafted>,
    /// What up.sql deletes: hazard `deletes-data`.
    pub loses: Vec<String>,
    /// What down.sql deletes.
    pub loses_down: Vec<String>,
    /// What down.sql cannot revert, and why: hazard `irreversible`. It then refuses to run.
    pub irreversible: Vec<String>,
    /// How up.sql affects other sessions.
    pub hazards: Vec<String>,
    /// What the author must review.
    pub remarks: Vec<String>,
    /// Possible renames, as `--rename` takes them: `old=new`.
    pub renames: Vec<String>,
    /// Whether `pg_dump`, which shares no code with glowplug, confirms that up.sql leads to the source of truth.
    pub judged_by_pg_dump: bool,
    /// Kinds of existing objects that are not compared.
    pub not_compared: Vec<String>,
    /// What this was proved on.
    pub proved_on: Option<ProvedOn>,
}

impl AutogenerateReport {
    /// Whether both are equal.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }
}
