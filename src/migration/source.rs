//! Migrations as they are written: the *intended* history.
//!
//! What a database has *actually* run is the [journal](crate::migration::journal); what compares the two is
//! [status](crate::migration::status). Reading directories is the job of [`crate::project`].

mod runnable;

pub(crate) use self::runnable::{Unrunnable, check_queries, check_script, demand_batch};

use crate::{
    migration::{backfill::Backfill, links::Links, version::Version},
    words::{
        digest::Digest,
        sql::{self, SqlError, Statement},
    },
};

/// One SQL file of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Where it stands, as it is shown to people: `migrations/2026…_x/up.sql`.
    pub path: String,
    /// The SQL.
    pub text: String,
    /// The digest of the SQL.
    pub digest: Digest,
}

impl Script {
    /// Keeps a text with its place and digest.
    #[must_use]
    pub fn new(path: String, text: String) -> Self {
        let digest = Digest::of(&text);
        Self { path, text, digest }
    }

    /// Splits the script into statements.
    ///
    /// # Errors
    /// When it holds psql meta-commands or something that never ends.
    pub fn statements(&self) -> Result<Vec<Statement>, SqlError> {
        sql::split(&self.text)
    }
}

/// A migration: a directory with `up.sql` and maybe `down.sql`, `pre.sql`, `post.sql` and `metadata.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its key.
    pub version: Version,
    /// The directory's name.
    pub name: String,
    /// The way up.
    pub up: Script,
    /// The way back, if there is one.
    pub down: Option<Script>,
    /// What `metadata.toml` says of its transaction.
    pub metadata: Metadata,
    /// What it says of other migrations.
    pub links: Links,
    /// What it says of batches, if up.sql moves rows in batches.
    pub backfill: Option<Backfill>,
    /// Queries that are asked before and after the way up.
    pub checks: Checks,
}

impl Migration {
    /// Whether it is this version, or was squashed from it.
    #[must_use]
    pub fn stands_for(&self, version: &Version) -> bool {
        self.version == *version || self.links.replaces.iter().any(|it| it.version == *version)
    }
}

/// When a query is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Before the first statement of up.sql: it stands in `pre.sql`.
    Before,
    /// After the last statement: it stands in `post.sql`.
    After,
}

/// Queries beside up.sql: `pre.sql` and `post.sql`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checks {
    /// Asked before its first statement.
    pub pre: Option<Script>,
    /// Asked after its last statement.
    pub post: Option<Script>,
}

impl Migration {
    /// The script for a direction, if there is one.
    #[must_use]
    pub fn script(&self, direction: Direction) -> Option<&Script> {
        match direction {
            Direction::Up => Some(&self.up),
            Direction::Down => self.down.as_ref(),
        }
    }
}

/// What `metadata.toml` says of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Whether the whole script is one transaction. True where there is no `metadata.toml`.
    pub run_in_transaction: bool,
    /// Whether it changes the structure of a sealed ledger: run with the second key, and limited to some forms.
    pub ledger: bool,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { run_in_transaction: true, ledger: false }
    }
}

/// Which way a script leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Applies.
    Up,
    /// Reverts.
    Down,
}

impl Direction {
    /// The file of this direction.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Up => "up.sql",
            Self::Down => "down.sql",
        }
    }
}

/// All migrations of a project, in the order of their versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrations {
    list: Vec<Migration>,
    /// Those that went into a squashed one, as far as their directories were kept.
    squashed: Vec<Migration>,
}

/// Why a set of migrations cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum SourceError {
    /// Two directories that Diesel would take for one migration.
    #[error("`{first}` and `{second}` both have version {version}")]
    #[diagnostic(
        code(migrations::duplicate_version),
        help("Rename `{second}` to a later version: only one of the two could ever be recorded.")
    )]
    DuplicateVersion {
        /// The version that both have.
        version: Version,
        /// The directory that sorts first.
        first: String,
        /// The other one.
        second: String,
    },
    /// A migration is there together with the one that it was squashed into.
    #[error("`{left}` is still there beside `{squashed}`, which it was squashed into")]
    #[diagnostic(
        code(migrations::unfinished_squash),
        help(
            "If a squash was interrupted, `glowplug squash` finishes it. Else remove one of the two."
        )
    )]
    Unfinished {
        /// The squashed one.
        squashed: String,
        /// The old one.
        left: String,
    },
}

impl Migrations {
    /// Orders migrations by version.
    ///
    /// # Errors
    /// When two have one version.
    pub fn new(mut list: Vec<Migration>) -> Result<Self, SourceError> {
        list.sort_by(|a, b| (&a.version, &a.name).cmp(&(&b.version, &b.name)));
        if let Some(pair) = list.windows(2).find(|pair| pair[0].version == pair[1].version) {
            let is_squashed =
                |it: &Migration| it.stands_for(&pair[0].version) && !it.links.replaces.is_empty();
            if let Some(at) = pair.iter().position(is_squashed) {
                let (squashed, left) = (pair[at].name.clone(), pair[1 - at].name.clone());
                return Err(SourceError::Unfinished { squashed, left });
            }
            return Err(SourceError::DuplicateVersion {
                version: pair[0].version.clone(),
                first: pair[0].name.clone(),
                second: pair[1].name.clone(),
            });
        }
        Ok(Self { list, squashed: Vec::new() })
    }

    /// Adds the migrations that were squashed, as far as they were kept. They are run only where a squashed migration finds some of them
    /// applied.
    #[must_use]
    pub fn with_squashed(mut self, squashed: Vec<Migration>) -> Self {
        self.squashed = squashed;
        self
    }

    /// The migrations that were squashed, as far as they were kept.
    #[must_use]
    pub fn squashed(&self) -> &[Migration] {
        &self.squashed
    }

    /// The migrations, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Migration> {
        self.list.iter()
    }

    /// The texts of all scripts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let both = self.list.iter().flat_map(|it| [Some(&it.up), it.down.as_ref()]);
        both.flatten().map(|it| it.text.as_str())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The newest one.
    #[must_use]
    pub fn head(&self) -> Option<&Migration> {
        self.list.last()
    }

    /// The one with this version.
    #[must_use]
    pub fn get(&self, version: &Version) -> Option<&Migration> {
        self.list
            .binary_search_by(|migration| migration.version.cmp(version))
            .ok()
            .map(|index| &self.list[index])
    }
}

impl<'a> IntoIterator for &'a Migrations {
    type Item = &'a Migration;
    type IntoIter = std::slice::Iter<'a, Migration>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The SQLSTATE that a down.sql raises which has no way back: `verify` counts its migration among those that go one way.
pub(crate) const IRREVERSIBLE: &str = "GP001";

/// What stands where the author of a migration has to write a value: a script that holds it is not run.
pub(crate) const FILL: &str = "FILL_IN_HERE";

/// The down.sql that a new migration begins with: as long as nothing else stands there, down.sql has not been written yet.
pub(crate) const DOWN_TEMPLATE: &str = "-- Write the SQL that undoes up.sql here.\n";
