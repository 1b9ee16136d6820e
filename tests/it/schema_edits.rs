//! A schema.rs that a person has edited: what runs leave of it, and what a patch may hide.

use std::fs;

use crate::support::{Database, Project};

const PRINTS: &str = "[print_schema]\nfile = \"src/schema.rs\"\n";
const PATCHED: &str =
    "[print_schema]\nfile = \"src/schema.rs\"\npatch_file = \"src/schema.patch\"\n";

fn schema_rs(project: &Project) -> String {
    fs::read_to_string(project.path().join("src/schema.rs")).unwrap()
}

/// A project with one table, applied.
fn applied(database: &Database) -> Project {
    let project = Project::at(database);
    project.write("diesel.toml", PRINTS);
    project.migration(
        "1_a",
        "CREATE TABLE a (id int PRIMARY KEY, kind text NOT NULL);",
        "DROP TABLE a;",
    );
    project.run("upgrade").ok();
    project
}

const KIND: &str = "        kind -> Text,\n";
const NOTE: &str = "        note -> Nullable<Text>,\n";

fn add_note(project: &Project) -> String {
    let edited = schema_rs(project).replace(KIND, &format!("{KIND}{NOTE}"));
    project.write("src/schema.rs", &edited);
    edited
}

#[test]
fn runs_leave_an_edited_schema_rs_as_it_is_and_say_so() {
    let database = Database::new();
    let project = applied(&database);
    let edited = add_note(&project);
    project.migration("2_b", "CREATE TABLE b (id int PRIMARY KEY);", "DROP TABLE b;");
    for run in [
        "upgrade",
        "upgrade",
        "redo",
        "downgrade -1",
        "migration run",
        "migration redo",
        "migration revert",
    ] {
        let ran = project.run(run).ok();
        assert_eq!(schema_rs(&project), edited, "{run}");
        ran.says(&[
            "src/schema.rs was edited and is left as it is",
            "`glowplug revision --autogenerate`",
            "`glowplug schema --discard-edits`",
        ]);
    }
    project.run("schema --discard-edits").ok();
    assert!(!schema_rs(&project).contains("note"));
    project.run("schema --check").ok();
    // what a run has made would be dropped by who edits on without it
    add_note(&project);
    let ran = project.run("upgrade").ok();
    ran.says(&["what is new is not in src/schema.rs: table b;"]);
    let ran = project.run("upgrade").ok();
    assert!(!ran.stderr.contains("what is new"), "{ran:#?}");
    project.write("src/schema.rs", " \n");
    project.run("upgrade").ok();
    assert!(schema_rs(&project).contains("b (id)"));
}

#[test]
fn bits_without_a_length_are_one() {
    let project = Project::new();
    project.write("diesel.toml", PRINTS);
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("schema --from migrations").ok();
    let id = "        id -> Int4,\n";
    let edited = schema_rs(&project).replace(id, &format!("{id}        flag -> Nullable<Bit>,\n"));
    project.write("src/schema.rs", &edited);
    project.run("revision --autogenerate -m flag").ok();
    project.run("check").ok();
}

#[test]
fn printing_leaves_an_edited_schema_rs_as_it_is_unless_its_edits_are_discarded() {
    let database = Database::new();
    let project = applied(&database);
    let before = schema_rs(&project);
    for edited in [
        before.replace(KIND, &format!("{KIND}{NOTE}")),
        before.replace("kind -> Text", "kind -> Varchar"),
        before.replace(KIND, &format!("        // what it is\n{KIND}")),
        format!("use crate::types::*;\n{before}"),
        format!("{before}diesel::table! {{ b (id) {{ id -> Int4, }} }}\n"),
        "not Rust at all {".to_owned(),
    ] {
        project.write("src/schema.rs", &edited);
        for command in ["schema", "schema --from migrations"] {
            let refused = project.run(command).code(1);
            assert_eq!(schema_rs(&project), edited);
            assert!(refused.stdout.contains("\n-"), "the edit is shown: {refused:#?}");
            refused.says(&["src/schema.rs", "revision --autogenerate", "schema --discard-edits"]);
        }
        project.run("schema --discard-edits").ok();
        assert_eq!(schema_rs(&project), before);
    }
}

#[test]
fn a_schema_rs_that_is_only_old_is_printed_anew() {
    let database = Database::new();
    let project = applied(&database);
    // as it was printed last: whatever the database lost since
    database.execute("ALTER TABLE a DROP kind");
    project.run("schema").ok();
    assert!(!schema_rs(&project).contains(KIND));
    // of another checkout: the database has more
    let printed = schema_rs(&project).replacen("diesel::table!", "\n\ndiesel::table!", 1);
    database.execute("CREATE TABLE b (id int PRIMARY KEY)");
    project.write("src/schema.rs", &printed);
    project.run("schema").ok();
    assert!(schema_rs(&project).contains("b (id)"));
    project.write("src/schema.rs", "");
    project.run("schema").ok();
}

#[test]
fn edits_that_a_run_puts_into_the_database_are_printed() {
    let database = Database::new();
    let project = applied(&database);
    // before the last column, where PostgreSQL will not put it
    let edited = schema_rs(&project).replace(KIND, &format!("{NOTE}{KIND}"));
    project.write("src/schema.rs", &edited);
    project.run_with(&["revision", "--autogenerate", "-m", "note"]).ok();
    let ran = project.run("upgrade").ok();
    assert!(ran.stdout.ends_with("Wrote src/schema.rs.\n"), "{ran:#?}");
    assert!(schema_rs(&project).contains(&format!("{KIND}{NOTE}")));
    project.run("check").ok();
}

#[test]
fn a_file_that_is_ahead_of_the_database_is_fresh_after_the_run_and_an_old_one_is_written() {
    let database = Database::new();
    let project = applied(&database);
    let before = schema_rs(&project);
    project.migration("2_b", "CREATE TABLE b (id int PRIMARY KEY);", "DROP TABLE b;");
    project.run("upgrade").ok();
    let after = schema_rs(&project);
    project.run("downgrade -1").ok();
    assert_eq!(schema_rs(&project), before);
    // as a pull brings it, together with its migration
    project.write("src/schema.rs", &after);
    let ran = project.run("upgrade").ok();
    assert!(!ran.stderr.contains("left as it is"), "{ran:#?}");
    assert_eq!(schema_rs(&project), after);
    // laid out by hand, and otherwise what is printed
    project.write("src/schema.rs", &after.replace("        ", "  "));
    project.run("upgrade").ok();
    assert_eq!(schema_rs(&project), after);
    // a comment is an edit
    let commented = after.replace(KIND, &format!("        // what it is\n{KIND}"));
    project.write("src/schema.rs", &commented);
    project.run("redo").ok();
    assert_eq!(schema_rs(&project), commented);
}

#[test]
fn a_schema_rs_that_cannot_be_written_is_noted_and_the_run_is_done() {
    for make_room in [
        |project: &Project| {
            project.write("gen/schema.rs/file", "");
        },
        |project: &Project| {
            project.write("gen", "");
        },
    ] {
        let database = Database::new();
        let project = Project::at(&database);
        project.write("diesel.toml", "[print_schema]\nfile = \"gen/schema.rs\"\n");
        make_room(&project);
        project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
        let ran = project.run("upgrade").ok();
        ran.says(&["gen/schema.rs was not written", "`glowplug schema` writes it"]);
        assert_eq!(database.query("SELECT to_regclass('a')"), "a");
    }
}

/// A project whose patch changes the type of a column.
fn patched() -> Project {
    let project = Project::new();
    project.write("diesel.toml", PATCHED);
    project.write("src/schema.patch", "");
    project.migration(
        "1_a",
        "CREATE TABLE files (id int PRIMARY KEY, path text NOT NULL, size bigint NOT NULL); CREATE TABLE users (id int PRIMARY KEY);",
        "DROP TABLE files, users;",
    );
    project.run("schema --from migrations").ok();
    let path = "        path -> Text,\n";
    let edited = schema_rs(&project).replace(path, "        path -> Citext,\n");
    project.write("src/schema.rs", &edited);
    project.run("schema --update-patch --from migrations").ok();
    project.run("schema --check --from migrations").ok();
    project
}

#[test]
fn a_patch_takes_nothing_that_no_migration_makes() {
    let project = patched();
    let (before, patch) =
        (schema_rs(&project), fs::read_to_string(project.path().join("src/schema.patch")).unwrap());
    let posts = "diesel::table! {\n    posts (id) {\n        id -> Int4,\n        user_id -> Int4,\n    }\n}\n";
    let path = "        path -> Citext,\n";
    for (edited, what) in [
        (format!("{before}\n{posts}"), "table posts"),
        (
            before.replace(path, &format!("{path}        owner -> Nullable<Int4>,\n")),
            "column files.owner",
        ),
        (
            format!("{before}\ndiesel::joinable!(files -> users (size));\n"),
            "joinable!(files -> users (size))",
        ),
    ] {
        project.write("src/schema.rs", &edited);
        let ran = project.run("schema --update-patch --from migrations").code(1);
        ran.says(&["src/schema.rs adds what the database does not have", what]);
        assert_eq!(fs::read_to_string(project.path().join("src/schema.patch")).unwrap(), patch);
    }
}

#[test]
fn an_edit_beside_a_patch_is_planned_also_where_the_patch_fits_no_longer() {
    let project = patched();
    let path = "        path -> Citext,\n";
    let edited =
        schema_rs(&project).replace(path, &format!("{path}        owner -> Nullable<Int4>,\n"));
    project.write("src/schema.rs", &edited);
    project.run_with(&["revision", "--autogenerate", "-m", "owner"]).ok();
    project.run("check").ok();
    project.migration(
        "9_path",
        "ALTER TABLE files RENAME path TO place;",
        "ALTER TABLE files RENAME place TO path;",
    );
    let checked = project.run("check").code(3);
    assert!(checked.stdout.contains("\"place\""), "{checked:#?}");
}

#[test]
fn what_a_patch_adds_is_not_printed_twice() {
    let project = Project::new();
    project.write("diesel.toml", PRINTS);
    project.migration(
        "1_a",
        "CREATE TABLE person (id int PRIMARY KEY);
         CREATE TABLE site (id int PRIMARY KEY, person_id int NOT NULL REFERENCES person (id));",
        "DROP TABLE site, person;",
    );
    project.run("schema --from migrations").ok();
    let printed = schema_rs(&project);
    for lines in [
        "diesel::joinable!(site -> person (person_id));",
        "diesel::allow_tables_to_appear_in_same_query!(person, site,);",
        "diesel::table! {\n    site (id) {\n        id -> Int4,\n        person_id -> BigInt,\n    }\n}",
    ] {
        let last = printed.lines().count();
        let added: String = lines.lines().map(|it| format!("+{it}\n")).collect();
        let tail: Vec<&str> = printed.lines().skip(last - 1).collect();
        let patch = format!(
            "--- a\n+++ b\n@@ -{last},1 +{last},{} @@\n {}\n{added}",
            lines.lines().count() + 1,
            tail[0],
        );
        project.write("src/schema.patch", &patch);
        project.write("diesel.toml", PATCHED);
        project.run("schema --from migrations").ok();
        let text = schema_rs(&project);
        let count = |of: &str| text.matches(of).count();
        assert_eq!(count("joinable!("), 1, "{text}");
        assert_eq!(count("allow_tables_to_appear_in_same_query!("), 1, "{text}");
        assert_eq!(count("table! {"), 2, "{text}");
        assert_eq!(count("BigInt"), lines.matches("BigInt").count(), "{text}");
    }
}

#[test]
fn a_file_of_diesel_1_is_clean() {
    let project = Project::new();
    project.write("diesel.toml", PRINTS);
    project.migration(
        "1_a",
        "CREATE TABLE users (id serial PRIMARY KEY, name varchar(255) NOT NULL, tags varchar(9)[] NOT NULL);
         CREATE TABLE posts (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users (id), code char(3));",
        "DROP TABLE posts, users;",
    );
    let old = "table! {
    posts (id) {
        id -> Int4,
        user_id -> Int4,
        code -> Nullable<Bpchar>,
    }
}

table! {
    users (id) {
        id -> Int4,
        name -> Varchar,
        tags -> Array<Varchar>,
    }
}

joinable!(posts -> users (user_id));

allow_tables_to_appear_in_same_query!(
    posts,
    users,
);
";
    project.write("src/schema.rs", old);
    project.run("check").ok();
    project.write("src/schema.rs", &old.replace("name -> Varchar,", "name -> Text,"));
    project.run("check").code(3);
}
