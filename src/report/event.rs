//! What a job reports while it runs.

use serde::Serialize;

use crate::migration::{source::Direction, version::Version};

/// One thing that happened, to show progress; the [report](crate::report::run) has the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A note about the connection, such as a dropped parameter.
    Note {
        /// The text.
        text: String,
    },
    /// The server does not answer yet.
    Connecting {
        /// Why it is retried.
        reason: String,
        /// How long the pause is.
        pause_ms: u64,
    },
    /// Another run holds the lock.
    Waiting {
        /// A description of the holder.
        holder: String,
    },
    /// How many steps will run.
    Planned {
        /// The steps.
        steps: usize,
    },
    /// A step began.
    Started {
        /// Its index, from 0.
        step: usize,
        /// The migration.
        name: String,
        /// The direction.
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
    /// A lock could not be acquired; the whole migration is retried.
    Retrying {
        /// The migration.
        name: String,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// How many attempts there are at most.
        of: u32,
        /// How long the pause before the next is.
        pause_ms: u64,
    },
    /// An interrupted migration continues.
    Resuming {
        /// The migration.
        name: String,
        /// How many statements are done.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// A backfill has committed another batch.
    Batch {
        /// The migration.
        name: String,
        /// How many keys are done.
        keys: u64,
        /// About how many there are.
        about: u64,
        /// How many a second in this run.
        per_second: u64,
    },
    /// A backfill waits for a replica.
    Lagging {
        /// The migration.
        name: String,
        /// How far behind it is.
        lag_ms: u64,
    },
    /// A migration is run again, comparing the ledgers' rows before and after it.
    Comparing {
        /// The migration.
        name: String,
    },
    /// A migration was verified without a problem.
    Verified {
        /// The migration.
        name: String,
    },
    /// An invalid index, left behind by a failed build, was dropped.
    DroppedInvalidIndex {
        /// The index.
        index: String,
    },
    /// A step is done and committed.
    Done {
        /// Its index, from 0.
        step: usize,
        /// The key.
        version: Version,
        /// The migration.
        name: String,
        /// The direction.
        direction: Direction,
        /// How long it took.
        took_ms: u64,
        /// Whether its script is empty.
        empty: bool,
    },
}
