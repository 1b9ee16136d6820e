//! Replays every migration up, down and up again in the shadow, over rows in every table, and compares what it leaves.
//!
//! The first pass is incremental: it checks whether everything is exactly as it was. What is not goes to the second pass, which
//! runs in full. Most migrations never need that. What goes wrong with one is noted, and the next begins where the up.sql of that one leads.

mod cache;
mod closer;
mod decide;
pub(crate) mod full;
mod incremental;
mod plain;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use crate::{
    catalog::{Catalog, Coverage},
    cluster::Scratch,
    introspect,
    job::{JobError, Watch, ledger, open::Endpoint, run::RunOptions},
    migration::{
        environment::Needs,
        order,
        plan::Blocked,
        source::{Migration, Migrations},
    },
    postgres::{guard::Guard, session::Stop},
    replay::{
        schema::Printer,
        shadow::{Beginning, MANY, Prepared, Shadow, end},
        verify::{
            cache::Cache,
            full::catalog,
            incremental::{Found, Lane, Seen},
            plain::{Copy, Plain},
        },
    },
    report::{
        event::Event,
        verify::{KnownProblem, Problem, ProblemKind, VerifyReport},
    },
};

/// What is verified, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VerifyRequest<'w> {
    /// Where.
    pub shadow: &'w Shadow,
    /// All migrations.
    pub migrations: &'w Migrations,
    /// The declared ledgers.
    pub guard: &'w Guard,
    /// Whether what an earlier run has shown is taken for shown, and what this one shows is kept.
    pub caches: bool,
    /// Whether the first problem that is not known ends it.
    pub fail_fast: bool,
    /// What is known to be wrong.
    pub accepted: &'w [KnownProblem],
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    /// All of it.
    pub report: VerifyReport,
    /// Why the first migration that fails in an empty database does, if one does.
    pub failure: Option<JobError>,
}

/// Verifies all migrations, and goes on after each problem.
///
/// # Errors
/// When the shadow cannot be made, or the user ends it.
pub(crate) async fn verify(
    request: &VerifyRequest<'_>,
    printer: &Printer,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<Verified, JobError> {
    order::demand(request.migrations).map_err(Blocked::from)?;
    let migrations = request.shadow.stood_in(request.migrations);
    let all: Vec<&Migration> = migrations.iter().collect();
    let cache = Cache::new(request, &all);
    let task = Verify {
        shadow: request.shadow,
        all: &all,
        guard: request.guard,
        known: cache.known(),
        needs: request.shadow.needs(request.migrations.texts()),
        fail_fast: request.fail_fast,
        accepted: request.accepted,
        stop,
    };
    let known = task.known();
    watch(Event::Planned { steps: all.len() - known });
    let mut incremental = task.run_incremental(printer, watch).await?;
    let scratch = incremental.scratch.take();
    let mut plain = incremental.plain.take().unwrap_or_else(|| task.plain());
    let report = task.look_again(incremental, &mut plain, printer, watch).await;
    plain.end().await;
    if let (Some(scratch), Ok(report)) = (&scratch, &report)
        && report.problems.is_empty()
        && known < all.len()
    {
        cache.keep(scratch, report);
    }
    if let Some(scratch) = scratch {
        end(scratch).await;
    }
    let mut report = report?;
    report.known = known;
    report.notes.splice(0..0, request.shadow.notes.iter().cloned());
    report.proved_on = Some(request.shadow.proved_on());
    report.sort();
    Ok(Verified { report, failure: plain.into_failure() })
}

/// What is verified, and where.
struct Verify<'v> {
    shadow: &'v Shadow,
    all: &'v [&'v Migration],
    guard: &'v Guard,
    known: Option<Beginning>,
    /// What has to be there before the first migration.
    needs: Needs,
    fail_fast: bool,
    accepted: &'v [KnownProblem],
    stop: Stop,
}

/// What the incremental pass found.
#[derive(Default)]
struct Incremental<'s> {
    /// Of those that are as they should be.
    report: VerifyReport,
    /// Those that need a closer look, by their number.
    unsure: BTreeSet<usize>,
    /// What is wrong with others.
    decided: BTreeMap<usize, Problem>,
    /// What all migrations lead to, where that was reached.
    catalog: Option<Catalog>,
    undeclared: Vec<String>,
    /// Notes on ledgers that no migration makes.
    missing: Vec<String>,
    /// The server that has replayed all, at rest.
    scratch: Option<Scratch>,
    /// The server that has replayed as many as it was asked to without made-up rows.
    plain: Option<Plain<'s>>,
}

impl Verify<'_> {
    fn options(&self) -> RunOptions {
        let mut options = RunOptions::of_replay();
        options.exec.guard = self.guard.clone();
        options.exec.guard.allow = None;
        options
    }

    /// Looks at what the incremental pass is not sure of, and compares the schema files.
    async fn look_again(
        &self,
        mut incremental: Incremental<'_>,
        plain: &mut Plain<'_>,
        printer: &Printer,
        watch: Watch<'_>,
    ) -> Result<VerifyReport, JobError> {
        let mut report = match incremental.unsure.is_empty() {
            true => self.gather(&mut incremental),
            false => self.run_full(&mut incremental, plain, watch).await?,
        };
        let failed = report.problems.iter().find(|it| it.kind == ProblemKind::UpFails);
        if let Some(failed) = failed
            && let Some(number) = self.all.iter().position(|it| it.name == failed.name)
        {
            // why it fails is told beside the report
            plain.replay(number + 1).await?;
        }
        report.undeclared = incremental.undeclared;
        let known = report.notes.clone();
        report.notes.extend(incremental.missing.into_iter().filter(|it| !known.contains(it)));
        if report.problems.is_empty() {
            if let Some(catalog) = &incremental.catalog {
                report.schema = Some(printer.compare(catalog)?);
            }
            return Ok(report);
        }
        if !printer.has_files() || self.fail_fast {
            return Ok(report);
        }
        let endpoint = plain.endpoint(self.all.len()).await?;
        if plain.failures().is_empty() {
            let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
            let coverage = Coverage::printing();
            let catalog = introspect::read(&mut session, facts.server_version, &coverage).await?;
            report.schema = Some(printer.compare(&catalog)?);
        }
        Ok(report)
    }

    /// Sees which migrations go down and up again without a trace.
    async fn run_incremental(
        &self,
        printer: &Printer,
        watch: Watch<'_>,
    ) -> Result<Incremental<'_>, JobError> {
        let (count, known) = (self.all.len(), self.known());
        // a way down and up again costs five times what the plain way up of the second lane costs
        let middle = if count - known < MANY { known } else { known + (count - known) * 5 / 9 };
        let shared = Mutex::new(watch);
        let mut tell = [(); 2].map(|()| {
            |event: Event| {
                let mut watch = shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                (*watch)(event);
            }
        });
        let [first, second] = &mut tell;
        let (early, late) = tokio::join!(
            async {
                if middle == known {
                    return Ok((Vec::new(), Incremental::default()));
                }
                self.lane(known, middle, None, first).await
            },
            self.lane(middle, count, Some(printer), second),
        );
        let ((early, _), (late, mut incremental)) = (early?, late?);
        if let Some(known) = &self.known {
            incremental.report.notes.extend(known.notes.iter().cloned());
        }
        for (number, found) in (known..).zip(early.into_iter().chain(late)) {
            match found {
                Found::Passed => {}
                Found::Unsure => {
                    incremental.unsure.insert(number);
                }
                Found::Wrong(problem) => {
                    incremental.decided.insert(number, *problem);
                }
            }
        }
        Ok(incremental)
    }

    fn plain(&self) -> Plain<'_> {
        Plain::new(self.shadow, self.all, &self.needs, self.stop.clone())
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
    ) -> Result<(Vec<Found>, Incremental<'_>), JobError> {
        let Prepared { scratch, notes, .. } = self.start().await?;
        let endpoint = self.shadow.endpoint(&scratch, self.stop.clone());
        let mut plain = self.plain();
        let mut ground = Ground::new(&mut plain);
        let mut walked = self.walk_lane(&endpoint, &mut ground, from, to, printer, watch).await;
        let has_moved = ground.copy.is_some();
        match &mut walked {
            Ok((_, incremental)) if printer.is_some() => incremental.plain = Some(plain),
            _ => plain.end().await,
        }
        match &mut walked {
            Ok((_, incremental)) if printer.is_some() => {
                incremental.report.notes.extend(notes);
                match has_moved {
                    true => end(scratch).await,
                    false => incremental.scratch = Some(scratch),
                }
            }
            _ => end(scratch).await,
        }
        walked
    }

    async fn walk_lane(
        &self,
        endpoint: &Endpoint,
        ground: &mut Ground<'_, '_>,
        from: usize,
        to: usize,
        printer: Option<&Printer>,
        watch: Watch<'_>,
    ) -> Result<(Vec<Found>, Incremental<'_>), JobError> {
        let mut lane = Lane::open(endpoint, self.guard, watch).await?;
        let mut found = Vec::new();
        let mut is_whole = true;
        for migration in &self.all[self.known()..from] {
            is_whole &= is_whole && lane.replay(migration).await?;
        }
        match is_whole {
            true => lane.settle().await?,
            false => ground.renew(&mut lane, from, self.guard, watch).await?,
        }
        for (number, migration) in self.all.iter().enumerate().take(to).skip(from) {
            let seen = lane.see(number, migration, ground, watch).await?;
            let is_there = !matches!(seen, Seen::Astray | Seen::Wrong { is_there: false, .. });
            match seen {
                Seen::Passed => {
                    found.push(Found::Passed);
                    watch(Event::Verified { name: migration.name.clone() });
                }
                Seen::Unsure | Seen::Astray => found.push(Found::Unsure),
                Seen::Wrong { problem, .. } => found.push(Found::Wrong(problem)),
            }
            if !is_there {
                let after = number + 1;
                ground.renew(&mut lane, after, self.guard, watch).await?;
            }
        }
        let mut incremental = Incremental::default();
        if let Some(printer) = printer {
            if printer.has_files() {
                incremental.catalog = Some(catalog(&mut lane.locked).await?);
            }
            let facts = lane.locked.facts().clone();
            incremental.missing = ledger::not_made(&mut lane.locked.session, self.guard).await?;
            incremental.undeclared =
                ledger::undeclared(&mut lane.locked.session, &facts, self.guard).await?;
            lane.rest().await?;
        }
        lane.locked.release().await;
        Ok((found, incremental))
    }
}

/// What a lane can be moved to.
struct Ground<'g, 'p> {
    plain: &'g mut Plain<'p>,
    /// Where the lane is, if it was moved.
    copy: Option<Copy>,
}

impl<'g, 'p> Ground<'g, 'p> {
    fn new(plain: &'g mut Plain<'p>) -> Self {
        Self { plain, copy: None }
    }

    /// Moves a lane to a copy of what so many migrations lead to.
    async fn renew<'l>(
        &mut self,
        lane: &mut Lane<'l>,
        count: usize,
        guard: &'l Guard,
        watch: Watch<'_>,
    ) -> Result<(), JobError> {
        let copy = self.plain.copy(count).await?;
        *lane = Lane::open(&copy.endpoint, guard, watch).await?;
        lane.settle().await?;
        if let Some(left) = self.copy.replace(copy) {
            self.plain.forget(left).await?;
        }
        Ok(())
    }

    /// Whether a migration fails without made-up rows, too. Where a lane has seen it fail, it is where it was then.
    async fn fails_as_well(&mut self, number: usize) -> Result<bool, JobError> {
        self.plain.replay(number + 1).await?;
        Ok(self.plain.has_failed(number) && self.is_here())
    }

    /// Whether the lane is still somewhere.
    fn is_here(&self) -> bool {
        self.copy.as_ref().is_none_or(|it| self.plain.has(it))
    }
}
