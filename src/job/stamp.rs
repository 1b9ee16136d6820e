//! Writes the journal without running SQL.

use crate::{
    job::{
        JobError, Watch,
        open::{Endpoint, Limits},
        run::history,
    },
    migration::{
        journal::EntryKind,
        source::Migrations,
        status::{Row, status},
        target::Point,
        version::Version,
    },
    postgres::journal::Record,
    report::run::StampReport,
};

/// Makes the journal say that exactly the migrations up to `target` are applied.
///
/// An interrupted migration is forgotten by it. With `purge`, what the database has run and is not on disk
/// is forgotten, too.
///
/// # Errors
/// When the target does not exist, or the server refuses.
pub async fn stamp(
    endpoint: &Endpoint,
    migrations: &Migrations,
    target: &str,
    purge: bool,
    limits: &Limits,
    actor: &str,
    watch: Watch<'_>,
) -> Result<StampReport, JobError> {
    let (mut locked, journal) = endpoint.lock(limits, watch).await?;
    let status = status(migrations, &journal);
    // with --purge, `current` is the newest that will be left
    let mut history = history(&status);
    if purge {
        history
            .applied
            .retain(|version| migrations.get(version).is_some());
    }
    let point = history.find(target)?;
    let wanted = |version: &Version| match &point {
        Point::Base => false,
        Point::At(target) => version <= target,
    };
    let mut records = Vec::new();
    let record = |row, kind| record(row, kind, actor);
    // a pair of entries ends an interruption without changing what is applied
    for row in &status.rows {
        let keep = wanted(row.version) && (row.migration.is_some() || !purge);
        match (
            row.run_on.is_some(),
            keep && (row.migration.is_some() || row.run_on.is_some()),
        ) {
            (true, true) if row.interruption.is_some() => {
                records.push(record(row, EntryKind::Unstamp));
                records.push(record(row, EntryKind::Stamp));
            }
            (false, true) => records.push(record(row, EntryKind::Stamp)),
            (true, false) => records.push(record(row, EntryKind::Unstamp)),
            (false, false) if row.interruption.is_some() => {
                records.push(record(row, EntryKind::Stamp));
                records.push(record(row, EntryKind::Unstamp));
            }
            _ => {}
        }
    }
    let of_kind = |kind| {
        let of_kind = records.iter().filter(|record| record.kind == kind);
        of_kind.map(|record| record.version.clone()).collect()
    };
    let report = StampReport {
        database: locked.facts().database.clone(),
        after: match &point {
            Point::Base => None,
            Point::At(version) => Some(version.clone()),
        },
        stamped: of_kind(EntryKind::Stamp),
        unstamped: of_kind(EntryKind::Unstamp),
    };
    if !records.is_empty() {
        locked.prepare().await?;
        locked.record(&records).await?;
    }
    locked.let_go().await;
    Ok(report)
}

fn record<'a>(row: &Row<'a>, kind: EntryKind, actor: &'a str) -> Record<'a> {
    Record {
        version: row.version,
        name: row.name,
        kind,
        up: row.migration.map(|migration| &migration.up.digest),
        down: row
            .migration
            .and_then(|it| it.down.as_ref())
            .map(|down| &down.digest),
        actor,
        took_ms: Some(0),
        reached: None,
        note: None,
    }
}
