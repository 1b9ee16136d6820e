//! What the incremental pass decides by itself: what is wrong for certain, with no ledger and no made-up row in question.
//!
//! What was there before a migration is read where nothing else was replayed than ways up; so nothing has to begin anew.

use crate::{
    catalog::{Catalog, Difference},
    ddl::statement::Statement,
    job::JobError,
    migration::source::{Direction, IRREVERSIBLE, Migration},
    planner,
    postgres::session::Message,
    replay::{
        alike,
        verify::{
            Ground,
            full::{elsewhere, failure, is_of_rows},
            incremental::{Lane, Seen},
        },
    },
    report::verify::{Leg, Problem},
};

impl Lane<'_> {
    /// What it means that a way up failed as a whole.
    pub(super) async fn failed_up(
        &mut self,
        number: usize,
        migration: &Migration,
        error: &JobError,
        ground: &mut Ground<'_, '_>,
    ) -> Result<Seen, JobError> {
        let is_here = ground.fails_as_well(number).await?;
        let problem = failure(migration, Leg::Up, error);
        let is_certain = !self.guard.is_on() && !is_of_rows(&problem, self.guard);
        Ok(match ground.plain.failures().get(&number) {
            Some(error) if is_certain => Seen::Wrong {
                problem: Box::new(failure(migration, Leg::Up, error)),
                is_there: is_here,
            },
            _ if is_here => Seen::Unsure,
            _ => Seen::Astray,
        })
    }

    /// What is wrong where a way down fails as a whole, if that is certain.
    pub(super) fn failed_down(
        &self,
        migration: &Migration,
        error: &JobError,
    ) -> Option<Box<Problem>> {
        let problem = failure(migration, Leg::Down, error);
        let is_certain = !self.guard.is_on()
            && !is_of_rows(&problem, self.guard)
            && problem.sqlstate.is_some()
            && problem.sqlstate.as_deref() != Some(IRREVERSIBLE);
        is_certain.then(|| Box::new(problem))
    }

    /// What is wrong where a way down led elsewhere, if that is certain.
    pub(super) async fn not_back(
        &mut self,
        number: usize,
        migration: &Migration,
        ground: &mut Ground<'_, '_>,
    ) -> Result<Option<Box<Problem>>, JobError> {
        let found = self.catalog().await?;
        self.found = None;
        let wanted = ground.plain.catalog(number).await?;
        let major = self.facts.server_version / 10_000;
        let wanted = alike::agreed(&mut self.locked.session, major, &found, wanted).await?;
        let differences = wanted.differences(&found);
        // a way down and up before may have moved columns
        if differences.is_empty() || differences.iter().any(Difference::is_only_position) {
            return Ok(None);
        }
        let problem = elsewhere(&migration.name, Leg::Down, &wanted, &found, &differences);
        self.found = Some(found);
        Ok(Some(Box::new(problem)))
    }

    /// What it means that there is no way up after the way down. What is left behind is taken away first.
    pub(super) async fn stuck(
        &mut self,
        number: usize,
        migration: &Migration,
        wrong: Option<Box<Problem>>,
        ground: &mut Ground<'_, '_>,
    ) -> Result<Seen, JobError> {
        let Some(problem) = wrong.filter(|_| migration.metadata.run_in_transaction) else {
            return Ok(Seen::Astray);
        };
        // a way up that failed as a whole has left what was found before it
        let found = match self.found.take() {
            Some(found) => found,
            None => self.catalog().await?,
        };
        let before = ground.plain.catalog(number).await?;
        let after = ground.plain.catalog(number + 1).await?;
        // where it went nowhere, all is there already
        let is_there = after.differences(&found).is_empty()
            || self.take_away(&found, &before).await?
                && self.leg(migration, Direction::Up, None).await?.is_ok();
        if is_there {
            self.rows_and_print().await?;
        }
        Ok(Seen::Wrong { problem, is_there })
    }

    /// Brings back what a way up lacks after a way down that took too much. False if that cannot be done.
    pub(super) async fn restored(
        &mut self,
        number: usize,
        ground: &mut Ground<'_, '_>,
    ) -> Result<bool, JobError> {
        let after = ground.plain.catalog(number + 1).await?;
        let found = self.catalog().await?;
        Ok(after.differences(&found).is_empty()
            || self.take_away(&found, &after).await?
                && after.differences(&self.catalog().await?).is_empty())
    }

    /// Goes from what is there to what should be. False if that cannot be planned, or is refused.
    async fn take_away(&mut self, found: &Catalog, wanted: &Catalog) -> Result<bool, JobError> {
        let major = self.facts.server_version / 10_000;
        let Ok(statements) = planner::plan(found, wanted, &alike::target(major)) else {
            return Ok(false);
        };
        let texts: Vec<String> = statements.iter().map(Statement::sql).collect();
        let statements = texts.iter().map(|it| Message::Batch(it));
        let messages: Vec<Message<'_>> = [Message::Batch("BEGIN")]
            .into_iter()
            .chain(statements)
            .chain([Message::Batch("COMMIT")])
            .collect();
        let replies = self.locked.session.exchange(&messages, &mut |_| {}).await;
        Ok(replies.iter().all(Result::is_ok))
    }

    /// What is there now.
    async fn catalog(&mut self) -> Result<Catalog, JobError> {
        Ok(self.reader.read(&mut self.watcher, self.facts.server_version).await?)
    }
}
