//! Runs the steps of a plan, each with its journal entry.
//!
//! A migration with a transaction is one exchange: `BEGIN`, settings, the statements, the journal entry, `COMMIT`, in one
//! round trip. What runs without a transaction is in [`piecewise`].

mod alone;
mod batches;
mod check;
mod event;
mod guarded;
mod guarded_transaction;
pub(crate) mod knowing;
mod piecewise;
mod recognise;
mod row_checks;
mod sending;
mod settle;
mod together;
mod train;
mod verdict;

pub(crate) use self::check::{Asked, CHECK_FAILED};
pub(crate) use self::event::{ExecEvent, Tell};
pub(crate) use self::settle::settled;

use std::time::Duration;

use self::{
    batches::Batches,
    sending::{Draft, Part, Within},
};

use crate::{
    migration::{
        backfill::Throttle,
        journal::EntryKind,
        plan::Step,
        source::{Check, Direction, Script},
    },
    postgres::{
        guard::Guard,
        journal::Record,
        lock::Locked,
        server_error::ServerError,
        session::{COMMIT, Failure, Message, Row},
    },
    report::ledger_finding::LedgerFinding,
    words::{
        ident::Literal,
        sql::{Statement, StatementKind},
    },
};

/// A step with what was read out of its script.
#[derive(Debug, Clone)]
pub struct Task<'a> {
    /// The step.
    pub step: &'a Step<'a>,
    /// The script of its direction.
    pub script: &'a Script,
    /// The script's statements.
    pub statements: Vec<Statement>,
    /// The queries that are asked before them and after them.
    pub checks: Vec<Asked<'a>>,
}

impl Task<'_> {
    fn text(&self, statement: usize) -> &str {
        &self.script.text[self.statements[statement].span.clone()]
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.statements.len()).map(|at| self.text(at))
    }

    /// The checks that are asked at one time, with their numbers, as statements.
    fn asked(&self, when: Check, exec: &ExecOptions) -> Vec<(Phase, String)> {
        let all = self.checks.iter().enumerate().filter(|(_, it)| it.when == when);
        all.map(|(at, it)| (Phase::Check(at), it.sql(exec.demands_checks))).collect()
    }

    /// Whether a statement may take back a failure: the transaction goes on then, and COMMIT has to wait until all is known.
    fn takes_back(&self) -> bool {
        self.statements.iter().any(|it| matches!(it.kind, StatementKind::Savepoint))
    }
}

/// How tasks are run.
#[derive(Debug, Clone)]
pub struct ExecOptions {
    /// Who, for the journal.
    pub actor: String,
    /// How often a task is tried when a lock is not to be had.
    pub attempts: u32,
    /// How many migrations are sent at once, at most.
    pub train: usize,
    /// What to do with a statement of which nobody knows whether it took effect.
    pub unsure: Option<Unsure>,
    /// How a backfill is throttled.
    pub throttle: Throttle,
    /// The ledgers that no migration may harm.
    pub guard: Guard,
    /// Whether the checks of pre.sql and post.sql have to hold; else they are only asked, because the rows are made up.
    pub demands_checks: bool,
    /// Whether what runs in a transaction is left out of the journal: in a database that is thrown away.
    pub unrecorded: bool,
}

impl ExecOptions {
    /// How many migrations are sent at once where nobody says otherwise.
    pub const TRAIN: usize = 100;
}

/// What a person says of a statement that was started before a crash, when the catalog cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsure {
    /// It had no effect: run it.
    Repeat,
    /// It took effect: go on after it.
    Skip,
}

/// Where a task failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before the first statement.
    Opening,
    /// At a statement.
    Statement(usize),
    /// At a query of pre.sql or post.sql.
    Check(usize),
    /// At a check that the script put off to the end (deferred constraints), or that this run still holds the lock.
    Settling,
    /// While the journal was written.
    Journal,
    /// While it was looked at what became of the ledgers.
    Guard,
    /// A probe, whose failure is an answer.
    Probe,
    /// At COMMIT.
    Commit,
    /// While the session was cleaned, after the task was committed or rolled back.
    Afterwards,
}

/// Why a task did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The server refused, or the connection was lost.
    Failed(Failure),
    /// A lock was not to be had, so many times.
    NoLock(ServerError, u32),
    /// The user interrupted it.
    Interrupted,
    /// The statements that were done or started before an interruption read otherwise now.
    ChangedSince {
        /// How many.
        read: usize,
    },
    /// It was started before a crash, and the catalog does not tell whether it took effect.
    NotSure,
    /// Another session builds this index right now.
    IndexIsBeingBuilt(String),
    /// It would have harmed a ledger.
    Refused(Vec<LedgerFinding>),
}

impl From<Failure> for Cause {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Cancelled => Self::Interrupted,
            failure => Self::Failed(failure),
        }
    }
}

/// A task that did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskError {
    /// Which.
    pub task: usize,
    /// Where.
    pub phase: Phase,
    /// Why.
    pub cause: Cause,
    /// How many statements of it are committed nevertheless.
    pub committed: usize,
}

/// What comes after every task, committed or not: nothing of it may show in the next.
pub(crate) const CLEAN: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; \
                     DEALLOCATE ALL; DISCARD SEQUENCES; DISCARD TEMP";
/// The same where the script has prepared nothing: what we have prepared stays.
const CLEAN_KEEPING: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; \
                     DISCARD SEQUENCES; DISCARD TEMP";
/// The same on a connection that is not ours, whose prepared statements are in use.
const CLEAN_BORROWED: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL";
/// Notes when a task began that is not the first of its transaction.
pub(crate) const START: &str = "SELECT ARRAY[pg_catalog.set_config('glowplug.started', \
                     EXTRACT(epoch FROM pg_catalog.clock_timestamp())::text, true)] AS \"row\"";
impl Locked<'_> {
    /// Runs one task, with or without a transaction as its metadata says.
    ///
    /// # Errors
    /// When it fails. A task with a transaction has left nothing then; one without has left a journal that the next run
    /// understands.
    pub async fn run(
        &mut self,
        index: usize,
        task: &Task<'_>,
        exec: &ExecOptions,
        tell: Tell<'_>,
    ) -> Result<u64, TaskError> {
        if task.step.direction == Direction::Down {
            self.reverted.entry(task.step.migration.version.to_string()).or_default();
        }
        if task.step.migration.metadata.run_in_transaction {
            let took = self.run_together(index, std::slice::from_ref(task), exec, tell).await?;
            Ok(took.first().copied().unwrap_or_default())
        } else {
            piecewise::run(self, index, task, exec, tell).await
        }
    }

    /// Runs tasks in one transaction, all or none; `first` is the index of the first.
    ///
    /// # Errors
    /// When one fails. Nothing is left of any then.
    pub async fn run_together(
        &mut self,
        first: usize,
        tasks: &[Task<'_>],
        exec: &ExecOptions,
        tell: Tell<'_>,
    ) -> Result<Vec<u64>, TaskError> {
        self.clean_up().await.map_err(|failure| TaskError {
            task: first,
            phase: Phase::Opening,
            cause: failure.into(),
            committed: 0,
        })?;
        let settings = self.settings_sql("LOCAL");
        if exec.guard.is_on() {
            return self.run_together_guarded(first, tasks, exec, tell).await;
        }
        let begin = format!("BEGIN; {settings}");
        let settle = self.settle();
        // what cleans the session leaves nothing prepared
        self.session.forget();
        for attempt in 1.. {
            let records: Vec<_> =
                tasks.iter().map(|task| self.finished(task, exec, None, None)).collect();
            let holds = tasks.iter().any(Task::takes_back);
            let asked = |when| -> Vec<Vec<(Phase, String)>> {
                tasks.iter().map(|task| task.asked(when, exec)).collect()
            };
            let (pre, post) = (asked(Check::Before), asked(Check::After));
            let mut draft = Draft { holds, ..Draft::default() };
            draft.push(first, Phase::Opening, Message::Batch(&begin));
            for (offset, (task, (sql, values))) in tasks.iter().zip(&records).enumerate() {
                let index = first + offset;
                if offset > 0 {
                    draft.push(index, Phase::Opening, Message::Batch(self.clean_sql()));
                    draft.push(index, Phase::Opening, Message::Query(START, Vec::new()));
                    draft.push(index, Phase::Opening, Message::Batch(&settings));
                }
                for (phase, sql) in &pre[offset] {
                    draft.push(index, *phase, Message::Script(sql));
                }
                batches::push(&mut draft, index, task, self.batches(Batches::All));
                for (phase, sql) in &post[offset] {
                    draft.push(index, *phase, Message::Script(sql));
                }
                draft.push(index, Phase::Settling, Message::Batch(&settle));
                if !exec.unrecorded {
                    draft.push(index, Phase::Journal, Message::Query(sql, values.clone()));
                }
            }
            let last = first + tasks.len().saturating_sub(1);
            draft.push(last, Phase::Commit, Message::Batch(COMMIT));
            draft.push(last, Phase::Afterwards, Message::Batch(self.clean_sql()));
            tell(ExecEvent::Started(first));
            match self.send(&draft, &|index| tasks[index - first].statements.len(), tell).await {
                Ok(replies) => {
                    let took: Vec<u64> = draft
                        .parts
                        .iter()
                        .zip(&replies)
                        .filter(|(part, _)| part.phase == Phase::Journal)
                        .map(|(_, rows)| took_ms(rows))
                        .collect();
                    for (offset, ms) in took.iter().enumerate() {
                        tell(ExecEvent::Done(first + offset, *ms));
                    }
                    return Ok(took);
                }
                Err((part, failure)) => {
                    let error = |cause| TaskError {
                        task: part.task,
                        phase: part.phase,
                        cause,
                        committed: 0,
                    };
                    self.pause_after(part.task, failure.into(), attempt, exec, tell)
                        .await
                        .map_err(error)?;
                }
            }
        }
        unreachable!("the attempts end with an error")
    }

    /// Decides whether a failure is worth another attempt, and waits before it.
    async fn pause_after(
        &mut self,
        task: usize,
        cause: Cause,
        attempt: u32,
        exec: &ExecOptions,
        tell: Tell<'_>,
    ) -> Result<(), Cause> {
        let mut stop = self.session.stop().clone();
        match cause {
            Cause::Failed(Failure::Server(error)) if PASSING.contains(&error.code.as_str()) => {
                if attempt >= exec.attempts {
                    return Err(Cause::NoLock(error, attempt));
                }
                let base = 200 * (1_u64 << attempt.min(6));
                let pause = Duration::from_millis(base / 2 + fastrand::u64(0..base));
                tell(ExecEvent::Retrying { task, attempt, of: exec.attempts, pause });
                match tokio::time::timeout(pause, stop.pulled()).await {
                    Ok(()) => Err(Cause::Interrupted),
                    Err(_) => Ok(()),
                }
            }
            cause => Err(cause),
        }
    }

    /// The query that records a finished task.
    fn finished(
        &self,
        task: &Task<'_>,
        exec: &ExecOptions,
        took: Option<Duration>,
        note: Option<String>,
    ) -> (String, Vec<Option<String>>) {
        let mut record = self.entry(task, exec, took);
        record.note = note;
        record.message(&self.facts().place)
    }

    fn entry<'t>(
        &self,
        task: &Task<'t>,
        exec: &'t ExecOptions,
        took: Option<Duration>,
    ) -> Record<'t> {
        let kind = EntryKind::of_run(task.step.direction);
        let mut record = Record::of(task.step.migration, kind, &exec.actor);
        record.took_ms = took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        record
    }

    /// What of a script may be sent in batches, at most.
    fn batches(&self, most: Batches) -> Batches {
        if self.session.cuts_as_we_do() { most } else { Batches::None }
    }

    /// Cleans the session, unless the task before has done so.
    async fn clean_up(&mut self) -> Result<(), Failure> {
        if !self.is_clean {
            let messages = [Message::Batch(self.clean_sql())];
            self.session.forget();
            let mut replies = self.session.exchange(&messages, &mut |_| {}).await;
            replies.pop().unwrap_or_else(|| Ok(Vec::new()))?;
            self.is_clean = true;
        }
        Ok(())
    }

    fn clean_sql(&self) -> &'static str {
        if self.session.wire().is_some() { CLEAN } else { CLEAN_BORROWED }
    }

    /// The settings that every migration starts with, for the transaction (`LOCAL`) or the session.
    ///
    /// These are commands and no query: a script may start with SET TRANSACTION, which must come before any query.
    fn settings_sql(&self, scope: &str) -> String {
        let run = self.settings();
        let interval = if self.facts().notices_dead_clients { "2s" } else { "0" };
        let settings = [
            ("lock_timeout", run.lock_timeout.setting()),
            ("statement_timeout", run.statement_timeout.setting()),
            ("client_connection_check_interval", interval.to_owned()),
            ("TimeZone", "UTC".to_owned()),
        ];
        let set =
            |(name, value): &(&str, String)| format!("SET {scope} {name} = {}", Literal(value));
        settings.iter().map(set).collect::<Vec<_>>().join("; ")
    }
}

/// Whether an error comes from the check that the lock is still held.
#[must_use]
pub(crate) fn is_lost_lock(error: &ServerError) -> bool {
    error.message.contains("the migration lock was lost")
}

/// What may be otherwise a moment later: lock_not_available, deadlock_detected, serialization_failure.
const PASSING: [&str; 3] = ["55P03", "40P01", "40001"];

fn took_ms(rows: &[Row]) -> u64 {
    let text = rows.first().and_then(|row| row.first()).cloned().flatten();
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}
