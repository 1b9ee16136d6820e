//! What was kept of a database for where none is asked.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

/// What `shadow pin` wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PinReport {
    /// The database.
    pub database: String,
    /// Its major version.
    pub postgresql: u32,
    /// The file.
    pub file: PathBuf,
    /// The settings that it has of its own.
    pub settings: BTreeMap<String, String>,
    /// Settings that were not written, because they may be secrets.
    pub left_out: Vec<String>,
    /// The file with what is there before the first migration, where it was written.
    pub prerequisites: Option<PathBuf>,
    /// What should be known besides.
    pub notes: Vec<String>,
}
