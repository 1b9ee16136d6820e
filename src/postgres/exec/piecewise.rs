//! Migrations without a transaction: statement by statement, so that a kill at any moment repeats no effect.
//!
//! What may run in a transaction commits together with its progress entry. What may not is announced by an entry, run
//! alone, and confirmed by another; a run that finds only the announcement asks the [catalog](super::recognise) whether the statement
//! took effect. What can run in a transaction is the server's word, not ours: it is tried there first.

use std::{ops::Range, time::Instant};

use super::{
    At, Cause, Draft, Happening, Manner, SETTLE, Task, TaskError, Tell, Unsure, recognise, settle,
};
use crate::{
    migration::{
        journal::EntryKind,
        plan::{Unit, units},
        source::Direction,
        status::prefix_digest,
    },
    postgres::{
        journal::Record,
        lock::Locked,
        session::{COMMIT, Failure, Message},
    },
    words::sql::Kind,
};

/// Runs a task without a transaction; gives the milliseconds that it took.
pub(super) async fn run(
    locked: &mut Locked<'_>,
    index: usize,
    task: &Task<'_>,
    manner: &Manner,
    tell: Tell<'_>,
) -> Result<u64, TaskError> {
    let start = Instant::now();
    tell(Happening::Started(index));
    let mut run = Run {
        locked,
        index,
        task,
        manner,
        tell,
        done: 0,
    };
    run.open().await?;
    let mut started = run.resume().await?;
    for unit in units(&task.statements) {
        if unit.done <= run.done {
            continue;
        }
        let note = started.take();
        run.unit(&unit, note).await?;
        run.done = unit.done;
        (run.tell)(Happening::Statement(
            index,
            unit.done,
            task.statements.len(),
        ));
        if run.done < task.statements.len() && run.locked.session.stop().is_pulled() {
            return Err(run.error(At::Statement(run.done), Cause::Interrupted));
        }
    }
    let took = start.elapsed();
    let (sql, values) = run.locked.finished(task, manner, Some(took));
    let mut draft = Draft::default();
    draft.push(index, At::Journal, Message::Batch("BEGIN"));
    draft.push(index, At::Settling, Message::Batch(SETTLE));
    draft.push(index, At::Journal, Message::Query(&sql, values));
    draft.push(index, At::Journal, Message::Batch(COMMIT));
    run.send(&draft).await?;
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    (run.tell)(Happening::Done(index, ms));
    Ok(ms)
}

struct Run<'r, 'c, 'a, 'f> {
    locked: &'r mut Locked<'c>,
    index: usize,
    task: &'r Task<'a>,
    manner: &'r Manner,
    tell: Tell<'f>,
    done: usize,
}

/// What was noted when a statement was started that nobody saw the end of.
struct Started {
    note: Option<String>,
}

impl Run<'_, '_, '_, '_> {
    fn error(&self, at: At, cause: Cause) -> TaskError {
        TaskError {
            task: self.index,
            at,
            cause,
            committed: self.done,
        }
    }

    async fn send(&mut self, draft: &Draft<'_>) -> Result<(), TaskError> {
        let total = self.task.statements.len();
        let sent = self.locked.send(draft, &|_| total, &mut *self.tell).await;
        sent.map(|_| ()).map_err(|(part, failure)| {
            let cause = match failure {
                Failure::Server(_) if self.locked.session.stop().is_pulled() => Cause::Interrupted,
                failure => Cause::Failed(failure),
            };
            self.error(part.at, cause)
        })
    }

    /// Cleans the session and pins the settings: for the whole task, as its statements may change them.
    async fn open(&mut self) -> Result<(), TaskError> {
        let cleaned = self.locked.clean_up().await;
        cleaned.map_err(|failure| self.error(At::Opening, Cause::Failed(failure)))?;
        self.locked.is_clean = false;
        let pins = self.locked.pins_sql("SESSION");
        let mut draft = Draft::default();
        draft.push(self.index, At::Opening, Message::Batch(&pins));
        self.send(&draft).await
    }

    /// Finds the place where an interrupted run stopped, and restores what its statements set for the session.
    async fn resume(&mut self) -> Result<Option<Started>, TaskError> {
        let Some(interruption) = &self.task.step.resume else {
            return Ok(None);
        };
        let done = interruption.done;
        let known = interruption.prefix.as_ref() == Some(&self.prefix(0..done));
        if done > self.task.statements.len() || !known {
            return Err(self.error(At::Opening, Cause::ChangedSince { done }));
        }
        self.done = done;
        (self.tell)(Happening::Resuming(self.index, done));
        let settings: Vec<usize> = (0..done)
            .filter(|at| sets_the_session(self.task.text(*at)))
            .collect();
        if !settings.is_empty() {
            let mut draft = Draft::default();
            for statement in settings {
                let message = Message::Script(self.task.text(statement));
                draft.push(self.index, At::Statement(statement), message);
            }
            self.send(&draft).await?;
        }
        Ok(interruption.started.then(|| Started {
            note: interruption.note.clone(),
        }))
    }

    fn prefix(&self, statements: Range<usize>) -> crate::words::digest::Digest {
        let end = statements.end.min(self.task.statements.len());
        prefix_digest((statements.start..end).map(|at| self.task.text(at)))
    }

    async fn unit(&mut self, unit: &Unit, started: Option<Started>) -> Result<(), TaskError> {
        let first = unit.statements.start;
        let kind = &self.task.statements[first].kind;
        let alone = !unit.is_block && !kind.may_run_in_transaction();
        if let Some(started) = started {
            match self.took_effect(first, &started).await? {
                Effect::Done => return self.confirm(unit).await,
                Effect::None => return self.alone(unit).await,
                Effect::Unknown => return Err(self.error(At::Statement(first), Cause::NotSure)),
                Effect::Finalize(sql) => return self.run_alone(unit, &sql).await,
            }
        }
        if alone {
            return self.alone(unit).await;
        }
        let settle = settle();
        for attempt in 1.. {
            let record = self.progress(self.direction().1, unit.done, unit.done, None);
            let mut draft = Draft::default();
            let mut statements = unit.statements.clone();
            let begin = if unit.is_block {
                statements.start += 1;
                Message::Script(self.task.text(first))
            } else {
                Message::Batch("BEGIN")
            };
            draft.push(self.index, At::Statement(first), begin);
            for statement in statements {
                let message = Message::Script(self.task.text(statement));
                draft.push(self.index, At::Statement(statement), message);
            }
            draft.push(self.index, At::Settling, Message::Batch(&settle));
            draft.push(
                self.index,
                At::Journal,
                Message::Query(&record.0, record.1.clone()),
            );
            draft.push(self.index, At::Commit, Message::Batch(COMMIT));
            let total = self.task.statements.len();
            match self.locked.send(&draft, &|_| total, &mut *self.tell).await {
                Ok(_) => return Ok(()),
                // it cannot run in a transaction, and has had no effect in this one
                Err((_, Failure::Server(error)))
                    if !unit.is_block && (error.is("25001") || error.is("2D000")) =>
                {
                    return self.alone(unit).await;
                }
                Err((part, failure)) => self.pause(part.at, failure, attempt).await?,
            }
        }
        unreachable!("the attempts end with an error")
    }

    /// Announces a statement, runs it outside of any transaction, and confirms it.
    async fn alone(&mut self, unit: &Unit) -> Result<(), TaskError> {
        let statement = unit.statements.start;
        let sql = self.task.text(statement).to_owned();
        let mut note = None;
        if let Kind::CreateIndexConcurrently { index, table, .. } =
            &self.task.statements[statement].kind
        {
            let indexes = self.indexes(statement, &table.to_sql()).await?;
            if index.is_none() {
                let names: Vec<_> = indexes.iter().map(|index| index.name.as_str()).collect();
                note = serde_json::to_string(&names).ok();
            }
            let wanted = index.as_ref().map(|index| index.name.clone());
            let left = indexes
                .iter()
                .find(|index| Some(&index.name) == wanted.as_ref());
            if let Some(left) = left.filter(|left| !left.is_valid) {
                self.drop_invalid(statement, left).await?;
            }
        }
        let record = self.progress(self.direction().0, statement + 1, statement, note);
        self.write(&record).await?;
        self.run_alone(unit, &sql).await
    }

    async fn run_alone(&mut self, unit: &Unit, sql: &str) -> Result<(), TaskError> {
        let at = At::Statement(unit.statements.start);
        for attempt in 1.. {
            let mut draft = Draft::default();
            draft.push(self.index, at, Message::Script(sql));
            let total = self.task.statements.len();
            let Err((_, failure)) = self.locked.send(&draft, &|_| total, &mut *self.tell).await
            else {
                break;
            };
            self.pause(at, failure, attempt).await?;
            // a build that gave up on a lock has left an invalid index
            if let Kind::CreateIndexConcurrently {
                index: Some(index),
                table,
                ..
            } = &self.task.statements[unit.statements.start].kind
            {
                let indexes = self.indexes(unit.statements.start, &table.to_sql()).await?;
                let left = indexes
                    .iter()
                    .find(|left| left.name == index.name && !left.is_valid);
                if let Some(left) = left {
                    self.drop_invalid(unit.statements.start, left).await?;
                }
            }
        }
        self.confirm(unit).await
    }

    async fn confirm(&mut self, unit: &Unit) -> Result<(), TaskError> {
        let record = self.progress(self.direction().1, unit.done, unit.done, None);
        self.write(&record).await
    }

    async fn write(&mut self, record: &(String, Vec<Option<String>>)) -> Result<(), TaskError> {
        let mut draft = Draft::default();
        draft.push(self.index, At::Journal, Message::Batch("BEGIN"));
        draft.push(self.index, At::Journal, Message::Batch(SETTLE));
        draft.push(
            self.index,
            At::Journal,
            Message::Query(&record.0, record.1.clone()),
        );
        draft.push(self.index, At::Journal, Message::Batch(COMMIT));
        self.send(&draft).await
    }

    async fn pause(&mut self, at: At, failure: Failure, attempt: u32) -> Result<(), TaskError> {
        let (index, manner) = (self.index, self.manner);
        let paused = self
            .locked
            .pause_after(index, failure, attempt, manner, &mut *self.tell)
            .await;
        paused.map_err(|cause| self.error(at, cause))
    }

    /// The entry kinds for "about to run" and "done".
    fn direction(&self) -> (EntryKind, EntryKind) {
        match self.task.step.direction {
            Direction::Up => (EntryKind::UpStarted, EntryKind::UpProgress),
            Direction::Down => (EntryKind::DownStarted, EntryKind::DownProgress),
        }
    }

    fn progress(
        &self,
        kind: EntryKind,
        reached: usize,
        done: usize,
        note: Option<String>,
    ) -> (String, Vec<Option<String>>) {
        let migration = self.task.step.migration;
        let prefix = self.prefix(0..done);
        let (up, down) = match self.task.step.direction {
            Direction::Up => (Some(&prefix), None),
            Direction::Down => (None, Some(&prefix)),
        };
        let record = Record {
            version: &migration.version,
            name: &migration.name,
            kind,
            up,
            down,
            actor: &self.manner.actor,
            took_ms: None,
            reached: Some((reached, self.task.statements.len())),
            note,
        };
        record.message(&self.locked.facts().place)
    }

    async fn indexes(
        &mut self,
        statement: usize,
        table: &str,
    ) -> Result<Vec<recognise::Index>, TaskError> {
        let found = recognise::indexes(&mut self.locked.session, table).await;
        found.map_err(|failure| self.error(At::Statement(statement), Cause::Failed(failure)))
    }

    async fn drop_invalid(
        &mut self,
        statement: usize,
        index: &recognise::Index,
    ) -> Result<(), TaskError> {
        let at = At::Statement(statement);
        if index.is_being_built {
            return Err(self.error(at, Cause::IndexIsBeingBuilt(index.name.clone())));
        }
        let name = index.qualified();
        let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
        let mut draft = Draft::default();
        draft.push(self.index, at, Message::Batch(&sql));
        self.send(&draft).await?;
        (self.tell)(Happening::DroppedInvalidIndex(self.index, &name));
        Ok(())
    }

    /// Whether a statement that was announced, and not confirmed, took effect.
    async fn took_effect(
        &mut self,
        statement: usize,
        started: &Started,
    ) -> Result<Effect, TaskError> {
        match self.manner.unsure {
            Some(Unsure::Repeat) => return Ok(Effect::None),
            Some(Unsure::Skip) => return Ok(Effect::Done),
            None => {}
        }
        let kind = &self.task.statements[statement].kind;
        let session = &mut self.locked.session;
        let found = recognise::effect(session, kind, started.note.as_deref()).await;
        let effect = found
            .map_err(|failure| self.error(At::Statement(statement), Cause::Failed(failure)))?;
        if let Effect::None = effect
            && let Kind::CreateIndexConcurrently {
                index: None, table, ..
            } = kind
        {
            // a build without a name leaves its half-made index under a name that the server chose
            let before = recognise::noted(started.note.as_deref());
            let indexes = self.indexes(statement, &table.to_sql()).await?;
            for index in indexes
                .iter()
                .filter(|it| !it.is_valid && !before.contains(&it.name))
            {
                self.drop_invalid(statement, index).await?;
            }
        }
        Ok(effect)
    }
}

use recognise::Effect;

/// Whether a statement changes settings of the session, so that what follows it depends on it.
fn sets_the_session(sql: &str) -> bool {
    let mut words = sql.split_whitespace().map(str::to_ascii_uppercase);
    let first = words.next();
    let second = words.next();
    match first.as_deref() {
        Some("SET") => !matches!(
            second.as_deref(),
            Some("LOCAL" | "CONSTRAINTS" | "TRANSACTION")
        ),
        Some("RESET") => true,
        _ => false,
    }
}
