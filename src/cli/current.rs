//! `glowplug current`.

use clap::Args;

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        settings::Settings,
    },
    job,
    render::failure::CliError,
    report::status::StatusReport,
};

/// Shows the database's current revision. Read-only.
#[derive(Debug, Args)]
pub(super) struct Current {
    /// Exit with 3 if anything is pending, edited, interrupted, out of order or orphaned
    #[arg(long)]
    check_heads: bool,
}

impl Current {
    /// Whether it checks, and so has findings.
    pub(super) fn has_findings(&self) -> bool {
        self.check_heads
    }

    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        let report = block_on(async |stop| {
            let endpoint = settings.endpoint("current", stop, output)?;
            let mut progress = output.progress();
            let mut watch = |event| progress.show(&event);
            let report = job::status::of_database(&endpoint, &migrations, &mut watch).await;
            report.map_err(CliError::from)
        })?;
        let text = |report: &StatusReport| render::current(report, output.is_verbose());
        if self.check_heads {
            let sheet = settings.sheet(&["status"], report.findings(&settings.shown));
            output.findings(&report, &sheet, text);
        } else {
            output.answer(&report, text);
        }
        let findings = self.check_heads && !report.is_clean();
        Ok(if findings { Exit::Findings } else { Exit::Done })
    }
}
