//! What autogenerate found and wrote.

use std::path::PathBuf;

use serde::Serialize;

use crate::report::proved::ProvedOn;

/// One migration that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drafted {
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

/// What autogenerate found, and what it made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AutogenerateReport {
    /// What differs, in order.
    pub differences: Vec<String>,
    /// The migrations, in their order.
    pub migrations: Vec<Drafted>,
    /// What is lost on the way up: hazard `deletes-data`.
    pub loses: Vec<String>,
    /// What is lost on the way down.
    pub loses_down: Vec<String>,
    /// What the way down cannot do, and why: hazard `irreversible`. It refuses to run, then.
    pub irreversible: Vec<String>,
    /// What others feel while the way up runs.
    pub hazards: Vec<String>,
    /// What the author must look at.
    pub remarks: Vec<String>,
    /// Names that went and names that came, and that could be one thing renamed, as `--rename` takes them: `old=new`.
    pub renames: Vec<String>,
    /// Whether `pg_dump`, which shares no code with glowplug, has seen that the way up leads to the source of truth.
    pub judged_by_pg_dump: bool,
    /// Kinds of objects that are there and are not compared.
    pub not_compared: Vec<String>,
    /// What all this was seen on.
    pub proved_on: Option<ProvedOn>,
}

impl AutogenerateReport {
    /// Whether both are alike.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }
}
