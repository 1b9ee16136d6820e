//! Other migration tools: what their tables and files look like, and what their migrations are as Diesel's.
//!
//! Everything here is pure: a listing, the texts of files and the rows of a table go in, and migrations come out. Looking at a directory is
//! the business of [`project`](crate::project), asking a database that of [`job`](crate::job).

pub(crate) mod alembic;
pub(crate) mod applied;
mod dbmate;
mod error;
mod flyway;
pub(crate) mod listing;
mod numbered;
mod numbering;
mod prisma;
pub(crate) mod recognize;
pub(crate) mod renames;
mod script;
pub(crate) mod table;

use serde::{Deserialize, Serialize};

pub(crate) use self::error::ToolError;
use crate::{
    migration::{
        links::Links,
        source::{Checks, Metadata, Migration, Script},
        version::Version,
    },
    tools::{
        flyway::Placeholders,
        numbering::{Numbers, keys},
        script::fitted,
    },
};

/// A tool whose tables and files are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tool {
    /// Alembic.
    Alembic,
    /// sqlx-cli and `sqlx::migrate!`.
    Sqlx,
    /// refinery.
    Refinery,
    /// Flyway.
    Flyway,
    /// golang-migrate.
    GolangMigrate,
    /// dbmate.
    Dbmate,
    /// Prisma Migrate.
    Prisma,
    /// SeaORM.
    SeaOrm,
    /// Rails.
    Rails,
    /// Django.
    Django,
    /// Knex.
    Knex,
    /// Drizzle.
    Drizzle,
    /// goose.
    Goose,
    /// Sqitch.
    Sqitch,
    /// Liquibase.
    Liquibase,
    /// Atlas.
    Atlas,
}

impl Tool {
    /// All of them.
    pub(crate) const ALL: [Self; 16] = [
        Self::Alembic,
        Self::Sqlx,
        Self::Refinery,
        Self::Flyway,
        Self::GolangMigrate,
        Self::Dbmate,
        Self::Prisma,
        Self::SeaOrm,
        Self::Rails,
        Self::Django,
        Self::Knex,
        Self::Drizzle,
        Self::Goose,
        Self::Sqitch,
        Self::Liquibase,
        Self::Atlas,
    ];

    /// What it is called on the command line and in the journal.
    #[must_use]
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Alembic => "alembic",
            Self::Sqlx => "sqlx",
            Self::Refinery => "refinery",
            Self::Flyway => "flyway",
            Self::GolangMigrate => "golang-migrate",
            Self::Dbmate => "dbmate",
            Self::Prisma => "prisma",
            Self::SeaOrm => "sea-orm",
            Self::Rails => "rails",
            Self::Django => "django",
            Self::Knex => "knex",
            Self::Drizzle => "drizzle",
            Self::Goose => "goose",
            Self::Sqitch => "sqitch",
            Self::Liquibase => "liquibase",
            Self::Atlas => "atlas",
        }
    }

    /// What people call it.
    #[must_use]
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Alembic => "Alembic",
            Self::Flyway => "Flyway",
            Self::Prisma => "Prisma",
            Self::SeaOrm => "SeaORM",
            Self::Rails => "Rails",
            Self::Django => "Django",
            Self::Knex => "Knex",
            Self::Drizzle => "Drizzle",
            Self::Sqitch => "Sqitch",
            Self::Liquibase => "Liquibase",
            Self::Atlas => "Atlas",
            other => other.id(),
        }
    }

    /// Whether its files can be converted: they are SQL, or the tool prints them as SQL.
    #[must_use]
    pub(crate) fn converts(self) -> bool {
        matches!(
            self,
            Self::Alembic
                | Self::Sqlx
                | Self::Refinery
                | Self::Flyway
                | Self::GolangMigrate
                | Self::Dbmate
                | Self::Prisma
        )
    }
}

/// A file of another tool: where it stands below its directory, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// The path, with `/`.
    pub path: String,
    /// The text.
    pub text: String,
}

impl File {
    /// Its name without directories.
    #[must_use]
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// A migration of another tool, as its files have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Raw {
    /// What the tool's table calls it.
    pub(crate) id: String,
    /// What it is ordered by.
    pub(crate) number: String,
    /// What it does.
    pub(crate) name: String,
    /// Where its way up stands.
    pub(crate) path: String,
    /// Its way up.
    pub(crate) up: String,
    /// Where its way down stands, and its text.
    pub(crate) down: Option<(String, String)>,
    /// Whether the tool is told to run it without a transaction.
    pub(crate) is_alone: bool,
}

/// A migration of another tool, as one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Converted {
    /// What the tool's table calls it.
    pub id: String,
    /// Where its way up stood.
    pub path: String,
    /// When it was made, as far as it says so.
    pub migration: Migration,
}

/// The migrations of another tool, in their order, and what is to be said of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conversion {
    /// The migrations.
    pub migrations: Vec<Converted>,
    /// What is to be said of them.
    pub remarks: Vec<String>,
}

/// Converts the files of a tool that writes SQL. `now` is the version that a migration made now would have: what is converted comes before.
///
/// # Errors
/// When a file cannot be a migration, or placeholders have no value.
pub(crate) fn convert(
    tool: Tool,
    files: &[File],
    placeholders: &[(String, String)],
    now: &str,
) -> Result<Conversion, ToolError> {
    let mut remarks = Vec::new();
    let (raws, numbers) = match tool {
        Tool::Sqlx => (numbered::sqlx(files)?, Numbers::Plain),
        Tool::GolangMigrate => (numbered::golang_migrate(files)?, Numbers::Plain),
        Tool::Refinery => (numbered::refinery(files)?, Numbers::Plain),
        Tool::Dbmate => (dbmate::read(files)?, Numbers::Plain),
        Tool::Prisma => (prisma::read(files), Numbers::Plain),
        Tool::Flyway => {
            let placeholders = Placeholders::new(placeholders);
            (flyway::read(files, &placeholders, &mut remarks)?, Numbers::Dotted)
        }
        other => return Err(ToolError::NoConversion { tool: other.label() }),
    };
    Ok(Conversion { migrations: named(tool, raws, numbers, now)?, remarks })
}

/// Gives migrations their names, and makes scripts of them that run here.
pub(crate) fn named(
    tool: Tool,
    raws: Vec<Raw>,
    numbers: Numbers,
    now: &str,
) -> Result<Vec<Converted>, ToolError> {
    if raws.is_empty() {
        return Err(ToolError::NoFiles { tool: tool.label() });
    }
    let all: Vec<&str> = raws.iter().map(|it| it.number.as_str()).collect();
    let keys = keys(&all, numbers, now);
    let mut list = Vec::with_capacity(raws.len());
    for (raw, key) in raws.into_iter().zip(keys) {
        let name = match raw.name.trim() {
            "" => key,
            text => format!("{key}_{}", text.replace('/', "-")),
        };
        let up = fitted(&raw.up, &raw.path)?;
        let down = raw.down.map(|(path, text)| fitted(&text, &path)).transpose()?;
        let is_whole =
            !raw.is_alone && up.in_transaction && down.as_ref().is_none_or(|it| it.in_transaction);
        let version = Version::of_directory(&name)
            .map_err(|_| ToolError::NoVersion { path: raw.path.clone() })?;
        let script = |file: &str, text: String| Script::new(format!("{name}/{file}"), text);
        list.push(Converted {
            id: raw.id,
            path: raw.path,
            migration: Migration {
                version,
                up: script("up.sql", up.text),
                down: down.map(|it| script("down.sql", it.text)),
                metadata: Metadata { run_in_transaction: is_whole, ledger: false },
                links: Links::default(),
                backfill: None,
                checks: Checks::default(),
                name,
            },
        });
    }
    Ok(list)
}
