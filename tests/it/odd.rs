//! Scripts that change what is around them, and servers that are not as they should be.

use std::process::Stdio;

use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use glowplug::UpgradeOptions;

use crate::{
    proxy::{Place, Proxy, Side, Then},
    support::{Database, GLOWPLUG, INSTALLED, Project, Ran, server},
};

fn new() -> (Database, Project) {
    let database = Database::new();
    let project = Project::at(&database);
    (database, project)
}

#[test]
fn deferred_constraints_fail_before_the_journal_is_written() {
    let (database, project) = new();
    project.migration(
        "1_a",
        "CREATE TABLE d (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO d VALUES (1), (1);",
        "",
    );
    project.run("upgrade").code(1).says(&[
        "1_a failed in up.sql, at its deferred constraints: duplicate key value violates unique constraint",
        "SQLSTATE 23505",
    ]);
    assert_eq!(
        database.query("SELECT to_regclass('d') IS NULL, count(*) FROM __glowplug_journal"),
        "t|0"
    );
}

#[test]
fn nothing_that_a_script_sets_reaches_the_journal_or_the_next_script() {
    let (database, project) = new();
    let app = format!("{}_app", database.name);
    database.query(&format!(
        "CREATE ROLE {app}; GRANT {app} TO {}; CREATE SCHEMA elsewhere",
        database.role
    ));
    let rude = format!(
        "SET ROLE {app}; SET search_path = ''; SET lock_timeout = '1ms'; SET statement_timeout = '1min';
         SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'; SET default_transaction_isolation = 'serializable';
         SET client_encoding = 'LATIN1'; SET standard_conforming_strings = off; SET client_min_messages = error;
         SET LOCAL idle_in_transaction_session_timeout = '1min';
         CREATE TEMP TABLE left_over (id int); PREPARE left_over AS SELECT 1; LISTEN left_over;
         DECLARE left_over CURSOR WITH HOLD FOR SELECT 1; SELECT pg_advisory_lock(1);"
    );
    let looks = "CREATE TABLE seen AS SELECT current_user::text AS u, current_setting('search_path') AS s,
        current_setting('lock_timeout') AS l, current_setting('statement_timeout') AS t, current_setting('TimeZone') AS z,
        current_setting('DateStyle') AS d, current_setting('client_encoding') AS e, current_setting('transaction_isolation') AS i,
        to_regclass('left_over') IS NULL AND NOT EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'left_over')
        AND NOT EXISTS (SELECT FROM pg_cursors WHERE name = 'left_over')
        AND NOT EXISTS (SELECT FROM pg_listening_channels()) AS clean";
    let seen =
        format!("{}|\"$user\", public|5s|0|UTC|ISO, MDY|UTF8|read committed|t", database.role);
    for (first, piecewise) in [("1_é", false), ("3_é", true)] {
        let second = if piecewise { "4_b" } else { "2_b" };
        if piecewise {
            project.piecewise(first, &rude.replace("DECLARE", "SELECT 1; --"), "");
        } else {
            project.migration(first, &rude, "");
        }
        project.migration(second, looks, "");
        project.run("upgrade").ok();
        assert_eq!(database.query("SELECT * FROM seen"), seen, "after {first}");
        database.execute("DROP TABLE seen");
    }
    let names =
        "SELECT string_agg(name, ' ' ORDER BY id) FROM __glowplug_journal WHERE kind = 'up'";
    assert_eq!(database.query(names), "1_é 2_b 3_é 4_b");
    let roles = database.query("SELECT DISTINCT role FROM __glowplug_journal");
    assert_eq!(roles, database.role);
}

#[test]
fn a_superusers_script_that_becomes_somebody_else_is_recorded_by_the_superuser() {
    let (database, project) = new();
    let project = project.env("DATABASE_URL", &database.admin_url());
    let script = format!("SET SESSION AUTHORIZATION {}; CREATE TABLE a (id int);", database.role);
    project.migration("1_a", &script, "");
    project.piecewise("2_b", &script.replace("TABLE a", "TABLE b"), "");
    project.migration("3_c", "CREATE TABLE c (id int);", "");
    project.run("upgrade").ok();
    let owners = "SELECT string_agg(relname || ':' || relowner::regrole, ' ' ORDER BY relname) FROM pg_class WHERE relname IN ('a', 'b', 'c')";
    let role = &database.role;
    assert_eq!(database.query(owners), format!("a:{role} b:{role} c:postgres"));
    assert_eq!(database.query("SELECT DISTINCT role FROM __glowplug_journal"), "postgres");
}

#[test]
fn a_script_may_choose_its_isolation_level() {
    let (database, project) = new();
    let choose = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE a AS SELECT current_setting('transaction_isolation') AS i;";
    project.migration("1_a", choose, "");
    project.piecewise(
        "2_b",
        &format!("BEGIN; {} COMMIT;", choose.replace("TABLE a", "TABLE b")),
        "",
    );
    project.run("upgrade").ok();
    assert_eq!(database.query("TABLE a UNION ALL TABLE b"), "serializable\nserializable");
}

#[test]
fn the_rows_of_a_query_may_be_of_any_type() {
    let (database, project) = new();
    database.execute("CREATE TYPE mood AS ENUM ('glum'); CREATE TYPE pair AS (a mood, b mood[]); CREATE DOMAIN word AS text");
    let select = "SELECT 'glum'::mood, ARRAY['glum'::mood], ROW('glum', NULL)::pair, 'x'::word, NULL::pg_lsn; INSERT INTO log VALUES ('a');";
    database.execute("CREATE TABLE log (what text)");
    project.migration("1_a", select, "");
    project.piecewise("2_b", select, "");
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT count(*) FROM log"), "2");
}

#[test]
fn a_script_that_takes_the_tracking_tables_away_is_rolled_back() {
    let (database, project) = new();
    project.migration("1_a", "CREATE TABLE a (id int);", "");
    for drop in ["DROP TABLE __diesel_schema_migrations;", "DROP SCHEMA public CASCADE;"] {
        project.migration("2_b", drop, "");
        let ran = project.run("upgrade").code(1);
        ran.says(&[
            "2_b failed in up.sql, while it was being recorded",
            "The script removed the tracking table. Everything was rolled back.",
        ]);
        assert_eq!(database.query("SELECT count(*) FROM a"), "0");
    }
    project.piecewise("2_b", "DROP SCHEMA public CASCADE;", "");
    project.run("upgrade").code(1).says(&["while it was being recorded"]);
    assert_eq!(
        database.query("SELECT string_agg(version, ' ') FROM __diesel_schema_migrations"),
        "1"
    );
    // the journal itself takes nothing back
    project.migration("2_b", "DELETE FROM __glowplug_journal;", "");
    project.run("upgrade").code(1).says(&["the journal of migrations is append-only"]);
}

#[test]
fn errors_of_the_servers_state_are_told_with_what_to_do() {
    for (code, advice) in [
        ("53100", "The server's disk is full."),
        ("53200", "The server ran out of shared memory"),
        ("40001", "3 times"),
        ("57P01", "The server is restarting, or the session was terminated. Run again."),
        ("XX000", "Correct the script and run again"),
    ] {
        let (database, project) = new();
        let fail = format!(
            "CREATE TABLE a (id int); DO $$ BEGIN RAISE 'oh no' USING ERRCODE = '{code}'; END $$;"
        );
        project.migration("1_a", &fail, "");
        project.run("upgrade --lock-attempts 3").code(1).says(&[
            "oh no",
            &format!("SQLSTATE {code}"),
            advice,
            "up.sql:1",
        ]);
        assert_eq!(database.query("SELECT to_regclass('a') IS NULL"), "t");
    }
}

#[test]
fn a_session_that_may_only_read_is_refused_before_anything_is_run() {
    let (database, project) = new();
    project.migration("1_a", "CREATE TABLE a (id int);", "");
    database.query(&format!("ALTER ROLE {} SET default_transaction_read_only = on", database.role));
    project
        .run("upgrade")
        .code(1)
        .says(&["session::read_only", &format!("database {} is read-only", database.name)]);
    assert_eq!(project.run("current").ok().stdout, "base  (1 pending)\n");
}

#[test]
fn timeouts_of_the_role_do_not_end_a_run() {
    let (database, project) = new();
    let role = &database.role;
    database.query(&format!(
        "ALTER ROLE {role} SET statement_timeout = '100ms'; ALTER ROLE {role} SET lock_timeout = '1ms';
         ALTER ROLE {role} SET idle_in_transaction_session_timeout = '50ms'"
    ));
    project.migration("1_a", "SELECT pg_sleep(0.2);", "");
    project.piecewise("2_b", "SELECT pg_sleep(0.2); VACUUM;", "");
    project.run("upgrade").ok();
}

/// Cuts the connection at every one of the last messages of the server: some before COMMIT, some after.
#[test]
fn whoever_loses_the_connection_is_told_that_the_outcome_is_not_known() {
    let server = server(INSTALLED[0].major());
    let run = |proxy: &Proxy, database: &Database| {
        let project = Project::new();
        project.migration("1_a", "CREATE TABLE a (id int);", "");
        let url = proxy.url(&database.name, &database.role);
        let mut command = project.command(GLOWPLUG);
        command.args(["upgrade", "--format", "json"]).env("DATABASE_URL", url);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Ran::of(child.wait_with_output().unwrap(), project.path())
    };
    let database = Database::new();
    let proxy = Proxy::counting(server);
    run(&proxy, &database).ok();
    let (_, all) = proxy.counts();
    let mut unknown = 0;
    for number in (all - 60..=all).step_by(3) {
        let database = Database::new();
        let place = Place { side: Side::Server, number };
        let ran = run(&Proxy::harming(server, place, Box::new(|_| Then::Cut)), &database);
        let project = Project::at(&database);
        project.migration("1_a", "CREATE TABLE a (id int);", "");
        if ran.code == Some(1) && ran.stdout.contains("1_a: the connection was lost") {
            unknown += 1;
            assert!(
                ran.stdout.contains("It is not known whether the server committed it"),
                "{ran:#?}"
            );
            assert!(!ran.stdout.contains("rolled back"), "{ran:#?}");
        }
        project.run("upgrade").ok();
        assert_eq!(database.query("SELECT kind FROM __glowplug_journal"), "up");
    }
    assert!(unknown > 1, "{unknown}");
}

#[tokio::test]
async fn over_an_applications_connection_nothing_runs_twice_either() {
    let database = tokio::task::spawn_blocking(Database::new).await.unwrap();
    let project = Project::new();
    let up = |table: &str| {
        format!(
            "CREATE PROCEDURE twice() LANGUAGE plpgsql AS
                 $$ BEGIN INSERT INTO log VALUES ('one'); COMMIT; INSERT INTO log VALUES ('two'); END $$;
             CALL twice();
             CREATE INDEX CONCURRENTLY ON log (what);
             INSERT INTO {table} VALUES ('three');"
        )
    };
    project.migration("1_log", "CREATE TABLE log (what text);", "");
    let options = UpgradeOptions::default();
    for (table, is_right) in [("nowhere", false), ("log", true)] {
        project.piecewise("2_calls", &up(table), "");
        let dir = project.path().join("migrations");
        let migrations = glowplug::from_directory(&dir, "migrations").unwrap();
        let mut connection = AsyncPgConnection::establish(&database.url()).await.unwrap();
        let result = glowplug::upgrade(&mut connection, &migrations, &options).await;
        assert_eq!(result.is_ok(), is_right, "{result:?}");
    }
    tokio::task::spawn_blocking(move || {
        let log = "SELECT string_agg(what, ' ' ORDER BY ctid) FROM log";
        assert_eq!(database.query(log), "one two three");
    })
    .await
    .unwrap();
}
