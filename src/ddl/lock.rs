//! What statements do to relations: which lock they take, and what their time grows with.
//!
//! What PostgreSQL does was measured statement by statement, and is measured again by a test.

use serde::Serialize;

use crate::catalog::Key;

/// A relation that a statement locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The relation.
    pub relation: Key,
    /// The strongest lock that it takes.
    pub lock: LockMode,
    /// What its time grows with.
    pub work: Work,
}

/// Lock modes of relations, the weakest first.
/// Source: <https://www.postgresql.org/docs/current/explicit-locking.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum LockMode {
    /// What SELECT takes.
    AccessShare,
    /// What SELECT FOR UPDATE takes.
    RowShare,
    /// What INSERT, UPDATE and DELETE take.
    RowExclusive,
    /// VACUUM, CREATE INDEX CONCURRENTLY, VALIDATE: readers and writers go on.
    ShareUpdateExclusive,
    /// CREATE INDEX: no writers.
    Share,
    /// CREATE TRIGGER, a new foreign key: no writers.
    ShareRowExclusive,
    /// REFRESH … CONCURRENTLY: no writers.
    Exclusive,
    /// Most forms of ALTER TABLE, and DROP: neither readers nor writers.
    AccessExclusive,
}

impl LockMode {
    /// Its name in pg_locks.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "AccessShareLock",
            Self::RowShare => "RowShareLock",
            Self::RowExclusive => "RowExclusiveLock",
            Self::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            Self::Share => "ShareLock",
            Self::ShareRowExclusive => "ShareRowExclusiveLock",
            Self::Exclusive => "ExclusiveLock",
            Self::AccessExclusive => "AccessExclusiveLock",
        }
    }
}

/// What the time of a statement grows with, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Work {
    /// Nothing: only the system catalogs are written.
    Catalog,
    /// All rows are read.
    Scan,
    /// An index is built.
    Build,
    /// The table is written anew, with all of its indexes.
    Rewrite,
}
