//! `glowplug report`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        Global,
        checks::{Checks, More, Seen},
        exit::Exit,
        render::{self, Output, Sheet},
        settings::Settings,
    },
    job::{self, JobError},
    migration::source::{Migration, Migrations},
    project,
    render::failure::CliError,
    report::page::{NewMigration, Page},
};

/// Writes one page about the project: where the database is, new migrations with what the checks find, a picture of the tables that
/// change, locks, history, ledgers.
///
/// The page is one file: it needs no network and no script, follows the light or dark scheme of its reader, and prints. Runs the
/// checks of `ci`; needs no database.
#[derive(Debug, Args)]
pub(super) struct Report {
    #[command(flatten)]
    checks: Checks,
    /// The file to write; `-` for stdout
    #[arg(long, short, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    file: String,
    bytes: usize,
    findings: usize,
    new: Vec<String>,
}

impl Report {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        let more = More { changes: true, ledgers: true };
        let mut seen = self.checks.run(&settings, &migrations, more, output)?;
        let failures = std::mem::take(&mut seen.failures).into_iter().map(CliError::Job);
        let failures: Vec<CliError> = failures.collect();
        let page = page(&settings, &migrations, seen, &failures, output);
        let text = render::page(&page);
        let is_stdout = self.output.as_os_str() == "-";
        if is_stdout {
            output.raw(&text);
        } else {
            project::schema_file::write(&self.output, &text).map_err(JobError::from)?;
        }
        let written = Written {
            file: settings.relative(&self.output),
            bytes: text.len(),
            findings: page.findings.len(),
            new: page.new.iter().map(|it| it.name.clone()).collect(),
        };
        if let Some(failure) = failures.into_iter().next() {
            output.talk(&format!("Wrote {}, without what failed.", written.file));
            return Ok(output.failure_beside(&failure, Some(&written), Sheet::default()));
        }
        if !is_stdout {
            output.answer(&written, |it| format!("Wrote {}.\n", it.file));
        }
        Ok(Exit::Done)
    }
}

/// What the page shows.
fn page(
    settings: &Settings,
    migrations: &Migrations,
    seen: Seen,
    failures: &[CliError],
    output: &Output,
) -> Page {
    let new = |it: &Migration| NewMigration {
        version: it.version.to_string(),
        name: it.name.clone(),
        up: it.up.text.clone(),
        has_down: it.down.is_some(),
        run_in_transaction: it.metadata.run_in_transaction,
    };
    let is_new = |it: &&Migration| seen.report.new.contains(&it.name);
    let project = settings.root.file_name().unwrap_or_default().to_string_lossy();
    let mut findings = seen.findings;
    findings.splice(0..0, failures.iter().map(|it| output.finding(it)));
    Page {
        project: project.into_owned(),
        new: migrations.iter().filter(is_new).map(new).collect(),
        status: seen.status.unwrap_or_else(|| job::status::of_disk(migrations)),
        new_since: seen.report.new_since,
        parts: seen.report.parts,
        findings,
        changes: seen.report.changes,
        locks: seen.report.locks,
        compat: seen.report.compat,
        ledgers: seen.ledgers,
        notes: seen.report.notes,
        proved_on: seen.report.proved_on,
    }
}
