//! Which migration needs which: `depends_on` in metadata.toml.

use crate::migration::{
    source::{Migration, Migrations},
    version::Version,
};

/// Why migrations cannot run in the order of their versions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum OrderError {
    /// A migration needs one that is not there.
    #[error("`{name}` depends on {needed}, which is not on disk")]
    #[diagnostic(
        code(migrations::dependency_missing),
        help(
            "Merge the branch that has {needed}, or correct `depends_on` in metadata.toml of `{name}`."
        )
    )]
    Missing {
        /// The directory.
        name: String,
        /// What it names.
        needed: Version,
    },
    /// A migration needs a newer one.
    #[error("`{name}` depends on `{needed}`, which is newer")]
    #[diagnostic(
        code(migrations::dependency_newer),
        help(
            "Migrations run in the order of their versions. `glowplug rebase {version}` gives it a version after all others."
        )
    )]
    Newer {
        /// The directory.
        name: String,
        /// Its version.
        version: Version,
        /// The directory that it needs.
        needed: String,
    },
    /// Migrations need each other.
    #[error("migrations depend on each other: {}", names.join(", "))]
    #[diagnostic(
        code(migrations::dependency_circle),
        help("Remove one of them from `depends_on` in metadata.toml.")
    )]
    Circle {
        /// The directories, each of which needs the next, and the last the first.
        names: Vec<String>,
    },
}

/// Demands that every `depends_on` names an older migration that is there.
///
/// An older one, because Diesel runs a directory in the order of its versions, too: what is needed has to come first there as well.
///
/// # Errors
/// When a dependency is missing, newer, or part of a circle.
pub(crate) fn demand(migrations: &Migrations) -> Result<(), OrderError> {
    for migration in migrations {
        for needed in &migration.links.depends_on {
            let Some(found) = provider(migrations, needed) else {
                return Err(OrderError::Missing {
                    name: migration.name.clone(),
                    needed: needed.clone(),
                });
            };
            if found.version < migration.version {
                continue;
            }
            return Err(match circle(migrations, migration) {
                Some(names) => OrderError::Circle { names },
                None => OrderError::Newer {
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
pub(crate) fn provider<'m>(migrations: &'m Migrations, needed: &Version) -> Option<&'m Migration> {
    let squashed = || migrations.iter().find(|it| it.stands_for(needed));
    migrations.get(needed).or_else(squashed)
}

/// Those that need `version`, directly or through others, in order.
#[must_use]
pub(crate) fn dependents<'m>(migrations: &'m Migrations, version: &Version) -> Vec<&'m Migration> {
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
