//! How migrations stand to each other: which one needs which, and which one stands in the place of which.

use crate::{
    migration::{
        plan::Blocked,
        source::{Migration, Migrations},
        version::Version,
    },
    words::digest::Digest,
};

/// What `metadata.toml` says of other migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Those that it needs: `depends_on`.
    pub depends_on: Vec<Version>,
    /// Those that it was squashed from, oldest first: `replaces`. The last one has its own version.
    pub replaces: Vec<Replaced>,
}

/// How each line of up.sql of a squashed migration begins that names one that it was made from: its version and the digest of its up.sql
/// follow.
pub const SQUASHED_FROM: &str = "-- squashed from ";

/// A migration that went into a squashed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Its key.
    pub version: Version,
    /// The digest of its up.sql, where metadata.toml holds one.
    pub up: Option<Digest>,
}

impl Migration {
    /// Whether it is this version, or was squashed from it.
    #[must_use]
    pub fn stands_for(&self, version: &Version) -> bool {
        self.version == *version || self.links.replaces.iter().any(|it| it.version == *version)
    }
}

/// Demands that every `depends_on` names an older migration that is there.
///
/// An older one, because Diesel runs a directory in the order of its versions, too: what is needed has to come first there as well.
///
/// # Errors
/// When a dependency is missing, newer, or part of a circle.
pub fn demand(migrations: &Migrations) -> Result<(), Blocked> {
    for migration in migrations {
        for needed in &migration.links.depends_on {
            let Some(found) = provider(migrations, needed) else {
                return Err(Blocked::DependencyMissing {
                    name: migration.name.clone(),
                    needed: needed.clone(),
                });
            };
            if found.version < migration.version {
                continue;
            }
            return Err(match circle(migrations, migration) {
                Some(names) => Blocked::DependencyCircle { names },
                None => Blocked::DependencyNewer {
                    name: migration.name.clone(),
                    version: migration.version.clone(),
                    needed: found.name.clone(),
                },
            });
        }
    }
    Ok(())
}

/// The migration that a dependency is met by: that of the version, or what it was squashed into.
#[must_use]
pub fn provider<'m>(migrations: &'m Migrations, needed: &Version) -> Option<&'m Migration> {
    let squashed = || migrations.iter().find(|it| it.stands_for(needed));
    migrations.get(needed).or_else(squashed)
}

/// Those that need `version`, directly or through others, in order.
#[must_use]
pub fn dependents<'m>(migrations: &'m Migrations, version: &Version) -> Vec<&'m Migration> {
    let mut found: Vec<&Migration> = migrations.get(version).into_iter().collect();
    // what needs another is newer
    for migration in migrations {
        let needs = |it: &Version| found.iter().any(|found| found.stands_for(it));
        if migration.version > *version && migration.links.depends_on.iter().any(needs) {
            found.push(migration);
        }
    }
    found.retain(|it| it.version != *version);
    found
}

/// The circle that a migration is part of, by the directories' names.
fn circle(migrations: &Migrations, start: &Migration) -> Option<Vec<String>> {
    let mut open = vec![vec![start]];
    let mut seen = Vec::new();
    while let Some(path) = open.pop() {
        let last = path[path.len() - 1];
        for next in last.links.depends_on.iter().filter_map(|it| provider(migrations, it)) {
            if next.version == start.version {
                return Some(path.iter().map(|it| it.name.clone()).collect());
            }
            if !seen.contains(&&next.version) {
                seen.push(&next.version);
                open.push(path.iter().copied().chain([next]).collect());
            }
        }
    }
    None
}
