//! Settings, resolved once: flag, environment (with `.env`), glowplug.toml, diesel.toml, default.

mod dot_env;
mod limits;
mod new;
mod places;
mod server;
mod twin;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

pub(super) use self::{limits::LimitArgs, new::New};
use crate::{
    catalog::Ignored,
    cli::{Global, render::Output},
    cluster,
    connect::{self, Environment, Patience},
    job::{JobError, open::Endpoint},
    ledger::Declaration,
    migration::source::Migrations,
    postgres::session::Stop,
    project::{
        config::{self, GlowplugToml, Install},
        history_file, pin, read, root, rustfmt, write,
    },
    render::failure::CliError,
    report::ledger::{Head, Level},
    schema_rs::{Compat, PrintSchemas, Style},
    words::{ident::Ident, timespan::Timespan, url::Url},
};

/// How long to wait for a server that is waking up, by default.
const WAKE_UP: Duration = Duration::from_secs(30);

/// The resolved settings of a command.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) root: PathBuf,
    /// The current directory.
    pub(super) current: PathBuf,
    pub(super) migrations_dir: PathBuf,
    /// The name of the migrations directory in messages.
    pub(super) shown: String,
    pub(super) toml: GlowplugToml,
    /// The heads of attestation chains in glowplug.lock, if the project pins them.
    heads: Option<BTreeMap<String, String>>,
    /// Where glowplug.toml is, or would be.
    glowplug_toml: PathBuf,
    /// Where diesel.toml is, or would be.
    pub(super) diesel_toml: PathBuf,
    /// `[print_schema]` of diesel.toml.
    pub(super) schemas: PrintSchemas,
    environment: Environment,
    env_fault: Option<dot_env::Fault>,
    database_url: Option<(&'static str, String)>,
    direct_url: Option<(&'static str, String)>,
    postgres_bin: Option<PathBuf>,
    /// How long to wait for a server that does not answer yet.
    wait_for_server: Option<Timespan>,
    /// Whether `--local` was given.
    is_local: bool,
    told: OnceLock<()>,
    /// Whether PostgreSQL may be fetched.
    installs: bool,
}

impl Settings {
    /// Reads the environment and the project's files.
    pub(super) fn resolve(global: &Global) -> Result<Self, CliError> {
        let current = std::env::current_dir().map_err(|error| CliError::Cannot {
            what: format!("cannot read the current directory: {error}"),
            help: "Change to a directory that exists.".into(),
        })?;
        let mut environment = Environment::of_process();
        let is_set = environment.vars.contains_key("DATABASE_URL");
        let env_fault = dot_env::read(&current, &mut environment);
        let var = |name: &str| environment.vars.get(name).filter(|text| !text.is_empty()).cloned();
        let root = root::find(&current).unwrap_or_else(|| current.clone());

        let config = global.config.clone().or_else(|| var("GLOWPLUG_CONFIG").map(PathBuf::from));
        if let Some(path) = config.as_ref().filter(|path| !path.is_file()) {
            return Err(CliError::Cannot {
                what: format!("settings file {} not found", path.display()),
                help: "Correct --config or GLOWPLUG_CONFIG.".into(),
            });
        }
        let glowplug_toml = config.unwrap_or_else(|| root.join("glowplug.toml"));
        let toml = config::read_glowplug(&glowplug_toml)?;
        if let Some(major) = toml.server.major.filter(|it| !cluster::SUPPORTED.contains(it)) {
            return Err(CliError::Cannot {
                what: format!("glowplug.toml asks for a local server of PostgreSQL {major}"),
                help: "Set `major` in [server] to 14 to 18, or leave it out.".into(),
            });
        }
        let heads = match toml.ledger_admin.pin_head {
            true => Some(pin::heads(&pin::beside(&glowplug_toml))?),
            false => None,
        };
        let diesel_toml = global
            .config_file
            .clone()
            .or_else(|| var("DIESEL_CONFIG_FILE").map(PathBuf::from))
            .unwrap_or_else(|| root.join("diesel.toml"));
        let diesel = config::read_diesel(&diesel_toml)?;

        let migrations_dir = global
            .migration_dir
            .clone()
            .or_else(|| var("MIGRATION_DIRECTORY").map(PathBuf::from))
            .or_else(|| diesel.migrations_directory.map(|it| it.dir))
            .or_else(|| root::find_migrations(&current))
            .unwrap_or_else(|| root.join("migrations"));
        let shown = shown(&migrations_dir, &current);

        let flag_or = |flag: (&'static str, &Option<String>),
                       env: (&'static str, Option<String>),
                       toml: &Option<String>| {
            let flag = flag.1.clone().map(|text| (flag.0, text));
            let env = env.1.map(|text| (env.0, text));
            let file = || toml.clone().map(|text| ("glowplug.toml", text));
            flag.or(env).or_else(file)
        };
        // an empty one counts: a missing secret must not select another database
        let database_url = flag_or(
            ("--database-url", &global.database_url),
            ("DATABASE_URL", environment.vars.get("DATABASE_URL").cloned()),
            &toml.database.url,
        );
        let direct_url = flag_or(
            ("--direct-url", &global.direct_url),
            ("GLOWPLUG_DIRECT_URL", var("GLOWPLUG_DIRECT_URL")),
            &toml.database.direct_url,
        );
        // it does not matter if the URL is known without it
        let env_fault = env_fault.filter(|_| !(global.database_url.is_some() || is_set));
        let (database_url, direct_url, env_fault) = match global.local {
            true => (None, None, None),
            false => (database_url, direct_url, env_fault),
        };
        let wait_for_server = match var("GLOWPLUG_WAIT_FOR_SERVER") {
            Some(text) => Some(text.parse().map_err(|error| CliError::Cannot {
                what: format!("GLOWPLUG_WAIT_FOR_SERVER: {error}"),
                help: "Write a time, such as 60s.".into(),
            })?),
            None => toml.database.wait_for_server,
        };
        let postgres_bin = global
            .postgres_bin
            .clone()
            .or_else(|| var("GLOWPLUG_POSTGRES_BIN").map(PathBuf::from))
            .or_else(|| toml.server.postgres_bin.as_ref().map(|dir| root.join(dir)));
        let installs = !global.no_install && toml.server.install == Install::Auto;
        Ok(Self {
            installs,
            root,
            current,
            migrations_dir,
            shown,
            heads,
            toml,
            glowplug_toml,
            diesel_toml,
            schemas: diesel.print_schema,
            environment,
            env_fault,
            database_url,
            direct_url,
            postgres_bin,
            wait_for_server: global.wait_for_server.or(wait_for_server),
            is_local: global.local,
            told: OnceLock::new(),
        })
    }

    /// Reads the migrations.
    pub(super) fn migrations(&self) -> Result<Migrations, CliError> {
        Ok(read::migrations(&self.migrations_dir, &self.shown)?)
    }

    /// Demands that `.history` has a line for each migration, if the project keeps one. With `drafts` those count that are still written.
    pub(super) fn demand_history(
        &self,
        migrations: &Migrations,
        drafts: bool,
    ) -> Result<(), CliError> {
        if !self.toml.migrations.history_file {
            return Ok(());
        }
        Ok(history_file::demand(&self.migrations_dir, &self.shown, migrations, drafts)?)
    }

    /// Brings `.history` up to date after a command has written or renamed migrations. What `drafts` names is still to be written by hand.
    pub(super) fn keep_history(&self, drafts: &[&str]) -> Result<(), CliError> {
        if self.toml.migrations.history_file {
            history_file::keep(&self.migrations_dir, &self.migrations()?, drafts)?;
        }
        Ok(())
    }

    /// Whether a database is named, as opposed to the project's local server.
    pub(super) fn names_a_database(&self) -> bool {
        // an unreadable file may name one
        self.database_url.is_some() || self.env_fault.is_some()
    }

    /// Whether there is a database to act on: a configured one, or the local server's with `--local`.
    pub(super) fn has_a_database(&self) -> bool {
        self.names_a_database() || self.is_local
    }

    /// The configured URL, if any, with notes about it.
    pub(super) fn url(&self, output: &Output) -> Result<Option<Url>, CliError> {
        if let Some(fault) = &self.env_fault {
            return Err(fault.clone().into());
        }
        self.parse(self.database_url.as_ref(), output)
    }

    fn parse(
        &self,
        text: Option<&(&'static str, String)>,
        output: &Output,
    ) -> Result<Option<Url>, CliError> {
        let Some((from, text)) = text else {
            return Ok(None);
        };
        if text.trim().is_empty() {
            return Err(CliError::EmptyUrl { from });
        }
        let parsed = Url::parse(text).map_err(CliError::url(from))?;
        for note in parsed.notes {
            output.detail(&note.text);
        }
        let url = connect::complete(parsed.url, &self.environment);
        url.map(Some).map_err(CliError::from_connect)
    }

    /// How schema.rs is printed, for any file.
    pub(super) fn style(&self, compat: Option<Compat>) -> Result<Style, CliError> {
        let user = self.var("XDG_CONFIG_HOME").map(PathBuf::from);
        let user = user.or_else(|| Some(PathBuf::from(self.var("HOME")?).join(".config")));
        Ok(Style {
            compat: compat.or(self.toml.schema.compat).unwrap_or_default(),
            layout: rustfmt::layout(&self.current, user.as_deref())?,
            views: self.toml.schema.views,
            view_keys: self.toml.schema.view_keys.clone(),
        })
    }

    /// The objects that are ignored.
    pub(super) fn ignored(&self) -> Ignored {
        Ignored::new(&self.toml.schema.ignore)
    }

    /// A path relative to the current directory, even if it is not below it.
    pub(super) fn relative(&self, path: &Path) -> String {
        root::relative(path, &self.current).display().to_string()
    }

    /// Which servers to wait for, and how long.
    fn patience(&self) -> (Duration, Patience) {
        match self.wait_for_server {
            Some(time) => (time.0, Patience::Absent),
            None => (WAKE_UP, Patience::Waking),
        }
    }

    /// How to reach the database. Starts the project's local server if no database is configured.
    pub(super) fn endpoint(
        &self,
        command: &str,
        stop: Stop,
        output: &Output,
    ) -> Result<Endpoint, CliError> {
        let direct = self.parse(self.direct_url.as_ref(), output)?;
        let (url, environment) = match self.url(output)? {
            Some(url) => (url, self.environment.clone()),
            // the server is our own: PG* variables are not meant for it
            None => (self.start_local(output)?.url(), Environment::default()),
        };
        Ok(Endpoint {
            url,
            direct,
            environment,
            application: format!("glowplug {command}"),
            deadline: self.patience().0,
            patience: self.patience().1,
            stop,
        })
    }

    /// How to reach a database that an argument names.
    pub(super) fn endpoint_of(
        &self,
        text: &str,
        command: &str,
        stop: Stop,
        output: &Output,
    ) -> Result<Endpoint, CliError> {
        let named = ("the argument", text.to_owned());
        let url = self.parse(Some(&named), output)?;
        Ok(Endpoint {
            url: url.unwrap_or_default(),
            direct: None,
            environment: self.environment.clone(),
            application: format!("glowplug {command}"),
            deadline: self.patience().0,
            patience: self.patience().1,
            stop,
        })
    }

    /// The declared ledgers.
    pub(super) fn ledgers(&self) -> Vec<Declaration> {
        self.toml.ledgers()
    }

    /// Adds a ledger to glowplug.toml and returns the file.
    pub(super) fn declare(&self, ledger: &Declaration) -> Result<PathBuf, CliError> {
        let path = self.glowplug_toml.clone();
        let mut entry = format!(
            "\n[[ledger]]\ntable = {}\n",
            quoted(&format!("{}.{}", named(&ledger.schema), named(&ledger.table)))
        );
        if !ledger.key.is_empty() {
            let key: Vec<String> = ledger.key.iter().map(|it| quoted(it)).collect();
            entry += &format!("key = [{}]\n", key.join(", "));
        }
        entry += match ledger.level {
            Level::Minimal => "level = \"minimal\"\n",
            Level::Hardened => "",
            Level::Sealed => "level = \"sealed\"\n",
        };
        write::append(&path, &entry).map_err(JobError::from)?;
        Ok(path)
    }

    /// Writes the newest head of the attestation chain to glowplug.lock, if the project pins it.
    pub(super) fn keep_head(&self, head: Option<&Head>) -> Result<(), CliError> {
        if let (Some(_), Some(head)) = (&self.heads, head) {
            pin::keep_head(&self.lock(), &head.database, &head.head).map_err(JobError::from)?;
        }
        Ok(())
    }

    /// Who runs, for the journal: GLOWPLUG_ACTOR, else the system's user.
    pub(super) fn actor(&self) -> String {
        let named = self.environment.vars.get("GLOWPLUG_ACTOR").cloned();
        named.or_else(|| self.environment.user.clone()).unwrap_or_default()
    }

    /// A variable of the environment.
    pub(super) fn var(&self, name: &str) -> Option<&str> {
        self.environment.vars.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// A name in SQL, quoted if necessary.
fn named(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_bare = name.chars().all(is_plain) && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_bare { name.to_owned() } else { Ident(name).to_string() }
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    // TOML's basic strings escape what JSON's do
    serde_json::Value::String(text.to_owned()).to_string()
}

/// A directory relative to the current one.
fn shown(dir: &Path, current: &Path) -> String {
    let shown = dir.strip_prefix(current).unwrap_or(dir).display().to_string();
    if shown.is_empty() { ".".into() } else { shown }
}
