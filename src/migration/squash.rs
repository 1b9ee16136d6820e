//! Squashed migrations against a journal.
//!
//! A squashed migration has the version of the last one that it was made from. So Diesel's table says of a database that has run all of
//! those that it is applied, and of an empty one that it is not. What lies between is decided here: where some of the old ones are applied
//! and some are not, those that were kept stand in its place, and run first.
//!
//! The rows of the old ones stay in Diesel's table: while a new build is rolled out, instances of the one before may still start, and
//! would run them again. They go when the squashed migration is reverted, or with `stamp --purge`.

use std::borrow::Cow;

use crate::migration::{
    journal::{Entry, EntryKind, Journal},
    links::Replaced,
    plan::Blocked,
    source::{Migration, Migrations},
    version::Version,
};
use crate::words::digest::Digest;

/// Migrations and journal as they are compared: squashed migrations are applied, not applied, or replaced by what they were made from.
#[derive(Debug, Clone)]
pub(crate) struct Settled<'a> {
    /// The migrations.
    pub migrations: Cow<'a, Migrations>,
    /// The journal.
    pub journal: Cow<'a, Journal>,
    /// Squashed migrations that the database has run as the old ones, where the journal does not say so yet.
    pub squashed: Vec<Migration>,
    /// Why an upgrade cannot go on.
    pub blocked: Option<Blocked>,
}

/// How much of a migration a database has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    None,
    Some,
    /// All of it, as it is on disk.
    Itself,
    /// All that it was made from.
    Parts,
}

/// Decides of each squashed migration what it is in this database.
#[must_use]
pub(crate) fn settle<'a>(migrations: &'a Migrations, journal: &'a Journal) -> Settled<'a> {
    let mut settled = Settled {
        migrations: Cow::Borrowed(migrations),
        journal: Cow::Borrowed(journal),
        squashed: Vec::new(),
        blocked: None,
    };
    if migrations.iter().all(|it| it.links.replaces.is_empty()) {
        return settled;
    }
    // what stands in the place of one may be squashed, too
    while settled.step() {}
    settled
}

impl Settled<'_> {
    /// Decides once for all migrations. Says whether some were replaced, and are to be looked at again.
    fn step(&mut self) -> bool {
        let (mut list, mut is_expanded) = (Vec::new(), false);
        let (mut whole, mut done) = (Vec::new(), Vec::new());
        for migration in self.migrations.iter() {
            match ran(migration, &self.migrations, &self.journal) {
                Ran::None => list.push(migration.clone()),
                Ran::Itself => {
                    done.push(migration.clone());
                    list.push(migration.clone());
                }
                Ran::Parts => {
                    whole.push(migration.clone());
                    list.push(migration.clone());
                }
                Ran::Some => match expand(migration, &self.migrations) {
                    Ok(parts) => {
                        is_expanded = true;
                        list.extend(parts.into_iter().cloned());
                    }
                    Err(missing) => {
                        self.blocked = Some(Blocked::PartlySquashed {
                            name: migration.name.clone(),
                            version: migration.version.clone(),
                            missing,
                        });
                        list.push(migration.clone());
                    }
                },
            }
        }
        for migration in done.iter().filter(|it| !it.links.replaces.is_empty()) {
            forget_parts(self.journal.to_mut(), migration, &self.migrations);
        }
        for migration in whole {
            let record = self.journal.record(&migration.version);
            let is_recorded = record.is_some_and(|it| is_noted(it, &migration.up.digest));
            absorb(self.journal.to_mut(), &migration, &self.migrations);
            if !is_recorded {
                self.squashed.push(migration);
            }
        }
        let kept = self.migrations.squashed().to_vec();
        // the versions of parts lie between those around the squashed one
        if is_expanded && let Ok(expanded) = Migrations::new(list) {
            self.migrations = Cow::Owned(expanded.with_squashed(kept));
            return true;
        }
        false
    }
}

/// The versions that a squashed migration was made from and that are applied, except its own.
#[must_use]
pub(crate) fn absorbed(migration: &Migration, all: &Migrations, journal: &Journal) -> Vec<Version> {
    let mut found = Vec::new();
    for part in &migration.links.replaces {
        if let Some(kept) = kept(part, all) {
            found.extend(absorbed(kept, all, journal));
        }
        found.push(part.version.clone());
    }
    found.retain(|it| *it != migration.version && journal.applied.contains_key(it));
    found.dedup();
    found
}

/// What is noted with the last of those that a squashed migration was made from, once all of them are known to have run.
#[must_use]
pub(crate) fn note(migration: &Migration) -> String {
    let parts = migration.links.replaces.iter().map(|it| it.version.as_str());
    let parts: Vec<&str> = parts.collect();
    format!("{NOTED}{}, made from {}, all of them applied", migration.up.digest, parts.join(", "))
}

const NOTED: &str = "squashed into ";

/// Whether an entry says that the migration with this up.sql stands for what has run.
fn is_noted(entry: &Entry, up: &Digest) -> bool {
    let note = entry.note.as_deref().and_then(|it| it.strip_prefix(NOTED));
    note.is_some_and(|it| it.starts_with(up.as_str()))
}

fn forget_parts(journal: &mut Journal, migration: &Migration, all: &Migrations) {
    for version in &absorbed(migration, all, journal) {
        journal.applied.remove(version);
    }
}

/// Makes a journal say that a squashed migration is applied, in the place of its parts.
fn absorb(journal: &mut Journal, migration: &Migration, all: &Migrations) {
    forget_parts(journal, migration, all);
    let before = journal.record(&migration.version).cloned();
    let run_on = journal.applied.get(&migration.version).cloned();
    let text = |of: fn(&Entry) -> &String| before.as_ref().map(of).cloned().unwrap_or_default();
    let entry = Entry {
        name: migration.name.clone(),
        kind: EntryKind::Accept,
        run_on,
        up: Some(migration.up.digest.clone()),
        down: migration.down.as_ref().map(|it| it.digest.clone()),
        at: text(|it| &it.at),
        role: text(|it| &it.role),
        actor: text(|it| &it.actor),
        took_ms: None,
        tool: text(|it| &it.tool),
        statement: None,
        statements: None,
        note: None,
    };
    journal.entries.insert(migration.version.clone(), entry);
}

/// How much of a migration a database has run.
fn ran(migration: &Migration, all: &Migrations, journal: &Journal) -> Ran {
    let is_applied = journal.applied.contains_key(&migration.version);
    let record = journal.record(&migration.version);
    let replaces = &migration.links.replaces;
    if replaces.is_empty() {
        return match is_applied {
            true => Ran::Itself,
            false => Ran::None,
        };
    }
    let is_itself = |entry: &Entry| entry.up.as_ref() == Some(&migration.up.digest);
    if record.is_some_and(is_itself) && !is_interrupted(&migration.version, journal) {
        return Ran::Itself;
    }
    let parts: Vec<Ran> = replaces.iter().map(|it| ran_part(it, all, journal)).collect();
    let others = replaces.iter().zip(&parts).filter(|(it, _)| it.version != migration.version);
    let no_other = others.clone().all(|(_, ran)| *ran == Ran::None);
    if is_applied && record.is_none() && no_other && others.count() > 0 {
        // Diesel has run it in an empty database
        return Ran::Itself;
    }
    if parts.iter().all(|it| *it == Ran::None) && !is_applied {
        return Ran::None;
    }
    match parts.iter().all(|it| matches!(it, Ran::Itself | Ran::Parts)) {
        true => Ran::Parts,
        false => Ran::Some,
    }
}

/// How much of one of those that were squashed a database has run.
fn ran_part(part: &Replaced, all: &Migrations, journal: &Journal) -> Ran {
    if is_interrupted(&part.version, journal) {
        return Ran::Some;
    }
    if let Some(kept) = kept(part, all)
        && !kept.links.replaces.is_empty()
    {
        return ran(kept, all, journal);
    }
    let record = journal.record(&part.version);
    let both = record.and_then(|it| Some((it, it.up.as_ref()?, part.up.as_ref()?)));
    let is_another =
        both.is_some_and(|(entry, ran, squashed)| ran != squashed && !is_noted(entry, squashed));
    match (journal.applied.contains_key(&part.version), is_another) {
        (false, _) => Ran::None,
        // what was squashed is not what has run here
        (true, true) => Ran::Some,
        (true, false) => Ran::Itself,
    }
}

/// Whether a run of a migration began and did not end.
fn is_interrupted(version: &Version, journal: &Journal) -> bool {
    let kinds = [
        EntryKind::UpStarted,
        EntryKind::UpProgress,
        EntryKind::DownStarted,
        EntryKind::DownProgress,
    ];
    journal.entries.get(version).is_some_and(|entry| {
        kinds.contains(&entry.kind) && entry.run_on.as_ref() == journal.applied.get(version)
    })
}

/// The directory of a squashed migration, if it was kept.
fn kept<'m>(part: &Replaced, all: &'m Migrations) -> Option<&'m Migration> {
    let is_it = |it: &&Migration| {
        it.version == part.version && part.up.as_ref().is_none_or(|up| *up == it.up.digest)
    };
    all.squashed().iter().find(is_it)
}

/// What stands in the place of a squashed migration; or which of its parts were not kept.
fn expand<'m>(
    migration: &'m Migration,
    all: &'m Migrations,
) -> Result<Vec<&'m Migration>, Vec<Version>> {
    let replaces = &migration.links.replaces;
    let parts: Vec<Option<&Migration>> = replaces.iter().map(|it| kept(it, all)).collect();
    let missing = replaces.iter().zip(&parts).filter(|(_, kept)| kept.is_none());
    let missing: Vec<Version> = missing.map(|(it, _)| it.version.clone()).collect();
    match missing.is_empty() {
        true => Ok(parts.into_iter().flatten().collect()),
        false => Err(missing),
    }
}
