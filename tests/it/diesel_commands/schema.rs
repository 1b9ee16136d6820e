//! The cases of schema files: written, and locked.

use super::{B, C, Case, PRINTS, two};

/// After both migrations.
const SCHEMA: &str = "\
// @generated automatically by Diesel CLI.

diesel::table! {
    a (id) {
        id -> Int4,
    }
}

diesel::table! {
    b (id) {
        id -> Int4,
    }
}

diesel::allow_tables_to_appear_in_same_query!(a, b,);
";
/// After the first.
const SCHEMA_OF_A: &str = "\
// @generated automatically by Diesel CLI.

diesel::table! {
    a (id) {
        id -> Int4,
    }
}
";
const PATCH: &str = "\
--- schema.rs
+++ schema.rs
@@ -1,5 +1,6 @@
 // @generated automatically by Diesel CLI.
 \n diesel::table! {
+    /// patched
     a (id) {
         id -> Int4,
";

pub(super) fn files() -> Vec<Case> {
    let keyless = "a table without a primary key is left out, with a note";
    vec![
        two("migration run writes the schema").diesel_toml(PRINTS).run("migration run"),
        two("migration run writes the schema though nothing is pending")
            .run("migration run")
            .then_write("diesel.toml", PRINTS)
            .run("migration run"),
        two("migration run makes the directory of the schema")
            .diesel_toml("[print_schema]\nfile = \"deeply/within/schema.rs\"\n")
            .run("migration run"),
        two("migration run writes the schema beside its settings")
            .file("conf/diesel.toml", PRINTS)
            .run("migration run --config-file conf/diesel.toml"),
        two("migration run below the project writes its schema")
            .diesel_toml(PRINTS)
            .within("src/bin")
            .run("migration run"),
        two("migration run overwrites the schema")
            .diesel_toml(PRINTS)
            .file("src/schema.rs", "// mine\n")
            .run("migration run"),
        two("a failing migration leaves the schema as it was")
            .diesel_toml(PRINTS)
            .file("src/schema.rs", "// mine\n")
            .migration(C, "SELECT 1/0;", "")
            .run("migration run"),
        two("list and pending write no schema")
            .diesel_toml(PRINTS)
            .run("migration list")
            .run("migration pending")
            .run("migration generate x --version 9"),
        two("several schema files")
            .diesel_toml(
                "[print_schema.one]\nfile = \"src/one.rs\"\nfilter = { only_tables = [\"^a$\"] }\n\
                 [print_schema.two]\nfile = \"src/two.rs\"\n\
                 filter = { except_tables = [\"^a$\"] }\n",
            )
            .run("migration run"),
        two("several schema files beside the default one")
            .diesel_toml(
                "[print_schema]\nfile = \"src/schema.rs\"\nwith_docs = true\n\
                 [print_schema.one]\nfile = \"src/one.rs\"\ncolumn_sorting = \"name\"\n",
            )
            .run("migration run"),
        two("a schema file with a patch")
            .diesel_toml("[print_schema]\nfile = \"src/schema.rs\"\npatch_file = \"fix.patch\"\n")
            .file("fix.patch", PATCH)
            .run("migration run"),
        two("a patch that does not fit")
            .diesel_toml("[print_schema]\nfile = \"src/schema.rs\"\npatch_file = \"fix.patch\"\n")
            .file("fix.patch", &PATCH.replace("id -> Int4", "id -> Text"))
            .run("migration run"),
        two("a patch that is none")
            .diesel_toml("[print_schema]\nfile = \"src/schema.rs\"\npatch_file = \"fix.patch\"\n")
            .file("fix.patch", "@@ x @@\n")
            .run("migration run"),
        two("a patch that is not there")
            .diesel_toml("[print_schema]\nfile = \"src/schema.rs\"\npatch_file = \"fix.patch\"\n")
            .run("migration run"),
        two("a schema file that is a directory")
            .diesel_toml("[print_schema]\nfile = \"src\"\n")
            .file("src/x", "")
            .run("migration run"),
        two("a table without a primary key")
            .diesel_toml(PRINTS)
            .migration(C, "CREATE TABLE c (id int);", "")
            .run("migration run")
            .differs(keyless)
            .exit(0)
            .file_becomes("src/schema.rs", Some(SCHEMA)),
        two("the journal is no part of the schema")
            .diesel_toml(PRINTS)
            .run("migration run")
            .run("migration redo --all"),
        two("a schema with rustfmt's settings")
            .diesel_toml(PRINTS)
            .file("rustfmt.toml", "hard_tabs = true\n")
            .run("migration run"),
    ]
}

pub(super) fn locked() -> Vec<Case> {
    let before = "--locked-schema fails before anything is applied";
    let with = |name, schema: &str| two(name).diesel_toml(PRINTS).file("src/schema.rs", schema);
    let stale = |case: Case, parts| case.refused(before).stdout_has(parts);
    let added: &[&str] = &["+    b (id) {"];
    let removed: &[&str] = &["-    b (id) {"];
    vec![
        with("run --locked-schema, fresh", SCHEMA).run("migration run --locked-schema"),
        with("run --locked-schema before the command", SCHEMA).run("--locked-schema migration run"),
        with("run --locked-schema with other ends of lines", &SCHEMA.replace('\n', "\r\n"))
            .run("migration run --locked-schema"),
        with("run --locked-schema with nothing pending", SCHEMA)
            .run("migration run")
            .run("migration run --locked-schema"),
        two("run --locked-schema without a schema file").run("migration run --locked-schema"),
        stale(
            with("run --locked-schema, stale", SCHEMA_OF_A).run("migration run --locked-schema"),
            added,
        ),
        with("run --locked-schema, stale with nothing pending", SCHEMA_OF_A)
            .run("migration run")
            .then_write("src/schema.rs", SCHEMA_OF_A)
            .run("migration run --locked-schema")
            .differs("the difference is a unified diff")
            .stdout_has(&["--- src/schema.rs", "+    b (id) {"]),
        with("run --locked-schema, where something was made by hand", SCHEMA)
            .run("migration run")
            .then_write("src/schema.rs", SCHEMA)
            .then_sql("CREATE TABLE by_hand (id int PRIMARY KEY)")
            .run("migration run --locked-schema")
            .differs("the difference is a unified diff")
            .stdout_has(&["--- src/schema.rs", "+    by_hand (id) {"]),
        two("run --locked-schema, missing")
            .diesel_toml(PRINTS)
            .run("migration run --locked-schema")
            .refused(before),
        with("run --locked-schema with a failing migration", SCHEMA)
            .file(&format!("migrations/{B}/up.sql"), "SELECT 1/0;")
            .run("migration run --locked-schema")
            .refused(before),
        with("revert --locked-schema, fresh", SCHEMA_OF_A)
            .run("migration run")
            .then_write("src/schema.rs", SCHEMA_OF_A)
            .run("migration revert --locked-schema"),
        stale(
            with("revert --locked-schema, stale", SCHEMA)
                .run("migration run")
                .run("migration revert --locked-schema"),
            removed,
        ),
        with("redo --locked-schema, fresh", SCHEMA)
            .run("migration run")
            .run("migration redo --locked-schema"),
        stale(
            with("redo --locked-schema, stale", SCHEMA)
                .run("migration run")
                .then_write("src/schema.rs", SCHEMA_OF_A)
                .run("migration redo --locked-schema"),
            added,
        ),
        with("database setup --locked-schema, fresh", SCHEMA)
            .run("database setup --no-default-migration --locked-schema"),
        stale(
            with("database setup --locked-schema, stale", SCHEMA_OF_A)
                .run("database setup --no-default-migration --locked-schema"),
            added,
        ),
        stale(
            with("database setup --locked-schema, stale, of a missing database", SCHEMA_OF_A).run(
                "database setup --no-default-migration --locked-schema --database-url {url}_new",
            ),
            added,
        ),
        with("database reset --locked-schema, fresh", SCHEMA)
            .run("migration run")
            .run("database reset --no-default-migration --locked-schema"),
        stale(
            with("database reset --locked-schema, stale", SCHEMA)
                .run("migration run")
                .then_sql("CREATE TABLE by_hand (id int PRIMARY KEY)")
                .then_write("src/schema.rs", SCHEMA_OF_A)
                .run("database reset --no-default-migration --locked-schema"),
            added,
        ),
        with("setup --locked-schema looks at no schema", SCHEMA_OF_A)
            .run("setup --no-default-migration --locked-schema"),
        with("print-schema --locked-schema prints", SCHEMA_OF_A)
            .run("migration list")
            .run("print-schema --locked-schema"),
    ]
}
