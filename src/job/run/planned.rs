//! The plan of a run, and its scripts, read before anything is sent.

use miette::NamedSource;

use super::Operation;
use crate::{
    job::{JobError, failure::ScriptError, second_key},
    migration::{
        plan::{self, Plan, Step},
        source::{
            Check, Direction, Migrations, Script, Unrunnable, check_queries, check_script,
            demand_batch,
        },
        status::Status,
        target::{History, Point, TargetError},
        version::Version,
    },
    postgres::exec::{Asked, Task},
    words::{secrets, sql},
};

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
pub(crate) fn history<'a>(status: &Status<'a>) -> History<'a> {
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

pub(crate) fn task<'a>(step: &'a Step<'a>) -> Result<Task<'a>, JobError> {
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
fn unrunnable(script: &Script, what: Unrunnable) -> JobError {
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
