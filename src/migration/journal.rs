//! The record of what ran: Diesel's `__diesel_schema_migrations`, and `__glowplug_journal` beside it.
//!
//! Diesel's table alone says *what is applied*, so that both tools can work on one database. The side table
//! says everything else: with which files, by whom, when, how long, and how far a migration without a
//! transaction came. It is append-only; only its newest entry for each version matters here.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    migration::{source::Direction, version::Version},
    words::digest::Digest,
};

/// What an entry of the side table records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// The migration was applied.
    Up,
    /// It was reverted.
    Down,
    /// It was marked as applied without running.
    Stamp,
    /// It was marked as not applied without running.
    Unstamp,
    /// An edit of its files after it was applied was accepted.
    Accept,
    /// A statement of `up.sql` that cannot run in a transaction is about to run.
    UpStarted,
    /// The statements of `up.sql` up to this one are done.
    UpProgress,
    /// As [`EntryKind::UpStarted`], for `down.sql`.
    DownStarted,
    /// As [`EntryKind::UpProgress`], for `down.sql`.
    DownProgress,
    /// The guard refused it because of a ledger; everything was rolled back.
    Refused,
    /// What protected the ledgers after a run, and how far their rows went.
    Attest,
}

impl EntryKind {
    /// The kind of a migration that was run.
    #[must_use]
    pub fn of_run(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Up,
            Direction::Down => Self::Down,
        }
    }

    /// All kinds with the words that stand in the table.
    const WORDS: [(Self, &'static str); 11] = [
        (Self::Up, "up"),
        (Self::Down, "down"),
        (Self::Stamp, "stamp"),
        (Self::Unstamp, "unstamp"),
        (Self::Accept, "accept"),
        (Self::UpStarted, "up-started"),
        (Self::UpProgress, "up-progress"),
        (Self::DownStarted, "down-started"),
        (Self::DownProgress, "down-progress"),
        (Self::Refused, "refused"),
        (Self::Attest, "attest"),
    ];

    /// The word that stands in the table.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// Reads the word that stands in the table.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

/// The newest entry of the side table for one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The directory's name when it ran.
    pub name: String,
    /// What happened.
    pub kind: EntryKind,
    /// `run_on` of the row in Diesel's table that was written with it, or is being reverted.
    pub run_on: Option<String>,
    /// Digest of `up.sql`; of an unfinished run, of the statements that are done or started.
    pub up: Option<Digest>,
    /// Digest of `down.sql`, if there was one; of an unfinished run, of the statements that are done or started.
    pub down: Option<Digest>,
    /// When, in UTC.
    pub at: String,
    /// The database role.
    pub role: String,
    /// Who, as the person's system knows them; empty if it did not say.
    pub actor: String,
    /// Milliseconds on the server, if it ran.
    pub took_ms: Option<u64>,
    /// The tool and its version.
    pub tool: String,
    /// For an unfinished run: the statement reached, counted from 1.
    pub statement: Option<usize>,
    /// For an unfinished run: how many there were.
    pub statements: Option<usize>,
    /// What the kind of entry needs to remember.
    pub note: Option<String>,
}

/// Everything that a database knows of its migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    /// Diesel's table: version to `run_on`.
    pub applied: BTreeMap<Version, String>,
    /// The newest entry of each version in the side table.
    pub entries: BTreeMap<Version, Entry>,
}

impl Journal {
    /// The entry that belongs to the present application of `version`, if glowplug made it.
    ///
    /// Diesel may have reverted and applied a migration since; `run_on` tells the two apart.
    #[must_use]
    pub fn record(&self, version: &Version) -> Option<&Entry> {
        let run_on = self.applied.get(version)?;
        self.entries.get(version).filter(|entry| entry.run_on.as_ref() == Some(run_on))
    }

    /// The newest version that is applied.
    #[must_use]
    pub fn current(&self) -> Option<&Version> {
        self.applied.last_key_value().map(|(version, _)| version)
    }
}
