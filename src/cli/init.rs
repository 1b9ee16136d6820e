//! `glowplug init`.

use clap::Args;

use crate::{
    cli::{
        Global,
        exit::Exit,
        failure::CliError,
        render::{self, Output},
        settings::Settings,
    },
    job,
};

/// Creates the files of a project. Overwrites nothing.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Do not create the first migration, an append-only events table
    #[arg(long)]
    no_default_migration: bool,
}

impl Init {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let current = std::env::current_dir().unwrap_or_default();
        let root =
            if settings.root.join("Cargo.toml").is_file() { &settings.root } else { &current };
        let dir = &current.join(&settings.migrations_dir);
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
