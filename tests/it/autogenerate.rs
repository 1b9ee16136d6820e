//! `check` and `revision --autogenerate`: from schema.rs and from SQL, there and back.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
};

use snapbox::{assert_data_eq, str};

use crate::support::{Database, GLOWPLUG, INSTALLED, Project, Ran, eventually, server};

const EVENTS: &str = include_str!("../../migrations/2026-11-23-090000-0000_create_events/up.sql");
const EVENTS_DOWN: &str =
    include_str!("../../migrations/2026-11-23-090000-0000_create_events/down.sql");

/// A project whose truth is schema.rs, with a table of people.
fn of_rust() -> Project {
    let project = Project::new();
    project.write("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
    project.migration(
        "1_people",
        "CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL, nick varchar(40));",
        "DROP TABLE people;",
    );
    project.run("schema --from migrations").ok();
    project
}

/// A project whose truth is SQL, with the events ledger.
fn of_sql(more: &str) -> Project {
    let project = Project::new();
    project.write(
        "glowplug.toml",
        "[schema]\nsource = \"schema.sql\"\n[[ledger]]\ntable = \"public.events\"\n",
    );
    project.migration("1_events", EVENTS, EVENTS_DOWN);
    project.write("schema.sql", &format!("{EVENTS}\n{more}"));
    project
}

fn schema(project: &Project) -> String {
    fs::read_to_string(project.path().join("src/schema.rs")).unwrap()
}

/// The scripts of all migrations whose name holds a word, one after the other.
fn scripts(project: &Project, word: &str, file: &str) -> String {
    let dirs = fs::read_dir(project.path().join("migrations")).unwrap();
    let mut dirs: Vec<_> = dirs.map(|it| it.unwrap().path()).collect();
    dirs.sort();
    let wanted = dirs.iter().filter(|it| it.to_string_lossy().contains(word));
    let text = wanted.map(|it| fs::read_to_string(it.join(file)).unwrap());
    text.collect::<Vec<_>>().join("-- next\n")
}

fn generate(project: &Project, more: &[&str]) -> Ran {
    let mut arguments = vec!["revision", "--autogenerate", "-m", "change"];
    arguments.extend(more);
    project.run_with(&arguments)
}

/// Edit schema.rs, autogenerate, upgrade, regenerate: the file is what was edited.
#[test]
fn an_edited_schema_rs_comes_full_circle() {
    let database = Database::new();
    let project = of_rust().env("DATABASE_URL", &database.url());
    project.run("check").ok();
    let edited = schema(&project)
        .replace(
            "        nick -> Nullable<Varchar>,\n",
            "        nick -> Nullable<Varchar>,\n        born -> Nullable<Date>,\n        tags -> Nullable<Array<Nullable<Text>>>,\n",
        )
        .replace(
            "diesel::table! {\n    people",
            "diesel::table! {\n    letters (id, page) {\n        id -> Uuid,\n        page -> Int4,\n        sender -> Int8,\n        text -> Nullable<Text>,\n    }\n}\n\ndiesel::table! {\n    people",
        )
        + "\ndiesel::joinable!(letters -> people (sender));\n\ndiesel::allow_tables_to_appear_in_same_query!(letters, people,);\n";
    project.write("src/schema.rs", &edited);
    let checked = project.run("check").code(3);
    assert_data_eq!(
        checked.stdout,
        str![[r#"
+ table "public"."letters": id, page, sender, text
+ column "public"."people"."born": date
+ column "public"."people"."tags": text[]
3 differences.
Proved on PostgreSQL [..], environment of [..].

"#]]
    );
    generate(&project, &[]).ok();
    project.run("check").ok();
    project.run("upgrade").ok();
    assert_eq!(schema(&project), edited);
    project.run("downgrade 1").ok();
    assert!(!schema(&project).contains("letters"));
    project.run("verify").code(3);
    project.run("upgrade").ok();
    project.run("verify").ok();
}

/// What rows may refuse is proved without them, and said.
#[test]
fn rows_that_stand_in_the_way_are_named() {
    let project = of_rust();
    let edited = schema(&project)
        .replace("nick -> Nullable<Varchar>", "nick -> Varchar")
        .replace("name -> Text", "name -> Int4");
    project.write("src/schema.rs", &edited);
    let drafted = generate(&project, &[]).ok();
    assert!(
        drafted.stdout.contains(
            "it was proved with empty tables, because it failed on rows made for the proof"
        ),
        "{drafted:#?}"
    );
    project.run("check").ok();
}

#[test]
fn a_rename_is_asked_for_and_never_guessed() {
    let project = of_rust();
    project.write("src/schema.rs", &schema(&project).replace("nick ->", "nickname ->"));
    let asked = generate(&project, &[]).code(1);
    assert_data_eq!(
        asked.stderr,
        str![[r#"
...
  × something may have been renamed, and glowplug does not guess:
  │ --rename public.people.nick=nickname
  help: Add the flags that apply. If nothing was renamed, add --no-renames: it drops the old one, with its values.

"#]]
    );
    generate(&project, &["--rename", "people.nck=nickname"]).code(1);
    generate(&project, &["--rename", "people.nick=nickname"]).ok();
    assert_data_eq!(
        scripts(&project, "change", "up.sql"),
        "ALTER TABLE \"public\".\"people\" RENAME COLUMN \"nick\" TO \"nickname\";\n"
    );
    assert_data_eq!(
        scripts(&project, "change", "down.sql"),
        "ALTER TABLE \"public\".\"people\" RENAME COLUMN \"nickname\" TO \"nick\";\n"
    );
    project.run("check").ok();
    let project = of_rust();
    project.write("src/schema.rs", &schema(&project).replace("nick ->", "nickname ->"));
    let dropped = generate(&project, &["--no-renames"]).ok();
    assert!(dropped.stdout.contains("deletes-data: the values of \"public\".\"people\".\"nick\""));
    project.run("check").ok();
}

/// A view has no values that could be lost.
#[test]
fn a_view_that_may_have_been_renamed_is_asked_for_as_what_it_is() {
    let tables = "CREATE TABLE t (id int, n int);";
    let project = leading_to(
        &format!("{tables} CREATE VIEW seen AS SELECT id, n FROM t;"),
        &format!("{tables} CREATE VIEW shown AS SELECT id, n FROM t;"),
    );
    let asked = generate(&project, &[]).code(1);
    assert!(asked.stderr.contains("it drops the old one and creates the new one."), "{asked:#?}");
    assert!(!asked.stderr.contains("values"), "{asked:#?}");
}

/// The word for a place to fill in is one only where it stands as such: not in what the user has written.
#[test]
fn a_place_to_fill_in_is_no_text_of_the_user() {
    let project = leading_to(
        "CREATE TABLE t (id int, a text DEFAULT 'FILL_IN_HERE'); COMMENT ON TABLE t IS 'FILL_IN_HERE';
        CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'FILL_IN_HERE'; END $$;",
        "CREATE TABLE t (id int);",
    );
    generate(&project, &[]).ok();
    project.run("check").ok();
}

/// Where the rows refer to a table that goes, its way back cannot bring them.
#[test]
fn a_key_to_a_table_that_is_made_empty_is_told_of() {
    let project = leading_to(
        "CREATE TABLE b (id int, a_id int);",
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int, a_id int REFERENCES a);",
    );
    let drafted = generate(&project, &[]).ok();
    let told = "\"public\".\"a\" is new and empty: it fails where a row of \"public\".\"b\" has a value in \"a_id\"";
    assert!(drafted.stdout.contains(&format!("when reverted: {told}")), "{drafted:#?}");
    assert!(scripts(&project, "change", "down.sql").contains(told));
    // a new column refers to nothing
    let project = leading_to(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int, a_id int REFERENCES a);",
        "CREATE TABLE b (id int);",
    );
    let drafted = generate(&project, &[]).ok();
    assert!(!drafted.stdout.contains("is new and empty"), "{drafted:#?}");
}

/// The author fills a column that may not be NULL; an upgrade stops at a place that was left as it is.
#[test]
fn a_column_that_may_not_be_null_is_filled_by_its_author() {
    let database = Database::new();
    let project = of_rust().env("DATABASE_URL", &database.url());
    project.run("upgrade").ok();
    database.execute("INSERT INTO people (id, name) VALUES (1, 'Ada')");
    let text = "        nick -> Nullable<Varchar>,\n";
    let edited = schema(&project).replace(text, &format!("{text}        motto -> Text,\n"));
    project.write("src/schema.rs", &edited);
    let drafted = generate(&project, &[]).ok();
    assert!(
        drafted
            .stdout
            .contains("replace FILL_IN_HERE with the value of \"public\".\"people\".\"motto\""),
        "{drafted:#?}"
    );
    let refused = project.run("upgrade").code(1);
    assert!(refused.stderr.contains("FILL_IN_HERE has not been replaced"), "{refused:#?}");
    assert_eq!(applied(&database), "1", "nothing was run");
    fill(&project, "up.sql", "'carpe diem'");
    let upgraded = project.run("upgrade").ok();
    assert!(upgraded.stderr.contains("1 rows filled"), "{upgraded:#?}");
    assert_eq!(database.execute("SELECT motto FROM people"), "carpe diem");
    assert_eq!(schema(&project), edited);
    project.run("verify").ok();
}

fn applied(database: &Database) -> String {
    database.execute("SELECT count(*) FROM __diesel_schema_migrations")
}

/// Writes a value where one is missing.
fn fill(project: &Project, file: &str, value: &str) {
    for dir in fs::read_dir(project.path().join("migrations")).unwrap() {
        let path = dir.unwrap().path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("FILL_IN_HERE", value)).unwrap();
    }
}

/// Beside a ledger a column is filled in one transaction: what commits by itself cannot be guarded.
#[test]
fn a_column_is_filled_beside_a_ledger() {
    let database = Database::new();
    let people = "CREATE TABLE people (id bigint PRIMARY KEY);";
    let project = of_sql(people).env("DATABASE_URL", &database.url());
    project.migration("2_people", people, "DROP TABLE people;");
    project.run("upgrade").ok();
    database.execute("INSERT INTO people SELECT generate_series(1, 10)");
    let changed = "CREATE TABLE people (id bigint PRIMARY KEY, age int NOT NULL);";
    project.write("schema.sql", &format!("{EVENTS}\n{changed}"));
    generate(&project, &[]).ok();
    assert!(!scripts(&project, "change", "up.sql").contains("COMMIT"));
    fill(&project, "up.sql", "id * 2");
    project.run("upgrade").ok();
    assert_eq!(database.execute("SELECT sum(age) FROM people"), "110");
    // the way back of a dropped column needs a value, too
    project.write("schema.sql", &format!("{EVENTS}\n{people}"));
    generate(&project, &[]).ok();
    project.run("upgrade").ok();
    let refused = project.run("downgrade -1").code(1);
    assert!(refused.stderr.contains("FILL_IN_HERE"), "{refused:#?}");
    fill(&project, "down.sql", "7");
    project.run("downgrade -1").ok();
    assert_eq!(database.execute("SELECT sum(age) FROM people"), "70");
}

/// What goes is renamed aside: its values stay, nothing compares it, and the way back has them.
#[test]
fn what_goes_is_kept_where_that_is_wanted() {
    let database = Database::new();
    let people = "CREATE TABLE people (id bigserial PRIMARY KEY, name text NOT NULL DEFAULT 'x' UNIQUE);
        CREATE TABLE notes (id serial PRIMARY KEY, person bigint NOT NULL REFERENCES people, text text);
        CREATE INDEX notes_text ON notes (text);";
    let project = of_sql(people).env("DATABASE_URL", &database.url());
    project.migration("2_people", people, "DROP TABLE notes, people;");
    project.run("upgrade").ok();
    database.execute(
        "INSERT INTO people (name) VALUES ('Ada'); INSERT INTO notes (person, text) VALUES (1, 'hm');",
    );
    project
        .write("schema.sql", &format!("{EVENTS}\nCREATE TABLE people (id bigserial PRIMARY KEY);"));
    generate(&project, &["--keep-data"]).ok();
    project.run("upgrade").ok();
    project.run("check").ok();
    project.run("drift").ok();
    // nothing of it is in the way
    database.execute("INSERT INTO people DEFAULT VALUES; DELETE FROM people WHERE id = 1;");
    let kept = "SELECT text FROM glowplug_kept_notes";
    assert_eq!(database.execute(kept), "hm");
    database.execute(
        "DELETE FROM people; INSERT INTO people (id, glowplug_kept_name) VALUES (1, 'Ada')",
    );
    project.run("downgrade 2").ok();
    assert_eq!(
        database.execute("SELECT name, text FROM people JOIN notes ON person = people.id"),
        "Ada|hm"
    );
    project.run("verify").ok();
}

/// What is put aside keeps the types that it is made of, though nothing else speaks of them.
#[test]
fn the_types_of_what_is_put_aside_stay() {
    let database = Database::new();
    let project = leading_to(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TYPE used AS ENUM ('x'); CREATE TABLE c (u used);",
        "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE FUNCTION fine(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
        CREATE DOMAIN age AS int CHECK (fine(VALUE)); CREATE TYPE pair AS (m mood, a age); CREATE TYPE used AS ENUM ('x');
        CREATE TABLE a (id int PRIMARY KEY, m mood DEFAULT 'good', ages age[]); CREATE TABLE b (p pair); CREATE TABLE c (u used);",
    )
    .env("DATABASE_URL", &database.url());
    project.run("upgrade").ok();
    database.execute("INSERT INTO a VALUES (1, 'bad', '{1}'); INSERT INTO b VALUES ('(good,2)')");
    let before = database.query("SELECT a::text || b::text FROM a, b");
    generate(&project, &["--keep-data"]).ok();
    project.run("upgrade").ok();
    project.run("check").ok();
    project.run("drift").ok();
    generate(&project, &["--from", "database"]).ok();
    project.run("downgrade 1").ok();
    assert_eq!(database.query("SELECT a::text || b::text FROM a, b"), before);
}

/// One migration in plain forms, where nobody uses the tables meanwhile.
#[test]
fn plain_forms_are_one_migration() {
    let people = "CREATE TABLE people (id bigint PRIMARY KEY, name text);";
    let project = of_sql(people);
    project.migration("2_people", people, "DROP TABLE people;");
    project.write(
        "schema.sql",
        &format!("{EVENTS}\n{people} CREATE INDEX people_name ON people (name); ALTER TABLE people ADD CHECK (name <> '');"),
    );
    let drafted = generate(&project, &["--no-online"]).ok();
    assert_eq!(drafted.stdout.matches("_change").count(), 1, "{drafted:#?}");
    assert_data_eq!(
        scripts(&project, "change", "up.sql"),
        str![[r#"
-- blocks reads and writes of the table until commit
ALTER TABLE "public"."people" ADD CONSTRAINT "people_name_check" CHECK ((name <> ''::text));
-- blocks writes to the table until commit
CREATE INDEX "people_name" ON "public"."people" USING btree (name);

"#]]
    );
    project.run("check").ok();
}

/// Partitions that are new are empty: nothing is built beside readers and writers for them.
#[test]
fn a_key_beside_new_partitions_takes_few_migrations() {
    let of = |key: &str, parts: std::ops::Range<u32>| {
        let part = |n: u32| {
            format!("CREATE TABLE m{n} PARTITION OF m FOR VALUES FROM ({n}) TO ({});", n + 1)
        };
        let parts: String = parts.map(part).collect();
        format!(
            "CREATE TABLE m (id int NOT NULL, d int NOT NULL{key}) PARTITION BY RANGE (d); {parts}"
        )
    };
    let key = ", UNIQUE (id, d)";
    let count = |old: &str| {
        let project = leading_to(&of(key, 0..7), old);
        let drafted = generate(&project, &[]).ok();
        project.run("check").ok();
        drafted.stdout.matches("_change").count()
    };
    assert_eq!(count(&of("", 0..0)), 1);
    // one for each that has rows, and one for what comes before and after
    assert_eq!(count(&of("", 0..3)), 5);
}

/// A table that is renamed takes its keys, its indexes and its sequence along: nothing is built anew for a name.
/// A type keeps its values, and an enum its rows.
#[test]
fn types_and_values_of_enums_are_renamed() {
    let old = "CREATE TYPE mood AS ENUM ('so so', 'good', 'bad'); CREATE TYPE old_kind AS ENUM ('a', 'b');
        CREATE DOMAIN old_age AS int CHECK (VALUE > 0);
        CREATE TABLE people (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'so so', kind old_kind[], age old_age);
        CREATE VIEW moody AS SELECT * FROM people WHERE mood = 'so so';";
    let database = Database::new();
    let project = Project::new().env("DATABASE_URL", &database.url());
    project.migration(
        "1_people",
        old,
        "DROP VIEW moody; DROP TABLE people; DROP TYPE mood; DROP TYPE old_kind; DROP DOMAIN old_age;",
    );
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    let new = old.replace("so so", "it's ok").replace("'it's ok'", "'it''s ok'");
    project.write("schema.sql", &new.replace("old_kind", "new_kind").replace("old_age", "new_age"));
    project.run("upgrade").ok();
    database.execute("INSERT INTO people VALUES (1, 'so so', '{a,b}')");
    let asked = generate(&project, &[]).code(1);
    assert_data_eq!(
        asked.stderr,
        str![[r#"
autogenerate::renames

  × something may have been renamed, and glowplug does not guess:
  │ --rename public.old_kind=new_kind
  │ --rename public.old_age=new_age
  │ --rename 'public.mood.so so=it'/''s ok'
  help: Add the flags that apply. If nothing was renamed, add --no-renames: it drops the old one, with its values.

"#]]
    );
    let wrong = generate(&project, &["--rename", "mood.great=fine"]).code(1);
    assert!(wrong.stderr.contains("`type.value=new`"), "{wrong:#?}");
    let flags = [
        "--rename",
        "old_kind=new_kind",
        "--rename",
        "old_age=new_age",
        "--rename",
        "public.mood.so so=it's ok",
    ];
    generate(&project, &flags).ok();
    let up = scripts(&project, "change", "up.sql");
    assert!(
        up.contains("ALTER TYPE \"public\".\"mood\" RENAME VALUE 'so so' TO 'it''s ok'"),
        "{up}"
    );
    assert!(!up.contains("DROP TYPE") && !up.contains("CREATE "), "{up}");
    project.run("check").ok();
    project.run("upgrade").ok();
    let rows = database.query("SELECT mood || ' ' || kind::text FROM moody");
    assert_eq!(rows, "it's ok {a,b}");
    project.run("downgrade -1").ok();
    let rows = database.query("SELECT mood || ' ' || kind::text FROM moody");
    assert_eq!(rows, "so so {a,b}");
}

#[test]
fn composite_and_range_types_are_renamed_with_what_makes_them() {
    let old = "CREATE TYPE old_span AS RANGE (subtype = integer); CREATE TYPE old_pair AS (a int, b text);
        CREATE TABLE t (id int PRIMARY KEY, span old_span DEFAULT old_span(1, 2), pairs old_pair[]);
        CREATE FUNCTION first(it old_pair) RETURNS int LANGUAGE sql AS 'SELECT it.a';";
    let project = Project::new();
    project.migration(
        "1_t",
        old,
        "DROP FUNCTION first; DROP TABLE t; DROP TYPE old_span; DROP TYPE old_pair;",
    );
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    project.write("schema.sql", &old.replace("old_", "new_"));
    let asked = generate(&project, &[]).code(1).stderr;
    assert!(asked.contains("--rename public.old_pair=new_pair"), "{asked}");
    assert!(asked.contains("--rename public.old_span=new_span"), "{asked}");
    let flags = ["--rename", "old_span=new_span", "--rename", "old_pair=new_pair"];
    generate(&project, &flags).ok();
    assert_data_eq!(
        scripts(&project, "change", "up.sql"),
        str![[r#"
ALTER TYPE "public"."old_span" RENAME TO "new_span";
ALTER TYPE "public"."old_pair" RENAME TO "new_pair";
-- blocks reads and writes of the table until commit
ALTER TABLE ONLY "public"."t" ALTER COLUMN "span" DROP DEFAULT;
ALTER TYPE public.old_span_multirange RENAME TO "new_span_multirange";
ALTER FUNCTION public.old_span_multirange() RENAME TO "new_span_multirange";
ALTER FUNCTION public.old_span_multirange("public"."new_span") RENAME TO "new_span_multirange";
ALTER FUNCTION public.old_span_multirange(VARIADIC "public"."new_span"[]) RENAME TO "new_span_multirange";
ALTER FUNCTION public.old_span(integer, integer) RENAME TO "new_span";
ALTER FUNCTION public.old_span(integer, integer, text) RENAME TO "new_span";
-- blocks reads and writes of the table until commit
ALTER TABLE ONLY "public"."t" ALTER COLUMN "span" SET DEFAULT public.new_span(1, 2);

"#]]
    );
    project.run("check").ok();
    project.run("verify").ok();
}

#[test]
fn what_differs_only_in_its_name_is_renamed() {
    let people = "CREATE TABLE people (id bigserial PRIMARY KEY, name text UNIQUE,
            age int CHECK (age > 0), number bigint GENERATED ALWAYS AS IDENTITY);
        CREATE INDEX ON people (lower(name));
        CREATE TABLE heirs (x int) INHERITS (people);";
    let project = of_sql(people);
    project.migration("2_people", people, "DROP TABLE heirs, people;");
    project.write("schema.sql", &format!("{EVENTS}\n{}", people.replace("people", "persons")));
    generate(&project, &["--rename", "people=persons", "--no-renames"]).ok();
    let up = scripts(&project, "change", "up.sql");
    assert!(up.lines().all(|line| line.contains(" RENAME ")), "{up}");
    project.run("check").ok();
    project.run("verify").ok();
}

const PEOPLE: &str = "
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    mood mood NOT NULL DEFAULT 'ok'
);
CREATE INDEX people_name ON people (lower(name));
CREATE VIEW happy_people AS SELECT id, name FROM people WHERE mood = 'happy';
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER keep BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION keep();
COMMENT ON TABLE people IS 'who is there';
";

/// The index of a key is made by that: of its text alone nothing is printed, and another key is no other way to write the same.
#[test]
fn a_key_that_others_refer_to_changes_with_them() {
    let pairs = [
        (
            "CREATE TABLE p (id int PRIMARY KEY, t int NOT NULL);
            CREATE TABLE c (t int, p int REFERENCES p);",
            "CREATE TABLE p (id int, t int, PRIMARY KEY (t, id));
            CREATE TABLE c (t int, p int, FOREIGN KEY (t, p) REFERENCES p);",
        ),
        (
            "CREATE TABLE p (id int PRIMARY KEY, k int NOT NULL);
            CREATE TABLE c (p int REFERENCES p);",
            "CREATE TABLE p (id int NOT NULL UNIQUE, k int PRIMARY KEY);
            CREATE TABLE c (p int REFERENCES p (id));",
        ),
    ];
    for (old, new) in pairs {
        let project = of_sql(old);
        generate(&project, &[]).ok();
        project.write("schema.sql", &format!("{EVENTS}\n{new}"));
        generate(&project, &[]).ok();
        project.run("check").ok();
        project.run("verify").ok();
    }
}

#[test]
fn sql_of_every_kind_is_reached_and_left_again() {
    let project = of_sql(PEOPLE);
    let drafted = generate(&project, &[]).ok();
    assert_data_eq!(
        drafted.stdout,
        str![[r#"
+ view "public"."happy_people": id, name
+ table "public"."people": id, name, mood
+ enum type "public"."mood": sad, ok, happy
+ function "public"."keep"()
deletes-data, when reverted: the rows of "public"."people"
migrations/[..]_change
Proved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's): up, down and up again.

"#]]
    );
    let changed = PEOPLE
        .replace("'sad', 'ok'", "'sad', 'so-so', 'ok'")
        .replace("name text", "name varchar(200)")
        .replace(
            "mood mood NOT NULL DEFAULT 'ok'",
            "mood mood NOT NULL DEFAULT 'so-so',\n    mail text UNIQUE CHECK (length(mail) > 2)",
        )
        .replace("SELECT id, name FROM", "SELECT id, mail, name FROM");
    project.write(
        "schema.sql",
        &format!("{EVENTS}\n{changed}\nALTER TABLE events ADD COLUMN trace uuid;"),
    );
    generate(&project, &[]).ok();
    project.run("check").ok();
    let up = scripts(&project, "change", "up.sql");
    for wanted in [
        "ADD VALUE 'so-so' AFTER 'sad'",
        "CREATE UNIQUE INDEX CONCURRENTLY",
        "NOT VALID",
        "VALIDATE CONSTRAINT",
    ] {
        assert!(up.contains(wanted), "{wanted}: {up}");
    }
    project.run("verify").ok();
    // and back, by taking the change out of the source
    project.write("schema.sql", &format!("{EVENTS}\n{PEOPLE}"));
    let refused = generate(&project, &["--no-renames"]).code(1);
    assert!(
        refused.stderr.contains("public.events: the column trace would be dropped"),
        "{refused:#?}"
    );
    project.write(
        "schema.sql",
        &format!("{EVENTS}\n{PEOPLE}\nALTER TABLE events ADD COLUMN trace uuid;"),
    );
    generate(&project, &["--no-renames"]).ok();
    project.run("check").ok();
}

#[test]
fn a_ledger_keeps_its_rows_and_its_protection() {
    for (change, said) in [
        ("ALTER TABLE events DROP COLUMN kind;", "the column kind would be dropped"),
        (
            "ALTER TABLE events ALTER COLUMN kind TYPE varchar(3);",
            "the column kind would become character varying(3)",
        ),
        (
            "ALTER TABLE events ADD COLUMN need text NOT NULL;",
            "the column need is NOT NULL without a default",
        ),
        ("DROP TRIGGER events_append_only ON events;", "is no longer refused"),
    ] {
        let project = of_sql(change);
        let refused = generate(&project, &[]).code(1);
        assert!(refused.stderr.contains(said), "{refused:#?}");
        assert_eq!(fs::read_dir(project.path().join("migrations")).unwrap().count(), 1);
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let project = of_sql("CREATE TABLE a (id int);\nSELECT nothing FROM nowhere;");
    let refused = project.run("check").code(1);
    assert!(
        refused.stderr.contains("schema.sql: line 39: relation \"nowhere\" does not exist"),
        "{refused:#?}"
    );
    let project = of_rust();
    project.write(
        "src/schema.rs",
        "diesel::table! {\n    people (id) {\n        id -> Int99,\n    }\n}\n",
    );
    let refused = project.run("check").code(1);
    assert!(refused.stderr.contains("Int99"), "{refused:#?}");
    project.write("src/schema.rs", "diesel::table! {\n    people (id {\n");
    project.run("check").code(1);
    fs::remove_file(project.path().join("src/schema.rs")).unwrap();
    let refused = project.run("check").code(1);
    assert!(refused.stderr.contains("src/schema.rs does not exist"), "{refused:#?}");
    let project = Project::new();
    let refused = project.run("check").code(1);
    assert!(refused.stderr.contains("there is no source of truth"), "{refused:#?}");
}

#[test]
fn drift_is_named_and_healed() {
    let database = Database::new();
    let project = of_sql("").env("DATABASE_URL", &database.url());
    project.migration(
        "2_people",
        PEOPLE,
        "DROP TABLE people CASCADE; DROP TYPE mood; DROP FUNCTION keep;",
    );
    project.run("upgrade").ok();
    let clean = project.run("drift").ok();
    assert!(clean.stdout.contains("matches its 2 migrations.\n"), "{clean:#?}");
    database.execute("ALTER TABLE people ADD COLUMN oops int; DROP INDEX people_name");
    database.execute("ALTER TABLE people ALTER COLUMN name DROP NOT NULL");
    let found = project.run("drift").code(3);
    let healing: Vec<&str> = found.stdout.lines().filter(|line| line.ends_with(';')).collect();
    assert!(
        found.stdout.contains("+ column \"public\".\"people\".\"oops\": integer"),
        "{found:#?}"
    );
    assert!(found.stdout.contains("- index \"public\".\"people_name\""), "{found:#?}");
    assert!(
        found.stdout.contains("-- deletes-data: the values of \"public\".\"people\".\"oops\""),
        "{found:#?}"
    );
    for statement in healing {
        database.execute(statement);
    }
    project.run("drift").ok();
    // what is applied counts, not what is on disk
    project.migration("3_more", "CREATE TABLE more (id int);", "DROP TABLE more;");
    project.run("drift").ok();
}

#[test]
fn two_structures_of_any_source_are_compared() {
    let database = Database::new();
    let project = of_sql(PEOPLE).env("DATABASE_URL", &database.url());
    let same = project.run("diff schema.sql schema.sql").ok();
    assert_eq!(same.stdout, "");
    let there = project.run("diff migrations schema.sql").code(3);
    assert!(there.stdout.contains("CREATE TABLE \"public\".\"people\""), "{there:#?}");
    project.run("upgrade").ok();
    project.run_with(&["diff", &database.url(), "migrations"]).ok();
    let back = project.run("diff schema.sql migrations").code(3);
    assert!(
        back.stdout.contains("-- deletes-data: the rows of \"public\".\"people\"\nDROP TABLE"),
        "{back:#?}"
    );
    let wrong = project.run("diff nowhere.sql migrations").code(1);
    assert!(wrong.stdout.is_empty(), "{wrong:#?}");
}

/// What it cannot say is what the other side says.
#[test]
fn a_schema_rs_is_a_side_of_diff() {
    let project = Project::new();
    project.write(
        "schema.sql",
        "CREATE TABLE people (id int PRIMARY KEY, nick text NOT NULL DEFAULT 'x' CHECK (nick <> ''));
         CREATE INDEX ON people (nick);",
    );
    let text = "diesel::table! {
    people (id) {
        id -> Int4,
        nick -> Text,
        born -> Nullable<Date>,
    }
}
";
    project.write("wanted.rs", text);
    let there = project.run("diff schema.sql wanted.rs").code(3);
    assert_data_eq!(
        there.stdout,
        str![[r#"
ALTER TABLE "public"."people" ADD COLUMN "born" date;

"#]]
    );
    let back = project.run("diff wanted.rs schema.sql").code(3);
    assert_data_eq!(
        back.stdout,
        str![[r#"
-- deletes-data: the values of "public"."people"."born"
ALTER TABLE "public"."people" DROP COLUMN "born";

"#]]
    );
    project.run("diff wanted.rs wanted.rs").ok();
    project.write("wanted.rs", &text.replace("table!", "table"));
    let wrong = project.run("diff wanted.rs schema.sql").code(1);
    assert!(wrong.stderr.contains("wanted.rs:1:15"), "{wrong:#?}");
    let gone = project.run("diff gone.rs schema.sql").code(1);
    assert!(gone.stderr.contains("gone.rs does not exist"), "{gone:#?}");
}

/// Rows, and the commands that psql is kept in bounds with, are no part of a structure.
#[test]
fn a_dump_is_a_source_of_truth() {
    let dump = "\\restrict abc
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.people (id integer NOT NULL, nick text);
COPY public.people (id, nick) FROM stdin;
1\tit's
\\.
ALTER TABLE ONLY public.people ADD CONSTRAINT people_pkey PRIMARY KEY (id);
\\unrestrict abc
";
    let project = Project::new();
    project.write("schema.sql", dump);
    project.write("same.sql", "CREATE TABLE people (id int PRIMARY KEY, nick text);");
    project.run("diff schema.sql same.sql").ok();
    project.write("schema.sql", &dump.replace("nick text", "nick txt"));
    let wrong = project.run("diff schema.sql same.sql").code(1);
    assert!(wrong.stderr.contains("schema.sql: line 4: type \"txt\" does not exist"), "{wrong:#?}");
}

/// Roles belong to a server. What migrations do with them is compared, there and back.
#[test]
fn roles_that_migrations_speak_of_are_made() {
    let project = Project::new();
    project.migration(
        "1_people",
        "CREATE TABLE people (id int PRIMARY KEY); GRANT SELECT ON people TO reader;",
        "DROP TABLE people;",
    );
    project.write(
        "schema.sql",
        "CREATE TABLE people (id int PRIMARY KEY); GRANT SELECT, INSERT ON people TO \"the writer\";
         ALTER TABLE people OWNER TO boss;
         CREATE POLICY p ON people TO reader;",
    );
    let unknown = project.run("verify").code(1);
    assert!(unknown.stderr.contains("`roles = [\"…\"]` in [shadow]"), "{unknown:#?}");
    project.write(
        "glowplug.toml",
        "[schema]\nsource = \"schema.sql\"\n[shadow]\nroles = [\"reader\", \"the writer\", \"boss\"]\n",
    );
    project.run("verify").ok();
    generate(&project, &[]).ok();
    let up = scripts(&project, "change", "up.sql");
    for wanted in ["OWNER TO \"boss\"", "TO \"the writer\"", "FROM \"reader\""] {
        assert!(up.contains(wanted), "{up}");
    }
    project.run("check").ok();
    project.run("verify").ok();
}

/// Each version prints definitions in its own way.
#[test]
fn a_database_is_compared_on_its_own_version() {
    for binaries in INSTALLED.iter() {
        let database = Database::on(server(binaries.major()));
        let project = of_sql(PEOPLE).env("DATABASE_URL", &database.url());
        project.migration(
            "2_views",
            "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL); CREATE VIEW v AS SELECT * FROM t;",
            "DROP VIEW v; DROP TABLE t;",
        );
        project.run("upgrade").ok();
        project.run("drift").ok();
        project.run_with(&["diff", &database.url(), "migrations"]).ok();
    }
}

/// The words are those of the server that they are for, whatever else this machine has.
#[test]
fn migrations_are_made_for_the_version_of_the_database() {
    let more = "CREATE TABLE people (id int PRIMARY KEY, name text, age int);";
    for binaries in INSTALLED.iter() {
        let database = Database::on(server(binaries.major()));
        let project = Project::new().env("DATABASE_URL", &database.url());
        project.migration("1_people", more, "DROP TABLE people;");
        project.write("schema.sql", &more.replace("name text", "name text NOT NULL"));
        generate(&project, &["--source", "schema.sql"]).ok();
        project.run("upgrade").ok();
        project.run("downgrade base").ok();
    }
    let away = Project::new().env("DATABASE_URL", "postgres://nobody:secret@127.0.0.1:1/nowhere");
    away.migration("1_people", more, "DROP TABLE people;");
    away.write("schema.sql", &more.replace("age", "years"));
    let asked = generate(&away, &["--source", "schema.sql", "--no-renames"]).ok();
    let said = "review: could not read the version of the database";
    assert!(asked.stdout.contains(said), "{asked:#?}");
    assert!(!asked.stdout.contains("secret"), "{asked:#?}");
}

/// Diesel's name for it.
#[test]
fn diff_schema_writes_what_autogenerate_writes() {
    let project = of_rust();
    let text = "        nick -> Nullable<Varchar>,\n";
    let edited =
        schema(&project).replace(text, &format!("{text}        born -> Nullable<Date>,\n"));
    project.write("src/schema.rs", &edited);
    project.run("migration generate other --diff-schema --only-tables people").code(1);
    let written = project.run("migration generate change --diff-schema").ok();
    assert_data_eq!(
        written.stdout,
        str![[r#"
Creating migrations/[..]_change/up.sql
Creating migrations/[..]_change/down.sql

"#]]
    );
    assert!(scripts(&project, "change", "up.sql").contains("ADD COLUMN \"born\" date"));
    project.run("check").ok();
}

/// Two at once would write the same change twice.
#[test]
fn migrations_that_came_meanwhile_are_not_passed_over() {
    let place = tempfile::tempdir().unwrap();
    // the server may be another user's
    fs::set_permissions(place.path(), Permissions::from_mode(0o777)).unwrap();
    let signal = place.path().join("replayed");
    let project = Project::new();
    project.migration(
        "1_people",
        &format!(
            "CREATE TABLE people (id int PRIMARY KEY); COPY (SELECT 1) TO '{}';",
            signal.display()
        ),
        "DROP TABLE people;",
    );
    project.write("schema.sql", "CREATE TABLE people (id int PRIMARY KEY, age int);");
    let mut command = project.command(GLOWPLUG);
    command.args(["revision", "--autogenerate", "-m", "change"]);
    command.args(["--source", "schema.sql"]);
    let running = command.stderr(Stdio::piped()).spawn().unwrap();
    eventually("it replays", || signal.exists());
    project.migration("9_other", "CREATE TABLE other (id int PRIMARY KEY);", "DROP TABLE other;");
    let ended = running.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("changed during the proof"), "{said}");
    assert_eq!(scripts(&project, "change", "up.sql"), "");
}

/// What others make in the same database is neither compared nor dropped.
#[test]
fn what_is_ignored_is_left_alone() {
    let database = Database::new();
    let people = "CREATE TABLE people (id bigint PRIMARY KEY);";
    let others = "CREATE SCHEMA audit; CREATE TABLE audit.log (id serial PRIMARY KEY, who text);
        CREATE TABLE tmp_import (id serial PRIMARY KEY); CREATE INDEX ON tmp_import (id);
        GRANT SELECT ON tmp_import TO PUBLIC; CREATE FUNCTION audit.f() RETURNS int LANGUAGE sql AS 'SELECT 1';";
    let project = of_sql(people).env("DATABASE_URL", &database.url());
    project.migration("2_people", &format!("{people}{others}"), "");
    project.run("upgrade").ok();
    let before = project.run("check").code(3);
    assert!(before.stdout.contains("tmp_import"), "{before:#?}");
    project.write(
        "glowplug.toml",
        "[schema]\nsource = \"schema.sql\"\nignore = [\"audit\", \"public.tmp_*\"]\n[[ledger]]\ntable = \"public.events\"\n",
    );
    project.run("check").ok();
    database.execute("CREATE TABLE tmp_live (id int); ALTER TABLE audit.log ADD COLUMN x int;");
    project.run("drift").ok();
    project.write(
        "schema.sql",
        &format!("{EVENTS}\n{people} ALTER TABLE people ADD COLUMN name text;"),
    );
    generate(&project, &[]).ok();
    assert!(!scripts(&project, "change", "up.sql").contains("tmp_"));
    project.run("upgrade").ok();
    project.run("check").ok();
}

/// Where `pg_dump` comes with the server, it is asked, too.
#[test]
fn pg_dump_is_the_second_judge() {
    let has_dump = |it: &&glowplug::internal::cluster::Binaries| it.dir().join("pg_dump").is_file();
    let Some(binaries) = crate::support::INSTALLED.iter().find(has_dump) else {
        eprintln!("skipped: no server with a pg_dump");
        return;
    };
    let people = "CREATE TABLE people (id bigint PRIMARY KEY) WITH (fillfactor = 70, autovacuum_enabled = off);";
    let project =
        of_sql(people).env("GLOWPLUG_POSTGRES_BIN", &binaries.dir().display().to_string());
    let drafted = generate(&project, &[]).ok();
    assert!(drafted.stdout.contains("pg_dump agrees."), "{drafted:#?}");
}

/// From a database that nobody wrote migrations for, or one that has drifted.
#[test]
fn a_database_is_led_to_the_truth_as_it_is() {
    let database = Database::new();
    let project = of_sql("CREATE TABLE people (id bigint PRIMARY KEY, name text);")
        .env("DATABASE_URL", &database.url());
    project.run("upgrade").ok();
    database.execute(
        "CREATE TABLE people (id bigint PRIMARY KEY, nick text DEFAULT 'x');
        CREATE VIEW nicks AS SELECT nick FROM people; GRANT SELECT ON people TO PUBLIC;
        INSERT INTO people VALUES (1)",
    );
    let found = project.run_with(&["check", "--from", "database"]).code(3);
    assert_data_eq!(
        found.stdout,
        str![[r#"
- view "public"."nicks": nick
+ column "public"."people"."name": text
- column "public"."people"."nick": text
- grant "table"."public"."people"."PUBLIC"."SELECT"
4 differences.
Proved on PostgreSQL [..], environment of [..].

"#]]
    );
    let drafted = generate(&project, &["--from", "database", "--no-renames"]).ok();
    assert!(drafted.stdout.contains("Proved"), "{drafted:#?}");
    project.run("upgrade").ok();
    project.run_with(&["check", "--from", "database"]).ok();
    assert_eq!(database.execute("SELECT count(*) FROM people"), "1");
}

/// A project whose truth is SQL.
fn leading_to(truth: &str, old: &str) -> Project {
    let project = Project::new();
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    project.migration("1_old", old, "DROP SCHEMA public CASCADE; CREATE SCHEMA public;");
    project.write("schema.sql", truth);
    project
}

/// Whether a materialized view holds rows, and by which index CLUSTER goes: a dump says the one of none, and nobody means it.
#[test]
fn state_is_no_difference_of_structure() {
    const OLD: &str = "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE INDEX tn ON t (n); ALTER TABLE t CLUSTER ON tn;
        CREATE MATERIALIZED VIEW m AS SELECT n FROM t; CREATE MATERIALIZED VIEW of_m AS SELECT n FROM m;
        CREATE MATERIALIZED VIEW empty AS SELECT n FROM t WITH NO DATA;";
    const DUMP: &str = "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE INDEX tn ON t (n); ALTER TABLE t CLUSTER ON t_pkey;
        CREATE MATERIALIZED VIEW m AS SELECT n FROM t WITH NO DATA; CREATE MATERIALIZED VIEW of_m AS SELECT n FROM m WITH NO DATA;
        CREATE MATERIALIZED VIEW empty AS SELECT n FROM t WITH NO DATA;";
    let project = leading_to(DUMP, OLD);
    project.run("check").ok();
    // with a change beside it, and what is made anew for that, or for the first time
    let real =
        DUMP.replace("n int)", "n bigint)").replace("CREATE INDEX tn", "CREATE INDEX renamed");
    let more = "CREATE MATERIALIZED VIEW new AS SELECT n FROM of_m WITH NO DATA; CREATE MATERIALIZED VIEW of_empty AS SELECT n FROM empty WITH NO DATA;";
    project.write("schema.sql", &(real + more));
    generate(&project, &[]).ok();
    project.run("check").ok();
    let up = scripts(&project, "change", "up.sql");
    let empty = |up: &str| -> Vec<String> {
        let statements = up.split(';').filter(|it| it.contains("WITH NO DATA"));
        let names = statements.map(|it| it.split('"').nth(3).unwrap().to_owned());
        names.collect()
    };
    assert_eq!(empty(&up), ["empty", "of_empty"], "{up}");
    assert!(!up.contains("REFRESH") && !up.contains("CLUSTER"), "{up}");
    assert_eq!(empty(&scripts(&project, "change", "down.sql")), ["empty"]);
}

/// `diesel` refuses a script without a statement, and sends one that runs without a transaction as one text, which is a transaction.
#[test]
fn every_script_holds_a_statement_and_one_that_runs_alone_no_other() {
    let project = leading_to(
        "CREATE TABLE a (id int PRIMARY KEY, n text, m text, owner text NOT NULL, UNIQUE (n)); CREATE INDEX am ON a (m, id);",
        "CREATE TABLE a (id int PRIMARY KEY, n text, m text); CREATE INDEX gone ON a (m); COMMENT ON INDEX gone IS 'of m';",
    );
    generate(&project, &[]).ok();
    let mut alone = 0;
    for file in ["up.sql", "down.sql"] {
        for script in
            scripts(&project, "change", file).split("-- next\n").filter(|it| !it.is_empty())
        {
            let statements = glowplug::internal::words::sql::split(script).unwrap();
            assert!(!statements.is_empty(), "{script}");
            let is_alone = script.contains("CONCURRENTLY") || script.contains("DO $fill$");
            alone += usize::from(is_alone);
            assert!(!is_alone || statements.len() == 1, "{script}");
        }
    }
    assert!(alone > 4, "{alone}");
    // what has nothing to do says so
    let down = scripts(&project, "change", "down.sql");
    assert!(down.contains("does not change the structure\nSELECT 1;\n"), "{down}");
}

/// Seconds become a time, and lists a document; where PostgreSQL knows no way, the author has to.
#[test]
fn values_become_others_by_an_expression_or_by_their_author() {
    let database = Database::new();
    let project = leading_to(
        "CREATE TABLE t (id int PRIMARY KEY, a timestamptz, b jsonb);",
        "CREATE TABLE t (id int PRIMARY KEY, a bigint, b text[]);",
    )
    .env("DATABASE_URL", &database.url());
    project.run("upgrade").ok();
    database.execute("INSERT INTO t VALUES (1, 1700000000, '{a,\"b [c]\"}'), (2, NULL, NULL)");
    let rows = || {
        database.query("SET timezone = 'UTC'; SELECT string_agg(t::text, ' ' ORDER BY id) FROM t")
    };
    let before = rows();
    generate(&project, &[]).ok();
    project.run("upgrade").ok();
    assert_eq!(rows(), "(1,\"2023-11-14 22:13:20+00\",\"[\"\"a\"\", \"\"b [c]\"\"]\") (2,,)");
    project.run("downgrade 1").ok();
    assert_eq!(rows(), before);
    project.run("upgrade").ok();

    project.write("schema.sql", "CREATE TABLE t (id int PRIMARY KEY, a inet, b jsonb);");
    let planned = project.run("revision --autogenerate -m open").ok();
    assert!(
        planned
            .stdout
            .contains("PostgreSQL has no conversion from timestamp with time zone to inet"),
        "{planned:#?}"
    );
    project.run("upgrade").code(1).says(&["FILL_IN_HERE"]);
    let open = fs::read_dir(project.path().join("migrations")).unwrap();
    let open = open
        .map(|it| it.unwrap().path())
        .find(|it| it.to_string_lossy().ends_with("open"))
        .unwrap();
    let up = fs::read_to_string(open.join("up.sql")).unwrap();
    fs::write(open.join("up.sql"), up.replace("USING FILL_IN_HERE", "USING '127.0.0.1'::inet"))
        .unwrap();
    project.run("upgrade").ok();
    project.run("check").ok();
}

/// Ordinary texts become the only element of a list, and come back as they were; so do those that are lists themselves.
#[test]
fn texts_become_lists_and_come_back() {
    let database = Database::new();
    let project = leading_to(
        "CREATE TABLE t (id int PRIMARY KEY, a text[], b varchar(20)[], c int[], d text, e text[], f text[]);",
        "CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(20), c text, d text[], e int, f jsonb);",
    )
    .env("DATABASE_URL", &database.url());
    project.run("upgrade").ok();
    database.execute(
        "INSERT INTO t VALUES (1, 'hello, world', 'x', '7', '{one}', 5, '[\"y\"]'), (2, '{a,\"b c\"}', '', '{1,2}', '{one,two}', 6, '[]'),
            (3, '', '{}', '8', '{}', NULL, NULL), (4, NULL, NULL, NULL, NULL, NULL, NULL), (5, 'ü', 'x', '9', '{NULL}', NULL, NULL), (6, 'x', 'y', '1', '{\"{x}\"}', NULL, NULL)",
    );
    let rows = || database.query("SELECT string_agg(t::text, ' ' ORDER BY id) FROM t");
    let before = rows();
    generate(&project, &[]).ok();
    project.run("upgrade").ok();
    assert_eq!(
        database.query("SELECT a::text || b::text || c::text || d || e::text FROM t WHERE id = 1"),
        "{\"hello, world\"}{x}{7}one{5}"
    );
    project.run("downgrade 1").ok();
    assert_eq!(rows(), before);
    project.run("upgrade").ok();
    project.run("check").ok();
}

/// A column that becomes an identity, or was one, gives the numbers that it would have given.
#[test]
fn a_column_counts_on_when_it_becomes_an_identity_and_when_it_was_one() {
    let database = Database::new();
    let project = leading_to(
        "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n int); CREATE TABLE u (id bigserial PRIMARY KEY);",
        "CREATE TABLE t (id serial PRIMARY KEY, n int); CREATE TABLE u (id bigint GENERATED ALWAYS AS IDENTITY (INCREMENT -2 START -5) PRIMARY KEY);",
    )
    .env("DATABASE_URL", &database.url());
    project.run("upgrade").ok();
    database.execute("INSERT INTO t (n) VALUES (1), (2), (3); DELETE FROM t WHERE id > 1");
    let next = "INSERT INTO t (n) VALUES (9) RETURNING id";
    let drafted = generate(&project, &[]).ok();
    assert!(!drafted.stdout.contains("counter"), "{drafted:#?}");
    project.run("upgrade").ok();
    assert_eq!(database.query(next), "4");
    database.execute("DELETE FROM t WHERE id > 1");
    project.run("downgrade 1").ok();
    assert_eq!(database.query(next), "5");
    project.run("upgrade").ok();
    assert_eq!(database.query(next), "6");
    project.run("check").ok();
}

/// The provider has updated an extension that is in use.
#[test]
fn an_extension_is_updated_only_where_an_update_leads() {
    let database = Database::new();
    let has = "SELECT count(*) FROM pg_available_extension_versions WHERE name = 'citext' AND version IN ('1.5', '1.6')";
    if database.query(has) != "2" {
        eprintln!("skipped: citext is not installed");
        return;
    }
    let project = Project::new().env("DATABASE_URL", &database.admin_url());
    project.migration(
        "1_a",
        "CREATE EXTENSION citext VERSION '1.5'; CREATE TABLE a (id int PRIMARY KEY, c citext);",
        "DROP TABLE a; DROP EXTENSION citext;",
    );
    project.run("upgrade").ok();
    database.query("ALTER EXTENSION citext UPDATE TO '1.6'; ALTER TABLE a ADD COLUMN more int");
    let drifted = project.run("drift").code(3);
    for text in [
        "~ extension \"citext\": version 1.6 instead of 1.5",
        "no update leads extension \"citext\" back",
        "DROP COLUMN \"more\"",
    ] {
        assert!(drifted.stdout.contains(text), "{drifted:#?}");
    }
    assert!(!drifted.stdout.contains("ALTER EXTENSION"), "{drifted:#?}");
    // the other way there is one
    project.migration("2_b", "ALTER EXTENSION citext UPDATE TO '1.6';", "SELECT 1;");
    database.query("ALTER TABLE a DROP COLUMN more");
    project.run("stamp head").ok();
    project.run("drift").ok();
}

#[test]
fn a_label_that_goes_is_warned_of_in_every_column_that_holds_it() {
    let project = Project::new();
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    let rest = "CREATE TYPE pair AS (n int, m mood);
        CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'c');
        CREATE TABLE u (id int PRIMARY KEY, m mood[] NOT NULL DEFAULT '{a,c}', p pair NOT NULL DEFAULT '(1,c)');";
    let up = format!("CREATE TYPE mood AS ENUM ('a', 'b', 'c'); {rest}");
    project.migration("1_old", &up, "DROP TABLE t, u; DROP TYPE pair, mood;");
    let wanted = format!("CREATE TYPE mood AS ENUM ('a', 'b'); {rest}");
    let wanted = wanted.replace("'c'", "'a'").replace("c}", "b}").replace(",c)", ",b)");
    project.write("schema.sql", &wanted);
    let ran = generate(&project, &[]).ok();
    assert!(!ran.stdout.contains("empty tables"), "{ran:#?}");
    let up = scripts(&project, "change", "up.sql");
    for column in [r#""t"."m""#, r#""u"."m""#, r#""u"."p""#] {
        let warns = |line: &&str| line.contains(column) && line.contains("removed label");
        assert!(up.lines().any(|line| warns(&line)), "{column}: {up}");
    }
    project.run("check").ok();
}

#[test]
fn a_way_up_without_a_way_back_is_written_and_its_down_sql_refuses() {
    let database = Database::new();
    let project = Project::new().env("DATABASE_URL", &database.url());
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    let table = "CREATE TABLE t (id int, m mood) PARTITION BY LIST (m); CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a');";
    let up = format!("CREATE TYPE mood AS ENUM ('a'); {table}");
    project.migration("1_old", &up, "DROP TABLE t; DROP TYPE mood;");
    let wanted = format!("CREATE TYPE mood AS ENUM ('a', 'b'); {table} CREATE TABLE u (m mood);");
    project.write("schema.sql", &wanted);
    let strict = generate(&project, &["--strict"]).code(1);
    assert!(strict.stderr.contains("irreversible"), "{strict:#?}");
    assert_eq!(scripts(&project, "change", "up.sql"), "");
    let ran = generate(&project, &["--format", "json"]).ok();
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let why = report["report"]["irreversible"][0].as_str().unwrap();
    assert!(why.contains("part of the partition key"), "{why}");
    let downs = scripts(&project, "change", "down.sql");
    assert!(downs.contains("-- irreversible: "), "{downs}");
    project.run("upgrade").ok();
    // what came after it goes back, and it refuses
    project.run("downgrade -1").ok();
    let refused = project.run("downgrade -1").code(1);
    assert!(refused.stderr.contains("irreversible"), "{refused:#?}");
    project.run("upgrade").ok();
    let verified = project.run("verify").ok();
    assert!(verified.stdout.contains("cannot be reverted: "), "{verified:#?}");
}

#[test]
fn the_order_of_attributes_is_a_difference() {
    let project = Project::new();
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    let table = "CREATE TABLE t (id int PRIMARY KEY, c c);";
    let up = format!("CREATE TYPE c AS (x int, y int); {table}");
    project.migration("1_old", &up, "DROP TABLE t; DROP TYPE c;");
    let wanted = format!("CREATE TYPE c AS (y int, x int); {table}");
    project.write("schema.sql", &wanted);
    let found = project.run("check").code(3);
    assert!(found.stdout.contains("position 2 instead of 1"), "{found:#?}");
    generate(&project, &[]).ok();
    project.run("check").ok();
}

/// An object of each kind that has an expression: how it is made, and the same with another meaning.
const EXPRESSIONS: &str = "CREATE SCHEMA \"Other\";
    CREATE EXTENSION btree_gist;
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE orders (id int PRIMARY KEY, status varchar(20) NOT NULL, code char(3), mood mood, amount int DEFAULT -(1),
        span interval DEFAULT '1 day', by_default boolean DEFAULT ('a'::varchar IN ('b', '{1}')),
        generated boolean GENERATED ALWAYS AS (status IN ('b', '{2}')) STORED,
        CONSTRAINT c_in CHECK (status IN ('b', '{3}')), CONSTRAINT c_not_in CHECK (status NOT IN ('b', '{4}')),
        CONSTRAINT c_between CHECK (status BETWEEN 'a' AND '{5}' AND id BETWEEN -1 AND 10000000000),
        CONSTRAINT c_any CHECK (status = ANY (ARRAY['b', '{6}'])), CONSTRAINT c_code CHECK (code IN ('b', '{7}')),
        CONSTRAINT c_mood CHECK (mood IN ('sad', 'ok')), CONSTRAINT c_negative CHECK (-(id::int) < (-1)::int));
    CREATE INDEX i_predicate ON orders (id) WHERE status IN ('b', '{8}');
    CREATE INDEX i_expression ON orders ((status IN ('b', '{9}')), lower(status));
    CREATE TABLE bookings (id int, status varchar(9), CONSTRAINT c_exclusion EXCLUDE USING gist (id WITH =) WHERE (status IN ('b', '{10}')));
    CREATE VIEW v_plain AS SELECT id, status IN ('b', '{11}') AS flag FROM orders WHERE status IN ('b', 'c');
    CREATE VIEW v_above AS SELECT v.id, o.status FROM v_plain v JOIN orders o USING (id) WHERE o.status NOT IN ('b', '{12}') AND v.flag;
    CREATE MATERIALIZED VIEW v_stored AS SELECT id FROM v_above WHERE status IN ('b', '{13}') WITH NO DATA;
    CREATE UNIQUE INDEX v_stored_key ON v_stored (id);
    CREATE RULE r AS ON UPDATE TO orders WHERE NEW.status IN ('b', '{14}') DO ALSO DELETE FROM bookings WHERE status IN ('b', 'c');
    ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
    CREATE POLICY p ON orders USING (status IN ('b', '{15}')) WITH CHECK (status NOT IN ('b', '{16}'));
    CREATE FUNCTION f_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER g BEFORE UPDATE ON orders FOR EACH ROW WHEN (OLD.status IN ('b', '{17}')) EXECUTE FUNCTION f_trigger();
    CREATE STATISTICS s ON (status IN ('b', '{18}')), id FROM orders;
    CREATE DOMAIN d AS varchar(9) DEFAULT ('{19}'::varchar(9))::text CONSTRAINT d_check CHECK (VALUE IN ('b', '{20}'));
    CREATE TABLE \"Other\".\"Of d\" (a d, \"B b\" varchar CONSTRAINT \"Q c\" CHECK (\"B b\" IN ('b', '{21}')));
    CREATE FUNCTION f_arguments(x varchar, y boolean DEFAULT ('a'::varchar IN ('b', '{22}'))) RETURNS boolean LANGUAGE sql AS 'SELECT y';
    CREATE TABLE parts (id int, status varchar(9), CONSTRAINT c_whole CHECK (status IN ('b', '{23}')),
        flag boolean GENERATED ALWAYS AS (status IN ('b', '{24}')) STORED) PARTITION BY LIST (status);
    CREATE TABLE part_b PARTITION OF parts (CONSTRAINT c_part CHECK (status IN ('b', '{25}'))) FOR VALUES IN ('b');
    CREATE INDEX i_parts ON parts ((status IN ('b', '{26}'))) WHERE status IN ('b', 'c');
    CREATE TABLE keyed (id int, status varchar(9)) PARTITION BY LIST ((status IN ('b', '{key}')));
    CREATE TABLE above (status varchar(9) CONSTRAINT c_above CHECK (status IN ('b', '{27}')));
    CREATE TABLE below (id int) INHERITS (above);";

/// The same from 14 and from 15 on.
const NEWER: [(u32, &str); 2] = [
    (
        14,
        "CREATE FUNCTION f_body(x varchar) RETURNS boolean LANGUAGE sql BEGIN ATOMIC SELECT x IN ('b', '{28}'); END;",
    ),
    (
        15,
        "CREATE PUBLICATION published FOR TABLE bookings WHERE (id IN (1, 2) AND status <> '{29}');",
    ),
];

/// Everything that has an expression. Where all are others, each is the opposite with the same constants, where it has an IN.
fn expressions(major: u32, other: Option<&str>) -> String {
    let newer = NEWER.iter().filter(|it| it.0 <= major).map(|it| it.1);
    let mut text: String = std::iter::once(EXPRESSIONS).chain(newer).collect();
    for place in (1..=29).map(|it| it.to_string()).chain(["key".into()]) {
        let is_other = other == Some("all") && place != "key" || other == Some(&place);
        let is_in = format!("IN ('b', '{{{place}}}')");
        if is_other && text.contains(&format!("NOT {is_in}")) {
            text = text.replace(&format!("NOT {is_in}"), "IN ('b', 'c')");
        } else if is_other {
            text = text.replace(&is_in, "NOT IN ('b', 'c')");
        }
        let value = if is_other { "d" } else { "c" };
        text = text.replace(&format!("{{{place}}}"), value);
    }
    text
}

/// A server with a `pg_dump` beside it, and a project that uses it.
fn with_pg_dump(
    project: Project,
) -> Option<(Project, &'static glowplug::internal::cluster::Binaries)> {
    let has_dump = |it: &&glowplug::internal::cluster::Binaries| it.dir().join("pg_dump").is_file();
    let Some(binaries) = INSTALLED.iter().find(has_dump) else {
        eprintln!("skipped: no server with a pg_dump");
        return None;
    };
    let dir = binaries.dir().display().to_string();
    Some((project.env("GLOWPLUG_POSTGRES_BIN", &dir), binaries))
}

/// What `pg_dump` prints of the structure of a database.
fn structure(binaries: &glowplug::internal::cluster::Binaries, database: &Database) -> String {
    let dump = std::process::Command::new(binaries.dir().join("pg_dump"))
        .args(["--schema-only", "--no-owner", "--dbname", &database.url()])
        .output()
        .unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    String::from_utf8(dump.stdout).unwrap()
}

/// PostgreSQL prints `varchar IN ('a')` in other words than it reads it, and reads what it prints as something else again.
#[test]
fn a_database_is_what_pg_dump_prints_of_it() {
    let Some((project, binaries)) = with_pg_dump(Project::new()) else {
        return;
    };
    let database = Database::on(server(binaries.major()));
    let project = project.env("DATABASE_URL", &database.url());
    project.migration("1_all", &expressions(binaries.major(), None), "");
    project.run("upgrade").ok();
    project.write("dump.sql", &structure(binaries, &database));
    project.run("check --source dump.sql").ok();
    project.run("check --source migrations/1_all/up.sql").ok();
    project.run("check --from database --source dump.sql").ok();
    project.run("drift").ok();
    project.run("diff migrations dump.sql").ok();
    project.run("diff dump.sql migrations").ok();
    let restored = Database::on(server(binaries.major()));
    let dump =
        structure(binaries, &database).replace("\\restrict", "-- ").replace("\\unrestrict", "-- ");
    restored.execute(&dump);
    project.run_with(&["diff", &database.url(), &restored.url()]).ok();
    project.run_with(&["diff", &restored.url(), "migrations"]).ok();
}

/// Each of them is looked at: what says something else is told, and nothing beside it.
#[test]
fn an_expression_that_says_something_else_differs() {
    let major = INSTALLED[0].major();
    let project = Project::new();
    project.migration("1_all", &expressions(major, None), "");
    project.write("other.sql", &expressions(major, Some("all")));
    let found = project.run("check --source other.sql").code(3).stdout;
    let mut names = vec![
        "by_default",
        "generated",
        "c_in",
        "c_not_in",
        "c_between",
        "c_any",
        "c_code",
        "i_predicate",
        "i_expression",
        "c_exclusion",
        "v_plain",
        "v_above",
        "v_stored",
        "\"r\"",
        "\"p\"",
        "\"g\"",
        "\"s\"",
        "\"d\"",
        "d_check",
        "Q c",
        "f_arguments",
        "c_whole",
        "flag",
        "c_part",
        "i_parts",
        "c_above",
    ];
    names.extend(
        [(14, "f_body"), (15, "published")].iter().filter(|it| it.0 <= major).map(|it| it.1),
    );
    for name in names {
        assert!(found.contains(name), "{name} is not told:\n{found}");
    }
    for name in ["c_mood", "c_negative", "span", "keyed"] {
        assert!(!found.contains(name), "{name} is told:\n{found}");
    }
    project.write("key.sql", &expressions(major, Some("key")));
    let found = project.run("check --source key.sql").code(3).stdout;
    assert!(found.contains("keyed") && found.contains("\n1 difference."), "{found}");
}

/// One that cannot be read here does not hide the others.
#[test]
fn an_expression_that_needs_what_is_not_there_hides_no_other() {
    let project = Project::new();
    let of = |more: &str, first: &str, rest: &str| {
        format!(
            "CREATE TABLE t (id int, status varchar(9), other varchar(9), {more} CONSTRAINT c CHECK ({first})); \
             CREATE VIEW v AS SELECT {rest} AS flag FROM t; CREATE VIEW w AS SELECT status AS s FROM t WHERE {first};"
        )
    };
    let printed =
        "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))";
    project.migration("1_t", &of("", "status IN ('a', 'b')", "status IN ('a', 'b')"), "");
    project.write("wanted.sql", &of("added varchar(9),", printed, "added IN ('a', 'b')"));
    let found = project.run("check --source wanted.sql").code(3).stdout;
    assert!(found.contains("\"v\"") && found.contains("added"), "{found}");
    assert!(!(found.contains("\"c\"") || found.contains("\"w\"")), "{found}");
}

/// A plan makes objects of what was printed, and they are printed in other words: there, back, and there again.
#[test]
fn a_plan_from_what_was_printed_comes_full_circle() {
    let Some((project, binaries)) = with_pg_dump(Project::new()) else {
        return;
    };
    let major = binaries.major();
    let (database, wanted) = (Database::on(server(major)), Database::on(server(major)));
    wanted.execute(&expressions(major, None));
    let project = project.env("DATABASE_URL", &database.url());
    project.migration(
        "1_before",
        "CREATE EXTENSION btree_gist;
        CREATE TABLE orders (id int PRIMARY KEY, status varchar(20) NOT NULL, CONSTRAINT c_gone CHECK (status IN ('a', 'b')), CONSTRAINT c_in CHECK (status IN ('x', 'y')));
        CREATE INDEX i_gone ON orders (id) WHERE status IN ('a', 'b');
        ALTER TABLE orders ADD COLUMN gone boolean GENERATED ALWAYS AS (status IN ('a', 'b')) STORED;
        CREATE VIEW v_gone AS SELECT 1 AS one FROM orders WHERE status IN ('a', 'b');",
        "DROP VIEW v_gone; DROP TABLE orders; DROP EXTENSION btree_gist;",
    );
    project.write("schema.sql", &structure(binaries, &wanted));
    project.run("upgrade").ok();
    let source = ["--source", "schema.sql"];
    generate(&project, &source).ok();
    project.run("upgrade").ok();
    project.run("check --source schema.sql").ok();
    project.run("check --from database --source schema.sql").ok();
    project.run("drift").ok();
    project.run("verify --no-cache").ok();
    project.run("downgrade 1").ok();
    project.run("drift").ok();
    project.run("upgrade").ok();
    project.run("drift").ok();
}

/// What heals is made of what was printed, too.
#[test]
fn drift_is_healed_in_one_go() {
    let database = Database::new();
    let project = Project::at(&database);
    let major = INSTALLED[0].major();
    project.migration("1_all", &expressions(major, None), "");
    project.run("upgrade").ok();
    database.execute(
        "ALTER TABLE orders DROP CONSTRAINT c_in; ALTER TABLE orders ALTER by_default SET DEFAULT true; DROP INDEX i_predicate;
        DROP POLICY p ON orders; DROP TRIGGER g ON orders; DROP VIEW v_plain CASCADE; ALTER DOMAIN d DROP CONSTRAINT d_check;",
    );
    let found = project.run("drift --format json").code(3).stdout;
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    for statement in found["report"]["heal"].as_array().unwrap() {
        database.execute(statement.as_str().unwrap());
    }
    project.run("drift").ok();
}

/// `'now'::timestamp` is read as the moment of reading.
#[test]
fn a_constant_that_was_now_is_no_difference() {
    let database = Database::new();
    let project = Project::at(&database);
    let table = "CREATE TABLE t (id int PRIMARY KEY, at timestamp NOT NULL DEFAULT 'now', zoned timestamptz DEFAULT 'now'::timestamptz,
        day date DEFAULT 'today'::date, fixed timestamp DEFAULT '2020-01-01', CHECK (at > 'yesterday'::timestamp AND id IN (1, 2)));";
    let view = "CREATE VIEW v AS SELECT id FROM t WHERE at > 'now'::timestamp;";
    project.migration("1_t", &format!("{table}{view}"), "DROP VIEW v; DROP TABLE t;");
    project.migration("11_v", "DROP VIEW v;", view);
    project.migration("12_v", view, "DROP VIEW v;");
    project.run("upgrade").ok();
    project.run("verify --no-cache").ok();
    project.run("drift").ok();
    project.write("schema.sql", &format!("{table}{view}"));
    project.run("check --source schema.sql").ok();
    project.run("check --from database --source schema.sql").ok();
    project.write(
        "schema.sql",
        &format!("{table}{view} ALTER TABLE t ADD COLUMN more timestamp DEFAULT 'now';"),
    );
    generate(&project, &["--source", "schema.sql"]).ok();
    project.run("upgrade").ok();
    project.run("check --source schema.sql").ok();

    database.execute("ALTER TABLE t ALTER fixed SET DEFAULT '2021-01-01'; ALTER TABLE t ALTER day SET DEFAULT '2999-01-01'");
    let found = project.run("drift").code(3).stdout;
    assert!(
        found.contains("\"fixed\"") && found.contains("\"day\"") && found.contains("2 differences"),
        "{found}"
    );
}
