//! `glowplug verify`.

use clap::Args;

use crate::{
    cli::{
        Global,
        exit::Exit,
        failure::CliError,
        interrupt::block_on,
        render::{self, Output},
        schema::printer,
        settings::{LimitArgs, Settings},
    },
    job,
};

/// Replays every migration up, down and up again, with rows in every table, in a database of its own: nothing else is needed.
///
/// Compares what each leg leaves, guards the ledgers in each, and checks that schema.rs is fresh. Exits with 3 if something is
/// not as it should be.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Replay all, also those that an earlier run has found to be as they should be. Such runs are kept for projects with many
    /// migrations, by the content of all scripts.
    #[arg(long)]
    no_cache: bool,
}

impl Verify {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        let printer = printer(&settings, None)?;
        let guard = settings.manner(&LimitArgs::default()).guard;
        let mut progress = output.progress();
        let report = block_on(async |stop| {
            let shadow = settings.twin("verify", &stop, output, &mut |_| {}).await?;
            let wish = job::verify::Wish {
                shadow: &shadow,
                migrations: &migrations,
                guard: &guard,
                caches: !self.no_cache,
            };
            let mut watch = |event| progress.show(&event);
            Ok::<_, CliError>(job::verify::verify(&wish, &printer, stop, &mut watch).await?)
        });
        progress.finish();
        let report = report?;
        output.answer(&report, render::replayed);
        Ok(if report.is_clean() {
            Exit::Done
        } else {
            Exit::Findings
        })
    }
}
