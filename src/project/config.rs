//! `diesel.toml` and `glowplug.toml`.

use std::{
    collections::BTreeMap,
    num::NonZero,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    ledger::Declaration,
    project::{ProjectError, regular},
    report::ledger::Level,
    schema_rs::{Compat, PrintSchemas},
    words::timespan::Timespan,
};

/// What glowplug uses of `diesel.toml`. The file keeps Diesel's keys only; Diesel refuses unknown ones.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DieselToml {
    /// How schema.rs is printed.
    #[serde(default)]
    pub print_schema: PrintSchemas,
    /// Where the migrations are.
    #[serde(default)]
    pub migrations_directory: Option<MigrationsDirectory>,
}

/// `[migrations_directory]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct MigrationsDirectory {
    /// The directory; relative to the file that says so.
    pub dir: PathBuf,
}

/// `glowplug.toml`: everything of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GlowplugToml {
    /// `[database]`.
    pub database: Database,
    /// `[run]`.
    pub run: Run,
    /// `[server]`.
    pub server: Server,
    /// `[shadow]`.
    pub shadow: ShadowServer,
    /// `[schema]`.
    pub schema: Schema,
    /// `[compat]`.
    pub compat: CompatSettings,
    /// `[backfill]`.
    pub backfill: Backfill,
    /// `[migrations]`.
    pub migrations: MigrationFiles,
    /// `[lint]`.
    pub lint: Lint,
    /// `[[ledger]]`, one for each.
    #[serde(deserialize_with = "ledgers")]
    pub ledger: Vec<Ledger>,
    /// `[ledger_admin]`.
    pub ledger_admin: LedgerAdmin,
}

/// `[ledger_admin]`: what concerns all ledgers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LedgerAdmin {
    /// Whether the newest head of the chain of attestations is kept in glowplug.lock. Default: no.
    pub pin_head: bool,
    /// The variable with the URL over which migrations with `ledger = true` change sealed ledgers. Default: none.
    pub url_env: Option<String>,
    /// The role that logs in with that URL: it may become the owner of sealed ledgers, and nobody else. Default: none.
    pub role: Option<String>,
}

/// `[[ledger]]`: an append-only table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ledger {
    /// The table: `public.events`; without a schema it is in `public`.
    #[serde(deserialize_with = "table")]
    pub table: (String, String),
    /// The columns that order its rows, oldest first. Default: the primary key.
    #[serde(default, deserialize_with = "key")]
    pub key: Vec<String>,
    /// The protection that it is to have. Default: hardened.
    #[serde(default)]
    pub level: Level,
}

/// Reads the ledgers: each is declared once.
fn ledgers<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Vec<Ledger>, D::Error> {
    let ledgers = Vec::<Ledger>::deserialize(source)?;
    for (at, ledger) in ledgers.iter().enumerate() {
        if ledgers[..at].iter().any(|it| it.table == ledger.table) {
            let (schema, table) = &ledger.table;
            let what = format!(
                "the ledger {schema}.{table} is declared twice: one [[ledger]] says all of a table"
            );
            return Err(serde::de::Error::custom(what));
        }
        if let Some(column) = ledger
            .key
            .iter()
            .enumerate()
            .find_map(|(at, it)| ledger.key[..at].contains(it).then_some(it))
        {
            return Err(serde::de::Error::custom(format!("the key names {column} twice")));
        }
    }
    Ok(ledgers)
}

fn table<'de, D: serde::Deserializer<'de>>(source: D) -> Result<(String, String), D::Error> {
    let text = String::deserialize(source)?;
    Declaration::table(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("`{text}` is not a table: write schema.table"))
    })
}

fn paths<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Vec<PathBuf>, D::Error> {
    Ok(key(source)?.into_iter().map(PathBuf::from).collect())
}

fn key<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Key {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Key::deserialize(source)? {
        Key::One(column) => vec![column],
        Key::Many(columns) => columns,
    })
}

impl GlowplugToml {
    /// The declared ledgers, in order.
    #[must_use]
    pub(crate) fn ledgers(&self) -> Vec<Declaration> {
        let declared = self.ledger.iter().map(|it| Declaration {
            schema: it.table.0.clone(),
            table: it.table.1.clone(),
            key: it.key.clone(),
            level: it.level,
        });
        declared.collect()
    }
}

/// `[schema]`: the source of truth, and what schema.rs gets beyond Diesel's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Schema {
    /// SQL that makes everything in an empty database, a file or a directory of `.sql` files; the truth for autogenerate then.
    /// Default: schema.rs is.
    pub source: Option<PathBuf>,
    /// Views, functions and triggers that are edited in place: a directory of `.sql` files with CREATE OR REPLACE. `revision --repeatable`
    /// makes migrations of what has changed there. Default: none.
    pub repeatable: Option<PathBuf>,
    /// What autogenerate, check, diff and drift leave alone: `schema.name` with `*` and `?`; a name alone stands for what is called so in any
    /// schema, and for all that is in a schema of that name.
    pub ignore: Vec<String>,
    /// Whose result is wanted where Diesel's is wrong. Default: the right one.
    pub compat: Option<Compat>,
    /// Whether views, materialized views and foreign tables are printed, too. Default: no.
    pub views: bool,
    /// The columns that stand for the key of a view, by its name.
    pub view_keys: BTreeMap<String, Vec<String>>,
}

/// `[backfill]`: limits of migrations that move rows in batches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Backfill {
    /// How many keys a batch has, unless its metadata.toml says so. Default 1000.
    pub batch: Option<NonZero<u32>>,
    /// How long to rest after each batch. Default: not at all.
    pub pause: Option<Timespan>,
    /// Wait while a replica is further behind than this. Default: do not look.
    pub max_lag: Option<Timespan>,
}

/// `[migrations]`: the files of migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MigrationFiles {
    /// Whether `.history` in the migrations directory has a line for each migration, so that git reports a conflict where two branches add
    /// some. Default: no.
    pub history_file: bool,
}

/// `[database]`: which one, where no flag and no environment says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// A URL. Passwords belong into the environment or `.pgpass`.
    pub url: Option<String>,
    /// The direct URL, where `url` leads to a transaction pooler.
    pub direct_url: Option<String>,
    /// How long a server is waited for that is not there yet. Default: one that is waking up for 30 s, any other not at all.
    pub wait_for_server: Option<Timespan>,
}

/// `[run]`: limits of upgrade, downgrade and redo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Run {
    /// How long a statement may wait for a lock. Default 5 s.
    pub lock_timeout: Option<Timespan>,
    /// How often a migration is tried when it does. Default 5.
    pub lock_attempts: Option<u32>,
    /// How long a statement may run. Default: no limit.
    pub statement_timeout: Option<Timespan>,
    /// Whether rows that migrations would fail on are looked for before the first statement. Default: only by `--dry-run`.
    pub check_rows: bool,
    /// How long to wait for another run to end. Default 60 s.
    pub wait: Option<Timespan>,
}

/// `[server]`: the project's own local server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// The name of the database and of its owner. Default: the name of the project's directory.
    pub name: Option<String>,
    /// The major version, 14 to 18. Default: the newest that is installed.
    pub major: Option<u32>,
    /// The directory with `initdb` and `postgres`.
    pub postgres_bin: Option<PathBuf>,
    /// How long the server runs without a client. Default 15 min.
    pub idle: Option<Timespan>,
    /// Whether PostgreSQL is fetched where there is none. Default: `auto`.
    pub install: Install,
}

/// `install` in `[server]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Install {
    /// It is, by the first command that needs it.
    #[default]
    Auto,
    /// Nothing is ever fetched.
    Never,
}

/// `[shadow]`: the throwaway servers on which migrations are replayed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ShadowServer {
    /// The roles that migrations speak of. They belong to a server, and no migration makes them. Default: none.
    pub roles: Vec<String>,
    /// SQL that makes what is there before the first migration: files, or directories of `.sql` files. Default: none.
    #[serde(deserialize_with = "paths")]
    pub sql: Vec<PathBuf>,
    /// Extensions that this machine need not have, because that SQL makes what is used of them. Default: none.
    pub stand_ins: Vec<String>,
}

/// `[compat]`: what `glowplug compat` knows of the running program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CompatSettings {
    /// The running program: a revision of git, or its schema.rs. Default: the newest tag, else `origin/HEAD`.
    pub from: Option<String>,
    /// The directory with the source of the program: only what it uses counts. Default: everything in schema.rs counts.
    pub used: Option<PathBuf>,
    /// Files of SQL whose statements the program sends, and directories in which files with the line `-- glowplug: query` are such.
    /// Default: `queries.sql` and `src`.
    #[serde(deserialize_with = "some_paths")]
    pub queries: Option<Vec<PathBuf>>,
}

fn some_paths<'de, D: serde::Deserializer<'de>>(
    source: D,
) -> Result<Option<Vec<PathBuf>>, D::Error> {
    paths(source).map(Some)
}

/// `[lint]`: what is dangerous to deploy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Lint {
    /// How long a migration may make others wait. `lint` fails if it would be longer, and `upgrade` waits no longer for a lock. Default:
    /// `lint` fails if the wait grows with a table, or, where production's sizes are known, if it is longer than a second.
    pub max_block: Option<Timespan>,
    /// Whether migrations may rewrite tables that are small in production. Default: `allow`.
    pub rewrites: Rewrites,
    /// What is accepted: `{ rule = "drops-column", path = "migrations/2026-11-30-000000_x", reason = "…" }`. Default: nothing.
    pub accept: Vec<LintAccept>,
    /// Rules that are off by default and apply here. Default: none.
    pub enable: Vec<String>,
    /// Rules that do not apply here. Default: none.
    pub disable: Vec<String>,
    /// The statistics of production. Default: lint-stats.json beside this file, if it exists.
    pub stats: Option<PathBuf>,
}

/// `rewrites` in `[lint]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rewrites {
    /// They may.
    #[default]
    Allow,
    /// No migration may rewrite a table.
    Deny,
}

/// One of `accept` in `[lint]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LintAccept {
    /// The rule.
    pub rule: String,
    /// A migration or one of its files; `*` stands for anything.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// Reads `diesel.toml`; a missing file is an empty one. Relative paths in it start at the file's directory.
///
/// # Errors
/// When it cannot be read, is malformed, or holds keys that Diesel does not know.
pub(crate) fn read_diesel(path: &Path) -> Result<DieselToml, ProjectError> {
    let mut toml: DieselToml = read(
        path,
        "This file has Diesel's keys only; glowplug's own settings are in glowplug.toml.",
    )?;
    let base = path.parent().unwrap_or(Path::new(""));
    let settings = toml.print_schema.all.values_mut();
    let files = settings.flat_map(|it| [&mut it.file, &mut it.patch_file]);
    for file in files.flatten() {
        *file = base.join(&*file);
    }
    if let Some(directory) = &mut toml.migrations_directory {
        directory.dir = base.join(&directory.dir);
    }
    Ok(toml)
}

/// Reads `glowplug.toml`; a missing file is an empty one.
///
/// # Errors
/// When it cannot be read, is malformed, or holds unknown keys.
pub(crate) fn read_glowplug(path: &Path) -> Result<GlowplugToml, ProjectError> {
    read(path, "docs/src/reference/settings.md lists the tables and keys of glowplug.toml.")
}

fn read<T: Default + serde::de::DeserializeOwned>(
    path: &Path,
    advice: &str,
) -> Result<T, ProjectError> {
    let text = match regular::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(T::default()),
        Err(error) => return Err(ProjectError::io("read", path)(error)),
    };
    toml::from_str(&text)
        .map_err(|error| ProjectError::toml(path.to_owned(), &text, &error, advice))
}
