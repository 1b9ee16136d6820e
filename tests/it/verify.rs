//! `verify`: everything that it finds, in one run.

use snapbox::{assert_data_eq, str};

use crate::support::Project;

/// A project with three faults among five migrations.
fn faulty() -> Project {
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE nothing_like_it;");
    project.migration("2_b", "CREATE TYPE mood AS ENUM ('x');", "SELECT 1;");
    project.migration("3_c", "CREATE TABLE c (id int PRIMARY KEY);", "DROP TABLE c;");
    project.migration(
        "4_d",
        "CREATE TABLE d (id int PRIMARY KEY, of int REFERENCES c (id));",
        "SELECT 1;",
    );
    project.migration("5_e", "ALTER TABLE d ADD n int;", "ALTER TABLE d DROP n;");
    project
}

#[test]
fn verify_goes_on_after_a_problem_and_reports_all_by_kind() {
    let project = faulty();
    let verified = project.run("verify").code(3);
    assert_data_eq!(
        verified.stdout,
        str![[r#"
down.sql fails:
  1_a failed in down.sql: table "nothing_like_it" does not exist (SQLSTATE 42P01)
  It does not exist, or is not on the search_path. Is an earlier migration missing? Qualify the name with its schema if it is not in public.
down.sql does not restore the structure: 2 migrations
  2_b: enum type "public"."mood" is left behind
  4_d: relation "public"."d" is left behind
  Complete each down.sql, so that it undoes all of its up.sql and nothing else.
Verified 5 migrations: 2 went down and up again without a difference; 3 problems.
Proved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).

"#]]
    );
    let first = project.run("verify --fail-fast").code(3);
    assert!(first.stdout.starts_with("1_a (down): "), "{}", first.stdout);
    let json = project.run("verify --format json").code(3);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let report = &json["report"];
    assert_eq!(report["problem"]["name"], "1_a");
    assert_eq!(report["problems"].as_array().map(Vec::len), Some(3));
    assert_eq!(report["problems"][2]["kind"], "not-back");
}

/// Migrations of which one leaves something that is in the way of going up again, and the ends of what is told of it.
#[track_caller]
fn check_left(settings: &str, up: &str, down: &str, left: &[&str]) {
    let project = Project::new();
    project.write("glowplug.toml", settings);
    project.migration("1_log", LOG, "DROP TABLE log; DROP FUNCTION refuse();");
    project.migration("2_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.migration("3_left", up, down);
    // it needs what is left, and what is not
    let next = "ALTER TABLE l ADD FOREIGN KEY (of) REFERENCES a (id); ALTER TABLE l ADD m mood;";
    project.migration(
        "4_next",
        next,
        "ALTER TABLE l DROP m; ALTER TABLE l DROP CONSTRAINT l_of_fkey;",
    );
    project.migration("5_last", "CREATE INDEX last ON l (n, m);", "SELECT 1;");
    let report = project.run("verify --format json").code(3);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let problems = report["report"]["problems"].as_array().unwrap();
    let names: Vec<_> = problems.iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["3_left", "5_last"], "{report:#}");
    let told: Vec<_> = problems[0]["difference"].as_array().unwrap().iter().collect();
    for left in left {
        let is_named = told.iter().any(|it| it.as_str().is_some_and(|it| it.contains(left)));
        assert!(is_named, "{left}: {report:#}");
    }
    assert_eq!(report["report"]["returned"], 3, "{report:#}");
}

const LOG: &str = "CREATE TABLE log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text NOT NULL);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'log is append-only'; END$$;
    CREATE TRIGGER no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log FOR EACH STATEMENT EXECUTE FUNCTION refuse();";

#[test]
fn what_a_way_down_leaves_is_named_and_the_next_migration_begins_where_the_way_up_leads() {
    let up = "CREATE TYPE mood AS ENUM ('x'); CREATE TABLE l (of int, n int); CREATE SEQUENCE s;";
    for settings in ["", "[[ledger]]\ntable = \"public.log\"\n"] {
        // nothing goes, a part goes, all but what is passed over goes
        check_left(settings, up, "SELECT 1;", &["\"mood\"", "\"l\"", "\"s\""]);
        check_left(settings, up, "DROP TABLE l;", &["\"mood\"", "\"s\""]);
        let passing = up.replace("SEQUENCE", "SEQUENCE IF NOT EXISTS");
        check_left(settings, &passing, "DROP TABLE l; DROP TYPE mood;", &["\"s\""]);
        // what was there before goes, too
        let down =
            "DROP TABLE l; DROP TYPE mood; DROP SEQUENCE s; ALTER TABLE a DROP CONSTRAINT a_pkey;";
        check_left(settings, up, down, &["a_pkey"]);
    }
}

#[test]
fn problems_fill_a_screen_at_most_unless_everything_is_asked_for() {
    let project = Project::new();
    for n in 10..24 {
        let up = format!("CREATE TABLE t{n} (id int); CREATE VIEW v{n} AS SELECT 1 AS x;");
        project.migration(&format!("{n}_m"), &up, "SELECT 1;");
    }
    let told = project.run("verify").code(3).stdout;
    assert!(told.lines().count() <= 24, "{told}");
    assert!(told.contains("and 5 more\n"), "{told}");
    assert!(told.contains("; 14 problems.\n"), "{told}");
    let told = project.run("verify -v").code(3).stdout;
    assert!(told.contains("  23_m: relation \"public\".\"v23\""), "{told}");
}

#[test]
fn a_migration_that_fails_in_an_empty_database_is_reported_with_the_rest() {
    let project = faulty();
    project.migration("6_f", "CREATE TABLE f (id nothing_like_it);", "DROP TABLE f;");
    project.migration("7_g", "ALTER TABLE f ADD n int;", "ALTER TABLE f DROP n;");
    project.migration("8_h", "CREATE TABLE h (id int);", "SELECT 1;");
    let verified = project.run("verify").code(1);
    assert!(
        verified.stdout.starts_with("up.sql fails in an empty database:\n  6_f failed"),
        "{}",
        verified.stdout
    );
    assert!(verified.stdout.contains("\n  8_h: relation"), "{}", verified.stdout);
    assert!(
        verified
            .stdout
            .contains("\nnot applied, because they depend on a migration that failed: 7_g\n"),
        "{}",
        verified.stdout
    );
    verified.says(&["6_f failed in up.sql", "migrations/6_f/up.sql:1:"]);
    let json = project.run("verify --format json").code(1);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["error"]["migration"], "6_f");
    assert_eq!(json["report"]["problems"].as_array().map(Vec::len), Some(5));
}

#[test]
fn what_is_known_does_not_fail_and_what_is_new_does() {
    let project = faulty();
    project.run("verify accept").ok();
    let verified = project.run("verify").ok();
    assert!(verified.stdout.contains(" 3 known problems are accepted.\n"), "{}", verified.stdout);
    project.migration("6_f", "CREATE TABLE f (id int);", "SELECT 1;");
    let verified = project.run("verify --fail-fast").code(3);
    assert!(verified.stdout.contains("6_f (down): "), "{}", verified.stdout);
    // a fault that is another one is new
    project.migration("2_b", "CREATE TYPE other AS ENUM ('x');", "SELECT 1;");
    let verified = project.run("verify").code(3);
    assert!(verified.stdout.contains("  2_b: enum type"), "{}", verified.stdout);
    // a file of another name, which has to be there: a path that is misspelt accepts nothing
    let missing = project.run("verify --baseline known.toml").code(1);
    assert!(missing.stderr.contains("there is no baseline known.toml"), "{}", missing.stderr);
    assert!(missing.stderr.contains("verify accept --baseline known.toml"), "{}", missing.stderr);
    assert!(!project.path().join("known.toml").exists());
    project.run("verify accept --baseline known.toml").ok();
    project.run("verify --baseline known.toml").ok();
    project.migration("2_b", "CREATE TYPE other AS ENUM ('x');", "DROP TYPE other;");
    let verified = project.run("verify --baseline known.toml").ok();
    assert!(
        verified.stdout.contains("known.toml lists problems that no longer occur: 2_b"),
        "{}",
        verified.stdout
    );
}

/// A migration over a table, and the beginning of the note about the rows that it was shown with.
#[track_caller]
fn check_rows(table: &str, up: &str, down: &str, note: &str) {
    let project = Project::new();
    project.migration("1_table", table, "DROP TABLE IF EXISTS t, u; DROP DOMAIN IF EXISTS d;");
    project.migration("2_change", up, down);
    project.migration("3_next", "CREATE TABLE n (id int);", "DROP TABLE n;");
    let told = project.run("verify").ok().stdout;
    let note = format!("note: 2_change: shown {note}");
    assert!(told.contains(&note), "{told}");
}

#[test]
fn rows_that_were_made_up_are_made_to_fit_what_a_script_asks_for() {
    let fit = "with rows that are made to fit";
    let text = "CREATE TABLE t (id int PRIMARY KEY, s text);";
    let back = "ALTER TABLE t ALTER s TYPE text;";
    for tpe in ["uuid", "int", "date", "jsonb", "inet", "boolean", "numeric(9, 2)"] {
        let up = format!("ALTER TABLE t ALTER COLUMN s TYPE {tpe} USING trim(s)::{tpe};");
        check_rows(text, &up, back, fit);
    }
    check_rows(
        text,
        "CREATE TYPE kind AS ENUM ('a', 'b'); ALTER TABLE t ALTER s TYPE kind USING s::kind;",
        "ALTER TABLE t ALTER s TYPE text; DROP TYPE kind;",
        fit,
    );
    check_rows(
        text,
        "ALTER TABLE t ADD CHECK (s IN ('a', 'b')), ALTER s SET NOT NULL;",
        "ALTER TABLE t DROP CONSTRAINT t_s_check, ALTER s DROP NOT NULL;",
        fit,
    );
    check_rows(
        "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0);",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (n > 17);",
        "ALTER TABLE t DROP CONSTRAINT c;",
        fit,
    );
}

#[test]
fn where_no_row_fits_a_migration_is_shown_without_made_up_rows() {
    let none = "without made-up rows";
    check_rows(
        "CREATE TABLE t (id int PRIMARY KEY);",
        "ALTER TABLE t ADD COLUMN n int NOT NULL;",
        "ALTER TABLE t DROP n;",
        none,
    );
    check_rows(
        "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int GENERATED ALWAYS AS (6 / a) STORED);",
        "UPDATE t SET a = 0;",
        "",
        none,
    );
    check_rows(
        "CREATE TABLE t (id int PRIMARY KEY);",
        "DO $$ BEGIN IF EXISTS (SELECT FROM t) THEN RAISE EXCEPTION 'not while there are rows'; END IF; END $$;",
        "",
        none,
    );
}

#[test]
fn made_up_rows_respect_what_tables_ask_for() {
    // each fails over rows only if there are some
    let fails = |table: &str, column: &str| {
        let up = format!("ALTER TABLE t ADD CONSTRAINT none CHECK ({column} IS NULL);");
        check_rows(table, &up, "ALTER TABLE t DROP CONSTRAINT none;", "");
    };
    fails(
        "CREATE DOMAIN d AS int CHECK (VALUE BETWEEN 50 AND 60); CREATE TABLE t (id int PRIMARY KEY, v d NOT NULL);",
        "id",
    );
    fails("CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL CHECK (v IN ('on', 'off')));", "v");
    fails(
        "CREATE TABLE t (id int, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');",
        "at",
    );
    fails(
        "CREATE TABLE t (id int, k text NOT NULL) PARTITION BY LIST (k); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN ('a', 'b');",
        "k",
    );
    fails(
        "CREATE TABLE t (id int PRIMARY KEY, during daterange NOT NULL, EXCLUDE USING gist (during WITH &&), CHECK (NOT isempty(during)));",
        "during",
    );
    fails(
        "CREATE TABLE t (id int PRIMARY KEY, position int NOT NULL DEFAULT 0, UNIQUE (position) DEFERRABLE INITIALLY DEFERRED);",
        "id",
    );
    fails(
        "CREATE TABLE u (id text PRIMARY KEY CHECK (id ~ '^x')); INSERT INTO u VALUES ('x1');
         CREATE TABLE t (id int PRIMARY KEY, of text NOT NULL REFERENCES u (id), n int NOT NULL CHECK (n > 1000));",
        "of",
    );
}
