//! Upgrade, downgrade and redo: plan, check, then run step by step under the lock.

use miette::NamedSource;

use crate::{
    job::{
        JobError, RunError, Watch,
        advice::advice,
        failure::{MigrationError, ScriptError},
        open::{Endpoint, Limits},
    },
    migration::{
        journal::{EntryKind, Journal},
        plan::{self, Plan, Policy, Step},
        source::{Direction, Migrations, Script, check_script},
        status::{State, Status, status},
        target::{History, Point, TargetError},
        version::Version,
    },
    postgres::{
        exec::{At, Cause, Happening, Manner, Task, TaskError, is_lost_lock, span},
        journal::Record,
        lock::Locked,
        session::Failure,
    },
    report::{
        event::Event,
        run::{RunReport, StepReport},
    },
    words::{secrets, sql},
};

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
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
    /// Revert the newest and apply them again.
    Redo {
        /// How many; none for all.
        count: Option<usize>,
    },
}

/// How to run it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Limits and waiting.
    pub limits: Limits,
    /// Who, attempts, and what to do with doubtful statements.
    pub manner: Manner,
    /// One transaction for everything.
    pub single_transaction: bool,
}

impl Default for Options {
    fn default() -> Self {
        let manner = Manner {
            actor: String::new(),
            attempts: 5,
            unsure: None,
        };
        Self {
            limits: Limits::default(),
            manner,
            single_transaction: false,
        }
    }
}

/// Runs a wish against a database.
///
/// # Errors
/// When something stands in the way, or a migration fails. The error carries what was done by then.
pub async fn run(
    endpoint: &Endpoint,
    migrations: &Migrations,
    wish: &Wish,
    options: &Options,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    let (mut locked, journal) = endpoint.lock(&options.limits, watch).await?;
    run_locked(&mut locked, &journal, migrations, wish, options, watch).await
}

/// Says what a wish would run, without the lock and without writing anything.
///
/// # Errors
/// When something stands in the way.
pub async fn dry_run(
    endpoint: &Endpoint,
    migrations: &Migrations,
    wish: &Wish,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    let (_session, facts, journal) = endpoint.read(watch).await?;
    let status = status(migrations, &journal);
    let plan = make_plan(&status, wish)?;
    let tasks = tasks(&plan)?;
    let mut report = report(&status, facts.database);
    report.dry_run = true;
    report.steps = tasks.iter().map(|task| step_report(task, 0)).collect();
    report.after = after(&journal, &tasks);
    Ok(report)
}

/// Runs a wish in a session that holds the lock.
///
/// # Errors
/// As [`run`].
pub async fn run_locked(
    locked: &mut Locked<'_>,
    journal: &Journal,
    migrations: &Migrations,
    wish: &Wish,
    options: &Options,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    let status = status(migrations, journal);
    let plan = make_plan(&status, wish)?;
    let tasks = tasks(&plan)?;
    let mut report = report(&status, locked.facts().database.clone());
    let accepted = accepted(&status, wish);
    if tasks.is_empty() && accepted.is_empty() {
        return Ok(report);
    }
    locked.prepare().await?;
    accept(locked, &accepted, &options.manner.actor, &mut report).await?;
    watch(Event::Planned { steps: tasks.len() });
    let together = match wish {
        Wish::Redo { .. } => plan.is_transactional(),
        _ => options.single_transaction,
    };
    if together && !plan.is_transactional() {
        let step = tasks
            .iter()
            .find(|task| !task.step.migration.metadata.run_in_transaction);
        let name = step.map_or("", |task| &task.step.migration.name);
        return Err(JobError::from(TargetError::Unknown {
            text: "--single-transaction".into(),
            advice: format!("`{name}` runs without a transaction. Leave the flag out, or choose a target before it."),
        })
        .into());
    }
    let server_version = locked.facts().server_version;
    let mut tell = |happening: Happening<'_>| watch(event(&tasks, happening));
    if together {
        let took = locked
            .run_together(0, &tasks, &options.manner, &mut tell)
            .await;
        match took {
            Ok(took) => {
                let steps = tasks
                    .iter()
                    .zip(took)
                    .map(|(task, ms)| step_report(task, ms));
                report.steps.extend(steps);
            }
            Err(error) => {
                let cause = migration_error(&tasks, &error, server_version).into();
                return Err(RunError {
                    done: Box::new(report),
                    cause,
                });
            }
        }
    } else {
        for (index, task) in tasks.iter().enumerate() {
            match locked.run(index, task, &options.manner, &mut tell).await {
                Ok(ms) => report.steps.push(step_report(task, ms)),
                Err(error) => {
                    report.after = after(journal, &tasks[..index]);
                    let cause = migration_error(&tasks, &error, server_version).into();
                    return Err(RunError {
                        done: Box::new(report),
                        cause,
                    });
                }
            }
            if locked.session.stop().is_pulled() && index + 1 < tasks.len() {
                report.after = after(journal, &tasks[..=index]);
                let cause = Box::new(stopped_between(&tasks[index + 1]));
                return Err(RunError {
                    done: Box::new(report),
                    cause: cause.into(),
                });
            }
        }
    }
    report.after = after(journal, &tasks);
    Ok(report)
}

/// Finds the target and makes the plan.
fn make_plan<'a>(status: &Status<'a>, wish: &Wish) -> Result<Plan<'a>, JobError> {
    let history = history(status);
    match wish {
        Wish::Upgrade { target, policy } => {
            let point = history.find(target)?;
            if target.starts_with('-') {
                return Err(TargetError::WrongWay {
                    point: target.clone(),
                    newer: false,
                    advice: "`glowplug upgrade` goes forward; `glowplug downgrade` takes -N.",
                }
                .into());
            }
            Ok(plan::upgrade(status, &point, policy)?)
        }
        Wish::Downgrade { target } => {
            let point = history.find(target)?;
            if target.starts_with('+') {
                return Err(TargetError::WrongWay {
                    point: target.clone(),
                    newer: true,
                    advice: "`glowplug downgrade` goes back; `glowplug upgrade` takes +N.",
                }
                .into());
            }
            Ok(plan::downgrade(status, &point)?)
        }
        Wish::Redo { count } => Ok(plan::redo(status, count.unwrap_or(usize::MAX))?),
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

fn task<'a>(step: &'a Step<'a>) -> Result<Task<'a>, JobError> {
    let migration = step.migration;
    let script = migration.script(step.direction).unwrap_or(&migration.up);
    let statements =
        check_script(script, step.direction, migration.metadata).map_err(|unrunnable| {
            let (line, _) = sql::line_column(&script.text, unrunnable.span.start);
            JobError::from(Box::new(ScriptError {
                path: script.path.clone(),
                line,
                what: unrunnable.what,
                text: NamedSource::new(&script.path, secrets::cover(&script.text)),
                at: unrunnable.span.into(),
                advice: unrunnable.help,
            }))
        })?;
    Ok(Task {
        step,
        script,
        statements,
    })
}

/// Edited migrations that the user accepts.
fn accepted<'a>(status: &Status<'a>, wish: &Wish) -> Vec<&'a crate::migration::source::Migration> {
    let Wish::Upgrade { policy, .. } = wish else {
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
    let records: Vec<_> = accepted
        .iter()
        .map(|migration| Record {
            version: &migration.version,
            name: &migration.name,
            kind: EntryKind::Accept,
            up: Some(&migration.up.digest),
            down: migration.down.as_ref().map(|down| &down.digest),
            actor,
            took_ms: None,
            reached: None,
            note: None,
        })
        .collect();
    locked.record(&records).await?;
    let names = accepted.iter().map(|migration| &migration.name);
    report
        .notes
        .extend(names.map(|name| format!("accepted the edit of {name}")));
    Ok(())
}

fn report(status: &Status<'_>, database: String) -> RunReport {
    let current = status.current().map(|row| row.version.clone());
    let head = status.rows.iter().rev().find(|row| row.migration.is_some());
    let notes = status
        .rows
        .iter()
        .filter(|row| row.down_edited)
        .map(|row| {
            format!(
                "down.sql of {} is another one than when it was applied",
                row.name
            )
        })
        .collect();
    RunReport {
        database,
        before: current.clone(),
        after: current,
        head: head.map(|row| row.version.clone()),
        steps: Vec::new(),
        dry_run: false,
        notes,
    }
}

fn step_report(task: &Task<'_>, took_ms: u64) -> StepReport {
    StepReport {
        version: task.step.migration.version.clone(),
        name: task.step.migration.name.clone(),
        direction: task.step.direction,
        took_ms,
        statements: task.statements.len(),
        resumed: task.step.resume.is_some(),
    }
}

/// The newest version after these tasks.
fn after(journal: &Journal, tasks: &[Task<'_>]) -> Option<Version> {
    let mut applied: std::collections::BTreeSet<&Version> = journal.applied.keys().collect();
    for task in tasks {
        let version = &task.step.migration.version;
        match task.step.direction {
            Direction::Up => applied.insert(version),
            Direction::Down => applied.remove(version),
        };
    }
    applied.last().map(|version| (*version).clone())
}

fn event(tasks: &[Task<'_>], happening: Happening<'_>) -> Event {
    let name = |task: usize| tasks[task].step.migration.name.clone();
    let ms = |pause: std::time::Duration| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    match happening {
        Happening::Started(step) => Event::Started {
            step,
            name: name(step),
            direction: tasks[step].step.direction,
        },
        Happening::Statement(step, done, of) => Event::Statement { step, done, of },
        Happening::Notice(task, statement, notice) => {
            let script = tasks[task].script;
            let text = statement.map(|statement| &tasks[task].statements[statement]);
            let line = |span: &sql::Statement| sql::line_column(&script.text, span.span.start).0;
            Event::Notice {
                severity: notice.severity.clone(),
                message: notice.message.clone(),
                detail: notice.detail.clone(),
                hint: notice.hint.clone(),
                place: text.map(|statement| format!("{}:{}", script.path, line(statement))),
                statement: text.map(|statement| first_line(script, statement)),
            }
        }
        Happening::Retrying {
            task,
            attempt,
            pause,
        } => Event::Retrying {
            name: name(task),
            attempt,
            pause_ms: ms(pause),
        },
        Happening::Resuming(task, done) => Event::Resuming {
            name: name(task),
            done,
            of: tasks[task].statements.len(),
        },
        Happening::DroppedInvalidIndex(_, index) => Event::DroppedInvalidIndex {
            index: index.to_owned(),
        },
        Happening::Done(step, took_ms) => Event::Done {
            step,
            version: tasks[step].step.migration.version.clone(),
            name: name(step),
            direction: tasks[step].step.direction,
            took_ms,
            empty: tasks[step].statements.is_empty(),
        },
    }
}

fn first_line(script: &Script, statement: &sql::Statement) -> String {
    let text = secrets::cover(&script.text);
    let line = text[statement.span.clone()]
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_owned();
    if line.chars().count() > 80 {
        line.chars().take(79).collect::<String>() + "…"
    } else {
        line
    }
}

fn stopped_between(next: &Task<'_>) -> MigrationError {
    MigrationError {
        what: format!("interrupted before `{}`", next.step.migration.name),
        name: next.step.migration.name.clone(),
        direction: next.step.direction,
        path: next.script.path.clone(),
        place: None,
        server: None,
        text: None,
        at: None,
        label: String::new(),
        advice: "What was done before is applied and recorded. Run again to go on.".into(),
        interrupted: true,
        outcome_unknown: false,
    }
}

/// Puts what is known of a failed task into one error.
fn migration_error(
    tasks: &[Task<'_>],
    error: &TaskError,
    server_version: u32,
) -> Box<MigrationError> {
    let task = &tasks[error.task];
    let migration = task.step.migration;
    let script = task.script;
    let statement = match error.at {
        At::Statement(index) => task.statements.get(index),
        _ => None,
    };
    let server = match &error.cause {
        Cause::Failed(Failure::Server(server)) | Cause::NoLock(server, _) => Some(server.clone()),
        _ => None,
    };
    let whole = migration.metadata.run_in_transaction;
    let kept = if whole {
        String::new()
    } else {
        format!(
            " Of {} statements {} are done and recorded; the next run goes on after them.",
            task.statements.len(),
            error.committed
        )
    };
    let way = match task.step.direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    let name = &migration.name;
    let text = statement.map_or("", |statement| &script.text[statement.span.clone()]);
    let (what, advice) = match &error.cause {
        Cause::Failed(Failure::Server(server)) => {
            let stage = match error.at {
                At::Statement(_) => "",
                At::Opening => "before its first statement: ",
                At::Settling if is_lost_lock(server) => "its script gave the migration lock back: ",
                At::Settling => "at its deferred constraints: ",
                At::Journal => "when it was recorded: ",
                At::Commit => "at COMMIT: ",
                At::Afterwards => "afterwards: ",
            };
            let advice = match (error.at, server.code.as_str()) {
                (At::Journal, "23505" | "23502") => {
                    "Another tool ran this migration at the same time, without glowplug's lock. This run rolled back; `glowplug current` tells where the database is.".to_owned()
                }
                (At::Settling, _) if is_lost_lock(server) => {
                    "Another run has taken it. Everything was rolled back. Leave pg_advisory_unlock_all() out of the script."
                        .to_owned()
                }
                (At::Journal, "42P01") => {
                    "The script took the tracking table away. Everything was rolled back.".to_owned()
                }
                _ => advice(server, text, server_version),
            };
            (format!("{name} failed on its way {way}: {stage}{server}"), format!("{advice}{kept}"))
        }
        Cause::Failed(Failure::Lost(reason)) => {
            let advice = match (error.at, whole) {
                (At::Commit, true) => {
                    "Whether the COMMIT arrived is not known. `glowplug current` tells; running again is safe either way.".to_owned()
                }
                (_, true) => "The server rolls the migration back. Run again.".to_owned(),
                (_, false) => format!("Run again: what took effect is found out then.{kept}"),
            };
            (format!("{name}: the connection was lost on its way {way}: {reason}"), advice)
        }
        Cause::NoLock(server, attempts) => (
            format!("{name} failed on its way {way}, {attempts} times: {server}"),
            format!("{}{kept}", advice(server, text, server_version)),
        ),
        Cause::Interrupted => (
            format!("{name} was interrupted on its way {way}"),
            if whole {
                "It was rolled back, and the journal does not know it. Run again to go on.".to_owned()
            } else {
                format!("Run again to go on.{kept}")
            },
        ),
        Cause::ChangedSince { done } => (
            format!("{name} was interrupted, and the {done} statements that were done read otherwise now"),
            format!("Restore the first {done} statements of {}: what comes after them may be changed. If the database is as it should be, `glowplug stamp` records that.", script.path),
        ),
        Cause::NotSure => (
            format!("{name} was interrupted, and nobody knows whether this statement took effect"),
            "Look at the database. If it took effect, run again with --unsure skip; if not, with --unsure repeat.".to_owned(),
        ),
        Cause::IndexIsBeingBuilt(index) => (
            format!("{name}: another session is building the index {index} right now"),
            "Wait until it is done (pg_stat_progress_create_index shows it), then run again.".to_owned(),
        ),
    };
    let found = statement.map(|statement| span(script, statement, server.as_ref()));
    let (bytes, exact) = found.map_or((None, false), |(bytes, exact)| (Some(bytes), exact));
    let place = bytes
        .as_ref()
        .map(|bytes| sql::line_column(&script.text, bytes.start));
    Box::new(MigrationError {
        what,
        name: name.clone(),
        direction: task.step.direction,
        path: script.path.clone(),
        place,
        label: if exact {
            "here".into()
        } else {
            "this statement".into()
        },
        text: bytes
            .is_some()
            .then(|| NamedSource::new(&script.path, secrets::cover(&script.text))),
        at: bytes.map(Into::into),
        advice,
        interrupted: matches!(error.cause, Cause::Interrupted),
        outcome_unknown: error.at == At::Commit
            && matches!(error.cause, Cause::Failed(Failure::Lost(_))),
        server,
    })
}

/// The point that a report's version stands for.
#[must_use]
pub fn point(version: Option<&Version>) -> Point {
    version.map_or(Point::Base, |version| Point::At(version.clone()))
}
