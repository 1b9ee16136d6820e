//! What a page about a project shows: plain values, from whichever jobs have found them.

use serde::Serialize;

use crate::report::{
    changes::Changes,
    ci::PartReport,
    deploy::{CompatMatrix, LockTimeline},
    finding::Finding,
    ledger::LedgerReport,
    proved::ProvedOn,
    status::StatusReport,
};

/// Everything on one page. What is not known is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Page {
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
pub(crate) struct NewMigration {
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
