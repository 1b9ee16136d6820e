//! Upgrade, downgrade and redo: plan, check, then run step by step under the lock.

mod report;

use miette::NamedSource;

pub(super) use self::report::job_event;
use self::report::{after, report, rows_in_the_way, step_report};

use crate::{
    job::{
        JobError, RunError, Watch, attest, data_checks, declared,
        explain::{failed, stopped_before},
        failure::ScriptError,
        ledger::sealed,
        open::{Endpoint, Limits},
        second_key, squashed,
    },
    migration::{
        backfill::Throttle,
        journal::{EntryKind, Journal},
        order,
        plan::{self, Plan, Policy, Step},
        source::{
            Check, Direction, Migrations, Script, Unrunnable, check_queries, check_script,
            demand_batch,
        },
        squash::{self, Settled},
        status::{Row, State, Status, status},
        target::{History, Point, TargetError},
        version::Version,
    },
    postgres::{
        exec::{Asked, Cause, ExecEvent, ExecOptions, Task, TaskError},
        guard::Guard,
        journal::{self, Record},
        lock::Locked,
    },
    report::{event::Event, run::RunReport},
    words::{secrets, sql},
};

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
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
pub async fn run(
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
pub async fn dry_run(
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
pub async fn run_locked(
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
    let mut tell = |event: ExecEvent<'_>| watch(job_event(&tasks, event));
    if together {
        let took = locked.run_together(0, &tasks, exec, &mut tell).await;
        match took {
            Ok(took) => {
                let steps = tasks.iter().zip(took).map(|(task, ms)| step_report(task, ms));
                report.steps.extend(steps);
            }
            Err(error) => {
                let cause = failed(&tasks, &error, together, server_version);
                record_refusal(locked, &tasks, &error, &options.exec.actor).await;
                return Err(RunError { done: Box::new(report), cause });
            }
        }
    } else {
        let mut index = 0;
        while index < tasks.len() {
            let rest = &tasks[index..];
            let keyed = rest.iter().position(|it| second_key::is_wanted(it.step));
            let riding = locked.riding(&rest[..keyed.unwrap_or(rest.len())], exec);
            let (took, error) = match second.as_mut().filter(|_| keyed == Some(0)) {
                None if riding > 0 => {
                    locked.run_train(index, &rest[..riding], exec, &mut tell).await
                }
                None => alone(locked.run(index, &rest[0], exec, &mut tell).await),
                Some(second) => {
                    locked.known = None;
                    let exec = second_key::quiet(exec);
                    alone(second.run(index, &rest[0], &exec, &mut tell).await)
                }
            };
            let done = rest.iter().zip(&took);
            report.steps.extend(done.map(|(task, ms)| step_report(task, *ms)));
            index += took.len();
            if let Some(error) = error {
                report.after = after(journal, &tasks[..index]);
                let cause = failed(&tasks, &error, together, server_version);
                record_refusal(locked, &tasks, &error, &options.exec.actor).await;
                return Err(RunError { done: Box::new(report), cause });
            }
            if locked.session.stop().is_pulled() && index < tasks.len() {
                report.after = after(journal, &tasks[..index]);
                let cause = Box::new(stopped_before(&tasks[index]));
                return Err(RunError { done: Box::new(report), cause: cause.into() });
            }
        }
    }
    report.after = after(journal, &tasks);
    if let (Some(start), Some(last)) = (&start, tasks.last()) {
        let actor = &options.exec.actor;
        let newest = last.step.migration;
        let attested = attest::attest(locked, endpoint, guard, start, newest, actor, watch).await;
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

/// Finds the target and makes the plan.
pub(crate) fn make_plan<'a>(
    status: &Status<'a>,
    migrations: &Migrations,
    operation: &Operation,
) -> Result<Plan<'a>, JobError> {
    let history = history(status);
    match operation {
        Operation::Upgrade { target, policy } => {
            if target.trim_start().starts_with('-') {
                return Err(TargetError::WrongWay {
                    point: target.clone(),
                    newer: false,
                    than: "the current revision".into(),
                    advice: "`glowplug upgrade` goes forward; `glowplug downgrade` takes -N.",
                }
                .into());
            }
            let point = history.find(target)?;
            known(status, &policy.accept_edited)?;
            Ok(plan::upgrade(status, &point, policy)?)
        }
        Operation::Downgrade { target } => {
            if target.trim_start().starts_with('+') {
                return Err(TargetError::WrongWay {
                    point: target.clone(),
                    newer: true,
                    than: "the current revision".into(),
                    advice: "`glowplug downgrade` goes back; `glowplug upgrade` takes +N.",
                }
                .into());
            }
            let point = history.find(target)?;
            Ok(plan::downgrade(status, &point)?)
        }
        Operation::Only { target, with_dependents } => {
            let point = history.find(target)?;
            if point == Point::Base {
                let advice = "--only takes the version of one migration.".into();
                return Err(TargetError::Unknown { text: target.clone(), advice }.into());
            }
            Ok(plan::downgrade_only(status, migrations, &point, *with_dependents)?)
        }
        Operation::Revert { count } => {
            let applied = || status.rows.iter().rev().filter(|row| row.run_on.is_some());
            let stays = applied().nth(count.unwrap_or(usize::MAX));
            let point = stays.map_or(Point::Base, |row| Point::At(row.version.clone()));
            Ok(plan::downgrade(status, &point)?)
        }
        Operation::Redo { count } => Ok(plan::redo(status, count.unwrap_or(usize::MAX))?),
    }
}

/// Refuses versions that no migration has: a typing error should not pass for consent.
fn known(status: &Status<'_>, accepted: &[Version]) -> Result<(), TargetError> {
    let unknown =
        accepted.iter().find(|version| !status.rows.iter().any(|row| row.version == *version));
    match unknown {
        None => Ok(()),
        Some(version) => Err(TargetError::Unknown {
            text: version.to_string(),
            advice:
                "--accept-edited takes a whole version; `glowplug current` names what was edited."
                    .into(),
        }),
    }
}

/// The history that targets are found in.
#[must_use]
pub fn history<'a>(status: &Status<'a>) -> History<'a> {
    History {
        on_disk: status
            .rows
            .iter()
            .filter(|row| row.migration.is_some())
            .map(|row| (row.version, row.name))
            .collect(),
        applied: status
            .rows
            .iter()
            .filter(|row| row.run_on.is_some())
            .map(|row| row.version)
            .collect(),
    }
}

/// Reads the scripts of a plan. What cannot be run is found here, before anything is sent.
pub(crate) fn tasks<'a>(plan: &'a Plan<'a>) -> Result<Vec<Task<'a>>, JobError> {
    plan.steps.iter().map(task).collect()
}

pub(super) fn task<'a>(step: &'a Step<'a>) -> Result<Task<'a>, JobError> {
    let migration = step.migration;
    let script = migration.script(step.direction).unwrap_or(&migration.up);
    let statements = check_script(script, step.direction, migration.metadata)
        .map_err(|it| unrunnable(script, it))?;
    if let Some(backfill) = migration.backfill.as_ref().filter(|_| step.direction == Direction::Up)
    {
        demand_batch(backfill, script, &statements).map_err(|it| unrunnable(script, it))?;
    }
    if second_key::is_wanted(step) {
        second_key::demand_forms(script, step.direction, &statements)?;
    }
    let mut checks = Vec::new();
    if step.direction == Direction::Up {
        let both = [(&migration.checks.pre, Check::Before), (&migration.checks.post, Check::After)];
        for (file, when) in both {
            let Some(script) = file else { continue };
            let queries = check_queries(script).map_err(|it| unrunnable(script, it))?;
            checks.extend(queries.into_iter().map(|statement| Asked { script, statement, when }));
        }
    }
    Ok(Task { step, script, statements, checks })
}

/// The error of a script that cannot be run.
pub(super) fn unrunnable(script: &Script, what: Unrunnable) -> JobError {
    let (line, column) = sql::line_column(&script.text, what.span.start);
    JobError::from(Box::new(ScriptError {
        path: script.path.clone(),
        line,
        column,
        what: what.what,
        // a NUL byte ends what a terminal shows
        text: NamedSource::new(&script.path, secrets::cover(&script.text).replace('\0', " ")),
        at: what.span.into(),
        advice: what.help,
    }))
}

/// Edited migrations that the user accepts.
fn accepted<'a>(
    status: &Status<'a>,
    operation: &Operation,
) -> Vec<&'a crate::migration::source::Migration> {
    let Operation::Upgrade { policy, .. } = operation else {
        return Vec::new();
    };
    status
        .in_state(State::Edited)
        .filter(|row| policy.accept_edited.contains(row.version))
        .filter_map(|row| row.migration)
        .collect()
}

async fn accept(
    locked: &mut Locked<'_>,
    accepted: &[&crate::migration::source::Migration],
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
