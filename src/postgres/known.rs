//! What is known of the ledgers between two migrations, as long as nothing touches one.

use crate::{ledger::Snapshot, postgres::session::Row};

/// How many kinds of objects the [query](crate::postgres::guard::state) finds.
const OBJECTS: usize = 11;

/// What the server says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The objects that ledgers rest on, by kind.
    pub(crate) objects: Row,
    /// Their sequences that count on, as JSON.
    pub(crate) sequences: String,
    /// Whether an append runs code of somebody's own.
    pub(crate) runs_code: bool,
    /// Whether rows could be changed from elsewhere, by a superuser.
    pub(crate) is_open: bool,
    /// The versions of the rows in the catalogs that these objects consist of.
    pub(crate) versions: String,
}

impl State {
    /// Reads the row of the [query](crate::postgres::guard::state).
    pub(crate) fn read(mut row: Row) -> Self {
        let rest = row.split_off(OBJECTS.min(row.len()));
        let mut texts = rest.into_iter().map(Option::unwrap_or_default);
        let mut next = || texts.next().unwrap_or_default();
        let sequences = next();
        let (runs_code, is_open) = (next() == "true", next() == "true");
        Self { objects: row, sequences, runs_code, is_open, versions: String::new() }
    }
}

/// What is known of the ledgers.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) state: State,
    /// All that they rest on, looked at after the state, where it was.
    pub(crate) snapshot: Option<Snapshot>,
}
