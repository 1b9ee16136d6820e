//! A new project's files. Nothing that exists is overwritten.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    job::JobError,
    project::{
        ProjectError, read, root,
        write::{self, NewMigration},
    },
};

/// What was written, and what was there already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct InitReport {
    /// Written.
    pub written: Vec<PathBuf>,
    /// Left as it is.
    pub kept: Vec<PathBuf>,
}

const DIESEL_TOML: &str = "# Diesel's keys only; glowplug's own settings are in glowplug.toml.
[print_schema]
file = \"src/schema.rs\"
custom_type_derives = [\"diesel::query_builder::QueryId\", \"Clone\"]

[migrations_directory]
dir = \"{dir}\"
";

const GLOWPLUG_TOML: &str = r#"# glowplug's settings. Every key is optional; commented lines show defaults or examples.
# A flag overrides the environment, and the environment overrides this file.

[database]
# url = "postgres://app@db.example.org/app"   # default: DATABASE_URL, or the project's own local server
# direct_url = "postgres://…"                 # if `url` leads to a transaction pooler

[run]
# lock_timeout = "5s"        # how long a statement may wait for a lock
# lock_attempts = 5          # how often a migration is tried when a lock is not available
# statement_timeout = "0"    # how long a statement may run; 0 means no limit
# wait = "60s"               # how long to wait for another run to end
# check_rows = false         # look for rows that would make migrations fail before running anything

[server]
# name = "app"               # database and owner on the local server
# major = 17                 # 14 to 18
# idle = "15min"             # the local server stops after this time without connections

[shadow]
# roles = []                 # roles that migrations name; they are created on the throwaway servers
# sql = "prerequisites.sql"  # SQL for what exists before the first migration
# stand_ins = []             # extensions that this SQL replaces if they are not installed here

[compat]
# from = "origin/HEAD"       # the running program: a git revision or a schema.rs; default: the newest tag
# used = "src"               # check only what this source uses
# queries = ["queries.sql", "src"]  # SQL that the program sends

[backfill]
# batch = 1000               # keys per batch of `revision --backfill`
# pause = "100ms"            # pause after each batch
# max_lag = "10s"            # wait while a replica is further behind

[migrations]
# history_file = false       # list the migrations in .history, so that two branches that add some conflict in git

[schema]
# compat = "right"           # "diesel": print exactly what Diesel prints, even where it is wrong
# views = false              # print views, materialized views and foreign tables
# view_keys = {}             # keys of views: { "public.totals" = ["day"] }; default: `id`, or the first column
"#;

/// The ledger that the first migration makes.
const LEDGER: &str = "
# append-only tables: no migration can change their rows or lose their triggers
[[ledger]]
table = \"public.events\"
";

/// The first migration of a project: the events ledger that this repository keeps itself.
const FIRST: NewMigration<'static> = NewMigration {
    name: "2026-11-23-090000-0000_create_events",
    up: include_str!("../../migrations/2026-11-23-090000-0000_create_events/up.sql"),
    down: include_str!("../../migrations/2026-11-23-090000-0000_create_events/down.sql"),
    run_in_transaction: true,
    metadata: "",
};

/// Writes what a project needs and does not have.
///
/// The first migration, an append-only events table, is written only into a directory without migrations.
///
/// # Errors
/// When a file cannot be written, or what is there is not a migrations directory.
pub(crate) fn init(
    root: &Path,
    migrations: &Path,
    with_first_migration: bool,
) -> Result<InitReport, JobError> {
    let is_new = demand_own(migrations)?;
    let mut report = InitReport::default();
    let written = write_all(root, migrations, with_first_migration && is_new, &mut report);
    if written.is_err() {
        // nothing is left of a start that failed; the error that is reported is the first one
        for path in report.written.iter().rev() {
            write::remove(path);
        }
    }
    written.map(|()| report)
}

/// Whether a directory has no migrations yet; an error where it belongs to another tool.
fn demand_own(migrations: &Path) -> Result<bool, JobError> {
    if !migrations.is_dir() {
        return Ok(true);
    }
    match read::migrations(migrations, "migrations") {
        Ok(found) => Ok(found.is_empty()),
        Err(reason) => Err(ProjectError::OtherMigrations {
            place: migrations.to_owned(),
            reason: Box::new(reason),
        }
        .into()),
    }
}

/// The files with settings.
fn settings(root: &Path, migrations: &Path) -> [(&'static str, String); 2] {
    let dir = root::relative(migrations, root).display().to_string();
    let diesel_toml = DIESEL_TOML.replace("{dir}", &dir.replace('\\', "\\\\").replace('"', "\\\""));
    [("diesel.toml", diesel_toml), ("glowplug.toml", GLOWPLUG_TOML.to_owned())]
}

/// The files with settings that [`write_all`] would write, with their texts.
pub(crate) fn missing(root: &Path, migrations: &Path) -> Vec<(PathBuf, String)> {
    let all = settings(root, migrations).map(|(file, text)| (root.join(file), text));
    all.into_iter().filter(|it| !it.0.exists()).collect()
}

pub(crate) fn write_all(
    root: &Path,
    migrations: &Path,
    with_first_migration: bool,
    report: &mut InitReport,
) -> Result<(), JobError> {
    let mut writes_settings = false;
    let mut note = |path: PathBuf, written: bool| {
        if written { report.written.push(path) } else { report.kept.push(path) }
    };
    for (file, text) in settings(root, migrations) {
        let path = root.join(file);
        let written = write::file_if_absent(&path, &text)?;
        writes_settings |= written && file == "glowplug.toml";
        note(path, written);
    }
    let keep = migrations.join(".keep");
    if !migrations.is_dir() {
        let written = write::file_if_absent(&keep, "")?;
        note(keep, written);
    }
    if with_first_migration {
        note(write::migration(migrations, &FIRST)?, true);
        if writes_settings {
            write::append(&root.join("glowplug.toml"), LEDGER)?;
        }
    }
    Ok(())
}
