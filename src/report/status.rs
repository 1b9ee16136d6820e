//! The current revision of a database, and the history of a project.

use serde::Serialize;

use crate::migration::{
    status::{Row, State, Status},
    version::Version,
};

/// One migration, on disk or in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RowReport {
    /// The key.
    pub version: Version,
    /// The directory.
    pub name: String,
    /// Its state; `null` without a database.
    pub state: Option<State>,
    /// Whether it is the newest on disk.
    pub is_head: bool,
    /// Whether it is the newest in the database.
    pub is_current: bool,
    /// Whether it has a down.sql.
    pub has_down: bool,
    /// Whether it runs in a transaction.
    pub run_in_transaction: bool,
    /// When it was applied, in UTC, as Diesel's table says.
    pub run_on: Option<String>,
    /// The journal's entry.
    pub record: Option<RecordReport>,
    /// How many statements of an interrupted run are done.
    pub statements_done: Option<usize>,
    /// Whether `down.sql` changed since it was applied.
    pub down_edited: bool,
}

/// The journal's entry for an applied migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RecordReport {
    /// `up`, `stamp`, `accept`.
    pub kind: &'static str,
    /// The database role.
    pub role: String,
    /// The user, as their system names them.
    pub actor: String,
    /// Milliseconds on the server.
    pub took_ms: Option<u64>,
    /// The tool and its version.
    pub tool: String,
}

/// The current revision of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct StatusReport {
    /// The database; `null` if none was read.
    pub database: Option<String>,
    /// The newest version that is applied.
    pub current: Option<Version>,
    /// The newest version on disk.
    pub head: Option<Version>,
    /// How many are not applied.
    pub pending: usize,
    /// Whether the database is at head with nothing pending.
    pub is_at_head: bool,
    /// Every migration, oldest first.
    pub migrations: Vec<RowReport>,
}

impl StatusReport {
    /// Whether the database has run exactly what is on disk.
    #[must_use]
    pub(crate) fn is_clean(&self) -> bool {
        self.migrations.iter().all(|row| row.state == Some(State::Applied))
    }

    /// Describes a status. `database` is none where only the disk was read.
    #[must_use]
    pub(crate) fn new(status: &Status<'_>, database: Option<String>) -> Self {
        let head = status.rows.iter().rev().find(|row| row.migration.is_some());
        let head = head.map(|row| row.version.clone());
        let current = status.current().map(|row| row.version.clone());
        let asked = database.is_some();
        let row = |row: &Row<'_>| RowReport {
            version: row.version.clone(),
            name: row.name.to_owned(),
            state: asked.then_some(row.state),
            is_head: head.as_ref() == Some(row.version),
            is_current: current.as_ref() == Some(row.version),
            has_down: row.migration.is_some_and(|migration| migration.down.is_some()),
            run_in_transaction: row
                .migration
                .is_none_or(|migration| migration.metadata.run_in_transaction),
            run_on: row.run_on.map(|at| at.split('.').next().unwrap_or(at).to_owned()),
            record: row.entry.map(|entry| RecordReport {
                kind: entry.kind.word(),
                role: entry.role.clone(),
                actor: entry.actor.clone(),
                took_ms: entry.took_ms,
                tool: entry.tool.clone(),
            }),
            statements_done: row.interruption.as_ref().map(|it| it.done),
            down_edited: row.down_edited,
        };
        let migrations: Vec<_> = status.rows.iter().map(row).collect();
        let open = |row: &&Row<'_>| row.run_on.is_none() || row.state == State::Interrupted;
        let pending = if asked { status.rows.iter().filter(open).count() } else { 0 };
        let is_at_head = asked && pending == 0;
        Self { database, current, head, pending, is_at_head, migrations }
    }
}
