//! Trains: migrations that are sent one behind the other and answered in one exchange, each committed by itself.
//!
//! A migration is three messages: what opens its transaction, its statements, and what ends it. None
//! begins where the one before it has not been committed: behind its COMMIT each leaves a mark that only this run knows, and the
//! next one fails where it does not find it. What was committed is what the replies say.
//!
//! Whatever runs outside of a transaction meanwhile (behind a BEGIN that was canceled, say) is read-only: the session's default
//! says so, and each migration begins with READ WRITE.

use super::{
    CLEAN_KEEPING, Draft, ExecEvent, ExecOptions, Part, Phase, Task, TaskError, Tell,
    batches::{self, Batches, Text},
    guarded_transaction::Owned,
    knowing::{appends, concerns},
    together::leading,
    took_ms,
};
use crate::{
    ledger::{self, Recorded},
    migration::source::Direction,
    postgres::{
        guard::{self, Guard, Numbers},
        journal::{Place, Record},
        known::Known,
        lock::Locked,
        session::{COMMIT, Failure, execute},
    },
};

/// How many bytes of scripts are sent at once: what is behind a failure is sent for nothing.
const BYTES: usize = 1 << 20;

/// What runs outside of the transactions of a train changes nothing.
const READ_ONLY: &str = "SET default_transaction_read_only = on";

/// What all migrations of a train have in common.
struct Track {
    place: Place,
    /// Whether the journal is written.
    records: bool,
    /// Whether what runs outside of its transactions is read-only.
    is_apart: bool,
    begin: Text,
    settings: Text,
    settle: Text,
    commit: Text,
    guarded: Option<Guarded>,
}

/// What is known of the ledgers, and what the server calls the queries of the guard.
struct Guarded {
    known: Known,
    numbered: String,
    note: String,
    locks: String,
    veto: String,
}

impl Guarded {
    /// Notes how far sequences are: before each transaction.
    fn numbered(&self) -> String {
        execute(&self.numbered, &guard::numbered(&self.known.state).1)
    }
}

/// What stands around the statements of one migration.
struct Car {
    opening: Text,
    ending: Vec<(Phase, Sent)>,
}

/// A message that is none of the script.
enum Sent {
    Several(Text),
    One(Owned),
}

impl Sent {
    fn push<'t>(&'t self, draft: &mut Draft<'t>, task: usize, phase: Phase) {
        match self {
            Self::Several(text) => draft.push_text(task, phase, text),
            Self::One(owned) => draft.push(task, phase, owned.message()),
        }
    }
}

impl Track {
    /// What opens the transaction of a migration; with the mark of the one before it.
    fn opening(&self, before: Option<&str>, secret: &str) -> Text {
        let mut begin = self.begin.clone();
        if let Some(before) = before {
            begin.own(Phase::Opening, &format!("DEALLOCATE {before}"));
        }
        begin.append(&self.settings);
        if let Some(guarded) = &self.guarded {
            begin.own(Phase::Opening, &execute(&guarded.note, &guard::noted(secret)));
        }
        begin
    }

    /// What ends the transaction of a migration and cleans up behind it; with the mark that it leaves.
    fn ending(
        &self,
        record: &Record<'_>,
        task: &Task<'_>,
        (guard, secret): (&Guard, &str),
        mark: Option<&str>,
    ) -> Vec<(Phase, Sent)> {
        let mut parts = Vec::new();
        let mut push = |phase, sent| parts.push((phase, sent));
        let mut end = self.settle.clone();
        let known = self.guarded.as_ref().map(|it| &it.known);
        let probes = known.map_or_else(Vec::new, |known| appends(known, guard));
        if !probes.is_empty() {
            end.own(Phase::Settling, &guard::fixed_settings());
            end.own(Phase::Settling, &guard::by_index());
        }
        let is_up = task.step.direction == Direction::Up;
        if self.records {
            let mut record = record.clone();
            record.note = task.step.noted.filter(|_| is_up && known.is_some()).map(str::to_owned);
            match record.inline(&self.place) {
                Some(sql) => end.own(Phase::Journal, &sql),
                None => {
                    push(Phase::Settling, Sent::Several(std::mem::take(&mut end)));
                    let (sql, values) = record.message(&self.place);
                    push(Phase::Journal, Sent::One(Owned::Query(sql, values)));
                }
            }
        }
        if let Some(guarded) = &self.guarded {
            if !probes.is_empty() && !end.within.is_empty() {
                push(Phase::Journal, Sent::Several(std::mem::take(&mut end)));
            }
            for probe in probes {
                push(Phase::Guard, Sent::One(Owned::Batch(guard::LOOK.to_owned())));
                push(Phase::Guard, Sent::One(Owned::Query(probe, Vec::new())));
                push(Phase::Guard, Sent::One(Owned::Batch(guard::LOOKED.to_owned())));
            }
            let written = Recorded { journal: (1, 0), diesel: if is_up { (1, 0) } else { (0, 1) } };
            let demand = guard::demand(&guarded.known.state, secret, written);
            let (_, locked) = guard::locks(&guarded.known.state);
            end.own(Phase::Guard, &execute(&guarded.locks, &locked));
            end.own(Phase::Guard, &execute(&guarded.veto, &demand));
        }
        end.append(&self.commit);
        if let Some(mark) = mark {
            if self.is_apart {
                end.own(Phase::Afterwards, READ_ONLY);
            }
            end.own(Phase::Afterwards, &format!("PREPARE {mark} AS SELECT 1"));
            if let Some(guarded) = &self.guarded {
                end.own(Phase::Afterwards, &guarded.numbered());
            }
        }
        push(Phase::Commit, Sent::Several(end));
        parts
    }
}

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
        let is_own = self.session.wire().is_some() && self.holder.is_none();
        if !is_own || exec.unrecorded && exec.guard.is_on() {
            return 0;
        }
        let mut bytes = 0;
        let rides = |task: &&Task<'_>| {
            bytes += task.script.text.len();
            bytes <= BYTES && may_ride(task, exec)
        };
        tasks.iter().take(exec.train).take_while(rides).count()
    }

    /// Whether all tasks can be sent without waiting for what became of those before.
    pub(crate) fn all_ride(&self, tasks: &[Task<'_>], exec: &ExecOptions) -> bool {
        tasks.iter().all(|it| may_ride(it, exec))
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
                    match self.run_together_guarded(task, alone, exec, &mut *tell).await {
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
            true => match self.know_and_keep(exec).await.map_err(opening)? {
                Some(known) => Some(known),
                None => return Err(Stopped::Concerned(first)),
            },
            false => {
                // what cleans the session leaves nothing prepared
                self.session.forget();
                None
            }
        };
        let track = self.track(known, exec);
        let mut draft = Draft::default();
        let mut before = Text::default();
        if track.is_apart {
            before.own(Phase::Opening, READ_ONLY);
        }
        if let Some(guarded) = &track.guarded {
            before.own(Phase::Opening, &guarded.numbered());
        }
        if !before.within.is_empty() {
            draft.push_text(first, Phase::Opening, &before);
        }
        let last = first + tasks.len() - 1;
        let cars = self.cars(tasks, exec, &track);
        let batches = self.batches(if guarded { Batches::First } else { Batches::All });
        for ((index, task), car) in (first..).zip(tasks).zip(&cars) {
            draft.push_text(index, Phase::Opening, &car.opening);
            batches::push(&mut draft, index, task, batches);
            car.ending.iter().for_each(|(phase, it)| it.push(&mut draft, index, *phase));
        }
        tell(ExecEvent::Started(first));
        let sent =
            self.send(&draft, &|index| tasks[index - first].statements.len(), &mut *tell).await;
        match sent {
            Ok(replies) => {
                self.is_clean = true;
                let of_journal = |phase| matches!(phase, Phase::Journal | Phase::Commit);
                let rows = (draft.parts.iter().zip(&replies).rev())
                    .find(|(part, rows)| of_journal(part.phase) && !rows.is_empty());
                tell(ExecEvent::Done(last, rows.map_or(0, |(_, rows)| took_ms(rows))));
                Ok(())
            }
            Err((part, failure)) => {
                let answered = self.answered.take().filter(|_| guarded);
                let numbers = Numbers::noted(&answered.unwrap_or_default());
                self.roll_back(true, &numbers).await;
                match (part.phase, failure) {
                    (Phase::Guard, Failure::Server(_)) => Err(Stopped::Concerned(part.task)),
                    // it is committed: what it left in the session is cleaned once more before the next
                    (Phase::Afterwards, _) => {
                        tell(ExecEvent::Done(part.task, 0));
                        Ok(())
                    }
                    (_, failure) => Err(Stopped::Failed(part, failure)),
                }
            }
        }
    }

    /// What stands around the statements of each migration.
    fn cars(&self, tasks: &[Task<'_>], exec: &ExecOptions, track: &Track) -> Vec<Car> {
        let mut before = None;
        let mut cars = Vec::new();
        for (at, task) in tasks.iter().enumerate() {
            let is_last = at + 1 == tasks.len();
            let mark = (!is_last).then(|| format!("glowplug_{:032x}", fastrand::u128(..)));
            let secret = format!("{:032x}", fastrand::u128(..));
            let record = self.entry(task, exec, None);
            let guarded = (&exec.guard, secret.as_str());
            cars.push(Car {
                opening: track.opening(before.as_deref(), &secret),
                ending: track.ending(&record, task, guarded, mark.as_deref()),
            });
            before = mark;
        }
        cars
    }

    /// What all migrations of a train have in common.
    fn track(&self, guarded: Option<Guarded>, exec: &ExecOptions) -> Track {
        let place = self.facts().place.clone();
        let mut begin = Text::default();
        let is_apart = self.session.writes_by_default();
        let mode = if is_apart { " READ WRITE" } else { "" };
        begin.own(Phase::Opening, &format!("BEGIN{mode}"));
        let mut settings = Text::default();
        settings.own(Phase::Opening, &self.settings_sql("LOCAL"));
        if is_apart {
            settings.own(Phase::Opening, "SET LOCAL default_transaction_read_only = off");
        }
        let mut settle = Text::default();
        match guarded {
            None => settle.own(Phase::Settling, &self.settle()),
            Some(_) => {
                let (before, check, after) = self.settle_riding();
                settle.own(Phase::Settling, before);
                // what it finds is named by the long way
                settle.own(Phase::Guard, &check);
                settle.own(Phase::Settling, after);
                settle.own(Phase::Settling, &guard::by_index());
            }
        }
        let mut commit = Text::default();
        // fails outside of a transaction and in one that has failed, where COMMIT would succeed
        commit.own(Phase::Settling, "SAVEPOINT glowplug_end; RELEASE SAVEPOINT glowplug_end");
        // what cleans the session has as long as it takes
        commit.own(Phase::Settling, "SET statement_timeout = 0");
        commit.own(Phase::Commit, COMMIT);
        let clean = if guarded.is_some() { CLEAN_KEEPING } else { self.clean_sql() };
        commit.own(Phase::Afterwards, clean);
        let records = !exec.unrecorded;
        Track { place, records, is_apart, begin, settings, settle, commit, guarded }
    }

    /// What is known of the ledgers, and the questions of the short way, kept prepared; nothing where it is no way.
    async fn know_and_keep(&mut self, exec: &ExecOptions) -> Result<Option<Guarded>, Failure> {
        let known = self.know(&exec.guard).await?;
        if known.state.is_open {
            return Ok(None);
        }
        let (place, version) = (self.facts().place.clone(), self.facts().server_version);
        let (numbered, sequences) = guard::numbered(&known.state);
        let (locks, locked) = guard::locks(&known.state);
        let (note, veto) = (guard::note(&place), guard::veto(&known.state, &place, version));
        let kept = [
            (veto.as_str(), guard::VETO_VALUES),
            (note.as_str(), guard::NOTE_VALUES),
            (numbered, sequences.len()),
            (locks, locked.len()),
        ];
        self.session.keep_all(&kept).await?;
        self.session.name_kept().await?;
        let [veto, note, numbered, locks] = kept.map(|(sql, _)| self.session.kept_name(sql));
        let named = veto.zip(note).zip(numbered.zip(locks));
        Ok(named.map(|((veto, note), (numbered, locks))| Guarded {
            known,
            numbered,
            note,
            locks,
            veto,
        }))
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
