//! Rows that a migration would fail on.

use serde::Serialize;

/// Rows that are there and that a pending migration would fail on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataFinding {
    /// The migration.
    pub name: String,
    /// The file and the line of the statement, or of the check.
    pub place: String,
    /// What is wrong with the rows.
    pub what: String,
    /// How many there are.
    pub rows: u64,
    /// Up to three of them, as JSON.
    pub examples: Vec<String>,
}
