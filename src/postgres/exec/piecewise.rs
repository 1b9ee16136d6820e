//! Migrations without a transaction: statement by statement, so that a kill at any moment repeats no effect.
//!
//! What may run in a transaction commits together with its progress entry, and most of it is [streamed](stream): no statement waits
//! for the answer to the one before. What may not is announced by an entry, run
//! alone, and confirmed by another; a run that finds only the announcement asks the [catalog](super::recognise) whether the statement
//! took effect. What can run in a transaction is the server's word, not ours: it is tried there first.

mod backfill;
mod entries;
mod guarded;
mod outside;
mod settings;
mod stream;

use std::{sync::OnceLock, time::Instant};

use self::{
    settings::sets_the_session,
    stream::{Stream, Streamed},
};
use super::{
    Cause, Draft, ExecEvent, ExecOptions, Phase, Task, TaskError, Tell,
    recognise::{Effect, Note},
};
use crate::{
    migration::{
        plan::{Unit, units},
        source::{Check, Direction},
        status::Prefix,
    },
    postgres::{
        lock::Locked,
        session::{COMMIT, Failure, Message},
    },
};

/// Runs a task without a transaction; gives the milliseconds that it took.
pub(super) async fn run(
    locked: &mut Locked<'_>,
    index: usize,
    task: &Task<'_>,
    exec: &ExecOptions,
    tell: Tell<'_>,
) -> Result<u64, TaskError> {
    let start = Instant::now();
    tell(ExecEvent::Started(index));
    let is_up = task.step.direction == Direction::Up;
    let (prefix, noted) = (Prefix::default(), OnceLock::new());
    let batch = None;
    let mut run = Run { locked, index, task, exec, tell, done: 0, prefix, noted, batch };
    run.open().await?;
    if task.step.resume.is_none() {
        run.ask(Check::Before).await?;
    }
    if let Some(backfill) = task.step.migration.backfill.as_ref().filter(|_| is_up) {
        run.backfill(backfill).await?;
        run.ask(Check::After).await?;
        return run.finish(start).await;
    }
    let mut started = run.resume().await?;
    let mut stream = Stream::new(&run);
    let (units, total) = (units(&task.statements), task.statements.len());
    while run.done < total {
        let next = left(&units, run.done);
        let streamed = match started {
            None => stream.run(&mut run, next).await,
            Some(_) => Streamed::Stuck(None),
        };
        if let (Streamed::Stuck(tried), Some(unit)) = (streamed, left(&units, run.done).first()) {
            run.unit(unit, started.take(), tried).await?;
            run.done = unit.done;
            (run.tell)(ExecEvent::Statement(index, unit.done, total));
        }
        if run.done < total && run.locked.session.stop().is_pulled() {
            return Err(run.error(Phase::Statement(run.done), Cause::Interrupted));
        }
    }
    run.ask(Check::After).await?;
    run.finish(start).await
}

/// The units that are left after so many statements.
fn left(units: &[Unit], done: usize) -> &[Unit] {
    &units[units.partition_point(|unit| unit.done <= done)..]
}

struct Run<'r, 'c, 'a, 'f> {
    locked: &'r mut Locked<'c>,
    index: usize,
    task: &'r Task<'a>,
    exec: &'r ExecOptions,
    tell: Tell<'f>,
    done: usize,
    /// The statements that the last entry spoke of.
    prefix: Prefix,
    /// What is to be noted of the ledgers as they were before the first statement.
    noted: OnceLock<String>,
    /// Of a batch: how far the backfill has come with it.
    batch: Option<String>,
}

impl Run<'_, '_, '_, '_> {
    fn error(&self, phase: Phase, cause: Cause) -> TaskError {
        TaskError { task: self.index, phase, cause, committed: self.done }
    }

    /// Asks the queries of pre.sql or post.sql, in a transaction that cannot write.
    async fn ask(&mut self, when: Check) -> Result<(), TaskError> {
        let asked = self.task.asked(when, self.exec);
        if asked.is_empty() {
            return Ok(());
        }
        let mut draft = Draft::default();
        draft.push(self.index, Phase::Opening, Message::Batch("BEGIN READ ONLY"));
        for (phase, sql) in &asked {
            draft.push(self.index, *phase, Message::Script(sql));
        }
        draft.push(self.index, Phase::Opening, Message::Batch("ROLLBACK"));
        self.send(&draft).await
    }

    /// Records that the whole task is done; gives the milliseconds that it took.
    async fn finish(mut self, start: Instant) -> Result<u64, TaskError> {
        let took = start.elapsed();
        let is_up = self.task.step.direction == Direction::Up;
        let noted = self.noted.get().filter(|_| is_up).cloned();
        let record = self.locked.finished(self.task, self.exec, Some(took), noted);
        self.write(&record).await?;
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        (self.tell)(ExecEvent::Done(self.index, ms));
        Ok(ms)
    }

    async fn send(&mut self, draft: &Draft<'_>) -> Result<(), TaskError> {
        let total = self.task.statements.len();
        let sent = self.locked.send(draft, &|_| total, &mut *self.tell).await;
        sent.map(|_| ()).map_err(|(part, failure)| self.error(part.phase, failure.into()))
    }

    /// Cleans the session and pins the settings: for the whole task, as its statements may change them.
    async fn open(&mut self) -> Result<(), TaskError> {
        let cleaned = self.locked.clean_up().await;
        cleaned.map_err(|failure| self.error(Phase::Opening, failure.into()))?;
        self.locked.is_clean = false;
        let settings = self.locked.settings_sql("SESSION");
        let mut draft = Draft::default();
        draft.push(self.index, Phase::Opening, Message::Batch(&settings));
        self.send(&draft).await
    }

    /// Finds the place where an interrupted run stopped, and restores what its statements set for the session.
    ///
    /// Gives what was noted of the next statement, if that was started and nobody saw the end of it.
    async fn resume(&mut self) -> Result<Option<Note>, TaskError> {
        let Some(interruption) = &self.task.step.resume else {
            return Ok(None);
        };
        let done = interruption.done;
        let read = done + usize::from(interruption.started);
        if read > self.task.statements.len()
            || interruption.prefix.as_ref() != Some(&self.prefix(read))
        {
            return Err(self.error(Phase::Opening, Cause::ChangedSince { read }));
        }
        self.done = done;
        (self.tell)(ExecEvent::Resuming(self.index, done));
        let settings: Vec<(usize, String)> = (0..done)
            .filter_map(|at| {
                Some((at, sets_the_session(self.task.text(at), self.exec.guard.is_on())?))
            })
            .collect();
        if !settings.is_empty() {
            let mut draft = Draft::default();
            for (statement, sql) in &settings {
                draft.push(self.index, Phase::Statement(*statement), Message::Script(sql));
            }
            self.send(&draft).await?;
        }
        let note = Note::read(interruption.note.as_deref());
        for attempt in 1.. {
            match self.drop_left(&note).await {
                Ok(()) => break,
                Err(cause) => self.pause(Phase::Opening, cause, attempt).await?,
            }
        }
        Ok(interruption.started.then_some(note))
    }

    async fn unit(
        &mut self,
        unit: &Unit,
        started: Option<Note>,
        mut tried: Option<Failure>,
    ) -> Result<(), TaskError> {
        let first = unit.statements.start;
        let kind = &self.task.statements[first].kind;
        if let Some(note) = started {
            return match self.took_effect(first, &note).await? {
                Effect::Done => self.confirm(unit).await,
                Effect::None => self.alone(unit, Some(note)).await,
                Effect::Unknown => Err(self.error(Phase::Statement(first), Cause::NotSure)),
            };
        }
        if !unit.is_block && !kind.may_run_in_transaction() {
            return self.alone(unit, None).await;
        }
        if self.exec.guard.is_on() {
            return self.unit_guarded(unit).await;
        }
        for attempt in 1.. {
            let ran = match tried.take() {
                None => self.in_transaction(unit).await,
                Some(failure) => Err((Phase::Statement(first), failure)),
            };
            match ran {
                Ok(()) => return Ok(()),
                // it cannot run in a transaction, and has had no effect in this one
                Err((_, Failure::Server(error)))
                    if !unit.is_block && (error.is("25001") || error.is("2D000")) =>
                {
                    return self.alone(unit, None).await;
                }
                Err((phase, failure)) => self.pause(phase, failure.into(), attempt).await?,
            }
        }
        unreachable!("the attempts end with an error")
    }

    /// Runs a unit in a transaction with its entry.
    async fn in_transaction(&mut self, unit: &Unit) -> Result<(), (Phase, Failure)> {
        let first = unit.statements.start;
        let settle = self.locked.settle();
        let record = self.progress(self.direction().1, unit.done, unit.done, None);
        let holds = unit.is_block && self.task.takes_back();
        let mut draft = Draft { holds, ..Draft::default() };
        let mut statements = unit.statements.clone();
        let begin = if unit.is_block {
            statements.start += 1;
            Message::Script(self.task.text(first))
        } else {
            Message::Batch("BEGIN")
        };
        draft.push(self.index, Phase::Statement(first), begin);
        for statement in statements {
            let message = Message::Script(self.task.text(statement));
            draft.push(self.index, Phase::Statement(statement), message);
        }
        draft.push(self.index, Phase::Settling, Message::Batch(&settle));
        draft.push(self.index, Phase::Journal, Message::Query(&record.0, record.1.clone()));
        draft.push(self.index, Phase::Commit, Message::Batch(COMMIT));
        let total = self.task.statements.len();
        let sent = self.locked.send(&draft, &|_| total, &mut *self.tell).await;
        sent.map(|_| ()).map_err(|(part, failure)| (part.phase, failure))
    }

    async fn pause(&mut self, phase: Phase, cause: Cause, attempt: u32) -> Result<(), TaskError> {
        let (index, exec) = (self.index, self.exec);
        let paused = self.locked.pause_after(index, cause, attempt, exec, &mut *self.tell).await;
        paused.map_err(|cause| self.error(phase, cause))
    }
}
