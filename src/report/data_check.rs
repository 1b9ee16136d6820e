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
    /// How many there are; at least so many where there is no example.
    pub rows: u64,
    /// Up to three of them, as JSON; none where only the error is known that they cause.
    pub examples: Vec<String>,
}

impl DataFinding {
    /// How many rows there are, for people.
    #[must_use]
    pub(crate) fn counted(&self) -> String {
        let rows = if self.rows == 1 { "row" } else { "rows" };
        let least = if self.examples.is_empty() { "at least " } else { "" };
        format!("{least}{} {rows}", self.rows)
    }
}
