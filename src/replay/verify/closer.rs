//! The full pass: walks what the incremental one is not sure of, and decides what is a problem.
//!
//! Rows that were made up never decide alone. Where a script fails because of what is in rows, it is tried again with rows that are made to
//! fit it, and then with none but those of the migrations themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    introspect::seed::Hints,
    job::{JobError, Watch},
    migration::source::Migration,
    postgres::{guard::Guard, session_error::SessionError},
    replay::verify::{
        Ground, Incremental, Verify,
        full::{Legs, catalog, failure, is_of_rows},
        incremental::Lane,
        plain::{Plain, of_script},
    },
    report::{
        event::Event,
        verify::{Leg, Problem, ProblemKind, VerifyReport},
    },
    words::sql::pieces,
};

/// The rows that a script is tried again with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Values that fit what the script and the tables ask for, and no NULL.
    Fitting,
    /// Those of the migrations themselves.
    Own,
}

impl Verify<'_> {
    /// Whether nothing more is wanted after a problem.
    fn ends_at(&self, problem: &Problem) -> bool {
        self.fail_fast && !self.accepted.iter().any(|it| it.is(problem))
    }

    /// Replays all again, and walks those that need it with all care.
    pub(super) async fn run_full(
        &self,
        seen: &mut Incremental<'_>,
        plain: &mut Plain<'_>,
        watch: Watch<'_>,
    ) -> Result<VerifyReport, JobError> {
        let scratch = self.start().await?.scratch;
        let endpoint = self.shadow.endpoint(&scratch, self.stop.clone());
        let off = Guard::default();
        let opened = Lane::open(&endpoint, &off, watch).await;
        let walked = match opened {
            Ok(lane) => {
                let mut closer = Closer {
                    task: self,
                    off: &off,
                    lane,
                    ground: Ground::new(plain),
                    decided: std::mem::take(&mut seen.decided),
                    report: VerifyReport::default(),
                };
                let walked = closer.walk(&seen.unsure, watch).await;
                walked.map(|()| closer.report)
            }
            Err(error) => Err(error),
        };
        crate::replay::shadow::end(scratch).await;
        let mut report = walked?;
        report.notes.splice(0..0, std::mem::take(&mut seen.report.notes));
        Ok(report)
    }

    /// The report where nothing asks for another look.
    pub(super) fn gather(&self, seen: &mut Incremental) -> VerifyReport {
        let notes = std::mem::take(&mut seen.report.notes);
        let mut report = VerifyReport { notes, ..VerifyReport::default() };
        for (number, migration) in self.all.iter().enumerate() {
            let Some(problem) = seen.decided.remove(&number) else {
                report.passed(migration);
                continue;
            };
            let ends = self.ends_at(&problem);
            report.migrations += 1;
            report.note(problem);
            if ends {
                break;
            }
        }
        report
    }
}

struct Closer<'c, 'g, 'p> {
    task: &'c Verify<'c>,
    off: &'c Guard,
    lane: Lane<'c>,
    ground: Ground<'g, 'p>,
    /// What the incremental pass has found out, by the numbers of migrations.
    decided: BTreeMap<usize, Problem>,
    report: VerifyReport,
}

impl Closer<'_, '_, '_> {
    async fn walk(&mut self, unsure: &BTreeSet<usize>, watch: Watch<'_>) -> Result<(), JobError> {
        self.lane.settle().await?;
        let options = self.task.options();
        let last = unsure.last().copied().unwrap_or_default();
        let mut before = None;
        for (number, migration) in self.task.all.iter().enumerate() {
            let decided = self.decided.remove(&number);
            // nothing after the last asks for another look
            if number < self.task.known() || number > last {
                if self.count(migration, decided) {
                    return Ok(());
                }
                continue;
            }
            if !unsure.contains(&number) {
                before = None;
                if self.pass(number, migration, decided, watch).await? {
                    return Ok(());
                }
                continue;
            }
            let mut at = match before.take() {
                Some(catalog) => catalog,
                None => catalog(&mut self.lane.locked).await?,
            };
            let mut walked = VerifyReport::default();
            let mut legs = Legs {
                locked: &mut self.lane.locked,
                migration,
                options: &options,
                narrow: None,
                known: None,
            };
            let problem = match legs.walk(&mut at, &mut walked, watch).await {
                Ok(problem) => problem,
                Err(error) => Some(failure(migration, Leg::Up, &of_script(error)?)),
            };
            self.report.migrations += 1;
            let Some(first) = problem else {
                self.report.extend(walked);
                before = Some(at);
                self.lane.rows_and_print().await?;
                watch(Event::Verified { name: migration.name.clone() });
                continue;
            };
            let kind = first.kind;
            let decided = self.decide(number, migration, first, watch).await?;
            if let Some(problem) = decided {
                let ends = self.task.ends_at(&problem);
                self.report.note(problem);
                if ends {
                    return Ok(());
                }
            } else {
                watch(Event::Verified { name: migration.name.clone() });
            }
            let is_whole = migration.metadata.run_in_transaction;
            let is_there = match kind {
                ProblemKind::DownFails => is_whole && self.ground.is_here(),
                ProblemKind::UpFails => is_whole && self.ground.fails_as_well(number).await?,
                _ => false,
            };
            match is_there {
                true => drop(self.lane.rows_and_print().await?),
                false if number < last => self.renew(number + 1, watch).await?,
                false => {}
            }
        }
        Ok(())
    }

    /// Applies what the incremental pass knows enough of. True if nothing more is wanted.
    async fn pass(
        &mut self,
        number: usize,
        migration: &Migration,
        decided: Option<Problem>,
        watch: Watch<'_>,
    ) -> Result<bool, JobError> {
        if self.lane.replay(migration).await? {
            self.lane.rows_and_print().await?;
            return Ok(self.count(migration, decided));
        }
        if decided.as_ref().is_some_and(|it| it.kind == ProblemKind::UpFails)
            && migration.metadata.run_in_transaction
        {
            return Ok(self.count(migration, decided));
        }
        // it ran a moment ago, over other rows
        self.renew(number + 1, watch).await?;
        let failed = self.ground.plain.failures().get(&number);
        let failed = failed.map(|error| failure(migration, Leg::Up, error));
        Ok(self.count(migration, decided.or(failed)))
    }

    /// Counts a migration, with what is wrong with it. True if nothing more is wanted.
    fn count(&mut self, migration: &Migration, problem: Option<Problem>) -> bool {
        let Some(problem) = problem else {
            self.report.passed(migration);
            return false;
        };
        let ends = self.task.ends_at(&problem);
        self.report.migrations += 1;
        self.report.note(problem);
        ends
    }

    async fn renew(&mut self, count: usize, watch: Watch<'_>) -> Result<(), JobError> {
        self.ground.renew(&mut self.lane, count, self.off, watch).await
    }

    /// Whether it is a problem without rows that were made up.
    async fn decide(
        &mut self,
        number: usize,
        migration: &Migration,
        first: Problem,
        watch: Watch<'_>,
    ) -> Result<Option<Problem>, JobError> {
        let may_be_of_rows = is_of_rows(&first, self.task.guard);
        if first.kind == ProblemKind::UpFails && !may_be_of_rows {
            self.ground.plain.replay(number + 1).await?;
            return Ok(match self.ground.plain.failures().get(&number) {
                Some(error) => Some(failure(migration, Leg::Up, error)),
                // what an earlier one left was in its way, and that is told of that one
                None => self.attempt(number, migration, Rows::Own, watch).await?,
            });
        }
        if !may_be_of_rows {
            return Ok(Some(first));
        }
        let refused = first.what.clone();
        let mut problem = first;
        for rows in [Rows::Fitting, Rows::Own] {
            match self.attempt(number, migration, rows, watch).await? {
                None => {
                    let shown = match rows {
                        Rows::Fitting => "shown with rows that are made to fit its scripts",
                        Rows::Own => "shown without made-up rows",
                    };
                    self.report.notes.push(format!(
                        "{}: {shown}, as it fails on other rows ({})",
                        migration.name,
                        reason(&refused, &migration.name)
                    ));
                    return Ok(None);
                }
                Some(found) => problem = found,
            }
            if !is_of_rows(&problem, self.task.guard) {
                break;
            }
        }
        Ok(Some(problem))
    }

    /// Walks a migration in a database of its own, with other rows.
    async fn attempt(
        &mut self,
        number: usize,
        migration: &Migration,
        rows: Rows,
        watch: Watch<'_>,
    ) -> Result<Option<Problem>, JobError> {
        let plain = &mut *self.ground.plain;
        if concerns_the_server(migration) {
            // a walk before may have left a role
            plain.end().await;
        }
        let copy = plain.copy(number).await?;
        let options = self.task.options();
        let (mut locked, _) = copy.endpoint.lock(&options.limits, watch).await?;
        locked.prepare().await?;
        if rows == Rows::Fitting {
            let down = migration.down.as_ref().map_or("", |it| it.text.as_str());
            let hints = Hints::of(migration.up.text.as_str(), down);
            let seeded = locked.session.seed_fitting(&hints).await;
            seeded.map_err(SessionError::while_doing("generating rows"))?;
        }
        let mut at = catalog(&mut locked).await?;
        let mut walked = VerifyReport::default();
        let mut legs =
            Legs { locked: &mut locked, migration, options: &options, narrow: None, known: None };
        let problem = match legs.walk(&mut at, &mut walked, watch).await {
            Ok(problem) => problem,
            Err(error) => Some(failure(migration, Leg::Up, &of_script(error)?)),
        };
        locked.release().await;
        plain.forget(copy).await?;
        if problem.is_none() {
            self.report.extend(walked);
        }
        Ok(problem)
    }
}

/// What was wrong, without the sentence that names the migration.
fn reason<'r>(what: &'r str, name: &str) -> &'r str {
    let what = what.lines().next().unwrap_or_default();
    match what.strip_prefix(name).and_then(|it| it.split_once(": ")) {
        Some((_, reason)) => reason,
        None => what,
    }
}

/// Whether a migration may make what belongs to the whole server, such as roles.
fn concerns_the_server(migration: &Migration) -> bool {
    let words = ["role", "user", "group", "tablespace"];
    let pieces = pieces(&migration.up.text).unwrap_or_default();
    let mut pairs = pieces.windows(2);
    pairs.any(|pair| pair[0].is("create") && words.iter().any(|word| pair[1].is(word)))
        || migration.up.text.to_lowercase().contains("create role")
}
