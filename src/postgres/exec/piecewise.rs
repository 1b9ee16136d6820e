//! Migrations without a transaction: statement by statement, so that a kill at any moment repeats no effect.
//!
//! What may run in a transaction commits together with its progress entry. What may not is announced by an entry, run
//! alone, and confirmed by another; a run that finds only the announcement asks the [catalog](super::recognise) whether the statement
//! took effect. What can run in a transaction is the server's word, not ours: it is tried there first.

use std::{collections::BTreeSet, ops::Range, sync::OnceLock, time::Instant};

use super::{
    At, Cause, Draft, Happening, Manner, Part, Task, TaskError, Tell, Unsure, alone,
    body::{Body, Owned},
    recognise::{self, Effect, Note},
    together,
};
use crate::{
    ledger::{self, Context, Recorded, Snapshot},
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
    report::{finding::Finding, rule::LedgerRule},
    words::{
        digest::Digest,
        sql::{Kind, Piece, pieces},
    },
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
    let mut run = Run { locked, index, task, manner, tell, done: 0, noted: OnceLock::new() };
    run.open().await?;
    let mut started = run.resume().await?;
    for unit in units(&task.statements) {
        if unit.done <= run.done {
            continue;
        }
        run.unit(&unit, started.take()).await?;
        run.done = unit.done;
        (run.tell)(Happening::Statement(index, unit.done, task.statements.len()));
        if run.done < task.statements.len() && run.locked.session.stop().is_pulled() {
            return Err(run.error(At::Statement(run.done), Cause::Interrupted));
        }
    }
    let took = start.elapsed();
    let is_up = task.step.direction == Direction::Up;
    let noted = run.noted.get().filter(|_| is_up).cloned();
    let record = run.locked.finished(task, manner, Some(took), noted);
    run.write(&record).await?;
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
    /// What is to be noted of the ledgers as they were before the first statement.
    noted: OnceLock<String>,
}

impl Run<'_, '_, '_, '_> {
    fn error(&self, at: At, cause: Cause) -> TaskError {
        TaskError { task: self.index, at, cause, committed: self.done }
    }

    async fn send(&mut self, draft: &Draft<'_>) -> Result<(), TaskError> {
        let total = self.task.statements.len();
        let sent = self.locked.send(draft, &|_| total, &mut *self.tell).await;
        sent.map(|_| ()).map_err(|(part, failure)| self.error(part.at, failure.into()))
    }

    /// Cleans the session and pins the settings: for the whole task, as its statements may change them.
    async fn open(&mut self) -> Result<(), TaskError> {
        let cleaned = self.locked.clean_up().await;
        cleaned.map_err(|failure| self.error(At::Opening, failure.into()))?;
        self.locked.is_clean = false;
        let pins = self.locked.pins_sql("SESSION");
        let mut draft = Draft::default();
        draft.push(self.index, At::Opening, Message::Batch(&pins));
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
            || interruption.prefix.as_ref() != Some(&self.prefix(0..read))
        {
            return Err(self.error(At::Opening, Cause::ChangedSince { read }));
        }
        self.done = done;
        (self.tell)(Happening::Resuming(self.index, done));
        let settings: Vec<(usize, String)> = (0..done)
            .filter_map(|at| {
                Some((at, sets_the_session(self.task.text(at), self.manner.guard.is_on())?))
            })
            .collect();
        if !settings.is_empty() {
            let mut draft = Draft::default();
            for (statement, sql) in &settings {
                draft.push(self.index, At::Statement(*statement), Message::Script(sql));
            }
            self.send(&draft).await?;
        }
        let note = Note::read(interruption.note.as_deref());
        for attempt in 1.. {
            match self.drop_left(&note).await {
                Ok(()) => break,
                Err(cause) => self.pause(At::Opening, cause, attempt).await?,
            }
        }
        Ok(interruption.started.then_some(note))
    }

    fn prefix(&self, statements: Range<usize>) -> Digest {
        let end = statements.end.min(self.task.statements.len());
        prefix_digest((statements.start..end).map(|at| self.task.text(at)))
    }

    async fn unit(&mut self, unit: &Unit, started: Option<Note>) -> Result<(), TaskError> {
        let first = unit.statements.start;
        let kind = &self.task.statements[first].kind;
        if let Some(note) = started {
            return match self.took_effect(first, &note).await? {
                Effect::Done => self.confirm(unit).await,
                Effect::None => self.alone(unit, Some(note)).await,
                Effect::Unknown => Err(self.error(At::Statement(first), Cause::NotSure)),
            };
        }
        if !unit.is_block && !kind.may_run_in_transaction() {
            return self.alone(unit, None).await;
        }
        if self.manner.guard.is_on() {
            return self.unit_guarded(unit).await;
        }
        let settle = self.locked.settle();
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
            draft.push(self.index, At::Journal, Message::Query(&record.0, record.1.clone()));
            draft.push(self.index, At::Commit, Message::Batch(COMMIT));
            let total = self.task.statements.len();
            match self.locked.send(&draft, &|_| total, &mut *self.tell).await {
                Ok(_) => return Ok(()),
                // it cannot run in a transaction, and has had no effect in this one
                Err((_, Failure::Server(error)))
                    if !unit.is_block && (error.is("25001") || error.is("2D000")) =>
                {
                    return self.alone(unit, None).await;
                }
                Err((part, failure)) => self.pause(part.at, failure.into(), attempt).await?,
            }
        }
        unreachable!("the attempts end with an error")
    }

    /// Runs a unit in a transaction of its own, under the ledger guard.
    async fn unit_guarded(&mut self, unit: &Unit) -> Result<(), TaskError> {
        let first = unit.statements.start;
        let (index, task) = (self.index, self.task);
        let mut statements = unit.statements.clone();
        let begin = if unit.is_block {
            statements.start += 1;
            Message::Script(task.text(first))
        } else {
            Message::Batch("BEGIN")
        };
        let record = self.progress(self.direction().1, unit.done, unit.done, None);
        let settle = self.locked.settle_guarded();
        let mut early = Draft::default();
        for statement in statements.clone().take(together::leading(task, statements.clone())) {
            let message = Message::Script(task.text(statement));
            early.push(index, At::Statement(statement), message);
            statements.start = statement + 1;
        }
        let noted = &self.noted;
        let rest = |before: &str| {
            noted.get_or_init(|| before.to_owned());
            let at = |at| Part { task: index, at };
            let script = statements.clone().map(|statement| {
                let message = Owned::Script(task.text(statement).to_owned());
                (at(At::Statement(statement)), message)
            });
            let end = [
                (at(At::Settling), Owned::Batch(settle.clone())),
                (at(At::Journal), Owned::Query(record.0.clone(), record.1.clone())),
            ];
            script.chain(end).collect()
        };
        let total = task.statements.len();
        let (actor, place) = (self.manner.actor.clone(), self.locked.facts().place.clone());
        let body = Body {
            first: index,
            begin,
            cleans: false,
            leading: early,
            rest: &rest,
            attest: &|note| together::attested(task.step.migration, note, &actor, &place),
            scripts: unit.statements.clone().map(|at| task.text(at)).collect(),
            direction: Some(task.step.direction),
            before: together::before(task.step),
            legs: Vec::new(),
            written: Recorded { journal: (1, 0), ..Recorded::default() },
            version: Some(task.step.migration.version.to_string()),
            statements: &|_| total,
        };
        let ran = self.locked.run_guarded(&body, self.manner, &mut *self.tell).await;
        match ran {
            Ok(_) => Ok(()),
            // it cannot run in a transaction, and has had no effect in this one
            Err(TaskError { cause: Cause::Failed(Failure::Server(error)), .. })
                if !unit.is_block && (error.is("25001") || error.is("2D000")) =>
            {
                self.alone(unit, None).await
            }
            Err(error) => Err(TaskError { committed: self.done, ..error }),
        }
    }

    /// Whether a statement that runs outside of any transaction leaves ledgers alone: nothing of it could be rolled back.
    async fn demand_harmless(&mut self, statement: usize) -> Result<Option<Snapshot>, TaskError> {
        let guard = &self.manner.guard;
        if !guard.is_on() {
            return Ok(None);
        }
        let at = At::Statement(statement);
        let before = self.locked.look_around(guard, None).await;
        let before = before.map_err(|failure| self.error(at, failure.into()))?;
        let noted = guard.noted(&before);
        self.noted.get_or_init(|| noted);
        if !(0..guard.ledgers.len()).any(|ledger| ledger::is_guarded(&before, ledger)) {
            return Ok(None);
        }
        let (text, kind) = (self.task.text(statement), &self.task.statements[statement].kind);
        let why = alone::refused(self.locked, kind, text, guard, &before).await;
        let why = why.map_err(|failure| self.error(at, failure.into()))?;
        match why {
            None => Ok(Some(before)),
            Some(why) => {
                let finding = Finding {
                    ledger: String::new(),
                    rule: LedgerRule::WithoutTransaction,
                    what: format!(
                        "what runs outside of a transaction cannot be rolled back: {why}"
                    ),
                    advice: "Run it in a migration with a transaction, where the rows are looked at. Without one, only CREATE, DROP and REINDEX INDEX CONCURRENTLY, VACUUM, CLUSTER and the like are let through, and only where they reach no function of your own.",
                    rows: true,
                };
                Err(self.error(at, Cause::Refused(vec![finding])))
            }
        }
    }

    /// Looks at the ledgers after a statement outside of any transaction.
    async fn demand_unchanged(
        &mut self,
        statement: usize,
        before: &Snapshot,
    ) -> Result<(), TaskError> {
        let guard = &self.manner.guard;
        let at = At::Statement(statement);
        let after = self.locked.look_around(guard, Some(before)).await;
        let after = after.map_err(|failure| self.error(at, failure.into()))?;
        let context = Context {
            ledgers: &guard.ledgers,
            before: None,
            unused: &BTreeSet::new(),
            written: Recorded::default(),
            replaces_triggers: true,
        };
        let mut findings = ledger::judge(before, &after, &context);
        findings.retain(|finding| finding.rule != LedgerRule::TransactionLeft);
        if findings.is_empty() {
            if let Some(note) = guard.attestation(before, &after) {
                let place = self.locked.facts().place.clone();
                let migration = self.task.step.migration;
                let record = together::attested(migration, note, &self.manner.actor, &place);
                self.write(&record).await?;
            }
            Ok(())
        } else {
            Err(TaskError { committed: statement + 1, ..self.error(at, Cause::Refused(findings)) })
        }
    }

    /// Announces a statement, runs it outside of any transaction, and confirms it. With a note it is announced already.
    async fn alone(&mut self, unit: &Unit, note: Option<Note>) -> Result<(), TaskError> {
        let statement = unit.statements.start;
        let before = self.demand_harmless(statement).await?;
        let note = match note {
            Some(note) => note,
            None => self.announce(statement).await?,
        };
        for attempt in 1.. {
            let Err(cause) = self.try_alone(statement, &note).await else {
                break;
            };
            if let Err(error) = self.pause(At::Statement(statement), cause, attempt).await {
                return Err(self.withdraw(statement, &note, error).await);
            }
        }
        self.confirm(unit).await?;
        match before {
            Some(before) => self.demand_unchanged(statement, &before).await,
            None => Ok(()),
        }
    }

    async fn announce(&mut self, statement: usize) -> Result<Note, TaskError> {
        let kind = &self.task.statements[statement].kind;
        let note = Note::before(&mut self.locked.session, kind).await;
        let note = note.map_err(|failure| self.error(At::Statement(statement), failure.into()))?;
        let reached = statement + 1;
        let record = self.progress(self.direction().0, reached, reached, note.write());
        self.write(&record).await?;
        Ok(note)
    }

    /// Takes an announcement back after the server has refused the statement, so that it may be mended. What the
    /// statement left behind is noted, for the next run to drop. Gives the error that is to be reported.
    async fn withdraw(&mut self, statement: usize, note: &Note, error: TaskError) -> TaskError {
        let kind = &self.task.statements[statement].kind;
        let refused = match &error.cause {
            Cause::Failed(failure) => matches!(failure, Failure::Server(_)),
            Cause::NoLock(..) | Cause::Interrupted => true,
            _ => false,
        };
        // code that commits may have done a part of its work
        if !refused || matches!(kind, Kind::Call) {
            return error;
        }
        let left = note.left_by(&mut self.locked.session, kind).await;
        if let Ok(left) = left {
            let left = Note::of_left(&left);
            let record = self.progress(self.direction().1, statement, statement, left.write());
            // without it the announcement stands, and the next run asks the catalog
            self.write(&record).await.unwrap_or_default();
        }
        error
    }

    async fn try_alone(&mut self, statement: usize, note: &Note) -> Result<(), Cause> {
        let kind = &self.task.statements[statement].kind;
        let session = &mut self.locked.session;
        let left = note.left_by(session, kind).await?;
        let rest = recognise::rest(session, kind).await?;
        for index in &left {
            self.drop_invalid(index).await?;
        }
        let sql = rest.unwrap_or_else(|| self.task.text(statement).to_owned());
        let mut draft = Draft::default();
        draft.push(self.index, At::Statement(statement), Message::Script(&sql));
        let total = self.task.statements.len();
        let sent = self.locked.send(&draft, &|_| total, &mut *self.tell).await;
        sent.map(|_| ()).map_err(|(_, failure)| failure.into())
    }

    async fn confirm(&mut self, unit: &Unit) -> Result<(), TaskError> {
        let record = self.progress(self.direction().1, unit.done, unit.done, None);
        self.write(&record).await
    }

    /// Writes an entry. Ctrl-C does not reach it: what is done is to be recorded.
    async fn write(&mut self, record: &(String, Vec<Option<String>>)) -> Result<(), TaskError> {
        let settle = self.locked.settle();
        let messages = [
            (At::Journal, Message::Batch("BEGIN")),
            (At::Settling, Message::Batch(&settle)),
            (At::Journal, Message::Query(&record.0, record.1.clone())),
            (At::Journal, Message::Batch(COMMIT)),
        ];
        let (parts, messages): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        let replies = self.locked.session.exchange_undisturbed(&messages).await;
        for (at, reply) in parts.into_iter().zip(replies) {
            reply.map_err(|failure| self.error(at, failure.into()))?;
        }
        Ok(())
    }

    async fn pause(&mut self, at: At, cause: Cause, attempt: u32) -> Result<(), TaskError> {
        let (index, manner) = (self.index, self.manner);
        let paused = self.locked.pause_after(index, cause, attempt, manner, &mut *self.tell).await;
        paused.map_err(|cause| self.error(at, cause))
    }

    /// The entry kinds for "about to run" and "done".
    fn direction(&self) -> (EntryKind, EntryKind) {
        match self.task.step.direction {
            Direction::Up => (EntryKind::UpStarted, EntryKind::UpProgress),
            Direction::Down => (EntryKind::DownStarted, EntryKind::DownProgress),
        }
    }

    /// The query that records how far the run came, with the digest of the first `read` statements.
    fn progress(
        &self,
        kind: EntryKind,
        reached: usize,
        read: usize,
        note: Option<String>,
    ) -> (String, Vec<Option<String>>) {
        let migration = self.task.step.migration;
        let prefix = self.prefix(0..read);
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

    /// Drops the invalid indexes that an earlier run noted when the server had refused its statement.
    async fn drop_left(&mut self, note: &Note) -> Result<(), Cause> {
        for index in note.left(&mut self.locked.session).await? {
            self.drop_invalid(&index).await?;
        }
        Ok(())
    }

    async fn drop_invalid(&mut self, index: &recognise::Index) -> Result<(), Cause> {
        if index.is_being_built {
            return Err(Cause::IndexIsBeingBuilt(index.name.clone()));
        }
        let name = index.qualified();
        let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
        let messages = [Message::Batch(&sql)];
        for reply in self.locked.session.exchange(&messages, &mut |_| {}).await {
            reply?;
        }
        (self.tell)(Happening::DroppedInvalidIndex(self.index, &name));
        Ok(())
    }

    /// Whether a statement that was announced, and not confirmed, took effect. A person is asked last.
    async fn took_effect(&mut self, statement: usize, note: &Note) -> Result<Effect, TaskError> {
        let kind = &self.task.statements[statement].kind;
        let found = recognise::effect(&mut self.locked.session, kind, note).await;
        let effect =
            found.map_err(|failure| self.error(At::Statement(statement), failure.into()))?;
        Ok(match (effect, self.manner.unsure) {
            (Effect::Unknown, Some(Unsure::Repeat)) => Effect::None,
            (Effect::Unknown, Some(Unsure::Skip)) => Effect::Done,
            (effect, _) => effect,
        })
    }
}

/// What a statement sets for the session, as a command of our own that runs nothing but that; none where it sets nothing, or where
/// more than setting would be repeated on a database with ledgers.
fn sets_the_session(sql: &str, is_guarded: bool) -> Option<String> {
    let pieces = pieces(sql).ok()?;
    let mut rest = pieces.as_slice();
    if let [rest_of @ .., Piece::Sign(";")] = rest {
        rest = rest_of;
    }
    let word = |at: usize| match rest.get(at) {
        Some(Piece::Word(word)) => word.as_str(),
        _ => "",
    };
    match word(0) {
        "set" if !matches!(word(1), "local" | "constraints" | "transaction") => {
            Some(sql.to_owned())
        }
        "reset" => Some(sql.to_owned()),
        // as in the dumps of pg_dump
        "select" => {
            let call = match &rest[1..] {
                [schema, Piece::Sign("."), call @ ..] if schema.is("pg_catalog") => call,
                call => call,
            };
            if !call.first().is_some_and(|it| it.is("set_config")) {
                return None;
            }
            if !is_guarded {
                return Some(sql.to_owned());
            }
            let [_, Piece::Sign("("), arguments @ .., Piece::Sign(")")] = call else {
                return None;
            };
            let [
                Piece::Text(setting),
                Piece::Sign(","),
                Piece::Text(value),
                Piece::Sign(","),
                Piece::Word(local),
            ] = arguments
            else {
                return None;
            };
            (local == "false")
                .then(|| format!("SELECT pg_catalog.set_config({setting}, {value}, false)"))
        }
        _ => None,
    }
}
