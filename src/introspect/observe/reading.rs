//! From the answers of the probe to what each statement did: the names that relations had first, and differences.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    lint::observation::{Failed, Kind, Mode, Observation, Relation, Step, Work},
    postgres::session::Row,
};

/// The locks of another session at one moment.
#[derive(Debug, Default)]
pub(super) struct Sample {
    micros: u64,
    locks: BTreeSet<(u32, Mode)>,
}

impl Sample {
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut sample = Self::default();
        for row in rows {
            sample.micros = number(row, 3);
            let mode = text(row, 2).and_then(Mode::of);
            if let (Some("lock"), Some(mode)) = (text(row, 0), mode) {
                sample.locks.insert((oid(row, 1), mode));
            }
        }
        sample
    }
}

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Reading {
    observation: Observation,
    /// The first name of each relation, and the file that it has now.
    known: BTreeMap<u32, (String, u32)>,
    work: BTreeMap<u32, Work>,
    /// The rows that the transaction has locked and not changed.
    locked: BTreeMap<u32, u64>,
    wal: u64,
    micros: u64,
    pub(super) failed: Option<Failed>,
}

fn text(row: &Row, at: usize) -> Option<&str> {
    row.get(at)?.as_deref()
}

fn number(row: &Row, at: usize) -> u64 {
    text(row, at).and_then(|it| it.parse().ok()).unwrap_or_default()
}

fn oid(row: &Row, at: usize) -> u32 {
    text(row, at).and_then(|it| it.parse().ok()).unwrap_or_default()
}

fn work(row: &Row) -> Work {
    let [read, fetched, inserted, updated, deleted] = [2, 3, 4, 5, 6].map(|at| number(row, at));
    Work { read, fetched, inserted, updated, deleted, only_locked: 0 }
}

/// What one probe says.
#[derive(Default)]
struct Probe<'r> {
    relations: Vec<&'r Row>,
    there: BTreeSet<u32>,
    locks: BTreeSet<(u32, Mode)>,
    work: BTreeMap<u32, Work>,
    locked: BTreeMap<u32, u64>,
    wal: u64,
    micros: u64,
}

impl<'r> Probe<'r> {
    fn of(rows: &'r [Row]) -> Self {
        let mut probe = Self::default();
        for row in rows {
            match text(row, 0) {
                Some("relation") => probe.relations.push(row),
                Some("there") => {
                    let all = text(row, 1).unwrap_or_default().split(' ');
                    probe.there = all.filter_map(|it| it.parse().ok()).collect();
                }
                Some("lock") => {
                    let mode = text(row, 2).and_then(Mode::of);
                    probe.locks.extend(mode.map(|mode| (oid(row, 1), mode)));
                }
                Some("work") => {
                    probe.work.insert(oid(row, 1), work(row));
                }
                Some("locked") => {
                    probe.locked.insert(oid(row, 1), number(row, 2));
                }
                Some("wal") => {
                    probe.wal = number(row, 1);
                    probe.micros = number(row, 2);
                }
                _ => {}
            }
        }
        probe
    }
}

impl Reading {
    /// Begins with what is there.
    pub(super) fn new(rows: &[Row], counted: &BTreeMap<String, u64>) -> Self {
        let mut reading = Self::default();
        let probe = Probe::of(rows);
        reading.relations(&probe, false);
        for (name, rows) in counted {
            if let Some(relation) = reading.observation.relations.get_mut(name) {
                relation.rows = Some(*rows);
            }
        }
        reading.rebase(rows);
        reading
    }

    /// Counts from here on.
    pub(super) fn rebase(&mut self, rows: &[Row]) {
        let probe = Probe::of(rows);
        self.work = probe.work;
        self.wal = probe.wal;
        self.micros = probe.micros;
    }

    /// Takes in relations, and says which have a new file.
    fn relations(&mut self, probe: &Probe<'_>, is_new: bool) -> Step {
        let mut step = Step::default();
        // tables before indexes: these are named after them
        let rank = |row: &&&Row| matches!(text(row, 3), Some("i" | "I" | "S"));
        let (owned, own): (Vec<&&Row>, Vec<&&Row>) = probe.relations.iter().partition(rank);
        for row in own.into_iter().chain(owned) {
            let (oid, file) = (oid(row, 1), oid(row, 4));
            let Some(kind) = text(row, 3).and_then(Kind::of) else { continue };
            let table = oid_name(&self.known, oid_of(row, 5));
            let name = match self.known.get_mut(&oid) {
                Some((_, same)) if *same == file => continue,
                Some((name, old)) => {
                    *old = file;
                    step.rewritten.insert(name.clone());
                    name.clone()
                }
                None => {
                    let mut name = text(row, 2).unwrap_or_default().to_owned();
                    if self.observation.relations.contains_key(&name) {
                        name += " (new)";
                    }
                    self.known.insert(oid, (name.clone(), file));
                    let relation = Relation { kind, is_new, table: table.clone(), rows: None };
                    self.observation.relations.insert(name.clone(), relation);
                    name
                }
            };
            if kind == Kind::Index && is_new {
                *step.built.entry(table.unwrap_or(name)).or_default() += 1;
            }
        }
        step
    }

    /// The work since the last probe, by table: what indexes read counts for their tables.
    fn since(&self, work: &BTreeMap<u32, Work>) -> BTreeMap<String, Work> {
        let mut all = BTreeMap::<String, Work>::new();
        let mut by_index = BTreeMap::<String, u64>::new();
        for (oid, now) in work {
            let Some((name, _)) = self.known.get(oid) else { continue };
            let before = self.work.get(oid).copied().unwrap_or_default();
            // TRUNCATE sets some back
            let less = |get: fn(&Work) -> u64| get(now).saturating_sub(get(&before));
            let relation = self.observation.relations.get(name);
            if relation.is_some_and(|it| it.kind == Kind::Index) {
                let table = relation.and_then(|it| it.table.clone()).unwrap_or_default();
                *by_index.entry(table).or_default() += less(|it| it.read);
                continue;
            }
            let work = Work {
                read: less(|it| it.read),
                fetched: less(|it| it.fetched),
                inserted: less(|it| it.inserted),
                updated: less(|it| it.updated),
                deleted: less(|it| it.deleted),
                only_locked: 0,
            };
            if work.total() > 0 {
                all.insert(name.clone(), work);
            }
        }
        // an index-only scan reads no rows
        for (table, entries) in by_index {
            if entries > 0 && !table.is_empty() {
                let work = all.entry(table).or_default();
                work.fetched = work.fetched.max(entries);
            }
        }
        all
    }

    /// Takes in what is there after a statement.
    fn after(&mut self, statement: usize, transaction: usize, probe: &Probe<'_>) -> Step {
        let mut step = self.relations(probe, true);
        step.statement = statement;
        step.transaction = transaction;
        step.work = self.since(&probe.work);
        step.wal = probe.wal.saturating_sub(self.wal);
        step.micros = probe.micros.saturating_sub(self.micros);
        let gone: Vec<u32> =
            self.known.keys().copied().filter(|oid| !probe.there.contains(oid)).collect();
        let earlier = self.observation.steps.iter().flat_map(|it| &it.gone);
        let earlier: BTreeSet<&String> = earlier.collect();
        let names = gone.iter().filter_map(|oid| Some(&self.known.get(oid)?.0));
        step.gone = names.filter(|it| !earlier.contains(it)).cloned().collect();
        self.work.clone_from(&probe.work);
        self.wal = probe.wal;
        self.micros = probe.micros;
        step
    }

    /// Notes a statement of a transaction.
    pub(super) fn step(&mut self, statement: usize, transaction: usize, rows: &[Row]) {
        let probe = Probe::of(rows);
        if self.observation.steps.last().is_some_and(|it| it.transaction != transaction) {
            self.locked.clear();
        }
        let mut step = self.after(statement, transaction, &probe);
        for (oid, mode) in probe.locks {
            if let Some((name, _)) = self.known.get(&oid) {
                step.locks.insert((name.clone(), mode), 1.0);
            }
        }
        self.observation.steps.push(step);
    }

    /// Notes the rows that the last statement has locked. The work of counting them does not count.
    pub(super) fn locked(&mut self, rows: &[Row]) {
        let probe = Probe::of(rows);
        if let Some(step) = self.observation.steps.last_mut() {
            for (oid, count) in &probe.locked {
                let before = self.locked.insert(*oid, *count).unwrap_or_default();
                let Some((name, _)) = self.known.get(oid) else { continue };
                step.work.entry(name.clone()).or_default().only_locked =
                    count.saturating_sub(before);
            }
        }
        self.rebase(rows);
    }

    /// Adds what was deferred to the last statement.
    pub(super) fn amend(&mut self, rows: &[Row]) {
        let probe = Probe::of(rows);
        let more = self.after(0, 0, &probe);
        let Some(last) = self.observation.steps.last_mut() else { return };
        for (table, work) in more.work {
            let all = last.work.entry(table).or_default();
            all.read += work.read;
            all.fetched += work.fetched;
            all.inserted += work.inserted;
            all.updated += work.updated;
            all.deleted += work.deleted;
        }
        last.rewritten.extend(more.rewritten);
        last.wal += more.wal;
    }

    /// Notes a statement that ran outside of a transaction.
    pub(super) fn step_outside(
        &mut self,
        statement: usize,
        transaction: usize,
        rows: &[Row],
        samples: &[Sample],
    ) {
        let probe = Probe::of(rows);
        let (from, to) = (self.micros, probe.micros);
        let mut step = self.after(statement, transaction, &probe);
        step.is_outside = true;
        let within: Vec<&Sample> =
            samples.iter().filter(|it| it.micros >= from && it.micros < to).collect();
        let mut held = BTreeMap::<(u32, Mode), u32>::new();
        for lock in within.iter().flat_map(|it| &it.locks) {
            *held.entry(*lock).or_default() += 1;
        }
        let all = f64::from(u32::try_from(within.len()).unwrap_or(u32::MAX).max(1));
        for ((oid, mode), times) in held {
            if let Some((name, _)) = self.known.get(&oid) {
                step.locks.insert((name.clone(), mode), f64::from(times) / all);
            }
        }
        // what commits in between takes its counters with it: a new file was written from all rows
        let written = step.rewritten.iter().chain(step.built.keys());
        for name in written.cloned().collect::<BTreeSet<_>>() {
            let table = self.observation.relations.get(&name).and_then(|it| it.table.clone());
            let table = table.unwrap_or(name);
            let rows = self.observation.rows(&table).unwrap_or_default();
            let work = step.work.entry(table).or_default();
            work.read = work.read.max(rows);
        }
        self.observation.steps.push(step);
    }

    pub(super) fn into_observation(self) -> Observation {
        Observation { failed: self.failed, ..self.observation }
    }
}

fn oid_of(row: &Row, at: usize) -> u32 {
    oid(row, at)
}

fn oid_name(known: &BTreeMap<u32, (String, u32)>, oid: u32) -> Option<String> {
    known.get(&oid).map(|(name, _)| name.clone())
}
