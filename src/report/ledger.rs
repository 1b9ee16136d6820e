//! What is known of ledgers.

use serde::Serialize;

use crate::ledger::{Finding, Guarded, Level};

/// One ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerReport {
    /// The table, as `public.events`.
    pub table: String,
    /// The protection that is declared.
    pub level: Level,
    /// Whether the table is there.
    pub exists: bool,
    /// What is refused on every table of it.
    pub protection: Guarded,
    /// What the protection lacks, and what could step around it.
    pub weak_points: Vec<String>,
    /// The columns that order its rows.
    pub key: Vec<String>,
    /// How many rows there are, where a key orders them.
    pub rows: Option<u64>,
    /// The last key.
    pub last: Option<Vec<Option<String>>>,
}

/// What the last run left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttestationReport {
    /// When, in UTC.
    pub at: String,
    /// After which migration.
    pub after: String,
    /// The digest of the protection.
    pub digest: String,
}

/// What `ledger status` and `ledger verify` say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LedgersReport {
    /// The database.
    pub database: String,
    /// The declared ledgers.
    pub ledgers: Vec<LedgerReport>,
    /// Tables that are protected and not declared.
    pub undeclared: Vec<String>,
    /// What the last run left.
    pub attestation: Option<AttestationReport>,
    /// What is different from what it left.
    pub findings: Vec<Finding>,
    /// What was compared.
    pub checked: Vec<String>,
    /// What should be known besides.
    pub notes: Vec<String>,
}
