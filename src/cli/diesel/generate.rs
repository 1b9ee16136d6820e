//! `glowplug migration generate`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{exit::Exit, failure::CliError, render::Output, settings::Settings},
    job::generate::{self, Wanted},
};

/// Writes a new migration, with the time as its version.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(super) struct Generate {
    /// Its name
    #[arg(value_name = "MIGRATION_NAME")]
    name: String,
    /// Its version, instead of the time in UTC
    #[arg(long, value_name = "MIGRATION_VERSION")]
    version: Option<String>,
    /// Write no down.sql: it cannot be reverted
    #[arg(short = 'u', long)]
    no_down: bool,
    #[command(flatten)]
    diff: DiffArgs,
}

/// What Diesel's `--diff-schema` takes.
#[derive(Debug, Args)]
struct DiffArgs {
    /// Not part of this version: fill the migration with what schema.rs and the database differ in
    #[arg(long, value_name = "SCHEMA_RS", num_args = 0..=1, require_equals = true, hide = true)]
    diff_schema: Option<Option<PathBuf>>,
    /// Of --diff-schema: the tables of --only-tables or --except-tables
    #[arg(value_name = "TABLE", hide = true)]
    table_names: Vec<String>,
    /// Of --diff-schema
    #[arg(short, long, hide = true)]
    only_tables: bool,
    /// Of --diff-schema
    #[arg(short, long, hide = true)]
    except_tables: bool,
    /// Of --diff-schema
    #[arg(long, hide = true)]
    schema_key: Vec<String>,
    /// Of --diff-schema and SQLite
    #[arg(long, hide = true, requires = "diff_schema")]
    sqlite_integer_primary_key_is_bigint: bool,
}

impl Generate {
    pub(super) fn run(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        if self.diff.diff_schema.is_some() {
            return Err(CliError::Cannot {
                what: "--diff-schema is not part of this version".into(),
                help: "Leave it out, and write the SQL into the new files.".into(),
            });
        }
        let wanted = Wanted {
            name: &self.name,
            version: self.version.as_deref(),
            with_down: !self.no_down,
        };
        let written: Vec<PathBuf> = generate::generate(&settings.migrations_dir, &wanted)?;
        let written: Vec<String> = written.iter().map(|it| settings.relative(it)).collect();
        output.answer(&written, |written| {
            let lines = written.iter().map(|it| format!("Creating {it}\n"));
            lines.collect()
        });
        Ok(Exit::Done)
    }
}
