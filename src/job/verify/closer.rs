//! The careful pass: walks what the swift one is not sure of, and decides what is a problem.
//!
//! Rows that were made up never decide alone. Where a script fails because of what is in rows, it is tried again with rows that are made to
//! fit it, and then with none but those of the migrations themselves.

use std::collections::BTreeSet;

use crate::{
    job::{
        JobError, Watch,
        verify::{
            Ground, Verify,
            careful::{Legs, catalog, failure},
            plain::{Plain, of_script},
            swift::Lane,
        },
    },
    migration::source::Migration,
    postgres::{guard::Guard, seed::Hints, session_error::SessionError},
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
    pub(super) async fn careful(
        &self,
        unsure: &BTreeSet<usize>,
        swift: VerifyReport,
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
                    report: VerifyReport::default(),
                };
                let walked = closer.walk(unsure, watch).await;
                walked.map(|()| closer.report)
            }
            Err(error) => Err(error),
        };
        crate::job::shadow::end(scratch).await;
        let mut report = walked?;
        report.notes.splice(0..0, swift.notes);
        Ok(report)
    }
}

struct Closer<'c, 'g, 'p> {
    task: &'c Verify<'c>,
    off: &'c Guard,
    lane: Lane<'c>,
    ground: Ground<'g, 'p>,
    report: VerifyReport,
}

impl Closer<'_, '_, '_> {
    async fn walk(&mut self, unsure: &BTreeSet<usize>, watch: Watch<'_>) -> Result<(), JobError> {
        self.lane.settle().await?;
        let options = self.task.options();
        let last = unsure.last().copied().unwrap_or_default();
        let mut before = None;
        for (number, migration) in self.task.all.iter().enumerate() {
            // nothing after the last asks for another look
            if number < self.task.known() || number > last {
                self.report.passed(migration);
                continue;
            }
            if !unsure.contains(&number) {
                before = None;
                self.pass(number, migration, watch).await?;
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
                self.note(problem);
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

    /// Applies what the swift pass has seen to pass.
    async fn pass(
        &mut self,
        number: usize,
        migration: &Migration,
        watch: Watch<'_>,
    ) -> Result<(), JobError> {
        if self.lane.replay(migration).await? {
            self.report.passed(migration);
            self.lane.rows_and_print().await?;
            return Ok(());
        }
        // it ran a moment ago, over other rows
        self.renew(number + 1, watch).await?;
        match self.ground.plain.failures().get(&number) {
            None => self.report.passed(migration),
            Some(error) => {
                let problem = failure(migration, Leg::Up, error);
                self.report.migrations += 1;
                self.note(problem);
            }
        }
        Ok(())
    }

    async fn renew(&mut self, count: usize, watch: Watch<'_>) -> Result<(), JobError> {
        self.ground.renew(&mut self.lane, count, self.off, watch).await
    }

    /// Notes a problem; one that only follows from a migration that could not be applied is none of its own.
    fn note(&mut self, problem: Problem) {
        let is_failed = |it: &Problem| it.kind == ProblemKind::UpFails;
        // undefined: a table, a column, an object, a function, a schema
        let missing = ["42P01", "42703", "42704", "42883", "3F000"];
        let code = problem.sqlstate.as_deref().unwrap_or_default();
        let has_failed = self.report.problems.iter().any(is_failed);
        if is_failed(&problem) && has_failed && missing.contains(&code) {
            self.report.not_replayed.push(problem.name);
            return;
        }
        self.report.problems.push(problem);
    }

    /// Whether it is a problem without rows that were made up.
    async fn decide(
        &mut self,
        number: usize,
        migration: &Migration,
        first: Problem,
        watch: Watch<'_>,
    ) -> Result<Option<Problem>, JobError> {
        let is_of_rows = self.is_of_rows(&first);
        if first.kind == ProblemKind::UpFails && !is_of_rows {
            self.ground.plain.replay(number + 1).await?;
            return Ok(match self.ground.plain.failures().get(&number) {
                Some(error) => Some(failure(migration, Leg::Up, error)),
                // what an earlier one left was in its way, and that is told of that one
                None => self.attempt(number, migration, Rows::Own, watch).await?,
            });
        }
        if !is_of_rows {
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
            if !self.is_of_rows(&problem) {
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
            let sown = locked.session.seed_fitting(&hints).await;
            sown.map_err(SessionError::while_doing("making rows"))?;
        }
        let mut at = catalog(&mut locked).await?;
        let mut walked = VerifyReport::default();
        let mut legs =
            Legs { locked: &mut locked, migration, options: &options, narrow: None, known: None };
        let problem = match legs.walk(&mut at, &mut walked, watch).await {
            Ok(problem) => problem,
            Err(error) => Some(failure(migration, Leg::Up, &of_script(error)?)),
        };
        locked.let_go().await;
        plain.forget(copy).await?;
        if problem.is_none() {
            self.report.extend(walked);
        }
        Ok(problem)
    }

    /// Whether a script failed because of what is in rows.
    fn is_of_rows(&self, problem: &Problem) -> bool {
        let class = problem.sqlstate.as_ref().and_then(|it| it.get(..2));
        match class {
            // data, constraints, how many rows there are, limits, WITH CHECK OPTION
            Some("22" | "23" | "21" | "54" | "44") => true,
            // a script's own check; a ledger that refuses is what is looked for
            Some("P0") => !self.task.guard.is_on(),
            _ => false,
        }
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
