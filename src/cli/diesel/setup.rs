//! `glowplug setup`.

use clap::Args;

use crate::{
    cli::{Global, diesel::database, exit::Exit, render::Output, settings::Settings},
    project::{root, setup},
    render::failure::CliError,
};

/// Creates what a Diesel project needs: the migrations directory, diesel.toml and the database; runs existing migrations.
#[derive(Debug, Args)]
pub(in crate::cli) struct Setup {
    /// Do not create Diesel's first migration
    #[arg(long)]
    no_default_migration: bool,
}

impl Setup {
    pub(in crate::cli) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        if root::find(&settings.current).is_none() {
            return Err(CliError::Cannot {
                what: format!(
                    "no diesel.toml or Cargo.toml in {} or above it",
                    settings.current.display()
                ),
                help: "Run it inside a project; `cargo init` creates one.".into(),
            });
        }
        let dir = &settings.migrations_dir;
        if !dir.is_dir() && !output.is_json() {
            output.raw(&format!("Creating migrations directory at: {}\n", dir.display()));
        }
        setup::migrations_directory(dir)?;
        setup::diesel_toml(&settings.diesel_toml, &settings.root, dir)?;
        database::set_up(&settings, !self.no_default_migration, false, global, output)?;
        Ok(Exit::Done)
    }
}
