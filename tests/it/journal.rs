//! The journal: what is recorded, and what is found from it.

use std::fs;

use snapbox::{IntoData as _, assert_data_eq, data::Inline, str};

use crate::support::{Database, Project, Ran, peer};

#[track_caller]
fn check(ran: &Ran, database: &Database, expected: Inline) {
    assert_data_eq!(ran.told(database), expected.raw());
}

/// Three applied migrations.
fn three(database: &Database) -> Project {
    let project = Project::at(database);
    for (name, table) in [("1_a", "a"), ("2_b", "b"), ("3_c", "c")] {
        let up = format!("CREATE TABLE {table} (id int);\n");
        project.migration(name, &up, &format!("DROP TABLE {table};\n"));
    }
    project.run("upgrade").ok();
    project
}

fn remove(project: &Project, name: &str) {
    fs::remove_dir_all(project.path().join("migrations").join(name)).unwrap();
}

/// What an attempt to change the journal is answered with; an empty text if it succeeds.
fn refused(url: &str, sql: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let result = client.batch_execute(sql).await;
        result
            .err()
            .map_or(String::new(), |error| error.as_db_error().unwrap().message().to_owned())
    })
}

#[test]
fn every_entry_says_what_who_when_how_long_and_with_which_files() {
    let database = Database::new();
    let project = three(&database);
    project.run("downgrade 2").ok();
    project.run("stamp 3").ok();
    project.run("stamp 2").ok();
    let up = "CREATE TABLE b (id int);\n";
    let digests = database.query(&format!(
        "SELECT up_sha256 = encode(sha256(convert_to('{up}', 'UTF8')), 'hex'), \
         down_sha256 = encode(sha256(convert_to('DROP TABLE b;\n', 'UTF8')), 'hex') \
         FROM __glowplug_journal WHERE version = '2'"
    ));
    assert_eq!(digests, "t|t");
    let entries = database.query(
        "SELECT version, name, kind, role = current_database(), actor, took_ms < 60000, \
         at BETWEEN now() - interval '1 minute' AND now(), tool ~ '^glowplug \\d', length(down_sha256) \
         FROM __glowplug_journal ORDER BY id",
    );
    assert_eq!(
        entries,
        "1|1_a|up|t|tester|t|t|t|64\n2|2_b|up|t|tester|t|t|t|64\n3|3_c|up|t|tester|t|t|t|64\n\
         3|3_c|down|t|tester|t|t|t|64\n3|3_c|stamp|t|tester|t|t|t|64\n3|3_c|unstamp|t|tester|t|t|t|64"
    );
    let pairs = "SELECT count(*) FROM __diesel_schema_migrations d JOIN __glowplug_journal j \
                 ON j.version = d.version AND j.run_on = d.run_on AND j.kind = 'up'";
    assert_eq!(database.query(pairs), "2", "run_on equals Diesel's");
    let utc = "SELECT bool_and(run_on BETWEEN (now() AT TIME ZONE 'UTC') - interval '1 minute' \
               AND now() AT TIME ZONE 'UTC') FROM __diesel_schema_migrations";
    assert_eq!(database.query(utc), "t");
}

#[test]
fn the_journal_refuses_every_change_even_of_its_owner_and_in_replica_mode() {
    let database = Database::new();
    three(&database);
    let replica = "SET session_replication_role = replica; ";
    for (url, before) in
        [(database.url(), ""), (database.admin_url(), ""), (database.admin_url(), replica)]
    {
        for (sql, what) in [
            ("UPDATE __glowplug_journal SET actor = 'nobody'", "UPDATE"),
            ("DELETE FROM __glowplug_journal", "DELETE"),
            ("TRUNCATE __glowplug_journal", "TRUNCATE"),
        ] {
            assert_eq!(
                refused(&url, &format!("{before}{sql}")),
                format!("the journal of migrations is append-only: {what} is refused")
            );
        }
    }
    let who = "SELECT count(*) FROM __glowplug_journal WHERE actor = 'tester'";
    assert_eq!(database.query(who), "3");
}

#[test]
fn an_edited_migration_stops_an_upgrade_until_it_is_accepted() {
    let database = Database::new();
    let project = three(&database);
    project.migration("4_d", "CREATE TABLE d (id int);", "DROP TABLE d;");
    let edited = "CREATE TABLE a (id bigint);\n";
    project.write("migrations/1_a/up.sql", edited);
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
3  3_c  (1 pending)
edited        1_a: up.sql has changed since it was applied

"#]],
    );
    check(
        &project.run("history"),
        &database,
        str![[r#"
exit 0
-- stdout
4_d  pending       (head)
3_c  applied       (current)
2_b  applied
1_a  edited

"#]],
    );
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 1
-- stderr
upgrade::edited

  × a migration was edited since it was applied: 1_a
  help: Restore the file from version control and write a new migration for the change. If the current file is right, run again with --accept-edited 1.

"#]],
    );
    check(
        &project.run("upgrade --dry-run"),
        &database,
        str![[r#"
exit 1
-- stderr
upgrade::edited

  × a migration was edited since it was applied: 1_a
  help: Restore the file from version control and write a new migration for the change. If the current file is right, run again with --accept-edited 1.

"#]],
    );
    check(
        &project.run("upgrade --sql"),
        &database,
        str![[r#"
exit 1
-- stderr
upgrade::edited

  × a migration was edited since it was applied: 1_a
  help: Restore the file from version control and write a new migration for the change. If the current file is right, run again with --accept-edited 1.

"#]],
    );
    check(
        &project.run("current --check-heads"),
        &database,
        str![[r#"
exit 3
-- stdout
3  3_c  (1 pending)
edited        1_a: up.sql has changed since it was applied

"#]],
    );
    project.write("migrations/2_b/up.sql", "CREATE TABLE b ();");
    check(
        &project.run("upgrade --accept-edited 1"),
        &database,
        str![[r#"
exit 1
-- stderr
upgrade::edited

  × a migration was edited since it was applied: 2_b
  help: Restore the file from version control and write a new migration for the change. If the current file is right, run again with --accept-edited 2.

"#]],
    );
    check(
        &project.run("upgrade --accept-edited 1 --accept-edited 2_b"),
        &database,
        str![[r#"
exit 0
-- stdout
Applied 1 migration: 3 -> 4 (head).
-- stderr
up    4_d  ([TIME])
note: accepted the edit of 1_a
note: accepted the edit of 2_b

"#]],
    );
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 0
-- stdout
Nothing to do: [DB] is at 4 (head).

"#]],
    );
    // the accepted text is what counts from now on
    project.write("migrations/1_a/up.sql", "CREATE TABLE a ();");
    project.run("upgrade").code(1).says(&["1_a"]);
    let kinds = "SELECT kind, version FROM __glowplug_journal ORDER BY id DESC LIMIT 3";
    assert_eq!(database.query(kinds), "up|4\naccept|2\naccept|1");
}

#[test]
fn other_line_ends_and_a_byte_order_mark_are_no_edit() {
    let database = Database::new();
    let project = three(&database);
    project.write("migrations/1_a/up.sql", "\u{feff}CREATE TABLE a (id int);\r\n");
    project.run("current --check-heads").ok();
}

#[test]
fn an_edited_way_back_is_a_note_and_stops_nothing() {
    let database = Database::new();
    let project = three(&database);
    project.write("migrations/2_b/down.sql", "DROP TABLE IF EXISTS b;");
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
3  3_c  (head)
note          2_b: down.sql has changed since it was applied; a downgrade runs it as it is now

"#]],
    );
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 0
-- stdout
Nothing to do: [DB] is at 3 (head).
-- stderr
note: down.sql of 2_b has changed since it was applied: a downgrade runs it as it is now. `glowplug upgrade --accept-edited 2` records it

"#]],
    );
    let accepted = project.run("upgrade --accept-edited 2").ok();
    assert!(accepted.stderr.contains("accepted the edit of 2_b"), "{}", accepted.stderr);
    assert_eq!(project.run("upgrade").ok().stderr, "", "it is recorded");
    project.write("migrations/2_b/down.sql", "DROP TABLE b;");
    project.run("downgrade 1").ok();
    project.run("upgrade").ok();
    assert_eq!(project.run("upgrade").ok().stderr, "", "the new one is recorded");
}

#[test]
fn what_is_not_on_disk_stops_an_upgrade_until_it_is_allowed_or_forgotten() {
    let database = Database::new();
    let project = three(&database);
    remove(&project, "2_b");
    project.migration("4_d", "CREATE TABLE d (id int);", "DROP TABLE d;");
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
3  3_c  (1 pending)
orphaned      2_b: applied, but not on disk

"#]],
    );
    check(
        &project.run("history"),
        &database,
        str![[r#"
exit 0
-- stdout
4_d  pending       (head)
3_c  applied       (current)
2_b  orphaned
1_a  applied

"#]],
    );
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 1
-- stderr
upgrade::orphaned

  × the database has run a migration that is not on disk: 2_b
  help: Is this checkout older than the database? Then use the newer one, or run again with --allow-orphaned. If the directory was removed on purpose, `glowplug stamp current --purge` forgets it.

"#]],
    );
    check(
        &project.run("downgrade base"),
        &database,
        str![[r#"
exit 1
-- stderr
downgrade::orphaned

  × cannot revert 2_b: it is not on disk
  help: Check out the code that has this migration, or, if it was removed on purpose, forget it with `glowplug stamp current --purge`.

"#]],
    );
    check(
        &project.run("redo --all"),
        &database,
        str![[r#"
exit 1
-- stderr
downgrade::orphaned

  × cannot revert 2_b: it is not on disk
  help: Check out the code that has this migration, or, if it was removed on purpose, forget it with `glowplug stamp current --purge`.

"#]],
    );
    check(
        &project.run("upgrade --allow-orphaned"),
        &database,
        str![[r#"
exit 0
-- stdout
Applied 1 migration: 3 -> 4 (head).
-- stderr
up    4_d  ([TIME])

"#]],
    );
    remove(&project, "4_d");
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
4  4_d  (not on disk)
orphaned      2_b: applied, but not on disk
orphaned      4_d: applied, but not on disk

"#]],
    );
    check(
        &project.run("downgrade -1"),
        &database,
        str![[r#"
exit 1
-- stderr
downgrade::orphaned

  × cannot revert 4_d: it is not on disk
  help: Check out the code that has this migration, or, if it was removed on purpose, forget it with `glowplug stamp current --purge`.

"#]],
    );
    check(
        &project.run("stamp current"),
        &database,
        str![[r#"
exit 0
-- stdout
Nothing to do: [DB] is already at 4.

"#]],
    );
    check(
        &project.run("stamp current --purge"),
        &database,
        str![[r#"
exit 0
-- stdout
marked as pending      2
marked as pending      4
[DB] is now at 3. No migration was run.

"#]],
    );
    check(
        &project.run("current --check-heads"),
        &database,
        str![[r#"
exit 0
-- stdout
3  3_c  (head)

"#]],
    );
    assert_eq!(database.query("SELECT version FROM __diesel_schema_migrations ORDER BY 1"), "1\n3");
}

#[test]
fn what_was_merged_late_stops_an_upgrade_until_it_is_allowed() {
    let database = Database::new();
    let project = three(&database);
    project.migration("20_late", "CREATE TABLE late (id int);", "DROP TABLE late;");
    project.migration("4_d", "CREATE TABLE d (id int);", "DROP TABLE d;");
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
3  3_c  (2 pending)
out of order  20_late: pending, but older than an applied migration

"#]],
    );
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 1
-- stderr
upgrade::out_of_order

  × a pending migration is older than 3, which is already applied: 20_late
  help: It was probably merged late. `glowplug rebase` gives migrations of a branch versions after the newest; if the order does not matter, run again with --allow-out-of-order.

"#]],
    );
    check(
        &project.run("upgrade --allow-out-of-order"),
        &database,
        str![[r#"
exit 0
-- stdout
Applied 2 migrations: 3 -> 4 (head).
-- stderr
up    20_late  ([TIME])
up    4_d  ([TIME])

"#]],
    );
    // the way back goes by version
    check(
        &project.run("downgrade 2"),
        &database,
        str![[r#"
exit 0
-- stdout
Reverted 3 migrations: 4 (head) -> 2.
-- stderr
down  4_d  ([TIME])
down  3_c  ([TIME])
down  20_late  ([TIME])

"#]],
    );
}

#[test]
fn a_role_that_may_only_read_reads_and_is_told_what_it_lacks() {
    let database = Database::new();
    let project = three(&database);
    project.migration("4_d", "SELECT 1;", "");
    let reader = format!("{}_reader", database.name);
    database.query(&format!(
        "CREATE ROLE {reader} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}"
    ));
    let url = database.url().replacen(&database.name, &reader, 1);
    let project = project.env("DATABASE_URL", &url);
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
3  3_c  (1 pending)

"#]],
    );
    check(
        &project.run("history -r 4:"),
        &database,
        str![[r#"
exit 0
-- stdout
4_d  pending       (head)

"#]],
    );
    check(
        &project.run("upgrade --dry-run"),
        &database,
        str![[r#"
exit 0
-- stdout
up    4_d
Would run 1 migration: 3 -> 4 (head). Nothing was changed.

"#]],
    );
    for command in ["upgrade", "downgrade -1", "stamp head"] {
        let ran = project.run(command).code(1);
        assert_eq!(ran.stdout, "", "{command}");
        let told = ran.stderr.clone();
        assert!(told.contains("help:") && told.contains("GRANT"), "{told}");
    }
    assert_eq!(database.query("SELECT count(*) FROM __glowplug_journal"), "3");
    database.query(&format!("DROP OWNED BY {reader}; DROP ROLE {reader}"));
}

#[test]
fn reading_creates_nothing() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    for command in [
        "current",
        "current -v --check-heads",
        "history",
        "heads",
        "show head",
        "upgrade --dry-run",
        "upgrade --sql",
        "downgrade base",
        "downgrade base --dry-run",
        "redo",
        "upgrade base",
        "stamp base",
    ] {
        project.run(command);
        let made = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'";
        assert_eq!(database.query(made), "0", "{command}");
    }
}

#[test]
fn a_database_where_only_diesel_ran_is_taken_over() {
    let Some(diesel) = peer("diesel") else {
        // Diesel's table, as Diesel makes it
        return taken_over(|database, _| {
            database.execute(
                "CREATE TABLE a (id int); CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                 run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP); INSERT INTO __diesel_schema_migrations VALUES ('1')",
            );
        });
    };
    taken_over(|database, project| {
        let url = database.url();
        let out = project
            .command(diesel)
            .args(["migration", "run", "--database-url", &url])
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
    });
}

fn taken_over(run: impl FnOnce(&Database, &Project)) {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    run(&database, &project);
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
1  1_a  (head)

"#]],
    );
    project.migration("2_b", "CREATE TABLE b (id int);", "DROP TABLE b;");
    // without an entry there is no digest, and so nothing is edited
    project.write("migrations/1_a/up.sql", "CREATE TABLE a (id int4);");
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 0
-- stdout
Applied 1 migration: 1 -> 2 (head).
-- stderr
up    2_b  ([TIME])

"#]],
    );
    project.run("redo --all").ok();
    project.run("downgrade base").ok();
    assert_eq!(database.query("SELECT to_regclass('a') IS NULL"), "t");
}

#[test]
fn both_tools_work_on_one_database_in_turns() {
    let Some(diesel) = peer("diesel") else { return };
    let database = Database::new();
    let project = three(&database);
    let diesel = |command: &str| {
        let url = database.url();
        let mut program = project.command(&diesel);
        program.arg("migration").args(command.split(' '));
        let out = program.args(["--database-url", &url]).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap()
    };
    assert_eq!(diesel("pending"), "false\n");
    assert_eq!(diesel("revert"), "Rolling back migration 3_c\n");
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
2  2_b  (1 pending)

"#]],
    );
    // Diesel applies another text; glowplug's entry is of the run before, and does not count
    project.write("migrations/3_c/up.sql", "CREATE TABLE c (id bigint);");
    assert_eq!(diesel("run"), "Running migration 3_c\n");
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
3  3_c  (head)

"#]],
    );
    project.run("downgrade -2").ok();
    assert_eq!(diesel("pending"), "true\n");
    diesel("run");
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
3  3_c  (head)

"#]],
    );
}

#[test]
fn nothing_of_a_migration_reaches_the_next() {
    let database = Database::new();
    database.query(&format!(
        "CREATE ROLE {0}_other; GRANT {0}_other TO {0}; GRANT CREATE ON SCHEMA public TO {0}_other",
        database.name
    ));
    let project = Project::at(&database);
    let leaks = format!(
        "SET search_path = ''; SET work_mem = '7MB'; SET TIME ZONE 'Asia/Tokyo'; SET lock_timeout = '1h';\n\
         CREATE TEMP TABLE leftover (id int); PREPARE p AS SELECT 1; LISTEN l;\n\
         DECLARE cursor CURSOR WITH HOLD FOR SELECT 1; SET app.tenant = '7';\n\
         SET ROLE {0}_other; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n\
         SELECT pg_advisory_unlock_all(); SET CONSTRAINTS ALL DEFERRED;",
        database.name
    );
    let looks = "CREATE TABLE seen (what text);\n\
         INSERT INTO seen VALUES (current_schema()), (current_setting('work_mem')), (current_setting('TimeZone')),\n\
         (current_setting('lock_timeout')), (to_regclass('leftover')::text), (current_setting('app.tenant', true)),\n\
         (CASE WHEN current_user = session_user THEN 'self' END), (current_setting('transaction_isolation')),\n\
         ((SELECT count(*) FROM pg_prepared_statements WHERE name = 'p')::text),\n\
         ((SELECT count(*) FROM pg_cursors WHERE name = 'cursor')::text),\n\
         ((SELECT count(*) FROM pg_listening_channels())::text);";
    project.migration("1_leaks", &leaks, "");
    project.migration("2_looks", looks, "DROP TABLE seen;");
    let seen = "public\n4MB\nUTC\n5s\nNULL\n\nself\nread committed\n0\n0\n0";
    for single in ["", " --single-transaction"] {
        project.run(&format!("upgrade{single}")).ok();
        let found = database.query("SELECT what FROM seen");
        assert_eq!(found.replace("NULL\nself", "\nself"), seen, "{single}");
        project.run("downgrade 1").ok();
        project.run("stamp base").ok();
    }
    project.piecewise("1_leaks", &leaks, "");
    project.run("upgrade").ok();
    let found = database.query("SELECT what FROM seen");
    assert_eq!(found.replace("NULL\nself", "\nself"), seen, "piecewise");
    database.query(&format!("DROP OWNED BY {0}_other; DROP ROLE {0}_other", database.name));
}

#[test]
fn a_dump_of_pg_dump_is_a_migration() {
    let database = Database::new();
    let project = Project::at(&database);
    let dump = "SET statement_timeout = 0;\nSET lock_timeout = 0;\nSET client_encoding = 'UTF8';\n\
        SET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', false);\n\
        SET check_function_bodies = false;\nSET client_min_messages = warning;\nSET default_tablespace = '';\n\
        CREATE TABLE public.a (id integer NOT NULL);\nINSERT INTO public.a VALUES (1);\n\
        ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id);\n";
    project.migration("1_dump", dump, "DROP TABLE a;");
    project.migration("2_more", "ALTER TABLE a ADD t text;", "ALTER TABLE a DROP t;");
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 0
-- stdout
Applied 2 migrations: base -> 2 (head).
-- stderr
up    1_dump  ([TIME])
up    2_more  ([TIME])

"#]],
    );
    project.run("redo --all").ok();
}

#[test]
fn the_tracking_tables_live_in_the_first_schema_of_the_search_path() {
    let database = Database::new();
    database.execute("CREATE SCHEMA tenant");
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    let separator = if database.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}options=-csearch_path%3Dtenant", database.url());
    let public = project.run("upgrade").ok();
    let project = project.env("DATABASE_URL", &url);
    let tenant = project.run("upgrade").ok();
    assert_eq!(tenant.stdout, public.stdout, "each schema has its own history");
    let tables = database.query(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'tenant') ORDER BY 1, 2",
    );
    assert_eq!(
        tables,
        "public|__diesel_schema_migrations\npublic|__glowplug_journal\npublic|a\n\
         tenant|__diesel_schema_migrations\ntenant|__glowplug_journal\ntenant|a"
    );
    project.run("downgrade base").ok();
    assert_eq!(database.query("SELECT to_regclass('tenant.a'), to_regclass('public.a')"), "NULL|a");

    let nowhere = url.replace("tenant", "missing");
    let project = project.env("DATABASE_URL", &nowhere);
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 1
-- stderr
session::no_schema

  × the search_path of role [DB] names no schema that exists in database [DB]
  help: Set one: ALTER ROLE … SET search_path = …, or options=-csearch_path=… in the URL.

"#]],
    );
}
