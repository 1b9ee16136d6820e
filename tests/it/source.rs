//! schema.rs as a source of truth: a file as it was printed, by whomever, asks for nothing.
//!
//! `GLOWPLUG_TEST_CASES` sets how many schemas there are, `GLOWPLUG_TEST_SEED` the first.

use crate::{
    print_peer::EMPTY,
    random_schema::{self, Case},
    sample,
    support::{Database, Project, number, psql_at},
};

/// So many schemas, where nothing else is said.
const CASES: (u64, u64) = (5, 12);

/// What Diesel prints of these does not compile, or cannot be told from something else.
const UNREADABLE: [&str; 4] = [
    random_schema::ONE_NAME,
    random_schema::COLLISION,
    random_schema::UNDERSCORE,
    random_schema::UNPRINTABLE,
];

/// Both print in both ways; each file is no edit, whichever way is set.
#[test]
fn a_file_as_it_was_printed_asks_for_nothing() {
    let first = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..1 << 40));
    let count = sample::count(CASES.0, CASES.1);
    eprintln!("{count} schemas, GLOWPLUG_TEST_SEED={first}");
    let database = Database::new();
    let project = Project::new().env("DATABASE_URL", &database.url());
    project.write("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
    let mut compared = 0;
    let mut wrong = Vec::new();
    for seed in first..first + count {
        let case = Case::random(seed);
        database.query(EMPTY);
        let sql = case.sql.join(";\n");
        psql_at(database.owner(), &format!("BEGIN;\n{sql};\nCOMMIT"));
        for printed_by in ["right", "diesel"] {
            let printed = project.run_with(&["print-schema", "--compat", printed_by]);
            let is_unreadable = UNREADABLE.iter().any(|it| case.traits.contains(it));
            // Diesel prints nothing where a table has no key
            if printed.code != Some(0) || printed_by == "diesel" && is_unreadable {
                continue;
            }
            project.write("src/schema.rs", &printed.stdout);
            for compat in ["right", "diesel"] {
                let has_no_print = is_unreadable || case.traits.contains(random_schema::NO_KEY);
                if compat == "diesel" && has_no_print {
                    continue;
                }
                let toml = format!("[schema]\ncompat = \"{compat}\"\n");
                project.write("glowplug.toml", &toml);
                let diff = project.run_with(&["diff", &database.url(), "src/schema.rs"]);
                compared += 1;
                if diff.code != Some(0) {
                    wrong.push(format!(
                        "seed {seed}, printed {printed_by}, compat {compat}, {:?}\n{diff:#?}",
                        case.traits
                    ));
                }
            }
        }
    }
    eprintln!("{compared} comparisons");
    assert!(compared > 0);
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Two foreign keys between two tables, on one column, of several columns, to the table itself, and to a partitioned table.
#[test]
fn foreign_keys_that_schema_rs_cannot_say_are_not_compared() {
    let project = Project::new();
    project.write("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
    let up = "CREATE TABLE users (id int PRIMARY KEY, team int, boss int REFERENCES users, UNIQUE (id, team));
CREATE TABLE domains (id int PRIMARY KEY, owner int REFERENCES users, CONSTRAINT again FOREIGN KEY (owner) REFERENCES users ON UPDATE CASCADE);
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users, editor int REFERENCES users);
CREATE TABLE votes (id int PRIMARY KEY, voter int REFERENCES users, team int, FOREIGN KEY (voter, team) REFERENCES users (id, team));
CREATE TABLE whole (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE part PARTITION OF whole FOR VALUES WITH (modulus 1, remainder 0);
CREATE TABLE parts (id int PRIMARY KEY, whole int REFERENCES whole);";
    project.migration("1_all", up, "DROP TABLE parts, whole, votes, posts, domains, users;");
    for printed_by in ["right", "diesel"] {
        let print = ["schema", "--from", "migrations", "--compat", printed_by];
        project.run_with(&print).ok();
        for compat in ["right", "diesel"] {
            let toml = format!("[schema]\ncompat = \"{compat}\"\n");
            project.write("glowplug.toml", &toml);
            project.run("check").ok();
        }
    }
    // one that it can say is compared
    let file = project.path().join("src/schema.rs");
    let printed = std::fs::read_to_string(file).unwrap();
    let edited = printed.replace("diesel::joinable!(parts -> whole (whole));\n", "");
    project.write("src/schema.rs", &edited);
    project.run("check").code(3);
}

/// `Record` stands for any composite type, and no column has it.
#[test]
fn a_record_is_refused_with_the_reason() {
    let project = Project::new();
    project.write("diesel.toml", "[print_schema]\nfile = \"schema.rs\"\n");
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.write(
        "schema.rs",
        "diesel::table! { a (id) { id -> Int4, v -> Nullable<Record<(Int4, Text)>>, } }",
    );
    let refused = project.run("revision --autogenerate -m change").code(1);
    assert!(refused.stderr.contains("schema::any_type"), "{refused:#?}");
}

/// A patch changes the neighbours of what is edited: it no longer fits what the edit leads to, and does not hide it.
#[test]
fn an_edit_beside_a_patch_is_written() {
    let project = Project::new();
    let toml = "[print_schema]\nfile = \"src/schema.rs\"\n";
    project.write("diesel.toml", toml);
    project.migration(
        "1_a",
        "CREATE TABLE files (id int PRIMARY KEY, path text NOT NULL, size bigint NOT NULL);",
        "DROP TABLE files;",
    );
    project.run("schema --from migrations").ok();
    project.write("diesel.toml", &format!("{toml}patch_file = \"src/schema.patch\"\n"));
    project.write("src/schema.patch", "");
    let file = project.path().join("src/schema.rs");
    let printed = std::fs::read_to_string(&file).unwrap();
    let patched = printed.replace("path -> Text,", "#[max_length = 255]\n        path -> Varchar,");
    project.write("src/schema.rs", &patched);
    project.run("schema --update-patch --from migrations").ok();
    let edited = patched.replace(
        "        path -> Varchar,\n",
        "        path -> Varchar,\n        owner -> Nullable<Text>,\n",
    );
    project.write("src/schema.rs", &edited);
    let written = project.run("revision --autogenerate -m change").ok();
    assert!(written.stdout.contains("column \"public\".\"files\".\"owner\""), "{written:#?}");
}
