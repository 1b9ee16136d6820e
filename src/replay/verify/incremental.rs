//! The incremental walk: one connection runs the legs, and another, which no script can touch, sees what was written.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::Catalog,
    introspect::{
        Reader,
        catalog_digest::{self, CatalogDigest, Queries},
    },
    job::{
        JobError, Watch,
        explain::failed,
        open::Endpoint,
        run::{RunOptions, job_event, task},
    },
    ledger::{self, Address, Context, Fact, FactKind, Snapshot},
    migration::{
        plan::Step,
        source::{Direction, Migration},
    },
    postgres::{
        exec::{ExecEvent, ExecOptions},
        guard::Guard,
        lock::{Facts, Locked},
        session::{Failure, Message, Session},
        session_error::SessionError,
    },
    replay::verify::{Ground, full::appends, plain::of_script},
    report::{event::Event, verify::Problem},
};

/// What an incremental look at a migration found.
#[derive(Debug)]
pub(super) enum Found {
    /// It went down and up again, and left nothing; or it has no way down, and did nothing to a ledger.
    Passed,
    /// It takes a closer look to say.
    Unsure,
    /// This is wrong with it, for certain.
    Wrong(Box<Problem>),
}

/// What became of a migration in a lane.
#[derive(Debug)]
pub(super) enum Seen {
    /// It passed.
    Passed,
    /// It takes a closer look to say. What is there is what its way up leads to.
    Unsure,
    /// It takes a closer look to say, and what is there now is something else.
    Astray,
    /// This is wrong with it, for certain, and maybe what is there is what its way up leads to.
    Wrong { problem: Box<Problem>, is_there: bool },
}

/// One database that migrations are replayed in.
pub(super) struct Lane<'l> {
    pub(super) locked: Locked<'l>,
    pub(super) watcher: Session<'l>,
    pub(super) facts: Facts,
    pub(super) guard: &'l Guard,
    /// Reads what is there now.
    pub(super) reader: Reader,
    /// What was there after a way down that led elsewhere.
    pub(super) found: Option<Catalog>,
    /// Legs run without the guard: what they do to ledgers is seen from outside.
    exec: ExecOptions,
    queries: Queries,
    catalog_digest: CatalogDigest,
    ledgers: Ledgers,
}

/// What is known of the ledgers.
#[derive(Default)]
struct Ledgers {
    snapshot: Snapshot,
    /// The oids of their tables, and of what is part of these.
    relations: BTreeSet<String>,
    /// The numbers of those that are there.
    present: Vec<usize>,
    /// How many rows each of these has.
    counts: Vec<String>,
    /// The transaction from which on rows are new.
    since: String,
}

/// Where a way down has led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Where the way up began.
    Back,
    /// There, and more is left; the ledgers are what they were.
    More,
    /// Somewhere else, where the ledgers are what they were.
    Less,
    /// To other ledgers.
    Doubtful,
}

const LOOKING: &str = "checking what was written";

impl<'l> Lane<'l> {
    pub(super) async fn open(
        endpoint: &Endpoint,
        guard: &'l Guard,
        watch: Watch<'_>,
    ) -> Result<Self, JobError> {
        let options = RunOptions::of_replay();
        let (mut locked, _) = endpoint.lock(&options.limits, watch).await?;
        locked.prepare().await?;
        let (mut watcher, _, _) = endpoint.read(watch).await?;
        // what is asked again and again is planned once
        watcher.plan_once().await.map_err(SessionError::while_doing(LOOKING))?;
        let seeded = watcher.prepare_seed().await;
        seeded.map_err(SessionError::while_doing("generating rows"))?;
        let facts = locked.facts().clone();
        let mut exec = options.exec;
        exec.unrecorded = true;
        Ok(Self {
            queries: Queries::new(facts.server_version / 10_000),
            locked,
            watcher,
            facts,
            guard,
            reader: Reader::keeping(),
            found: None,
            exec,
            catalog_digest: CatalogDigest::default(),
            ledgers: Ledgers::default(),
        })
    }

    /// Applies a migration. False if it fails.
    pub(super) async fn replay(&mut self, migration: &Migration) -> Result<bool, JobError> {
        Ok(self.leg(migration, Direction::Up, None).await?.is_ok())
    }

    /// Makes rows, and takes a first look.
    pub(super) async fn settle(&mut self) -> Result<(), JobError> {
        self.rows_and_print().await?;
        self.know_ledgers().await.map_err(SessionError::while_doing(LOOKING))?;
        Ok(())
    }

    /// Lets the server write all to its files, so that they can be kept.
    pub(super) async fn rest(&mut self) -> Result<(), JobError> {
        let messages = [Message::Batch("CHECKPOINT")];
        for reply in self.watcher.exchange(&messages, &mut |_| {}).await {
            reply.map_err(SessionError::while_doing("writing a checkpoint"))?;
        }
        Ok(())
    }

    /// Walks up, down and up again.
    pub(super) async fn see(
        &mut self,
        number: usize,
        migration: &Migration,
        ground: &mut Ground<'_, '_>,
        watch: Watch<'_>,
    ) -> Result<Seen, JobError> {
        watch(Event::Started {
            step: number,
            name: migration.name.clone(),
            direction: Direction::Up,
        });
        let is_whole = migration.metadata.run_in_transaction;
        if let Err(error) = self.leg(migration, Direction::Up, Some(watch)).await? {
            if !is_whole {
                return Ok(Seen::Astray);
            }
            return self.failed_up(number, migration, &error, ground).await;
        }
        let (mut is_sure, mut is_there) = (true, true);
        let mut wrong = None;
        if migration.down.is_some() {
            if let Err(error) = self.leg(migration, Direction::Down, None).await? {
                if !is_whole {
                    return Ok(Seen::Astray);
                }
                is_sure = false;
                wrong = self.failed_down(migration, &error);
            } else {
                let way = self.way_back().await.map_err(SessionError::while_doing(LOOKING))?;
                is_sure &= way == Way::Back;
                if matches!(way, Way::More | Way::Less) {
                    wrong = self.not_back(number, migration, ground).await?;
                }
                if self.leg(migration, Direction::Up, None).await?.is_err() {
                    return self.stuck(number, migration, wrong, ground).await;
                }
                if wrong.is_some() && way == Way::Less {
                    is_there = self.restored(number, ground).await?;
                }
            }
            is_sure &= !(self.guard.is_on() && is_whole && appends(&migration.up.text));
        }
        let kept = self.has_kept_rows().await;
        let has_kept = kept.map_err(SessionError::while_doing(LOOKING))?;
        let moved = self.rows_and_print().await?;
        let mut is_spared = has_kept;
        if self.guard.is_on() && moved.may_concern(&self.ledgers.relations) {
            let spared = self.is_spared().await;
            is_spared &= spared.map_err(SessionError::while_doing(LOOKING))?;
        }
        Ok(match wrong {
            Some(problem) if is_spared => Seen::Wrong { problem, is_there },
            None if is_sure && is_spared => Seen::Passed,
            _ if !is_there => Seen::Astray,
            _ => Seen::Unsure,
        })
    }

    /// Takes a print of what is there now, and makes rows in new tables.
    pub(super) async fn rows_and_print(&mut self) -> Result<catalog_digest::Moved, JobError> {
        let since = self.catalog_digest.since().to_owned();
        let moved = self.catalog_digest.advance(&mut self.watcher, &self.queries).await;
        let moved = moved.map_err(SessionError::while_doing(LOOKING))?;
        if moved.has_tables() {
            let seeded = self.watcher.seed_new(&since).await;
            seeded.map_err(SessionError::while_doing("generating rows"))?;
        }
        Ok(moved)
    }

    /// What the way down has led to, where it is compared with what was there before the way up.
    async fn way_back(&mut self) -> Result<Way, Failure> {
        let written = self.catalog_digest.written(&mut self.watcher, &self.queries).await?;
        let is_back = self.catalog_digest.is_back(&written);
        let moved = self.catalog_digest.moved(&written);
        let may_concern = moved.may_concern(&self.ledgers.relations)
            || !is_back && self.catalog_digest.has_lost(&written);
        if self.guard.is_on() && may_concern {
            let now = self.snapshot().await?;
            if lasting(&now) != lasting(&self.ledgers.snapshot) {
                return Ok(Way::Doubtful);
            }
        }
        Ok(match is_back {
            true => Way::Back,
            false if self.catalog_digest.is_within(&written) => Way::More,
            false => Way::Less,
        })
    }

    /// Whether all that happened to ledgers is that they are new, or have columns and indexes more, and the judgement of that.
    async fn is_spared(&mut self) -> Result<bool, Failure> {
        let mut now = self.snapshot().await?;
        let had_none = self.ledgers.present.is_empty();
        if had_none {
            // once more, as the names of the functions of new ledgers are asked for
            now = self.guard.watch(&mut self.watcher, &self.facts, Some(&now)).await?;
        }
        let before = &self.ledgers.snapshot;
        let (was, is) = (lasting(before), lasting(&now));
        let is_kept = was.iter().all(|(address, fact)| is.get(address) == Some(fact));
        let is_grown = is.keys().all(|address| {
            was.contains_key(address) || matches!(address.kind, FactKind::Column | FactKind::Index)
        });
        let context = Context {
            ledgers: &self.guard.ledgers,
            before: None,
            unused: &BTreeSet::new(),
            written: ledger::Recorded::default(),
            replaces_triggers: true,
        };
        // where there was none, nothing could be lost
        let is_usual = had_none || is_kept && is_grown;
        if is_usual && ledger::judge(before, &now, &context).is_empty() {
            self.ledgers.snapshot = now;
            self.know_relations().await?;
            if had_none {
                self.count_ledgers().await?;
            }
            return Ok(true);
        }
        self.know_ledgers().await?;
        Ok(false)
    }

    /// Learns what the ledgers are now.
    async fn know_ledgers(&mut self) -> Result<(), Failure> {
        if !self.guard.is_on() {
            return Ok(());
        }
        self.ledgers.snapshot = self.snapshot().await?;
        // once more, as the names of the functions in it are asked for
        self.ledgers.snapshot = self.snapshot().await?;
        self.know_relations().await?;
        self.count_ledgers().await
    }

    async fn count_ledgers(&mut self) -> Result<(), Failure> {
        let counts = self.counts(catalog_digest::EVER).await?;
        self.ledgers.since = counts.first().map(|it| it.2.clone()).unwrap_or_default();
        self.ledgers.counts = counts.into_iter().map(|it| it.0).collect();
        Ok(())
    }

    async fn know_relations(&mut self) -> Result<(), Failure> {
        let sql = include_str!("relations.sql");
        self.watcher.keep(sql, 1).await?;
        let message = Message::Kept(sql, vec![Some(self.guard.names())]);
        let reply = self.watcher.exchange(&[message], &mut |_| {}).await.pop();
        let rows = reply.unwrap_or_else(|| Ok(Vec::new()))?;
        let first = |row: Vec<Option<String>>| row.into_iter().next().flatten();
        self.ledgers.relations = rows.into_iter().filter_map(first).collect();
        let roots =
            (0..self.guard.ledgers.len()).filter(|it| self.ledgers.snapshot.root(*it).is_some());
        self.ledgers.present = roots.collect();
        Ok(())
    }

    async fn snapshot(&mut self) -> Result<Snapshot, Failure> {
        let before = Some(&self.ledgers.snapshot);
        self.guard.watch(&mut self.watcher, &self.facts, before).await
    }

    /// Whether the rows of the ledgers are the same, and none was written since the print.
    async fn has_kept_rows(&mut self) -> Result<bool, Failure> {
        if self.ledgers.present.is_empty() {
            return Ok(true);
        }
        let since = self.ledgers.since.clone();
        let Ok(counts) = self.counts(&since).await else {
            return Ok(false);
        };
        let was = self.ledgers.counts.iter();
        Ok(was.eq(counts.iter().map(|it| &it.0)) && counts.iter().all(|it| it.1 == "0"))
    }

    /// How many rows each ledger has, how many of them were written since a transaction, and which is the next one.
    async fn counts(&mut self, since: &str) -> Result<Vec<(String, String, String)>, Failure> {
        let of = |it: &usize| {
            let ledger = &self.guard.ledgers[*it];
            let recent = "count(*) FILTER (WHERE age(xmin) <= age($1::text::xid))";
            let next = "pg_snapshot_xmax(pg_current_snapshot())::text";
            format!(
                "SELECT ARRAY[count(*)::text, {recent}::text, {next}] AS \"row\" FROM {}",
                ledger.sql()
            )
        };
        let arms: Vec<String> = self.ledgers.present.iter().map(of).collect();
        if arms.is_empty() {
            return Ok(Vec::new());
        }
        let sql = arms.join(" UNION ALL ");
        self.watcher.keep(&sql, 1).await?;
        let message = Message::Kept(&sql, vec![Some(since.to_owned())]);
        let reply = self.watcher.exchange(&[message], &mut |_| {}).await.pop();
        let rows = reply.unwrap_or_else(|| Ok(Vec::new()))?;
        let counted = |row: Vec<Option<String>>| {
            let mut values = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || values.next().unwrap_or_default();
            (next(), next(), next())
        };
        Ok(rows.into_iter().map(counted).collect())
    }

    /// Runs one leg. The inner error says why it fails; an interruption is an outer one.
    pub(super) async fn leg(
        &mut self,
        migration: &Migration,
        direction: Direction,
        watch: Option<Watch<'_>>,
    ) -> Result<Result<(), JobError>, JobError> {
        let step = Step { migration, direction, resume: None, noted: None };
        let tasks = match task(&step) {
            Ok(task) => [task],
            Err(error) => return Ok(Err(error)),
        };
        let mut watch = watch;
        let mut tell = |event: ExecEvent<'_>| {
            if let (ExecEvent::Notice(..), Some(watch)) = (&event, &mut watch) {
                watch(job_event(&tasks, event));
            }
        };
        let ran = self.locked.run(0, &tasks[0], &self.exec, &mut tell).await;
        let Err(error) = ran else {
            return Ok(Ok(()));
        };
        let cause = failed(&tasks, &error, false, self.facts.server_version);
        of_script(cause).map(Err)
    }
}

/// What must be the same before and after: dropped columns leave a place behind.
fn lasting(snapshot: &Snapshot) -> BTreeMap<&Address, &Fact> {
    let is_gone = |kind: FactKind, fact: &Fact| kind == FactKind::Column && fact.is("dropped");
    let facts = snapshot.iter();
    facts.filter(|(address, fact)| address.kind.lasts() && !is_gone(address.kind, fact)).collect()
}
