//! Migrations with `run_in_transaction = false`: statement by statement, failed, mended, resumed.

use crate::support::{Database, Project};

/// A table with two equal rows, and an unlogged place to count in.
const TABLE: &str = "CREATE TABLE t (x int, y int); INSERT INTO t VALUES (1, 1), (1, 2);
                     CREATE TABLE log (what text)";

fn prepared() -> (Database, Project) {
    let database = Database::new();
    database.execute(TABLE);
    let project = Project::at(&database);
    (database, project)
}

impl Database {
    /// The journal, newest last: kind and statement.
    fn journal(&self) -> String {
        self.query(
            "SELECT string_agg(concat(kind, ' ' || statement), ', ' ORDER BY id) FROM __glowplug_journal",
        )
    }

    /// The indexes of `t`, the invalid ones with an exclamation mark.
    fn indexes(&self) -> String {
        self.query(
            "SELECT string_agg(indexrelid::regclass || CASE WHEN indisvalid THEN '' ELSE '!' END, ' '
             ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = 't'::regclass",
        )
    }

    fn log(&self) -> String {
        self.query("SELECT string_agg(what, ' ' ORDER BY ctid) FROM log")
    }
}

#[test]
fn everything_that_refuses_a_transaction_runs_in_one_file() {
    let (database, project) = prepared();
    database.execute(
        "CREATE TABLE p (id int) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
         CREATE TYPE mood AS ENUM ('glum')",
    );
    let other = format!("{}_other", database.name);
    database.query(&format!("ALTER ROLE {} CREATEDB", database.role));
    project.piecewise(
        "1_all",
        &format!(
            "CREATE INDEX CONCURRENTLY a ON t (x);
             CREATE INDEX CONCURRENTLY ON t (y);
             CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON t (x);
             CREATE INDEX CONCURRENTLY b ON public.t (y) WHERE y > 1;
             DROP INDEX CONCURRENTLY b;
             REINDEX INDEX CONCURRENTLY a;
             REINDEX (CONCURRENTLY) TABLE t;
             VACUUM (ANALYZE) t;
             ALTER TYPE mood ADD VALUE 'calm';
             CREATE TABLE moods AS SELECT 'calm'::mood AS mood;
             BEGIN; INSERT INTO log VALUES ('block'); SET LOCAL work_mem = '3MB'; COMMIT;
             SET work_mem = '5MB';
             INSERT INTO log VALUES (current_setting('work_mem'));
             CREATE PROCEDURE twice() LANGUAGE plpgsql AS
                 $$ BEGIN INSERT INTO log VALUES ('one'); COMMIT; INSERT INTO log VALUES ('two'); END $$;
             CALL twice();
             DO $$ BEGIN INSERT INTO log VALUES ('three'); COMMIT; INSERT INTO log VALUES ('four'); END $$;
             ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;
             CREATE DATABASE {other};
             DROP DATABASE {other};"
        ),
        "DROP INDEX CONCURRENTLY a; DROP INDEX CONCURRENTLY t_y_idx; DROP TABLE moods;",
    );

    project.run("upgrade").ok();

    assert_eq!(database.indexes(), "a t_y_idx");
    assert_eq!(database.log(), "block 5MB one two three four");
    assert_eq!(database.query("SELECT mood FROM moods"), "calm");
    assert_eq!(database.query("SELECT count(*) FROM pg_inherits"), "0");
    project.run("downgrade base").ok();
    assert_eq!(database.indexes(), "NULL");
    assert!(database.journal().ends_with("down-progress 3, down"));
}

#[test]
fn a_failure_in_the_middle_is_recorded_mended_and_resumed() {
    let (database, project) = prepared();
    let up = |last: &str| {
        format!(
            "INSERT INTO log VALUES ('a');\nSET work_mem = '5MB';\nSELECT pg_catalog.set_config('search_path', 'public', false);\n\
             CREATE INDEX CONCURRENTLY i ON t (x);\n{last}"
        )
    };
    project.piecewise("1_a", &up("INSERT INTO nowhere VALUES (1);\nSELECT 1;"), "");

    project.run("upgrade").code(1).says(&[
        "1_a failed in up.sql",
        "relation \"nowhere\" does not exist",
        "migrations/1_a/up.sql:5",
        "Statements done and recorded: 4 of 6; the next run continues after them.",
    ]);
    assert_eq!(
        database.journal(),
        "up-progress 1, up-progress 2, up-progress 3, up-started 4, up-progress 4"
    );
    project.run("upgrade").code(1).says(&["continuing after statement 4 of 6"]);

    // what was done is not to be changed, what comes after it may be
    let mended = up("INSERT INTO log VALUES (current_setting('work_mem')); SELECT 1;");
    let changed = mended.replace("('a')", "('b')");
    project.piecewise("1_a", &changed, "");
    project.run("upgrade").code(1).says(&[
        "1_a was interrupted, and its first 4 statements have changed since",
        "Restore the first 4 statements of migrations/1_a/up.sql",
    ]);
    project.piecewise("1_a", "INSERT INTO log VALUES ('a');", "");
    project.run("upgrade").code(1).says(&["have changed since"]);
    // formatting and comments between the statements are not their text
    let commented = mended.replace(";\nSET", ";\n\n-- a word\n  SET");
    project.piecewise("1_a", &commented, "");
    let ran = project.run("upgrade").ok();
    assert_eq!(ran.stdout, "Applied 1 migration: base -> 1 (head).\n");
    assert_eq!(database.log(), "a 5MB");
    let current = project.run("current").ok();
    assert!(current.stdout.starts_with("1  1_a  (head)"), "{current:?}");
}

#[test]
fn a_refused_statement_outside_of_a_transaction_may_be_mended_into_any_other() {
    let (database, project) = prepared();
    // this one exists already: that it is there must not be taken for its effect
    database.execute("CREATE INDEX i ON t (x)");
    project.piecewise("1_a", "CREATE INDEX CONCURRENTLY i ON t (y);", "");
    for _ in 0..2 {
        project
            .run("upgrade")
            .code(1)
            .says(&["relation \"i\" already exists", "Statements done and recorded: 0 of 1"]);
    }
    project.piecewise("1_a", "DROP INDEX CONCURRENTLY missing;", "");
    for _ in 0..2 {
        project.run("upgrade").code(1).says(&["index \"missing\" does not exist"]);
    }
    project.piecewise("1_a", "VACUUM nowhere;", "");
    project.run("upgrade").code(1).says(&["\"nowhere\" does not exist"]);
    project.piecewise("1_a", "INSERT INTO log VALUES ('mended');", "");
    project.run("upgrade").ok();
    assert_eq!(database.log(), "mended");
}

#[test]
fn the_invalid_index_of_a_failed_build_is_dropped_by_the_next_run() {
    for (build, name) in [
        ("CREATE UNIQUE INDEX CONCURRENTLY u ON t (x)", "u"),
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS u ON t (x)", "u"),
        ("CREATE UNIQUE INDEX CONCURRENTLY ON t (x)", "t_x_idx"),
    ] {
        let (database, project) = prepared();
        project.piecewise("1_a", &format!("{build};"), "");
        for _ in 0..2 {
            project
                .run("upgrade")
                .code(1)
                .says(&["could not create unique index", "Clean them up"]);
            assert_eq!(database.indexes(), format!("{name}!"));
        }

        database.execute("DELETE FROM t WHERE y = 2");
        project.run("upgrade").ok().says(&[&format!(
            "dropped \"public\".\"{name}\", an invalid index left behind by a failed build"
        )]);
        assert_eq!(database.indexes(), name);
    }
}

#[test]
fn the_invalid_index_is_dropped_when_the_statement_was_mended_into_another() {
    let (database, project) = prepared();
    project.piecewise("1_a", "CREATE UNIQUE INDEX CONCURRENTLY ON t (x);", "");
    project.run("upgrade").code(1);
    project.piecewise("1_a", "CREATE UNIQUE INDEX CONCURRENTLY other ON t (y);", "");
    project.run("upgrade").ok().says(&["dropped \"public\".\"t_x_idx\""]);
    assert_eq!(database.indexes(), "other");
}

#[test]
fn an_invalid_index_that_another_tool_left_is_dropped_first() {
    let (database, project) = prepared();
    database.execute("CREATE UNIQUE INDEX i ON t (y)");
    database.query("UPDATE pg_index SET indisvalid = false WHERE indrelid = 't'::regclass");
    project.piecewise("1_a", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (x);", "");
    project.run("upgrade").ok().says(&["dropped \"public\".\"i\""]);
    assert_eq!(database.indexes(), "i");
    let definition = database.query("SELECT pg_get_indexdef('i'::regclass)");
    assert!(definition.ends_with("(x)"), "{definition}");
}

/// A run that announced its second statement, and was never heard of again.
fn killed_at(database: &Database, project: &Project, statement: &str) {
    let first = "INSERT INTO log VALUES ('first')";
    let up = format!("{first};\n{statement};\nINSERT INTO log VALUES ('last');");
    project.piecewise("1_a", &format!("{first};\nVACUUM nowhere;"), "");
    project.run("upgrade").code(1);
    project.piecewise("1_a", &up, "");
    // what the killed run would have written: the digest is that of the statements up to the one that was started
    let digest = format!("encode(sha256(convert_to($${first};\n{statement}$$, 'UTF8')), 'hex')");
    database.query(&format!(
        "INSERT INTO __glowplug_journal (version, name, kind, up_sha256, actor, tool, statement, statements)
         VALUES ('1', '1_a', 'up-started', {digest}, 'test', 'test', 2, 3)"
    ));
}

#[test]
fn a_statement_of_which_nobody_knows_waits_for_a_word() {
    let call = "CALL twice()";
    let procedure = "CREATE PROCEDURE twice() LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO log VALUES ('one'); COMMIT; INSERT INTO log VALUES ('two'); END $$";
    for (unsure, log) in [("skip", "first last"), ("repeat", "first one two last")] {
        let (database, project) = prepared();
        database.execute(procedure);
        killed_at(&database, &project, call);
        for _ in 0..2 {
            project.run("upgrade").code(1).says(&[
                "1_a was interrupted, and it is not known whether this statement took effect",
                "up.sql:2",
                "--unsure skip",
                "--unsure repeat",
            ]);
        }
        project.run(&format!("upgrade --unsure {unsure}")).ok();
        assert_eq!(database.log(), log);
    }
}

#[test]
fn a_word_on_doubtful_statements_does_not_overrule_the_catalog() {
    let build = "CREATE INDEX CONCURRENTLY i ON t (x)";
    let (database, project) = prepared();
    killed_at(&database, &project, build);
    // it did not take effect, whatever one says
    project.run("upgrade --unsure skip").ok();
    assert_eq!(database.indexes(), "i");

    let (database, project) = prepared();
    killed_at(&database, &project, build);
    database.execute(build);
    project.run("upgrade --unsure repeat").ok();
    assert_eq!(database.indexes(), "i");
    assert_eq!(database.log(), "first last");
}

#[test]
fn a_started_statement_is_not_exchanged_for_another() {
    let (database, project) = prepared();
    killed_at(&database, &project, "CREATE INDEX CONCURRENTLY i ON t (x)");
    let up = "INSERT INTO log VALUES ('first');\nCREATE INDEX CONCURRENTLY j ON t (y);\nINSERT INTO log VALUES ('last');";
    project.piecewise("1_a", up, "");
    project.run("upgrade").code(1).says(&["its first 2 statements"]);
    assert_eq!(database.indexes(), "NULL");
}

#[test]
fn a_detach_that_was_begun_is_finished() {
    let (database, project) = prepared();
    database.execute(
        "CREATE TABLE p (id int) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
    );
    killed_at(&database, &project, "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY");
    database.query("UPDATE pg_inherits SET inhdetachpending = true");
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT count(*) FROM pg_inherits"), "0");
    assert_eq!(database.log(), "first last");
}

#[test]
fn what_a_killed_reindex_left_is_dropped_before_it_is_repeated() {
    let (database, project) = prepared();
    database.execute("CREATE INDEX i ON t (x)");
    killed_at(&database, &project, "REINDEX INDEX CONCURRENTLY i");
    database.execute("CREATE INDEX i_ccnew ON t (x)");
    database.query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i_ccnew'::regclass");
    project.run("upgrade").ok().says(&["dropped \"public\".\"i_ccnew\""]);
    assert_eq!(database.indexes(), "i");
}

#[test]
fn an_interruption_is_not_gone_over_in_the_other_direction() {
    let (database, project) = prepared();
    let (up, down) = (
        "INSERT INTO log VALUES ('up'); SELECT 1/f FROM f;",
        "INSERT INTO log VALUES ('down'); SELECT 1/f FROM f;",
    );
    database.execute("CREATE TABLE f AS SELECT 0 AS f");
    project.migration("1_a", "SELECT 1;", "SELECT 1;");
    project.piecewise("2_b", up, down);

    project
        .run("upgrade")
        .code(1)
        .says(&["division by zero", "Statements done and recorded: 1 of 2"]);
    for command in ["downgrade base", "downgrade -1", "redo"] {
        project.run(command).code(1).says(&[
            "`2_b` was interrupted in up.sql, after 1 of its statements",
            "Finish it first: `glowplug upgrade 2`.",
        ]);
    }
    assert!(project.run("current").ok().stdout.contains("interrupted"), "current tells");
    database.execute("UPDATE f SET f = 1");
    project.run("upgrade 2").ok();
    database.execute("UPDATE f SET f = 0");

    project.run("downgrade -1").code(1).says(&["division by zero"]);
    project.run("upgrade").code(1).says(&[
        "`2_b` was interrupted in down.sql, after 1 of its statements",
        "Finish it first: `glowplug downgrade -1`",
    ]);
    database.execute("UPDATE f SET f = 1");
    project.run("downgrade -1").ok();
    assert_eq!(database.log(), "up down");
    assert!(database.journal().ends_with("down"), "{}", database.journal());
}

#[test]
fn a_stamp_forgets_an_interruption() {
    let (database, project) = prepared();
    project.piecewise("1_a", "INSERT INTO log VALUES ('a'); SELECT 1/0;", "");
    project.run("upgrade").code(1);
    project.run("stamp head").ok();
    assert_eq!(project.run("current").ok().stdout, "1  1_a  (head)\n");
    project.run("stamp base").ok();
    project.piecewise("1_a", "INSERT INTO log VALUES ('b');", "");
    project.run("upgrade").ok();
    assert_eq!(database.log(), "a b");
}

#[test]
fn role_and_settings_last_from_statement_to_statement_and_end_with_the_file() {
    let (database, project) = prepared();
    let app = format!("{}_app", database.name);
    database.query(&format!(
        "CREATE ROLE {app}; GRANT {app} TO {}; GRANT CREATE ON SCHEMA public TO {app}",
        database.role
    ));
    project.piecewise(
        "1_a",
        &format!(
            "SET ROLE {app};
             CREATE TABLE one (id int);
             SET lock_timeout = '7s'; SET search_path = public, pg_temp; SET TimeZone = 'Asia/Tokyo';
             CREATE TABLE two (id int);
             SELECT 1/0;"
        ),
        "",
    );
    project.migration("2_b", "CREATE TABLE three AS SELECT current_setting('lock_timeout') AS l, current_setting('TimeZone') AS z;", "");
    project.run("upgrade").code(1);
    // a resume restores them
    let path = "migrations/1_a/up.sql";
    let up = std::fs::read_to_string(project.path().join(path)).unwrap();
    project.write(path, &up.replace("SELECT 1/0", "CREATE TABLE four (id int)"));
    project.run("upgrade").ok();

    let owners =
        "SELECT string_agg(relname || ':' || relowner::regrole, ' ' ORDER BY relname) FROM pg_class
                  WHERE relname IN ('one', 'two', 'three', 'four')";
    assert_eq!(
        database.query(owners),
        format!("four:{app} one:{app} three:{} two:{app}", database.role)
    );
    assert_eq!(database.query("SELECT * FROM three"), "5s|UTC");
    let signed = database.query("SELECT DISTINCT role FROM __glowplug_journal");
    assert_eq!(signed, database.role);
}

#[test]
fn a_statement_that_is_refused_in_a_transaction_by_the_server_only_runs_alone() {
    let (database, project) = prepared();
    database.execute(
        "CREATE TABLE p (id int) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
         CREATE INDEX pi ON p (id)",
    );
    // the text of both looks as if they could
    project.piecewise(
        "1_a",
        "REINDEX TABLE p; CLUSTER p USING pi; INSERT INTO log VALUES ('a');",
        "",
    );
    let ran = project.run("upgrade");
    // CLUSTER of a partitioned table came with PostgreSQL 15
    if ran.code == Some(0) {
        assert_eq!(database.log(), "a");
    } else {
        ran.says(&["cannot cluster a partitioned table"]);
    }
}

#[test]
fn deferred_constraints_fail_with_their_block() {
    let (database, project) = prepared();
    database.execute("CREATE TABLE d (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    project.piecewise(
        "1_a",
        "INSERT INTO log VALUES ('a');
         BEGIN; INSERT INTO log VALUES ('b'); INSERT INTO d VALUES (1), (1); COMMIT;
         INSERT INTO log VALUES ('c');",
        "",
    );
    project.run("upgrade").code(1).says(&[
        "at its deferred constraints: duplicate key value violates unique constraint",
        "Statements done and recorded: 1 of 6",
    ]);
    assert_eq!(database.log(), "a");
    let path = "migrations/1_a/up.sql";
    let up = std::fs::read_to_string(project.path().join(path)).unwrap();
    project.write(path, &up.replace("(1), (1)", "(1), (2)"));
    project.run("upgrade").ok();
    assert_eq!(database.log(), "a b c");
}

#[test]
fn the_work_of_prepared_transactions_and_savepoints_is_refused_or_kept_in_its_block() {
    let (database, project) = prepared();
    project.piecewise("1_a", "BEGIN; SELECT 1; PREPARE TRANSACTION 'p';", "");
    project.run("upgrade").code(1).says(&["`PREPARE TRANSACTION` in a migration"]);
    project.piecewise("1_a", "COMMIT PREPARED 'p';", "");
    project.run("upgrade").code(1).says(&["`COMMIT PREPARED` in a migration"]);
    project.piecewise(
        "1_a",
        "BEGIN; INSERT INTO log VALUES ('a'); SAVEPOINT s; INSERT INTO log VALUES ('b'); ROLLBACK TO s; COMMIT;",
        "",
    );
    project.run("upgrade").ok();
    assert_eq!(database.log(), "a");
}
