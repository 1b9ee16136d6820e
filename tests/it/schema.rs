//! `glowplug schema` and `print-schema`: what is written, compared, patched and said.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    random_schema::Case,
    sample,
    support::{Database, GLOWPLUG, Project, number, psql_at},
};

const USERS: &str = "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);";
const PRINTS: &str = "[print_schema]\nfile = \"src/schema.rs\"\n";

const HEADER: &str = "// @generated automatically by Diesel CLI.\n\n";
const TABLE: &str = "diesel::table! {
    users (id) {
        id -> Int4,
        name -> Text,
    }
}
";

fn project(database: &Database) -> Project {
    let project = Project::at(database);
    project.write("diesel.toml", PRINTS);
    project.migration("2026-01-01-000000_users", USERS, "DROP TABLE users;");
    project
}

fn schema_of(project: &Project) -> String {
    fs::read_to_string(project.path().join("src/schema.rs")).unwrap_or_default()
}

#[test]
fn this_repository_is_printed_by_glowplug() {
    let mut command = Command::new(GLOWPLUG);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["schema", "--check", "--from", "migrations"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "fresh    schema.rs\n");
}

#[test]
fn an_upgrade_a_downgrade_and_a_redo_write_the_file() {
    let database = Database::new();
    let project = project(&database);
    let said = project.run("upgrade").ok().stdout;
    assert!(said.ends_with("Wrote src/schema.rs.\n"), "{said}");
    assert_eq!(schema_of(&project), format!("{HEADER}{TABLE}"));
    // nothing changes: nothing is written, and nothing said
    let said = project.run("redo").ok().stdout;
    assert!(!said.contains("Wrote"), "{said}");
    project.run("downgrade base").ok();
    assert_eq!(schema_of(&project), HEADER.trim_end().to_owned() + "\n");
}

#[test]
fn a_dry_run_writes_no_file() {
    let database = Database::new();
    let project = project(&database);
    project.run("upgrade --dry-run").ok();
    assert!(!project.path().join("src").exists());
}

#[test]
fn a_check_compares_and_exits_with_3() {
    let database = Database::new();
    let project = project(&database);
    let ran = project.run("schema --check").code(3);
    assert_eq!(ran.stdout, "missing  src/schema.rs\n");
    project.run("upgrade").ok();
    assert_eq!(project.run("schema --check").ok().stdout, "fresh    src/schema.rs\n");
    let windows = schema_of(&project).replace('\n', "\r\n");
    project.write("src/schema.rs", &windows);
    let ran = project.run("schema --check").ok();
    assert_eq!(ran.stdout, "fresh    src/schema.rs (except for line endings)\n");
    database.execute("ALTER TABLE users ADD mail text");
    let ran = project.run("schema --check").code(3);
    assert!(
        ran.stdout.starts_with("stale    src/schema.rs\n--- src/schema.rs\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("\n+        mail -> Nullable<Text>,\n"), "{}", ran.stdout);
    assert_eq!(schema_of(&project), windows);
    let ran = project.run("schema --check --format json").code(3);
    assert!(ran.stdout.contains("\"state\": \"stale\""), "{}", ran.stdout);
}

#[test]
fn the_migrations_alone_tell_what_the_database_will_be() {
    // the server that DATABASE_URL names does not exist
    let project = Project::new().env("DATABASE_URL", "postgres://nobody@localhost:1/nothing");
    project.write("diesel.toml", PRINTS);
    project.migration("2026-01-01-000000_users", USERS, "DROP TABLE users;");
    let ran = project.run("schema --from migrations --stdout").ok();
    assert_eq!(ran.stdout, format!("{HEADER}{TABLE}"));
    project.run("schema --from migrations").ok();
    project.run("schema --check --from migrations").ok();
    project.migration("2026-01-02-000000_broken", "SELECT 1/0;", "");
    let ran = project.run("schema --check --from migrations").code(1);
    ran.says(&[
        "replayed in an empty database, 2026-01-02-000000_broken failed in up.sql: division by zero",
        "migrations/2026-01-02-000000_broken/up.sql:1:1",
    ]);
}

#[test]
fn a_locked_schema_stops_an_upgrade_before_it_begins() {
    let database = Database::new();
    let project = project(&database);
    project.write("src/schema.rs", HEADER);
    let ran = project.run("upgrade --locked-schema").code(1);
    assert!(ran.stdout.contains("+    users (id) {"), "{}", ran.stdout);
    ran.says(&["schema.rs would change: src/schema.rs", "Nothing was run."]);
    assert_eq!(database.query("SELECT to_regclass('users') IS NULL"), "t");
    assert_eq!(database.query("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
    project.write("src/schema.rs", &format!("{HEADER}{TABLE}"));
    project.run("upgrade --locked-schema").ok();
    let ran = project.run("downgrade base --locked-schema").code(1);
    assert!(ran.stdout.contains("-    users (id) {"), "{}", ran.stdout);
    assert_eq!(database.query("SELECT count(*) FROM users"), "0");
}

#[test]
fn a_patch_that_does_not_fit_is_shown_with_both_sides_and_made_anew() {
    let database = Database::new();
    let project = project(&database);
    project.write("diesel.toml", &format!("{PRINTS}patch_file = \"src/schema.patch\"\n"));
    project.write("src/schema.patch", "");
    project.run("upgrade").ok();
    let edited = schema_of(&project).replace("name -> Text", "name -> Citext");
    project.write("src/schema.rs", &edited);
    let ran = project.run("schema --update-patch").ok();
    assert_eq!(ran.stdout, "wrote    src/schema.patch\n");
    project.run("schema").ok();
    assert_eq!(schema_of(&project), edited);
    database.execute("ALTER TABLE users RENAME name TO full_name");
    let ran = project.run("schema").code(1);
    ran.says(&[
        "hunk 1 of src/schema.patch (@@ -3,6 +3,6 @@) does not match what is printed now",
        "It expects, from line 3:",
        "name -> Text,",
        "What is printed there now:",
        "full_name -> Text,",
        "glowplug schema --update-patch",
    ]);
    assert_eq!(schema_of(&project), edited);
    let edited = edited.replace("name -> Citext", "full_name -> Citext");
    project.write("src/schema.rs", &edited);
    project.run("schema --update-patch").ok();
    project.run("schema --check").ok();
}

#[test]
fn what_diesel_gets_wrong_is_right_and_noted() {
    let database = Database::new();
    let project = Project::at(&database);
    database.execute(
        "CREATE SCHEMA s3;
         CREATE TYPE mood AS ENUM ('a');
         CREATE TYPE s3.mood AS ENUM ('b');
         CREATE TYPE blob AS (x int);
         CREATE TABLE no_key (x int);
         CREATE TABLE users (id int PRIMARY KEY, m mood, n s3.mood, b blob, flags bit(3));
         CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users, editor int REFERENCES users);
         CREATE TABLE tags (id int PRIMARY KEY, x int CONSTRAINT users_pkey REFERENCES posts);
         CREATE TABLE odd (id int PRIMARY KEY, \"a-b\" int, \"a--b\" int, q int, \"Text\" text);",
    );
    let ran = project.run("print-schema").ok();
    assert_eq!(
        ran.stderr,
        "note: table no_key has no primary key and is left out: Diesel needs one
note: type pg_catalog.bit is called PgCatalogBit: Bit is another type
note: type public.blob is called PublicBlob: Blob is another type
note: type s3.mood is called S3Mood: Mood is another type
note: column a--b of table odd is called a_b_2: another column has the name
note: column q of table odd is called q_: `table!` cannot take the name
note: column Text of table odd is called Text_: `table!` cannot take the name
note: 2 foreign keys connect posts and users: no joinable!, join them with an explicit .on(…)
"
    );
    assert!(ran.stdout.contains("    tags (id) {\n"), "{}", ran.stdout);
    compiles(&ran.stdout, "what Diesel gets wrong");
    // Diesel's bytes, where they are asked for
    let ran = project.run("print-schema --compat diesel").code(1);
    ran.says(&["Table `no_key` has no primary key"]);
    database.execute("ALTER TABLE no_key ADD PRIMARY KEY (x)");
    let ran = project.run("print-schema --compat diesel").ok();
    assert!(ran.stdout.contains("    tags (id, x) {\n"), "{}", ran.stdout);
    project.write("glowplug.toml", "[schema]\ncompat = \"diesel\"\n");
    assert_eq!(project.run("print-schema").ok().stdout, ran.stdout);
}

#[test]
fn views_are_printed_where_they_are_asked_for() {
    let database = Database::new();
    let project = Project::at(&database);
    database.execute(USERS);
    database.execute("CREATE VIEW names AS SELECT name, id FROM users; CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM users;");
    assert_eq!(project.run("print-schema").ok().stdout, format!("{HEADER}{TABLE}"));
    project.write("glowplug.toml", "[schema]\nviews = true\nview_keys = { names = [\"name\"] }\n");
    let ran = project.run("print-schema").ok();
    for part in ["    counts (n) {\n", "    names (name) {\n"] {
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
    compiles(&ran.stdout, "views");
}

#[test]
fn the_projects_rustfmt_is_honoured() {
    let database = Database::new();
    let project = Project::at(&database);
    database.execute("CREATE TYPE m AS ENUM ('a'); CREATE TABLE t (id m PRIMARY KEY)");
    project.write("rustfmt.toml", "hard_tabs = true\n");
    let ran = project.run("print-schema").ok();
    assert!(ran.stdout.contains("\n\tpub struct M;\n"), "{}", ran.stdout);
    project.write("rustfmt.toml", "hard_tabs = maybe\n");
    project.run("print-schema").code(1).says(&["rustfmt.toml cannot be used"]);
}

#[test]
fn settings_that_are_wrong_are_named() {
    let database = Database::new();
    let project = Project::at(&database);
    let check = |toml: &str, says: &str| {
        project.write("diesel.toml", toml);
        project.run("print-schema").code(1).says(&["diesel.toml cannot be used", says]);
    };
    check("[print_schema]\nfil = \"x\"\n", "[print_schema] has no key `fil`");
    check("[print_schema]\nwith_docs = \"maybe\"\n", "`with_docs` is true, false, or one of");
    check("[print_schema]\nfilter = { only_tables = [\"(\"] }\n", "regex parse error");
    check(
        "[print_schema]\nfilter = { only_tables = [], except_tables = [] }\n",
        "`only_tables` or `except_tables`, not both",
    );
    check("[print_schema.other]\nfil = \"x\"\n", "unknown field `fil`");
    project.write("diesel.toml", "[print_schema.other]\nschema = \"x\"\n");
    project
        .run("print-schema --schema-key nobody")
        .code(1)
        .says(&["diesel.toml has no [print_schema.nobody]", "It has: default, other."]);
}

#[test]
fn whatever_the_names_are_the_file_compiles() {
    let database = Database::new();
    let project = Project::at(&database);
    // what rustc has to do grows with the square of the number of tables
    let columns: Vec<&str> = ODD_COLUMNS.split_whitespace().collect();
    let tables = columns.chunks(10).enumerate().map(|(number, names)| {
        let columns: Vec<String> =
            names.iter().map(|name| format!("\"{name}\" varchar(3)")).collect();
        format!("CREATE TABLE odd{number} (id int PRIMARY KEY, {}, day date);", columns.join(", "))
    });
    database.execute(&tables.collect::<String>());
    let named = ODD_TABLES.split_whitespace();
    let tables = named.map(|name| {
        format!("CREATE TABLE \"{name}\" (id int PRIMARY KEY, \"{name}\" int REFERENCES odd0);")
    });
    database.execute(&tables.collect::<String>());
    let types = ODD_TYPES.split_whitespace().enumerate().map(|(number, name)| {
        format!(
            "CREATE TYPE kinds.\"{name}\" AS ENUM ('a'); CREATE TABLE typed{number} (id int PRIMARY KEY, x kinds.\"{name}\", y date, z text[], \"X\" bool);"
        )
    });
    database.execute("CREATE SCHEMA kinds");
    database.execute(&types.collect::<String>());
    database.execute(
        "CREATE TABLE quoted (id int PRIMARY KEY, \"a\\b\" int, \"c\"\"d\\\" int, \"r#type\" int, \"e\u{202e}f\" int, \"tab\tand
line\" int);
         COMMENT ON TABLE quoted IS E'bare\\rreturn */ \u{202e}';",
    );
    for arguments in ["print-schema", "print-schema --with-docs"] {
        let printed = project.run(arguments).ok();
        compiles(&printed.stdout, arguments);
    }
}

const ODD_COLUMNS: &str = "diesel table columns dsl star all_columns SqlType BoxedQuery is_nullable ops q bool str Ok T DB QS TSM \
    Left Right Join On From Rhs usize Text Bool Int4 Nullable Array Range Record Untyped BigInt Numeric Citext CChar \
    SingleValue SqlOrd type self Self super crate async gen _ __ __a _out _pass Option Vec String u32 std core a-b 1a \u{e4} \u{1F600}";
const ODD_TABLES: &str = "diesel TSM sql_types dsl star users Text bool str std core table type gen Option SqlType T q __x_ 9 a.b \u{e4}\u{f6}";
const ODD_TYPES: &str = "text int4 nullable array range record blob bit option none ok t self diesel sql_type boxed_query \
    query_id clone box vec string result sized date 1abc - _x \u{446}\u{432}\u{435}\u{442} path name";

#[test]
fn random_schemas_compile() {
    let first = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    let count = sample::count(6, 12);
    eprintln!("{count} schemas, GLOWPLUG_TEST_SEED={first}");
    for seed in (0..count).map(|number| first.wrapping_add(number)) {
        let database = Database::new();
        let project = Project::at(&database);
        let case = Case::random(seed);
        psql_at(database.owner(), &case.sql.join(";\n"));
        let printed = project.run("print-schema").ok().stdout;
        // Diesel takes more only with a feature that this crate does not ask for
        let is_wide = |table: &str| table.matches(" -> ").count() > 16;
        if !printed.split("diesel::table! {").any(is_wide) {
            compiles(&printed, &format!("seed {seed}"));
        }
    }
}

/// Demands that rustc accepts a schema.rs, with the Diesel that this crate is built with.
#[track_caller]
fn compiles(text: &str, what: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("schema.rs");
    fs::write(&file, text).unwrap();
    let deps = Path::new(GLOWPLUG).with_file_name("deps");
    let output = Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "-A", "warnings"])
        .arg("-L")
        .arg(&deps)
        .arg("--extern")
        .arg(format!("diesel={}", diesel(&deps).display()))
        .arg("--out-dir")
        .arg(directory.path())
        .arg(&file)
        .output()
        .expect("rustc runs where cargo does");
    assert!(output.status.success(), "{what}\n{}\n{text}", String::from_utf8_lossy(&output.stderr));
}

/// The newest build of Diesel.
fn diesel(deps: &Path) -> PathBuf {
    let entries = fs::read_dir(deps).unwrap().map(|it| it.unwrap().path());
    let built = entries.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("libdiesel-") && name.ends_with(".rlib")
    });
    built
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
        .expect("diesel is a dependency")
}
