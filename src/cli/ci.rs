//! `glowplug ci`.

use std::path::PathBuf;

use clap::{Args, ValueEnum as _};

use crate::{
    cli::{
        Format, Global,
        checks::{Checks, More, Seen},
        exit::Exit,
        render::{self, Output, Sheet},
        settings::Settings,
    },
    job::JobError,
    project,
    render::failure::CliError,
    report::ci::CiReport,
};

/// Runs every check that applies, in one go and with one report: `verify`, `check`, `schema --check` and the history of the database.
///
/// Needs no database: what has to be known of it is in glowplug.lock. If one is configured, its history is checked, too. Exits with
/// 3 if anything is found, with 1 if a check could not do its work.
#[derive(Debug, Args)]
pub(super) struct Ci {
    #[command(flatten)]
    checks: Checks,
    /// Also write the report to a file, in another format: `sarif=glowplug.sarif`. May be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = written)]
    write: Vec<(Format, PathBuf)>,
}

/// Reads `FORMAT=FILE`.
fn written(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) =
        text.split_once('=').ok_or("it is FORMAT=FILE, such as sarif=out.sarif")?;
    let format = Format::from_str(format, false).ok().filter(|it| *it != Format::Sql);
    let format =
        format.ok_or("the format is text, json, sarif, github, gitlab, junit or markdown")?;
    match file {
        "" => Err("the file is missing".to_owned()),
        file => Ok((format, PathBuf::from(file))),
    }
}

impl Ci {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        let draws = |it: Format| matches!(it, Format::Markdown | Format::Json);
        let changes = draws(global.format) || self.write.iter().any(|it| draws(it.0));
        let more = More { changes, ..More::default() };
        let seen = self.checks.run(&settings, &migrations, more, output)?;
        self.tell(&settings, seen, output)
    }

    fn tell(&self, settings: &Settings, seen: Seen, output: &Output) -> Result<Exit, CliError> {
        let counts = seen.counts();
        let mut sheet = settings.sheet(&seen.ran(), seen.findings);
        let report = seen.report;
        sheet.sections = render::sections(&report);
        let text = |report: &CiReport, sheet: &Sheet| {
            render::checked_all(report, &sheet.findings, output.is_verbose())
        };
        let Some(failure) = seen.failures.into_iter().next() else {
            for (format, path) in &self.write {
                put(path, &output.rendered(*format, &report, &sheet, &text))?;
            }
            output.findings(&report, &sheet, |it| text(it, &sheet));
            return Ok(if counts { Exit::Findings } else { Exit::Done });
        };
        if output.is_text() {
            output.raw(&text(&report, &sheet));
        }
        let failure = CliError::Job(failure);
        for (format, path) in &self.write {
            put(path, &output.rendered_failure(*format, &failure, (&report, &sheet), &text))?;
        }
        Ok(output.failure_beside(&failure, Some(&report), sheet))
    }
}

/// Writes a file that the command line names.
fn put(path: &std::path::Path, text: &str) -> Result<(), CliError> {
    Ok(project::schema_file::write(path, text).map_err(JobError::from)?)
}
