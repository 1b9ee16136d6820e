//! Locks that cannot be acquired, and statements that take too long.

use std::process::Stdio;

use crate::support::{Database, GLOWPLUG, Peer, Project, Ran, eventually};

/// A table that another session has locked.
fn locked() -> (Database, Project, Peer) {
    let database = Database::new();
    database.execute("CREATE TABLE t (x int); CREATE TABLE log (what text)");
    let blocker = Peer::of(&database);
    blocker.execute("BEGIN; LOCK TABLE t");
    let project = Project::at(&database);
    (database, project, blocker)
}

/// Runs until it says something, lets the blocker go, and waits for the end.
fn run_until(project: &Project, arguments: &str, said: &str, then: impl FnOnce()) -> Ran {
    let stderr = project.path().join("stderr");
    let child = project
        .command(GLOWPLUG)
        .args(arguments.split(' '))
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&stderr).unwrap())
        .spawn()
        .unwrap();
    let text = || std::fs::read_to_string(&stderr).unwrap();
    eventually(said, || text().contains(said));
    then();
    let mut ran = Ran::of(child.wait_with_output().unwrap(), project.path());
    ran.stderr = text();
    ran
}

const RETRY: &str = "1_a: could not acquire a lock (attempt 2 of 9); retrying in";

#[test]
fn a_migration_is_tried_again_as_a_whole_until_the_blocker_leaves() {
    let up = "INSERT INTO log VALUES ('a'); ALTER TABLE t ADD y int; INSERT INTO log VALUES ('b');";
    for piecewise in [false, true] {
        let (database, project, blocker) = locked();
        if piecewise {
            project.piecewise("1_a", up, "");
        } else {
            project.migration("1_a", up, "");
        }
        let arguments = "upgrade --lock-timeout 50ms --lock-attempts 9";
        run_until(&project, arguments, RETRY, || blocker.execute("COMMIT")).ok();
        assert_eq!(database.query("SELECT string_agg(what, ' ') FROM log"), "a b");
        let ups = "SELECT count(*) FROM __glowplug_journal WHERE kind = 'up'";
        assert_eq!(database.query(ups), "1");
    }
}

#[test]
fn after_the_last_attempt_nothing_is_half_done() {
    let (database, project, _blocker) = locked();
    project.migration("1_a", "CREATE TABLE one (id int);", "");
    project.migration("2_b", "CREATE TABLE two (id int);\nALTER TABLE t ADD y int;", "");
    let ran = project.run("upgrade --lock-timeout 20ms --lock-attempts 3").code(1);
    let retries: Vec<_> = ran.stderr.lines().filter(|line| line.contains("retrying in")).collect();
    assert_eq!(retries.len(), 2, "{}", ran.stderr);
    ran.says(&[
        "2_b failed in up.sql, 3 times: canceling statement due to lock timeout (SQLSTATE 55P03)",
        "migrations/2_b/up.sql:2",
        "Another session holds a conflicting lock",
        "--lock-timeout",
        "Completed before the failure: 1 migration. The database is at 1.",
    ]);
    assert_eq!(
        database.query("SELECT to_regclass('one') IS NOT NULL, to_regclass('two') IS NULL"),
        "t|t"
    );
    assert_eq!(project.run("current").ok().stdout, "1  1_a  (1 pending)\n");
    // the script's own limit counts, too
    project.migration("2_b", "SET lock_timeout = '10ms'; ALTER TABLE t ADD y int;", "");
    project.run("upgrade --lock-timeout 10min --lock-attempts 1").code(1).says(&["lock timeout"]);
}

#[test]
fn a_single_transaction_and_a_downgrade_are_tried_again_too() {
    let (database, project, blocker) = locked();
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    project.migration("2_b", "ALTER TABLE t ADD y int;", "ALTER TABLE t DROP y;");
    let arguments = "upgrade --single-transaction --lock-timeout 50ms --lock-attempts 9";
    let retry = "2_b: could not acquire a lock (attempt 2 of 9)";
    run_until(&project, arguments, retry, || blocker.execute("COMMIT")).ok();
    blocker.execute("BEGIN; LOCK TABLE t");
    let arguments = "downgrade base --lock-timeout 50ms --lock-attempts 9";
    run_until(&project, arguments, retry, || blocker.execute("COMMIT")).ok();
    let kinds = "SELECT string_agg(version || kind, ' ' ORDER BY id) FROM __glowplug_journal";
    assert_eq!(database.query(kinds), "1up 2up 2down 1down");
}

#[test]
fn an_index_build_that_gave_up_on_a_lock_leaves_no_second_index() {
    for (build, name) in [
        ("CREATE INDEX CONCURRENTLY i ON t (x);", "i"),
        ("CREATE INDEX CONCURRENTLY ON t (x);", "t_x_idx"),
    ] {
        let (database, project, blocker) = locked();
        project.piecewise("1_a", build, "");
        // a writer does not keep the build from beginning, only from ending
        blocker.execute("COMMIT; BEGIN; INSERT INTO t VALUES (1)");
        let arguments = "upgrade --lock-timeout 50ms --lock-attempts 9";
        run_until(&project, arguments, RETRY, || blocker.execute("COMMIT")).ok();
        let indexes = "SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ' ') FROM pg_index WHERE indrelid = 't'::regclass";
        assert_eq!(database.query(indexes), format!("{name} true"));
    }
}

#[test]
fn an_index_build_that_never_gets_its_lock_is_resumed_by_the_next_run() {
    for build in ["CREATE INDEX CONCURRENTLY i ON t (x);", "CREATE INDEX CONCURRENTLY ON t (x);"] {
        let (database, project, blocker) = locked();
        project.piecewise("1_a", build, "");
        blocker.execute("COMMIT; BEGIN; INSERT INTO t VALUES (1)");
        for _ in 0..2 {
            project
                .run("upgrade --lock-timeout 20ms --lock-attempts 2")
                .code(1)
                .says(&["2 times", "lock timeout"]);
        }
        blocker.execute("COMMIT");
        project.run("upgrade").ok().says(&["an invalid index left behind by a failed build"]);
        let indexes =
            "SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid = 't'::regclass";
        assert_eq!(database.query(indexes), "1|t");
    }
}

#[test]
fn a_detach_that_gave_up_on_a_lock_is_finished_by_another_attempt() {
    let (database, project, blocker) = locked();
    database.execute(
        "CREATE TABLE p (id int) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
    );
    project.piecewise("1_a", "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;", "");
    // a reader of the partitioned table keeps the second half from beginning
    blocker.execute("COMMIT; BEGIN; SELECT * FROM p");
    let arguments = "upgrade --lock-timeout 50ms --lock-attempts 9";
    run_until(&project, arguments, RETRY, || blocker.execute("COMMIT")).ok();
    assert_eq!(database.query("SELECT count(*) FROM pg_inherits"), "0");
}

#[test]
fn a_deadlock_is_tried_again() {
    let (database, project, blocker) = locked();
    database.execute("CREATE TABLE u (x int)");
    project.migration("1_a", "LOCK TABLE u; ALTER TABLE t ADD y int;", "");
    // the blocker holds t and wants u: the server ends one of the two
    let child = project
        .command(GLOWPLUG)
        .args(["upgrade", "--lock-timeout", "10s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the run waits", || {
        database.query("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == "1"
    });
    blocker.try_execute("LOCK TABLE u");
    blocker.execute("ROLLBACK");
    Ran::of(child.wait_with_output().unwrap(), project.path()).ok();
    let columns =
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'y'";
    assert_eq!(database.query(columns), "1");
}

#[test]
fn a_statement_that_takes_too_long_is_ended_and_not_tried_again() {
    let (database, project, _blocker) = locked();
    project.migration("1_a", "CREATE TABLE a (id int); SELECT pg_sleep(600);", "");
    let ran = project.run("upgrade --statement-timeout 100ms").code(1);
    assert!(!ran.stderr.contains("retrying"), "{}", ran.stderr);
    ran.says(&[
        "1_a failed in up.sql: canceling statement due to statement timeout (SQLSTATE 57014)",
        "It ran longer than --statement-timeout allows.",
    ]);
    assert_eq!(database.query("SELECT to_regclass('a') IS NULL"), "t");
    // what the role has set for itself does not count
    database.query(&format!("ALTER ROLE {} SET statement_timeout = '50ms'", database.role));
    project.migration("1_a", "SELECT pg_sleep(0.2);", "");
    project.run("upgrade").ok();
}
