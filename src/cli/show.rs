//! `glowplug show`.

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{Global, exit::Exit, history, render::Output, settings::Settings},
    job::revision,
    render::failure::CliError,
    report::status::RowReport,
};

/// Shows one migration with its SQL.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// A version, a unique prefix of one, `head`, `current`, `head-1`, …
    #[arg(value_name = "REV", allow_negative_numbers = true)]
    revision: String,
}

/// A migration, whole.
#[derive(Debug, Serialize)]
struct ShowReport {
    migration: RowReport,
    up_sha256: String,
    down_sha256: Option<String>,
    up: String,
    down: Option<String>,
}

impl Show {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        let status = history::status("show", false, &settings, &migrations, output)?;
        let applied = status.migrations.iter().filter(|row| row.run_on.is_some());
        let applied = applied.map(|row| &row.version).collect();
        let migration = revision::find(&migrations, applied, &self.revision)?;
        let row = status.migrations.iter().find(|row| row.version == migration.version);
        let Some(row) = row.cloned() else {
            return Ok(Exit::Failed);
        };
        let report = ShowReport {
            migration: row,
            up_sha256: migration.up.digest.to_string(),
            down_sha256: migration.down.as_ref().map(|down| down.digest.to_string()),
            up: migration.up.text.clone(),
            down: migration.down.as_ref().map(|down| down.text.clone()),
        };
        output.answer(&report, |report| {
            let only = crate::report::status::StatusReport {
                migrations: vec![report.migration.clone()],
                ..Default::default()
            };
            let mut text = crate::cli::render::history(&only, true);
            text.push_str(&format!("\n-- {}\n{}\n", migration.up.path, report.up.trim_end()));
            match (&migration.down, &report.down) {
                (Some(file), Some(down)) => {
                    text.push_str(&format!("\n-- {}\n{}\n", file.path, down.trim_end()));
                }
                _ => text.push_str("\n-- there is no down.sql\n"),
            }
            text
        });
        Ok(Exit::Done)
    }
}
