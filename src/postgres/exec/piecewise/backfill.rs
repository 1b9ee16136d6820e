//! Moves rows in batches: the statement of up.sql for one range of keys after the other, each committed with an entry that says how far
//! it came. After a kill at any moment the next run continues after the last range that was committed.

use std::time::{Duration, Instant};

use super::{Cause, ExecEvent, Phase, Run, Task, TaskError};
use crate::{
    migration::{
        backfill::{Backfill, Progress},
        plan::Unit,
        source::Script,
    },
    postgres::session::Failure,
    words::ident::{Ident, Literal, Qualified},
};

/// How long to wait before a replica is looked at again.
const LAGGING: Duration = Duration::from_millis(500);

impl Run<'_, '_, '_, '_> {
    /// Runs all batches that are left.
    pub(super) async fn backfill(&mut self, backfill: &Backfill) -> Result<(), TaskError> {
        let table = Qualified { schema: &backfill.schema, name: &backfill.table }.to_string();
        let mut progress = self.progress_before()?;
        let key = include_str!("../../sql/backfill_key.sql");
        let values = vec![Some(table.clone()), Some(backfill.key.clone())];
        let row = self.query(key, values).await?.into_iter().next().unwrap_or_default();
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let (of, about) = (row.next().unwrap_or_default(), row.next().unwrap_or_default());
        let about: u64 = about.parse().unwrap_or_default();
        let (start, before) = (Instant::now(), progress.keys);
        let size = backfill.batch.unwrap_or(self.exec.throttle.batch);
        while let Some((to, count)) = self.bound(backfill, &table, &of, &progress, size).await? {
            self.wait_for_replicas().await?;
            // with the comment at its end
            let statement = &self.task.script.text[self.task.statements[0].span.start..];
            let Some(sql) = backfill.bounded(statement, &of, progress.after.as_deref(), &to) else {
                return Err(self.error(Phase::Opening, Cause::ChangedSince { read: 1 }));
            };
            progress.keys += count;
            progress.after = Some(to);
            self.batch(sql, &progress).await?;
            let done = progress.keys - before;
            let millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
            (self.tell)(ExecEvent::Batch {
                task: self.index,
                keys: progress.keys,
                about: about.max(progress.keys),
                per_second: done.saturating_mul(1000) / millis,
            });
            let mut stop = self.locked.session.stop().clone();
            let pause = self.exec.throttle.pause;
            if stop.is_pulled() || tokio::time::timeout(pause, stop.pulled()).await.is_ok() {
                return Err(self.error(Phase::Statement(0), Cause::Interrupted));
            }
        }
        self.done = 1;
        Ok(())
    }

    /// How far an interrupted run came.
    fn progress_before(&mut self) -> Result<Progress, TaskError> {
        let up = self.task.script.digest.to_string();
        let note = self.task.step.resume.as_ref().and_then(|it| it.note.as_deref());
        let Some(before) = note.and_then(|it| serde_json::from_str::<Progress>(it).ok()) else {
            return Ok(Progress { up, ..Progress::default() });
        };
        if before.up != up {
            return Err(self.error(Phase::Opening, Cause::ChangedSince { read: 1 }));
        }
        (self.tell)(ExecEvent::Resuming(self.index, 0));
        Ok(before)
    }

    /// The last key of the next batch, and how many it has. None where no key is left.
    async fn bound(
        &mut self,
        backfill: &Backfill,
        table: &str,
        of: &str,
        progress: &Progress,
        size: u32,
    ) -> Result<Option<(String, u64)>, TaskError> {
        let key = Ident(&backfill.key);
        let after = progress.after.as_deref();
        let after = after.map(|it| format!(" WHERE {key} > {}::{of}", Literal(it)));
        let sql = include_str!("../../sql/backfill_bound.sql")
            .replace("{key}", &key.to_string())
            .replace("{table}", table)
            .replace("{after}", &after.unwrap_or_default())
            .replace("{size}", &size.to_string());
        let rows = self.query(&sql, Vec::new()).await?;
        let row = rows.into_iter().next().map(|row| row.into_iter().flatten().collect::<Vec<_>>());
        Ok(row.and_then(|row| Some((row.first()?.clone(), row.get(1)?.parse().ok()?))))
    }

    /// Runs one batch in a transaction with its entry, as a statement of its own would be: with retries, and under the guard.
    async fn batch(&mut self, sql: String, progress: &Progress) -> Result<(), TaskError> {
        let script = Script::new(self.task.script.path.clone(), sql);
        let statements = script.statements().unwrap_or_default();
        let task = Task { step: self.task.step, script: &script, statements, checks: Vec::new() };
        let mut run = Run {
            locked: &mut *self.locked,
            index: self.index,
            task: &task,
            exec: self.exec,
            tell: &mut *self.tell,
            done: 0,
            prefix: Default::default(),
            noted: std::mem::take(&mut self.noted),
            batch: serde_json::to_string(progress).ok(),
        };
        let unit = Unit { statements: 0..1, done: 1, is_block: false };
        let ran = run.unit(&unit, None, None).await;
        self.noted = run.noted;
        ran.map_err(|error| TaskError { committed: 0, ..error })
    }

    /// Waits while a replica is further behind than is allowed.
    async fn wait_for_replicas(&mut self) -> Result<(), TaskError> {
        let Some(most) = self.exec.throttle.max_lag else {
            return Ok(());
        };
        let mut is_told = false;
        loop {
            let rows = self.query(include_str!("../../sql/backfill_lag.sql"), Vec::new()).await?;
            let lag = rows.first().and_then(|row| row.first()?.as_deref()?.parse::<f64>().ok());
            let lag = Duration::try_from_secs_f64(lag.unwrap_or_default()).unwrap_or_default();
            if lag <= most {
                return Ok(());
            }
            if !is_told {
                (self.tell)(ExecEvent::Lagging(self.index, lag));
                is_told = true;
            }
            let mut stop = self.locked.session.stop().clone();
            if tokio::time::timeout(LAGGING, stop.pulled()).await.is_ok() {
                return Err(self.error(Phase::Statement(0), Cause::Interrupted));
            }
        }
    }

    async fn query(
        &mut self,
        sql: &str,
        values: Vec<Option<String>>,
    ) -> Result<Vec<crate::postgres::session::Row>, TaskError> {
        let asked = self.locked.session.query(sql, values).await;
        asked.map_err(|failure: Failure| self.error(Phase::Statement(0), failure.into()))
    }
}
