//! Scripts with many statements: sent without waiting for each answer, and told of as if each had been waited for.

use crate::support::{Database, Project};

fn prepared() -> (Database, Project) {
    let database = Database::new();
    database.execute("CREATE TABLE t (x int PRIMARY KEY, y text)");
    let project = Project::at(&database);
    (database, project)
}

fn inserts(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|n| format!("INSERT INTO t VALUES ({n}, 'ä;{n}');\n")).collect()
}

impl Database {
    /// How many entries say that a statement is done, the last of them, and how many rows there are.
    fn progress(&self) -> String {
        self.query(
            "SELECT count(*) FILTER (WHERE kind = 'up-progress'), max(statement), (SELECT count(*) FROM t) FROM __glowplug_journal",
        )
    }
}

#[test]
fn a_failure_among_many_statements_is_at_its_place_and_what_follows_does_nothing() {
    let (database, project) = prepared();
    let script = |middle: &str| format!("{}{middle}{}", inserts(0..700), inserts(701..1400));
    for (middle, said) in [
        (
            "INSERT INTO t VALUES (700, nothing_like_it);\n",
            "column \"nothing_like_it\" does not exist",
        ),
        ("INSERT INTO t VALUES (699, '');\n", "duplicate key value"),
        ("INSERT INTO t VALUES 700;\n", "syntax error"),
    ] {
        project.piecewise("1_a", &script(middle), "");
        project.run("upgrade").code(1).says(&[said, "up.sql:701", "700 of 1400"]);
        assert_eq!(database.progress(), "700|700|700");
    }
    project.piecewise("1_a", &script("INSERT INTO t VALUES (700, '');\n"), "DELETE FROM t;");
    project.run("upgrade").ok();
    assert_eq!(database.progress(), "1400|1400|1400");
    project.run("downgrade base").ok();
    assert_eq!(database.query("SELECT count(*) FROM t"), "0");

    // the same in a transaction
    for (middle, said) in [
        (
            "INSERT INTO t VALUES (700, nothing_like_it);\n",
            "column \"nothing_like_it\" does not exist",
        ),
        ("INSERT INTO t VALUES (699, '');\n", "duplicate key value"),
        ("INSERT INTO t VALUES 700;\n", "syntax error"),
    ] {
        project.migration("1_a", &script(middle), "DELETE FROM t;");
        std::fs::remove_file(project.path().join("migrations/1_a/metadata.toml"))
            .unwrap_or_default();
        project.run("upgrade").code(1).says(&[said, "up.sql:701"]);
        assert_eq!(database.query("SELECT count(*) FROM t"), "0");
    }
    project.migration("1_a", &script("INSERT INTO t VALUES (700, '');\n"), "DELETE FROM t;");
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT count(*) FROM t"), "1400");
}

#[test]
fn whatever_a_script_does_to_its_session_each_statement_has_its_entry() {
    let (database, project) = prepared();
    let other = format!("{}_other", database.name);
    database.query(&format!(
        "CREATE ROLE {other}; GRANT {other} TO {}; GRANT ALL ON t TO {other}; GRANT USAGE ON SCHEMA public TO {other}",
        database.role
    ));
    for (number, sets) in [
        format!("SET ROLE {other};\n"),
        "DEALLOCATE ALL;\n".to_owned(),
        "SELECT set_config('client_encoding', 'LATIN1', false);\n".to_owned(),
        "SET search_path = pg_temp;\nSET search_path = public;\n".to_owned(),
        "RESET ALL;\n".to_owned(),
        "DO $$ BEGIN PERFORM set_config('glowplug.reached', '7', false); END $$;\n".to_owned(),
        "SET standard_conforming_strings = off;\nINSERT INTO t VALUES (-1, 'a\\'b;');\nDELETE FROM t WHERE x = -1;\n"
            .to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let statements = 40 + sets.matches(";\n").count();
        let up = format!("{}{sets}{}", inserts(0..20), inserts(20..40));
        let up = if sets.contains("off") { up.replace("'a\\'b;'", "E'a\\'b;'") } else { up };
        project.piecewise(&format!("{number}_a"), &up, "DELETE FROM t;");
        project.run("upgrade").ok();
        let done = database.query(&format!(
            "SELECT count(*), count(DISTINCT up_sha256), max(statement) FROM __glowplug_journal WHERE kind = 'up-progress' AND version = '{number}'"
        ));
        assert_eq!(done, format!("{statements}|{statements}|{statements}"), "{sets}");
        assert_eq!(database.query("SELECT count(*) FROM t"), "40");
        project.run("downgrade -1").ok();
        std::fs::remove_dir_all(project.path().join(format!("migrations/{number}_a"))).unwrap();
    }
}

#[test]
fn a_constraint_that_is_put_off_fails_at_its_statement() {
    let (database, project) = prepared();
    database.execute(
        "CREATE TABLE u (x int REFERENCES t DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1)",
    );
    project.piecewise("1_a", "INSERT INTO u VALUES (1);\nINSERT INTO u VALUES (2);\nSELECT 1;", "");
    project.run("upgrade").code(1).says(&["violates foreign key constraint", "1 of 3"]);
    assert_eq!(database.query("SELECT count(*) FROM u"), "1");
}
