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
}

impl Generate {
    pub(super) fn run(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
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
