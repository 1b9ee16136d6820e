//! What a migration did while it ran: locks, work, files. Plain values, by the names that things had before it.

use std::collections::{BTreeMap, BTreeSet};

/// A mode of a lock on a relation, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// What reads take.
    AccessShare,
    /// SELECT … FOR UPDATE and the like.
    RowShare,
    /// What writes take.
    RowExclusive,
    /// VALIDATE, CREATE INDEX CONCURRENTLY, VACUUM.
    ShareUpdateExclusive,
    /// CREATE INDEX.
    Share,
    /// Foreign keys and triggers.
    ShareRowExclusive,
    /// REFRESH … CONCURRENTLY.
    Exclusive,
    /// Most of ALTER TABLE.
    AccessExclusive,
}

impl Mode {
    /// Every mode, the weakest first.
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// Its name in PostgreSQL's documentation, without spaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "AccessShare",
            Self::RowShare => "RowShare",
            Self::RowExclusive => "RowExclusive",
            Self::ShareUpdateExclusive => "ShareUpdateExclusive",
            Self::Share => "Share",
            Self::ShareRowExclusive => "ShareRowExclusive",
            Self::Exclusive => "Exclusive",
            Self::AccessExclusive => "AccessExclusive",
        }
    }

    /// The mode that `pg_locks` calls so.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let name = name.strip_suffix("Lock")?;
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// What a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A table, or a partition.
    Table,
    /// A partitioned table, which has no rows of its own.
    Partitioned,
    /// A materialized view.
    MaterializedView,
    /// A view.
    View,
    /// An index.
    Index,
    /// A sequence.
    Sequence,
    /// A foreign table.
    Foreign,
}

impl Kind {
    /// The kind of a `relkind`.
    #[must_use]
    pub fn of(relkind: &str) -> Option<Self> {
        Some(match relkind {
            "r" => Self::Table,
            "p" => Self::Partitioned,
            "m" => Self::MaterializedView,
            "v" => Self::View,
            "i" | "I" => Self::Index,
            "S" => Self::Sequence,
            "f" => Self::Foreign,
            _ => return None,
        })
    }
}

/// A relation of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// What it is.
    pub kind: Kind,
    /// Whether the migration created it.
    pub is_new: bool,
    /// The table of an index, or the one that a sequence belongs to.
    pub table: Option<String>,
    /// The rows that it had before the migration; none where that was not counted.
    pub rows: Option<u64>,
}

/// What a statement did to the rows of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Rows that were read one after the other, also for indexes and rewrites.
    pub read: u64,
    /// Rows, or entries of an index, that were found by an index.
    pub fetched: u64,
    /// Rows that were inserted.
    pub inserted: u64,
    /// Rows that were updated.
    pub updated: u64,
    /// Rows that were deleted.
    pub deleted: u64,
    /// Rows that were locked and not changed: SELECT … FOR UPDATE.
    pub only_locked: u64,
}

impl Work {
    /// All of it, in rows.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.read + self.fetched + self.inserted + self.updated + self.deleted
    }

    /// Rows that are locked until the transaction ends.
    #[must_use]
    pub const fn locked(&self) -> u64 {
        self.updated + self.deleted + self.only_locked
    }
}

/// One statement, and what it did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// Which statement of the script.
    pub statement: usize,
    /// The transaction that it ran in, counted from 0.
    pub transaction: usize,
    /// Whether it ran outside of a transaction, so that its locks were sampled.
    pub is_outside: bool,
    /// The locks that are held after it, with the share of the statement for which they were held: 1 in a transaction.
    pub locks: BTreeMap<(String, Mode), f64>,
    /// The work, by table.
    pub work: BTreeMap<String, Work>,
    /// The relations that have a new file.
    pub rewritten: BTreeSet<String>,
    /// Indexes that were built: by table, how many.
    pub built: BTreeMap<String, u64>,
    /// The relations that are gone.
    pub gone: BTreeSet<String>,
    /// Bytes of WAL.
    pub wal: u64,
    /// How long it took, in microseconds. For calibration only: it depends on the machine.
    pub micros: u64,
}

/// The SQLSTATE of a query that finds several rows where one is meant: cardinality_violation.
pub(crate) const SEVERAL: &str = "21000";

/// Why a statement failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Which statement; past the last for COMMIT.
    pub statement: usize,
    /// The SQLSTATE.
    pub code: String,
    /// What the server said.
    pub message: String,
}

/// One run of a migration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observation {
    /// Every relation that was there at some moment, by the name that it had first.
    pub relations: BTreeMap<String, Relation>,
    /// What each statement did, in order.
    pub steps: Vec<Step>,
    /// Why it ended early, if it did.
    pub failed: Option<Failed>,
}

impl Observation {
    /// The rows that a table had before.
    #[must_use]
    pub fn rows(&self, table: &str) -> Option<u64> {
        self.relations.get(table)?.rows
    }
}

/// The same migration at two sizes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pair {
    /// With fewer rows.
    pub small: Observation,
    /// With more rows.
    pub big: Observation,
}
