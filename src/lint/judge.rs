//! From locks and work to who waits: a lock blocks for as long as the work from its statement to the end of the transaction takes.

use std::collections::BTreeMap;

use super::observation::{Kind, Mode, Observation, Pair, Step, Work};

/// From so many rows of work per row of a table on, a lock is held for a time that grows with the table.
pub(crate) const GROWS: f64 = 0.3;

/// For what part of a statement a lock must be held, where it was sampled.
const SHARE: f64 = 0.3;

/// The least difference of rows between two runs from which a slope can be told.
const APART: u64 = 100;

/// Who waits for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waits {
    /// Those who read the table.
    pub readers: bool,
    /// Those who write to it.
    pub writers: bool,
}

impl Waits {
    /// Nobody.
    pub const NOBODY: Self = Self { readers: false, writers: false };
    /// Those who write.
    pub const WRITERS: Self = Self { readers: false, writers: true };
    /// All.
    pub const ALL: Self = Self { readers: true, writers: true };

    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match (self.readers, self.writers) {
            (true, true) => "readers and writers",
            (true, false) => "readers",
            (false, true) => "writers",
            (false, false) => "nobody",
        }
    }
}

/// What is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// A lock on the table, or on another relation that its users need.
    Lock(Mode),
    /// The locks of rows that were updated or deleted.
    Rows,
}

/// Why others wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The statement copies a table into a new file.
    Rewrite,
    /// It builds an index.
    Index,
    /// It reads or writes rows.
    Scan,
    /// It is quick, and its lock is kept while later statements work.
    Kept,
    /// It locks the rows that it changes.
    Rows,
}

/// Work by its cost, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Effort {
    /// Rows read, or found by an index.
    pub scanned: f64,
    /// Rows copied into a new file.
    pub rewritten: f64,
    /// Rows sorted into a new index.
    pub indexed: f64,
    /// Rows inserted, updated and deleted.
    pub written: f64,
}

impl Effort {
    /// All of it, in rows.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.scanned + self.rewritten + self.indexed + self.written
    }

    pub(super) fn add(&mut self, other: Self) {
        self.scanned += other.scanned;
        self.rewritten += other.rewritten;
        self.indexed += other.indexed;
        self.written += other.written;
    }
}

/// A lock that others wait for.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The table whose users wait.
    pub table: String,
    /// The relation that is locked, if it is another: an index or a sequence.
    pub via: Option<String>,
    /// What is held.
    pub held: Held,
    /// Who waits.
    pub waits: Waits,
    /// The statement that takes it.
    pub taken: usize,
    /// The last statement of its transaction.
    pub until: usize,
    /// Whether it was taken outside of a transaction.
    pub is_outside: bool,
    /// The work while it is held, per row of each table that it grows with.
    pub per_row: BTreeMap<String, Effort>,
    /// The part of it that the statement itself does.
    pub own: BTreeMap<String, Effort>,
    /// The statements whose work grows.
    pub heavy: Vec<usize>,
}

impl Block {
    /// The work per row, over all tables.
    #[must_use]
    pub fn slope(&self) -> f64 {
        self.per_row.values().map(Effort::total).sum()
    }

    /// Why others wait.
    #[must_use]
    pub fn cause(&self) -> Cause {
        let mut own = Effort::default();
        for effort in self.own.values() {
            own.add(*effort);
        }
        match &self.held {
            Held::Rows => Cause::Rows,
            Held::Lock(_) if own.total() < GROWS => Cause::Kept,
            Held::Lock(_) if own.rewritten >= GROWS => Cause::Rewrite,
            Held::Lock(_) if own.indexed >= GROWS => Cause::Index,
            Held::Lock(_) => Cause::Scan,
        }
    }

    /// Whether the time that others wait grows with some table.
    #[must_use]
    pub fn grows(&self) -> bool {
        self.slope() >= GROWS
    }

    /// The table that it grows with most.
    #[must_use]
    pub fn driver(&self) -> Option<(&str, &Effort)> {
        let all = self.per_row.iter().map(|(table, effort)| (table.as_str(), effort));
        all.max_by(|a, b| a.1.total().total_cmp(&b.1.total()).then_with(|| b.0.cmp(a.0)))
    }
}

/// Finds all locks that somebody waits for, the earliest statement first.
#[must_use]
pub(crate) fn blocks(pair: &Pair) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let (small, big) = (&pair.small, &pair.big);
    let efforts: Vec<BTreeMap<String, Effort>> = big
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| per_row(small.steps.get(at), step, small, big))
        .collect();
    for (at, step) in big.steps.iter().enumerate() {
        let earlier = big.steps[..at]
            .last()
            .filter(|it| it.transaction == step.transaction && !step.is_outside);
        let new_locks = step
            .locks
            .iter()
            .filter(|(lock, share)| {
                **share >= SHARE && earlier.is_none_or(|it| !it.locks.contains_key(lock))
            })
            .map(|((relation, mode), _)| (relation, Held::Lock(*mode)));
        let rows = step.work.iter().filter(|(table, work)| {
            let less = small.steps.get(at).and_then(|it| it.work.get(*table)).copied();
            // what changes rows outside of a transaction commits them in batches
            !step.is_outside && locks_rows(table, less.unwrap_or_default(), **work, pair)
        });
        let rows = rows.map(|(table, _)| (table, Held::Rows));
        let last = big.steps[at..].iter().take_while(|it| it.transaction == step.transaction);
        let last = at + last.count() - 1;
        for (relation, held) in new_locks.chain(rows) {
            let Some((table, waits)) = who_waits(relation, &held, big) else { continue };
            let mut sum = BTreeMap::<String, Effort>::new();
            for effort in &efforts[at..=last] {
                for (table, effort) in effort {
                    sum.entry(table.clone()).or_default().add(*effort);
                }
            }
            let grows =
                |it: &&usize| efforts[**it].values().map(Effort::total).sum::<f64>() >= GROWS;
            let all: Vec<usize> = (at..=last).collect();
            found.push(Block {
                own: efforts[at].clone(),
                heavy: all.iter().filter(grows).map(|it| big.steps[*it].statement).collect(),
                via: (*relation != table).then(|| relation.clone()),
                table,
                held,
                waits,
                taken: step.statement,
                until: big.steps[last].statement,
                is_outside: step.is_outside,
                per_row: sum,
            });
        }
    }
    found
}

/// Whether the rows of a table that were there before are locked, and more of them where there are more.
fn locks_rows(table: &str, less: Work, more: Work, pair: &Pair) -> bool {
    let is_old = pair.big.relations.get(table).is_some_and(|it| !it.is_new);
    let apart = apart(table, &pair.small, &pair.big);
    let difference = more.locked().saturating_sub(less.locked());
    is_old && apart.is_some_and(|apart| ratio(difference, apart) >= GROWS)
}

/// How many more rows the bigger run had.
fn apart(table: &str, small: &Observation, big: &Observation) -> Option<u64> {
    let apart = big.rows(table)?.saturating_sub(small.rows(table)?);
    (apart >= APART).then_some(apart)
}

fn ratio(part: u64, whole: u64) -> f64 {
    // both are at most some ten thousands
    let float = |it: u64| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    float(part) / float(whole)
}

/// What a statement does for each row of the tables that were there before.
fn per_row(
    small: Option<&Step>,
    step: &Step,
    less: &Observation,
    more: &Observation,
) -> BTreeMap<String, Effort> {
    let mut efforts = BTreeMap::new();
    let largest = more.relations.keys().filter_map(|it| Some((apart(it, less, more)?, it))).max();
    for (table, work) in &step.work {
        let before = small.and_then(|it| it.work.get(table)).copied().unwrap_or_default();
        let is_new = more.relations.get(table).is_some_and(|it| it.is_new);
        // what is written to a new table comes from one that was read
        let of = if is_new { largest } else { apart(table, less, more).map(|it| (it, table)) };
        let Some((apart, of)) = of else { continue };
        let slope = |get: fn(&Work) -> u64| ratio(get(work).saturating_sub(get(&before)), apart);
        let (read, fetched) = (slope(|it| it.read), slope(|it| it.fetched));
        let built = step.built.get(table).copied().unwrap_or_default();
        let built = f64::from(u32::try_from(built).unwrap_or(u32::MAX)).min(read.round());
        // CLUSTER finds the rows that it copies by an index
        let found = read - built + fetched;
        let copied = if step.rewritten.contains(table) { found.clamp(0.0, 1.0) } else { 0.0 };
        let effort = Effort {
            scanned: (found - copied).max(0.0),
            rewritten: copied,
            indexed: built,
            written: slope(|it| it.inserted + it.updated + it.deleted),
        };
        if effort.total() > 0.0 {
            efforts.entry(of.clone()).or_insert_with(Effort::default).add(effort);
        }
    }
    efforts
}

/// The table whose users wait for a lock on a relation, and which of them do.
fn who_waits(relation: &str, held: &Held, run: &Observation) -> Option<(String, Waits)> {
    let known = run.relations.get(relation).filter(|it| !it.is_new)?;
    let Held::Lock(mode) = held else {
        return Some((relation.to_owned(), Waits::WRITERS));
    };
    let waits = match (known.kind, mode) {
        (Kind::View | Kind::Foreign | Kind::Table | Kind::Partitioned, Mode::AccessExclusive) => {
            Waits::ALL
        }
        // nobody writes to one but REFRESH
        (Kind::MaterializedView, Mode::AccessExclusive) => Waits { readers: true, writers: false },
        // planning opens every index of a table, writing opens it, too
        (Kind::Index, Mode::AccessExclusive) => Waits::ALL,
        (Kind::Table | Kind::Partitioned | Kind::Foreign, mode) if *mode >= Mode::Share => {
            Waits::WRITERS
        }
        // nextval() writes
        (Kind::Sequence, mode) if *mode >= Mode::Share => Waits::WRITERS,
        _ => Waits::NOBODY,
    };
    let table = known.table.clone().unwrap_or_else(|| relation.to_owned());
    // nobody writes to a materialized view
    let is_written = run.relations.get(&table).is_none_or(|it| it.kind != Kind::MaterializedView);
    let waits = Waits { writers: waits.writers && is_written, ..waits };
    // what concerns a table that is new concerns nobody
    let is_old = run.relations.get(&table).is_none_or(|it| !it.is_new);
    (waits != Waits::NOBODY && is_old).then_some((table, waits))
}
