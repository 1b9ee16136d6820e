//! What something was proved on.

use std::fmt;

use serde::Serialize;

/// The server and the environment in which something was proved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProvedOn {
    /// The major version of the throwaway server.
    pub postgresql: u32,
    /// The database whose environment it had.
    pub database: Option<String>,
    /// The day when it was pinned, if the database was not asked.
    pub pinned: Option<String>,
}

impl fmt::Display for ProvedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {}", self.postgresql)?;
        match (&self.database, &self.pinned) {
            (Some(database), Some(day)) => write!(f, ", environment of {database} (pinned {day})"),
            (Some(database), None) => write!(f, ", environment of {database}"),
            (None, _) => {
                f.write_str(" (default environment; `glowplug shadow pin` records the database's)")
            }
        }
    }
}
