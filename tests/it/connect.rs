//! What keeps a connection from being made, and what the program says then: what, where, what to do.

use std::{fs, os::unix::fs::PermissionsExt as _};

use glowplug::internal::cluster::Scratch;

use crate::{
    network::{Killed, Tcp, at_home, black_hole, current, doorman, free_port, refusal, signal},
    support::{Database, GLOWPLUG, INSTALLED, Project, Ran, eventually, scratch, server},
};

/// The whole message, without the line breaks that belong to the width of a terminal.
fn message(ran: &Ran) -> String {
    let text = ran.stderr.replace(['×', '│'], " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(ran: Ran, expected: &str) {
    let ran = ran.code(1);
    assert_eq!(ran.stdout, "");
    assert_eq!(message(&ran), expected);
}

const PASSWORDS: &str = "host all all 127.0.0.1/32 scram-sha-256";

/// A server with a role `app`, its password `right` and its database.
fn with_app(settings: &[(&str, &str)]) -> Tcp {
    let tcp = Tcp::start(settings, PASSWORDS);
    tcp.admin("CREATE ROLE app LOGIN PASSWORD 'right'");
    tcp.admin("CREATE DATABASE app OWNER app");
    tcp
}

#[test]
fn a_place_where_nobody_listens_is_named() {
    let project = at_home();
    let port = free_port();
    check(
        current(&project, &format!("postgres://u@127.0.0.1:{port}/d")),
        &format!(
            "connect::unreachable nothing is listening at 127.0.0.1:{port} help: Is the server \
             running? \
             Check the port, and listen_addresses in its postgresql.conf."
        ),
    );
    check(
        current(&project, "host=/nowhere/at/all user=u dbname=d"),
        "connect::unreachable there is no socket /nowhere/at/all/.s.PGSQL.5432 help: Is the server \
         running, and is its socket there (unix_socket_directories)? Name another host with \
         the URL or PGHOST.",
    );
    let dir = project.path().display().to_string();
    let left = std::os::unix::net::UnixListener::bind(project.path().join(".s.PGSQL.5432"));
    drop(left.unwrap());
    let ran = current(&project, &format!("host={dir} user=u dbname=d")).code(1);
    assert!(ran.stderr.contains("nothing is listening at"), "{}", ran.stderr);
    let unknown = "postgres://u@no-such-host.invalid/d?connect_timeout=2";
    current(&project, unknown)
        .code(1)
        .says(&["the host name `no-such-host.invalid` cannot be resolved: "]);
}

#[test]
fn what_the_server_refuses_is_said_with_what_to_do() {
    let tcp = with_app(&[]);
    tcp.admin("CREATE ROLE locked NOLOGIN");
    tcp.admin("CREATE ROLE other LOGIN PASSWORD 'right'");
    tcp.admin("CREATE DATABASE closed ALLOW_CONNECTIONS false");
    tcp.admin("REVOKE CONNECT ON DATABASE app FROM PUBLIC");
    let project = at_home();
    let port = tcp.port;
    let run = |user: &str, database: &str| {
        let at = format!("127.0.0.1:{port}");
        current(&project, &format!("postgres://{user}@{at}/{database}"))
    };
    let refused =
        |text: &str| format!("connect::refused 127.0.0.1:{port} refused the connection: {text}");
    run("app:right", "app").ok();
    check(
        run("app:wrong", "app"),
        &refused(
            "password authentication failed for user \"app\" (28P01) help: Check the password of \
             role `app` in the URL or PGPASSWORD.",
        ),
    );
    check(
        run("nobody:right", "app"),
        &refused(
            "password authentication failed for user \"nobody\" (28P01) help: Check the password of \
             role `nobody` in the URL or PGPASSWORD.",
        ),
    );
    check(
        run("app:right", "missing"),
        &refused(
            "database \"missing\" does not exist (3D000) help: Create it with `createdb missing`, \
             or name another in the URL.",
        ),
    );
    check(
        run("other:right", "app"),
        &refused(
            "permission denied for database \"app\" (42501) help: Ask for GRANT CONNECT ON DATABASE \
             for role `other`. (User does not have CONNECT privilege.)",
        ),
    );
    let closed = run("app:right", "closed").code(1);
    closed.says(&["is not currently accepting connections", "does not accept connections"]);
    check(
        run("app", "app"),
        &format!(
            "connect::authentication cannot authenticate to 127.0.0.1:{port}: the server asks for a \
             password and none is known for role `app` help: Put the password in ~/.pgpass (mode \
             0600), PGPASSWORD or the URL."
        ),
    );
    // without a password in the way, the role itself is what is missing
    tcp.rules("host all all 127.0.0.1/32 trust");
    for role in ["nobody", "locked"] {
        let ran = run(role, "app").code(1);
        ran.says(&["Check that role", "exists and may log in", "28000"]);
    }
    tcp.rules("host all other 127.0.0.1/32 trust");
    tcp.admin("GRANT CONNECT ON DATABASE app TO other");
    let ran = run("app:right", "app").code(1);
    ran.says(&["pg_hba.conf", "Add a `host` line for database `app` and role `app`"]);
    current(
        &project,
        &format!("host=127.0.0.1 port={port} user=other dbname=app options=-cnonsense=1"),
    )
    .code(1)
    .says(&["unrecognized configuration parameter", "Check options in the URL, or PGOPTIONS."]);
}

#[test]
fn too_many_connections_is_said_and_not_waited_for() {
    let tcp = Tcp::start(
        &[("max_connections", "4"), ("superuser_reserved_connections", "2")],
        "host all all 127.0.0.1/32 trust",
    );
    tcp.admin("CREATE ROLE app LOGIN");
    let url = format!("host=127.0.0.1 port={} user=app dbname=template1", tcp.port);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let hold = || async {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    };
    let held = runtime.block_on(async { [hold().await, hold().await] });
    let project = at_home();
    let ran = current(&project, &url).code(1);
    ran.says(&["53300", "Close idle sessions, or raise max_connections"]);
    drop(held);
    drop(runtime);
    eventually("there is room again", || current(&project, &url).code == Some(0));
}

#[test]
fn a_role_that_may_only_read_sees_where_the_database_is_and_cannot_upgrade() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    project.run("upgrade").ok();
    project.migration("2_b", "CREATE TABLE b (id int);", "DROP TABLE b;");
    database
        .query(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name));
    let now = project.run("current").ok();
    assert!(now.stdout.starts_with("1  1_a"), "{now:?}");
    project.run("history").ok();
    let ran = project.run("upgrade").code(1);
    assert_eq!(
        message(&ran),
        format!(
            "session::read_only database {} is read-only: it is a standby, or \
             default_transaction_read_only is on help: Connect to the primary with a role that may \
             write (target_session_attrs=read-write finds it among several hosts).",
            database.name
        )
    );
    let wish = format!("{}?target_session_attrs=read-write", database.url());
    let wish = wish.replacen(
        "?target",
        if database.url().contains('?') { "&target" } else { "?target" },
        1,
    );
    current(&project, &wish)
        .code(1)
        .says(&["is read-only, which target_session_attrs=read-write does not accept"]);
}

/// Turns a server into a standby: after a crash it looks for the file that says so.
fn make_standby(server: &Scratch) {
    fs::write(server.data_dir().join("standby.signal"), "").unwrap();
    let database = server.url(Scratch::MAINTENANCE);
    let ask = |sql: &str| crate::support::psql_at(&database, sql);
    ask("CHECKPOINT");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config: tokio_postgres::Config = crate::support::text(&database).parse().unwrap();
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        let row = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap();
        signal(u32::try_from(row.get::<_, i32>(0)).unwrap(), "KILL");
        driver.await.unwrap().unwrap_or_default();
    });
}

#[test]
fn a_standby_is_read_and_refused_for_writing_and_found_by_what_is_wished_for() {
    let primary = scratch(&INSTALLED[0], &[]);
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    let standby = scratch(&INSTALLED[0], &[("wal_level", "replica")]);
    let standby_url = crate::support::text(&standby.url(Scratch::MAINTENANCE));
    make_standby(&standby);
    // it starts up meanwhile, which is waited for
    let ran = current(&project, &standby_url).ok();
    assert!(ran.stdout.starts_with("base"), "{ran:?}");
    project
        .run_with(&["upgrade", "--database-url", &standby_url])
        .code(1)
        .says(&["is read-only: it is a standby", "target_session_attrs=read-write"]);
    let primary = crate::support::text(&primary.url(Scratch::MAINTENANCE));
    let host = |url: &str| {
        let url: glowplug::internal::words::url::Url = url.parse().unwrap();
        url.hosts[0].name.as_str().to_owned()
    };
    let both = |wish: &str| {
        let (one, two) = (host(&standby_url), host(&primary));
        let url = format!("host={one},{two} user=postgres dbname=template1 {wish}");
        current(&project, &url)
    };
    both("target_session_attrs=standby").ok();
    both("target_session_attrs=primary").ok();
    let wish = format!("{standby_url}&target_session_attrs=primary");
    let wish = if standby_url.contains('?') { wish } else { wish.replacen('&', "?", 1) };
    current(&project, &wish)
        .code(1)
        .says(&["is a standby, which target_session_attrs=primary does not accept"]);
}

#[test]
fn variables_count_where_the_url_is_silent() {
    let tcp = with_app(&[]);
    let port = tcp.port.to_string();
    let project = at_home()
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", &port)
        .env("PGUSER", "app")
        .env("PGPASSWORD", "right")
        .env("PGAPPNAME", "told by the environment");
    current(&project, "postgres:///app").ok();
    current(&project, "dbname=app").ok();
    let project = project.env("PGDATABASE", "app").env("DATABASE_URL", "postgres://");
    let ran = project.run("current").ok();
    assert!(ran.stdout.starts_with("base"), "{ran:?}");
    current(&project, "postgres://app:wrong@/app").code(1).says(&["28P01"]);
    let project = project.env("PGSSLMODE", "sometimes");
    current(&project, "postgres:///app").code(1).says(&[
        "the variable PGSSLMODE cannot be used: invalid value for `sslmode`",
        "Correct PGSSLMODE or unset it.",
    ]);
}

#[test]
fn the_local_server_is_not_asked_for_by_variables_alone() {
    // PG* variables describe a server but do not name a database to migrate: DATABASE_URL does
    let project = at_home().env("PGHOST", "127.0.0.1").env("PGPORT", "1");
    let ran = project.run("url").ok();
    assert!(!ran.stdout.contains("127.0.0.1"), "{ran:?}");
}

#[test]
fn the_password_file_is_used_when_it_is_private() {
    let tcp = with_app(&[]);
    let project = at_home();
    let url = format!("postgres://app@127.0.0.1:{}/app", tcp.port);
    let file = project.path().join(".pgpass");
    let write = |text: &str, mode: u32| {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    };
    write(&format!("# comment\nother:*:*:*:no\n127.0.0.1:{}:app:app:right\n", tcp.port), 0o600);
    current(&project, &url).ok();
    write("*:*:*:*:right\n", 0o640);
    current(&project, &url).code(1).says(&[
        "the server asks for a password and none is known for role `app` (password file [DIR]/.pgpass \
         ignored: group or others may read it (chmod 0600 [DIR]/.pgpass))",
    ]);
    write("*:*:*:*:wrong-one\n", 0o600);
    let ran = current(&project, &url).code(1);
    assert!(!ran.stderr.contains("wrong-one"), "{ran:?}");
    ran.says(&["The password for role `app` came from [DIR]/.pgpass; correct it there."]);
    fs::remove_file(&file).unwrap();
    let elsewhere = project.path().join("elsewhere");
    fs::write(&elsewhere, "127.0.0.1:*:*:app:right\n").unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o600)).unwrap();
    current(&project, &format!("{url}?passfile={}", elsewhere.display())).ok();
}

#[test]
fn a_service_is_looked_up_in_its_file() {
    let tcp = with_app(&[]);
    let project = at_home();
    project.write(
        ".pg_service.conf",
        &format!(
            "[app]\nhost=127.0.0.1\nport={}\nuser=app\npassword=right\ndbname=app\n[broken]\nhots=x\n",
            tcp.port
        ),
    );
    current(&project, "service=app").ok();
    current(&project, "postgres:///?service=app").ok();
    current(&project, "service=app password=wrong").code(1).says(&["28P01"]);
    current(&project, "service=broken")
        .code(1)
        .says(&[".pg_service.conf:8: `hots` is not a connection parameter"]);
    current(&project, "service=missing").code(1).says(&[
        "service `missing` is not defined (looked in [DIR]/.pg_service.conf)",
        "Add a section [missing] to ~/.pg_service.conf, or set PGSERVICEFILE.",
    ]);
    let project = project.env("PGSERVICE", "app").env("DATABASE_URL", "postgres://");
    project.run("current").ok();
}

#[test]
fn of_several_hosts_the_first_that_answers_is_taken() {
    let tcp = with_app(&[]);
    let dead = free_port();
    let project = at_home();
    let alive = tcp.port;
    current(&project, &format!("postgres://app:right@127.0.0.1:{dead},127.0.0.1:{alive}/app")).ok();
    let unknown = format!("postgres://app:right@no-such-host.invalid:1,127.0.0.1:{alive}/app");
    current(&project, &unknown).ok();
    let (_held, hole) = black_hole();
    let swallowed =
        format!("postgres://app:right@127.0.0.1:{hole},127.0.0.1:{alive}/app?connect_timeout=1");
    current(&project, &swallowed).ok();
    let other = free_port();
    current(&project, &format!("postgres://app:right@127.0.0.1:{dead},127.0.0.1:{other}/app"))
        .code(1)
        .says(&[
            &format!(
                "could not connect in 2 attempts: nothing is listening at 127.0.0.1:{dead}; \
                 nothing is listening at 127.0.0.1:{other}"
            ),
            "Is the server running?",
        ]);
    // a wrong password is an answer for all, as in libpq
    current(&project, &format!("postgres://app:wrong@127.0.0.1:{alive},127.0.0.1:{dead}/app"))
        .code(1)
        .says(&["28P01"]);
}

#[test]
fn a_server_that_is_starting_up_is_waited_for() {
    let tcp = with_app(&[]);
    let project = at_home();
    let busy = || refusal("57P03", "the database system is starting up");
    let port = doorman(vec![busy(), busy(), busy()], tcp.port);
    let url = format!("postgres://app:right@127.0.0.1:{port}/app?sslmode=disable");
    let ran = current(&project, &url).ok();
    assert!(ran.stdout.starts_with("base"), "{ran:?}");
    ran.says(&["the database system is starting up"]);
    // whoever says `no` is believed at once
    let port = doorman(vec![refusal("28P01", "no")], tcp.port);
    let url = format!("postgres://app:right@127.0.0.1:{port}/app?sslmode=disable");
    current(&project, &url).code(1).says(&["refused the connection: no (28P01)"]);
    // whoever hangs up may be recovering from a crash
    let port = doorman(vec![Vec::new()], tcp.port);
    let url = format!("postgres://app:right@127.0.0.1:{port}/app?sslmode=disable");
    current(&project, &url).ok().says(&["closed the connection before the session began"]);
    // what is not PostgreSQL is not waited for
    for nonsense in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"\0\0\0\0\0\0"] {
        for mode in ["disable", "require"] {
            let port = doorman(vec![nonsense.to_vec()], tcp.port);
            let url = format!("postgres://app:right@127.0.0.1:{port}/app?sslmode={mode}");
            let ran = current(&project, &url).code(1);
            assert!(!ran.stderr.contains("waiting:"), "{ran:?}");
        }
    }
}

#[test]
fn a_black_hole_is_given_up_on_in_time() {
    let (_held, port) = black_hole();
    let project = at_home();
    let give_up = |mode: &str| {
        let url = format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=1&sslmode={mode}");
        check(
            current(&project, &url),
            &format!(
                "connect::unreachable 127.0.0.1:{port} did not answer within 1 s help: Check the \
                 address, the firewall between and whether the server is up; connect_timeout in the \
                 URL sets how long one try may take."
            ),
        );
    };
    let give_up = &give_up;
    std::thread::scope(|scope| {
        for mode in ["disable", "prefer", "require"] {
            scope.spawn(move || give_up(mode));
        }
    });
}

#[test]
fn ctrl_c_ends_the_wait_for_a_server() {
    let project = at_home();
    project.migration("1_a", "SELECT 1;", "");
    for command in ["current", "upgrade"] {
        let (_held, port) = black_hole();
        let url = format!("postgres://u@127.0.0.1:{port}/d");
        let mut program = Killed(
            project
                .command(GLOWPLUG)
                .args([command, "--database-url", &url])
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap(),
        );
        let mine = format!("/proc/{}/net/tcp", program.0.id());
        if !fs::exists(&mine).unwrap() {
            eprintln!("skipped: this system has no /proc");
            return;
        }
        let to = format!("0100007F:{port:04X} 01");
        eventually("it waits for an answer", || {
            fs::read_to_string(&mine).is_ok_and(|table| table.contains(&to))
        });
        signal(program.0.id(), "INT");
        let status = program.0.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{command}");
    }
}

#[test]
fn the_workflow_is_the_same_on_every_installed_major() {
    let missing: Vec<u32> =
        (14..=18).filter(|major| INSTALLED.iter().all(|it| it.major() != *major)).collect();
    if !missing.is_empty() {
        eprintln!("skipped: PostgreSQL {missing:?} is not installed");
    }
    let mut said = Vec::new();
    for binaries in INSTALLED.iter() {
        let database = Database::on(server(binaries.major()));
        let project = Project::at(&database);
        project.migration(
            "1_a",
            "CREATE TABLE a (id int PRIMARY KEY); CREATE TYPE mood AS ENUM ('up');",
            "DROP TYPE mood; DROP TABLE a;",
        );
        project.piecewise(
            "2_b",
            "CREATE INDEX CONCURRENTLY b ON a (id); CREATE INDEX CONCURRENTLY c ON a (id);",
            "DROP INDEX CONCURRENTLY c; DROP INDEX CONCURRENTLY b;",
        );
        let mut all = String::new();
        for command in [
            "current",
            "upgrade --dry-run",
            "upgrade",
            "upgrade",
            "current --check-heads",
            "history",
            "downgrade -1",
            "upgrade +1",
            "redo",
            "downgrade base",
            "stamp head",
            "stamp base",
            "upgrade head",
        ] {
            let ran = project.run(command).ok();
            all += &format!("$ {command}\n{}{}", ran.stdout, ran.stderr);
        }
        project.migration("3_c", "CREATE TABLE a (id int);", "");
        let failed = project.run("upgrade").code(1);
        all += &failed.stderr;
        said.push((binaries.major(), all.replace(&database.name, "[DATABASE]")));
    }
    let (first, rest) = said.split_first().unwrap();
    for other in rest {
        assert_eq!(first.1, other.1, "{} and {}", first.0, other.0);
    }
    assert!(first.1.contains("Applied 2 migrations"), "{}", first.1);
}
