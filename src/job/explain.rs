//! Puts what is known of a run that ended early into one error: what happened, where, and what to do.

use miette::NamedSource;

use crate::{
    job::{
        JobError,
        advice::advice,
        caret,
        failure::{MigrationError, RefusedError},
    },
    migration::source::Direction,
    postgres::{
        exec::{CHECK_FAILED, Cause, Phase, Task, TaskError, is_lost_lock},
        session::Failure,
    },
    report::ledger_finding::LedgerFinding,
    words::{secrets, sql},
};

/// The user asked to stop, and this task has not begun.
pub(crate) fn stopped_before(next: &Task<'_>) -> MigrationError {
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
        advice: "Everything before it is applied and recorded. Run again to continue.".into(),
        interrupted: true,
        outcome_unknown: false,
    }
}

/// Why a task did not run, as an error.
pub(crate) fn failed(
    tasks: &[Task<'_>],
    error: &TaskError,
    together: bool,
    server_version: u32,
) -> JobError {
    match &error.cause {
        Cause::Refused(findings) => refused(tasks, error, findings, together).into(),
        _ => migration_error(tasks, error, together, server_version).into(),
    }
}

fn refused(
    tasks: &[Task<'_>],
    error: &TaskError,
    findings: &[LedgerFinding],
    together: bool,
) -> Box<RefusedError> {
    let task = &tasks[error.task];
    let migration = task.step.migration;
    let way = match task.step.direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    let of = if together && tasks.len() > 1 { "the run" } else { migration.name.as_str() };
    let rest = match error.committed {
        0 => " Everything was rolled back.".to_owned(),
        done => {
            format!(
                " Statements completed before it and kept: {done} of {}.",
                task.statements.len()
            )
        }
    };
    let mut advice: Vec<&str> = Vec::new();
    for finding in findings {
        if !advice.contains(&finding.advice) {
            advice.push(finding.advice);
        }
    }
    let statement = match error.phase {
        Phase::Statement(statement) => task.statements.get(statement),
        _ => None,
    };
    let mark = statement.map(|statement| caret::mark(task.script, statement, None));
    Box::new(RefusedError {
        what: format!("{of} was refused in {way}.sql: it would harm a ledger"),
        name: migration.name.clone(),
        version: migration.version.clone(),
        direction: task.step.direction,
        path: task.script.path.clone(),
        findings: findings.to_vec(),
        place: mark.as_ref().map(|mark| sql::line_column(&task.script.text, mark.bytes.start)),
        label: mark.as_ref().map_or("", |mark| mark.label).to_owned(),
        text: mark
            .is_some()
            .then(|| NamedSource::new(&task.script.path, secrets::cover(&task.script.text))),
        at: mark.map(|mark| mark.bytes.into()),
        advice: advice.join(" ") + &rest,
        committed: error.committed,
    })
}

/// The error of a task that failed. `together` says that all tasks are one transaction.
pub(crate) fn migration_error(
    tasks: &[Task<'_>],
    error: &TaskError,
    together: bool,
    server_version: u32,
) -> Box<MigrationError> {
    let task = &tasks[error.task];
    let migration = task.step.migration;
    let check = match error.phase {
        Phase::Check(index) => task.checks.get(index),
        _ => None,
    };
    let script = check.map_or(task.script, |it| it.script);
    let statement = match error.phase {
        Phase::Statement(index) => task.statements.get(index),
        _ => check.map(|it| &it.statement),
    };
    let mut server = match &error.cause {
        Cause::Failed(Failure::Server(server)) | Cause::NoLock(server, _) => Some(server.clone()),
        _ => None,
    };
    let whole = migration.metadata.run_in_transaction;
    let came_down =
        tasks[..error.task].iter().any(|task| task.step.migration.version == migration.version);
    let kept = if together && tasks.len() > 1 {
        " The whole run was one transaction and was rolled back.".to_owned()
    } else if whole {
        String::new()
    } else {
        format!(
            " Statements done and recorded: {} of {}; the next run continues after them.",
            error.committed,
            task.statements.len()
        )
    };
    let way = match task.step.direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    let name = &migration.name;
    let text = statement.map_or("", |statement| &script.text[statement.span.clone()]);
    if let (Some(_), Some(server)) = (check, server.as_mut()) {
        // it counts from the block that asks the query
        server.position = None;
    }
    let (what, advice) = match &error.cause {
        Cause::Failed(Failure::Server(server)) if check.is_some() && server.is(CHECK_FAILED) => {
            let file = script.path.rsplit('/').next().unwrap_or_default();
            let rows = server.detail.as_deref().map(secrets::cover).unwrap_or_default();
            (
                format!("{name}: a check of {file} found {}: {rows}", server.message),
                format!("A check returns no row if all is well, or one true. Correct the rows, or the check.{kept}"),
            )
        }
        Cause::Failed(Failure::Server(server)) => {
            let stage = match error.phase {
                Phase::Statement(_) => "",
                Phase::Check(_) => ", at a check",
                Phase::Opening => ", before its first statement",
                Phase::Settling if is_lost_lock(server) => ", because its script released the migration lock",
                Phase::Settling => ", at its deferred constraints",
                Phase::Journal => ", while it was being recorded",
                Phase::Guard | Phase::Probe => ", while the ledgers were checked",
                Phase::Commit => ", at COMMIT",
                Phase::Afterwards => ", afterwards",
            };
            let advice = match (error.phase, server.code.as_str()) {
                (Phase::Journal, "23505" | "23502") => {
                    "Another tool ran this migration at the same time, without glowplug's lock. This run rolled back; `glowplug current` shows where the database is.".to_owned()
                }
                (Phase::Settling, _) if is_lost_lock(server) => {
                    "Another run has acquired it. Everything was rolled back. Remove pg_advisory_unlock_all() from the script."
                        .to_owned()
                }
                (Phase::Journal, "42501") => {
                    "The role cannot write to the tracking tables. Connect as their owner, or GRANT it SELECT, INSERT, DELETE on __diesel_schema_migrations and SELECT, INSERT on __glowplug_journal.".to_owned()
                }
                (Phase::Journal, "42P01") => {
                    "The script removed the tracking table. Everything was rolled back.".to_owned()
                }
                (_, "42P07" | "42701" | "42710" | "42723" | "42P06") if came_down => {
                    format!("The down.sql of {name} leaves behind what its up.sql creates. Complete it.")
                }
                _ => advice(server, text, server_version),
            };
            (format!("{name} failed in {way}.sql{stage}: {server}"), format!("{advice}{kept}"))
        }
        Cause::Failed(Failure::Lost(reason)) => {
            // the whole exchange was sent, COMMIT included: the server may have gone on without us
            let advice = if whole {
                "It is not known whether the server committed it. `glowplug current` shows; running again is safe either way.".to_owned()
            } else {
                format!("Run again: glowplug then finds out what took effect.{kept}")
            };
            (format!("{name}: the connection was lost in {way}.sql: {reason}"), advice)
        }
        Cause::NoLock(server, attempts) => (
            format!("{name} failed in {way}.sql, {attempts} times: {server}"),
            format!("{}{kept}", advice(server, text, server_version)),
        ),
        Cause::Interrupted | Cause::Failed(Failure::Cancelled) => (
            format!("{name} was interrupted in {way}.sql"),
            if whole {
                "It was rolled back and is not in the journal. Run again to continue.".to_owned()
            } else {
                format!("Run again to continue.{kept}")
            },
        ),
        Cause::ChangedSince { read } => (
            format!("{name} was interrupted, and its first {read} statements have changed since"),
            format!("Restore the first {read} statements of {}; later ones may change. If the database is as it should be, record that with `glowplug stamp`.", script.path),
        ),
        Cause::NotSure => (
            format!("{name} was interrupted, and it is not known whether this statement took effect"),
            "Check the database. If it took effect, run again with --unsure skip; if not, with --unsure repeat.".to_owned(),
        ),
        // has an error of its own
        Cause::Refused(_) => (format!("{name} was refused in {way}.sql"), kept),
        Cause::IndexIsBeingBuilt(index) => (
            format!("{name}: another session is building the index {index} right now"),
            "Wait until it is done (pg_stat_progress_create_index shows it), then run again.".to_owned(),
        ),
    };
    let mark = statement.map(|statement| caret::mark(script, statement, server.as_ref()));
    let label = mark.as_ref().map_or("", |mark| mark.label).to_owned();
    let bytes = mark.map(|mark| mark.bytes);
    let mut what = what;
    if let Some(server) = server.as_mut() {
        server.internal_query = server.internal_query.as_deref().map(secrets::cover);
        if server.is("42601") {
            // the parser quotes the word at which it stopped
            server.message = secrets::take_out(&server.message, &script.text);
            what = secrets::take_out(&what, &script.text);
        }
    }
    let place = bytes.as_ref().map(|bytes| sql::line_column(&script.text, bytes.start));
    Box::new(MigrationError {
        what,
        name: name.clone(),
        direction: task.step.direction,
        path: script.path.clone(),
        place,
        label,
        text: bytes.is_some().then(|| NamedSource::new(&script.path, secrets::cover(&script.text))),
        at: bytes.map(Into::into),
        advice,
        interrupted: matches!(error.cause, Cause::Interrupted),
        outcome_unknown: matches!(error.cause, Cause::Failed(Failure::Lost(_))),
        server,
    })
}
