//! Migrations that are sent one behind the other: each is committed by itself, and none begins behind a failure.

use crate::support::{Database, Project};

/// A project with the migrations 1, 2, 3 and so on.
#[track_caller]
fn project(database: &Database, ups: &[&str]) -> Project {
    let project = Project::at(database);
    for (at, up) in ups.iter().enumerate() {
        project.migration(&format!("{}_m", at + 1), up, "");
    }
    project
}

fn applied(database: &Database) -> String {
    let versions =
        "SELECT string_agg(version, ' ' ORDER BY version) FROM __diesel_schema_migrations";
    database.query(versions)
}

#[test]
fn nothing_behind_a_failing_migration_begins() {
    let database = Database::new();
    let ups = [
        "CREATE SEQUENCE begun;",
        "CREATE TABLE two (id int);",
        "CREATE TABLE three (id int); SELECT 1 / 0;",
        "SELECT nextval('begun'); CREATE TABLE four (id int);",
        "SELECT nextval('begun');",
    ];
    let project = project(&database, &ups);
    project.run("upgrade").code(1).says(&["3_m failed in up.sql: division by zero"]);
    assert_eq!(applied(&database), "1 2");
    assert_eq!(database.query("SELECT is_called FROM begun"), "f");
    project.migration("3_m", "CREATE TABLE three (id int);", "");
    project.run("upgrade").ok();
    assert_eq!(applied(&database), "1 2 3 4 5");
    assert_eq!(database.query("SELECT last_value FROM begun"), "2");
}

#[test]
fn what_a_migration_leaves_in_the_session_does_not_reach_the_next() {
    let database = Database::new();
    let ups = [
        "SET default_transaction_read_only = on; SET default_transaction_isolation = 'serializable'; SET search_path = nowhere;",
        "CREATE TABLE two (id int);",
        "CREATE TEMP TABLE two (other int); SET row_security = off; SET statement_timeout = '1ms';",
        "INSERT INTO two (id) VALUES (1); SET glowplug.reached = 'somewhere';",
        "CREATE TABLE five AS SELECT current_user AS who, current_setting('transaction_isolation') AS isolation;",
    ];
    project(&database, &ups).run("upgrade").ok();
    assert_eq!(applied(&database), "1 2 3 4 5");
    assert_eq!(
        database.query("SELECT who = session_user OR isolation <> 'read committed' FROM five"),
        "f"
    );
}

#[test]
fn a_failure_that_a_script_takes_back_leaves_nothing() {
    for without in [false, true] {
        let database = Database::new();
        let project = project(&database, &["CREATE TABLE one (id int);"]);
        let up = "SAVEPOINT a; SELECT 1 / 0; ROLLBACK TO a; CREATE TABLE revived (id int);";
        if without {
            project.piecewise("2_m", &format!("BEGIN; {up} COMMIT;"), "");
        } else {
            project.migration("2_m", up, "");
        }
        project.migration("3_m", "CREATE TABLE three (id int);", "");
        project.run("upgrade").code(1).says(&["2_m failed in up.sql: division by zero"]);
        assert_eq!(applied(&database), "1");
        assert_eq!(database.query("SELECT to_regclass('revived') IS NULL"), "t");
    }
}

#[test]
fn what_worked_may_be_taken_back() {
    let database = Database::new();
    let up = "SAVEPOINT a; CREATE TABLE gone (id int); ROLLBACK TO a; CREATE TABLE there (id int);";
    project(&database, &["SELECT 1;", up, "SELECT 1;"]).run("upgrade").ok();
    assert_eq!(applied(&database), "1 2 3");
    assert_eq!(
        database.query("SELECT to_regclass('gone') IS NULL AND to_regclass('there') IS NOT NULL"),
        "t"
    );
}

const LEDGER: &str = "CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;
    CREATE TRIGGER rows BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse();
    CREATE TRIGGER whole BEFORE TRUNCATE ON events EXECUTE FUNCTION refuse();
    ALTER TABLE events ENABLE ALWAYS TRIGGER rows; ALTER TABLE events ENABLE ALWAYS TRIGGER whole;
    INSERT INTO events (kind) SELECT 'happened' FROM generate_series(1, 5);";

#[test]
fn a_migration_that_touches_a_ledger_is_run_by_itself_and_the_others_go_on() {
    let database = Database::new();
    database.execute(LEDGER);
    // nothing names the ledger here
    let ups = [
        "CREATE TABLE one (id int);",
        "DO $$ BEGIN EXECUTE 'ALTER TABLE ev' || 'ents ADD COLUMN note text'; END $$;",
        "CREATE TABLE three (id int);",
    ];
    let project = project(&database, &ups);
    project.write("glowplug.toml", "[[ledger]]\ntable = \"public.events\"\n");
    project.run("upgrade").ok();
    assert_eq!(applied(&database), "1 2 3");
    let harm = "DO $$ BEGIN EXECUTE 'ALTER TABLE ev' || 'ents DISABLE TRIGGER ALL'; END $$;";
    project.migration("4_m", "CREATE TABLE four (id int);", "");
    project.migration("5_m", harm, "");
    project.migration("6_m", "CREATE TABLE six (id int);", "");
    project.run("upgrade").code(3).says(&["5_m was refused in up.sql"]);
    assert_eq!(applied(&database), "1 2 3 4");
}

#[test]
fn a_sequence_may_not_be_set_back_to_what_it_was_before_this_migration() {
    let database = Database::new();
    database.execute(LEDGER);
    // a block that is taken back leaves no lock, but the number
    let back = "DO $$ BEGIN BEGIN PERFORM pg_catalog.set_config('x.y', '', true); EXECUTE 'SELECT set' || 'val(''events_id_seq'', 6)'; \
        RAISE EXCEPTION 'x'; EXCEPTION WHEN raise_exception THEN NULL; END; END $$;";
    let project = project(&database, &["CREATE TABLE one (id int);"]);
    project.write("glowplug.toml", "[[ledger]]\ntable = \"public.events\"\n");
    project.run("upgrade").ok();
    project.migration("2_m", "DO $$ BEGIN EXECUTE 'INSERT INTO ev' || 'ents (kind) SELECT ''more'' FROM generate_series(1, 5)'; END $$;", "");
    project.migration("3_m", back, "");
    project.run("upgrade").code(3).says(&["3_m was refused"]);
    assert_eq!(applied(&database), "1 2");
    let is_ahead = "SELECT last_value >= (SELECT max(id) FROM events) FROM events_id_seq";
    assert_eq!(database.query(is_ahead), "t");
}

#[test]
fn nothing_begins_behind_a_commit_that_fails() {
    for ledger in ["", "[[ledger]]\ntable = \"public.events\"\n"] {
        let database = Database::new();
        database.execute(LEDGER);
        // put off again where it is asked for early, it fails at COMMIT alone
        let late = "CREATE TABLE late (id int); CREATE TABLE later (id int);
            CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'late'; END $$;
            CREATE FUNCTION queues() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET CONSTRAINTS ALL DEFERRED; INSERT INTO later VALUES (1); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER a AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queues();
            CREATE CONSTRAINT TRIGGER b AFTER INSERT ON later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fails();";
        let ups = [
            late,
            "CREATE TABLE two (id int);",
            "CREATE TABLE three (id int); INSERT INTO late VALUES (1);",
            "CREATE TABLE four (id int);",
            "DO $$ BEGIN CREATE TABLE five (id int); END $$; SET default_transaction_read_only = off; CREATE TABLE six (id int);",
        ];
        let project = project(&database, &ups);
        project.write("glowplug.toml", ledger);
        let ran = project.run("upgrade");
        assert_ne!(ran.code, Some(0), "{ran:?}");
        ran.says(&["3_m"]);
        assert_eq!(applied(&database), "1 2");
        let left = "SELECT to_regclass('three') IS NULL AND to_regclass('four') IS NULL AND to_regclass('five') IS NULL AND to_regclass('six') IS NULL";
        assert_eq!(database.query(left), "t", "{ledger}");
    }
}

#[test]
fn canceled_at_any_moment_a_migration_is_whole_or_not_there() {
    let seed = crate::support::number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("GLOWPLUG_TEST_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let ups: Vec<String> = (0..60)
        .map(|n| match n % 3 {
            0 => format!("CREATE TABLE t{n} (id int); CREATE TABLE u{n} (id int);"),
            1 => format!("CREATE TABLE t{n} (id int); SELECT 1; CREATE TABLE u{n} (id int);"),
            _ => format!("SELECT 1; CREATE TABLE t{n} (id int); DO $$ BEGIN CREATE TABLE u{n} (id int); END $$;"),
        })
        .collect();
    let ups: Vec<&str> = ups.iter().map(String::as_str).collect();
    let mut canceled = 0;
    for ledger in ["", "[[ledger]]\ntable = \"public.events\"\n"] {
        for _ in 0..crate::sample::count(1, 4) {
            let database = Database::new();
            database.execute(LEDGER);
            let project = project(&database, &ups);
            project.write("glowplug.toml", ledger);
            for _ in 0..20 {
                let seed = random.f64();
                // from when it has connected on, however slow this machine is
                let cancel = format!(
                    "SELECT setseed({seed}); DO $do$ BEGIN
                    FOR n IN 1..5000 LOOP
                        PERFORM pg_sleep(0.002), pg_stat_clear_snapshot();
                        EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE datname = '{0}' AND usename = '{0}' AND pid <> pg_backend_pid());
                    END LOOP;
                    FOR n IN 1..25 LOOP
                        PERFORM pg_sleep(random() * 0.01), pg_stat_clear_snapshot();
                        PERFORM pg_cancel_backend(pid) FROM pg_stat_activity
                        WHERE datname = '{0}' AND usename = '{0}' AND pid <> pg_backend_pid();
                    END LOOP; END $do$;",
                    database.name
                );
                let ran = std::thread::scope(|scope| {
                    let run = scope.spawn(|| project.run("upgrade"));
                    database.execute(&cancel);
                    run.join().unwrap()
                });
                canceled += u32::from(ran.code != Some(0));
                let told = &ran.stderr;
                let wrong = "SELECT COALESCE(string_agg(n::text, ' '), '') FROM generate_series(0, 59) n
                    WHERE (to_regclass('t' || n) IS NULL) <> (to_regclass('u' || n) IS NULL)
                        OR (to_regclass('t' || n) IS NULL) = (EXISTS (SELECT FROM __diesel_schema_migrations d WHERE d.version = (n + 1)::text))";
                let is_there =
                    database.query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL");
                if is_there == "t" {
                    assert_eq!(database.query(wrong), "", "{told}");
                }
                if ran.code == Some(0) {
                    break;
                }
            }
        }
    }
    assert!(canceled > 0, "nothing was canceled");
}

#[test]
fn a_database_that_is_read_only_by_default_stays_so() {
    let database = Database::new();
    let project = project(&database, &["CREATE TABLE one (id int);"]);
    project.run("upgrade").ok();
    project.migration("2_m", "CREATE TABLE two (id int);", "");
    let name = &database.name;
    database.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    project.run("upgrade").code(1).says(&["read-only"]);
    assert_eq!(applied(&database), "1");
    assert_eq!(database.query("SELECT to_regclass('two') IS NULL"), "t");
}
