//! `glowplug revision`.

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
    migration::source::Migrations,
};

/// Writes a new, empty migration: up.sql, down.sql and metadata.toml.
#[derive(Debug, Args)]
pub(super) struct Revision {
    /// What it does; becomes a part of the directory's name
    #[arg(long, short, value_name = "TEXT")]
    message: String,
    /// The version, instead of the time in UTC
    #[arg(long, value_name = "VERSION")]
    rev_id: Option<String>,
    /// For statements that cannot run in a transaction, such as CREATE INDEX CONCURRENTLY
    #[arg(long)]
    no_transaction: bool,
}

impl Revision {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let dir = &settings.migrations_dir;
        let migrations = if dir.is_dir() {
            settings.migrations()?
        } else {
            Migrations::default()
        };
        let version = self.rev_id.as_deref();
        let mut report = job::revision::revision(
            dir,
            &migrations,
            &self.message,
            version,
            !self.no_transaction,
        )?;
        if let Some(head) = migrations.head().filter(|it| it.version > report.version) {
            output.talk(&format!(
                "Its version sorts before the newest, {}: where that is applied, it will be out of order. --rev-id chooses another.",
                head.version
            ));
        }
        let current = std::env::current_dir().unwrap_or_default();
        if let Ok(short) = report.path.strip_prefix(&current) {
            report.path = short.to_owned();
        }
        output.answer(&report, render::revision);
        Ok(Exit::Done)
    }
}
