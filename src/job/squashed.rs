//! What the journal says of squashed migrations.

use crate::{
    job::JobError,
    migration::{
        journal::{EntryKind, Journal},
        plan::Plan,
        source::{Direction, Migration, Migrations},
        squash::{self, Settled},
        version::Version,
    },
    postgres::{journal::Record, lock::Locked},
};

/// Notes that a squashed migration counts as applied where all that it was made from are. What the entries say of the old ones stays
/// true: a build that still has them reads the same journal. Gives what is to be said of it.
pub(crate) async fn record(
    locked: &mut Locked<'_>,
    journal: &Journal,
    settled: &Settled<'_>,
    actor: &str,
) -> Result<Vec<String>, JobError> {
    if settled.squashed.is_empty() {
        return Ok(Vec::new());
    }
    let (mut records, mut notes) = (Vec::new(), Vec::new());
    for migration in &settled.squashed {
        let entry = journal.record(&migration.version);
        // where Diesel has run it, nothing is known of its files but what the squash knew
        let last = migration.links.replaces.iter().find(|it| it.version == migration.version);
        let known = last.and_then(|it| it.up.as_ref());
        records.push(Record {
            version: &migration.version,
            name: entry.map_or(&migration.name, |it| &it.name),
            kind: EntryKind::Accept,
            up: entry.and_then(|it| it.up.as_ref()).or(known),
            down: entry.and_then(|it| it.down.as_ref()),
            actor,
            took_ms: Some(0),
            reached: None,
            note: Some(squash::note(migration)),
        });
        notes.push(format!(
            "recorded that {} is applied: the database has run the {} migrations that it replaces",
            migration.name,
            migration.links.replaces.len()
        ));
    }
    locked.prepare().await?;
    locked.record(&records).await?;
    Ok(notes)
}

/// What is said of one that is still to be recorded.
pub(crate) fn to_record(migration: &Migration) -> String {
    format!(
        "{} counts as applied: the database has run the {} migrations that it replaces; the next run records it",
        migration.name,
        migration.links.replaces.len()
    )
}

/// Forgets what squashed migrations were made from, before a plan reverts them: afterwards none of that is applied.
pub(crate) async fn forget_reverted(
    locked: &mut Locked<'_>,
    journal: &Journal,
    all: &Migrations,
    plan: &Plan<'_>,
    actor: &str,
) -> Result<(), JobError> {
    let down = plan.steps.iter().filter(|it| it.direction == Direction::Down);
    forget(locked, journal, all, down.map(|it| it.migration), actor).await
}

/// Forgets what the applied ones of some squashed migrations were made from, for good: each is recorded with the files that it has. All
/// or nothing: half of it would read as a database that has run a part of them.
pub(crate) async fn forget<'m>(
    locked: &mut Locked<'_>,
    journal: &Journal,
    all: &Migrations,
    squashed: impl Iterator<Item = &'m Migration>,
    actor: &str,
) -> Result<(), JobError> {
    let is_applied = |it: &&Migration| journal.applied.contains_key(&it.version);
    let parts = squashed.filter(is_applied).map(|it| (it, squash::absorbed(it, all, journal)));
    let parts: Vec<(&Migration, Vec<Version>)> =
        parts.filter(|(_, parts)| !parts.is_empty()).collect();
    let mut records: Vec<Record<'_>> = Vec::new();
    for (migration, parts) in &parts {
        for version in parts {
            let entry = journal.entries.get(version);
            records.push(Record {
                version,
                name: entry.map_or(version.as_str(), |it| &it.name),
                kind: EntryKind::Unstamp,
                up: entry.and_then(|it| it.up.as_ref()),
                down: entry.and_then(|it| it.down.as_ref()),
                actor,
                took_ms: Some(0),
                reached: None,
                note: Some(squash::note(migration)),
            });
        }
        let mut record = Record::of(migration, EntryKind::Accept, actor);
        record.note = Some(squash::note(migration));
        records.push(record);
    }
    if !records.is_empty() {
        locked.prepare().await?;
        locked.record(&records).await?;
    }
    Ok(())
}
