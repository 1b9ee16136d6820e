//! The real `diesel` and glowplug on one database, in both orders and at the same time.

use std::{fs, path::PathBuf, process::Stdio};

use crate::support::{Database, GLOWPLUG, Peer, Project, Ran, eventually, peer};

/// A project that both tools understand.
struct Both {
    database: Database,
    project: Project,
    program: PathBuf,
}

impl Both {
    fn new() -> Option<Self> {
        let program = peer("diesel")?;
        let database = Database::new();
        let project = Project::at(&database);
        project.migration(
            "2024-01-01-000000_a",
            "CREATE TABLE a (id int PRIMARY KEY);",
            "DROP TABLE a;",
        );
        project.migration(
            "2024-01-02-000000-0000_b",
            "CREATE TABLE b (id int PRIMARY KEY);",
            "DROP TABLE b;",
        );
        Some(Self { database, project, program })
    }

    fn diesel(&self, arguments: &str) -> Ran {
        let mut command = self.project.command(&self.program);
        command.args(arguments.split(' '));
        Ran::of(command.output().unwrap(), self.project.path())
    }

    fn glowplug(&self, arguments: &str) -> Ran {
        self.project.run(arguments)
    }

    fn applied(&self) -> String {
        self.database.query(
            "SELECT string_agg(version, ' ' ORDER BY version) FROM __diesel_schema_migrations",
        )
    }
}

const A: &str = "20240101000000";
const B: &str = "202401020000000000";

#[test]
fn what_diesel_has_run_glowplug_shows_goes_on_from_and_reverts() {
    let Some(both) = Both::new() else { return };
    both.diesel("migration run").ok();
    assert_eq!(
        both.glowplug("current").ok().stdout,
        format!("{B}  2024-01-02-000000-0000_b  (head)\n")
    );
    // looking has written nothing
    assert_eq!(both.database.query("SELECT to_regclass('__glowplug_journal') IS NULL"), "t");
    assert!(both.glowplug("upgrade").ok().stdout.starts_with("Nothing to do"));

    both.project.migration("2024-01-03-000000-0000_c", "CREATE TABLE c (id int);", "DROP TABLE c;");
    both.glowplug("upgrade").ok();
    both.glowplug("downgrade -2").ok();
    assert_eq!(both.applied(), A);
    assert_eq!(both.diesel("migration pending").ok().stdout, "true\n");
    both.diesel("migration run").ok();
    both.glowplug("downgrade base").ok();
    assert_eq!(both.applied(), "NULL");
}

#[test]
fn diesel_setup_and_an_upgrade_agree() {
    let Some(both) = Both::new() else { return };
    // it writes a migration of its own, its helper functions, and runs everything
    both.diesel("setup").ok();
    assert_eq!(both.applied(), format!("00000000000000 {A} {B}"));
    assert!(both.glowplug("upgrade").ok().stdout.starts_with("Nothing to do"));
    both.glowplug("downgrade base").ok();
    both.glowplug("upgrade").ok();
    assert_eq!(both.applied(), format!("00000000000000 {A} {B}"));
}

#[test]
fn what_glowplug_has_run_diesel_lists_reverts_and_runs_again() {
    let Some(both) = Both::new() else { return };
    both.glowplug("upgrade").ok();
    let list = both.diesel("migration list").ok().stdout;
    assert_eq!(list, "Migrations:\n  [X] 2024-01-01-000000_a\n  [X] 2024-01-02-000000-0000_b\n");
    both.diesel("migration run").ok();
    both.diesel("migration redo").ok();
    both.diesel("migration revert").ok();
    assert_eq!(both.applied(), A);
    assert_eq!(
        both.glowplug("current").ok().stdout,
        format!("{A}  2024-01-01-000000_a  (1 pending)\n")
    );
    both.glowplug("upgrade").ok();
    assert_eq!(both.diesel("migration pending").ok().stdout, "false\n");
    both.diesel("migration revert --all").ok();
    both.glowplug("upgrade").ok();
    assert_eq!(both.applied(), format!("{A} {B}"));
}

#[test]
fn a_migration_that_diesel_ran_again_is_not_called_edited() {
    let Some(both) = Both::new() else { return };
    both.glowplug("upgrade").ok();
    both.diesel("migration revert").ok();
    both.project.migration(
        "2024-01-02-000000-0000_b",
        "CREATE TABLE b (id bigint PRIMARY KEY);",
        "DROP TABLE b;",
    );
    both.diesel("migration run").ok();
    assert!(both.glowplug("upgrade").ok().stdout.starts_with("Nothing to do"));
    assert!(both.glowplug("current").ok().stdout.ends_with("(head)\n"));
    // one that glowplug ran and nobody else since is called so
    both.glowplug("redo").ok();
    both.project.write("migrations/2024-01-02-000000-0000_b/up.sql", "CREATE TABLE b (id text);");
    both.glowplug("upgrade").code(1).says(&["was edited since it was applied"]);
}

#[test]
fn a_migration_that_diesel_finished_is_not_called_interrupted() {
    let Some(both) = Both::new() else { return };
    both.database.execute("CREATE TABLE f AS SELECT 0 AS f; CREATE TABLE log (what text)");
    let (up, down) = (
        "INSERT INTO log VALUES ('up'); SELECT 1/f FROM f;",
        "INSERT INTO log VALUES ('down'); SELECT 1/f FROM f;",
    );
    both.project.piecewise("2024-01-03-000000-0000_c", up, down);
    both.glowplug("upgrade").code(1).says(&["division by zero"]);
    both.database.execute("UPDATE f SET f = 1");
    // diesel begins at the beginning: it knows of no interruption
    both.diesel("migration run").ok();
    assert!(both.glowplug("upgrade").ok().stdout.starts_with("Nothing to do"));

    // a revert that was interrupted, and finished by diesel, and applied by it again
    both.database.execute("UPDATE f SET f = 0");
    both.glowplug("downgrade -1").code(1).says(&["division by zero"]);
    both.database.execute("UPDATE f SET f = 1");
    both.diesel("migration revert").ok();
    both.diesel("migration run").ok();
    assert!(both.glowplug("current").ok().stdout.ends_with("(head)\n"));
    both.database.execute("DELETE FROM log");
    both.glowplug("downgrade -1").ok();
    assert_eq!(both.database.query("SELECT string_agg(what, ' ') FROM log"), "down");
}

#[test]
fn diesel_reverts_what_was_interrupted_and_glowplug_goes_on_with_the_rest() {
    let Some(both) = Both::new() else { return };
    both.project.piecewise("2024-01-03-000000-0000_c", "CREATE TABLE c (id int); SELECT 1/0;", "");
    both.glowplug("upgrade").code(1);
    // diesel does not see the interrupted one at all
    both.diesel("migration revert").ok();
    assert_eq!(both.applied(), A);
    both.project.piecewise("2024-01-03-000000-0000_c", "CREATE TABLE c (id int); SELECT 1;", "");
    both.glowplug("upgrade").ok();
    assert_eq!(both.applied(), format!("{A} {B} 202401030000000000"));
}

#[test]
fn the_tracking_table_is_the_same_whoever_made_it() {
    let Some(both) = Both::new() else { return };
    let other = Both::new().unwrap();
    both.diesel("migration run").ok();
    other.glowplug("upgrade").ok();
    let description = "
        SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull,
            pg_get_expr(adbin, adrelid)), '; ' ORDER BY attnum)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON (adrelid, adnum) = (attrelid, attnum)
        WHERE attrelid = '__diesel_schema_migrations'::regclass AND attnum > 0
        UNION ALL
        SELECT pg_get_constraintdef(oid) || conname FROM pg_constraint
        WHERE conrelid = '__diesel_schema_migrations'::regclass AND contype = 'p'
        UNION ALL
        SELECT pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = '__diesel_schema_migrations'::regclass
        UNION ALL
        SELECT concat_ws(' ', relpersistence, relkind, relhasrules, relhastriggers, reloptions)
        FROM pg_class WHERE oid = '__diesel_schema_migrations'::regclass";
    assert_eq!(both.database.query(description), other.database.query(description));
    // both write UTC
    let age = "SELECT bool_and(abs(extract(epoch FROM timezone('UTC', now()) - run_on)) < 600) FROM __diesel_schema_migrations";
    assert_eq!(both.database.query(age), "t");
    assert_eq!(other.database.query(age), "t");
}

#[test]
fn while_diesel_runs_a_migration_glowplug_does_not_repeat_it() {
    let Some(both) = Both::new() else { return };
    both.database.execute("CREATE TABLE gate (x int); CREATE TABLE log (what text)");
    both.project.migration(
        "2024-01-01-000000_a",
        "INSERT INTO log VALUES ('a'); SELECT count(*) FROM gate;",
        "INSERT INTO log VALUES ('not a'); SELECT count(*) FROM gate;",
    );
    let waits = |count: usize| {
        let query = "SELECT count(*) FROM pg_locks WHERE relation = 'gate'::regclass AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        eventually("they wait at the gate", || both.database.query(query) == count.to_string());
    };
    let gate = Peer::of(&both.database);
    let log = "SELECT string_agg(what, ' ') FROM log";
    for (diesel, glowplug, end, advice) in [
        ("migration run", "upgrade", "a", "Another tool ran this migration at the same time"),
        (
            "migration revert --all",
            "downgrade base",
            "a not a",
            "Another tool ran this migration at the same time",
        ),
    ] {
        both.diesel("migration list").ok();
        gate.execute("BEGIN; LOCK TABLE gate");
        let start = |program: &std::path::Path, arguments: &str| {
            let mut command = both.project.command(program);
            command.args(arguments.split(' '));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let first = start(&both.program, diesel);
        waits(1);
        let second = start(GLOWPLUG.as_ref(), &format!("{glowplug} --lock-timeout 60s"));
        waits(2);
        gate.execute("COMMIT");
        let first = Ran::of(first.wait_with_output().unwrap(), both.project.path());
        let second = Ran::of(second.wait_with_output().unwrap(), both.project.path());

        let effects = both.database.query(log);
        if effects == "a not a not a" && second.code == Some(0) {
            // glowplug was first, and diesel does not look whether there was still a row to delete: no lock, no remedy
            return;
        }
        assert_eq!(effects, end, "{first:#?} {second:#?}");
        // whichever came second to the tracking table has rolled back and says so
        assert!(first.code == Some(0) || second.code == Some(0), "{first:#?} {second:#?}");
        if second.code != Some(0) {
            second.code(1).says(&["while it was being recorded", advice]);
        }
        both.glowplug(glowplug).ok();
        assert_eq!(both.database.query(log), end);
    }
}

#[test]
fn both_start_on_an_empty_database_at_once() {
    if peer("diesel").is_none() {
        return;
    }
    for _ in 0..6 {
        let both = Both::new().unwrap();
        let mut children = Vec::new();
        for index in 0..6 {
            let (program, arguments) = if index % 2 == 0 {
                (both.program.as_path(), "migration run")
            } else {
                (GLOWPLUG.as_ref(), "upgrade")
            };
            let mut command = both.project.command(program);
            command.args(arguments.split(' '));
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
            children.push((index % 2 == 1, child.unwrap()));
        }
        for (is_ours, child) in children {
            let ran = Ran::of(child.wait_with_output().unwrap(), both.project.path());
            if is_ours && ran.code != Some(0) {
                let said = [
                    "Another tool ran this migration",
                    "Another session was creating",
                    "It already exists",
                ];
                let flat = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(ran.code == Some(1) && said.iter().any(|it| flat.contains(it)), "{ran:#?}");
            }
        }
        both.glowplug("upgrade").ok();
        assert_eq!(both.applied(), format!("{A} {B}"));
    }
}

/// What is there, and what is wanted: plans with statements that cannot run in a transaction, on both ways, and with ones that change no
/// structure.
const PLANS: &[(&str, &str)] = &[
    (
        "CREATE TABLE a (id int PRIMARY KEY, n text, m text);",
        "CREATE TABLE a (id int PRIMARY KEY, n text, m text, k int NOT NULL, UNIQUE (n)); CREATE INDEX an ON a (n); CREATE INDEX am ON a (m);",
    ),
    (
        "CREATE TABLE a (id int PRIMARY KEY, n int, m int, UNIQUE (n));
         CREATE INDEX am ON a (m); COMMENT ON INDEX am IS 'm'; CREATE INDEX an ON a ((n + m)); ALTER INDEX an ALTER COLUMN 1 SET STATISTICS 50;
         ALTER TABLE a REPLICA IDENTITY USING INDEX a_pkey; CREATE INDEX gone ON a (n, m); ALTER TABLE a CLUSTER ON am;",
        "CREATE TABLE a (id int, n int, m int NOT NULL, PRIMARY KEY (id, m)); CREATE INDEX an ON a ((n - m));",
    ),
    (
        "CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE b (id int PRIMARY KEY);
         CREATE TABLE a (id int PRIMARY KEY, m mood, b int, n int);",
        "CREATE TYPE mood AS ENUM ('bad', 'ok', 'good'); CREATE TABLE b (id int PRIMARY KEY);
         CREATE TABLE a (id int PRIMARY KEY, m mood DEFAULT 'good', b int REFERENCES b, n int NOT NULL CHECK (n > 0));",
    ),
    (
        "CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n bigint);
         CREATE MATERIALIZED VIEW v AS SELECT n FROM a; CREATE INDEX vn ON v (n);",
        "CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME numbers INCREMENT 5) PRIMARY KEY, n timestamptz);
         CREATE MATERIALIZED VIEW v AS SELECT n FROM a WITH NO DATA; CREATE INDEX vn ON v (n) INCLUDE (n);",
    ),
];

#[test]
fn what_autogenerate_writes_diesel_runs_and_reverts() {
    let Some(program) = peer("diesel") else {
        return;
    };
    for (old, new) in PLANS {
        let database = Database::new();
        let project = Project::at(&database);
        project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
        project.migration("2024-01-01-000000_old", old, "SELECT 1;");
        project.write("schema.sql", new);
        let diesel = |arguments: &[&str]| {
            let mut command = project.command(&program);
            command.arg("migration").args(arguments);
            Ran::of(command.output().unwrap(), project.path()).ok()
        };
        diesel(&["run"]);
        let planned = project.run("revision --autogenerate -m step");
        assert!(planned.code == Some(0), "{new}\n{planned:#?}");
        let mut steps = 0;
        for step in fs::read_dir(project.path().join("migrations")).unwrap() {
            let step = step.unwrap().path();
            steps += usize::from(step.to_string_lossy().contains("step"));
            for script in ["up.sql", "down.sql"].map(|it| step.join(it)) {
                let text = fs::read_to_string(&script).unwrap();
                fs::write(&script, text.replace("= FILL_IN_HERE", "= 0")).unwrap();
            }
        }
        diesel(&["run"]);
        diesel(&["revert", "-n", &steps.to_string()]);
        project.run("drift").ok();
        diesel(&["run"]);
        project.run("drift").ok();
        project.run("check").ok();
    }
}
