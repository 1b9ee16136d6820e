//! `glowplug drift`.

use clap::Args;

use crate::{
    autogenerate,
    cli::{
        Global,
        check::PartitionArgs,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        settings::Settings,
    },
    render::failure::CliError,
};

/// Compares the database with what its applied migrations produce in a throwaway database, and prints the SQL that reverts the difference.
///
/// Read-only. Exits with 3 if something differs.
#[derive(Debug, Args)]
pub(super) struct Drift {
    #[command(flatten)]
    partitions: PartitionArgs,
}

impl Drift {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        let shadow = settings.shadow(output)?;
        let mut progress = output.progress().of_replays();
        let report = block_on(async |stop| {
            let mut watch = |event| progress.show(&event);
            let endpoint = settings.endpoint("drift", stop.clone(), output)?;
            let ignored = settings.ignored();
            let left_out = (&ignored, self.partitions.drop_partition.as_slice());
            let drift = autogenerate::drift::drift(
                &endpoint,
                &shadow,
                &migrations,
                left_out,
                stop,
                &mut watch,
            );
            Ok::<_, CliError>(drift.await?)
        });
        progress.finish();
        let report = report?;
        let sheet = settings.sheet(&["drift"], report.findings());
        output.findings(&report, &sheet, render::drifted);
        Ok(if report.is_clean() { Exit::Done } else { Exit::Findings })
    }
}
