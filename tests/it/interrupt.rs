//! Ctrl-C and SIGTERM, at every stage of a run.

use std::{
    fs,
    io::Read as _,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use crate::support::{
    Database, GLOWPLUG, INSTALLED, Peer, Project, Ran, eventually, psql_at, scratch, signal,
};

struct Run<'p> {
    project: &'p Project,
    child: Child,
}

impl<'p> Run<'p> {
    fn start(project: &'p Project, arguments: &str) -> Self {
        let mut command = project.command(GLOWPLUG);
        command.args(arguments.split(' '));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self { project, child }
    }

    fn signal(&self, name: &str) -> Instant {
        signal(name, self.child.id());
        Instant::now()
    }

    fn end(self) -> Ran {
        Ran::of(self.child.wait_with_output().unwrap(), self.project.path())
    }
}

/// The sessions of glowplug in a database, as `state: query`.
fn sessions(database: &Database) -> String {
    database.query(&format!(
        "SELECT state || ': ' || query FROM pg_stat_activity
         WHERE datname = '{}' AND application_name ~ 'glowplug'",
        database.name
    ))
}

/// How many there are.
fn count(database: &Database) -> String {
    database.query(&format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = '{}' AND application_name ~ 'glowplug'",
        database.name
    ))
}

fn await_sleep(database: &Database) {
    eventually("the migration sleeps", || {
        let sessions = sessions(database);
        sessions.starts_with("active: ") && sessions.contains("pg_sleep")
    });
}

#[test]
fn a_long_statement_is_cancelled_and_its_migration_rolled_back() {
    for name in ["INT", "TERM"] {
        let database = Database::new();
        let project = Project::at(&database);
        project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
        project.migration("2_b", "CREATE TABLE b (id int); SELECT pg_sleep(600);", "");
        let run = Run::start(&project, "upgrade");
        await_sleep(&database);

        run.signal(name);
        let ran = run.end().code(130);

        // the backend may take a moment to leave, and does nothing any more
        assert!(!sessions(&database).contains("pg_sleep"), "{}", sessions(&database));
        assert_eq!(ran.stdout, "");
        ran.says(&[
            "up 1_a",
            "2_b was interrupted in up.sql",
            "It was rolled back and is not in the journal. Run again to continue.",
            "Completed before the failure: 1 migration. The database is at 1.",
        ]);
        assert_eq!(
            database.query("SELECT to_regclass('a') IS NOT NULL, to_regclass('b') IS NULL"),
            "t|t"
        );
        assert_eq!(project.run("current").ok().stdout, "1  1_a  (1 pending)\n");
    }
}

#[test]
fn a_statement_that_begins_after_the_signal_is_cancelled_too() {
    let database = Database::new();
    let project = Project::at(&database);
    // code that does not let itself be cancelled, and then a long statement
    project.migration(
        "1_a",
        "DO $$ BEGIN FOR i IN 1..8 LOOP BEGIN PERFORM pg_sleep(0.2); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;
         SELECT pg_sleep(600);",
        "",
    );
    let run = Run::start(&project, "upgrade");
    await_sleep(&database);
    run.signal("INT");
    run.end().code(130).says(&["1_a was interrupted"]);
}

#[test]
fn a_single_transaction_is_rolled_back_as_a_whole() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int);", "");
    project.migration("2_b", "SELECT pg_sleep(600);", "");
    let run = Run::start(&project, "upgrade --single-transaction");
    await_sleep(&database);
    run.signal("INT");
    run.end().code(130).says(&["2_b was interrupted"]);
    assert_eq!(database.query("SELECT to_regclass('a') IS NULL"), "t");
    assert_eq!(project.run("current").ok().stdout, "base  (2 pending)\n");
}

#[test]
fn while_it_waits_for_the_lock_a_run_ends_at_once() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "SELECT pg_sleep(600);", "");
    let holder = Run::start(&project, "upgrade");
    await_sleep(&database);

    for name in ["INT", "TERM"] {
        let waiter = Run::start(&project, "upgrade");
        eventually("two sessions", || count(&database) == "2");
        waiter.signal(name);
        waiter.end().code(130).says(&["interrupted while", "No migration was run."]);
        eventually("the waiter is gone", || count(&database) == "1");
    }
    holder.signal("INT");
    holder.end().code(130);
}

#[test]
fn while_it_connects_to_a_server_that_never_answers_a_run_ends_at_once() {
    // the system accepts for it, and nobody ever reads
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("postgres://nobody@127.0.0.1:{port}/nothing");
    let project = Project::new().env("DATABASE_URL", &url);
    project.migration("1_a", "SELECT 1;", "");
    for (arguments, name) in [("upgrade", "INT"), ("current", "TERM"), ("stamp head", "INT")] {
        let run = Run::start(&project, arguments);
        let _silent = listener.accept().unwrap();
        run.signal(name);
        run.end().code(130).says(&["interrupted", "Nothing was changed."]);
    }
}

#[test]
fn a_migration_without_a_transaction_goes_on_where_it_was_interrupted() {
    let database = Database::new();
    database.execute(
        "CREATE TABLE t (x int); CREATE TABLE log (what text); CREATE TABLE nap AS SELECT 600 AS s",
    );
    let project = Project::at(&database);
    project.piecewise(
        "1_a",
        "INSERT INTO log VALUES ('a'); SELECT pg_sleep(s) FROM nap; INSERT INTO log VALUES ('b');",
        "",
    );
    let run = Run::start(&project, "upgrade");
    await_sleep(&database);
    run.signal("INT");
    run.end().code(130).says(&[
        "1_a was interrupted in up.sql",
        "Run again to continue. Statements done and recorded: 1 of 3",
    ]);
    assert!(!sessions(&database).contains("pg_sleep"), "{}", sessions(&database));
    database.execute("UPDATE nap SET s = 0");
    project.run("upgrade").ok().says(&["continuing after statement 1 of 3"]);
    assert_eq!(database.query("SELECT string_agg(what, ' ' ORDER BY what) FROM log"), "a b");
}

#[test]
fn an_index_build_is_cancelled_and_its_invalid_index_dropped_by_the_next_run() {
    for build in ["CREATE INDEX CONCURRENTLY i ON t (x);", "CREATE INDEX CONCURRENTLY ON t (x);"] {
        let database = Database::new();
        database.execute("CREATE TABLE t (x int)");
        let project = Project::at(&database);
        project.piecewise("1_a", build, "");
        // the build waits for this transaction
        let blocker = Peer::of(&database);
        blocker.execute("BEGIN; INSERT INTO t VALUES (1)");
        let run = Run::start(&project, "upgrade --lock-timeout 60s");
        eventually("the index is being built", || {
            database.query("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "1"
        });
        run.signal("INT");
        run.end().code(130).says(&["1_a was interrupted", "Statements done and recorded: 0 of 1"]);
        assert!(!sessions(&database).contains("CREATE INDEX"), "{}", sessions(&database));
        blocker.execute("COMMIT");

        project.run("upgrade").ok().says(&["an invalid index left behind by a failed build"]);
        let indexes =
            "SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid = 't'::regclass";
        assert_eq!(database.query(indexes), "1|t");
    }
}

#[test]
fn a_pause_before_another_attempt_ends_at_once() {
    let database = Database::new();
    database.execute("CREATE TABLE t (x int)");
    let project = Project::at(&database);
    project.migration("1_a", "ALTER TABLE t ADD y int;", "");
    let blocker = Peer::of(&database);
    blocker.execute("BEGIN; LOCK TABLE t");
    let run = Run::start(&project, "upgrade --lock-timeout 1ms --lock-attempts 1000");
    eventually("it waits between two attempts", || sessions(&database).starts_with("idle: RESET"));
    run.signal("INT");
    run.end().code(130).says(&["1_a was interrupted"]);
}

/// Some steps block the thread that runs the job: a server that is made, for one.
#[test]
fn the_first_signal_is_answered_at_once_also_while_a_step_blocks() {
    let project = Project::new();
    project.migration("1_a", "SELECT 1;", "");
    let bin = project.path().join("bin");
    for (name, script) in [
        ("postgres", "echo 'postgres (PostgreSQL) 17.0'"),
        ("initdb", "touch started; exec sleep 60"),
    ] {
        project.write(
            &format!("bin/{name}"),
            &format!("#!/bin/sh\ncd '{}'\n{script}\n", bin.display()),
        );
        let path = bin.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    // root's server runs as somebody else, who has to get there
    for dir in [project.path(), &bin] {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let bin = bin.display().to_string();
    let mut run = Run::start(&project, &format!("verify --postgres-bin {bin}"));
    eventually("initdb runs", || project.path().join("bin/started").exists());
    let asked = run.signal("INT");
    let mut said = [0; 8];
    run.child.stderr.as_mut().unwrap().read_exact(&mut said).unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(String::from_utf8_lossy(&said), "Stopping");
    run.signal("INT");
    run.end().code(130);
}

/// What Linux says of a connection: the second timer is that of keepalive.
#[cfg(target_os = "linux")]
#[test]
fn a_connection_that_waits_for_the_server_is_kept_alive() {
    let server = scratch(&INSTALLED[0], &[("listen_addresses", "127.0.0.1")]);
    let database = Database::on(&server);
    let port: u16 = psql_at(&server.url(&database.name), "SHOW port").parse().unwrap();
    let project = Project::new();
    project.migration("1_a", "SELECT pg_sleep(60);", "");
    let url = |more: &str| {
        format!(
            "postgres://{}@127.0.0.1:{port}/{}?sslmode=disable{more}",
            database.role, database.name
        )
    };
    let remote = format!("0100007F:{port:04X}");
    let timer = || {
        let all = fs::read_to_string("/proc/net/tcp").unwrap();
        let fields = all.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut open = fields.filter(|it| it.len() > 5 && it[2] == remote && it[3] == "01");
        open.next().map(|it| it[5][..2].to_owned())
    };
    for (more, expected) in [("", "02"), ("&keepalives=0", "00")] {
        let run = Run::start(&project, &format!("upgrade --database-url {}", url(more)));
        await_sleep(&database);
        eventually("the last packet is answered", || timer().as_deref() == Some(expected));
        run.signal("INT");
        run.end().code(130);
    }
    database.remove(&server);
}

#[test]
fn the_second_signal_ends_the_program_at_once() {
    let database = Database::new();
    let project = Project::at(&database);
    // it cannot be cancelled for a while
    project.migration(
        "1_a",
        "CREATE TABLE a (id int);
         DO $$ BEGIN FOR i IN 1..100 LOOP BEGIN PERFORM pg_sleep(0.2); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;",
        "",
    );
    let run = Run::start(&project, "upgrade");
    await_sleep(&database);
    let cancels = || {
        database.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
    };
    run.signal("INT");
    assert_eq!(cancels(), "1");
    std::thread::sleep(Duration::from_millis(50)); // two signals at one moment are one
    run.signal("INT");
    run.end().code(130);
    // the server notices that nobody listens any more
    eventually("the session is gone", || sessions(&database).is_empty());
    assert_eq!(database.query("SELECT to_regclass('a') IS NULL"), "t");
}
