//! Checks before and after, and rows that a migration would fail on.

use crate::support::{Database, Project, server};

fn users(database: &Database) -> Project {
    let project = Project::at(database);
    project.migration("1_users", "CREATE TABLE users (id int, mail text, age text, team int); CREATE TABLE teams (id int PRIMARY KEY);", "DROP TABLE teams; DROP TABLE users;");
    project.run("upgrade").ok();
    database.execute("INSERT INTO teams VALUES (1); INSERT INTO users VALUES (1, 'a', '7', 1), (2, NULL, 'x', 9), (2, 'a', NULL, NULL), (4, NULL, '8', 1)");
    project
}

#[test]
fn what_would_fail_on_rows_that_are_there_is_counted_by_a_dry_run_with_examples() {
    let database = Database::new();
    let project = users(&database);
    project.migration(
        "2_strict",
        "ALTER TABLE users ALTER COLUMN mail SET NOT NULL;
ALTER TABLE users ADD CONSTRAINT positive CHECK (id < 2);
CREATE UNIQUE INDEX once ON users (id);
ALTER TABLE users ADD CONSTRAINT in_team FOREIGN KEY (team) REFERENCES teams (id);
ALTER TABLE users ALTER COLUMN age TYPE integer USING age::integer;
ALTER TABLE teams ADD COLUMN name text NOT NULL;
ALTER TABLE teams ALTER COLUMN name SET NOT NULL;",
        "SELECT 1;",
    );
    let said = project.run("upgrade --dry-run").code(3).stdout;
    for line in [
        "migrations/2_strict/up.sql:1: mail of users is NULL: 2 rows",
        "  {\"id\": 2, \"age\": \"x\", \"mail\": null, \"team\": 9}",
        "migrations/2_strict/up.sql:2: a row of users does not meet CHECK (id < 2): 3 rows",
        "migrations/2_strict/up.sql:3: id of users is there more than once: 1 row",
        "  {\"id\": 2, \"times\": 2}",
        "migrations/2_strict/up.sql:4: \"team\" of users refers to no row of teams: 1 row",
        "migrations/2_strict/up.sql:6: teams has rows, and name is NOT NULL without a default: 1 row",
        "Would run 1 migration",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    // what an earlier statement changes cannot be told
    assert!(!said.contains("up.sql:7"), "{said}");
    let json = project.run("upgrade --dry-run --format json").code(3).stdout;
    assert!(json.contains("\"rows\": 2") || json.contains("\"rows\":2"), "{json}");
    assert_eq!(database.query("SELECT count(*) FROM users"), "4");

    project.run("upgrade --check-rows").code(1).says(&[
        "upgrade::rows",
        "mail of users is NULL: 2 rows, such as",
        "Nothing was changed.",
    ]);
    project.run("upgrade").code(1).says(&["2_strict failed in up.sql"]);
    project.write("glowplug.toml", "[run]\ncheck_rows = true\n");
    project.run("upgrade").code(1).says(&["upgrade::rows"]);
    database.execute("DELETE FROM users; DELETE FROM teams");
    project.run("upgrade --dry-run").ok();
    project.run("upgrade").ok();
}

#[test]
fn a_value_that_has_no_other_type_is_found_in_every_version() {
    for major in crate::sample::majors() {
        let database = Database::on(server(major));
        let project = users(&database);
        let cast = "ALTER TABLE users ALTER COLUMN age TYPE integer USING age::integer;";
        project.migration("2_cast", cast, "SELECT 1;");
        // before 16 only the error is known
        let found = match major {
            ..16 => {
                "age of users cannot become integer: invalid input syntax for type integer: \"x\": at least 1 row"
            }
            _ => "age of users is no integer: 1 row",
        };
        let said = project.run("upgrade --dry-run").code(3).stdout;
        assert!(said.contains(found), "{said}");
        let using = "ALTER TABLE users ALTER COLUMN age TYPE integer USING (100 / (id - 4));
ALTER TABLE users ALTER COLUMN age SET NOT NULL;";
        project.migration("2_cast", using, "SELECT 1;");
        let said = project.run("upgrade --dry-run").code(3).stdout;
        let found =
            "up.sql:1: age of users cannot become integer: division by zero: at least 1 row";
        assert!(said.contains(found) && !said.contains("up.sql:2"), "{said}");
        project.run("upgrade --check-rows").code(1).says(&["upgrade::rows", "division by zero"]);
        // a function that does not work read-only says nothing of rows
        database.execute("CREATE SEQUENCE s");
        let counting =
            "ALTER TABLE users ALTER COLUMN age TYPE integer USING nextval('s')::integer;";
        project.migration("2_cast", counting, "SELECT 1;");
        project.run("upgrade --dry-run").ok();
        assert_eq!(database.query("SELECT is_called FROM s"), "f");
    }
}

#[test]
fn rows_outside_of_the_bounds_of_a_partition_are_in_the_way() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration(
        "1_days",
        "CREATE TABLE days (\"Day\" date, n int) PARTITION BY RANGE (\"Day\"); CREATE TABLE old (\"Day\" date, n int);
        CREATE TABLE kinds (kind text) PARTITION BY LIST (kind); CREATE TABLE few (kind text);
        CREATE TABLE two (a int, b int) PARTITION BY RANGE (a, b); CREATE TABLE pairs (a int, b int);",
        "DROP TABLE days, old, kinds, few, two, pairs;",
    );
    project.run("upgrade").ok();
    database.execute("INSERT INTO old VALUES ('2019-12-31', 1), ('2020-01-01', 2), (NULL, 3); INSERT INTO few VALUES ('a'), ('c'); INSERT INTO pairs VALUES (9, 9)");
    project.migration(
        "2_attach",
        "ALTER TABLE days ATTACH PARTITION old FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
ALTER TABLE kinds ATTACH PARTITION few FOR VALUES IN ('a', 'b');
ALTER TABLE two ATTACH PARTITION pairs FOR VALUES FROM (1, 1) TO (2, 2);",
        "SELECT 1;",
    );
    let said = project.run("upgrade --dry-run").code(3).stdout;
    for line in [
        "up.sql:1: a row of old does not meet CHECK (\"Day\" IS NOT NULL AND \"Day\" >= ('2020-01-01')): 2 rows",
        "up.sql:2: a row of few does not meet CHECK (kind IS NOT NULL AND kind IN ('a', 'b')): 1 row",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    database.execute(
        "DELETE FROM old WHERE n <> 2; DELETE FROM few WHERE kind = 'c'; DELETE FROM pairs",
    );
    project.run("upgrade --dry-run").ok();
    project.run("upgrade").ok();
}

#[test]
fn what_the_catalog_tells_of_constraints_is_asked_about_rows_as_well() {
    let database = Database::new();
    let project = users(&database);
    project.migration(
        "2_later",
        "ALTER TABLE users ADD CONSTRAINT \"Pos\" CHECK (id < 2) NOT VALID;
ALTER TABLE users ADD CONSTRAINT in_team FOREIGN KEY (team) REFERENCES teams NOT VALID;",
        "ALTER TABLE users DROP CONSTRAINT \"Pos\", DROP CONSTRAINT in_team;",
    );
    project.run("upgrade").ok();
    project.migration(
        "3_now",
        "CREATE INDEX harmless ON users (id);
ALTER TABLE users VALIDATE CONSTRAINT \"Pos\", VALIDATE CONSTRAINT in_team;
CREATE UNIQUE INDEX once ON users (upper(mail));
ALTER TABLE users ADD CONSTRAINT again FOREIGN KEY (team) REFERENCES teams;
ALTER TABLE users ADD CONSTRAINT small CHECK (id < 4) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT small;",
        "SELECT 1;",
    );
    let said = project.run("upgrade --dry-run").code(3).stdout;
    for line in [
        "up.sql:2: a row of users does not meet CHECK",
        "up.sql:2: \"team\" of users refers to no row of teams: 1 row",
        "up.sql:3: upper(mail) of users is there more than once: 1 row",
        "up.sql:4: \"team\" of users refers to no row of teams: 1 row",
        "up.sql:6: a row of users does not meet CHECK (id < 4): 1 row",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    database.execute("DELETE FROM users");
    project.run("upgrade --dry-run").ok();
    project.run("upgrade").ok();
}

#[test]
fn what_becomes_of_a_domain_is_asked_of_the_columns_that_have_it() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration(
        "1_a",
        "CREATE DOMAIN part AS int; CREATE TABLE a (id int, \"N o\" part);",
        "DROP TABLE a; DROP DOMAIN part;",
    );
    project.run("upgrade").ok();
    database.execute("INSERT INTO a VALUES (1, 5), (2, -1), (3, NULL)");
    project.migration(
        "2_b",
        "ALTER DOMAIN part ADD CHECK (VALUE > 0);\nALTER DOMAIN part SET NOT NULL;",
        "SELECT 1;",
    );
    let said = project.run("upgrade --dry-run").code(3).stdout;
    for line in [
        "migrations/2_b/up.sql:1: a row of a does not meet CHECK (\"N o\" > 0): 1 row",
        "migrations/2_b/up.sql:2: \"N o\" of a is NULL: 1 row",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    // what an earlier statement changes cannot be told
    let mended = "UPDATE a SET \"N o\" = 1;\nALTER DOMAIN part ADD CHECK (VALUE > 0);\n";
    project.write("migrations/2_b/up.sql", mended);
    project.run("upgrade --dry-run").ok();
    project.run("upgrade").ok();
}

#[test]
fn rows_that_an_earlier_statement_mends_are_not_in_the_way() {
    let database = Database::new();
    let project = users(&database);
    project.migration("2_mend", "UPDATE users SET mail = 'none' WHERE mail IS NULL;", "SELECT 1;");
    project.migration(
        "3_strict",
        "ALTER TABLE users ALTER COLUMN mail SET NOT NULL; ALTER TABLE new ADD CHECK (a > 0);",
        "SELECT 1;",
    );
    project.migration("25_new", "CREATE TABLE new (a int);", "DROP TABLE new;");
    let said = project.run("upgrade --dry-run").ok().stdout;
    assert!(!said.contains("NULL"), "{said}");
    project.run("upgrade --check-rows").ok();
}

#[test]
fn checks_before_and_after_are_part_of_the_transaction() {
    let database = Database::new();
    let project = users(&database);
    project.migration("2_fill", "UPDATE users SET mail = coalesce(mail, 'none');", "SELECT 1;");
    project.write(
        "migrations/2_fill/pre.sql",
        "-- nobody is without an age\nSELECT id FROM users WHERE age IS NULL;\n",
    );
    project.write("migrations/2_fill/post.sql", "SELECT count(*) = 0 FROM users WHERE mail IS NULL;\nSELECT 'no', id FROM users WHERE team = 9 -- nobody\n");
    let said = project.run("upgrade --dry-run").code(3).stdout;
    assert!(
        said.contains("migrations/2_fill/pre.sql:2: the check of pre.sql does not hold: 1 row"),
        "{said}"
    );
    project.run("upgrade").code(1).says(&[
        "2_fill: a check of pre.sql found 1 row: {\"id\": 2}",
        "migrations/2_fill/pre.sql:2",
        "A check returns no row if all is well, or one true.",
    ]);
    database.execute("UPDATE users SET age = '1' WHERE age IS NULL");
    project
        .run("upgrade")
        .code(1)
        .says(&["2_fill: a check of post.sql found 1 row", "migrations/2_fill/post.sql:2"]);
    assert_eq!(database.query("SELECT count(*) FROM users WHERE mail = 'none'"), "0");
    database.execute("UPDATE users SET team = 1 WHERE team = 9");
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT count(*) FROM users WHERE mail = 'none'"), "2");
    // a replay has other rows: there the checks are asked, and need not hold
    project.write("migrations/2_fill/post.sql", "SELECT 1 FROM users;");
    project.run("verify").ok();
    project.write("migrations/2_fill/post.sql", "SELECT nonsense FROM users;");
    project.run("verify").code(1).says(&["nonsense", "post.sql"]);
    project.write("migrations/2_fill/post.sql", "DELETE FROM users;");
    project.run("verify").code(1).says(&["a check is a query"]);
}

#[test]
fn a_check_after_statements_that_commit_by_themselves_is_asked_again_by_the_next_run() {
    let database = Database::new();
    let project = users(&database);
    project.piecewise("2_fill", "UPDATE users SET mail = 'none' WHERE mail IS NULL; CREATE INDEX CONCURRENTLY i ON users (mail);", "DROP INDEX i;");
    project.write("migrations/2_fill/pre.sql", "SELECT count(*) = 4 FROM users;");
    project.write("migrations/2_fill/post.sql", "SELECT id FROM users WHERE team = 9;");
    project
        .run("upgrade")
        .code(1)
        .says(&["a check of post.sql found 1 row", "Statements done and recorded: 2 of 2"]);
    assert!(project.run("current").ok().stdout.contains("interrupted"));
    database.execute("UPDATE users SET team = 1; DELETE FROM users WHERE id = 4");
    // the check before was met when it began
    project.run("upgrade").ok();
    project.run("current --check-heads").ok();
}

#[test]
fn checks_hold_under_the_guard_of_ledgers_as_well() {
    let database = Database::new();
    let project = users(&database);
    project.write("glowplug.toml", "[[ledger]]\ntable = \"public.events\"\n");
    project.migration("2_e", "CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text NOT NULL);", "DROP TABLE events;");
    project.migration("3_fill", "UPDATE users SET mail = 'none' WHERE mail IS NULL;", "SELECT 1;");
    project.write("migrations/3_fill/post.sql", "SELECT id FROM users WHERE team = 9;");
    project.run("upgrade").code(1).says(&["a check of post.sql found 1 row"]);
    assert_eq!(database.query("SELECT count(*) FROM users WHERE mail = 'none'"), "0");
    project.write("migrations/3_fill/post.sql", "SELECT true;");
    project.run("upgrade").ok();
}
