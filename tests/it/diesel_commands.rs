//! Diesel's commands: the same arguments do the same, whether `diesel` or glowplug is called with them.
//!
//! A [`Case`] is run twice, in two directories on two databases, with the real `diesel` and with glowplug. Exit code,
//! stdout, all files and the databases must be the same afterwards; stderr is for people, and each tool's own. Where
//! glowplug differs on purpose, the case says why and what it does instead; docs/src/tutorials/diesel-project.md lists the same reasons.
//! The cases are in the files below; both tools on *one* database are in `diesel_peer.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{LazyLock, Mutex},
};

use glowplug::internal::cluster::Scratch;

use crate::{
    network::Tcp,
    support::{Database, GLOWPLUG, Project, Ran, peer, psql_at},
};

mod cases;
mod migrations;
mod print_schema;
mod schema;

/// Where databases are created from: Diesel's choice.
const OUTSIDE: &str = "postgres";

/// The password of every URL that has one. It is never to be seen.
const PASSWORD: &str = "hunter2";

const A: &str = "2001-01-01-000000_a";
const B: &str = "2001-01-02-000000-0000_b";
const C: &str = "2001-01-03-000000-0000_c";

/// As Diesel makes it.
const TRACKING: &str = "
    CREATE TABLE __diesel_schema_migrations (
        version VARCHAR(50) PRIMARY KEY NOT NULL,
        run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    );";

/// What a run of both says.
const BOTH_RUN: &str = "\
Running migration 2001-01-01-000000_a
Running migration 2001-01-02-000000-0000_b
";

/// The database after it.
const BOTH_APPLIED: &str = "\
[DB]
  table a (id)
  table b (id)
  applied 20010101000000
  applied 200101020000000000
";

/// A `diesel.toml`.
const PRINTS: &str = "[print_schema]\nfile = \"src/schema.rs\"\n";

/// Files, a database, and what is run there. `{url}`, `{server}` (the same without the database), `{db}`, `{socket}`,
/// `{port}` and `{dir}` stand for the case's own.
#[derive(Default)]
struct Case {
    name: &'static str,
    files: Vec<(String, String)>,
    sql: &'static str,
    env: Vec<(&'static str, &'static str)>,
    url: Named,
    /// Below the project's directory.
    cwd: &'static str,
    steps: Vec<Step>,
    answer: Answer,
    tracking: Tracking,
    difference: Option<Difference>,
}

/// What names the database.
#[derive(Default, PartialEq)]
enum Named {
    #[default]
    ByEnvironment,
    /// The case itself, in one of its files.
    ByFile,
}

enum Step {
    Run(&'static str),
    Sql(&'static str),
    Write(&'static str, &'static str),
    Remove(&'static str),
}

/// Who reads stdout.
#[derive(Default, PartialEq)]
enum Answer {
    /// Scripts: it is the same.
    #[default]
    Exact,
    /// People, or a shell: there is one.
    Some,
}

/// Whether an empty tracking table is another state than none.
#[derive(Default, PartialEq)]
enum Tracking {
    #[default]
    Loose,
    Exact,
}

/// What glowplug does otherwise in the last run; what is not said here is as with Diesel.
#[derive(Default)]
struct Difference {
    why: &'static str,
    exit: Option<i32>,
    stdout: Option<Said>,
    files: Files,
    databases: Databases,
}

enum Said {
    Exactly(&'static str),
    /// All of these, and of nothing that is done.
    Parts(&'static [&'static str]),
}

#[derive(Default)]
enum Files {
    #[default]
    AsDiesel,
    Untouched,
    /// As Diesel's, but for these.
    With(Vec<(&'static str, Option<&'static str>)>),
}

#[derive(Default)]
enum Databases {
    #[default]
    AsDiesel,
    Untouched,
    Exactly(&'static str),
}

fn case(name: &'static str) -> Case {
    Case { name, ..Case::default() }
}

/// A project with two migrations.
fn two(name: &'static str) -> Case {
    case(name).diesel_toml("").tables(&[A, B])
}

impl Case {
    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// A directory of migrations that is there, whatever is in it.
    fn empty_migrations(self) -> Self {
        self.file("migrations/.keep", "")
    }

    fn up(self, name: &str, up: &str) -> Self {
        self.file(&format!("migrations/{name}/up.sql"), up)
    }

    fn migration(self, name: &str, up: &str, down: &str) -> Self {
        self.up(name, up).file(&format!("migrations/{name}/down.sql"), down)
    }

    /// A migration without a transaction.
    fn outside(self, name: &str, up: &str, down: &str) -> Self {
        let path = format!("migrations/{name}/metadata.toml");
        self.migration(name, up, down).file(&path, "run_in_transaction = false\n")
    }

    /// Migrations that each make a table of their name's last letters.
    fn tables(mut self, names: &[&str]) -> Self {
        for name in names {
            let table = name.rsplit('_').next().unwrap_or_default();
            let up = format!("CREATE TABLE {table} (id int PRIMARY KEY);");
            self = self.migration(name, &up, &format!("DROP TABLE {table};"));
        }
        self
    }

    fn diesel_toml(self, text: &str) -> Self {
        self.file("diesel.toml", text)
    }

    fn sql(mut self, sql: &'static str) -> Self {
        self.sql = sql;
        self
    }

    fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.push((name, value));
        self
    }

    fn url_in_file(mut self) -> Self {
        self.url = Named::ByFile;
        self
    }

    fn within(mut self, cwd: &'static str) -> Self {
        self.cwd = cwd;
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Runs the program; the arguments are separated by spaces.
    fn run(self, arguments: &'static str) -> Self {
        self.step(Step::Run(arguments))
    }

    fn then_sql(self, sql: &'static str) -> Self {
        self.step(Step::Sql(sql))
    }

    fn then_write(self, path: &'static str, text: &'static str) -> Self {
        self.step(Step::Write(path, text))
    }

    fn then_remove(self, path: &'static str) -> Self {
        self.step(Step::Remove(path))
    }

    fn for_people(mut self) -> Self {
        self.answer = Answer::Some;
        self
    }

    fn exact_tracking(mut self) -> Self {
        self.tracking = Tracking::Exact;
        self
    }

    fn differs(mut self, why: &'static str) -> Self {
        self.difference = Some(Difference { why, ..Difference::default() });
        self
    }

    #[track_caller]
    fn other(&mut self) -> &mut Difference {
        self.difference.as_mut().expect("`differs` comes first")
    }

    fn exit(mut self, code: i32) -> Self {
        self.other().exit = Some(code);
        self
    }

    fn stdout(mut self, text: &'static str) -> Self {
        self.other().stdout = Some(Said::Exactly(text));
        self
    }

    fn stdout_has(mut self, parts: &'static [&'static str]) -> Self {
        self.other().stdout = Some(Said::Parts(parts));
        self
    }

    fn files_untouched(mut self) -> Self {
        self.other().files = Files::Untouched;
        self
    }

    fn file_becomes(mut self, path: &'static str, text: Option<&'static str>) -> Self {
        match &mut self.other().files {
            Files::With(list) => list.push((path, text)),
            files => *files = Files::With(vec![(path, text)]),
        }
        self
    }

    fn databases_untouched(mut self) -> Self {
        self.other().databases = Databases::Untouched;
        self
    }

    fn databases(mut self, text: &'static str) -> Self {
        self.other().databases = Databases::Exactly(text);
        self
    }

    /// Nothing is said on stdout, and nothing is changed.
    fn refused(self, why: &'static str) -> Self {
        self.differs(why).exit(1).stdout("").files_untouched().databases_untouched()
    }
}

/// What a run left behind.
#[derive(Debug, Clone, PartialEq)]
struct State {
    files: BTreeMap<String, String>,
    databases: String,
}

/// What was seen of one tool.
struct Outcome {
    runs: Vec<(&'static str, Ran)>,
    /// Before the last run, where a difference is expected.
    before: Option<State>,
    after: State,
}

/// One tool's directory and database.
struct Bench<'a> {
    server: &'a Scratch,
    database: Database,
    project: Project,
    url: String,
}

impl<'a> Bench<'a> {
    fn new(case: &Case, server: &'a Scratch) -> Self {
        let database = Database::on(server);
        let name = database.name.clone();
        // `database setup` creates databases
        psql_at(&server.url(OUTSIDE), &format!("ALTER ROLE {name} CREATEDB"));
        if !case.sql.is_empty() {
            database.execute(case.sql);
        }
        let url = authority(&database.url(), server);
        let project = Project::new().env("DATABASE_URL", &url);
        fs::remove_dir(project.path().join("migrations")).unwrap();
        fs::remove_file(project.path().join("diesel.toml")).unwrap();
        let mut bench = Self { server, database, project, url };
        for (name, value) in &case.env {
            let value = bench.fill(value);
            bench.project = bench.project.env(name, &value);
        }
        for (path, text) in &case.files {
            bench.project.write(path, &bench.fill(text));
        }
        fs::create_dir_all(bench.project.path().join(case.cwd)).unwrap();
        bench
    }

    fn fill(&self, text: &str) -> String {
        let (base, _) = self.url.rsplit_once('/').expect("a URL with a database");
        let (_, port) = base.rsplit_once(':').expect("a URL with a port");
        text.replace("{url}", &self.url)
            .replace("{server}", base)
            .replace("{db}", &self.database.name)
            .replace("{port}", port)
            .replace("{socket}", &self.server.socket_dir().display().to_string())
            .replace("{dir}", &self.project.path().display().to_string())
    }

    fn go(self, case: &Case, program: &Path) -> Outcome {
        let mut runs = Vec::new();
        let mut before = None;
        let is_run = |step: &Step| matches!(step, Step::Run(_));
        let last = case.steps.iter().rposition(is_run).expect("a run");
        for (index, step) in case.steps.iter().enumerate() {
            match step {
                Step::Run(arguments) => {
                    if index == last && case.difference.is_some() {
                        before = Some(self.state(case));
                    }
                    let words = arguments.split_whitespace().map(|word| self.fill(word));
                    let mut command: Command = self.project.command(program);
                    command.args(words);
                    // Diesel asks nobody; here consent is said where nobody can be asked
                    let drops = ["database reset", "database drop"];
                    let drops = drops.iter().any(|it| arguments.starts_with(it));
                    if drops && program == Path::new(GLOWPLUG) && !arguments.ends_with("--help") {
                        command.arg("--yes");
                    }
                    command.current_dir(self.project.path().join(case.cwd));
                    if case.url == Named::ByFile {
                        command.env_remove("DATABASE_URL");
                    }
                    let output = command.output().expect("the program starts");
                    runs.push((*arguments, Ran::of(output, self.project.path())));
                }
                Step::Sql(sql) => {
                    self.database.execute(sql);
                }
                Step::Write(path, text) => {
                    self.project.write(path, text);
                }
                Step::Remove(path) => {
                    let path = self.project.path().join(path);
                    if path.is_dir() {
                        fs::remove_dir_all(path).unwrap();
                    } else {
                        fs::remove_file(path).unwrap();
                    }
                }
            }
        }
        for (_, ran) in &mut runs {
            ran.stdout = self.mask(&without_log(&ran.stdout));
        }
        let after = self.state(case);
        self.clear();
        Outcome { runs, before, after }
    }

    fn state(&self, case: &Case) -> State {
        let mut files = BTreeMap::new();
        self.walk(self.project.path(), &mut files);
        let mut databases = self.databases();
        if case.tracking == Tracking::Loose {
            databases = databases.replace("  no tracking table\n", "");
        }
        State { files, databases }
    }

    fn walk(&self, dir: &Path, files: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(self.project.path()).unwrap();
            let name = self.mask(&name.display().to_string());
            if !path.is_dir() {
                let bytes = fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&bytes);
                let text = text.replace(&self.project.path().display().to_string(), "[DIR]");
                files.insert(name, self.mask(&text));
            } else {
                self.walk(&path, files);
            }
        }
    }

    /// The names of the case's databases.
    fn names(&self) -> Vec<String> {
        let name = &self.database.name;
        let own = format!(
            "SELECT datname FROM pg_database WHERE datname ~ '^{name}([^0-9]|$)' ORDER BY 1"
        );
        let names = psql_at(&self.server.url(OUTSIDE), &own);
        names.lines().map(str::to_owned).collect()
    }

    /// Hundreds of databases are too many for a test server in memory.
    fn clear(self) {
        for name in self.names() {
            let name = name.replace('"', "\"\"");
            let drop = format!("DROP DATABASE \"{name}\" WITH (FORCE)");
            psql_at(&self.server.url(OUTSIDE), &drop);
        }
    }

    /// The databases of the case: their tables, indexes and functions, and the versions that are tracked.
    fn databases(&self) -> String {
        const OBJECTS: &str = r"
            SELECT '  ' || CASE relkind WHEN 'r' THEN 'table ' WHEN 'v' THEN 'view ' ELSE 'index ' END
                || CASE nspname WHEN 'public' THEN '' ELSE nspname || '.' END || relname
                || CASE WHEN relkind = 'i' THEN '' ELSE (
                    SELECT ' (' || coalesce(string_agg(attname, ', ' ORDER BY attnum), '') || ')'
                    FROM pg_attribute
                    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) END
            FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
            WHERE nspname !~ '^pg_|^information_schema$' AND relkind IN ('r', 'v', 'i')
                AND relname !~ '^__glowplug|^__diesel|_pkey$'
            UNION ALL
            SELECT '  function ' || proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
            WHERE nspname = 'public' AND proname !~ '^__glowplug'
            UNION ALL
            SELECT '  no tracking table'
            WHERE to_regclass('public.__diesel_schema_migrations') IS NULL
            ORDER BY 1";
        const TRACKED: &str = "
            SELECT '  applied ' || version FROM __diesel_schema_migrations
            ORDER BY version COLLATE \"C\"";
        let mut out = String::new();
        for name in self.names() {
            let url = self.server.url(&name);
            let mut lines = vec![name, psql_at(&url, OBJECTS)];
            if !lines[1].contains("no tracking table") {
                lines.push(psql_at(&url, TRACKED));
            }
            for line in lines.iter().filter(|line| !line.is_empty()) {
                out.push_str(&format!("{line}\n"));
            }
        }
        self.mask(&out)
    }

    /// Takes out what differs from run to run: the name of the database, and the version of a new migration.
    fn mask(&self, text: &str) -> String {
        let name = &self.database.name;
        let mut out = String::new();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        for word in text.split_inclusive(|c: char| !is_part(c)) {
            let bare = word.trim_end_matches(|c: char| !is_part(c));
            let mask = if bare == name || bare.starts_with(&format!("{name}-")) {
                Some(bare.replacen(name, "[DB]", 1))
            } else {
                is_new(bare).then(|| "[NOW]".to_owned())
            };
            match mask {
                Some(mask) => out.push_str(&word.replacen(bare, &mask, 1)),
                None => out.push_str(word),
            }
        }
        out
    }
}

/// A version of this century's twenties or later, `2026-11-22-121756-0000` or without the dashes: fixtures are older.
fn is_new(word: &str) -> bool {
    let digits = word.replace('-', "");
    digits.len() == 18
        && digits[..14].bytes().all(|byte| byte.is_ascii_digit())
        && ("2020".."2099").contains(&&digits[..4])
}

/// The URL with the socket where a host would be: Diesel cannot take another database out of the other spelling.
fn authority(url: &str, server: &Scratch) -> String {
    let (plain, query) = url.split_once('?').expect("a socket URL");
    let port = query.split('&').find_map(|it| it.strip_prefix("port="));
    let port = port.unwrap_or("5432");
    let host = server.socket_dir().display().to_string();
    let host = host.replace('/', "%2F");
    let (user, name) = plain
        .strip_prefix("postgresql://")
        .and_then(|it| it.split_once('/'))
        .expect("a socket URL");
    let user = user.split_once('@').map_or(user, |(user, _)| user);
    format!("postgres://{user}@{host}:{port}/{name}")
}

/// Diesel logs errors on stdout, in colour and with the time. That is nothing that a script reads.
fn without_log(text: &str) -> String {
    let is_log = |line: &str| line.contains('\u{1b}') || line.contains("Z ERROR ");
    let lines = text.split_inclusive('\n').filter(|line| !is_log(line));
    lines.collect()
}

/// Runs a case with both tools, and says what is not as it should be.
fn check(case: &Case, diesel: &Path, server: &Scratch) -> Result<(), String> {
    let diesels = Bench::new(case, server).go(case, diesel);
    let ours = Bench::new(case, server).go(case, GLOWPLUG.as_ref());
    let mut wrong = Vec::new();
    let last = diesels.runs.len() - 1;
    for (index, ((arguments, expected), (_, ran))) in
        diesels.runs.iter().zip(&ours.runs).enumerate()
    {
        let other = case.difference.as_ref().filter(|_| index == last);
        let exit = other.and_then(|it| it.exit).or(expected.code);
        if ran.code != exit {
            wrong.push(format!("{arguments}: exit {:?}, not {exit:?}", ran.code));
        }
        let said = other.and_then(|it| it.stdout.as_ref());
        let is_right = match said {
            Some(Said::Exactly(text)) => ran.stdout == *text,
            Some(Said::Parts(parts)) => {
                let acts = ["Running ", "Rolling back ", "Dropping ", "Creating "];
                let acted = acts.iter().any(|act| ran.stdout.contains(act));
                !acted && parts.iter().all(|part| ran.stdout.contains(part))
            }
            None if case.answer == Answer::Some => {
                ran.stdout.is_empty() == expected.stdout.is_empty()
            }
            None => ran.stdout == expected.stdout,
        };
        if !is_right {
            let expected = match said {
                Some(Said::Exactly(text)) => (*text).to_owned(),
                Some(Said::Parts(parts)) => format!("something with {parts:?}"),
                None => expected.stdout.clone(),
            };
            wrong.push(format!("{arguments}: stdout\n{}-- not\n{expected}", ran.stdout));
        }
        let silent = ran.code != Some(0) && ran.stderr.trim().is_empty();
        let both = format!("{}{}", ran.stdout, ran.stderr);
        if silent || both.contains(PASSWORD) || both.contains("panicked") {
            wrong.push(format!("{arguments}: its words are not for people"));
        }
        if !wrong.is_empty() {
            wrong.push(format!("-- stderr\n{}", ran.stderr));
        }
    }
    let expected = expected_state(case, &diesels, &ours);
    if ours.after.databases != expected.databases {
        let (is, not) = (&ours.after.databases, &expected.databases);
        wrong.push(format!("databases\n{is}-- not\n{not}"));
    }
    let names = ours.after.files.keys().chain(expected.files.keys());
    for name in names.collect::<BTreeSet<_>>() {
        let (is, not) = (ours.after.files.get(name), expected.files.get(name));
        if is != not {
            let show = |text: Option<&String>| text.map_or("(no file)", String::as_str).to_owned();
            wrong.push(format!("file {name}\n{}\n-- not\n{}", show(is), show(not)));
        }
    }
    if let Some(it) = &case.difference {
        let ran = &diesels.runs[last].1;
        let exit = it.exit.is_none_or(|exit| ran.code == Some(exit));
        let said = match &it.stdout {
            None => true,
            Some(Said::Exactly(text)) => ran.stdout == *text,
            Some(Said::Parts(_)) => false,
        };
        if exit && said && diesels.after == expected {
            wrong.push(format!("diesel does the same: no difference of \"{}\"", it.why));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let why = case.difference.as_ref().map_or("the same", |it| it.why);
    Err(format!("=== {} ({why})\n{}\n", case.name, wrong.join("\n")))
}

/// How files and databases should be after glowplug.
fn expected_state(case: &Case, diesels: &Outcome, ours: &Outcome) -> State {
    let mut state = diesels.after.clone();
    let Some(difference) = &case.difference else {
        return state;
    };
    let before = || ours.before.clone().expect("a difference is expected");
    match &difference.files {
        Files::AsDiesel => {}
        Files::Untouched => state.files = before().files,
        Files::With(list) => {
            for (path, text) in list {
                match text {
                    Some(text) => state.files.insert((*path).to_owned(), (*text).to_owned()),
                    None => state.files.remove(*path),
                };
            }
        }
    }
    match &difference.databases {
        Databases::AsDiesel => {}
        Databases::Untouched => state.databases = before().databases,
        Databases::Exactly(text) => state.databases = (*text).to_owned(),
    }
    state
}

/// Runs many cases, and tells of all that fail.
#[track_caller]
fn check_all(cases: &[Case], server: &Scratch) {
    let tools: Option<Vec<PathBuf>> = ["diesel", "rustfmt"].into_iter().map(peer).collect();
    let Some(tools) = tools else { return };
    let told: Vec<String> =
        cases.iter().filter_map(|case| check(case, &tools[0], server).err()).collect();
    let count = told.len();
    assert!(told.is_empty(), "{count} of {}\n{}", cases.len(), told.join("\n"));
}

/// A server that asks for passwords over TCP, with the database that Diesel creates others from.
fn start() -> Tcp {
    let tcp = Tcp::start(&[], "host all all 127.0.0.1/32 scram-sha-256");
    tcp.admin(&format!("CREATE DATABASE {OUTSIDE}"));
    tcp
}

fn shared() -> &'static Scratch {
    static SHARED: LazyLock<Tcp> = LazyLock::new(start);
    &SHARED.server
}

/// For the cases that create databases: a template is copied only while nobody else is connected to it.
#[track_caller]
fn check_alone(cases: &[Case]) {
    static ALONE: LazyLock<Mutex<Tcp>> = LazyLock::new(|| Mutex::new(start()));
    let tcp = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    check_all(cases, &tcp.server);
}

#[test]
fn setup_makes_the_same_project_and_database() {
    check_alone(&cases::setup());
}

#[test]
fn databases_are_created_and_dropped_the_same() {
    check_alone(&cases::database());
}

#[test]
fn passwords_open_the_same_doors_and_are_never_shown() {
    check_alone(&cases::passwords());
}

#[test]
fn urls_lead_to_the_same_place() {
    check_all(&cases::urls(), shared());
}

#[test]
fn configuration_is_found_and_refused_the_same() {
    check_all(&cases::configuration(), shared());
}

#[test]
fn wrong_usage_and_help_end_the_same() {
    check_all(&cases::usage(), shared());
}

#[test]
fn migrations_run_the_same() {
    check_all(&migrations::run(), shared());
}

#[test]
fn migrations_are_reverted_the_same() {
    check_all(&migrations::revert(), shared());
}

#[test]
fn migrations_are_redone_the_same() {
    check_all(&migrations::redo(), shared());
}

#[test]
fn migrations_are_listed_the_same() {
    check_all(&migrations::list(), shared());
}

#[test]
fn migrations_are_generated_the_same() {
    check_all(&migrations::generate(), shared());
}

#[test]
fn odd_migrations_fail_the_same_or_safer() {
    check_all(&migrations::odd(), shared());
}

#[test]
fn schema_files_are_written_the_same() {
    check_all(&schema::files(), shared());
}

#[test]
fn a_locked_schema_is_demanded_before_anything_is_applied() {
    check_alone(&schema::locked());
}

#[test]
fn print_schema_prints_the_same_whatever_its_flags() {
    check_all(&print_schema::flags(), shared());
}

#[test]
fn print_schema_prints_the_same_whatever_its_settings() {
    check_all(&print_schema::settings(), shared());
}
