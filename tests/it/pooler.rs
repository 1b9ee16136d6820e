//! A real pgbouncer between the program and the server.

use std::{
    fs,
    io::Write as _,
    net::TcpStream,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    network::{Killed, free_port},
    support::{Database, GLOWPLUG, INSTALLED, Project, Ran, eventually, peer, server},
};

/// A pgbouncer before the default server; it ends with the value, or with this process.
struct Pooler {
    port: u16,
    _directory: tempfile::TempDir,
    _process: Killed,
}

impl Pooler {
    /// None where it is not installed.
    fn start(mode: &str, role: &str) -> Option<Self> {
        let program = peer("pgbouncer")?;
        let server = server(INSTALLED[0].major());
        let directory =
            tempfile::Builder::new().prefix("glowplug-bouncer-").tempdir_in("/tmp").unwrap();
        let owner = fs::metadata(server.data_dir()).unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
            path.display().to_string()
        };
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let users = write("users.txt", &format!("\"{role}\" \"\"\n\"postgres\" \"\"\n"));
        let port = free_port();
        let ini = write(
            "pgbouncer.ini",
            &format!(
                "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {users}\n\
                 pool_mode = {mode}\ndefault_pool_size = 4\nmax_client_conn = 50\n\
                 admin_users = postgres\n",
                server.socket_dir().display(),
                server.port(),
            ),
        );
        // the shell ends the pooler when its stdin does, which is when this process ends
        let script = format!("{} -q {ini} & read line; kill $!; wait", program.display());
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &script])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            // it does not run as root
            command.gid(owner.gid()).uid(owner.uid());
        }
        let process = Killed(command.spawn().unwrap());
        eventually("pgbouncer listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(Self { port, _directory: directory, _process: process })
    }

    fn url(&self, database: &Database) -> String {
        let name = &database.name;
        format!("postgres://{name}@127.0.0.1:{}/{name}", self.port)
    }
}

/// How many advisory locks the server holds in a database.
fn locks(database: &Database) -> String {
    database.query(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = \
         (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // the shell is asked, because killing it would leave the pooler
        if let Some(stdin) = self._process.0.stdin.as_mut() {
            stdin.write_all(b"\n").unwrap_or_default();
        }
        self._process.0.wait().map(drop).unwrap_or_default();
    }
}

fn project() -> Project {
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    project.piecewise(
        "2_b",
        "CREATE INDEX CONCURRENTLY b ON a (id);",
        "DROP INDEX CONCURRENTLY b;",
    );
    project
}

fn run(project: &Project, url: &str, arguments: &str) -> Ran {
    let mut all: Vec<&str> = arguments.split(' ').collect();
    all.extend(["--database-url", url]);
    project.run_with(&all)
}

#[test]
fn a_transaction_pooler_is_read_through_and_refused_for_migrating() {
    let database = Database::new();
    let Some(pooler) = Pooler::start("transaction", &database.name) else {
        return;
    };
    let (project, url) = (project(), pooler.url(&database));
    let now = run(&project, &url, "current").ok();
    assert_eq!(now.stdout, "base  (2 pending)\n");
    run(&project, &url, "history").ok();
    run(&project, &url, "upgrade --dry-run").says(&[]);
    for command in
        ["upgrade", "downgrade base", "redo", "stamp head", "upgrade --single-transaction"]
    {
        let refused = run(&project, &url, command).code(1).says(&[
            &format!(
                "127.0.0.1:{} is a transaction pooler: two sessions got the same backend",
                pooler.port
            ),
            "Name the server itself with --direct-url or GLOWPLUG_DIRECT_URL",
        ]);
        assert_eq!(refused.stdout, "");
        assert_eq!(locks(&database), "0", "after {command}");
    }
    assert_eq!(database.query("SELECT to_regclass('a') IS NULL"), "t");
    assert_eq!(
        database.query("SELECT to_regclass('__diesel_schema_migrations') IS NULL"),
        "t",
        "nothing was written"
    );
}

#[test]
fn a_direct_url_leads_around_the_pooler() {
    let database = Database::new();
    let Some(pooler) = Pooler::start("transaction", &database.name) else {
        return;
    };
    let (project, url) = (project(), pooler.url(&database));
    let direct = database.url();
    let up = project.run_with(&["upgrade", "--database-url", &url, "--direct-url", &direct]).ok();
    assert_eq!(up.stdout, "Applied 2 migrations: base -> 2 (head).\n");
    let now = run(&project, &url, "current --check-heads").ok();
    assert!(now.stdout.starts_with("2  2_b"), "{now:?}");
    let project = project.env("GLOWPLUG_DIRECT_URL", &direct);
    run(&project, &url, "redo").ok();
    run(&project, &url, "downgrade base").ok();
    project.write("glowplug.toml", &format!("[database]\ndirect_url = \"{direct}\"\n"));
    run(&project.env("GLOWPLUG_DIRECT_URL", ""), &url, "upgrade").ok();
    assert_eq!(locks(&database), "0");
}

#[test]
fn a_session_pooler_is_as_good_as_the_server() {
    let database = Database::new();
    let Some(pooler) = Pooler::start("session", &database.name) else {
        return;
    };
    let (project, url) = (project(), pooler.url(&database));
    let up = run(&project, &url, "upgrade").ok();
    assert_eq!(up.stdout, "Applied 2 migrations: base -> 2 (head).\n");
    run(&project, &url, "redo").ok();
    run(&project, &url, "downgrade base").ok();
    eventually("no lock is left", || locks(&database) == "0");
}

#[test]
fn upgrades_at_once_over_a_session_pooler_apply_everything_once() {
    let database = Database::new();
    let Some(pooler) = Pooler::start("session", &database.name) else {
        return;
    };
    let (project, url) = (project(), pooler.url(&database));
    let start = |_| {
        let mut command = project.command(GLOWPLUG);
        command.args(["upgrade", "--database-url", &url]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let runs: Vec<_> = (0..3).map(start).collect();
    let ends = runs.into_iter().map(|run| {
        let output = run.wait_with_output().unwrap();
        Ran::of(output, Path::new(project.path())).ok().stdout
    });
    let applied = ends.filter(|text| text.starts_with("Applied")).count();
    assert_eq!(applied, 1);
    assert_eq!(database.query("SELECT count(*) FROM __diesel_schema_migrations"), "2");
}

#[test]
fn a_statement_pooler_and_a_startup_parameter_that_it_does_not_pass_on_are_explained() {
    let database = Database::new();
    let Some(pooler) = Pooler::start("statement", &database.name) else {
        return;
    };
    let (project, url) = (project(), pooler.url(&database));
    run(&project, &url, "upgrade")
        .code(1)
        .says(&["two sessions got the same backend", "--direct-url"]);
    assert_eq!(locks(&database), "0");
    run(&project, &format!("{url}?options=-csearch_path%3Dpublic"), "current")
        .code(1)
        .says(&["unsupported startup parameter", "take it (often options=) out of the URL"]);
}
