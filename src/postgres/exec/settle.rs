//! The end of a transaction: what a script set up is taken back before the journal is written.

use crate::postgres::{
    guard,
    lock::{KEY, Locked},
};

/// The script's role and deferred checks end.
const TAKE_BACK: &str =
    "SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE; SET CONSTRAINTS ALL IMMEDIATE";
/// Its cursors and settings end.
const CLOSE: &str = "CLOSE ALL; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL statement_timeout = 0; \
                     SET LOCAL client_encoding = 'UTF8'";
/// Takes the lock of the run once more, for the end of the transaction: a script can give back the session's. If
/// another run has taken it meanwhile, the cast fails, and everything is rolled back. An expression.
const HOLD: &str = include_str!("../sql/hold.sql");
/// Looks that another session of this run still holds the lock: a query.
const HELD: &str = include_str!("../sql/held.sql");

/// What comes between the script and the journal.
pub(crate) fn settled() -> String {
    format!("{TAKE_BACK}; {CLOSE}")
}

fn hold() -> String {
    HOLD.replace("$1", &KEY.to_string())
}

impl Locked<'_> {
    /// The end of what a script set up, and the check that the lock is still held.
    pub(super) fn settle(&self) -> String {
        format!("{}; {}", settled(), self.held())
    }

    /// The same under the ledger guard, which notes a cursor that would outlive the transaction before it is closed.
    pub(super) fn settle_guarded(&self) -> String {
        format!("{TAKE_BACK}; SELECT {}; {CLOSE}; {}", guard::CURSORS, self.held())
    }

    /// The same in a train, whose checks are one query: with what comes before it, and after it.
    pub(super) fn settle_riding(&self) -> (&'static str, String, &'static str) {
        let check = format!("SELECT {}, {}, {}", guard::CURSORS, hold(), guard::ONLY_OURS);
        (TAKE_BACK, check, CLOSE)
    }

    fn held(&self) -> String {
        match self.holder {
            None => format!("SELECT {}", hold()),
            // a lock is held once: another session of this run has it
            Some(pid) => HELD.replace("$1", &KEY.to_string()).replace("$2", &pid.to_string()),
        }
    }
}
