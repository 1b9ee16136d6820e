//! What a run tells while it runs, and what it reports.

use crate::{
    migration::{
        journal::Journal,
        source::{Direction, Script},
        status::Status,
        version::Version,
    },
    postgres::exec::{ExecEvent, Task},
    report::{
        data_check::DataFinding,
        event::Event,
        run::{RunReport, StepReport},
    },
    words::{secrets, sql},
};

/// What a run finds.
pub(super) fn report(status: &Status<'_>, database: String) -> RunReport {
    let current = status.current().map(|row| row.version.clone());
    let head = status.rows.iter().rev().find(|row| row.migration.is_some());
    let notes = status
        .rows
        .iter()
        .filter(|row| row.down_edited)
        .map(|row| {
            format!(
                "down.sql of {} has changed since it was applied: a downgrade runs it as it is now. `glowplug upgrade --accept-edited {}` records it",
                row.name, row.version
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
        rows: Vec::new(),
        schema: Vec::new(),
        ledgers: None,
        notes,
    }
}

/// What a task led to.
pub(super) fn step_report(task: &Task<'_>, took_ms: u64) -> StepReport {
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
pub(super) fn after(journal: &Journal, tasks: &[Task<'_>]) -> Option<Version> {
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

pub(crate) fn job_event(tasks: &[Task<'_>], event: ExecEvent<'_>) -> Event {
    let name = |task: usize| tasks[task].step.migration.name.clone();
    let ms = |pause: std::time::Duration| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    match event {
        ExecEvent::Started(step) => {
            Event::Started { step, name: name(step), direction: tasks[step].step.direction }
        }
        ExecEvent::Statement(step, done, of) => Event::Statement { step, done, of },
        ExecEvent::Notice(task, statement, notice) => {
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
        ExecEvent::Retrying { task, attempt, of, pause } => {
            Event::Retrying { name: name(task), attempt, of, pause_ms: ms(pause) }
        }
        ExecEvent::Resuming(task, done) => {
            Event::Resuming { name: name(task), done, of: tasks[task].statements.len() }
        }
        ExecEvent::Batch { task, keys, about, per_second } => {
            Event::Batch { name: name(task), keys, about, per_second }
        }
        ExecEvent::Lagging(task, lag) => Event::Lagging { name: name(task), lag_ms: ms(lag) },
        ExecEvent::Comparing(task) => Event::Comparing { name: name(task) },
        ExecEvent::DroppedInvalidIndex(_, index) => {
            Event::DroppedInvalidIndex { index: index.to_owned() }
        }
        ExecEvent::Done(step, took_ms) => Event::Done {
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
    let line =
        text[statement.span.clone()].lines().next().unwrap_or_default().trim_end().to_owned();
    if line.chars().count() > 80 { line.chars().take(79).collect::<String>() + "…" } else { line }
}

/// Rows that a migration would fail on, in one line.
pub(super) fn rows_in_the_way(it: &DataFinding) -> String {
    let found = format!("{} ({}): {}: {}", it.name, it.place, it.what, it.counted());
    match it.examples.is_empty() {
        true => found,
        false => format!("{found}, such as {}", it.examples.join(", ")),
    }
}
