//! How a live database differs from what its migrations produce.

use serde::Serialize;

use crate::report::proved::ProvedOn;

/// What `drift` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct DriftReport {
    /// The database.
    pub database: String,
    /// How many applied migrations are on disk.
    pub applied: usize,
    /// What differs: `+` is only in the database, `-` only in what the migrations produce.
    pub differences: Vec<String>,
    /// The statements that revert the difference.
    pub heal: Vec<String>,
    /// Why there are none.
    pub no_way: Option<String>,
    /// What to know when reading the differences.
    pub remark: Option<String>,
    /// Applied migrations that are not on disk.
    pub orphaned: Vec<String>,
    /// What the migrations were replayed on.
    pub proved_on: Option<ProvedOn>,
}

impl DriftReport {
    /// Whether there is no difference.
    #[must_use]
    pub(crate) fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }
}
