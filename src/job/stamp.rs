//! Writes the journal without running SQL.

use crate::{
    job::{
        JobError, Watch,
        open::{Endpoint, Limits},
        run::history,
        squashed,
    },
    migration::{
        journal::EntryKind,
        source::{Direction, Migrations},
        squash,
        status::{Interruption, Row, Status, status},
        target::Point,
        version::Version,
    },
    postgres::journal::Record,
    report::run::StampReport,
};

/// Makes the journal say that exactly the migrations up to `target` are applied.
///
/// How far an interrupted migration came is kept, unless it is the target itself, or becomes applied or not applied by this: the report
/// says which. With `purge`, what the database has run and is not on disk is forgotten, too.
///
/// # Errors
/// When the target does not exist, or the server refuses.
pub(crate) async fn stamp(
    endpoint: &Endpoint,
    migrations: &Migrations,
    target: &str,
    purge: bool,
    limits: &Limits,
    actor: &str,
    watch: Watch<'_>,
) -> Result<StampReport, JobError> {
    let (mut locked, journal) = endpoint.lock(limits, watch).await?;
    let settled = squash::settle(migrations, &journal);
    let notes = squashed::record(&mut locked, &journal, &settled, actor).await?;
    if purge {
        let all = &settled.migrations;
        squashed::forget(&mut locked, &journal, all, all.iter(), actor).await?;
    }
    let (migrations, journal) = (&*settled.migrations, &*settled.journal);
    let status = status(migrations, journal);
    // with --purge, `current` is the newest that will be left
    let mut history = history(&status);
    if purge {
        history.applied.retain(|version| migrations.get(version).is_some());
    }
    let point = history.find(target)?;
    let mut report = StampReport {
        database: locked.facts().database.clone(),
        after: match &point {
            Point::Base => None,
            Point::At(version) => Some(version.clone()),
        },
        notes,
        ..StampReport::default()
    };
    // the user speaks of this one, and of no symbol that happens to be it
    let is_meant = !target.trim().eq_ignore_ascii_case("current");
    let records = entries(&status, (&point, is_meant), purge, actor, &mut report);
    if !records.is_empty() {
        locked.prepare().await?;
        locked.record(&records).await?;
    }
    locked.release().await;
    Ok(report)
}

/// The entries that make the journal end at a point, told in the report. `is_meant` says that the user named its version.
fn entries<'s>(
    status: &'s Status<'s>,
    (point, is_meant): (&Point, bool),
    purge: bool,
    actor: &'s str,
    report: &mut StampReport,
) -> Vec<Record<'s>> {
    let wanted = |version: &Version| match point {
        Point::Base => false,
        Point::At(target) => version <= target,
    };
    let meant = match point {
        Point::At(version) if is_meant => Some(version),
        _ => None,
    };
    let mut records = Vec::new();
    let record = |row, kind| record(row, kind, actor);
    for row in &status.rows {
        let keep = wanted(row.version) && (row.migration.is_some() || !purge);
        let is_forgotten = purge && row.migration.is_none();
        let is_wanted = keep && (row.migration.is_some() || row.run_on.is_some());
        match (row.run_on.is_some(), is_wanted, &row.interruption) {
            (false, true, interruption) => {
                if let Some(interruption) = interruption {
                    report.notes.push(resolved(row, interruption, "applied"));
                }
                records.push(record(row, EntryKind::Stamp));
                report.stamped.push(row.version.clone());
            }
            (true, false, interruption) => {
                if let Some(interruption) = interruption {
                    report.notes.push(resolved(row, interruption, "not applied"));
                }
                records.push(record(row, EntryKind::Unstamp));
                report.unstamped.push(row.version.clone());
            }
            // a pair of entries ends an interruption without changing what is applied
            (true, true, Some(interruption)) if meant == Some(row.version) => {
                report.notes.push(resolved(row, interruption, "applied"));
                records.push(record(row, EntryKind::Unstamp));
                records.push(record(row, EntryKind::Stamp));
                report.stamped.push(row.version.clone());
            }
            (false, false, Some(interruption)) if is_forgotten => {
                report.notes.push(resolved(row, interruption, "not applied"));
                records.push(record(row, EntryKind::Stamp));
                records.push(record(row, EntryKind::Unstamp));
                report.unstamped.push(row.version.clone());
            }
            (_, _, Some(interruption)) => report.notes.push(kept(row, interruption)),
            (_, _, None) => {}
        }
    }
    records
}

/// What becomes of an interruption that a stamp ends.
fn resolved(row: &Row<'_>, interruption: &Interruption, as_what: &str) -> String {
    let (name, way) = (row.name, way(interruption));
    format!("{name} was interrupted in {way}.sql; all of it now counts as {as_what}")
}

/// What is said of an interruption that stays.
fn kept(row: &Row<'_>, interruption: &Interruption) -> String {
    let (name, way, done) = (row.name, way(interruption), interruption.done);
    let version = row.version;
    format!(
        "{name} stays interrupted in {way}.sql, with {done} of its statements done: the next run continues there. `glowplug stamp {version}` marks it as applied"
    )
}

fn way(interruption: &Interruption) -> &'static str {
    match interruption.direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

fn record<'a>(row: &Row<'a>, kind: EntryKind, actor: &'a str) -> Record<'a> {
    Record {
        version: row.version,
        name: row.name,
        kind,
        up: row.migration.map(|migration| &migration.up.digest),
        down: row.migration.and_then(|it| it.down.as_ref()).map(|down| &down.digest),
        actor,
        took_ms: Some(0),
        reached: None,
        note: None,
    }
}
