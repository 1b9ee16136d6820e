//! `glowplug migration`.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    cli::{
        Global,
        diesel::generate::Generate,
        exit::Exit,
        interrupt::block_on,
        render::{Output, Progress},
        schema::{printer, say},
        settings::{LimitArgs, Settings},
    },
    job::{
        self,
        open::Endpoint,
        run::{Operation, RunOptions},
    },
    migration::{
        plan::Policy,
        source::{Direction, Migrations},
        squash, status,
    },
    render::failure::CliError,
    replay::schema::{self, Before},
    report::{event::Event, run::RunReport},
};

/// Runs, reverts, lists and writes migrations, as `diesel migration` does.
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(in crate::cli) struct MigrationCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run all pending migrations
    Run,
    /// Revert the newest migrations
    Revert(Count),
    /// Revert the newest migrations and run them again
    Redo(Count),
    /// List the migrations, and mark those that have been applied
    List,
    /// Print whether any migration is pending: `true` or `false`
    Pending,
    /// Write a new migration
    Generate(Generate),
}

#[derive(Debug, Args)]
struct Count {
    /// How many migrations
    #[arg(short, long, value_name = "N", default_value_t = 1, conflicts_with = "all")]
    number: u64,
    /// All applied migrations
    #[arg(short, long)]
    all: bool,
}

impl Count {
    fn get(&self) -> Option<usize> {
        match self.all {
            true => None,
            false => Some(usize::try_from(self.number).unwrap_or(usize::MAX)),
        }
    }
}

/// Whether a migration is applied, for JSON.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    applied: bool,
}

impl MigrationCommand {
    pub(in crate::cli) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        match &self.command {
            Command::Run => run(&settings, &all_pending(), global, output),
            Command::Revert(count) => {
                let operation = Operation::Revert { count: count.get() };
                run(&settings, &operation, global, output)
            }
            Command::Redo(count) => {
                let operation = Operation::Redo { count: count.get() };
                run(&settings, &operation, global, output)
            }
            Command::List => {
                let listed = list(&settings, output)?;
                output.answer(&listed, |listed| {
                    let line = |it: &Listed| {
                        let mark = if it.applied { 'X' } else { ' ' };
                        format!("  [{mark}] {}\n", it.name)
                    };
                    "Migrations:\n".to_owned() + &listed.iter().map(line).collect::<String>()
                });
                Ok(Exit::Done)
            }
            Command::Pending => {
                let pending = list(&settings, output)?.iter().any(|it| !it.applied);
                output.answer(&pending, |pending| format!("{pending}\n"));
                Ok(Exit::Done)
            }
            Command::Generate(generate) => generate.run(&settings, output),
        }
    }
}

/// Diesel runs everything that has not been run, older ones included, and ignores what is missing on disk.
pub(super) fn all_pending() -> Operation {
    Operation::Upgrade {
        target: "head".into(),
        policy: Policy {
            allow_out_of_order: true,
            allow_orphaned: true,
            accept_edited: Vec::new(),
        },
    }
}

fn run(
    settings: &Settings,
    operation: &Operation,
    global: &Global,
    output: &Output,
) -> Result<Exit, CliError> {
    let migrations = settings.migrations()?;
    let mut progress = output.progress();
    let report = block_on(async |stop| {
        let endpoint = settings.endpoint("migration", stop, output)?;
        let runner =
            Runner { settings, endpoint: &endpoint, locked_schema: global.locked_schema, output };
        let before = runner.look_at_schema(&mut progress).await?;
        let report = runner.run(&migrations, operation, &mut progress).await?;
        runner.write_schema(&before, report, &mut progress).await
    });
    progress.finish();
    let report = report?;
    say(&report.notes, output);
    if output.is_json() {
        output.answer(&report, |_| String::new());
    }
    Ok(Exit::Done)
}

/// Runs migrations and prints what Diesel prints.
pub(super) struct Runner<'r> {
    pub(super) settings: &'r Settings,
    pub(super) endpoint: &'r Endpoint,
    pub(super) locked_schema: bool,
    pub(super) output: &'r Output,
}

impl Runner<'_> {
    pub(super) async fn run(
        &self,
        migrations: &Migrations,
        operation: &Operation,
        progress: &mut Progress,
    ) -> Result<RunReport, CliError> {
        let flags = LimitArgs::default();
        let options = RunOptions {
            limits: self.settings.limits(&flags),
            exec: self.settings.exec_options(&flags),
            single_transaction: false,
            looks_at_rows: false,
        };
        if self.locked_schema {
            let printer = printer(self.settings, None)?;
            if printer.has_files() {
                let shadow = || self.settings.shadow(self.output);
                let watch = &mut |event| progress.show(&event);
                let endpoint = self.endpoint;
                schema::demand_unchanged(endpoint, migrations, operation, &printer, shadow, watch)
                    .await?;
            }
        }
        let output = self.output;
        let mut watch = |event: Event| match &event {
            Event::Started { name, direction, .. } => {
                let word = match direction {
                    Direction::Up => "Running",
                    Direction::Down => "Rolling back",
                };
                // Diesel does not mention its own first migration
                if !name.starts_with("00000000000000") && !output.is_json() {
                    output.raw(&format!("{word} migration {name}\n"));
                }
            }
            Event::Planned { .. } | Event::Statement { .. } | Event::Done { .. } => {}
            _ => progress.show(&event),
        };
        let done = job::run::run(self.endpoint, migrations, operation, &options, &mut watch).await;
        done.map_err(CliError::run)
    }

    /// Checks the schema files before a run.
    pub(super) async fn look_at_schema(&self, progress: &mut Progress) -> Result<Before, CliError> {
        if self.locked_schema {
            return Ok(Before::default());
        }
        let printer = printer(self.settings, None)?;
        let mut watch = |event| progress.show(&event);
        Ok(schema::before_run(self.endpoint, &printer, &mut watch).await?)
    }

    pub(super) async fn write_schema(
        &self,
        before: &Before,
        done: RunReport,
        progress: &mut Progress,
    ) -> Result<RunReport, CliError> {
        if self.locked_schema {
            return Ok(done);
        }
        let printer = printer(self.settings, None)?;
        let mut watch = |event| progress.show(&event);
        let done = schema::after_run(self.endpoint, &printer, before, done, &mut watch).await;
        done.map_err(CliError::run)
    }
}

fn list(settings: &Settings, output: &Output) -> Result<Vec<Listed>, CliError> {
    let migrations = settings.migrations()?;
    let mut progress = output.progress();
    let journal = block_on(async |stop| {
        let endpoint = settings.endpoint("migration", stop, output)?;
        let mut watch = |event| progress.show(&event);
        let (_session, _, journal) = endpoint.read(&mut watch).await?;
        Ok::<_, CliError>(journal)
    })?;
    progress.finish();
    let settled = squash::settle(&migrations, &journal);
    let status = status::status(&settled.migrations, &settled.journal);
    let rows = status.rows.iter().filter(|row| row.migration.is_some());
    Ok(rows
        .map(|row| Listed { name: row.name.to_owned(), applied: row.run_on.is_some() })
        .collect())
}
