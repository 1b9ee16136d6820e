//! What happens while tasks run.

use std::time::Duration;

use crate::postgres::server_error::ServerError;

/// What happens while tasks run.
#[derive(Debug)]
pub enum ExecEvent<'a> {
    /// The task with this index began.
    Started(usize),
    /// So many statements of a task are done, of so many.
    Statement(usize, usize, usize),
    /// The server said something while a statement ran.
    Notice(usize, Option<usize>, &'a ServerError),
    /// A lock was not to be had in time; it is tried again.
    Retrying {
        /// The task.
        task: usize,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// How many attempts there are at most.
        of: u32,
        /// How long it waits now.
        pause: Duration,
    },
    /// An interrupted task goes on after so many statements.
    Resuming(usize, usize),
    /// A backfill has done so many keys, of about so many; and so many in a second.
    Batch {
        /// The task.
        task: usize,
        /// How many keys are done.
        keys: u64,
        /// About how many there are.
        about: u64,
        /// How many a second in this run.
        per_second: u64,
    },
    /// A backfill waits for a replica that is so far behind.
    Lagging(usize, Duration),
    /// A task is run again, because the rows of a ledger have to be compared before and after it.
    Comparing(usize),
    /// An invalid index that a failed build left was dropped.
    DroppedInvalidIndex(usize, &'a str),
    /// The task is done and committed, after so many milliseconds.
    Done(usize, u64),
}

/// Who is told.
pub(crate) type Tell<'f> = &'f mut (dyn FnMut(ExecEvent<'_>) + Send);
