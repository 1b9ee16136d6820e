//! Replays every migration up, down and up again in the shadow, over rows in every table, and compares what it leaves.
//!
//! A first pass is swift: it sees whether everything is exactly as it was, and leaves to a second one, which is careful, whatever
//! is not. Most migrations never need that.

mod cache;
pub(super) mod careful;
mod swift;

use std::{collections::BTreeSet, sync::Mutex};

use crate::{
    catalog::Catalog,
    job::{
        JobError, Watch, ledger,
        open::Endpoint,
        run::Options,
        schema::Printer,
        shadow::{Prepared, Shadow, end, lacking},
        verify::{
            cache::{Cache, Known},
            careful::{Legs, catalog},
            swift::{Found, Lane},
        },
    },
    migration::{
        environment::Needs,
        source::{Migration, Migrations},
    },
    postgres::{cluster::Scratch, guard::Guard, session::Stop},
    report::{event::Event, verify::VerifyReport},
};

/// From so many migrations on, two servers share them.
const MANY: usize = 40;

/// What is verified, and how.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'w> {
    /// Where.
    pub shadow: &'w Shadow,
    /// All migrations.
    pub migrations: &'w Migrations,
    /// The declared ledgers.
    pub guard: &'w Guard,
    /// Whether what an earlier run has shown is taken for shown, and what this one shows is kept.
    pub caches: bool,
}

/// Verifies all migrations.
///
/// # Errors
/// When the shadow cannot be made, or a migration fails on its first way up. What does not return is in the report.
pub async fn verify(
    wish: &Wish<'_>,
    printer: &Printer,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<VerifyReport, JobError> {
    let migrations = wish.shadow.stood_in(wish.migrations);
    let all: Vec<&Migration> = migrations.iter().collect();
    let cache = Cache::new(wish, &all);
    let task = Verify {
        shadow: wish.shadow,
        all: &all,
        guard: wish.guard,
        known: cache.known(),
        needs: wish.shadow.needs(wish.migrations.texts()),
        stop,
    };
    let known = task.known.as_ref().map_or(0, |known| known.count);
    watch(Event::Planned {
        steps: all.len() - known,
    });
    let mut swift = task.swift(printer, watch).await.map_err(lacking)?;
    let mut report = std::mem::take(&mut swift.report);
    if !swift.unsure.is_empty() {
        report = task
            .careful(&swift.unsure, report, watch)
            .await
            .map_err(lacking)?;
    }
    if report.problem.is_none() {
        if let Some(catalog) = &swift.catalog {
            report.schema = Some(printer.compare(catalog)?);
        }
        if let Some(scratch) = &swift.scratch
            && known < all.len()
        {
            cache.keep(scratch, &report);
        }
    }
    if let Some(scratch) = swift.scratch {
        end(scratch).await;
    }
    report.known = known;
    report.notes.splice(0..0, wish.shadow.notes.iter().cloned());
    report.proved_on = Some(wish.shadow.proved_on());
    report.undeclared = swift.undeclared;
    Ok(report)
}

/// What is verified, and where.
struct Verify<'v> {
    shadow: &'v Shadow,
    all: &'v [&'v Migration],
    guard: &'v Guard,
    known: Option<Known>,
    /// What has to be there before the first migration.
    needs: Needs,
    stop: Stop,
}

/// What the swift pass found.
#[derive(Default)]
struct Swift {
    /// Of those that are as they should be.
    report: VerifyReport,
    /// Those that need a closer look, by their number.
    unsure: BTreeSet<usize>,
    /// What all migrations lead to, where that was reached.
    catalog: Option<Catalog>,
    undeclared: Vec<String>,
    /// The server that has replayed all, at rest.
    scratch: Option<Scratch>,
}

impl Verify<'_> {
    fn options(&self) -> Options {
        let mut options = Options::default();
        options.manner.guard = self.guard.clone();
        options.manner.guard.allow = None;
        options
    }

    /// Sees which migrations go down and up again without a trace.
    async fn swift(&self, printer: &Printer, watch: Watch<'_>) -> Result<Swift, JobError> {
        let (count, known) = (self.all.len(), self.known());
        // a way down and up again costs five times what the plain way up of the second lane costs
        let middle = if count - known < MANY {
            known
        } else {
            known + (count - known) * 5 / 9
        };
        let shared = Mutex::new(watch);
        let mut tell = [(); 2].map(|()| {
            |event: Event| {
                let mut watch = shared
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                (*watch)(event);
            }
        });
        let [first, second] = &mut tell;
        let (early, late) = tokio::join!(
            async {
                if middle == known {
                    return Ok((Vec::new(), Swift::default()));
                }
                self.lane(known, middle, None, first).await
            },
            self.lane(middle, count, Some(printer), second),
        );
        let ((early, _), (late, mut swift)) = (early?, late?);
        if let Some(known) = &self.known {
            swift.report.notes.extend(known.notes.iter().cloned());
            self.all[..known.count]
                .iter()
                .for_each(|it| swift.report.passed(it));
        }
        for (number, found) in (known..).zip(early.into_iter().chain(late)) {
            match found {
                Found::Passed => swift.report.passed(self.all[number]),
                Found::Unsure => {
                    swift.unsure.insert(number);
                }
            }
        }
        Ok(swift)
    }

    fn known(&self) -> usize {
        self.known.as_ref().map_or(0, |known| known.count)
    }

    async fn start(&self) -> Result<Prepared, JobError> {
        let kept = self.known.as_ref().map(|known| known.kept.clone());
        self.shadow.start_with(kept, &self.needs).await
    }

    /// Replays those before `from` plainly, and sees to those up to `to`.
    async fn lane(
        &self,
        from: usize,
        to: usize,
        printer: Option<&Printer>,
        watch: Watch<'_>,
    ) -> Result<(Vec<Found>, Swift), JobError> {
        let Prepared { scratch, notes, .. } = self.start().await?;
        let endpoint = self.shadow.endpoint(&scratch, self.stop.clone());
        let mut walked = self.walk_lane(&endpoint, from, to, printer, watch).await;
        match &mut walked {
            Ok((_, swift)) if printer.is_some() => {
                swift.scratch = Some(scratch);
                swift.report.notes.extend(notes);
            }
            _ => end(scratch).await,
        }
        walked
    }

    async fn walk_lane(
        &self,
        endpoint: &Endpoint,
        from: usize,
        to: usize,
        printer: Option<&Printer>,
        watch: Watch<'_>,
    ) -> Result<(Vec<Found>, Swift), JobError> {
        let mut lane = Lane::open(endpoint, self.guard, watch).await?;
        let mut found = Vec::new();
        let mut is_whole = true;
        for migration in &self.all[self.known()..from] {
            is_whole &= is_whole && lane.replay(migration).await?;
        }
        lane.settle().await?;
        for (number, migration) in self.all.iter().enumerate().take(to).skip(from) {
            let seen = match is_whole {
                true => lane.see(number, migration, watch).await?,
                false => None,
            };
            // from where one did not even run, all that follow are looked at closely
            is_whole = seen.is_some();
            found.push(seen.unwrap_or(Found::Unsure));
            if is_whole && found.last() != Some(&Found::Unsure) {
                watch(Event::Verified {
                    name: migration.name.clone(),
                });
            }
        }
        let mut swift = Swift::default();
        if let Some(printer) = printer
            && is_whole
        {
            if printer.has_files() {
                swift.catalog = Some(catalog(&mut lane.locked).await?);
            }
            let facts = lane.locked.facts().clone();
            swift.undeclared =
                ledger::undeclared(&mut lane.locked.session, &facts, self.guard).await?;
            lane.rest().await?;
        }
        lane.locked.let_go().await;
        Ok((found, swift))
    }

    /// Replays all again, and walks those that need it with all care. Stops at the first problem.
    async fn careful(
        &self,
        unsure: &BTreeSet<usize>,
        report: VerifyReport,
        watch: Watch<'_>,
    ) -> Result<VerifyReport, JobError> {
        let scratch = self.start().await?.scratch;
        let endpoint = self.shadow.endpoint(&scratch, self.stop.clone());
        let walked = self.walk_carefully(&endpoint, unsure, report, watch).await;
        end(scratch).await;
        walked
    }

    async fn walk_carefully(
        &self,
        endpoint: &Endpoint,
        unsure: &BTreeSet<usize>,
        swift: VerifyReport,
        watch: Watch<'_>,
    ) -> Result<VerifyReport, JobError> {
        let options = self.options();
        let off = Guard::default();
        let mut lane = Lane::open(endpoint, &off, watch).await?;
        lane.settle().await?;
        let mut report = VerifyReport::default();
        let mut before = None;
        let last = unsure.last().copied().unwrap_or_default();
        for (number, migration) in self.all.iter().enumerate() {
            if number < self.known() {
                report.passed(migration);
                continue;
            }
            if number > last {
                // nothing after it asks for another look
                report.passed(migration);
                continue;
            }
            if unsure.contains(&number) {
                let mut at = match before.take() {
                    Some(catalog) => catalog,
                    None => catalog(&mut lane.locked).await?,
                };
                let mut legs = Legs {
                    locked: &mut lane.locked,
                    migration,
                    options: &options,
                    narrow: None,
                    known: None,
                };
                let problem = legs.walk(&mut at, &mut report, watch).await?;
                if let Some(problem) = problem {
                    report.problem = Some(problem);
                    break;
                }
                before = Some(at);
                watch(Event::Verified {
                    name: migration.name.clone(),
                });
            } else {
                if !lane.replay(migration).await? {
                    // it ran a moment ago: what is random, or depends on the time
                    return Err(lane.failure());
                }
                before = None;
                report.passed(migration);
                lane.rows_and_print().await?;
                continue;
            }
            report.migrations += 1;
            lane.rows_and_print().await?;
        }
        lane.locked.let_go().await;
        report.notes.splice(0..0, swift.notes);
        Ok(report)
    }
}
