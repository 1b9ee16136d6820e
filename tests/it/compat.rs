//! `glowplug compat`: which order of migrating and deploying works.

mod diesel_programs;
mod random;
mod revisions;
mod used;

use serde_json::Value;

use crate::support::{Database, Project};

/// The report of a run that must succeed or find something.
#[track_caller]
pub fn report(project: &Project, arguments: &str) -> Value {
    let ran = project.run(&format!("compat --format json {arguments}"));
    assert!(matches!(ran.code, Some(0 | 3)), "{ran:#?}");
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let report = document["report"].clone();
    let breaks = ["deploy-first", "neither"].contains(&report["verdict"].as_str().unwrap());
    assert_eq!(ran.code, Some(if breaks { 3 } else { 0 }), "{ran:#?}");
    report
}

/// The verdict about each migration, by name.
pub fn verdicts(report: &Value) -> Vec<(String, String)> {
    let migrations = report["migrations"].as_array().unwrap();
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    migrations.iter().map(|it| (text(&it["name"]), text(&it["verdict"]))).collect()
}

/// What was found of a migration: severity, code and message of each.
pub fn findings(report: &Value, name: &str) -> Vec<String> {
    let migrations = report["migrations"].as_array().unwrap();
    let found = migrations.iter().filter(|it| it["name"] == name);
    let found = found.flat_map(|it| it["findings"].as_array().unwrap());
    let text = |it: &Value| {
        let line = &it["place"]["region"];
        let word = |key: &str| it[key].as_str().unwrap().to_owned();
        format!(
            "{} {} {}:{} {}",
            word("severity"),
            word("code"),
            line["line"],
            line["column"],
            word("message")
        )
    };
    found.map(text).collect()
}

/// A project whose first migration is applied, and whose running program is `old.rs`.
pub fn project(database: &Database, first: &str, old: &str) -> Project {
    let project = Project::at(database);
    project.migration("1_first", first, "");
    project.write("old.rs", old);
    project.run("upgrade").ok();
    project
}

const USERS: &str = "CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, age int NOT NULL, mood mood NOT NULL, nick text);
CREATE TABLE posts (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users, title text NOT NULL);";

const OLD: &str = r#"
pub mod sql_types {
    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "mood"))]
    pub struct Mood;
}
diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Mood;
    users (id) {
        id -> Int4,
        name -> Text,
        age -> Int4,
        mood -> Mood,
        nick -> Nullable<Text>,
    }
}
diesel::table! { posts (id) { id -> Int4, user_id -> Int4, title -> Text, } }
diesel::joinable!(posts -> users (user_id));
"#;

#[test]
fn each_kind_of_change_has_its_verdict_and_its_statement() {
    let database = Database::new();
    let project = project(&database, USERS, OLD);
    let ups = [
        ("2_column_added", "ALTER TABLE users ADD COLUMN email text"),
        ("3_default", "ALTER TABLE users ADD COLUMN level int NOT NULL DEFAULT 1"),
        ("4_required", "SELECT 1;\nALTER TABLE users ADD COLUMN must int NOT NULL"),
        ("5_renamed", "-- a comment\nALTER TABLE users RENAME COLUMN name TO full_name"),
        ("6_retyped", "ALTER TABLE users ALTER COLUMN age TYPE bigint"),
        ("7_not_null", "ALTER TABLE users ALTER COLUMN nick SET NOT NULL"),
        ("8_label", "ALTER TYPE mood ADD VALUE 'glad'"),
        ("9_default_lost", "ALTER TABLE posts ALTER COLUMN id DROP DEFAULT"),
        ("a_index", "CREATE INDEX ON posts (title)"),
        (
            "b_join",
            "ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey;\nALTER TABLE posts ALTER user_id TYPE text",
        ),
        ("c_nullable", "ALTER TABLE posts ALTER title DROP NOT NULL"),
        ("d_dropped", "DROP TABLE posts"),
    ];
    for (name, up) in ups {
        project.migration(name, up, "");
    }
    let report = report(&project, "--from old.rs");
    let told: Vec<String> = report["migrations"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|it| {
            let name = it["name"].as_str().unwrap();
            let verdict = format!("{name}: {}", it["verdict"].as_str().unwrap());
            let found = findings(&report, name).into_iter().map(|it| format!("  {it}"));
            [verdict].into_iter().chain(found).collect::<Vec<_>>()
        })
        .collect();
    snapbox::assert_data_eq!(
        told.join("\n"),
        snapbox::str![[r#"
2_column_added: migrate-first
  note compat::column 1:30 the new program reads and writes `schema::users::email`, which this migration adds
3_default: migrate-first
  note compat::column 1:30 the new program reads and writes `schema::users::level`, which this migration adds
4_required: neither
  error compat::required 2:30 the running program inserts into `old::users` without `must`, which has no default after this migration
  error compat::column 2:30 the new program reads and writes `schema::users::must`, which this migration adds
5_renamed: neither
  error compat::column 2:33 the running program reads and writes `old::users::name`, which this migration renames to `full_name`
  error compat::column 2:41 the new program reads and writes `schema::users::full_name`, which is called `name` before this migration
6_retyped: neither
  error compat::type 1:32 the running program reads `old::users::age` as int4, and the column is int8 after this migration
  error compat::type 1:32 the new program reads `schema::users::age` as int8, and the column is int4 before this migration
7_not_null: either
  warning compat::null 1:32 the running program may write NULL to `old::users::nick`, which refuses it after this migration
  note compat::null 1:32 the new program may read NULL from `schema::users::nick`, which can hold it before this migration
8_label: either
  warning compat::label 1:12 the running program may read 'glad' from `old::users::mood`, and does not know it
  note compat::label 1:12 the new program may write 'glad' to `schema::users::mood`, whose type does not have it before this migration
9_default_lost: deploy-first
  error compat::required 1:32 the running program inserts into `old::posts` without `id`, which has no default after this migration
a_index: either
b_join: deploy-first
  error compat::type 2:25 the running program reads `old::posts::user_id` as int4, and the column is text after this migration
  error compat::refused 2:25 the running program compares and joins on `old::posts::user_id`, which the server refuses after this migration
c_nullable: either
  warning compat::null 1:25 the running program may read NULL from `old::posts::title`, which can hold it after this migration
d_dropped: deploy-first
  error compat::table 1:12 the running program uses `old::posts`, which this migration drops
"#]]
    );
}

#[test]
fn what_rows_have_to_comply_with_and_what_only_looks_like_a_change() {
    let database = Database::new();
    let first = "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, age int NOT NULL, at timestamp NOT NULL);";
    let old = "diesel::table! { users (id) { id -> Int4, email -> Text, age -> Int4, at -> Timestamp, } }";
    let project = project(&database, first, old);
    for (name, up) in [
        ("2_key_lost", "ALTER TABLE users DROP CONSTRAINT users_email_key"),
        ("3_check", "SELECT 1;\nALTER TABLE users ADD CONSTRAINT grown CHECK (age > 0) NOT VALID"),
        ("4_validated", "ALTER TABLE users VALIDATE CONSTRAINT grown"),
        ("5_key", "CREATE UNIQUE INDEX ON users (age)"),
        ("6_wider_key", "CREATE UNIQUE INDEX ON users (age, email)"),
        ("7_zone", "ALTER TABLE users ALTER at TYPE timestamptz USING at AT TIME ZONE 'UTC'"),
        (
            "8_view",
            "ALTER TABLE users RENAME TO people;\nCREATE VIEW users AS SELECT * FROM people",
        ),
    ] {
        project.migration(name, up, "");
    }
    project.write("src/schema.rs", &old.replace("Timestamp", "Timestamptz"));
    let found = report(&project, "--from old.rs");
    let told: Vec<String> = verdicts(&found)
        .into_iter()
        .flat_map(|(name, verdict)| {
            let lines = findings(&found, &name).into_iter().map(|it| format!("  {it}"));
            [format!("{name}: {verdict}")].into_iter().chain(lines).collect::<Vec<_>>()
        })
        .collect();
    snapbox::assert_data_eq!(
        told.join("\n"),
        snapbox::str![[r#"
2_key_lost: either
  warning compat::constraint 1:13 the running program may insert into `old::users` with ON CONFLICT (email), which is no unique key after this migration
3_check: either
  warning compat::constraint 2:47 the running program may write rows to `old::users` that are refused by CHECK ((age > 0)) after this migration
4_validated: either
5_key: either
  warning compat::constraint 1:31 the running program may write rows to `old::users` that are refused by UNIQUE (age) after this migration
6_wider_key: either
7_zone: either
8_view: either
"#]]
    );
    // in another zone, other values are read
    project.migration(
        "7_zone",
        "ALTER TABLE users ALTER at TYPE timestamptz USING at AT TIME ZONE 'Asia/Tokyo'",
        "",
    );
    assert_eq!(verdicts(&report(&project, "--from old.rs"))[5].1, "neither");
}

#[test]
fn a_column_that_is_renamed_works_in_no_order_and_the_steps_that_do_are_written_out() {
    let database = Database::new();
    let first = "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'none');";
    let old = "diesel::table! { users (id) { id -> Int4, name -> Text, } }";
    let one = project(&database, first, old);
    one.write("src/schema.rs", "diesel::table! { users (id) { id -> Int4, label -> Text, } }");
    one.migration("2_rename", "ALTER TABLE users RENAME COLUMN name TO label;", "");
    let found = report(&one, "--from old.rs");
    assert_eq!(found["verdict"], "neither");
    let recipe = &found["migrations"][0]["instead"][0];
    let sql = |key: &str| -> String {
        let all = recipe[key].as_array().unwrap();
        all.iter().map(|it| it.as_str().unwrap().to_owned() + "\n").collect()
    };
    // what is written out works, and is proved in the same way
    let two = project(&Database::new(), first, old);
    two.write("src/schema.rs", "diesel::table! { users (id) { id -> Int4, label -> Text, } }");
    two.migration("2_expand", &sql("expand"), "");
    two.migration("3_contract", &sql("contract"), "");
    let found = report(&two, "--from old.rs");
    let expected = [("2_expand", "migrate-first"), ("3_contract", "deploy-first")];
    let expected = expected.map(|(name, it)| (name.to_owned(), it.to_owned()));
    assert_eq!(verdicts(&found), expected, "{found:#}");
    assert_eq!(found["cut"]["after"], "2", "a deploy in between");
    // both programs write, and each reads what the other wrote
    let window = Database::new();
    window.execute(first);
    window.execute("INSERT INTO users (name) VALUES ('before')");
    window.execute(&sql("expand"));
    window.execute("INSERT INTO users (name) VALUES ('old')");
    window.execute("INSERT INTO users (label) VALUES ('new')");
    window.execute("INSERT INTO users DEFAULT VALUES");
    window.execute("UPDATE users SET label = 'newer' WHERE name = 'old'");
    window.execute("UPDATE users SET name = 'older' WHERE label = 'new'");
    assert_eq!(
        window.query("SELECT name, label FROM users ORDER BY id"),
        "before|before\nnewer|newer\nolder|older\nnone|none"
    );
    window.execute(&sql("contract"));
    window.execute("INSERT INTO users DEFAULT VALUES");
    assert_eq!(window.query("SELECT count(*) FROM users WHERE label = 'none'"), "2");
}

#[test]
fn a_column_that_is_retyped_keeps_both_programs_alive_with_its_steps() {
    let database = Database::new();
    let first = "CREATE TABLE sales (id serial PRIMARY KEY, amount int NOT NULL);";
    let old = "diesel::table! { sales (id) { id -> Int4, amount -> Int4, } }";
    let one = project(&database, first, old);
    one.write("src/schema.rs", "diesel::table! { sales (id) { id -> Int4, amount -> Int8, } }");
    one.migration("2_wider", "ALTER TABLE sales ALTER COLUMN amount TYPE bigint;", "");
    let found = report(&one, "--from old.rs");
    assert_eq!(found["verdict"], "neither");
    let recipe = &found["migrations"][0]["instead"][0];
    let sql = |key: &str| -> String {
        let all = recipe[key].as_array().unwrap();
        all.iter().map(|it| it.as_str().unwrap().to_owned() + "\n").collect()
    };
    let two = project(&Database::new(), first, old);
    let new = "diesel::table! { sales (id) { id -> Int4, #[sql_name = \"amount_new\"] amount -> Int8, } }";
    two.write("src/schema.rs", new);
    two.migration("2_expand", &sql("expand"), "");
    two.migration("3_contract", &sql("contract"), "");
    let found = report(&two, "--from old.rs");
    let expected = [("2_expand", "migrate-first"), ("3_contract", "deploy-first")];
    let expected = expected.map(|(name, it)| (name.to_owned(), it.to_owned()));
    assert_eq!(verdicts(&found), expected, "{found:#}");
}

#[test]
fn a_renamed_table_leaves_a_view_behind_and_no_program_notices() {
    let database = Database::new();
    let first = "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL);";
    let old = "diesel::table! { users (id) { id -> Int4, name -> Text, } }";
    let one = project(&database, first, old);
    one.write("src/schema.rs", "diesel::table! { people (id) { id -> Int4, name -> Text, } }");
    let up = "ALTER TABLE users RENAME TO people;\n";
    one.migration("2_rename", up, "");
    let found = report(&one, "--from old.rs");
    assert_eq!(found["verdict"], "neither");
    let message = &found["migrations"][0]["findings"][0]["message"];
    assert_eq!(
        message,
        "the running program uses `old::users`, which this migration renames to `public.people`"
    );
    let view = found["migrations"][0]["instead"][0]["expand"][1].as_str().unwrap().to_owned();
    one.migration("2_rename", &format!("{up}{view}"), "");
    assert_eq!(report(&one, "--from old.rs")["verdict"], "migrate-first");
}

#[test]
fn what_is_refused_or_missing_has_a_name_and_changes_nothing() {
    let database = Database::new();
    let project = project(&database, USERS, OLD);
    project.run("compat --from nothing").code(1).says(&["compat::unknown_revision"]);
    project.write("bad.rs", "diesel::table! { users (id) { id -> Nonsense, } }");
    project.run("compat --from bad.rs").code(1).says(&["schema::unknown_type", "Nonsense"]);
    project.run("compat --from old.rs nothing").code(1).says(&["target::unknown"]);
    project.run("compat --from old.rs --since nothing").code(1).says(&["target::unknown"]);
    project.run("compat --from old.rs --used nowhere").code(1).says(&["nowhere not found"]);
    project.write("queries.sql", "SELECT 'never closed");
    project.run("compat --from old.rs").code(1).says(&["compat::queries", "queries.sql"]);
    project.write("queries.sql", "SELECT 1;");
    project.migration("2_bad", "ALTER TABLE nobody ADD x int", "");
    project.run("compat --from old.rs").code(1).says(&["migration::failed", "nobody"]);
    let alone = Project::new();
    alone.migration("1_first", USERS, "");
    alone.write("old.rs", OLD);
    alone.run("compat --from old.rs").code(1).says(&["compat::no_start", "--since VERSION"]);
    alone.run("compat --from old.rs --since 1").ok();
    alone.run("compat --from old.rs --since base").ok();
}

#[test]
fn an_upgrade_with_compat_refuses_before_anything_runs() {
    let database = Database::new();
    let project = project(&database, USERS, OLD);
    project.migration("2_fine", "ALTER TABLE users ADD COLUMN email text;", "");
    project.run("upgrade --compat=old.rs").ok();
    project.migration("3_fine", "ALTER TABLE users ADD COLUMN more text;", "");
    project.migration("4_bad", "ALTER TABLE users\n  DROP COLUMN age;", "");
    project.run("upgrade --compat=old.rs").code(3).says(&[
        "compat::breaks",
        "migrations/4_bad/up.sql:2: the running program reads and writes `old::users::age`, which this migration drops",
        "Nothing was applied",
    ]);
    let ran = project.run("upgrade --compat=old.rs --format json").code(3);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["error"]["code"], "compat::breaks");
    assert_eq!(document["error"]["findings"][0]["code"], "compat::column");
    assert_eq!(database.query("SELECT count(*) FROM __diesel_schema_migrations"), "2");
    project.run("upgrade --compat=old.rs 3").ok();
    project.run("upgrade").ok();
}

#[test]
fn queries_of_files_are_prepared_as_they_stand() {
    let database = Database::new();
    let project = project(&database, USERS, OLD);
    project.write(
        "queries.sql",
        "SELECT count(*) AS n FROM users;\n\nSELECT age AS years, 1 AS one FROM users;\n",
    );
    project.write(
        "src/db/report.sql",
        "-- glowplug: query\nSELECT nick FROM users WHERE name = $1;\n",
    );
    project.write("src/db/other.sql", "SELECT no_column FROM users;\n");
    project.migration("2_renamed", "ALTER TABLE users RENAME nick TO handle;", "");
    project.migration("3_retyped", "ALTER TABLE users ALTER age TYPE bigint;", "");
    let found = report(&project, "--from old.rs");
    let of_query = |name: &str| -> Vec<String> {
        let all = findings(&found, name);
        all.into_iter().filter(|it| it.contains("running program cannot")).collect()
    };
    assert_eq!(
        of_query("2_renamed"),
        [
            "error compat::query 1:1 the running program cannot use its query at src/db/report.sql:2 after this migration"
        ]
    );
    assert_eq!(
        of_query("3_retyped"),
        [
            "error compat::query 1:1 the running program cannot use its query at queries.sql:3 after this migration"
        ]
    );
    project.write("glowplug.toml", "[compat]\nqueries = \"src/db/other.sql\"\nfrom = \"old.rs\"\n");
    let found = report(&project, "");
    assert!(!found.to_string().contains("compat::query"), "what never worked does not break");
}

#[test]
fn a_column_that_a_trigger_fills_may_be_left_out() {
    let database = Database::new();
    let first = "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL);
        CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.slug := lower(NEW.name); RETURN NEW; END $$;
        CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER other BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION other();";
    let old = "diesel::table! { users (id) { id -> Int4, name -> Text, } }";
    let project = project(&database, first, old);
    project.migration(
        "2_filled",
        "ALTER TABLE users ADD slug text;
         UPDATE users SET slug = lower(name);
         CREATE TRIGGER fill BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fill();
         ALTER TABLE users ALTER slug SET NOT NULL;",
        "",
    );
    project.migration("3_not_filled", "ALTER TABLE users ADD more text NOT NULL", "");
    let found = report(&project, "--from old.rs");
    let of = |name: &str| findings(&found, name).swap_remove(0);
    assert!(of("2_filled").starts_with("warning compat::required 4:"), "{found:#}");
    assert!(of("3_not_filled").starts_with("error compat::required 1:"), "{found:#}");
}

#[test]
fn a_schema_that_fits_nothing_is_said_to_be_so() {
    let database = Database::new();
    let old = "diesel::table! { users (id) { id -> Int4, name -> Text, oddly -> Text, } }";
    let project = project(&database, USERS, old);
    project.write("src/schema.rs", "diesel::table! { nobody (id) { id -> Int4, } }");
    let found = report(&project, "--from old.rs");
    assert_eq!(
        found["notes"][0],
        "old.rs names `old::users::oddly`, which the applied migrations do not make: not looked at"
    );
    assert_eq!(
        found["notes"][1],
        "src/schema.rs names `schema::nobody`, which all migrations together do not make: not looked at"
    );
}
