//! Migrations out of any Diesel [`MigrationSource`], such as [`embed_migrations!`].
//!
//! Diesel's migrations know how to run themselves on a connection and keep their SQL to themselves. So they are run here on
//! a connection that only writes down what it is told; glowplug then runs that, with its lock and its journal.
//!
//! [`embed_migrations!`]: diesel_migrations::embed_migrations

use diesel::{
    QueryResult,
    connection::{BoxableConnection, SimpleConnection},
    migration::{Migration as DieselMigration, MigrationSource},
    pg::Pg,
};

use crate::{
    migration::{
        links::{Links, Replaced, SQUASHED_FROM},
        source::{Checks, Metadata, Migration, Migrations, Script, SourceError},
        version::{NoVersion, Version},
    },
    project::ProjectError,
    words::digest::Digest,
};

/// Takes the migrations of a Diesel source into memory.
///
/// # Errors
/// When the source fails, a migration does more than run SQL, or two have one version.
pub fn from_source<S: MigrationSource<Pg>>(source: &S) -> Result<Migrations, ProjectError> {
    let failed = |error: &dyn std::fmt::Display| ProjectError::Embedded { what: error.to_string() };
    let found = source.migrations().map_err(|error| failed(&error))?;
    let migrations = found.iter().map(|found| take(&**found)).collect::<Result<Vec<_>, _>>();
    migrations.and_then(|list| Migrations::new(list).map_err(|error: SourceError| error.into()))
}

fn take(found: &dyn DieselMigration<Pg>) -> Result<Migration, ProjectError> {
    let name = found.name().to_string();
    let failed = |what: String| ProjectError::Embedded { what: format!("{name}: {what}") };
    let version = Version::of_directory(&name).map_err(|error| match error {
        NoVersion::Empty => failed("its name has no version".into()),
        NoVersion::TooLong(length) => failed(format!("its version has {length} characters")),
    })?;
    let mut up = Recorder::default();
    found.run(&mut up).map_err(|error| failed(error.to_string()))?;
    let mut down = Recorder::default();
    // Diesel says that there is no way back by failing, and that is all it says
    let down = found.revert(&mut down).is_ok().then_some(down);
    let script = |file: &str, recorder: Recorder| {
        Script::new(format!("{name}/{file}"), recorder.batches.join("\n"))
    };
    Ok(Migration {
        version,
        down: down.map(|down| script("down.sql", down)),
        metadata: Metadata {
            run_in_transaction: found.metadata().run_in_transaction(),
            ledger: false,
        },
        links: Links { replaces: replaced_in(&up.batches.join("\n")), ..Links::default() },
        up: script("up.sql", up),
        backfill: None,
        checks: Checks::default(),
        name,
    })
}

/// What a squashed migration says in its SQL of those that it was made from: Diesel does not embed the rest of metadata.toml.
fn replaced_in(up: &str) -> Vec<Replaced> {
    let lines = up.lines().filter_map(|line| line.strip_prefix(SQUASHED_FROM));
    let read = |line: &str| {
        let (version, digest) = line.split_once(' ')?;
        let up = Some(Digest::stored(digest.trim().to_owned()));
        Some(Replaced { version: Version::of_directory(version).ok()?, up })
    };
    lines.filter_map(read).collect()
}

/// A connection that writes down what it is told to run.
#[derive(Default)]
struct Recorder {
    batches: Vec<String>,
}

impl SimpleConnection for Recorder {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.batches.push(query.to_owned());
        Ok(())
    }
}

impl BoxableConnection<Pg> for Recorder {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
