//! The end of a transaction: what a script set up is taken back before the journal is written.

use crate::postgres::{
    guard,
    lock::{KEY, Locked},
};

/// What comes between the script and the journal: the script's role, deferred checks and settings end here.
pub(crate) const SETTLE: &str = "SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE; \
                      SET CONSTRAINTS ALL IMMEDIATE; CLOSE ALL; \
                      SET LOCAL search_path = pg_catalog, pg_temp; \
                      SET LOCAL statement_timeout = 0; SET LOCAL client_encoding = 'UTF8'";
/// Takes the lock of the run once more, for the end of the transaction: a script can give back the session's. If
/// another run has taken it meanwhile, the cast fails, and everything is rolled back.
const HOLD: &str = include_str!("../sql/hold.sql");
/// Looks that another session of this run still holds the lock.
const HELD: &str = include_str!("../sql/held.sql");

impl Locked<'_> {
    /// The end of what a script set up, and the check that the lock is still held.
    pub(super) fn settle(&self) -> String {
        let key = KEY.to_string();
        let hold = match self.holder {
            None => HOLD.replace("$1", &key),
            // a lock is held once: another session of this run has it
            Some(pid) => HELD.replace("$1", &key).replace("$2", &pid.to_string()),
        };
        format!("{SETTLE}; {hold}")
    }

    /// The same under the ledger guard, which notes a cursor that would outlive the transaction before it is closed.
    pub(super) fn settle_guarded(&self) -> String {
        let cursors = format!("{}; CLOSE ALL", guard::CURSORS.trim_end());
        self.settle().replace("CLOSE ALL", &cursors)
    }

    /// The same in a train, whose checks are one query: with what comes before it, and after it.
    pub(super) fn settle_riding(&self) -> (String, String, String) {
        let (before, after) = SETTLE.split_once("CLOSE ALL").unwrap_or((SETTLE, ""));
        let selected = |sql: &str| {
            sql.split_once("SELECT ").map_or_else(String::new, |it| it.1.trim_end().to_owned())
        };
        let hold = HOLD.replace("$1", &KEY.to_string());
        let check = [guard::CURSORS, &hold, guard::ONLY_OURS].map(selected).join(", ");
        (before.to_owned(), format!("SELECT {check}"), format!("CLOSE ALL{after}"))
    }
}
