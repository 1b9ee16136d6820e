//! `glowplug shadow`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    autogenerate::prerequisites::prerequisites,
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        settings::Settings,
    },
    job::{self, JobError},
    migration::source::Migrations,
    project::{self, schema_file},
    render::failure::CliError,
};

/// The throwaway databases in which migrations are replayed.
#[derive(Debug, Subcommand)]
pub(super) enum Shadow {
    /// Record the database's environment in glowplug.lock, for use without a database
    Pin(Pin),
}

/// Writes glowplug.lock: the version, encoding, settings, roles and extensions of the database, as migrations see them.
///
/// `check`, `verify`, `revision --autogenerate` and `schema --from migrations` replay the migrations in this environment if no
/// database is configured or none answers. The file contains no secret and no host: commit it.
#[derive(Debug, Args)]
pub(super) struct Pin {
    /// Also write what the database has and no migration creates, as SQL that is loaded before every replay, to the file of `sql`
    /// in [shadow] of glowplug.toml, else prerequisites.sql
    #[arg(long)]
    from_database: bool,
}

impl Shadow {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Pin(_) => "shadow pin",
        }
    }

    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        match self {
            Self::Pin(pin) => pin.run(global, output),
        }
    }
}

impl Pin {
    fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = if settings.migrations_dir.is_dir() {
            settings.migrations()?
        } else {
            Migrations::default()
        };
        let mut progress = output.progress();
        let pinned = block_on(async |stop| {
            let mut watch = |event| progress.show(&event);
            let database = settings.endpoint("shadow pin", stop.clone(), output)?;
            let pinned = job::pin::pin(&database, &migrations, &mut watch).await?;
            let prerequisites = match self.from_database {
                false => None,
                true => {
                    let file = settings.prerequisites_file()?;
                    let shown: PathBuf = settings.relative(&file).into();
                    let shadow = settings.shadow(output)?;
                    let found =
                        prerequisites(&database, &shadow, &migrations, &shown, stop, &mut watch);
                    let found = found.await?;
                    Some((file, shown, found))
                }
            };
            Ok::<_, CliError>((pinned, prerequisites))
        });
        progress.finish();
        let ((pin, mut report), prerequisites) = pinned?;
        if let Some((file, shown, found)) = prerequisites {
            report.notes = found.notes;
            // an existing file says what was there before
            if found.is_empty && !file.exists() {
                report.notes.push(
                    "the migrations create everything in the database: no prerequisites are needed"
                        .to_owned(),
                );
            } else {
                schema_file::write(&file, &found.sql).map_err(JobError::from)?;
                settings.name_prerequisites(&shown).map_err(JobError::from)?;
                report.prerequisites = Some(shown);
            }
        }
        let file = settings.lock();
        project::pin::write(&file, &pin).map_err(JobError::from)?;
        report.file = settings.relative(&file).into();
        output.answer(&report, render::pinned);
        Ok(Exit::Done)
    }
}
