//! `glowplug upgrade`, `downgrade` and `redo`.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::{
    cli::{
        Global,
        compat::{self, Pending, ProgramArgs},
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        schema::printer,
        settings::{LimitArgs, Settings},
    },
    job::{
        self, JobError, offline,
        run::{Operation, RunOptions},
    },
    migration::{plan::Policy, source::Direction, version::Version},
    postgres::exec,
    render::failure::CliError,
    replay::{
        self,
        locate::locate,
        schema::{self, Before},
    },
};

/// Applies pending migrations, oldest first.
///
/// Each migration commits together with its journal entry. A second run at the same time waits, and then finds nothing to do.
#[derive(Debug, Args)]
pub(super) struct Upgrade {
    /// `head`, a version or a unique prefix of one, `+N`, `VERSION+N`; with --sql also A:B
    #[arg(value_name = "TARGET", default_value = "head", allow_negative_numbers = true)]
    target: String,
    #[command(flatten)]
    run: RunArgs,
    /// Apply migrations that are older than an applied one
    #[arg(long)]
    allow_out_of_order: bool,
    /// Continue even if applied migrations are not on disk
    #[arg(long)]
    allow_orphaned: bool,
    /// Accept that this migration was edited after it was applied; may be repeated
    #[arg(long, value_name = "VERSION")]
    accept_edited: Vec<String>,
    /// Fail before running anything if the running program would break: that of `from` in [compat] of glowplug.toml, or of this
    /// revision or schema.rs
    #[arg(long, value_name = "REV|FILE", num_args = 0..=1, require_equals = true, conflicts_with = "sql")]
    compat: Option<Option<String>>,
}

/// Reverts applied migrations above a target, newest first.
#[derive(Debug, Args)]
pub(super) struct Downgrade {
    /// `-1`, `-N`, `base`, or the version to go back to; with --sql also A:B
    #[arg(value_name = "TARGET", allow_negative_numbers = true)]
    target: String,
    /// Revert only TARGET itself, wherever it stands: nothing that is applied may depend on it
    #[arg(long, conflicts_with = "sql")]
    only: bool,
    /// With --only: also revert what depends on it (`depends_on` in metadata.toml), newest first
    #[arg(long, requires = "only")]
    with_dependents: bool,
    #[command(flatten)]
    run: RunArgs,
}

/// Reverts the newest migrations and applies them again; in one transaction where that is possible.
#[derive(Debug, Args)]
pub(super) struct Redo {
    /// How many migrations
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    number: u32,
    /// All applied migrations
    #[arg(long, conflicts_with = "number")]
    all: bool,
    #[command(flatten)]
    limits: LimitArgs,
    /// Only show what would run
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Only show what would run
    #[arg(long)]
    dry_run: bool,
    /// Print the SQL instead of running it; A:B needs no database
    #[arg(long, conflicts_with = "dry_run")]
    sql: bool,
    /// Look for rows that the migrations would fail on before the first statement, as --dry-run does [glowplug.toml: `check_rows` in [run]]
    #[arg(long)]
    check_rows: bool,
    /// Run all migrations in one transaction: all or nothing
    #[arg(long)]
    single_transaction: bool,
    /// What to do with a statement that a crash interrupted, if the catalog does not show whether it took effect
    #[arg(long, value_enum, value_name = "WHAT")]
    unsure: Option<Unsure>,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unsure {
    /// It had no effect: run it
    Repeat,
    /// It took effect: continue after it
    Skip,
}

impl Upgrade {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let policy = Policy {
            allow_out_of_order: self.allow_out_of_order,
            allow_orphaned: self.allow_orphaned,
            accept_edited: self.accept_edited.iter().map(|text| version(text)).collect(),
        };
        let operation = Operation::Upgrade { target: self.target.clone(), policy: policy.clone() };
        if self.run.sql {
            let single = self.run.single_transaction;
            return sql("upgrade", &settings, &self.target, Direction::Up, &policy, single, output);
        }
        self.demand_compat(&settings, output)?;
        let locked = global.locked_schema;
        execute("upgrade", &settings, &operation, &self.run, locked, output)
    }

    /// Refuses migrations with which the running program breaks.
    fn demand_compat(&self, settings: &Settings, output: &Output) -> Result<(), CliError> {
        let Some(from) = &self.compat else {
            return Ok(());
        };
        let programs = ProgramArgs { from: from.clone(), used: None };
        let pending = Pending { since: None, target: self.target.clone(), will_run: true };
        let report = block_on(async |stop| {
            compat::report("upgrade", settings, (&programs, pending), stop, output, &mut |_| {})
                .await
        })?;
        replay::compat::demand(&report).map_err(JobError::from)?;
        for note in &report.notes {
            output.talk(&format!("note: {note}"));
        }
        output.detail(&format!("{} works with the pending migrations", report.running));
        Ok(())
    }
}

impl Downgrade {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        if self.run.sql {
            return sql(
                "downgrade",
                &settings,
                &self.target,
                Direction::Down,
                &Policy::default(),
                self.run.single_transaction,
                output,
            );
        }
        let target = self.target.clone();
        let operation = match self.only {
            true => Operation::Only { target, with_dependents: self.with_dependents },
            false => Operation::Downgrade { target },
        };
        let locked = global.locked_schema;
        execute("downgrade", &settings, &operation, &self.run, locked, output)
    }
}

impl Redo {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let count = if self.all { None } else { usize::try_from(self.number).ok() };
        let run = RunArgs {
            dry_run: self.dry_run,
            sql: false,
            single_transaction: false,
            check_rows: false,
            unsure: None,
            limits: self.limits.clone(),
        };
        let operation = Operation::Redo { count };
        execute("redo", &settings, &operation, &run, global.locked_schema, output)
    }
}

/// A version as people write it: with dashes, or as a directory name.
fn version(text: &str) -> Version {
    Version::of_directory(text).unwrap_or_else(|_| Version::stored(text.to_owned()))
}

fn execute(
    command: &str,
    settings: &Settings,
    operation: &Operation,
    flags: &RunArgs,
    locked_schema: bool,
    output: &Output,
) -> Result<Exit, CliError> {
    let migrations = settings.migrations()?;
    let mut exec = settings.exec_options(&flags.limits);
    exec.unsure = flags.unsure.map(|unsure| match unsure {
        Unsure::Repeat => exec::Unsure::Repeat,
        Unsure::Skip => exec::Unsure::Skip,
    });
    let options = RunOptions {
        limits: settings.limits(&flags.limits),
        exec,
        single_transaction: flags.single_transaction,
        looks_at_rows: flags.check_rows || settings.toml.run.check_rows,
    };
    let printer = printer(settings, None)?;
    let mut progress = output.progress();
    let report = block_on(async |stop| {
        let endpoint = settings.endpoint(command, stop, output)?;
        if matches!(operation, Operation::Upgrade { .. }) {
            // what is still written may be tried on this machine
            settings.demand_history(&migrations, endpoint.url.is_local())?;
        }
        let mut watch = |event| progress.show(&event);
        if locked_schema && printer.has_files() {
            let shadow = || settings.shadow(output);
            let watch = &mut watch;
            schema::demand_unchanged(&endpoint, &migrations, operation, &printer, shadow, watch)
                .await?;
        }
        let report = if flags.dry_run {
            job::run::dry_run(
                &endpoint,
                &migrations,
                operation,
                options.single_transaction,
                &mut watch,
            )
            .await
        } else {
            let before = match locked_schema {
                true => Before::default(),
                false => schema::before_run(&endpoint, &printer, &mut watch).await?,
            };
            match job::run::run(&endpoint, &migrations, operation, &options, &mut watch).await {
                // the content is right, and different line endings are no reason to rewrite it
                Ok(done) if locked_schema => Ok(done),
                Ok(done) => schema::after_run(&endpoint, &printer, &before, done, &mut watch).await,
                Err(error) => Err(error),
            }
        };
        match report {
            Err(mut error) => {
                if let JobError::Refused(refused) = &mut error.cause {
                    // without PostgreSQL's programs, or if the replay fails, the refusal has no place
                    if let Ok(shadow) = settings.shadow_here(output) {
                        let guard = &options.exec.guard;
                        let stop = endpoint.stop.clone();
                        let quiet = &mut |_| {};
                        locate((&shadow, &endpoint), &migrations, guard, refused, stop, quiet)
                            .await
                            .unwrap_or_default();
                    }
                }
                Err(CliError::run(error))
            }
            Ok(report) => Ok(report),
        }
    });
    progress.finish();
    let report = report?;
    settings.keep_head(report.ledgers.as_ref())?;
    if !output.is_json() {
        for note in &report.notes {
            output.talk(&format!("note: {note}"));
        }
    }
    output.answer(&report, render::run);
    Ok(if report.rows.is_empty() { Exit::Done } else { Exit::Findings })
}

/// A script, for `--format json`.
#[derive(Debug, Serialize)]
struct SqlReport {
    sql: String,
}

fn sql(
    command: &str,
    settings: &Settings,
    target: &str,
    direction: Direction,
    policy: &Policy,
    single_transaction: bool,
    output: &Output,
) -> Result<Exit, CliError> {
    let migrations = settings.migrations()?;
    let actor = settings.actor();
    let options = offline::OfflineOptions { actor: &actor, single_transaction };
    let sql = if target.contains(':') {
        offline::between(&migrations, target, direction, &options)?
    } else {
        let mut progress = output.progress();
        block_on(async |stop| {
            let endpoint = settings.endpoint(command, stop, output)?;
            let mut watch = |event| progress.show(&event);
            let (_session, facts, journal) = endpoint.read(&mut watch).await?;
            let place = &facts.place;
            let sql =
                offline::pending(&migrations, &journal, place, target, direction, policy, &options);
            sql.map_err(CliError::from)
        })?
    };
    output.answer(&SqlReport { sql }, |report| report.sql.clone());
    Ok(Exit::Done)
}
