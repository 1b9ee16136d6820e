//! Migrations that got new versions.

use serde::Serialize;

use crate::report::{proved::ProvedOn, run::RunReport};

/// A migration that got a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct MoveReport {
    /// The directory's name before.
    pub from: String,
    /// The directory's name now.
    pub to: String,
}

/// What a rebase did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RebaseReport {
    /// The migrations, in their order.
    pub moved: Vec<MoveReport>,
    /// Those that were reverted in the local database before, newest first.
    pub reverted: Vec<String>,
    /// What the upgrade after it did, if there was one.
    pub upgrade: Option<RunReport>,
    /// What the new order was proved on.
    pub proved_on: Option<ProvedOn>,
    /// Notes, such as on what is still out of order.
    pub notes: Vec<String>,
    /// Whether nothing was changed.
    pub dry_run: bool,
}
