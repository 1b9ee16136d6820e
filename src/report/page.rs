//! What a page about a project shows: plain values, from whichever jobs have found them.

use serde::Serialize;

use crate::report::{
    changes::Changes, ci::PartReport, finding::Finding, ledger::LedgerReport, proved::ProvedOn,
    status::StatusReport,
};

/// Everything on one page. What is not known is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The name of the project.
    pub project: String,
    /// The history: of the database, or of the disk alone.
    pub status: StatusReport,
    /// The migrations that are new, in their order.
    pub new: Vec<NewMigration>,
    /// What they are new against: a database, or a revision.
    pub new_since: Option<String>,
    /// The checks that ran, and those that did not.
    pub parts: Vec<PartReport>,
    /// What they found.
    pub findings: Vec<Finding>,
    /// What becomes of tables through the new migrations.
    pub changes: Option<Changes>,
    /// The locks that the new migrations take.
    pub locks: Vec<LockTimeline>,
    /// Which program works on which structure.
    pub compat: Option<CompatMatrix>,
    /// The ledgers of the database.
    pub ledgers: Vec<LedgerReport>,
    /// Notes.
    pub notes: Vec<String>,
    /// What everything was proved on.
    pub proved_on: Option<ProvedOn>,
}

/// A migration that is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewMigration {
    /// The key.
    pub version: String,
    /// The directory.
    pub name: String,
    /// What up.sql says.
    pub up: String,
    /// Whether it has a down.sql.
    pub has_down: bool,
    /// Whether it runs in a transaction.
    pub run_in_transaction: bool,
}

/// Who waits for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waits {
    /// Neither readers nor writers.
    Nobody,
    /// INSERT, UPDATE and DELETE.
    Writers,
    /// SELECT, and writers, too: nothing waits for a reader alone.
    Everybody,
}

/// The locks of one migration, from the statements that take them to COMMIT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockTimeline {
    /// The directory of the migration.
    pub migration: String,
    /// Its statements, in their order.
    pub statements: Vec<TimelineStatement>,
    /// The locks, in the order in which they are taken.
    pub bars: Vec<LockBar>,
}

/// One statement on a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineStatement {
    /// Its line in up.sql, from 1.
    pub line: usize,
    /// Its first line.
    pub text: String,
    /// Its part of the work, in thousandths of the whole migration's.
    pub share: u32,
}

/// One lock on a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockBar {
    /// The table.
    pub table: String,
    /// The mode, as PostgreSQL writes it: `ACCESS EXCLUSIVE`.
    pub mode: String,
    /// The statement that takes it, by its index.
    pub from: usize,
    /// The statement that it is released before; as many as there are statements if it is kept to COMMIT.
    pub to: usize,
    /// Who waits.
    pub waits: Waits,
    /// How long, at production's size: `4 s to 12 s`; none if it is brief, or not known.
    pub lasts: Option<String>,
    /// What the time grows with: `the rows of orders`.
    pub grows_with: Option<String>,
}

/// Whether a program works on a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// All of its statements do.
    Works,
    /// Some values would be new to it.
    MayFail,
    /// At least one of its statements fails.
    Fails,
    /// It was not tried.
    Unknown,
}

/// Which program works on which structure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CompatMatrix {
    /// The programs, such as `running (v1.4)` and `new`.
    pub programs: Vec<String>,
    /// The structures, in the order of a deploy.
    pub rows: Vec<CompatRow>,
    /// What follows: `migrate first`, `deploy first`, `either`, `neither`.
    pub verdict: Option<String>,
}

/// One structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompatRow {
    /// When it is there: `before`, `after 3_items`.
    pub state: String,
    /// Whether each program works on it.
    pub fits: Vec<Fit>,
    /// What fails, one line each.
    pub faults: Vec<String>,
}
