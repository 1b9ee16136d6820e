//! Moves of rows in batches.

use std::process::Stdio;

use crate::{
    sample,
    support::{Database, GLOWPLUG, Project, number, signal},
};

/// A project with a table of so many users, and a backfill of it.
fn users(database: &Database, count: usize, statement: &str) -> Project {
    let project = Project::at(database);
    project.migration(
        "1_users",
        &format!("CREATE TABLE users (id bigint PRIMARY KEY, name text, upper text, runs int NOT NULL DEFAULT 0); INSERT INTO users (id, name) SELECT i * 3, 'n' || i FROM generate_series(1, {count}) i;"),
        "DROP TABLE users;",
    );
    project.piecewise("2_upper", statement, "-- rows stay as they are\n");
    metadata(&project, "batch = 100");
    project
}

fn metadata(project: &Project, more: &str) {
    let text = format!(
        "run_in_transaction = false\n[backfill]\ntable = \"users\"\nkey = \"id\"\n{more}\n"
    );
    project.write("migrations/2_upper/metadata.toml", &text);
}

const UPPER: &str =
    "UPDATE users SET upper = upper(name), runs = runs + 1 WHERE true /* glowplug:batch */;";

/// How many users have run so often.
fn runs(database: &Database) -> String {
    database.query("SELECT string_agg(runs || ': ' || count, ', ' ORDER BY runs) FROM (SELECT runs, count(*) FROM users GROUP BY runs) r")
}

#[test]
fn every_row_is_moved_once_in_batches_that_commit_by_themselves() {
    let database = Database::new();
    let project = users(&database, 1050, UPPER);
    let said = project.run("upgrade -v").ok();
    assert_eq!(runs(&database), "1: 1050");
    assert!(said.stderr.contains("2_upper: 1050 of about 1050 keys"), "{}", said.stderr);
    let batches = "SELECT count(*), count(DISTINCT at) FROM __glowplug_journal WHERE version = '2' AND kind = 'up-progress'";
    assert_eq!(database.query(batches), "11|11");
    assert_eq!(database.query("SELECT count(DISTINCT xmin::text) FROM users"), "11");
    project.run("current --check-heads").ok();
    project.run("verify").ok();
    project.run("redo").ok();
    assert_eq!(runs(&database), "2: 1050");
}

#[test]
fn a_failed_batch_keeps_those_before_it_and_the_next_run_goes_on_after_them() {
    let database = Database::new();
    let project = users(&database, 500, UPPER);
    project.run("upgrade 1").ok();
    database.execute("ALTER TABLE users ADD CONSTRAINT no_n250 CHECK (upper <> 'N250')");
    project.run("upgrade").code(1).says(&["2_upper failed in up.sql", "no_n250"]);
    assert_eq!(runs(&database), "0: 300, 1: 200");
    assert!(project.run("current").ok().stdout.contains("interrupted"));
    database.execute("ALTER TABLE users DROP CONSTRAINT no_n250");
    // another statement would move the rest otherwise
    project.write("migrations/2_upper/up.sql", &UPPER.replace("upper(name)", "lower(name)"));
    project.run("upgrade").code(1);
    assert_eq!(runs(&database), "0: 300, 1: 200");
    project.write("migrations/2_upper/up.sql", UPPER);
    project.run("upgrade").ok();
    assert_eq!(runs(&database), "1: 500");
}

#[test]
fn killed_at_any_moment_it_repeats_nothing() {
    for case in 0..sample::count(1, 6) {
        let seed = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..)) ^ case;
        eprintln!("seed {}", seed ^ case);
        let mut random = fastrand::Rng::with_seed(seed);
        let database = Database::new();
        let project = users(&database, 4000, UPPER);
        metadata(&project, "batch = 10");
        project.run("upgrade 1").ok();
        let mut kills = 0;
        while database.query("SELECT count(*) FROM users WHERE runs = 0") != "0" && kills < 8 {
            let mut command = project.command(GLOWPLUG);
            let mut child =
                command.arg("upgrade").stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(random.u64(30..250)));
            signal("KILL", child.id());
            child.wait().unwrap();
            kills += 1;
        }
        project.run("upgrade").ok();
        assert_eq!(runs(&database), "1: 4000", "{seed}");
        project.run("current --check-heads").ok();
    }
}

#[test]
fn keys_of_other_types_and_expressions_for_them() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration(
        "1_t",
        "CREATE TABLE \"T x\" (\"k'y\" uuid PRIMARY KEY, n int); INSERT INTO \"T x\" SELECT md5(i::text)::uuid, 0 FROM generate_series(1, 95) i; CREATE TABLE o (k uuid, m int); INSERT INTO o SELECT \"k'y\", 7 FROM \"T x\";",
        "DROP TABLE o; DROP TABLE \"T x\";",
    );
    project.piecewise("2_b", "UPDATE \"T x\" t SET n = n + o.m FROM o WHERE o.k = t.\"k'y\" /* glowplug:batch t.\"k'y\" */", "-- none\n");
    project.write("migrations/2_b/metadata.toml", "run_in_transaction = false\n[backfill]\ntable = 'public.\"T x\"'\nkey = \"k'y\"\nbatch = 10\n");
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT sum(n), min(n), max(n) FROM \"T x\""), "665|7|7");
    assert_eq!(
        database.query("SELECT count(*) FROM __glowplug_journal WHERE kind = 'up-progress'"),
        "10"
    );
}

#[test]
fn a_new_backfill_is_written_and_what_cannot_run_in_batches_is_refused() {
    let database = Database::new();
    let project = users(&database, 5, "UPDATE users SET upper = 'x'");
    project
        .run("upgrade")
        .code(1)
        .says(&["it has no place for the keys of a batch", "/* glowplug:batch */"]);
    project.write("migrations/2_upper/up.sql", &format!("{UPPER} SELECT 1;"));
    project.run("upgrade").code(1).says(&["a backfill is one statement"]);
    project.write("migrations/2_upper/up.sql", UPPER);
    project.write(
        "migrations/2_upper/metadata.toml",
        "run_in_transaction = true\n[backfill]\ntable = \"users\"\nkey = \"id\"\n",
    );
    project.run("upgrade").code(1).says(&["migrations::metadata", "run_in_transaction = false"]);
    assert_eq!(database.query("SELECT to_regclass('users') IS NULL"), "t");
    metadata(&project, "batch = 0");
    project.run("upgrade").code(1).says(&["a batch has at least one key"]);
    metadata(&project, "");
    let text = "run_in_transaction = false\n[backfill]\ntable = \"users\"\nkey = \"name\"\n";
    project.write("migrations/2_upper/metadata.toml", text);
    project
        .run("upgrade")
        .code(1)
        .says(&["the key name of \"public\".\"users\" is not a column that is NOT NULL"]);
    metadata(&project, "");
    project.run("upgrade").ok();
    project.run("revision -m again --backfill users --rev-id 3").ok();
    project.run("upgrade").code(1).says(&["FILL_IN_HERE has not been replaced"]);
    let up = project.path().join("migrations/3_again/up.sql");
    let text = std::fs::read_to_string(&up).unwrap();
    std::fs::write(&up, text.replace("FILL_IN_HERE", "runs = 5")).unwrap();
    project.write("glowplug.toml", "[backfill]\nbatch = 2\npause = \"1ms\"\nmax_lag = \"10s\"\n");
    project.run("upgrade").ok();
    assert_eq!(runs(&database), "5: 5");
    assert_eq!(
        database.query(
            "SELECT count(*) FROM __glowplug_journal WHERE version = '3' AND kind = 'up-progress'"
        ),
        "3"
    );
    project.run("downgrade -1").ok();
    project.run("revision -m x --backfill a.b.c").code(1);
}

#[test]
fn a_backfill_is_guarded_batch_by_batch() {
    let database = Database::new();
    let project = users(&database, 250, UPPER);
    project.migration("0_e", "CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text NOT NULL); INSERT INTO events (what) VALUES ('a');", "DROP TABLE events;");
    project.run("upgrade").ok();
    project.run("ledger protect events").ok();
    project.run("upgrade").ok();
    assert_eq!(runs(&database), "1: 250");
    let bad = "WITH d AS (INSERT INTO events (what) SELECT 'x' FROM users WHERE id = 3), e AS (DELETE FROM events) UPDATE users SET runs = 9 WHERE true /* glowplug:batch */";
    project.piecewise("9_bad", bad, "-- none\n");
    project.write(
        "migrations/9_bad/metadata.toml",
        "run_in_transaction = false\n[backfill]\ntable = \"users\"\nkey = \"id\"\n",
    );
    project.run("upgrade").code(1).says(&["public.events"]);
    assert_eq!(database.query("SELECT count(*) FROM events"), "1");
    assert_eq!(runs(&database), "1: 250");
    project.write(
        "migrations/9_bad/up.sql",
        "UPDATE users SET runs = 9 WHERE true /* glowplug:batch */",
    );
    project.run("upgrade").ok();
    assert_eq!(runs(&database), "9: 250");
}
