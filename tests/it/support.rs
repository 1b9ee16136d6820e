//! Servers, databases and projects for tests. Everything is ended with the test process, however that ends.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use glowplug::internal::{
    cluster::{self, Binaries, Places, Scratch, ScratchOptions, Search},
    words::url::{Secrets, Spelling, Url},
};

/// The program under test.
pub const GLOWPLUG: &str = env!("CARGO_BIN_EXE_glowplug");

/// Every supported PostgreSQL of this machine, newest first. The first is the default of all tests.
pub static INSTALLED: LazyLock<Vec<Binaries>> = LazyLock::new(|| {
    let engines = Places::from_environment().engines();
    let path = std::env::var_os("PATH");
    let search = Search { explicit: None, major: None, cache: vec![engines], path };
    let mut all = cluster::all(&search);
    if all.is_empty() {
        // as the first command of a user would
        let fetched = cluster::fetch::find_or_fetch(&search, &mut |line| eprintln!("{line}"));
        all.push(fetched.expect("the tests need PostgreSQL's programs"));
    }
    let mut of_major = BTreeMap::new();
    for binaries in all {
        of_major.entry(binaries.major()).or_insert(binaries);
    }
    let wanted: Option<u32> =
        std::env::var("GLOWPLUG_TEST_MAJOR").ok().and_then(|major| major.parse().ok());
    let mut list: Vec<Binaries> = of_major.into_values().rev().collect();
    list.sort_by_key(|binaries| Some(binaries.major()) != wanted);
    list
});

/// A server of this test process. It is shared by the tests of the process; databases never are.
pub fn server(major: u32) -> &'static Scratch {
    static SERVERS: Mutex<BTreeMap<u32, &'static Scratch>> = Mutex::new(BTreeMap::new());
    let mut servers = SERVERS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    servers.entry(major).or_insert_with(|| {
        let binaries = INSTALLED.iter().find(|it| it.major() == major).expect("an installed major");
        Box::leak(Box::new(scratch(binaries, &[])))
    })
}

/// A server of its own, for a test that ends or configures it.
pub fn scratch(binaries: &Binaries, settings: &[(&str, &str)]) -> Scratch {
    let mut options = ScratchOptions::new(PathBuf::from(GLOWPLUG));
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    options.settings = settings.iter().map(own).collect();
    Scratch::start(binaries, &options).expect("a server starts")
}

/// A new database, owned by a role of the same name that is no superuser.
pub struct Database {
    pub name: String,
    /// The owner.
    pub role: String,
    owner: Url,
    admin: Url,
}

impl Database {
    /// On the default server.
    pub fn new() -> Self {
        Self::on(server(INSTALLED[0].major()))
    }

    pub fn on(server: &Scratch) -> Self {
        let name = new_name();
        let mut owner = server.url(&name);
        owner.user = Some(name.clone());
        let database = Self { owner, admin: server.url(&name), role: name.clone(), name };
        // the threads of `cargo test` take turns: a template is copied only while nobody else is connected to it
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let outside = server.url("template1");
        let name = &database.name;
        psql_at(&outside, &format!("CREATE ROLE {name} LOGIN"));
        psql_at(&outside, &format!("CREATE DATABASE {name} OWNER {name} TEMPLATE template1"));
        psql_at(&database.admin, &format!("ALTER SCHEMA public OWNER TO {name}"));
        database
    }

    /// A copy with another name, of the same owner.
    pub fn copy(&self, server: &Scratch) -> Self {
        let name = new_name();
        let role = self.role.clone();
        let create = format!("CREATE DATABASE {name} OWNER {role} TEMPLATE {}", self.name);
        psql_at(&server.url("template1"), &create);
        let mut owner = server.url(&name);
        owner.user = Some(role.clone());
        Self { owner, admin: server.url(&name), role, name }
    }

    /// Drops it; for a test that makes many.
    pub fn remove(self, server: &Scratch) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        psql_at(&server.url("template1"), &drop);
    }

    /// The URL of the owner, as text.
    pub fn url(&self) -> String {
        text(&self.owner)
    }

    /// The URL of the owner.
    pub fn owner(&self) -> &Url {
        &self.owner
    }

    /// The URL of the superuser, as text.
    pub fn admin_url(&self) -> String {
        text(&self.admin)
    }

    /// What a query answers to the superuser: rows as lines, columns with `|`.
    #[track_caller]
    pub fn query(&self, sql: &str) -> String {
        psql_at(&self.admin, sql)
    }

    /// Does something while another session of the superuser has run `sql` in a transaction that stays open.
    #[track_caller]
    pub fn while_held<T>(&self, sql: &str, during: impl FnOnce() -> T) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let config: tokio_postgres::Config = text(&self.admin).parse().expect("a plain URL");
        let client = runtime.block_on(async {
            let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(&format!("BEGIN; {sql}")).await.unwrap();
            client
        });
        let result = during();
        runtime.block_on(client.batch_execute("ROLLBACK")).unwrap();
        result
    }

    /// Does something as the owner.
    #[track_caller]
    pub fn execute(&self, sql: &str) -> String {
        psql_at(&self.owner, sql)
    }
}

/// A number from the environment: how many cases of a random test, or their seed.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn new_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

pub fn text(url: &Url) -> String {
    url.print(Spelling::Psql, Secrets::Revealed).expect("libpq spells everything").0
}

/// Asks over a connection of its own that shares no code with glowplug's.
#[track_caller]
pub fn psql_at(url: &Url, sql: &str) -> String {
    try_psql_at(url, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The same for what the server may refuse.
pub fn try_psql_at(url: &Url, sql: &str) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config: tokio_postgres::Config = text(url).parse().expect("a plain URL");
        let (client, connection) =
            config.connect(tokio_postgres::NoTls).await.expect("the test's server answers");
        let driver = tokio::spawn(connection);
        let messages = client.simple_query(sql).await;
        drop(client);
        driver.await.unwrap().unwrap_or_default();
        let messages = messages.map_err(|error| format!("{error:?}"))?;
        let row = |message: &tokio_postgres::SimpleQueryMessage| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => {
                let columns = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL"));
                Some(columns.collect::<Vec<_>>().join("|"))
            }
            _ => None,
        };
        let rows: Vec<_> = messages.iter().filter_map(row).collect();
        Ok(rows.join("\n"))
    })
}

/// A directory with migrations, and the program run in it.
pub struct Project {
    dir: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

impl Project {
    /// An empty one, without a database.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("glowplug-test-").tempdir().unwrap();
        fs::create_dir(dir.path().join("migrations")).unwrap();
        fs::write(dir.path().join("diesel.toml"), "").unwrap();
        Self { dir, env: BTreeMap::new() }
    }

    /// One that works on a database.
    pub fn at(database: &Database) -> Self {
        Self::new().env("DATABASE_URL", &database.url())
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, file: &str, text: &str) -> &Self {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Writes a migration with both ways.
    pub fn migration(&self, name: &str, up: &str, down: &str) -> &Self {
        self.write(&format!("migrations/{name}/up.sql"), up);
        self.write(&format!("migrations/{name}/down.sql"), down)
    }

    /// Writes a migration that runs without a transaction.
    pub fn piecewise(&self, name: &str, up: &str, down: &str) -> &Self {
        self.migration(name, up, down);
        self.write(&format!("migrations/{name}/metadata.toml"), "run_in_transaction = false\n")
    }

    /// The command, ready to run or to be changed: a clean environment, nothing on stdin.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).env_clear().stdin(Stdio::null());
        for name in ["PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("GLOWPLUG_ACTOR", "tester").envs(&self.env);
        command
    }

    /// Runs glowplug, the arguments separated by spaces.
    pub fn run(&self, arguments: &str) -> Ran {
        self.run_with(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    pub fn run_with(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(GLOWPLUG).args(arguments).output().unwrap(), self.path())
    }
}

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Takes what differs from run to run out of the texts: places and durations.
    pub fn of(output: Output, dir: &Path) -> Self {
        let clean = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("UTF-8");
            let text = text.replace(&dir.display().to_string(), "[DIR]");
            durations(&text)
        };
        Self {
            code: output.status.code(),
            stdout: clean(output.stdout),
            stderr: clean(output.stderr),
        }
    }

    /// Demands an exit code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Everything that a person sees, in one text; what differs from run to run is covered.
    pub fn told(&self, database: &Database) -> String {
        let cover = |text: &str| {
            let text = text.replace(concat!("glowplug ", env!("CARGO_PKG_VERSION")), "[TOOL]");
            let name = &database.name;
            let mut out = String::new();
            for line in text.lines() {
                let label = line.trim_start().split(' ').next().unwrap_or_default();
                let indent = &line[..line.len() - line.trim_start().len()];
                match label {
                    "applied" if line.ends_with(" UTC") => {
                        out.push_str(&format!("{indent}applied     [WHEN]\n"));
                    }
                    "took" => out.push_str(&format!("{indent}took        [TIME]\n")),
                    _ => {
                        // the name of the database and its role, as a word of its own
                        let words = line.split_inclusive(|c: char| !c.is_alphanumeric());
                        for word in words {
                            let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
                            if bare == name {
                                out.push_str(&word.replace(bare, "[DB]"));
                            } else {
                                out.push_str(word);
                            }
                        }
                        out.push('\n');
                    }
                }
            }
            out
        };
        let code = self.code.map_or("a signal".to_owned(), |code| code.to_string());
        let mut told = format!("exit {code}\n");
        for (stream, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                told.push_str(&format!("-- {stream}\n{}", cover(text)));
            }
        }
        told
    }

    /// Demands success.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    /// Demands that stderr contains all of these.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        // messages are wrapped to the width of a terminal
        let flat = |text: &str| {
            let text = text.replace(['│', '╰', '─', '▶', '×', '·'], " ");
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let all = flat(&self.stderr);
        for text in texts {
            assert!(all.contains(&flat(text)), "{text:?} is not in\n{}", self.stderr);
        }
        self
    }
}

/// `(12 ms)` becomes `([TIME])`.
fn durations(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        match line.rfind("  (") {
            Some(at) if line.trim_end().ends_with("ms)") || line.trim_end().ends_with(" s)") => {
                out.push_str(&line[..at]);
                out.push_str("  ([TIME])\n");
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// Sends a signal to a process that the test knows to be its own, or its server's.
#[track_caller]
pub fn signal(name: &str, pid: u32) {
    let mut kill = Command::new("kill");
    kill.arg(format!("-{name}")).arg(pid.to_string());
    kill.stderr(Stdio::null()).status().expect("kill runs");
}

/// Waits for something, at most a minute: `initdb` alone took twelve seconds on a busy disk.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !is_so() {
        assert!(start.elapsed().as_secs() < 60, "never: {what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// A peer's program, if it is installed. A test that needs it says that it skipped.
pub fn peer(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|it| it.is_file());
    if found.is_none() {
        eprintln!("skipped: {name} is not installed");
    }
    found
}

/// A session that stays: for a test that holds a lock, or a transaction open.
pub struct Peer {
    client: tokio_postgres::Client,
    runtime: tokio::runtime::Runtime,
}

impl Peer {
    /// As the owner.
    pub fn of(database: &Database) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let client = runtime.block_on(async {
            let config: tokio_postgres::Config = database.url().parse().expect("a plain URL");
            let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        });
        Self { client, runtime }
    }

    #[track_caller]
    pub fn execute(&self, sql: &str) {
        let done = self.runtime.block_on(self.client.batch_execute(sql));
        done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// For what the server may refuse.
    pub fn try_execute(&self, sql: &str) -> bool {
        let done = self.runtime.block_on(self.client.batch_execute(sql));
        done.is_ok()
    }
}
