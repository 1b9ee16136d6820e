//! `glowplug revision`.

use clap::Args;

use crate::{
    cli::{
        Global,
        check::TruthArgs,
        exit::Exit,
        failure::CliError,
        interrupt::block_on,
        render::{self, Output},
        settings::Settings,
    },
    job::{self, autogenerate::Place},
    migration::source::Migrations,
    report::event::Event,
};

/// Writes a new migration: up.sql, down.sql and metadata.toml; empty, or with --autogenerate what leads to the source of truth.
#[derive(Debug, Args)]
pub(super) struct Revision {
    /// What it does; becomes a part of the directory's name
    #[arg(long, short, value_name = "TEXT")]
    message: String,
    /// The version, instead of the time in UTC
    #[arg(long, value_name = "VERSION")]
    rev_id: Option<String>,
    /// For statements that cannot run in a transaction, such as CREATE INDEX CONCURRENTLY
    #[arg(long, conflicts_with = "autogenerate")]
    no_transaction: bool,
    /// Write what leads from the migrations to the source of truth, schema.rs or SQL, once a throwaway database has shown that it
    /// gets there and comes back, with rows in the tables
    #[arg(long)]
    autogenerate: bool,
    /// Nothing was renamed: drop what is not there any more
    #[arg(long, requires = "autogenerate")]
    no_renames: bool,
    #[command(flatten)]
    source: TruthArgs,
}

impl Revision {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        if self.autogenerate {
            return self.generate(&settings, output);
        }
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

    fn generate(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        let place = Place {
            dir: &settings.migrations_dir,
            message: &self.message,
            version: self.rev_id.as_deref(),
            renames_settled: self.no_renames,
        };
        let mut progress = output.progress();
        let report = self.source.with(settings, output, |wish| {
            let report = block_on(async |stop| {
                // the replay says what the migrations said when they were written
                let mut watch = |event: Event| {
                    if !matches!(event, Event::Notice { .. } | Event::Done { .. }) {
                        progress.show(&event);
                    }
                };
                job::autogenerate::autogenerate(wish, &place, stop, &mut watch).await
            });
            Ok(report?)
        });
        progress.finish();
        let mut report = report?;
        for drafted in &mut report.migrations {
            let short = drafted
                .path
                .take()
                .map(|path| settings.relative(&path).into());
            drafted.path = short;
        }
        output.answer(&report, render::drafted);
        Ok(Exit::Done)
    }
}
