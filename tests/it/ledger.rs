//! Ledgers from the command line: protected, refused, attested, sealed, appended to.

use snapbox::{assert_data_eq, str};

use crate::support::{Database, GLOWPLUG, INSTALLED, Project, Ran, psql_at, server};

/// The events ledger of `glowplug init`.
const UP: &str = include_str!("../../migrations/2026-11-23-090000-0000_create_events/up.sql");
const DOWN: &str = include_str!("../../migrations/2026-11-23-090000-0000_create_events/down.sql");
const DECLARED: &str = "[[ledger]]\ntable = \"public.events\"\n";
const EVENTS: &str = "INSERT INTO events (stream, kind, payload, occurred_at)
    SELECT 's' || n % 2, 'happened', jsonb_build_object('n', n), now() FROM generate_series(1, 5) n";

/// A project whose ledger holds five events.
fn prepared() -> (Database, Project) {
    let database = Database::new();
    let project = Project::at(&database);
    project.write("glowplug.toml", DECLARED);
    project.migration("1_events", UP, DOWN);
    project.run("upgrade").ok();
    database.execute(EVENTS);
    (database, project)
}

#[test]
fn a_refusal_names_the_statement_what_would_be_lost_and_what_to_write_instead() {
    let (database, project) = prepared();
    project.migration(
        "2_mend",
        "CREATE TABLE notes (id int);\n\
         ALTER TABLE events DISABLE TRIGGER events_append_only;\n\
         UPDATE events SET payload = '{}' WHERE id = 1;\n\
         ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;\n",
        "DROP TABLE notes;",
    );

    let told = project.run("upgrade").code(3).told(&database);

    assert_data_eq!(
        told,
        str![[r#"
exit 3
-- stderr
ledger::refused

  × 2_mend was refused in up.sql: it would harm a ledger
  │ - public.events: 1 row was updated
  │ - public.events: the trigger public.events events_append_only was disabled and enabled again
   ╭─[migrations/2_mend/up.sql:3:1]
 1 │ CREATE TABLE notes (id int);
 2 │ ALTER TABLE events DISABLE TRIGGER events_append_only;
 3 │ UPDATE events SET payload = '{}' WHERE id = 1;
   · ──────────────────────┬──────────────────────
   ·                       ╰── this statement
 4 │ ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;
   ╰────
  help: A wrong event is never edited: append a correction that points at it (INSERT INTO … (…, corrects)). Leave the protection as it is. A deliberate change needs --allow-ledger-change "reason". Everything was rolled back.

"#]]
    );
    assert_eq!(database.query("SELECT to_regclass('notes')"), "NULL", "all is rolled back");
    assert_eq!(database.query("SELECT payload ->> 'n' FROM events WHERE id = 1"), "1");
    let entry = "SELECT kind || ' ' || version || ' ' || (note::jsonb -> 0 ->> 'rule') FROM __glowplug_journal ORDER BY id DESC LIMIT 1";
    assert_eq!(database.query(entry), "refused 2 rows-changed");
}

#[test]
fn a_deliberate_change_passes_with_a_reason_and_rows_never_do() {
    let (database, project) = prepared();
    project.migration(
        "2_open",
        "ALTER TABLE events DISABLE TRIGGER events_no_truncate;",
        "ALTER TABLE events ENABLE ALWAYS TRIGGER events_no_truncate;",
    );
    project.run("upgrade").code(3);
    project.run_with(&["upgrade", "--allow-ledger-change", "moving to partitions"]).ok();
    let noted = "SELECT note::jsonb ->> 'accepted' FROM __glowplug_journal WHERE kind = 'attest' ORDER BY id DESC LIMIT 1";
    assert_eq!(database.query(noted), "moving to partitions");

    project.migration(
        "3_edit",
        "ALTER TABLE events DISABLE TRIGGER USER; DELETE FROM events WHERE id = 2;",
        "",
    );
    project
        .run_with(&["upgrade", "--allow-ledger-change", "because"])
        .code(3)
        .says(&["1 row was deleted"]);
    assert_eq!(database.query("SELECT count(*) FROM events"), "5");
}

#[test]
fn what_changed_between_two_runs_stops_the_next_until_it_is_healed_or_accepted() {
    let (database, project) = prepared();
    project.migration("2_more", "CREATE TABLE more (id int);", "DROP TABLE more;");
    database.execute("ALTER TABLE events DISABLE TRIGGER events_append_only");

    let told = project.run("upgrade").code(3);
    told.says(&[
        "has changed since",
        "UPDATE of public.events is no longer refused",
        "after 1_events",
    ]);
    project.run("ledger verify").code(3);
    database.execute("ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only");
    project.run("upgrade").ok();

    database.execute("DROP TRIGGER events_no_truncate ON events");
    project.migration("3_more", "CREATE TABLE even_more (id int);", "DROP TABLE even_more;");
    project.run("upgrade").code(3);
    project.run_with(&["ledger", "verify", "--accept", "no need for it"]).ok();
    project.run("upgrade").ok();
    project.run("ledger verify").ok();
}

#[test]
fn rows_that_went_past_every_protection_are_missed_by_the_next_run_and_by_verify() {
    let (database, project) = prepared();
    project.migration("2_more", "CREATE TABLE more (id int);", "DROP TABLE more;");
    project.run("upgrade").ok();
    let tamper = |sql: &str| {
        database.query(&format!("ALTER TABLE events DISABLE TRIGGER USER; {sql}; ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only; ALTER TABLE events ENABLE ALWAYS TRIGGER events_no_truncate"))
    };

    tamper("DELETE FROM events WHERE id = 2");
    project.run("ledger verify").code(3);
    tamper("DELETE FROM events WHERE id = 5");
    project.migration("3_more", "CREATE TABLE even_more (id int);", "DROP TABLE even_more;");
    project.run("upgrade").code(3).says(&["the newest known event (5) is gone"]);
}

#[test]
fn seals_prove_that_rows_are_unaltered_and_show_where_they_are_not() {
    let (database, project) = prepared();
    project.run("ledger seal -o seals").ok();
    database.execute(EVENTS);
    project.run("ledger seal -o seals").ok();
    let nothing = project.run("ledger seal -o seals").ok();
    assert_eq!(nothing.stdout, "Nothing has been appended since the last seal.\n");
    project.migration(
        "2_column",
        "ALTER TABLE events ADD COLUMN trace uuid;",
        "ALTER TABLE events DROP COLUMN trace;",
    );
    project.run("upgrade").ok();
    let compared = project.run("ledger verify --against seals").ok();
    assert!(
        compared.stdout.contains("5 rows up to 5 are unchanged since they were sealed"),
        "{compared:?}"
    );
    assert!(compared.stdout.contains("5 rows after 5 up to 10"), "{compared:?}");

    database.query("SET session_replication_role = replica; ALTER TABLE events DISABLE TRIGGER USER; UPDATE events SET kind = 'forged' WHERE id = 7; ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only; ALTER TABLE events ENABLE ALWAYS TRIGGER events_no_truncate");
    let compared = project.run("ledger verify --against seals").code(3);
    assert!(
        compared.stdout.contains("the rows after 5 up to 10 do not match those sealed"),
        "{compared:?}"
    );

    let text = std::fs::read_to_string(project.path().join("seals")).unwrap();
    project.write("cut", text.lines().last().unwrap());
    project
        .run("ledger verify --against cut")
        .code(1)
        .says(&["the chain of seals is broken at line 1"]);
}

#[test]
fn protect_writes_the_migration_for_a_table_that_is_there() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration(
        "1_audit",
        "CREATE TABLE audit (id bigint GENERATED ALWAYS AS IDENTITY, on_day date NOT NULL, what text, PRIMARY KEY (id, on_day)) PARTITION BY RANGE (on_day);
         CREATE TABLE audit_2026 PARTITION OF audit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
        "DROP TABLE audit;",
    );
    project.run("upgrade").ok();
    let role = format!("{}_app", database.name);
    database.query(&format!(
        "CREATE ROLE {role}; GRANT ALL ON audit TO {role}; GRANT USAGE ON SCHEMA public TO {role}"
    ));
    database.execute("INSERT INTO audit (on_day, what) VALUES ('2026-02-02', 'x')");

    project.run("ledger protect audit --rev-id 2").ok();
    let up =
        std::fs::read_to_string(project.path().join("migrations/2_protect_audit/up.sql")).unwrap();
    assert_data_eq!(
        up.replace(&role, "[APP]"),
        str![[r#"
-- Makes public.audit append-only: its rows are history, and a wrong one is corrected by another.
CREATE FUNCTION "public"."audit_refuse"() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'GP001', HINT = 'Append a correction: a new row that points at the wrong one.';
END
$body$;

CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE ON "public"."audit"
    FOR EACH ROW EXECUTE FUNCTION "public"."audit_refuse"();

-- a trigger for TRUNCATE is not copied to partitions: new ones need their own
CREATE TRIGGER "audit_no_truncate" BEFORE TRUNCATE ON "public"."audit"
    FOR EACH STATEMENT EXECUTE FUNCTION "public"."audit_refuse"();
CREATE TRIGGER "audit_no_truncate" BEFORE TRUNCATE ON public.audit_2026
    FOR EACH STATEMENT EXECUTE FUNCTION "public"."audit_refuse"();

-- ALWAYS: session_replication_role = replica must not bypass them
ALTER TABLE "public"."audit" ENABLE ALWAYS TRIGGER "audit_append_only";
ALTER TABLE "public"."audit" ENABLE ALWAYS TRIGGER "audit_no_truncate";
ALTER TABLE public.audit_2026 ENABLE ALWAYS TRIGGER "audit_append_only";
ALTER TABLE public.audit_2026 ENABLE ALWAYS TRIGGER "audit_no_truncate";

-- a second lock: roles that append need none of these
REVOKE DELETE ON public.audit FROM "[APP]";
REVOKE TRUNCATE ON public.audit FROM "[APP]";
REVOKE UPDATE ON public.audit FROM "[APP]";

"#]]
    );
    project.run("upgrade").ok();
    let status = project.run("ledger status").ok();
    assert_data_eq!(
        status.stdout.lines().take(6).collect::<Vec<_>>().join("\n"),
        str![[r#"
public.audit
  UPDATE      always refused
  DELETE      always refused
  TRUNCATE    always refused
  rows        1
  last        id, on_day = 1, 2026-02-02
"#]]
    );
    for sql in [
        "UPDATE audit SET what = 'y'",
        "DELETE FROM audit_2026",
        "TRUNCATE audit",
        "TRUNCATE audit_2026",
    ] {
        let tried = crate::support::try_psql_at(
            database.owner(),
            &format!("SET session_replication_role = origin; {sql}"),
        );
        assert!(tried.is_err(), "{sql}");
        assert!(
            crate::support::try_psql_at(database.owner(), sql).unwrap_err().contains("append-only"),
            "{sql}"
        );
    }

    project.run("ledger protect audit").code(1).says(&["public.audit is already protected"]);
    project.run("downgrade -1").code(3);
    project.migration(
        "3_2027",
        "CREATE TABLE audit_2027 PARTITION OF audit FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');",
        "DROP TABLE audit_2027;",
    );
    project.run("upgrade").code(3).says(&[
        "TRUNCATE of public.audit_2027 is no longer refused",
        "Give the new partition the triggers",
    ]);
    psql_at(&server(INSTALLED[0].major()).url(&database.name), &format!("DROP OWNED BY {role}"));
}

#[test]
fn events_are_appended_corrected_and_read_from_the_command_line() {
    let database = Database::new();
    let project = Project::at(&database);
    project.run("ledger log").code(1).says(&["the events table does not exist"]);
    project.write("glowplug.toml", DECLARED);
    project.migration("1_events", UP, DOWN);
    project.run("upgrade").ok();
    let at = "--at=2026-01-02T03:04:05Z";
    project
        .run_with(&["ledger", "append", "account-7", "deposited", r#"{"amount": 100}"#, at])
        .ok();
    project.run_with(&["ledger", "correct", "1", r#"{"amount": 10}"#]).ok();
    project
        .run_with(&["ledger", "append", "x", "y", "{"])
        .code(1)
        .says(&["the payload is not JSON"]);
    project.run_with(&["ledger", "correct", "9", "{}"]).code(1).says(&["event 9 does not exist"]);

    let log = project.run("ledger log account-7").ok().stdout;
    let effective = project.run("ledger log account-7 --effective").ok().stdout;

    assert_eq!(log.lines().count(), 2);
    assert!(
        log.starts_with("1  2026-01-02T03:04:05Z  account-7  deposited  {\"amount\":100}\n"),
        "{log}"
    );
    assert!(log.trim_end().ends_with("corrects 1"), "{log}");
    assert_eq!(effective, "1  2026-01-02T03:04:05Z  account-7  deposited  {\"amount\":10}\n");
}

/// Two servers share many migrations, and what they have shown is kept for the next run.
#[test]
fn many_migrations_are_verified_once() {
    // the server's user comes here as well
    let cache = tempfile::tempdir_in("/tmp").unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(cache.path(), open).unwrap();
    let project = Project::new();
    project.write("glowplug.toml", DECLARED);
    project.migration("000_events", UP, DOWN);
    for n in 1..60 {
        let (up, down) = match n % 4 {
            0 => (
                format!("CREATE TABLE t{n} (id bigint PRIMARY KEY, b text);"),
                format!("DROP TABLE t{n};"),
            ),
            1 => (
                format!("ALTER TABLE events ADD COLUMN c{n} int;"),
                format!("ALTER TABLE events DROP COLUMN c{n};"),
            ),
            2 => (
                format!("CREATE FUNCTION f{n}() RETURNS int LANGUAGE sql AS 'SELECT {n}';"),
                format!("DROP FUNCTION f{n};"),
            ),
            _ => (
                format!("CREATE INDEX i{n} ON events (stream) WHERE id > {n};"),
                format!("DROP INDEX i{n};"),
            ),
        };
        project.migration(&format!("{n:03}_m"), &up, &down);
    }
    let verify = |arguments: &[&str]| {
        let mut command = project.command(GLOWPLUG);
        command.arg("verify").args(arguments);
        command.env("GLOWPLUG_REPLAYED_DIR", cache.path());
        Ran::of(command.output().unwrap(), project.path())
    };
    assert_data_eq!(
        verify(&[]).ok().stdout,
        "Verified 60 migrations: 60 went down and up again without a difference.\nProved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).\n"
    );
    project.migration("100_new", "CREATE TABLE new (id int);", "DROP TABLE new;");
    assert_data_eq!(
        verify(&[]).ok().stdout,
        "Verified 61 migrations: 61 went down and up again without a difference. 60 of them were known from an earlier run.\nProved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).\n"
    );
    assert_data_eq!(
        verify(&["--no-cache"]).ok().stdout,
        "Verified 61 migrations: 61 went down and up again without a difference.\nProved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).\n"
    );
    // whatever was edited is replayed with all that follows
    project.migration("030_m", "CREATE TABLE other (id int);", "SELECT 1;");
    let verified = verify(&[]).code(3);
    assert_data_eq!(
        verified.stdout,
        str![[r#"
030_m (down): the down.sql of 030_m does not return to where its up.sql started
  relation "public"."other" is left behind
  Complete down.sql of 030_m: it must undo all of up.sql and nothing else.
Verified 61 migrations: 60 went down and up again without a difference; 1 problem.
Proved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).

"#]]
    );
    project.migration("030_m", "DROP TRIGGER events_append_only ON events;", "SELECT 1;");
    let verified = verify(&[]).code(3);
    assert!(
        verified.stdout.contains("030_m (up): 030_m was refused in up.sql"),
        "{}",
        verified.stdout
    );
    project.migration("030_m", "CREATE TABLE broken (id int)", "DROP TABLE brokn;");
    let verified = verify(&[]).code(3);
    assert!(verified.stdout.contains("030_m (down): "), "{}", verified.stdout);
}

#[test]
fn verify_names_the_leg_that_does_not_return() {
    let project = Project::new();
    project.write("glowplug.toml", DECLARED);
    project.migration("1_events", UP, DOWN);
    project.migration(
        "2_column",
        "ALTER TABLE events ADD COLUMN trace uuid; CREATE INDEX ON events (trace);",
        "ALTER TABLE events DROP COLUMN trace;",
    );
    project.migration(
        "3_constant",
        "ALTER TABLE events ADD COLUMN version int NOT NULL DEFAULT 1;",
        "ALTER TABLE events DROP COLUMN version;",
    );
    project.migration(
        "4_users",
        "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL);",
        "DROP TABLE users;",
    );
    project.write("migrations/5_oneway/up.sql", "CREATE TABLE oneway (id int);");
    let verified = project.run("verify").ok();
    assert_data_eq!(
        verified.stdout,
        str![[r#"
cannot be reverted: 5_oneway
Verified 5 migrations: 4 went down and up again without a difference.
Proved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).

"#]]
    );

    project.migration("6_index", "CREATE INDEX users_name ON users (name);", "SELECT 1;");
    let verified = project.run("verify").code(3);
    assert_data_eq!(
        verified.stdout,
        str![[r#"
cannot be reverted: 5_oneway
6_index (down): the down.sql of 6_index does not return to where its up.sql started
  index "public"."users_name" is left behind
  Complete down.sql of 6_index: it must undo all of up.sql and nothing else.
Verified 6 migrations: 4 went down and up again without a difference; 1 problem.
Proved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).

"#]]
    );

    project.migration(
        "6_index",
        "INSERT INTO events (stream, kind, payload, occurred_at) VALUES ('a', 'b', '{}', now());",
        "SELECT 1;",
    );
    let verified = project.run("verify").code(3);
    assert_data_eq!(
        verified.stdout,
        str![[r#"
cannot be reverted: 5_oneway
6_index (redo): the run was refused in down.sql: it would harm a ledger
- public.events: 1 event would be appended a second time: down.sql removes none of them
  Events remain when a migration is reverted. Let down.sql append events that compensate them, or leave the migration as it is and write a new one. Everything was rolled back.
Verified 6 migrations: 4 went down and up again without a difference; 1 problem.
Proved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).

"#]]
    );

    project.migration("6_index", "DROP TRIGGER events_append_only ON events;", "SELECT 1;");
    let verified = project.run("verify").code(3);
    assert_data_eq!(
        verified.stdout,
        str![[r#"
cannot be reverted: 5_oneway
6_index (up): 6_index was refused in up.sql: it would harm a ledger
- public.events: DELETE of public.events is no longer refused
- public.events: DELETE of the newest event is not refused
- public.events: UPDATE of public.events is no longer refused
- public.events: UPDATE of the newest event is not refused
  Leave the protection as it is. A deliberate change needs --allow-ledger-change "reason". Everything was rolled back.
Verified 6 migrations: 4 went down and up again without a difference; 1 problem.
Proved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).

"#]]
    );
}

#[test]
fn without_ledgers_nothing_is_asked_and_status_finds_what_looks_like_one() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_events", UP, DOWN);
    project.run("upgrade").ok();
    let status = project.run("ledger status").ok();
    assert!(
        status.stdout.contains("public.events looks like a ledger but is not declared"),
        "{status:?}"
    );
    project.run("ledger verify").code(1).says(&["no ledger is declared"]);
    project.run("downgrade base").ok();
}

#[test]
fn an_empty_ledger_may_go_the_way_it_came() {
    let database = Database::new();
    let project = Project::at(&database);
    project.write("glowplug.toml", DECLARED);
    project.migration("1_events", UP, "DROP TABLE events; DROP FUNCTION events_refuse();");
    project.run("upgrade").ok();
    project.run("redo").ok();
    project.run("downgrade base").ok();
    project.run("upgrade").ok();
    database.execute(EVENTS);
    project.run("downgrade base").code(3).says(&["the table was dropped or renamed"]);
    assert_eq!(database.query("SELECT count(*) FROM events"), "5");
}

#[test]
fn a_role_without_rights_on_the_ledger_migrates_beside_it() {
    let (database, project) = prepared();
    let other = format!("{}_other", database.name);
    let tracking = "__diesel_schema_migrations, __glowplug_journal";
    database.query(&format!(
        "CREATE ROLE {other} LOGIN; GRANT USAGE, CREATE ON SCHEMA public TO {other};
         GRANT SELECT, INSERT, DELETE ON {tracking} TO {other}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {other}"
    ));
    let mut url = database.owner().clone();
    url.user = Some(other.clone());
    let project = project.env("DATABASE_URL", &crate::support::text(&url));
    project.migration("2_beside", "CREATE TABLE beside (id int);", "DROP TABLE beside;");
    project.run("upgrade").ok();
    project.run("ledger status").ok();
    project.run("ledger verify").ok();
    project.run("downgrade -1").ok();
    database.query(&format!("DROP OWNED BY {other}"));
}

#[test]
fn a_superuser_appends_the_first_events_of_a_ledger() {
    let database = Database::new();
    let project = Project::new().env("DATABASE_URL", &database.admin_url());
    project.write("glowplug.toml", DECLARED);
    project.migration("1_events", UP, DOWN);
    project.run("upgrade").ok();
    project.migration("2_first", EVENTS, "");
    project.run("upgrade").ok();
    project.migration("3_more", EVENTS, "");
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT count(*) FROM events"), "10");
}

/// Where a key says nothing about time, or there is none, appended rows are told by who wrote them.
#[test]
fn a_superuser_appends_to_ledgers_whose_keys_have_no_order() {
    for key in ["id uuid PRIMARY KEY DEFAULT gen_random_uuid()", "id bigint"] {
        let database = Database::new();
        let project = Project::new().env("DATABASE_URL", &database.admin_url());
        project.write("glowplug.toml", DECLARED);
        project.migration(
            "1_events",
            &format!(
                "CREATE TABLE events ({key}, kind text NOT NULL);
                CREATE FUNCTION events_refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$;
                CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events
                    FOR EACH ROW EXECUTE FUNCTION events_refuse();
                CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
                    FOR EACH STATEMENT EXECUTE FUNCTION events_refuse();
                ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;
                ALTER TABLE events ENABLE ALWAYS TRIGGER events_no_truncate;"
            ),
            "",
        );
        let events = "INSERT INTO events (kind) SELECT n::text FROM generate_series(1, 50) n;";
        project.migration("2_first", events, "");
        project.run("upgrade").ok();
        project.migration("3_more", events, "");
        project.run("upgrade").ok();
        assert_eq!(database.query("SELECT count(*) FROM events"), "100");
        // among appended rows, one that was there is another
        project.migration(
            "4_forged",
            &format!(
                "{events} SET session_replication_role = replica;
                ALTER TABLE events DISABLE TRIGGER events_append_only;
                WITH old AS (SELECT kind FROM events LIMIT 1)
                UPDATE events SET kind = 'forged' WHERE kind = (SELECT kind FROM old);
                ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;"
            ),
            "",
        );
        project.run("upgrade").code(3);
        assert_eq!(database.query("SELECT count(*) FROM events"), "100");
    }
}

/// The query of the snapshot is kept prepared: a script that finds it can take it away, and nothing else.
#[test]
fn what_is_prepared_cannot_be_put_in_the_place_of_the_guard() {
    let project = Project::new();
    project.write("glowplug.toml", DECLARED);
    project.migration("1_events", UP, DOWN);
    project.run("upgrade").ok();
    let spoof = "DO $$ DECLARE it record; BEGIN
            FOR it IN SELECT name FROM pg_prepared_statements LOOP
                EXECUTE format('DEALLOCATE %I', it.name);
                EXECUTE format('PREPARE %I (text, text, text) AS -- Everything that the protection\n'
                    'SELECT ARRAY['''', ''session'', '''', ''{\"counts\": \"on\"}'']', it.name);
            END LOOP;
        END $$;";
    project.migration(
        "2_spoof",
        &format!("DROP TRIGGER events_append_only ON events; {spoof}"),
        "",
    );
    let refused = project.run("upgrade").code(3);
    assert!(
        refused.stderr.contains("DELETE of public.events is no longer refused"),
        "{refused:#?}"
    );
    // without harm it is nobody's business
    project.migration("2_spoof", &format!("{spoof} CREATE TABLE a (id int);"), "");
    project.migration(
        "3_all",
        "PREPARE own AS SELECT 1; DEALLOCATE ALL; CREATE TABLE b (id int);",
        "",
    );
    project.migration("4_left", "PREPARE own AS SELECT 1; CREATE TABLE c (id int);", "");
    project.migration("5_again", "PREPARE own AS SELECT 1; CREATE TABLE d (id int);", "");
    project.run("upgrade").ok();
}
