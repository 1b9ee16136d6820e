//! `glowplug stamp`.

use clap::Args;

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        settings::{LimitArgs, Settings},
    },
    job,
    render::failure::CliError,
};

/// Marks the migrations up to TARGET as applied, and all others as pending, without running them.
#[derive(Debug, Args)]
pub(super) struct Stamp {
    /// `head`, `base`, `current`, a version or a unique prefix of one, `head-1`, …
    #[arg(value_name = "TARGET", allow_negative_numbers = true)]
    target: String,
    /// Also remove the records of applied migrations that are not on disk
    #[arg(long)]
    purge: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

impl Stamp {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        let limits = settings.limits(&self.limits);
        let actor = settings.actor();
        let report = block_on(async |stop| {
            let endpoint = settings.endpoint("stamp", stop, output)?;
            let mut progress = output.progress();
            let mut watch = |event| progress.show(&event);
            let (target, purge) = (&self.target, self.purge);
            let watch = &mut watch;
            job::stamp::stamp(&endpoint, &migrations, target, purge, &limits, &actor, watch)
                .await
                .map_err(CliError::from)
        })?;
        output.answer(&report, render::stamp);
        Ok(Exit::Done)
    }
}
