//! `glowplug history` and `glowplug heads`.

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
    migration::{
        source::Migrations,
        target::{History as Targets, Point, TargetError},
    },
    project::history_file,
    render::failure::CliError,
    report::status::StatusReport,
};

/// Lists the migrations, newest first.
///
/// Shows their state if a database is configured or the local server has been started before.
#[derive(Debug, Args)]
pub(super) struct History {
    /// Only from A to B, inclusive; either may be omitted
    #[arg(long, short, value_name = "A:B", allow_hyphen_values = true)]
    range: Option<String>,
    /// Alembic's flag: the current one is always marked
    #[arg(long = "indicate-current", short = 'i', hide = true)]
    _indicate_current: bool,
    /// Do not connect to a database
    #[arg(long)]
    offline: bool,
    /// Write a line for each migration into `.history` of the migrations directory, as they are on disk (`history_file` in glowplug.toml)
    #[arg(long)]
    write: bool,
}

/// Shows the newest migration on disk.
///
/// If a database is configured or the local server has been started before, and a migration is older than what that has applied, shows
/// both ends: two branches were merged.
#[derive(Debug, Args)]
pub(super) struct Heads {
    /// Do not connect to a database
    #[arg(long)]
    offline: bool,
}

impl History {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        if self.write {
            history_file::renew(&settings.migrations_dir, &migrations)
                .map_err(job::JobError::from)?;
        }
        let mut report = status("history", self.offline, &settings, &migrations, output)?;
        if let Some(range) = &self.range {
            self.cut(&mut report, range).map_err(job::JobError::from)?;
        }
        output.answer(&report, |report| render::history(report, output.is_verbose()));
        Ok(Exit::Done)
    }

    fn cut(&self, report: &mut StatusReport, range: &str) -> Result<(), TargetError> {
        let Some((from, to)) = range.split_once(':').filter(|(_, to)| !to.contains(':')) else {
            return Err(TargetError::Unknown {
                text: range.into(),
                advice: "A range is A:B, `A:` or `:B`.".into(),
            });
        };
        let rows = &report.migrations;
        let targets = Targets {
            on_disk: rows.iter().map(|row| (&row.version, row.name.as_str())).collect(),
            applied: rows.iter().filter(|it| it.run_on.is_some()).map(|it| &it.version).collect(),
        };
        let find = |text: &str, default: &str| {
            targets.find(if text.trim().is_empty() { default } else { text })
        };
        let (from, to) = (find(from, "base")?, find(to, "head")?);
        report.migrations.retain(|row| {
            let point = Point::At(row.version.clone());
            from <= point && point <= to
        });
        Ok(())
    }
}

impl Heads {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        let report = status("heads", self.offline, &settings, &migrations, output)?;
        output.answer(&report, render::heads);
        Ok(Exit::Done)
    }
}

/// The status from the database if one is configured, else from disk alone.
pub(super) fn status(
    command: &str,
    offline: bool,
    settings: &Settings,
    migrations: &Migrations,
    output: &Output,
) -> Result<StatusReport, CliError> {
    let has_local = || settings.local().status().major.is_some();
    if offline || !(settings.names_a_database() || has_local()) {
        return Ok(job::status::of_disk(migrations));
    }
    let asked = block_on(async |stop| {
        let endpoint = settings.endpoint(command, stop, output)?;
        let mut progress = output.progress();
        let mut watch = |event| progress.show(&event);
        let report = job::status::of_database(&endpoint, migrations, &mut watch).await;
        report.map_err(CliError::from)
    });
    match asked {
        Err(error) if !error.is_interrupt() => {
            output.talk(&format!("The states are unknown: {error}"));
            Ok(job::status::of_disk(migrations))
        }
        asked => asked,
    }
}
