//! Reports on ledgers.

use serde::{Deserialize, Serialize};

use crate::report::ledger_finding::LedgerFinding;

/// The declared level of protection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// Row triggers that refuse UPDATE and DELETE.
    Minimal,
    /// Also ENABLE ALWAYS, and triggers that refuse TRUNCATE, on every partition.
    #[default]
    Hardened,
    /// Also owned by a role that nobody can log in as or become: the server itself refuses.
    Sealed,
}

/// A path by which a role could become the owner of a ledger, or do more to it than append.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Road {
    /// The role that could take it; `public` means everybody.
    pub role: String,
    /// The steps from role to role.
    pub path: Vec<String>,
    /// What it leads to.
    pub to: Vec<String>,
}

impl std::fmt::Display for Road {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = std::iter::once(&self.role).chain(&self.path);
        let way: Vec<&str> = way.map(String::as_str).collect();
        write!(f, "{}: {}", way.join(" -> "), self.to.join("; "))
    }
}

/// How firmly a command is refused, from not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Strength {
    /// Nothing refuses it.
    #[default]
    None,
    /// A statement trigger, which does not fire for a row that changes through another table's partition.
    Statement,
    /// A row trigger, which `session_replication_role = replica` bypasses.
    Row,
    /// A row trigger that always fires; for TRUNCATE, a statement trigger that always fires.
    Always,
}

/// What is refused on one table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Guarded {
    /// UPDATE.
    pub update: Strength,
    /// DELETE.
    pub delete: Strength,
    /// TRUNCATE.
    pub truncate: Strength,
}

impl Guarded {
    /// Whether UPDATE and DELETE are refused, at any strength.
    #[must_use]
    pub(crate) fn rows(&self) -> bool {
        self.update > Strength::None && self.delete > Strength::None
    }

    /// What both refuse.
    #[must_use]
    pub(crate) fn weaker(self, other: Self) -> Self {
        Self {
            update: self.update.min(other.update),
            delete: self.delete.min(other.delete),
            truncate: self.truncate.min(other.truncate),
        }
    }
}

/// One ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LedgerReport {
    /// The table, as `public.events`.
    pub table: String,
    /// The protection that is declared.
    pub level: Level,
    /// Whether the table exists.
    pub exists: bool,
    /// What is refused on all its tables.
    pub protection: Guarded,
    /// What the protection lacks, and what could bypass it.
    pub weak_points: Vec<String>,
    /// Whether PostgreSQL itself refuses everything but appending, for every role that is not a superuser.
    pub sealed: bool,
    /// The paths by which a role could become its owner, or do more to it than append.
    pub roads: Vec<Road>,
    /// The columns that order its rows.
    pub key: Vec<String>,
    /// How many rows there are, where a key orders them.
    pub rows: Option<u64>,
    /// The last key.
    pub last: Option<Vec<Option<String>>>,
}

/// What the last run attested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct AttestationReport {
    /// When, in UTC.
    pub at: String,
    /// After which migration.
    pub after: String,
    /// The digest of the protection.
    pub digest: String,
}

/// The newest head of the attestation chain. Kept outside the database, it reveals a rewritten journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The database: the identifier of its server, and its name.
    pub database: String,
    /// The head.
    pub head: String,
    /// How many attestations there are.
    pub place: u64,
}

/// The report of `ledger status` and `ledger verify`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct LedgersReport {
    /// The database.
    pub database: String,
    /// The declared ledgers.
    pub ledgers: Vec<LedgerReport>,
    /// Tables that are protected but not declared.
    pub undeclared: Vec<String>,
    /// What the last run attested.
    pub attestation: Option<AttestationReport>,
    /// What has changed since.
    pub findings: Vec<LedgerFinding>,
    /// What was compared.
    pub checked: Vec<String>,
    /// Notes.
    pub notes: Vec<String>,
}
