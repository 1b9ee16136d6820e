//! What is known of the ledgers between two migrations, as long as nothing touches one.

use crate::{ledger::Snapshot, postgres::session::Row};

/// What the server says in one query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The versions of all that they rest on.
    pub(crate) versions: String,
    /// Whether an append runs code of somebody's own.
    pub(crate) runs_code: bool,
    /// Whether rows could be changed from elsewhere, by a superuser.
    pub(crate) is_open: bool,
    /// How far their sequences are, as JSON: those that count on.
    pub(crate) numbers: String,
}

impl State {
    /// Reads the row of the [query](crate::postgres::guard::state).
    pub(crate) fn read(row: Row) -> Self {
        let mut texts = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || texts.next().unwrap_or_default();
        let (versions, runs_code, is_open) = (next(), next() == "true", next() == "true");
        Self { versions, runs_code, is_open, numbers: next() }
    }
}

/// What is known of the ledgers.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) state: State,
    /// All that appends rest on, where they run code of somebody's own.
    pub(crate) snapshot: Option<Snapshot>,
}
