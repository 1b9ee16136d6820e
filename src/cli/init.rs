//! `glowplug init`.

use std::path::Path;

use clap::Args;

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        settings::Settings,
    },
    history,
    job::{self, JobError},
    project::{ProjectError, read},
    render::failure::CliError,
};

/// Creates the files of a project. Overwrites nothing.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Do not create the first migration, an append-only events table
    #[arg(long)]
    no_default_migration: bool,
    /// Create a new project even if there are migrations of another tool, or the database has tables
    #[arg(long)]
    new: bool,
}

impl Init {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let current = std::env::current_dir().unwrap_or_default();
        let root =
            if settings.root.join("Cargo.toml").is_file() { &settings.root } else { &current };
        let dir = &current.join(&settings.migrations_dir);
        if !self.new {
            demand_nothing(&settings, root, dir, output)?;
        }
        let mut report = job::init::init(root, dir, !self.no_default_migration)?;
        for path in report.written.iter_mut().chain(&mut report.kept) {
            if let Ok(short) = path.strip_prefix(&current) {
                *path = short.to_owned();
            }
        }
        output.answer(&report, render::init);
        Ok(Exit::Done)
    }
}

/// Refuses to begin where something is to be adopted.
fn demand_nothing(
    settings: &Settings,
    root: &Path,
    dir: &Path,
    output: &Output,
) -> Result<(), CliError> {
    let is_begun = settings.diesel_toml.is_file()
        || root.join("glowplug.toml").is_file()
        || read::migrations(dir, "migrations").is_ok_and(|it| !it.is_empty());
    if is_begun {
        return Ok(());
    }
    let found = block_on(async |stop| {
        let endpoint = settings.server("init", &stop, output)?;
        Ok::<_, CliError>(history::adopt::found(root, dir, endpoint.as_ref(), &mut |_| {}).await)
    })?;
    match found {
        Some(what) => Err(JobError::from(ProjectError::Adoptable { what }).into()),
        None => Ok(()),
    }
}
