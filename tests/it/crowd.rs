//! Several runs at once: every effect once, and calm losers.

use std::process::{Child, Stdio};

use crate::support::{Database, GLOWPLUG, Peer, Project, Ran, eventually, signal};

/// Starts a run and does not wait for it.
fn start(project: &Project, arguments: &str) -> Child {
    let mut command = project.command(GLOWPLUG);
    command.args(arguments.split(' '));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(project: &Project, child: Child) -> Ran {
    Ran::of(child.wait_with_output().unwrap(), project.path())
}

/// Starts all at once, and waits for all.
fn crowd(project: &Project, count: usize, arguments: impl Fn(usize) -> &'static str) -> Vec<Ran> {
    let children: Vec<_> = (0..count).map(|index| start(project, arguments(index))).collect();
    children.into_iter().map(|child| end(project, child)).collect()
}

impl Database {
    /// Waits until a session of glowplug runs something like this.
    fn runs(&self, sql: &str) -> u32 {
        let query = format!(
            "SELECT max(pid) FROM pg_stat_activity WHERE datname = '{}' AND state = 'active'
             AND application_name ~ 'glowplug' AND query LIKE '%{sql}%'",
            self.name
        );
        let mut pid = String::new();
        eventually(sql, || {
            pid = self.query(&query);
            pid != "NULL"
        });
        pid.parse().unwrap()
    }
}

const MIGRATIONS: u32 = 8;

/// Half of them without a transaction; each writes one row into `log`, without any key.
fn project(database: &Database) -> Project {
    database.execute("CREATE TABLE log (what text); CREATE TABLE t (x int)");
    let project = Project::at(database);
    for number in 1..=MIGRATIONS {
        let name = format!("{number}_m");
        if number % 2 == 0 {
            let up = format!(
                "CREATE INDEX CONCURRENTLY i{number} ON t (x); INSERT INTO log VALUES ('{number} up'); VACUUM t;"
            );
            let down = format!(
                "DROP INDEX CONCURRENTLY i{number}; INSERT INTO log VALUES ('{number} down');"
            );
            project.piecewise(&name, &up, &down);
        } else {
            let up =
                format!("CREATE TABLE t{number} (id int); INSERT INTO log VALUES ('{number} up');");
            let down = format!("DROP TABLE t{number}; INSERT INTO log VALUES ('{number} down');");
            project.migration(&name, &up, &down);
        }
    }
    project
}

/// Every entry of the journal has its effect, and no effect is without an entry.
#[track_caller]
fn check_exact(database: &Database) {
    let logged = database.query("SELECT what, count(*) FROM log GROUP BY what ORDER BY what");
    let entries = database.query(
        "SELECT version || ' ' || kind, count(*) FROM __glowplug_journal
         WHERE kind IN ('up', 'down') GROUP BY 1 ORDER BY 1",
    );
    assert_eq!(logged, entries);
    let applied = database.query(
        "SELECT version FROM __glowplug_journal WHERE kind IN ('up', 'down') GROUP BY version
         HAVING count(*) FILTER (WHERE kind = 'up') > count(*) FILTER (WHERE kind = 'down') ORDER BY version",
    );
    let tracked = database.query("SELECT version FROM __diesel_schema_migrations ORDER BY version");
    assert_eq!(applied, tracked);
    let indexes = "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisvalid";
    assert_eq!(database.query(indexes), "0");
}

#[test]
fn of_runs_on_an_empty_database_one_migrates_and_the_others_find_nothing_to_do() {
    for count in [2, 3, 8] {
        let database = Database::new();
        let project = project(&database);

        let rans = crowd(&project, count, |_| "upgrade");

        let mut winners = 0;
        for ran in rans {
            let ran = ran.ok();
            if ran.stdout == format!("Applied {MIGRATIONS} migrations: base -> 8 (head).\n") {
                winners += 1;
            } else {
                assert_eq!(
                    ran.stdout,
                    format!("Nothing to do: {} is at 8 (head).\n", database.name)
                );
                // who came late enough never waited
                if !ran.stderr.is_empty() {
                    let calm =
                        format!("`glowplug upgrade` of role {}, connected since ", database.role);
                    for line in ran.stderr.lines() {
                        assert!(
                            line.starts_with("waiting for another run: pid ")
                                && line.contains(&calm),
                            "{}",
                            ran.stderr
                        );
                    }
                }
            }
        }
        assert_eq!(winners, 1);
        check_exact(&database);
        assert_eq!(database.query("SELECT count(*) FROM log"), "8");
    }
}

#[test]
fn runs_on_a_full_database_all_find_nothing_to_do() {
    let database = Database::new();
    let project = project(&database);
    project.run("upgrade").ok();
    for ran in crowd(&project, 6, |_| "upgrade") {
        assert!(ran.ok().stdout.starts_with("Nothing to do"));
    }
    check_exact(&database);
}

#[test]
fn upgrades_and_downgrades_at_once_take_turns() {
    let database = Database::new();
    let project = project(&database);
    for _ in 0..3 {
        let commands =
            ["upgrade", "downgrade base", "upgrade +3", "downgrade -1", "redo", "upgrade"];
        for (ran, command) in crowd(&project, 6, |index| commands[index]).into_iter().zip(commands)
        {
            // where nothing is applied `-1` and `redo` have no target, and +3 may go past the head
            let may_fail = ["upgrade +3", "downgrade -1", "redo"].contains(&command);
            assert!(
                ran.code == Some(0)
                    || (ran.code == Some(1) && may_fail && ran.stderr.contains("target")),
                "{command}: {ran:#?}"
            );
        }
        check_exact(&database);
    }
    project.run("upgrade").ok();
    check_exact(&database);
}

#[test]
fn who_does_not_want_to_wait_is_told_who_holds_the_lock() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_slow", "SELECT pg_sleep(60);", "");
    let holder = start(&project, "upgrade");
    let pid = database.runs("pg_sleep(60)");

    let ran = project.run("upgrade --wait 1s").code(1);
    ran.says(&[
        "lock::held",
        &format!("another run holds the migration lock of {}: pid {pid}, `glowplug upgrade` of role {}, connected since", database.name, database.role),
        "Waited 1 s",
        &format!("SELECT pg_terminate_backend({pid});"),
    ]);

    // reading needs no lock
    assert_eq!(project.run("current").ok().stdout, "base  (1 pending)\n");
    database.query(&format!("SELECT pg_terminate_backend({pid})"));
    end(&project, holder)
        .code(1)
        .says(&["terminating connection due to administrator command", "Run again"]);
}

#[test]
fn an_index_is_built_concurrently_while_others_wait_for_the_lock() {
    let database = Database::new();
    database.execute("CREATE TABLE t (x int); CREATE TABLE gate (x int)");
    let project = Project::at(&database);
    project.piecewise(
        "1_index",
        "LOCK TABLE gate; CREATE INDEX CONCURRENTLY i ON t (x); CREATE UNIQUE INDEX CONCURRENTLY j ON t (x);",
        "",
    );
    // the holder is kept at its first statement until the others wait
    let gate = Peer::of(&database);
    gate.execute("BEGIN; LOCK TABLE gate");
    let holder = start(&project, "upgrade");
    database.runs("LOCK TABLE gate");
    let others: Vec<_> = (0..4).map(|_| start(&project, "upgrade")).collect();
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'glowplug upgrade'",
        database.name
    );
    eventually("five runs", || database.query(&waiting) == "5");
    gate.execute("COMMIT");

    end(&project, holder).ok();
    for other in others {
        assert!(end(&project, other).ok().stdout.starts_with("Nothing to do"));
    }
    let valid = "SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 't'::regclass";
    assert_eq!(database.query(valid), "t");
}

#[test]
fn after_a_killed_run_the_next_gets_the_lock_within_seconds() {
    let slow =
        "INSERT INTO log VALUES ('a'); SELECT pg_sleep(s) FROM nap; INSERT INTO log VALUES ('b');";
    for piecewise in [false, true] {
        let database = Database::new();
        database.execute("CREATE TABLE log (what text); CREATE TABLE nap AS SELECT 600 AS s");
        let project = Project::at(&database);
        if piecewise {
            project.piecewise("1_slow", slow, "");
        } else {
            project.migration("1_slow", slow, "");
        }
        let holder = start(&project, "upgrade");
        database.runs("pg_sleep");
        signal("KILL", holder.id());
        drop(end(&project, holder));
        database.execute("UPDATE nap SET s = 0");

        project.run("upgrade").ok().says(&["waiting for another run: pid"]);
        let log = database.query("SELECT string_agg(what, ' ' ORDER BY what) FROM log");
        assert_eq!(log, "a b");
    }
}

#[test]
fn a_script_that_gives_the_lock_back_harms_nobody() {
    let database = Database::new();
    database.execute("CREATE TABLE log (what text)");
    let project = Project::at(&database);
    for number in 1..=4 {
        project.migration(
            &format!("{number}_rude"),
            &format!("SELECT pg_advisory_unlock_all(); INSERT INTO log VALUES ('{number} up');"),
            "",
        );
    }
    for _ in 0..2 {
        for ran in crowd(&project, 5, |_| "upgrade") {
            assert!(
                matches!(ran.code, Some(0 | 1)) && !ran.stderr.contains("panicked"),
                "{ran:#?}"
            );
        }
    }
    project.run("upgrade").ok();
    let logged = database.query("SELECT string_agg(what, ', ' ORDER BY what) FROM log");
    assert_eq!(logged, "1 up, 2 up, 3 up, 4 up");
}
