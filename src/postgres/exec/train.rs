//! Trains: migrations that are sent one behind the other and answered in one exchange, each committed by itself.
//!
//! None begins where the one before it has not been committed: at its end each sets a mark that only this run knows, in its own
//! transaction, and the next one divides by zero where it does not find it. What was committed is what the replies say.

use super::{
    CLEAN_KEEPING, Draft, ExecEvent, ExecOptions, Part, Phase, Task, TaskError, Tell,
    guarded_transaction::Owned,
    together::leading,
    untouched::{appends, concerns},
};
use crate::{
    ledger::{self, Recorded},
    migration::source::Direction,
    postgres::{
        guard::{self, Numbers},
        known::Known,
        lock::Locked,
        session::{COMMIT, Failure, Row},
    },
};

/// How many migrations are sent at once.
const MOST: usize = 100;
/// How many bytes of scripts are sent at once: what is behind a failure is sent for nothing.
const BYTES: usize = 1 << 20;

/// Why a train did not arrive.
enum Stopped {
    /// A migration failed.
    Failed(Part, Failure),
    /// A migration has to go the long way of the guard.
    Concerned(usize),
}

impl Locked<'_> {
    /// How many of these tasks, from the first on, can be sent at once.
    #[must_use]
    pub fn riding(&self, tasks: &[Task<'_>], exec: &ExecOptions) -> usize {
        if self.session.wire().is_none() || exec.unrecorded && exec.guard.is_on() {
            return 0;
        }
        let mut bytes = 0;
        let rides = |task: &&Task<'_>| {
            bytes += task.script.text.len();
            bytes <= BYTES && may_ride(task, exec)
        };
        tasks.iter().take(MOST).take_while(rides).count()
    }

    /// Runs tasks one after another, each in a transaction of its own; `first` is the index of the first. Gives how long those took
    /// that are committed, and what stopped the next one.
    pub async fn run_train(
        &mut self,
        first: usize,
        tasks: &[Task<'_>],
        exec: &ExecOptions,
        tell: Tell<'_>,
    ) -> (Vec<u64>, Option<TaskError>) {
        let mut took = Vec::new();
        let mut attempt = 1;
        while took.len() < tasks.len() {
            let start = took.len();
            if start > 0 && self.session.stop().is_pulled() {
                break;
            }
            let mut told = |event: ExecEvent<'_>| {
                if let ExecEvent::Done(_, ms) = event {
                    took.push(ms);
                }
                tell(event);
            };
            let sent = self.send_train(first + start, &tasks[start..], exec, &mut told).await;
            if took.len() > start {
                attempt = 1;
            }
            match sent {
                Ok(()) => {}
                Err(Stopped::Concerned(task)) => {
                    let alone = std::slice::from_ref(&tasks[task - first]);
                    match self.run_together_guarded(task, alone, exec, true, &mut *tell).await {
                        Ok(ms) => took.extend(ms),
                        Err(error) => return (took, Some(error)),
                    }
                }
                Err(Stopped::Failed(Part { task, phase }, failure)) => {
                    let cause = failure.into();
                    match self.pause_after(task, cause, attempt, exec, &mut *tell).await {
                        Ok(()) => attempt += 1,
                        Err(cause) => {
                            return (took, Some(TaskError { task, phase, cause, committed: 0 }));
                        }
                    }
                }
            }
        }
        (took, None)
    }

    async fn send_train(
        &mut self,
        first: usize,
        tasks: &[Task<'_>],
        exec: &ExecOptions,
        tell: Tell<'_>,
    ) -> Result<(), Stopped> {
        let opening =
            |failure| Stopped::Failed(Part { task: first, phase: Phase::Opening }, failure);
        self.clean_up().await.map_err(opening)?;
        for task in tasks.iter().filter(|it| it.step.direction == Direction::Down) {
            self.reverted.entry(task.step.migration.version.to_string()).or_default();
        }
        let guarded = exec.guard.is_on();
        let known = match guarded {
            true => Some(self.know_and_keep(exec).await.map_err(opening)?),
            false => {
                // what cleans the session leaves nothing prepared
                self.session.forget();
                None
            }
        };
        if known.as_ref().is_some_and(|it| it.state.is_open) {
            return Err(Stopped::Concerned(first));
        }
        let clean = if guarded { CLEAN_KEEPING } else { self.clean_sql() };
        let mut parts = Vec::new();
        let mut mark: Option<String> = None;
        for (offset, task) in tasks.iter().enumerate() {
            let next = format!("{:032x}", fastrand::u128(..));
            let at = |phase| Part { task: first + offset, phase };
            if let Some(mark) = &mark {
                let cleaned = format!("{}; {clean}; {}", demand(mark), set(&begins(mark)));
                parts.push((at(Phase::Opening), Owned::Batch(cleaned)));
            }
            self.car(&at, (task, exec), known.as_ref(), (mark.as_deref(), &next), &mut parts);
            mark = Some(next);
        }
        let last = first + tasks.len() - 1;
        parts.push((Part { task: last, phase: Phase::Afterwards }, Owned::Batch(clean.to_owned())));
        let mut draft = Draft::default();
        for (part, message) in &parts {
            draft.push(part.task, part.phase, message.message());
        }
        tell(ExecEvent::Started(first));
        let sent =
            self.send(&draft, &|index| tasks[index - first].statements.len(), &mut *tell).await;
        match sent {
            Ok(replies) => {
                let journal = parts
                    .iter()
                    .zip(&replies)
                    .rev()
                    .find(|((part, _), _)| part.phase == Phase::Journal);
                let ms = journal.map_or(0, |(_, rows)| super::took_ms(rows));
                tell(ExecEvent::Done(last, ms));
                Ok(())
            }
            Err((part, failure)) => {
                if guarded {
                    let numbers = Numbers::noted(&self.answered.take().unwrap_or_default());
                    self.roll_back(true, &numbers).await;
                }
                Err(match (part.phase, failure) {
                    (Phase::Guard, Failure::Server(_)) => Stopped::Concerned(part.task),
                    (_, failure) => Stopped::Failed(part, failure),
                })
            }
        }
    }

    /// What one migration of a train consists of, from BEGIN to COMMIT.
    fn car(
        &self,
        at: &dyn Fn(Phase) -> Part,
        (task, exec): (&Task<'_>, &ExecOptions),
        known: Option<&Known>,
        (before, mark): (Option<&str>, &str),
        parts: &mut Vec<(Part, Owned)>,
    ) {
        let place = &self.facts().place;
        let mut push = |of: Phase, message: Owned| parts.push((at(of), message));
        if let Some(known) = known {
            let (numbered, sequences) = guard::numbered(&known.state);
            push(Phase::Opening, Owned::Kept(numbered.to_owned(), sequences));
        }
        let settings = self.settings_sql("LOCAL");
        let begin = match before {
            None => format!("BEGIN; {settings}"),
            Some(before) => format!("BEGIN; {}; {settings}", demand(&begins(before))),
        };
        push(Phase::Opening, Owned::Batch(begin));
        let secret = format!("{:032x}", fastrand::u128(..));
        if known.is_some() {
            push(Phase::Opening, Owned::Kept(guard::note(place), guard::noted(&secret)));
        }
        for (statement, text) in task.texts().enumerate() {
            push(Phase::Statement(statement), Owned::Script(text.to_owned()));
        }
        let settle = match known {
            None => self.settle(),
            Some(_) => format!("{}; {}", self.settle_guarded(), guard::by_index()),
        };
        // what cleans the session afterwards has as long as it takes
        let ending = format!("{settle}; SET statement_timeout = 0; {}", set(mark));
        push(Phase::Settling, Owned::Batch(ending));
        let is_up = task.step.direction == Direction::Up;
        if !exec.unrecorded {
            let mut record = self.entry(task, exec, None);
            record.note = task.step.noted.filter(|_| is_up && known.is_some()).map(str::to_owned);
            let (sql, values) = record.message(place);
            push(Phase::Journal, Owned::Query(sql, values));
        }
        if let Some(known) = known {
            let probes = appends(known, &exec.guard);
            if !probes.is_empty() {
                let settings = format!("{}; {}", guard::fixed_settings(), guard::by_index());
                push(Phase::Settling, Owned::Batch(settings));
            }
            for probe in probes {
                push(Phase::Guard, Owned::Batch(guard::LOOK.to_owned()));
                push(Phase::Guard, Owned::Query(probe, Vec::new()));
                push(Phase::Guard, Owned::Batch(guard::LOOKED.to_owned()));
            }
            push(Phase::Guard, Owned::Query(guard::ONLY_OURS.to_owned(), Vec::new()));
            let written = Recorded { journal: (1, 0), diesel: if is_up { (1, 0) } else { (0, 1) } };
            let demand: Row = guard::demand(&known.state, &secret, written);
            push(
                Phase::Guard,
                Owned::Kept(guard::veto(place, self.facts().server_version), demand),
            );
        }
        push(Phase::Commit, Owned::Batch(COMMIT.to_owned()));
    }

    /// What is known of the ledgers, and the questions of the short way, kept prepared.
    async fn know_and_keep(&mut self, exec: &ExecOptions) -> Result<Known, Failure> {
        let known = self.know(&exec.guard).await?;
        let (place, version) = (self.facts().place.clone(), self.facts().server_version);
        self.session.keep(&guard::veto(&place, version), guard::VETO_VALUES).await?;
        self.session.keep(&guard::note(&place), guard::NOTE_VALUES).await?;
        let (numbered, sequences) = guard::numbered(&known.state);
        self.session.keep(numbered, sequences.len()).await?;
        Ok(known)
    }
}

/// Whether a migration may be sent before it is known what became of the one before it.
fn may_ride(task: &Task<'_>, exec: &ExecOptions) -> bool {
    let guard = &exec.guard;
    let is_plain = task.step.migration.metadata.run_in_transaction
        && task.step.resume.is_none()
        && !task.takes_back()
        && task.checks.is_empty()
        && leading(task, 0..task.statements.len()) == 0;
    is_plain
        && (!guard.is_on()
            || guard.allow.is_none()
                && !concerns(task.texts(), guard)
                && task.texts().all(|text| ledger::surgery(text).is_none()))
}

/// The mark of a session that was cleaned after a migration: where that failed, the next one does not begin either.
fn begins(mark: &str) -> String {
    format!("{mark} cleaned")
}

/// Sets the mark of a migration, which lasts if it is committed.
fn set(mark: &str) -> String {
    format!("SET glowplug.reached = '{mark}'")
}

/// Fails where the mark is not set. Every name is qualified: settings are those that the script before has left.
fn demand(mark: &str) -> String {
    format!(
        "SELECT 1 OPERATOR(pg_catalog./) CASE WHEN pg_catalog.current_setting('glowplug.reached', true) \
         OPERATOR(pg_catalog.=) '{mark}' THEN 1 ELSE 0 END"
    )
}
