//! What was pinned of a database.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

/// What `shadow pin` wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct PinReport {
    /// The database.
    pub database: String,
    /// Its major version.
    pub postgresql: u32,
    /// The file.
    pub file: PathBuf,
    /// Its own settings.
    pub settings: BTreeMap<String, String>,
    /// Settings that were left out because they may be secrets.
    pub left_out: Vec<String>,
    /// The file of prerequisites, if it was written.
    pub prerequisites: Option<PathBuf>,
    /// Notes.
    pub notes: Vec<String>,
}
