//! The migrations on disk compared with what a database has run.

use serde::Serialize;

use crate::{
    migration::{
        journal::{Entry, EntryKind, Journal},
        source::{Direction, Migration, Migrations},
        version::Version,
    },
    words::digest::{Digest, Running},
};

/// The state of one migration against the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It is applied.
    Applied,
    /// It is applied, and its `up.sql` is another one by now.
    Edited,
    /// It is not applied.
    Pending,
    /// It is not applied, and a newer one is.
    OutOfOrder,
    /// A run without a transaction began and did not end.
    Interrupted,
    /// The database has run it, and there is no directory for it.
    Orphaned,
}

impl State {
    /// The word for people.
    #[must_use]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Edited => "edited",
            Self::Pending => "pending",
            Self::OutOfOrder => "out of order",
            Self::Interrupted => "interrupted",
            Self::Orphaned => "orphaned",
        }
    }
}

/// How far an unfinished run came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// Which script was running.
    pub direction: Direction,
    /// How many of its statements are known to be done.
    pub done: usize,
    /// Whether the next statement had been started: it may or may not have taken effect.
    pub started: bool,
    /// The digest of the statements that are done or started (see [`Prefix`]).
    pub prefix: Option<Digest>,
    /// What was noted when the statement was started, or failed.
    pub note: Option<String>,
    /// The `run_on` of the application that was being reverted; none on the way up.
    pub of: Option<String>,
}

impl Interruption {
    fn of(entry: &Entry) -> Option<Self> {
        let statement = entry.statement.unwrap_or_default();
        let (direction, started) = match entry.kind {
            EntryKind::UpStarted => (Direction::Up, true),
            EntryKind::UpProgress => (Direction::Up, false),
            EntryKind::DownStarted => (Direction::Down, true),
            EntryKind::DownProgress => (Direction::Down, false),
            _ => return None,
        };
        let prefix = match direction {
            Direction::Up => entry.up.clone(),
            Direction::Down => entry.down.clone(),
        };
        let done = if started { statement.saturating_sub(1) } else { statement };
        Some(Self {
            direction,
            done,
            started,
            prefix,
            note: entry.note.clone(),
            of: entry.run_on.clone(),
        })
    }
}

/// The digest of the first statements of a script, so that the rest may be mended after a failure. It grows with them: none is
/// read twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prefix {
    running: Running,
    statements: usize,
}

impl Prefix {
    /// Adds the next statement.
    pub(crate) fn add(&mut self, statement: &str) {
        if self.statements > 0 {
            self.running.add(";\n");
        }
        self.running.add(statement);
        self.statements += 1;
    }

    /// How many statements there are.
    #[must_use]
    pub(crate) fn statements(&self) -> usize {
        self.statements
    }

    /// Their digest.
    #[must_use]
    pub(crate) fn digest(&self) -> Digest {
        self.running.digest()
    }
}

/// One line of a [`Status`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    /// The key.
    pub version: &'a Version,
    /// The directory's name; of an orphan, as the side table remembers it.
    pub name: &'a str,
    /// The state.
    pub state: State,
    /// The migration, unless it is orphaned.
    pub migration: Option<&'a Migration>,
    /// Diesel's `run_on`, if it is applied.
    pub run_on: Option<&'a str>,
    /// The side table's entry for this application.
    pub entry: Option<&'a Entry>,
    /// How far an interrupted run came.
    pub interruption: Option<Interruption>,
    /// Whether `down.sql` is another one than when it was applied.
    pub down_edited: bool,
}

/// All migrations, on disk or in the database, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status<'a> {
    /// One row for each.
    pub rows: Vec<Row<'a>>,
}

/// Compares migrations with a journal. Pure and total: it cannot fail.
#[must_use]
pub(crate) fn status<'a>(migrations: &'a Migrations, journal: &'a Journal) -> Status<'a> {
    let newest = journal.current();
    let mut rows: Vec<Row<'a>> = migrations
        .iter()
        .map(|migration| {
            let version = &migration.version;
            let run_on = journal.applied.get(version).map(String::as_str);
            let entry = journal.record(version);
            let interruption = journal
                .entries
                .get(version)
                .and_then(Interruption::of)
                // Diesel may have finished either way what was left here, and begun anew
                .filter(|it| it.of.as_deref() == run_on);
            let edited = entry.is_some_and(|entry| {
                entry.up.as_ref().is_some_and(|digest| *digest != migration.up.digest)
            });
            let down_edited = entry.is_some_and(|entry| {
                entry.up.is_some()
                    && entry.down.as_ref() != migration.down.as_ref().map(|down| &down.digest)
            });
            let state = match (run_on, &interruption) {
                (_, Some(_)) => State::Interrupted,
                (Some(_), None) if edited => State::Edited,
                (Some(_), None) => State::Applied,
                (None, None) if newest.is_some_and(|newest| newest > version) => State::OutOfOrder,
                (None, None) => State::Pending,
            };
            let name = migration.name.as_str();
            let migration = Some(migration);
            Row { version, name, state, migration, run_on, entry, interruption, down_edited }
        })
        .collect();
    rows.extend(
        journal.applied.iter().filter(|(version, _)| migrations.get(version).is_none()).map(
            |(version, run_on)| Row {
                version,
                name: journal.entries.get(version).map_or(version.as_str(), |entry| &entry.name),
                state: State::Orphaned,
                migration: None,
                run_on: Some(run_on),
                entry: journal.record(version),
                interruption: None,
                down_edited: false,
            },
        ),
    );
    rows.sort_by_key(|row| row.version);
    Status { rows }
}

impl<'a> Status<'a> {
    /// The rows in one state.
    pub(crate) fn in_state(&self, state: State) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter().filter(move |row| row.state == state)
    }

    /// The newest migration that the database has run.
    #[must_use]
    pub(crate) fn current(&self) -> Option<&Row<'a>> {
        self.rows.iter().rev().find(|row| row.run_on.is_some())
    }

    /// The rows that the database has run, newest first.
    pub(crate) fn applied_newest_first(&self) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter().rev().filter(|row| row.run_on.is_some())
    }
}
