//! What a statement does to those who use a table while it runs.

use serde::Serialize;

use crate::ddl::lock::{LockMode, Touch, Work};

/// How a statement of the plan is felt by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hazard {
    /// SHARE or SHARE ROW EXCLUSIVE: nobody writes to the table until the transaction ends.
    StopsWrites,
    /// ACCESS EXCLUSIVE: nobody reads or writes the table until the transaction ends.
    StopsReads,
    /// The table is rewritten; nobody reads or writes it meanwhile.
    Rewrites,
}

impl Hazard {
    /// The text of a comment.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::StopsReads => "blocks reads and writes of the table until commit",
            Self::StopsWrites => "blocks writes to the table until commit",
            Self::Rewrites => {
                "rewrites the table, blocking reads and writes, and builds its indexes anew"
            }
        }
    }

    /// How a lock and what is done under it are felt.
    #[must_use]
    pub fn of(touch: &Touch) -> Option<Self> {
        match (touch.lock, touch.work) {
            (LockMode::AccessExclusive, Work::Rewrite) => Some(Self::Rewrites),
            (LockMode::AccessExclusive, _) => Some(Self::StopsReads),
            (lock, _) if lock >= LockMode::Share => Some(Self::StopsWrites),
            _ => None,
        }
    }
}
