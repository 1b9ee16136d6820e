//! The command line: arguments, environment, terminal, exit codes, rendering.
//!
//! One file per command: its `Args` document the help, its `run` resolves settings, calls one job and renders the report.

mod adopt;
mod alembic;
mod ask;
mod cache;
mod check;
mod checks;
mod ci;
mod compat;
mod completions;
mod current;
mod db;
mod diesel;
mod diff;
mod drift;
mod edit;
mod exit;
mod guide;
mod history;
mod init;
mod interrupt;
mod ledger;
mod lint;
mod print_schema;
mod rebase;
mod render;
mod report;
mod revision;
mod schema;
mod settings;
mod shadow;
mod show;
mod squash;
mod stamp;
mod terminal;
mod title;
mod upgrade;
mod url;
mod verify;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::{
    cli::{exit::Exit, render::Output},
    cluster,
    render::covers::Covers,
    words::timespan::Timespan,
};

/// Migrations for Diesel on PostgreSQL.
///
/// Applies and reverts up.sql/down.sql pairs in Diesel's layout, with Diesel's tracking table and a journal beside it.
/// Without DATABASE_URL it works on a PostgreSQL server of the project's own, which it starts itself.
#[derive(Debug, Parser)]
#[command(name = "glowplug", version, max_term_width = 100, propagate_version = true)]
#[command(
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// The database: any driver's URL, or key=value pairs [env: DATABASE_URL]
    #[arg(long, global = true, value_name = "URL", hide_default_value = true)]
    database_url: Option<String>,
    /// Use the project's own local server, even if DATABASE_URL is set
    #[arg(long, global = true, conflicts_with_all = ["database_url", "direct_url"])]
    local: bool,
    /// A URL that bypasses the transaction pooler [env: GLOWPLUG_DIRECT_URL]
    #[arg(long, global = true, value_name = "URL")]
    direct_url: Option<String>,
    /// How long to wait for a server that does not answer yet, such as a starting container [env: GLOWPLUG_WAIT_FOR_SERVER]
    #[arg(long, global = true, value_name = "TIME")]
    wait_for_server: Option<Timespan>,
    /// The settings file [env: GLOWPLUG_CONFIG] [default: glowplug.toml at the root of the project]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Diesel's settings file [env: DIESEL_CONFIG_FILE] [default: diesel.toml at the root of the project]
    #[arg(long, global = true, value_name = "FILE")]
    config_file: Option<PathBuf>,
    /// Fail before running anything if schema.rs would change
    #[arg(long, global = true)]
    locked_schema: bool,
    /// The migrations directory [env: MIGRATION_DIRECTORY] [default: diesel.toml's, or the nearest migrations/]
    #[arg(long, global = true, value_name = "DIR")]
    migration_dir: Option<PathBuf>,
    /// The directory with `initdb` and `postgres`, for the local server [env: GLOWPLUG_POSTGRES_BIN]
    #[arg(long, global = true, value_name = "DIR")]
    postgres_bin: Option<PathBuf>,
    /// Do not fetch PostgreSQL if none is installed [glowplug.toml: `install = "never"` in [server]]
    #[arg(long, global = true)]
    no_install: bool,
    /// The output format
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// When to use color
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print only the result
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more details
    #[arg(long, short, global = true)]
    verbose: bool,
}

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people.
    Text,
    /// One JSON document, even on failure.
    Json,
    /// Findings as SARIF 2.1.0, for code scanning.
    Sarif,
    /// Findings as annotations of GitHub Actions.
    Github,
    /// Findings as GitLab's Code Quality report.
    Gitlab,
    /// Findings as JUnit's XML.
    Junit,
    /// Findings as a summary in Markdown.
    Markdown,
    /// For `migration generate` only: Diesel's `--format` takes nothing else.
    #[value(hide = true)]
    Sql,
}

/// When to use color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create diesel.toml, glowplug.toml and a first migration; overwrites nothing
    Init(init::Init),
    /// Take over a database, and the migrations of Alembic, sqlx, Flyway and other tools
    Adopt(adopt::Adopt),
    /// Show the database's current revision
    Current(current::Current),
    /// List the migrations, newest first, with their state
    History(history::History),
    /// Show the newest migration on disk
    Heads(history::Heads),
    /// Show one migration with its SQL
    Show(show::Show),
    /// Open one migration in $VISUAL or $EDITOR
    Edit(edit::Edit),
    /// Create a new migration, empty or generated
    Revision(revision::Revision),
    /// Apply pending migrations
    Upgrade(upgrade::Upgrade),
    /// Revert applied migrations down to a target
    Downgrade(upgrade::Downgrade),
    /// Revert the newest migration and apply it again
    Redo(upgrade::Redo),
    /// Give migrations of a branch versions after the newest
    Rebase(rebase::Rebase),
    /// Make one migration of several
    Squash(squash::Squash),
    /// Mark migrations as applied or pending without running them
    Stamp(stamp::Stamp),
    /// Write schema.rs, or check that it is up to date
    Schema(schema::Schema),
    /// Print schema.rs with Diesel's flags
    PrintSchema(print_schema::PrintSchemaCommand),
    /// Set up a Diesel project: directory, diesel.toml, database
    Setup(diesel::Setup),
    /// Create, reset or drop the database, as `diesel database` does
    Database(diesel::Database),
    /// Run, revert, list or write migrations, as `diesel migration` does
    Migration(diesel::MigrationCommand),
    /// Show how a URL is understood, or convert it for another driver
    Url(url::UrlCommand),
    /// Check that the migrations and the source of truth agree
    Check(check::Check),
    /// Run every check that applies, with one report
    Ci(ci::Ci),
    /// Write one page about the project: findings, pictures, history
    Report(report::Report),
    /// Show whether the running program works with the pending migrations
    Compat(compat::Compat),
    /// Print the SQL that changes one structure into another
    Diff(diff::Diff),
    /// Show how the database differs from what its migrations produce
    Drift(drift::Drift),
    /// Replay every migration up, down and up again in a throwaway database
    Verify(verify::Verify),
    /// Show what is dangerous to deploy: who waits for which lock, what is lost
    Lint(lint::Lint),
    /// Manage the throwaway databases that migrations are replayed in
    #[command(subcommand)]
    Shadow(shadow::Shadow),
    /// Manage append-only tables
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Manage the project's own local server
    #[command(subcommand)]
    Db(db::Db),
    /// Manage cached replays
    #[command(subcommand)]
    Cache(cache::Cache),
    /// Print shell completions
    Completions(completions::Completions),
    /// Print the manual page
    Man(completions::Man),
    /// Explain a message code or a rule of the ledger guard
    Explain(guide::Explain),
    /// Show the help of a command or a guide
    Help(guide::Help),
    #[command(flatten)]
    Alembic(alembic::Word),
}

impl Cli {
    /// What is wrong with `--format`, if it does not fit the command.
    fn misused_format(&self) -> Option<String> {
        let format = self.global.format;
        match format {
            Format::Text | Format::Json => None,
            Format::Sql => (!matches!(self.command, Command::Migration(_))).then(|| {
                "--format takes text or json; `sql` is for `migration generate` only".to_owned()
            }),
            _ if self.command.has_findings() => None,
            _ => Some(format!(
                "`{}` has no findings: --format takes text or json; the other formats are for {WITH_FINDINGS}",
                self.command.name()
            )),
        }
    }
}

/// The commands that take every format.
const WITH_FINDINGS: &str = "`check`, `ci`, `compat`, `current --check-heads`, `drift`, `lint`, `schema --check` and `verify`";

impl Command {
    /// Whether it reports findings, which all formats can show.
    fn has_findings(&self) -> bool {
        match self {
            Self::Check(_)
            | Self::Ci(_)
            | Self::Compat(_)
            | Self::Lint(_)
            | Self::Drift(_)
            | Self::Verify(_) => true,
            Self::Schema(command) => command.has_findings(),
            Self::Current(command) => command.has_findings(),
            _ => false,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Adopt(_) => "adopt",
            Self::Current(_) => "current",
            Self::History(_) => "history",
            Self::Heads(_) => "heads",
            Self::Show(_) => "show",
            Self::Edit(_) => "edit",
            Self::Revision(_) => "revision",
            Self::Upgrade(_) => "upgrade",
            Self::Downgrade(_) => "downgrade",
            Self::Redo(_) => "redo",
            Self::Rebase(_) => "rebase",
            Self::Squash(_) => "squash",
            Self::Stamp(_) => "stamp",
            Self::Schema(_) => "schema",
            Self::PrintSchema(_) => "print-schema",
            Self::Setup(_) => "setup",
            Self::Database(_) => "database",
            Self::Migration(_) => "migration",
            Self::Url(_) => "url",
            Self::Check(_) => "check",
            Self::Ci(_) => "ci",
            Self::Report(_) => "report",
            Self::Compat(_) => "compat",
            Self::Diff(_) => "diff",
            Self::Drift(_) => "drift",
            Self::Verify(_) => "verify",
            Self::Lint(_) => "lint",
            Self::Shadow(command) => command.name(),
            Self::Ledger(command) => command.name(),
            Self::Db(_) => "db",
            Self::Cache(_) => "cache",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
            Self::Explain(_) => "explain",
            Self::Help(_) => "help",
            Self::Alembic(word) => word.name(),
        }
    }
}

/// Runs the program with the arguments of the process. If stdout is closed, printing a result is an error.
#[must_use]
pub fn main(is_stdout_closed: bool) -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().map(|it| it.to_string_lossy().into_owned()).collect();
    if arguments.get(1).is_some_and(|first| first == cluster::SUPERVISOR_ARGUMENT) {
        return cluster::supervisor_main(&arguments[2..]);
    }
    title::cover_passwords();
    if is_stdout_closed {
        terminal::has_no_stdout();
    }
    let covers = Covers::of(&arguments);
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            if error.use_stderr() && wants_json(&arguments) {
                let text = covers.over(&error.render().to_string());
                let first = text.lines().next().unwrap_or_default();
                // the command line is wrong, whether or not this can be printed
                render::misused(first.trim_start_matches("error: ")).unwrap_or_default();
            }
            return exit::usage(&error, &arguments, &covers);
        }
    };
    if let Some(text) = cli.misused_format() {
        let error = Cli::command().error(clap::error::ErrorKind::InvalidValue, text);
        return exit::usage(&error, &arguments, &covers);
    }
    let output = Output::new(&cli.global, cli.command.name(), covers);
    let exit = match dispatch(&cli, &output) {
        Ok(exit) => exit,
        Err(failure) => output.failure(&failure),
    };
    output.end(exit).into()
}

/// Whether a command line that could not be parsed asks for JSON.
fn wants_json(arguments: &[String]) -> bool {
    let pair = |pair: &[String]| pair[0] == "--format" && pair[1] == "json";
    arguments.iter().any(|it| it == "--format=json") || arguments.windows(2).any(pair)
}

fn dispatch(cli: &Cli, output: &Output) -> Result<Exit, crate::render::failure::CliError> {
    let global = &cli.global;
    match &cli.command {
        Command::Init(command) => command.run(global, output),
        Command::Adopt(command) => command.run(global, output),
        Command::Current(command) => command.run(global, output),
        Command::History(command) => command.run(global, output),
        Command::Heads(command) => command.run(global, output),
        Command::Show(command) => command.run(global, output),
        Command::Edit(command) => command.run(global, output),
        Command::Revision(command) => command.run(global, output),
        Command::Upgrade(command) => command.run(global, output),
        Command::Downgrade(command) => command.run(global, output),
        Command::Redo(command) => command.run(global, output),
        Command::Rebase(command) => command.run(global, output),
        Command::Squash(command) => command.run(global, output),
        Command::Stamp(command) => command.run(global, output),
        Command::Schema(command) => command.run(global, output),
        Command::PrintSchema(command) => command.run(global, output),
        Command::Setup(command) => command.run(global, output),
        Command::Database(command) => command.run(global, output),
        Command::Migration(command) => command.run(global, output),
        Command::Url(command) => command.run(global, output),
        Command::Check(command) => command.run(global, output),
        Command::Ci(command) => command.run(global, output),
        Command::Report(command) => command.run(global, output),
        Command::Compat(command) => command.run(global, output),
        Command::Diff(command) => command.run(global, output),
        Command::Drift(command) => command.run(global, output),
        Command::Verify(command) => command.run(global, output),
        Command::Lint(command) => command.run(global, output),
        Command::Shadow(command) => command.run(global, output),
        Command::Ledger(command) => command.run(global, output),
        Command::Db(command) => command.run(global, output),
        Command::Cache(command) => command.run(output),
        Command::Completions(command) => command.run(&mut Cli::command(), output),
        Command::Man(command) => command.run(Cli::command(), output),
        Command::Explain(command) => command.run(output),
        Command::Help(command) => command.run(Cli::command(), output),
        Command::Alembic(word) => Err(word.answer()),
    }
}
