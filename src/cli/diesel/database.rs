//! `glowplug database`.

use clap::{Args, Subcommand};

use crate::{
    cli::{
        Global,
        ask::{asked, can_ask},
        diesel::migration::{Runner, all_pending},
        exit::Exit,
        interrupt::block_on,
        render::Output,
        schema::{printer, say},
        settings::Settings,
    },
    job::{database, open::Endpoint},
    migration::source::Migrations,
    project::setup,
    render::failure::CliError,
    replay::schema,
    report::run::RunReport,
};

/// Creates, resets and drops the database that DATABASE_URL names, as `diesel database` does.
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(in crate::cli) struct Database {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create it if it does not exist, and run all migrations
    Setup(SetUp),
    /// Drop it, create it, and run all migrations; asks on a terminal
    Reset(Reset),
    /// Drop it; asks on a terminal
    #[command(hide = true)]
    Drop(Drop),
}

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct SetUp {
    /// Do not create Diesel's first migration
    #[arg(long)]
    no_default_migration: bool,
}

#[derive(Debug, Args)]
struct Reset {
    #[command(flatten)]
    set_up: SetUp,
    #[command(flatten)]
    drop: Drop,
}

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Drop {
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
    /// Terminate the sessions of others
    #[arg(long)]
    force: bool,
}

impl Database {
    pub(in crate::cli) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        match &self.command {
            Command::Setup(set_up) => set_up.run(global, output),
            Command::Drop(drop) => drop.run(global, output),
            Command::Reset(reset) => {
                let settings = Settings::resolve(global)?;
                // what would stop the second half must stop the first
                let migrations = settings.migrations()?;
                if global.locked_schema {
                    block_on(async |stop| {
                        let endpoint = settings.endpoint("database", stop, output)?;
                        demand_from_nothing(&settings, &endpoint, &migrations, output).await
                    })?;
                }
                drop_database(&settings, &reset.drop, output)?;
                let with_default = !reset.set_up.no_default_migration;
                set_up(&settings, with_default, true, global, output)?;
                Ok(Exit::Done)
            }
        }
    }
}

impl SetUp {
    pub(in crate::cli) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        set_up(&settings, !self.no_default_migration, true, global, output)?;
        Ok(Exit::Done)
    }
}

impl Drop {
    pub(in crate::cli) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        drop_database(&settings, self, output)?;
        Ok(Exit::Done)
    }
}

/// Creates the database and, if it was never migrated, runs everything.
pub(super) fn set_up(
    settings: &Settings,
    with_default_migration: bool,
    writes_schema: bool,
    global: &Global,
    output: &Output,
) -> Result<(), CliError> {
    if writes_schema && !settings.migrations_dir.is_dir() {
        settings.migrations()?;
    }
    let locked = global.locked_schema && writes_schema;
    let mut progress = output.progress();
    let report = block_on(async |stop| {
        let endpoint = settings.endpoint("database", stop, output)?;
        let mut watch = |event| progress.show(&event);
        let mut creating = |name: &str| {
            if !output.is_json() {
                output.raw(&format!("Creating database: {name}\n"));
            }
        };
        if locked && database::is_missing(&endpoint, &mut watch).await? {
            let migrations = settings.migrations()?;
            demand_from_nothing(settings, &endpoint, &migrations, output).await?;
        }
        database::create_if_missing(&endpoint, &mut creating, &mut watch).await?;
        if with_default_migration {
            setup::default_migration(&settings.migrations_dir)?;
        }
        let (session, facts, _) = endpoint.read(&mut watch).await?;
        drop(session);
        let runner = Runner { settings, endpoint: &endpoint, locked_schema: locked, output };
        let before = match writes_schema {
            true => runner.look_at_schema(&mut progress).await?,
            false => schema::Before::default(),
        };
        let mut report = RunReport { database: facts.database, ..RunReport::default() };
        if !facts.place.has_diesel {
            let migrations = settings.migrations()?;
            report = runner.run(&migrations, &all_pending(), &mut progress).await?;
            if report.steps.is_empty() {
                let mut watch = |event| progress.show(&event);
                database::track(&endpoint, &mut watch).await?;
            }
        } else if locked {
            let printer = printer(settings, None)?;
            let mut watch = |event| progress.show(&event);
            let catalog = schema::Source::Database(&endpoint).catalog(&mut watch).await?;
            printer.demand(&catalog)?;
        }
        if writes_schema {
            report = runner.write_schema(&before, report, &mut progress).await?;
        }
        Ok::<_, CliError>(report)
    });
    progress.finish();
    let report = report?;
    say(&report.notes, output);
    if output.is_json() {
        output.answer(&report, |_| String::new());
    }
    Ok(())
}

/// With --locked-schema: checks that the files match what the migrations produce.
async fn demand_from_nothing(
    settings: &Settings,
    endpoint: &Endpoint,
    migrations: &Migrations,
    output: &Output,
) -> Result<(), CliError> {
    let printer = printer(settings, None)?;
    if !printer.has_files() {
        return Ok(());
    }
    let shadow = settings.shadow(output)?;
    // the user did not ask for the shadow's events
    let mut quiet = |_| {};
    let unchanged = schema::demand_of_new(endpoint, migrations, &printer, &shadow, &mut quiet);
    unchanged.await.map_err(CliError::from)
}

fn drop_database(settings: &Settings, flags: &Drop, output: &Output) -> Result<(), CliError> {
    if !settings.has_a_database() {
        return Err(CliError::Cannot {
            what: "no database is named".into(),
            help: "Set DATABASE_URL. `glowplug db reset` removes the project's own local server."
                .into(),
        });
    }
    let mut progress = output.progress();
    let done = block_on(async |stop| {
        let endpoint: Endpoint = settings.endpoint("database", stop, output)?;
        let place = database::place(&endpoint);
        let question = format!("Drop the database {place} with everything in it?");
        if !flags.yes && !asked(&question) {
            return Err(CliError::Cannot {
                what: format!("the database {place} was not dropped"),
                help: match can_ask() {
                    true => "Answer `y`, or use --yes.".into(),
                    false => "There is no terminal to ask on. Use --yes to drop it with everything in it.".into(),
                },
            });
        }
        let others = match flags.force {
            true => database::Others::Go,
            false => database::Others::Stay,
        };
        let mut dropping = |name: &str| {
            if !output.is_json() {
                output.raw(&format!("Dropping database: {name}\n"));
            }
        };
        let mut watch = |event| progress.show(&event);
        Ok(database::drop_if_there(&endpoint, others, &mut dropping, &mut watch).await?)
    });
    progress.finish();
    done
}
