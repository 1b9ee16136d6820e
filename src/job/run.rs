//! Upgrade, downgrade and redo: plan, check, then run step by step under the lock.

mod planned;
mod report;

pub(crate) use self::planned::history;
pub(crate) use self::planned::task;
pub(crate) use self::planned::{make_plan, tasks};
pub(crate) use self::report::job_event;
use self::report::{after, report, rows_in_the_way, step_report};

use std::pin::pin;

use futures_util::future::{Either, select};

use crate::{
    job::{
        JobError, RunError, Watch, attest, data_checks, declared,
        explain::{failed, stopped_before},
        ledger::sealed,
        open::{Endpoint, Limits},
        second_key, squashed,
    },
    migration::{
        backfill::Throttle,
        journal::{EntryKind, Journal},
        order,
        plan::{self, Plan, Policy},
        source::{Direction, Migration, Migrations},
        squash::{self, Settled},
        status::{Row, State, Status, status},
    },
    postgres::{
        exec::{Cause, ExecEvent, ExecOptions, Task, TaskError, Tell},
        guard::Guard,
        journal::{self, Record},
        lock::Locked,
    },
    report::{event::Event, run::RunReport},
    words::secrets,
};

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Apply what is pending up to a target.
    Upgrade {
        /// The target, `head` by default.
        target: String,
        /// What may be passed over.
        policy: Policy,
    },
    /// Revert what is applied above a target.
    Downgrade {
        /// The target.
        target: String,
    },
    /// Revert one migration, wherever it stands.
    Only {
        /// Which.
        target: String,
        /// Whether those that depend on it are reverted, too.
        with_dependents: bool,
    },
    /// Revert the newest.
    Revert {
        /// How many; none for all.
        count: Option<usize>,
    },
    /// Revert the newest and apply them again.
    Redo {
        /// How many; none for all.
        count: Option<usize>,
    },
}

/// How to run it.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Limits and waiting.
    pub limits: Limits,
    /// Who, attempts, and what to do with doubtful statements.
    pub exec: ExecOptions,
    /// One transaction for everything.
    pub single_transaction: bool,
    /// Whether rows that migrations would fail on are looked for before the first statement.
    pub looks_at_rows: bool,
}

impl RunOptions {
    /// For a replay, whose rows may be made up: checks are asked, and need not hold.
    #[must_use]
    pub fn of_replay() -> Self {
        let mut options = Self::default();
        options.exec.demands_checks = false;
        options
    }
}

impl Default for RunOptions {
    fn default() -> Self {
        let exec = ExecOptions {
            unrecorded: false,
            actor: String::new(),
            attempts: 5,
            train: ExecOptions::TRAIN,
            unsure: None,
            throttle: Throttle::default(),
            demands_checks: true,
            guard: Guard::default(),
        };
        Self { limits: Limits::default(), exec, single_transaction: false, looks_at_rows: false }
    }
}

/// Runs an operation against a database.
///
/// # Errors
/// When something stands in the way, or a migration fails. The error carries what was done by then.
pub(crate) async fn run(
    endpoint: &Endpoint,
    migrations: &Migrations,
    operation: &Operation,
    options: &RunOptions,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    let (mut locked, journal) = endpoint.lock(&options.limits, watch).await?;
    let result =
        run_settled(&mut locked, &journal, migrations, operation, options, Some(endpoint), watch)
            .await;
    locked.release().await;
    result
}

/// Says what an operation would run, without the lock and without writing anything.
///
/// # Errors
/// When something stands in the way.
pub(crate) async fn dry_run(
    endpoint: &Endpoint,
    migrations: &Migrations,
    operation: &Operation,
    single_transaction: bool,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    let (mut session, facts, journal) = endpoint.read(watch).await?;
    let settled = squash::settle(migrations, &journal);
    demand(&settled, operation)?;
    let (migrations, journal) = (&*settled.migrations, &*settled.journal);
    let status = status(migrations, journal);
    let plan = make_plan(&status, migrations, operation)?;
    together(&plan, operation, single_transaction)?;
    let tasks = tasks(&plan)?;
    let mut report = report(&status, facts.database);
    report.dry_run = true;
    report.steps = tasks.iter().map(|task| step_report(task, 0)).collect();
    report.rows = data_checks::look(&mut session, facts.server_version / 10_000, &tasks).await?;
    report.after = after(journal, &tasks);
    report.notes.extend(settled.squashed.iter().map(squashed::to_record));
    Ok(report)
}

/// Runs an operation in a session that holds the lock.
///
/// # Errors
/// As [`run`].
pub(crate) async fn run_locked(
    locked: &mut Locked<'_>,
    journal: &Journal,
    migrations: &Migrations,
    operation: &Operation,
    options: &RunOptions,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    run_settled(locked, journal, migrations, operation, options, None, watch).await
}

/// Runs an operation after it is decided what squashed migrations are here, and records that.
async fn run_settled(
    locked: &mut Locked<'_>,
    journal: &Journal,
    migrations: &Migrations,
    operation: &Operation,
    options: &RunOptions,
    endpoint: Option<&Endpoint>,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    let settled = squash::settle(migrations, journal);
    demand(&settled, operation)?;
    let actor = &options.exec.actor;
    let mut notes = squashed::record(locked, journal, &settled, actor).await?;
    let (all, seen) = (&*settled.migrations, &*settled.journal);
    if !matches!(operation, Operation::Upgrade { .. }) {
        let status = status(all, seen);
        let plan = make_plan(&status, all, operation)?;
        // what cannot be run is refused before anything is written
        tasks(&plan)?;
        squashed::forget_reverted(locked, journal, all, &plan, actor).await?;
    }
    let mut report = run_attested(locked, seen, all, operation, options, endpoint, watch).await?;
    if matches!(settled.migrations, std::borrow::Cow::Owned(_)) {
        // the last of those that were squashed may have run by now
        let place = locked.facts().place.clone();
        let journal = journal::read(&mut locked.session, &place).await.map_err(JobError::from)?;
        let settled = squash::settle(migrations, &journal);
        notes.extend(squashed::record(locked, &journal, &settled, actor).await?);
    }
    report.notes.splice(0..0, notes);
    Ok(report)
}

/// Refuses what no plan can be made from.
fn demand(settled: &Settled<'_>, operation: &Operation) -> Result<(), plan::Blocked> {
    if matches!(operation, Operation::Upgrade { .. }) {
        if let Some(blocked) = &settled.blocked {
            return Err(blocked.clone());
        }
        order::demand(&settled.migrations)?;
    }
    Ok(())
}

/// Runs an operation. With an endpoint the ledgers are looked at over a new connection in the end.
async fn run_attested(
    locked: &mut Locked<'_>,
    journal: &Journal,
    migrations: &Migrations,
    operation: &Operation,
    options: &RunOptions,
    endpoint: Option<&Endpoint>,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    let status = status(migrations, journal);
    let plan = make_plan(&status, migrations, operation)?;
    let tasks = tasks(&plan)?;
    if options.looks_at_rows {
        let major = locked.facts().server_version / 10_000;
        let found = data_checks::look(&mut locked.session, major, &tasks).await?;
        if !found.is_empty() {
            let found = found.iter().map(rows_in_the_way).collect();
            return Err(JobError::from(plan::Blocked::Rows { found }).into());
        }
    }
    let guard = &options.exec.guard;
    let single = options.single_transaction;
    let mut second = second_key::open(locked, endpoint, guard, &tasks, single, watch).await?;
    let together = together(&plan, operation, single)? && second.is_none();
    let mut report = report(&status, locked.facts().database.clone());
    declared::demand(&mut locked.session, guard, &to_come(&status, &[])).await?;
    let accepted = accepted(&status, operation);
    if tasks.is_empty() && accepted.is_empty() {
        return Ok(report);
    }
    locked.prepare().await?;
    accept(locked, &accepted, &options.exec.actor, &mut report).await?;
    let start = match tasks.first().filter(|_| guard.is_on()) {
        Some(first) => {
            let of = (first.step.migration, options.exec.actor.as_str());
            Some(attest::begin(locked, guard, of).await?)
        }
        None => None,
    };
    let mut exec = options.exec.clone();
    if let Some(start) = &start {
        exec.guard.attested = start.found.clone();
        exec.guard.head = start.head.clone();
    }
    let exec = &exec;
    watch(Event::Planned { steps: tasks.len() });
    let server_version = locked.facts().server_version;
    let (ran, other) = {
        let ahead = attest::ahead(endpoint, locked, &tasks, exec);
        let mut tell = |event: ExecEvent<'_>| watch(job_event(&tasks, event));
        let together = (exec, together);
        let running = pin!(run_tasks(locked, second.as_mut(), &tasks, together, &mut tell));
        match select(running, pin!(ahead)).await {
            Either::Left((ran, ahead)) if ran.error.is_none() => (ran, ahead.await),
            Either::Left((ran, _)) => (ran, None),
            Either::Right((other, running)) => (running.await, other),
        }
    };
    let done = tasks.iter().zip(&ran.took);
    report.steps.extend(done.map(|(task, ms)| step_report(task, *ms)));
    report.after = after(journal, &tasks[..ran.took.len()]);
    if let Some(error) = ran.error {
        let cause = failed(&tasks, &error, together, server_version);
        record_refusal(locked, &tasks, &error, &options.exec.actor).await;
        return Err(RunError { done: Box::new(report), cause });
    }
    if let Some(next) = tasks.get(ran.took.len()) {
        let cause = Box::new(stopped_before(next));
        return Err(RunError { done: Box::new(report), cause: cause.into() });
    }
    if let (Some(start), Some(last)) = (&start, tasks.last()) {
        let actor = &options.exec.actor;
        let newest = last.step.migration;
        let through = (endpoint, other);
        let attested = attest::attest(locked, through, guard, start, newest, actor, watch).await;
        let is_there =
            declared::demand(&mut locked.session, guard, &to_come(&status, &tasks)).await;
        match attested.and_then(|attested| is_there.map(|()| attested)) {
            Ok((notes, head)) => {
                report.notes.extend(notes);
                let facts = locked.facts().clone();
                let open = sealed::notes(&mut locked.session, &facts, guard).await;
                report.notes.extend(open.unwrap_or_default());
                report.ledgers = head;
            }
            Err(cause) => {
                return Err(RunError { done: Box::new(report), cause });
            }
        }
    }
    Ok(report)
}

/// How far a run went.
struct Ran {
    /// How long each task took that was run.
    took: Vec<u64>,
    /// Why the next one was not, where it was not asked to stop.
    error: Option<TaskError>,
}

/// Runs tasks, in one transaction or one after another, until one fails or the run is asked to stop.
async fn run_tasks(
    locked: &mut Locked<'_>,
    mut second: Option<&mut Locked<'_>>,
    tasks: &[Task<'_>],
    (exec, together): (&ExecOptions, bool),
    tell: Tell<'_>,
) -> Ran {
    if together {
        return match locked.run_together(0, tasks, exec, tell).await {
            Ok(took) => Ran { took, error: None },
            Err(error) => Ran { took: Vec::new(), error: Some(error) },
        };
    }
    let mut all = Vec::new();
    while all.len() < tasks.len() {
        let (index, rest) = (all.len(), &tasks[all.len()..]);
        let keyed = rest.iter().position(|it| second_key::is_wanted(it.step));
        let riding = locked.riding(&rest[..keyed.unwrap_or(rest.len())], exec);
        let (took, error) = match second.as_mut().filter(|_| keyed == Some(0)) {
            None if riding > 0 => locked.run_train(index, &rest[..riding], exec, &mut *tell).await,
            None => alone(locked.run(index, &rest[0], exec, &mut *tell).await),
            Some(second) => {
                locked.known = None;
                let exec = second_key::quiet(exec);
                alone(second.run(index, &rest[0], &exec, &mut *tell).await)
            }
        };
        all.extend(took);
        if error.is_some() || locked.session.stop().is_pulled() {
            return Ran { took: all, error };
        }
    }
    Ran { took: all, error: None }
}

/// What one task led to, as if it were several.
fn alone(ran: Result<u64, TaskError>) -> (Vec<u64>, Option<TaskError>) {
    match ran {
        Ok(ms) => (vec![ms], None),
        Err(error) => (Vec::new(), Some(error)),
    }
}

/// The scripts that these tasks leave for later runs.
fn to_come<'s>(status: &Status<'s>, tasks: &[Task<'_>]) -> Vec<&'s str> {
    let is_left = |row: &&Row<'_>| {
        let task = tasks.iter().rev().find(|task| task.step.migration.version == *row.version);
        task.map_or(row.run_on.is_none(), |task| task.step.direction == Direction::Down)
    };
    let left = status.rows.iter().filter(is_left).filter_map(|row| row.migration);
    left.map(|migration| migration.up.text.as_str()).collect()
}

/// Records that the guard refused a task. The refusal stands, whether that can be written or not.
async fn record_refusal(
    locked: &mut Locked<'_>,
    tasks: &[Task<'_>],
    error: &TaskError,
    actor: &str,
) {
    if let Cause::Refused(findings) = &error.cause {
        let mut record = Record::of(tasks[error.task].step.migration, EntryKind::Refused, actor);
        record.note = serde_json::to_string(findings).ok().map(|note| secrets::cover(&note));
        locked.record(&[record]).await.unwrap_or_default();
    }
}

/// Whether the plan is to be one transaction.
fn together(
    plan: &Plan<'_>,
    operation: &Operation,
    single_transaction: bool,
) -> Result<bool, plan::Blocked> {
    match operation {
        Operation::Redo { .. } => Ok(plan.is_transactional()),
        _ if single_transaction => plan.demand_transactional().map(|()| true),
        _ => Ok(false),
    }
}

/// Edited migrations that the user accepts.
fn accepted<'a>(status: &Status<'a>, operation: &Operation) -> Vec<&'a Migration> {
    let Operation::Upgrade { policy, .. } = operation else {
        return Vec::new();
    };
    let is_edited = |row: &&Row<'_>| row.state == State::Edited || row.down_edited;
    let rows = status.rows.iter().filter(is_edited);
    rows.filter(|row| policy.accept_edited.contains(row.version))
        .filter_map(|row| row.migration)
        .collect()
}

async fn accept(
    locked: &mut Locked<'_>,
    accepted: &[&Migration],
    actor: &str,
    report: &mut RunReport,
) -> Result<(), JobError> {
    if accepted.is_empty() {
        return Ok(());
    }
    let records: Vec<_> =
        accepted.iter().map(|migration| Record::of(migration, EntryKind::Accept, actor)).collect();
    locked.record(&records).await?;
    let names = accepted.iter().map(|migration| &migration.name);
    report.notes.extend(names.map(|name| format!("accepted the edit of {name}")));
    Ok(())
}
