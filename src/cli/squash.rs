//! `glowplug squash`.

use clap::Args;

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        settings::{LimitArgs, Settings},
    },
    history::{
        self,
        squash::{SquashRequest, Target},
    },
    job::JobError,
    project::squash,
    render::failure::CliError,
    report::squash::SquashReport,
};

/// Makes one migration of all up to B, or of those after A up to B, and proves that it leads to the same.
///
/// The planner writes it from the structure that the old ones lead to; rows that they leave in tables are kept or left out, as you say.
/// It has the version of the last one. A database that has run all of the old ones counts as having run it; one that has run some of
/// them runs the rest first, from migrations/.squashed.
#[derive(Debug, Args)]
pub(super) struct Squash {
    /// `B`, or `A:B`: versions, unique prefixes, `head`, `head-5`
    #[arg(value_name = "A:B", default_value = "head")]
    range: String,
    /// What the directory is called behind its version
    #[arg(long, short, value_name = "NAME", default_value = "squashed")]
    message: String,
    /// Keep the rows that the migrations leave in this table; `*` for all. May be repeated
    #[arg(long, value_name = "TABLE", num_args = 1..)]
    keep_data: Vec<String>,
    /// Leave out the rows of this table; `*` for all that are not kept. May be repeated
    #[arg(long, value_name = "TABLE", num_args = 1..)]
    drop_data: Vec<String>,
    /// What was renamed within a range that does not begin at base: `table=new`, `table.column=new`
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<String>,
    /// Delete the old directories instead of moving them to .squashed in the migrations directory
    #[arg(long)]
    delete: bool,
    /// Prove it, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Squash {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        if !self.dry_run && Self::finish(&settings, output)? {
            return Ok(Exit::Done);
        }
        let migrations = settings.migrations()?;
        let guard = settings.exec_options(&LimitArgs::default()).guard;
        let target =
            Target { dir: &settings.migrations_dir, deletes: self.delete, dry_run: self.dry_run };
        let progress = output.progress();
        let report = block_on(async |stop| {
            let shadow = settings.twin("squash", &stop, output, &mut |_| {}).await?;
            let request = SquashRequest {
                shadow: &shadow,
                migrations: &migrations,
                guard: &guard,
                ignored: &settings.ignored(),
                range: &self.range,
                message: &self.message,
                keep_data: &self.keep_data,
                drop_data: &self.drop_data,
                renames: &self.rename,
            };
            // the replay repeats what the old ones said
            let mut watch = |_| {};
            Ok::<_, CliError>(history::squash::squash(&request, &target, stop, &mut watch).await?)
        });
        progress.finish();
        let mut report = report?;
        if !self.dry_run {
            settings.keep_history(&[])?;
        }
        for path in [&mut report.path, &mut report.moved_to] {
            *path = path.take().map(|it| settings.relative(&it).into());
        }
        output.answer(&report, render::squashed);
        Ok(Exit::Done)
    }

    /// Finishes a squash that was interrupted; says whether there was one.
    fn finish(settings: &Settings, output: &Output) -> Result<bool, CliError> {
        let finished = squash::finish(&settings.migrations_dir).map_err(JobError::from)?;
        if finished.is_empty() {
            return Ok(false);
        }
        settings.keep_history(&[])?;
        let report = SquashReport { replaces: finished, ..SquashReport::default() };
        output.answer(&report, |it| {
            format!(
                "Finished a squash that was interrupted: moved {} to .squashed. Nothing else was done.\n",
                it.replaces.join(", ")
            )
        });
        Ok(true)
    }
}
