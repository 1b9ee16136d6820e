//! What a job tells while it runs.

use serde::Serialize;

use crate::migration::{source::Direction, version::Version};

/// One thing that happened. For people who watch; the [report](crate::report::run) holds what counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// Something about the connection that should be known, such as a dropped parameter.
    Note {
        /// The sentence.
        text: String,
    },
    /// The server does not answer yet.
    Connecting {
        /// Why it is tried again.
        reason: String,
        /// How long it is waited.
        pause_ms: u64,
    },
    /// Another run holds the lock.
    Waiting {
        /// The holder, for people.
        holder: String,
    },
    /// How many steps will run.
    Planned {
        /// The steps.
        steps: usize,
    },
    /// A step began.
    Started {
        /// Its place, from 0.
        step: usize,
        /// The migration.
        name: String,
        /// The way.
        direction: Direction,
    },
    /// A statement of a step is done.
    Statement {
        /// The step.
        step: usize,
        /// How many are done.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// The server said something.
    Notice {
        /// `NOTICE`, `WARNING`, …
        severity: String,
        /// What it said.
        message: String,
        /// Its detail.
        detail: Option<String>,
        /// Its hint.
        hint: Option<String>,
        /// The file, and the line of the statement that caused it.
        place: Option<String>,
        /// The first line of that statement.
        statement: Option<String>,
    },
    /// A lock was not to be had; the whole migration is tried again.
    Retrying {
        /// The migration.
        name: String,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// How long it waits before the next.
        pause_ms: u64,
    },
    /// An interrupted migration goes on.
    Resuming {
        /// The migration.
        name: String,
        /// How many statements are done.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// A migration is run again, with the rows of the ledgers compared before and after it.
    Comparing {
        /// The migration.
        name: String,
    },
    /// A migration was found to be as it should be.
    Verified {
        /// The migration.
        name: String,
    },
    /// An invalid index that a failed build had left was dropped.
    DroppedInvalidIndex {
        /// The index.
        index: String,
    },
    /// A step is done and committed.
    Done {
        /// Its place, from 0.
        step: usize,
        /// The key.
        version: Version,
        /// The migration.
        name: String,
        /// The way.
        direction: Direction,
        /// How long it took.
        took_ms: u64,
        /// Whether its script had nothing to do.
        empty: bool,
    },
}
