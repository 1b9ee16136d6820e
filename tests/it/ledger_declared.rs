//! Declarations of ledgers that are wrong, and `ledger protect` where something is there already.

use crate::support::{Database, Project, try_psql_at};

const TABLE: &str = "CREATE TABLE bookings (id bigserial PRIMARY KEY, cents bigint);";
const GONE: &str = "DROP TABLE bookings;";

fn declared(tables: &[&str]) -> String {
    tables.iter().map(|it| format!("[[ledger]]\ntable = \"{it}\"\n")).collect()
}

#[test]
fn a_misspelt_ledger_stops_every_run_and_the_right_name_is_said() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_bookings", TABLE, GONE);
    project.run("upgrade").ok();
    project.write("glowplug.toml", &declared(&["bokings"]));
    let expected = &["public.bokings is declared as a ledger", "Did you mean public.bookings?"];
    // with nothing to do, too
    project.run("upgrade").code(1).says(expected);
    project.migration("2_more", "CREATE TABLE more (id int);", "DROP TABLE more;");
    project.run("upgrade").code(1).says(expected);
    assert_eq!(database.query("SELECT to_regclass('more')"), "NULL", "nothing was run");
    project.run("ledger verify").code(1).says(expected);
    // a migration that speaks of it and does not make it
    project.migration("3_bokings", "COMMENT ON TABLE bookings IS 'not bokings';", "");
    project.run("upgrade").code(1).says(expected);
    assert_eq!(database.query("SELECT to_regclass('more')"), "more");
}

#[test]
fn a_ledger_may_be_declared_before_the_migration_that_makes_it_has_run() {
    let database = Database::new();
    let project = Project::at(&database);
    project.write("glowplug.toml", &declared(&["public.bookings"]));
    project.migration("1_other", "CREATE TABLE other (id int);", "DROP TABLE other;");
    project.migration("2_bookings", TABLE, GONE);
    project.run_with(&["upgrade", "+1"]).ok();
    project.run("upgrade").ok();
    project.run("downgrade base").ok();
    project.run("upgrade").ok();
}

#[test]
fn only_tables_with_their_columns_can_be_ledgers_each_of_them_once() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration(
        "1_view",
        "CREATE TABLE bookings (id int); CREATE VIEW shown AS SELECT 1 AS id; CREATE MATERIALIZED VIEW kept AS SELECT 1 AS id; CREATE SEQUENCE counted;",
        "",
    );
    project.run("upgrade").ok();
    let cases = [
        (declared(&["shown"]), "public.shown is a view, not a table"),
        (declared(&["kept"]), "public.kept is a materialized view, not a table"),
        (declared(&["counted"]), "public.counted is a sequence, not a table"),
        (declared(&["pg_catalog.pg_class"]), "it is one of PostgreSQL's own tables"),
        (declared(&["__glowplug_journal"]), "it is one of the migrations' own tables"),
        (declared(&["bookings", "public.bookings"]), "public.bookings is declared twice"),
        (declared(&["bookings"]) + "key = [\"idd\"]\n", "public.bookings has no column idd"),
        (declared(&["bookings"]) + "key = [\"id\", \"id\"]\n", "the key names id twice"),
        (declared(&["bookings"]) + "tabel = 1\n", "unknown field `tabel`"),
        ("[[ledger]]\nkey = \"id\"\n".to_owned(), "missing field `table`"),
    ];
    for (toml, expected) in cases {
        project.write("glowplug.toml", &toml);
        project.run("upgrade").code(1).says(&[expected]);
    }
    for (table, expected) in [
        ("shown", "public.shown is a view, not a table"),
        ("pg_catalog.pg_class", "it is one of PostgreSQL's own tables"),
        ("bokings", "Did you mean public.bookings?"),
    ] {
        project.write("glowplug.toml", "");
        project.run_with(&["ledger", "protect", table]).code(1).says(&[expected]);
    }
}

/// Protects a table, and walks the migration up, down and up again.
#[track_caller]
fn protected(before: &str, table: &str, writes: &[&str]) -> String {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_before", before, "SELECT 1;");
    project.run("upgrade").ok();
    project.run_with(&["ledger", "protect", table, "--rev-id", "2"]).ok();
    project.run("upgrade").ok();
    let status = project.run("ledger status").ok();
    for command in ["UPDATE      always refused", "TRUNCATE    always refused"] {
        assert!(status.stdout.contains(command), "{status:?}");
    }
    for sql in writes {
        let refused = try_psql_at(database.owner(), sql).unwrap_err();
        assert!(refused.contains("is append-only"), "{sql}: {refused}");
    }
    project.migration("3_beside", "CREATE TABLE beside (id int);", "DROP TABLE beside;");
    project.run("upgrade").ok();
    project.run("downgrade -1").ok();
    project.run("downgrade -1").code(3);
    project.run_with(&["downgrade", "--allow-ledger-change", "to see it", "--", "-1"]).ok();
    project.run("upgrade").ok();
    project.run("ledger verify").ok();
    let name = format!("2_protect_{}", table.rsplit('.').next().unwrap());
    std::fs::read_to_string(project.path().join("migrations").join(name).join("up.sql")).unwrap()
}

#[test]
fn protect_leaves_names_alone_that_are_taken() {
    let before = "CREATE TABLE events (id bigserial PRIMARY KEY, kind text NOT NULL);
        CREATE FUNCTION events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'events: is append-only'; END $$;
        CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_refuse();
        CREATE TRIGGER events_no_truncate AFTER TRUNCATE ON events EXECUTE FUNCTION events_refuse();
        INSERT INTO events (kind) VALUES ('a');";
    let up = protected(before, "events", &["UPDATE events SET kind = 'b'", "TRUNCATE events"]);
    assert!(
        up.contains("\"events_refuse_2\"()") && up.contains("\"events_append_only_2\""),
        "{up}"
    );
}

#[test]
fn protect_comes_before_an_older_trigger_that_swallows_and_its_runs_are_not_blamed_for_it() {
    let before = "CREATE TABLE marks (id int PRIMARY KEY, note text); INSERT INTO marks VALUES (1, 'a');
        CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER a_swallow BEFORE UPDATE OR DELETE ON marks FOR EACH ROW EXECUTE FUNCTION swallow();";
    let up = protected(before, "marks", &["UPDATE marks SET note = 'b'", "DELETE FROM marks"]);
    assert!(up.contains("\"_marks_append_only\""), "{up}");
}

#[test]
fn protect_reaches_tables_that_inherit() {
    let before = "CREATE TABLE logs (id bigserial PRIMARY KEY, what text);
        CREATE TABLE logs_old (archived date) INHERITS (logs);
        INSERT INTO logs (what) VALUES ('a'); INSERT INTO logs_old (what) VALUES ('b');";
    let writes = [
        "UPDATE logs SET what = 'c' WHERE what = 'b'",
        "DELETE FROM logs_old",
        "TRUNCATE logs_old",
        "UPDATE ONLY logs SET what = 'c'",
    ];
    protected(before, "public.logs", &writes);
}
