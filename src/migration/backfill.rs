//! Moves of rows that are too many for one transaction: up.sql is one statement, run for one range of keys after the other.

/// What `[backfill]` in `metadata.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// The schema of the table whose keys are walked.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column that orders the batches: unique, NOT NULL, with an index.
    pub key: String,
    /// How many keys a batch has; without, the setting counts.
    pub batch: Option<u32>,
}
