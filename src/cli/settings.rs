//! Settings, resolved once: flag, environment (with `.env`), glowplug.toml, diesel.toml, default.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    catalog::Ignored,
    cli::{Global, failure::CliError, render::Output},
    job::{
        JobError, Watch,
        open::{Endpoint, Limits},
        shadow::Shadow,
    },
    ledger::Declaration,
    migration::{environment::Known, source::Migrations},
    postgres::{
        cluster::{self, Binaries, ClusterError, Local, LocalOptions, LocalState, Places, Search},
        connect::{self, Environment},
        exec::Manner,
        guard::Guard,
        lock::Pins,
        session::Stop,
    },
    project::{
        ProjectError,
        config::{self, GlowplugToml},
        pin, read, root, rustfmt, truth, write,
    },
    report::ledger::Level,
    schema_rs::{Compat, PrintSchemas, Style},
    words::{ident::Ident, timespan::Timespan, url::Url},
};

/// How long a database is waited for that is only asked what it is like.
const ASKING: Duration = Duration::from_secs(5);

/// How long a waking server is waited for where nothing else is said.
const WAKE_UP: Duration = Duration::from_secs(30);

/// Everything that a command needs to know about where it runs.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) root: PathBuf,
    /// Where the program was called.
    pub(super) current: PathBuf,
    pub(super) migrations_dir: PathBuf,
    /// How the migrations directory is called in messages.
    pub(super) shown: String,
    pub(super) toml: GlowplugToml,
    /// Where glowplug.toml is, or would be.
    glowplug_toml: PathBuf,
    /// Where diesel.toml is, or would be.
    pub(super) diesel_toml: PathBuf,
    /// `[print_schema]` of diesel.toml.
    pub(super) schemas: PrintSchemas,
    environment: Environment,
    database_url: Option<(&'static str, String)>,
    direct_url: Option<(&'static str, String)>,
    postgres_bin: Option<PathBuf>,
}

/// Limits of a run, as flags say them.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct LimitArgs {
    /// How long a statement may wait for a lock before the migration is tried again [default: 5s]
    #[arg(long, value_name = "TIME")]
    lock_timeout: Option<Timespan>,
    /// How often a migration is tried when a lock is not to be had [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    lock_attempts: Option<u32>,
    /// How long a statement may run [default: no limit]
    #[arg(long, value_name = "TIME")]
    statement_timeout: Option<Timespan>,
    /// How long to wait for another run to end; 0 waits as long as it takes [default: 60s]
    #[arg(long, value_name = "TIME")]
    wait: Option<Timespan>,
    /// Let a deliberate change of a ledger's protection pass, for this reason; rows never change
    #[arg(long, value_name = "REASON")]
    allow_ledger_change: Option<String>,
}

impl Settings {
    /// Reads the environment and the project's files.
    pub(super) fn resolve(global: &Global) -> Result<Self, CliError> {
        let current = std::env::current_dir().map_err(|error| CliError::Cannot {
            what: format!("the current directory cannot be read: {error}"),
            help: "Change to a directory that exists.".into(),
        })?;
        let mut environment = Environment::of_process();
        read_dot_env(&current, &mut environment)?;
        let var = |name: &str| {
            environment
                .vars
                .get(name)
                .filter(|text| !text.is_empty())
                .cloned()
        };
        let root = root::find(&current).unwrap_or_else(|| current.clone());

        let config = global
            .config
            .clone()
            .or_else(|| var("GLOWPLUG_CONFIG").map(PathBuf::from));
        if let Some(path) = config.as_ref().filter(|path| !path.is_file()) {
            return Err(CliError::Cannot {
                what: format!("there is no settings file {}", path.display()),
                help: "Correct --config or GLOWPLUG_CONFIG.".into(),
            });
        }
        let glowplug_toml = config.unwrap_or_else(|| root.join("glowplug.toml"));
        let toml = config::read_glowplug(&glowplug_toml)?;
        if let Some(major) = toml
            .server
            .major
            .filter(|it| !cluster::SUPPORTED.contains(it))
        {
            return Err(CliError::Cannot {
                what: format!("glowplug.toml asks for a local server of PostgreSQL {major}"),
                help: "Set `major` in [server] to 14 to 18, or leave it out.".into(),
            });
        }
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

        let flag_or =
            |flag: (&'static str, &Option<String>), name: &'static str, toml: &Option<String>| {
                let flag = flag.1.clone().map(|text| (flag.0, text));
                let env = || var(name).map(|text| (name, text));
                let file = || toml.clone().map(|text| ("glowplug.toml", text));
                flag.or_else(env).or_else(file)
            };
        let database_url = flag_or(
            ("--database-url", &global.database_url),
            "DATABASE_URL",
            &toml.database.url,
        );
        let direct_url = flag_or(
            ("--direct-url", &global.direct_url),
            "GLOWPLUG_DIRECT_URL",
            &toml.database.direct_url,
        );
        let postgres_bin = global
            .postgres_bin
            .clone()
            .or_else(|| var("GLOWPLUG_POSTGRES_BIN").map(PathBuf::from))
            .or_else(|| toml.server.postgres_bin.as_ref().map(|dir| root.join(dir)));
        Ok(Self {
            root,
            current,
            migrations_dir,
            shown,
            toml,
            glowplug_toml,
            diesel_toml,
            schemas: diesel.print_schema,
            environment,
            database_url,
            direct_url,
            postgres_bin,
        })
    }

    /// Reads the migrations.
    pub(super) fn migrations(&self) -> Result<Migrations, CliError> {
        Ok(read::migrations(&self.migrations_dir, &self.shown)?)
    }

    /// Whether a database is named, as opposed to the project's local server.
    pub(super) fn names_a_database(&self) -> bool {
        self.database_url.is_some()
    }

    /// The URL that is named, if one is, with what there is to say about it.
    pub(super) fn url(&self, output: &Output) -> Result<Option<Url>, CliError> {
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
        let parsed = Url::parse(text).map_err(CliError::url(from))?;
        for note in parsed.notes {
            output.detail(&note.text);
        }
        let url = connect::complete(parsed.url, &self.environment);
        url.map(Some).map_err(CliError::from_connect)
    }

    /// How schema.rs is printed, whatever file it is.
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

    /// The objects that are left alone.
    pub(super) fn ignored(&self) -> Ignored {
        Ignored::new(&self.toml.schema.ignore)
    }

    /// What is needed to replay migrations in a database of their own, like the one that glowplug.lock has.
    pub(super) fn shadow(&self, output: &Output) -> Result<Shadow, JobError> {
        let pin = pin::read(&self.lock())?;
        let demanded = self.toml.server.major;
        let mut search = self.search();
        search.major = demanded.or(pin.as_ref().map(|it| it.environment.postgresql));
        let mut notes = Vec::new();
        let binaries = match cluster::find(&search) {
            Ok(binaries) if search.major.is_some() => binaries,
            _ => self.binaries()?,
        };
        if let (None, Some(pin)) = (demanded, &pin)
            && binaries.major() != pin.environment.postgresql
        {
            let (pinned, own) = (pin.environment.postgresql, binaries.major());
            notes.push(format!(
                "glowplug.lock pins PostgreSQL {pinned}, and this was seen on PostgreSQL {own}, which is what this machine has; \
                 `glowplug db install --major {pinned}` helps"
            ));
        }
        output.detail(&format!(
            "replaying the migrations on a PostgreSQL {} of their own",
            binaries.version()
        ));
        Ok(Shadow {
            binaries,
            search: self.search(),
            major: demanded,
            roles: self.toml.shadow.roles.clone(),
            known: pin.map_or(Known::Nothing, |it| Known::Pinned(Box::new(it))),
            prerequisites: self.prerequisites()?,
            stand_ins: self.toml.shadow.stand_ins.clone(),
            notes,
            guard: own_program(),
        })
    }

    /// The same, like the database that is named, as far as it can be asked.
    pub(super) async fn twin(
        &self,
        command: &str,
        stop: &Stop,
        output: &Output,
        watch: Watch<'_>,
    ) -> Result<Shadow, CliError> {
        let database = self.server(command, stop, output)?;
        Ok(self.shadow(output)?.asked(database.as_ref(), watch).await?)
    }

    /// The SQL of what is there before the first migration.
    fn prerequisites(&self) -> Result<Vec<(PathBuf, String)>, ProjectError> {
        let mut all = Vec::new();
        for path in &self.toml.shadow.sql {
            let files = truth::read(&self.root.join(path))?;
            let short = |(path, text): (PathBuf, String)| (self.relative(&path).into(), text);
            all.extend(files.into_iter().map(short));
        }
        Ok(all)
    }

    /// Where glowplug.lock is, or would be.
    pub(super) fn lock(&self) -> PathBuf {
        pin::beside(&self.glowplug_toml)
    }

    /// A path as it is called from here, also one that is not below it.
    pub(super) fn relative(&self, path: &Path) -> String {
        root::relative(path, &self.current).display().to_string()
    }

    /// The way to the database. Starts the project's local server where no database is named.
    pub(super) fn endpoint(
        &self,
        command: &str,
        stop: Stop,
        output: &Output,
    ) -> Result<Endpoint, CliError> {
        let direct = self.parse(self.direct_url.as_ref(), output)?;
        let (url, environment) = match self.url(output)? {
            Some(url) => (url, self.environment.clone()),
            // the server is ours: PG* variables are meant for another one
            None => (self.start_local(output)?.url(), Environment::default()),
        };
        Ok(Endpoint {
            url,
            direct,
            environment,
            application: format!("glowplug {command}"),
            deadline: WAKE_UP,
            stop,
        })
    }

    /// The database that migrations are for, to be asked what it is like. None where none is named.
    fn server(
        &self,
        command: &str,
        stop: &Stop,
        output: &Output,
    ) -> Result<Option<Endpoint>, CliError> {
        let url = self.url(output)?;
        Ok(url.map(|url| Endpoint {
            url,
            direct: None,
            environment: self.environment.clone(),
            application: format!("glowplug {command}"),
            deadline: ASKING,
            stop: stop.clone(),
        }))
    }

    /// The way to a database that an argument names.
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
            deadline: WAKE_UP,
            stop,
        })
    }

    /// The project's local server, running or not.
    pub(super) fn local(&self) -> Local {
        let directory = self
            .root
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = self
            .toml
            .server
            .name
            .clone()
            .or(directory)
            .unwrap_or_default();
        Local::of(&self.root, &name)
    }

    /// PostgreSQL's programs for the local server.
    pub(super) fn binaries(&self) -> Result<Binaries, ClusterError> {
        let mut search = self.search();
        if search.major.is_none() && search.explicit.is_none() {
            // a newer PostgreSQL on this machine is no reason to leave the project's data behind
            search.major = self.local().status().major;
            if let Ok(found) = cluster::find(&search) {
                return Ok(found);
            }
            search.major = None;
        }
        cluster::find(&search)
    }

    /// Where they may be.
    fn search(&self) -> Search {
        Search {
            explicit: self.postgres_bin.clone(),
            major: self.toml.server.major,
            cache: vec![Places::from_environment().engines()],
            path: std::env::var_os("PATH"),
        }
    }

    /// Starts the local server, if it does not run, and says so.
    pub(super) fn start_local(&self, output: &Output) -> Result<Local, CliError> {
        let local = self.local();
        let wanted = self.toml.server.major;
        if local.find(wanted).map_err(CliError::Cluster)? {
            return Ok(local);
        }
        let binaries = self.binaries().map_err(CliError::Cluster)?;
        let (old, new) = (local.status().major, binaries.major());
        if let Some(old) = old.filter(|old| *old != new) {
            output.talk(&format!(
                "The data of PostgreSQL {old} stays where it is; PostgreSQL {new} has its own."
            ));
        }
        output.talk(&format!(
            "No DATABASE_URL: starting the project's own PostgreSQL {} ...",
            binaries.version()
        ));
        let guard = own_program();
        let idle = self.toml.server.idle.unwrap_or(Timespan::minutes(15)).0;
        let options = LocalOptions {
            guard,
            idle,
            settings: Vec::new(),
        };
        let state = local
            .start(&binaries, &options)
            .map_err(CliError::Cluster)?;
        if state == LocalState::Created {
            output.detail(&format!(
                "its data is in {}",
                local.status().data_dir.display()
            ));
        }
        Ok(local)
    }

    /// The limits of a run.
    pub(super) fn limits(&self, flags: &LimitArgs) -> Limits {
        let run = &self.toml.run;
        let default = Limits::default();
        Limits {
            pins: Pins {
                lock_timeout: flags
                    .lock_timeout
                    .or(run.lock_timeout)
                    .unwrap_or(default.pins.lock_timeout),
                statement_timeout: flags
                    .statement_timeout
                    .or(run.statement_timeout)
                    .unwrap_or(default.pins.statement_timeout),
            },
            wait: flags.wait.or(run.wait).unwrap_or(default.wait),
        }
    }

    /// Who runs, and how often things are tried.
    pub(super) fn manner(&self, flags: &LimitArgs) -> Manner {
        let attempts = flags
            .lock_attempts
            .or(self.toml.run.lock_attempts)
            .unwrap_or(5)
            .max(1);
        Manner {
            unrecorded: false,
            actor: self.actor(),
            attempts,
            unsure: None,
            guard: Guard {
                ledgers: self.toml.ledgers(),
                allow: flags.allow_ledger_change.clone(),
                attested: Vec::new(),
            },
        }
    }

    /// The declared ledgers.
    pub(super) fn ledgers(&self) -> Vec<Declaration> {
        self.toml.ledgers()
    }

    /// Adds a ledger to glowplug.toml; gives the file.
    pub(super) fn declare(&self, ledger: &Declaration) -> Result<PathBuf, CliError> {
        let path = self.glowplug_toml.clone();
        let mut entry = format!(
            "\n[[ledger]]\ntable = {}\n",
            quoted(&format!(
                "{}.{}",
                named(&ledger.schema),
                named(&ledger.table)
            ))
        );
        if !ledger.key.is_empty() {
            let key: Vec<String> = ledger.key.iter().map(|it| quoted(it)).collect();
            entry += &format!("key = [{}]\n", key.join(", "));
        }
        if ledger.level == Level::Minimal {
            entry += "level = \"minimal\"\n";
        }
        write::append(&path, &entry).map_err(JobError::from)?;
        Ok(path)
    }

    /// Who runs, for the journal: GLOWPLUG_ACTOR, else the system's user.
    pub(super) fn actor(&self) -> String {
        let named = self.environment.vars.get("GLOWPLUG_ACTOR").cloned();
        named
            .or_else(|| self.environment.user.clone())
            .unwrap_or_default()
    }

    /// A variable of the environment.
    pub(super) fn var(&self, name: &str) -> Option<&str> {
        self.environment
            .vars
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }
}

/// A name as SQL reads it, quoted where it must be.
fn named(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_bare = name.chars().all(is_plain) && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_bare {
        name.to_owned()
    } else {
        Ident(name).to_string()
    }
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    // TOML's basic strings escape what JSON's do
    serde_json::Value::String(text.to_owned()).to_string()
}

/// The program itself, which becomes the guard of a server of ours.
fn own_program() -> PathBuf {
    // where the system does not tell, the name it was called by leads to it
    let called = || std::env::args_os().next().unwrap_or_default().into();
    std::env::current_exe().unwrap_or_else(|_| called())
}

/// Reads `.env` of this directory or the nearest above; what the environment has already is stronger.
fn read_dot_env(current: &Path, environment: &mut Environment) -> Result<(), CliError> {
    let Some(path) = current
        .ancestors()
        .map(|dir| dir.join(".env"))
        .find(|it| it.is_file())
    else {
        return Ok(());
    };
    let malformed = |error: dotenvy::Error, entries: usize| match error {
        dotenvy::Error::Io(error) => CliError::Cannot {
            what: format!("cannot read {}: {error}", path.display()),
            help: "Correct the file's permissions.".into(),
        },
        // the line itself is not shown: it may hold a password
        _ => CliError::EnvFile {
            path: path.clone(),
            line: malformed_line(&path, entries),
        },
    };
    let entries = dotenvy::from_path_iter(&path).map_err(|error| malformed(error, 0))?;
    for (count, entry) in entries.enumerate() {
        let (name, value) = entry.map_err(|error| malformed(error, count))?;
        environment.vars.entry(name).or_insert(value);
    }
    Ok(())
}

/// The line of the entry after so many good ones.
fn malformed_line(path: &Path, good: usize) -> usize {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let is_entry = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    text.lines()
        .enumerate()
        .filter(|(_, line)| is_entry(line))
        .nth(good)
        .map_or(1, |(index, _)| index + 1)
}

/// A directory as it is called from here.
fn shown(dir: &Path, current: &Path) -> String {
    let shown = dir
        .strip_prefix(current)
        .unwrap_or(dir)
        .display()
        .to_string();
    if shown.is_empty() { ".".into() } else { shown }
}
