//! Migrations that fail: the place, what the server said, and what to do.

use snapbox::{IntoData as _, assert_data_eq, data::Inline, str};

use crate::support::{Database, INSTALLED, Project, server};

/// What stands in the database before each failure.
const BEFORE: &str = "CREATE TABLE a (id int, t text);
INSERT INTO a VALUES (1), (1);
CREATE TYPE mood AS ENUM ('calm');
CREATE TABLE k (id int PRIMARY KEY);
INSERT INTO k VALUES (1);
CREATE FUNCTION deep(x int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    RETURN x / 0;
END
$$;
CREATE TABLE guarded (id int);
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guarded is append-only' USING HINT = 'Append a correction.', DETAIL = 'Row 7.';
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON guarded FOR EACH STATEMENT EXECUTE FUNCTION guard();
";

/// Runs a script that fails on top of [`BEFORE`], and compares everything that is said.
#[track_caller]
fn check(up: &str, expected: Inline) {
    check_all(&[(up, expected)]);
}

#[track_caller]
fn check_all(cases: &[(&str, Inline)]) {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_before", BEFORE, "");
    project.run("upgrade").ok();
    for (up, expected) in cases {
        project.migration("2_fails", up, "");
        let ran = project.run("upgrade --lock-timeout 50ms --lock-attempts 1");
        assert_data_eq!(ran.told(&database), expected.clone().raw());
        assert_eq!(
            database.query("SELECT version FROM __diesel_schema_migrations"),
            "1",
            "what was before stays, and nothing else is recorded"
        );
        assert_eq!(database.query("SELECT count(*) FROM a"), "2", "{up}");
    }
}

#[test]
fn the_caret_stands_at_the_character_behind_multi_byte_text() {
    check(
        "-- ünï 日本\nSELECT 'äöü😀', '日本語', nope\nFROM a;\n",
        str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: column "nope" does not exist (SQLSTATE 42703)
   ╭─[migrations/2_fails/up.sql:2:23]
 1 │ -- ünï 日本
 2 │ SELECT 'äöü😀', '日本語', nope
   ·                           ──┬─
   ·                             ╰── here
 3 │ FROM a;
   ╰────
  help: The column has another name, or is created by a later migration.

"#]],
    );
}

#[test]
fn the_caret_is_found_in_the_middle_of_a_long_file() {
    let mut up = String::from("\u{feff}");
    for line in 0..300 {
        up.push_str(&format!("INSERT INTO a VALUES ({line}, 'a;b');\r\n"));
    }
    up.push_str("  INSERT INTO nowhere\r\n  VALUES (1);\r\n");
    up.push_str(&"SELECT 1;\r\n".repeat(300));
    check(
        &up,
        str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: relation "nowhere" does not exist (SQLSTATE 42P01)
     ╭─[migrations/2_fails/up.sql:301:15]
 299 │ INSERT INTO a VALUES (298, 'a;b');
 300 │ INSERT INTO a VALUES (299, 'a;b');
 301 │   INSERT INTO nowhere
     ·               ───┬───
     ·                  ╰── here
 302 │   VALUES (1);
 303 │ SELECT 1;
     ╰────
  help: It does not exist, or is not on the search_path. Is an earlier migration missing? Qualify the name with its schema if it is not in public.

"#]],
    );
}

#[test]
fn a_statement_that_ends_too_early_is_marked_at_its_end() {
    check(
        "CREATE TABLE t (\n    id int\n",
        str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: syntax error at end of input (SQLSTATE 42601)
   ╭─[migrations/2_fails/up.sql:2:10]
 1 │ CREATE TABLE t (
 2 │     id int
   ·          ┬
   ·          ╰── the statement ends here
   ╰────
  help: Correct the syntax. The caret shows where the server stopped.

"#]],
    );
}

#[test]
fn errors_in_the_code_of_do_blocks_and_functions_have_a_place() {
    check_all(&[
        (
            "DO $$\nBEGIN\n    SELCT 1;\nEND\n$$;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: syntax error at or near "SELCT" (SQLSTATE 42601)
   ╭─[migrations/2_fails/up.sql:3:5]
 1 │ DO $$
 2 │ BEGIN
 3 │     SELCT 1;
   ·     ──┬──
   ·       ╰── here
 4 │ END
 5 │ $$;
   ╰────
  help: Correct the syntax. The caret shows where the server stopped.

"#]],
        ),
        (
            "DO $$\nBEGIN\n    PERFORM 'é', nope;\nEND\n$$;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: column "nope" does not exist (SQLSTATE 42703)
  │ context: PL/pgSQL function inline_code_block line 3 at PERFORM
   ╭─[migrations/2_fails/up.sql:3:18]
 1 │ DO $$
 2 │ BEGIN
 3 │     PERFORM 'é', nope;
   ·                  ──┬─
   ·                    ╰── here
 4 │ END
 5 │ $$;
   ╰────
  help: The column has another name, or is created by a later migration.

"#]],
        ),
        (
            "SELECT 1;\nDO $do$ BEGIN\n    IF true THEN\n        RAISE EXCEPTION 'no %', 1 USING HINT = 'my hint', DETAIL = 'one\ntwo';\n    END IF;\nEND $do$;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: no 1 (SQLSTATE P0001)
  │ detail: one
  │   two
  │ hint: my hint
  │ context: PL/pgSQL function inline_code_block line 3 at RAISE
   ╭─[migrations/2_fails/up.sql:4:9]
 2 │ DO $do$ BEGIN
 3 │     IF true THEN
 4 │         RAISE EXCEPTION 'no %', 1 USING HINT = 'my hint', DETAIL = 'one
   ·         ───────────────────────────────┬───────────────────────────────
   ·                                        ╰── here
 5 │ two';
 6 │     END IF;
   ╰────
  help: The message comes from code: a DO block, or a function or trigger of the database. The context names it.

"#]],
        ),
        (
            "DO $$\nBEGIN\n    PERFORM deep(2);\nEND\n$$;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: division by zero (SQLSTATE 22012)
  │ context: PL/pgSQL function deep(integer) line 3 at RETURN
  │   SQL statement "SELECT deep(2)"
  │   PL/pgSQL function inline_code_block line 3 at PERFORM
   ╭─[migrations/2_fails/up.sql:3:5]
 1 │ DO $$
 2 │ BEGIN
 3 │     PERFORM deep(2);
   ·     ────────┬───────
   ·             ╰── here
 4 │ END
 5 │ $$;
   ╰────
  help: Correct the script and run again: a failed migration leaves nothing behind.

"#]],
        ),
        (
            "SELECT deep(1);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: division by zero (SQLSTATE 22012)
  │ context: PL/pgSQL function deep(integer) line 3 at RETURN
   ╭─[migrations/2_fails/up.sql:1:1]
 1 │ SELECT deep(1);
   · ───────┬──────
   ·        ╰── this statement
   ╰────
  help: Correct the script and run again: a failed migration leaves nothing behind.

"#]],
        ),
        (
            "UPDATE guarded SET id = 1;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: guarded is append-only (SQLSTATE P0001)
  │ detail: Row 7.
  │ hint: Append a correction.
  │ context: PL/pgSQL function guard() line 3 at RAISE
   ╭─[migrations/2_fails/up.sql:1:1]
 1 │ UPDATE guarded SET id = 1;
   · ────────────┬────────────
   ·             ╰── this statement
   ╰────
  help: The message comes from code: a DO block, or a function or trigger of the database. The context names it.

"#]],
        ),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n    RETURN 1\nEND\n$$;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: syntax error at end of input (SQLSTATE 42601)
   ╭─[migrations/2_fails/up.sql:5:1]
 3 │     RETURN 1
 4 │ END
 5 │ $$;
   · ┬
   · ╰── here
   ╰────
  help: Correct the syntax. The caret shows where the server stopped.

"#]],
        ),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n    SELECT nope\n$$;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: column "nope" does not exist (SQLSTATE 42703)
   ╭─[migrations/2_fails/up.sql:2:12]
 1 │ CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$
 2 │     SELECT nope
   ·            ──┬─
   ·              ╰── here
 3 │ $$;
   ╰────
  help: The column has another name, or is created by a later migration.

"#]],
        ),
    ]);
}

#[test]
fn rows_that_stand_in_the_way_are_named_with_what_to_do() {
    check_all(&[
        (
            "ALTER TABLE a ADD UNIQUE (id);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: could not create unique index "a_id_key" (SQLSTATE 23505)
  │ detail: Key (id)=(1) is duplicated.
   ╭─[migrations/2_fails/up.sql:1:1]
 1 │ ALTER TABLE a ADD UNIQUE (id);
   · ──────────────┬──────────────
   ·               ╰── this statement
   ╰────
  help: Rows in the table have duplicate values. Clean them up in an earlier migration.

"#]],
        ),
        (
            "ALTER TABLE a ALTER t SET NOT NULL;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: column "t" of relation "a" contains null values (SQLSTATE 23502)
   ╭─[migrations/2_fails/up.sql:1:21]
 1 │ ALTER TABLE a ALTER t SET NOT NULL;
   ·                     ┬
   ·                     ╰── here
   ╰────
  help: Rows in the table have no value there. Add the column with a DEFAULT, or fill it before adding NOT NULL.

"#]],
        ),
        (
            "ALTER TABLE a ADD CHECK (id > 1);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: check constraint "a_id_check" of relation "a" is violated by some row (SQLSTATE 23514)
   ╭─[migrations/2_fails/up.sql:1:1]
 1 │ ALTER TABLE a ADD CHECK (id > 1);
   · ────────────────┬───────────────
   ·                 ╰── this statement
   ╰────
  help: Rows in the table violate the constraint. Fix them in an earlier migration, or add the constraint NOT VALID and VALIDATE it later.

"#]],
        ),
        (
            "ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES k; DELETE FROM k;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: update or delete on table "k" violates foreign key constraint "a_id_fkey" on table "a" (SQLSTATE 23503)
  │ detail: Key (id)=(1) is still referenced from table "a".
   ╭─[migrations/2_fails/up.sql:1:62]
 1 │ ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES k; DELETE FROM k;
   ·                                                              ┬
   ·                                                              ╰── here
   ╰────
  help: The statement's rows violate the constraint. Correct them, or the rows that they reference, first.

"#]],
        ),
        (
            "INSERT INTO k VALUES (1);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: duplicate key value violates unique constraint "k_pkey" (SQLSTATE 23505)
  │ detail: Key (id)=(1) already exists.
   ╭─[migrations/2_fails/up.sql:1:1]
 1 │ INSERT INTO k VALUES (1);
   · ────────────┬───────────
   ·             ╰── this statement
   ╰────
  help: A row with this key already exists. Add an ON CONFLICT clause, or clean up the rows in an earlier migration.

"#]],
        ),
        (
            "INSERT INTO k VALUES (NULL);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: null value in column "id" of relation "k" violates not-null constraint (SQLSTATE 23502)
  │ detail: Failing row contains (null).
   ╭─[migrations/2_fails/up.sql:1:1]
 1 │ INSERT INTO k VALUES (NULL);
   · ─────────────┬─────────────
   ·              ╰── this statement
   ╰────
  help: The statement gives a NOT NULL column no value. Name the column, or give it a DEFAULT.

"#]],
        ),
        (
            "CREATE TABLE d (id int REFERENCES k DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO d VALUES (9);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql, at its deferred constraints: insert or update on table "d" violates foreign key constraint "d_id_fkey" (SQLSTATE 23503)
  │ detail: Key (id)=(9) is not present in table "k".
  help: Rows in the table violate the constraint. Fix them in an earlier migration, or add the constraint NOT VALID and VALIDATE it later.

"#]],
        ),
    ]);
}

#[test]
fn objects_that_are_missing_or_there_already_are_named_with_what_to_do() {
    check_all(&[
        (
            "CREATE TABLE a (id int);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: relation "a" already exists (SQLSTATE 42P07)
   ╭─[migrations/2_fails/up.sql:1:14]
 1 │ CREATE TABLE a (id int);
   ·              ┬
   ·              ╰── here
   ╰────
  help: It already exists: created by hand, or by a migration recorded elsewhere. If the database already has what the migration creates, `glowplug stamp VERSION` records the migration without running it.

"#]],
        ),
        (
            "SELECT * FROM missing;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: relation "missing" does not exist (SQLSTATE 42P01)
   ╭─[migrations/2_fails/up.sql:1:15]
 1 │ SELECT * FROM missing;
   ·               ───┬───
   ·                  ╰── here
   ╰────
  help: It does not exist, or is not on the search_path. Is an earlier migration missing? Qualify the name with its schema if it is not in public.

"#]],
        ),
        (
            "ALTER TABLE a DROP COLUMN missing;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: column "missing" of relation "a" does not exist (SQLSTATE 42703)
   ╭─[migrations/2_fails/up.sql:1:27]
 1 │ ALTER TABLE a DROP COLUMN missing;
   ·                           ───┬───
   ·                              ╰── here
   ╰────
  help: The column has another name, or is created by a later migration.

"#]],
        ),
        (
            "CREATE TABLE t (x citextt);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: type "citextt" does not exist (SQLSTATE 42704)
   ╭─[migrations/2_fails/up.sql:1:19]
 1 │ CREATE TABLE t (x citextt);
   ·                   ───┬───
   ·                      ╰── here
   ╰────
  help: It does not exist. Is an extension missing (CREATE EXTENSION), or an earlier migration?

"#]],
        ),
        (
            "SELECT missing(1);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: function missing(integer) does not exist (SQLSTATE 42883)
  │ hint: No function matches the given name and argument types. You might need to add explicit type casts.
   ╭─[migrations/2_fails/up.sql:1:8]
 1 │ SELECT missing(1);
   ·        ───┬───
   ·           ╰── here
   ╰────
  help: No such function with these argument types. Is an extension missing, or a cast?

"#]],
        ),
        (
            "CREATE VIEW v AS SELECT id FROM a;\nDROP TABLE a;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: cannot drop table a because other objects depend on it (SQLSTATE 2BP01)
  │ detail: view v depends on table a
  │ hint: Use DROP ... CASCADE to drop the dependent objects too.
   ╭─[migrations/2_fails/up.sql:2:1]
 1 │ CREATE VIEW v AS SELECT id FROM a;
 2 │ DROP TABLE a;
   · ──────┬─────
   ·       ╰── this statement
   ╰────
  help: Other objects depend on it; the server's detail lists them. Drop or change those first. CASCADE would drop them, too.

"#]],
        ),
        (
            "ALTER TABLE a ALTER id TYPE date;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: column "id" cannot be cast automatically to type date (SQLSTATE 42804)
  │ hint: You might need to specify "USING id::date".
   ╭─[migrations/2_fails/up.sql:1:21]
 1 │ ALTER TABLE a ALTER id TYPE date;
   ·                     ─┬
   ·                      ╰── here
   ╰────
  help: The types do not match. ALTER COLUMN … TYPE needs a USING expression where values cannot be cast automatically.

"#]],
        ),
        (
            "DROP TABLE __glowplug_journal;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql, while it was being recorded: relation "public.__glowplug_journal" does not exist (SQLSTATE 42P01)
  help: The script removed the tracking table. Everything was rolled back.

"#]],
        ),
    ]);
}

#[test]
fn an_extension_that_is_not_installed_is_named() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE EXTENSION nonesuch;", "");
    project.run("upgrade").code(1).says(&[
        "1_a failed in up.sql: extension \"nonesuch\" is not available (SQLSTATE 0A000)",
        "hint: The extension must first be installed on the system where PostgreSQL is running.",
        "migrations/1_a/up.sql:1:18",
        "help: The extension's files are not installed on the server.",
    ]);
}

#[test]
fn what_a_transaction_or_a_role_does_not_allow_is_said_with_a_way_out() {
    check_all(&[
        (
            "ALTER TYPE mood ADD VALUE 'glad';\nCREATE TABLE m (mood mood);\nINSERT INTO m VALUES ('glad');",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: unsafe use of new value "glad" of enum type mood (SQLSTATE 55P04)
  │ hint: New enum values must be committed before they can be used.
   ╭─[migrations/2_fails/up.sql:3:23]
 1 │ ALTER TYPE mood ADD VALUE 'glad';
 2 │ CREATE TABLE m (mood mood);
 3 │ INSERT INTO m VALUES ('glad');
   ·                       ┬
   ·                       ╰── here
   ╰────
  help: A new enum value can be used only after the transaction that added it. Use it in a later migration.

"#]],
        ),
        (
            "CREATE INDEX CONCURRENTLY i ON a (id);",
            str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_fails/up.sql:1: CREATE INDEX CONCURRENTLY cannot run in a transaction
   ╭─[migrations/2_fails/up.sql:1:1]
 1 │ CREATE INDEX CONCURRENTLY i ON a (id);
   · ──────────────────┬──────────────────
   ·                   ╰── here
   ╰────
  help: Move it to a migration of its own with `run_in_transaction = false` in metadata.toml: its statements are then run one by one.

"#]],
        ),
        (
            "VACUUM a;",
            str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_fails/up.sql:1: VACUUM cannot run in a transaction
   ╭─[migrations/2_fails/up.sql:1:1]
 1 │ VACUUM a;
   · ────┬───
   ·     ╰── here
   ╰────
  help: Move it to a migration of its own with `run_in_transaction = false` in metadata.toml: its statements are then run one by one.

"#]],
        ),
        (
            "SET ROLE pg_monitor;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: permission denied to set role "pg_monitor" (SQLSTATE 42501)
   ╭─[migrations/2_fails/up.sql:1:10]
 1 │ SET ROLE pg_monitor;
   ·          ─────┬────
   ·               ╰── here
   ╰────
  help: The role lacks the privilege. Connect as the owner of the object, or GRANT what is missing.

"#]],
        ),
        (
            "ALTER TABLE pg_catalog.pg_class ADD x int;",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: must be owner of table pg_class (SQLSTATE 42501)
   ╭─[migrations/2_fails/up.sql:1:1]
 1 │ ALTER TABLE pg_catalog.pg_class ADD x int;
   · ────────────────────┬────────────────────
   ·                     ╰── this statement
   ╰────
  help: Only the owner of the object can do this: connect as the owner. For a sealed ledger, set `ledger = true` in metadata.toml of a migration that contains nothing else, and provide the second key ([ledger_admin] url_env in glowplug.toml).

"#]],
        ),
        (
            "SET statement_timeout = '20ms';\nSELECT pg_sleep(9);",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: canceling statement due to statement timeout (SQLSTATE 57014)
   ╭─[migrations/2_fails/up.sql:2:1]
 1 │ SET statement_timeout = '20ms';
 2 │ SELECT pg_sleep(9);
   · ─────────┬────────
   ·          ╰── this statement
   ╰────
  help: It ran longer than --statement-timeout allows. Raise the limit, or split the work into smaller steps.

"#]],
        ),
        (
            "SET TRANSACTION READ ONLY;\nCREATE TABLE t ();",
            str![[r#"
exit 1
-- stderr
migration::failed

  × 2_fails failed in up.sql: cannot execute CREATE TABLE in a read-only transaction (SQLSTATE 25006)
   ╭─[migrations/2_fails/up.sql:2:1]
 1 │ SET TRANSACTION READ ONLY;
 2 │ CREATE TABLE t ();
   · ────────┬────────
   ·         ╰── this statement
   ╰────
  help: Connect to the primary with a role that may write.

"#]],
        ),
    ]);
}

#[test]
fn passwords_are_covered_in_the_snippet_and_in_what_the_server_says() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration(
        "1_a",
        "-- postgres://app:hunter1@db/x\nCREATE ROLE app PASSWORD 'hunter2' NOPE;\n\
         SELECT dblink('host=db password=hunter3');\n",
        "",
    );
    let ran = project.run("upgrade");
    assert_data_eq!(
        ran.told(&database),
        str![[r#"
exit 1
-- stderr
migration::failed

  × 1_a failed in up.sql: unrecognized role option "nope" (SQLSTATE 42601)
   ╭─[migrations/1_a/up.sql:2:36]
 1 │ -- postgres://app:*******@db/x
 2 │ CREATE ROLE app PASSWORD '*******' NOPE;
   ·                                    ──┬─
   ·                                      ╰── here
 3 │ SELECT dblink('host=db password=*******');
   ╰────
  help: Correct the syntax. The caret shows where the server stopped.

"#]]
        .raw()
    );
    let json = project.run("upgrade --format json");
    for secret in ["hunter1", "hunter2", "hunter3"] {
        assert!(!format!("{ran:?}{json:?}").contains(secret), "{secret}");
    }
}

#[test]
fn a_lock_that_another_session_holds_is_waited_for_and_then_named() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int);", "");
    project.run("upgrade").ok();
    project.migration("2_b", "SELECT 1;\nALTER TABLE a ADD b int;", "");

    let ran = database.while_held("LOCK TABLE a", || {
        project.run("upgrade --lock-timeout 30ms --lock-attempts 2")
    });

    let told = ran.told(&database);
    let (before, after) = told.split_once("retrying in ").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    assert_data_eq!(
        format!("{before}retrying\n{after}"),
        str![[r#"
exit 1
-- stderr
2_b: could not acquire a lock (attempt 1 of 2); retrying
migration::failed

  × 2_b failed in up.sql, 2 times: canceling statement due to lock timeout (SQLSTATE 55P03)
   ╭─[migrations/2_b/up.sql:2:1]
 1 │ SELECT 1;
 2 │ ALTER TABLE a ADD b int;
   · ───────────┬───────────
   ·            ╰── this statement
   ╰────
  help: Another session holds a conflicting lock. Find it in pg_locks, try again when there is less traffic, or wait longer with --lock-timeout.

"#]]
        .raw()
    );
    project.run("upgrade").ok();
}

#[test]
fn syntax_of_a_newer_postgresql_is_recognised() {
    let newer = [
        (15, "CREATE TABLE t (a int, UNIQUE NULLS NOT DISTINCT (a));"),
        (16, "SELECT any_value(x) FROM (VALUES (1)) v (x);"),
        (17, "SELECT * FROM json_table('[1]'::jsonb, '$[*]' COLUMNS (x int PATH '$'));"),
        (18, "SELECT uuidv7();"),
    ];
    for binaries in INSTALLED.iter() {
        let major = binaries.major();
        let database = Database::on(server(major));
        let project = Project::at(&database);
        for (needed, up) in newer.iter().filter(|(needed, _)| *needed > major) {
            project.migration("1_a", up, "");
            project.run("upgrade").code(1).says(&[&format!(
                "needs PostgreSQL {needed}; this server is {major}. Write the statement without it, or upgrade the server."
            )]);
        }
        for (_, up) in newer.iter().filter(|(needed, _)| *needed <= major) {
            project.migration("1_a", up, "-- nothing");
            project.run("upgrade").ok();
            project.run("downgrade base").ok();
        }
    }
}

#[test]
fn what_was_applied_before_the_failure_is_kept_and_said() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int);", "");
    project.migration("2_b", "CREATE TABLE b (id int);", "");
    project.migration("3_c", "CREATE TABLE c (id int);\nCREATE TABLE a (id int);", "");
    project.migration("4_d", "CREATE TABLE d (id int);", "");

    assert_data_eq!(
        project.run("upgrade -q").told(&database),
        str![[r#"
exit 1
-- stderr
Completed before the failure: 2 migrations. The database is at 2.
migration::failed

  × 3_c failed in up.sql: relation "a" already exists (SQLSTATE 42P07)
   ╭─[migrations/3_c/up.sql:2:14]
 1 │ CREATE TABLE c (id int);
 2 │ CREATE TABLE a (id int);
   ·              ┬
   ·              ╰── here
   ╰────
  help: It already exists: created by hand, or by a migration recorded elsewhere. If the database already has what the migration creates, `glowplug stamp VERSION` records the migration without running it.

"#]]
        .raw()
    );

    let there = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname IN ('a', 'b', 'c', 'd')";
    assert_eq!(database.query(there), "a b");
    assert_eq!(database.query("SELECT version FROM __diesel_schema_migrations ORDER BY 1"), "1\n2");
}

#[test]
fn notices_and_warnings_are_shown_with_the_statement_that_caused_them() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration(
        "1_a",
        "CREATE TABLE a (id int);\n\nDROP TABLE IF EXISTS gone;\n\
         DO $$ BEGIN RAISE WARNING 'watch out' USING HINT = 'a hint', DETAIL = 'a detail'; END $$;\n",
        "DROP TABLE a;",
    );
    assert_data_eq!(project.run("upgrade").told(&database), str![[r#"
exit 0
-- stdout
Applied 1 migration: base -> 1 (head).
-- stderr
notice: table "gone" does not exist, skipping
  at migrations/1_a/up.sql:3: DROP TABLE IF EXISTS gone
warning: watch out
  detail: a detail
  hint: a hint
  at migrations/1_a/up.sql:4: DO $$ BEGIN RAISE WARNING 'watch out' USING HINT = 'a hint', DETAIL = 'a detail…
up    1_a  ([TIME])

"#]].raw());
    project.run("downgrade base").ok();
    assert_eq!(project.run("upgrade -q").ok().stderr, "");
}

#[test]
fn a_failure_as_json_has_its_place_and_everything_that_the_server_said() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int);", "");
    project.migration("2_b", "SELECT 1;\nINSERT INTO a\nVALUES ('x');", "");
    let ran = project.run("upgrade --format json").code(1);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let error = &json["error"];
    assert_eq!(json["ok"], false);
    assert_eq!(json["report"]["after"], "1");
    assert_eq!(json["report"]["steps"][0]["name"], "1_a");
    assert_eq!(error["code"], "migration::failed");
    assert_eq!(
        error["message"],
        "2_b failed in up.sql: invalid input syntax for type integer: \"x\" (SQLSTATE 22P02)"
    );
    let place = (&error["file"], &error["line"], &error["column"]);
    assert_eq!(place, (&"migrations/2_b/up.sql".into(), &3.into(), &9.into()));
    assert_eq!(error["server"]["code"], "22P02");

    project.migration("2_b", "SELECT 1;\n  COMMIT;", "");
    let ran = project.run("upgrade --format json").code(1);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let error = &json["error"];
    assert_eq!(error["code"], "migrations::script");
    let place = (&error["file"], &error["line"], &error["column"]);
    assert_eq!(place, (&"migrations/2_b/up.sql".into(), &2.into(), &3.into()));
}
