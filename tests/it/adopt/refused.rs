//! What cannot be adopted is named, and nothing is written.

use super::{apply, bare, files, picture, shop};
use crate::support::{Database, Project};

const SQLX: &str = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL)";

/// A project of sqlx with the first of the shop's migrations, applied.
fn project(database: &Database) -> Project {
    let project = bare(database);
    let step = &shop()[0];
    apply(database, &shop()[..1]);
    project.write("migrations/1_init.sql", &step.up);
    database.execute(SQLX);
    database.execute("INSERT INTO _sqlx_migrations VALUES (1, 'init', now(), true, '', 1)");
    project
}

/// Demands that adopting fails so, and leaves nothing.
#[track_caller]
fn refused(database: &Database, project: &Project, arguments: &str, code: i32, says: &[&str]) {
    let before = (picture(database), files(project));
    let ran = project.run(&format!("adopt {arguments}")).code(code);
    let all =
        format!("{}{}", ran.stdout, ran.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    for text in says {
        assert!(all.contains(text), "{text:?} is not in\n{all}");
    }
    assert_eq!(before.0, picture(database));
    assert_eq!(before.1, files(project));
}

#[test]
fn an_empty_database_has_nothing_to_adopt() {
    let database = Database::new();
    refused(&database, &bare(&database), "--yes", 1, &["has nothing to adopt", "glowplug init"]);
}

#[test]
fn without_a_terminal_somebody_has_to_say_yes() {
    let database = Database::new();
    let project = project(&database);
    refused(&database, &project, "", 1, &["there is no terminal to ask on", "--yes"]);
    project.run("adopt --yes").ok();
    refused(&database, &project, "--undo", 1, &["there is no terminal to ask on", "--yes"]);
}

#[test]
fn a_database_that_differs_from_its_migrations_is_not_adopted() {
    let database = Database::new();
    let project = project(&database);
    database.execute(
        "ALTER TABLE users ADD COLUMN by_hand text; CREATE INDEX by_hand ON users (by_hand)",
    );
    let says = ["\"by_hand\"", "Nothing was written", "--baseline"];
    refused(&database, &project, "--yes", 3, &says);
    refused(&database, &project, "--dry-run", 3, &says);
    project.run("adopt --yes --baseline").ok();
    project.run("drift").ok();
}

#[test]
fn a_way_back_of_rows_says_that_it_does_not_bring_them_back() {
    let database = Database::new();
    let project = project(&database);
    let fill = "UPDATE users SET mood = 'ok';\nCREATE TABLE notes (user_id int REFERENCES users (id) ON DELETE CASCADE);\n";
    project.write("migrations/2_fill.sql", fill);
    database.execute(fill);
    // of rows that it inserts the way back is known
    let insert = "INSERT INTO users (id, email) VALUES (7, 'a@b');\n";
    project.write("migrations/3_insert.sql", insert);
    database.execute(insert);
    database.execute("INSERT INTO _sqlx_migrations VALUES (2, 'fill', now(), true, '', 1), (3, 'insert', now(), true, '', 1)");
    let adopted = project.run("adopt --yes").ok().stdout;
    assert!(adopted.contains("3 generated and proved"), "{adopted}");
    let said = "review: 02_fill: rows that up.sql changes in another way";
    assert!(adopted.contains(said), "{adopted}");
    assert_eq!(adopted.matches("review").count(), 1, "{adopted}");
    let down = std::fs::read_to_string(project.path().join("migrations/03_insert/down.sql"));
    let along = "-- deletes-data: the rows of \"public\".\"notes\" that refer to them\n";
    assert!(down.unwrap().contains(along));
    database.execute("INSERT INTO users (id, email) VALUES (8, 'b@b'), (9, 'a@c')");
    project.run("downgrade -1").ok();
    assert_eq!(database.query("SELECT string_agg(id::text, ' ') FROM users"), "8 9");
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT count(*) FROM users"), "3");
    project.run("drift").ok();
}

#[test]
fn a_migration_that_failed_or_is_missing_is_named() {
    let database = Database::new();
    let project = project(&database);
    database.execute("INSERT INTO _sqlx_migrations VALUES (2, 'x', now(), false, '', 1)");
    refused(&database, &project, "--yes", 1, &["sqlx records a failed migration: 2"]);
    database.execute("UPDATE _sqlx_migrations SET success = true");
    refused(&database, &project, "--yes", 1, &["files were not found: 2"]);
}

#[test]
fn a_script_that_only_a_client_runs_is_named_with_its_line() {
    let database = Database::new();
    let project = project(&database);
    project.write("migrations/2_copy.sql", "SELECT 1;\nCOPY users FROM STDIN;\n\\.\n");
    refused(&database, &project, "--yes", 1, &["2_copy.sql:2 cannot be converted", "COPY"]);
}

#[test]
fn placeholders_without_a_value_are_asked_for() {
    let database = Database::new();
    let project = bare(&database);
    project.write("sql/V1__a.sql", "CREATE TABLE a (id integer PRIMARY KEY, ${column} text);");
    let says = ["placeholders have no value: column", "--placeholder 'column=VALUE'"];
    refused(&database, &project, "--yes --from flyway", 1, &says);
    // nothing is applied, so nothing is recorded, and the migration is ready to run
    project.run("adopt --yes --from flyway --placeholder column=note").ok();
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT count(note) FROM a"), "0");
}

#[test]
fn two_tools_are_told_apart_by_name() {
    let database = Database::new();
    let project = project(&database);
    database.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)");
    refused(&database, &project, "--yes", 1, &["more than one migration tool was found", "--from"]);
    project.run("adopt --yes --from sqlx").ok();
    project.run("drift").ok();
}

#[test]
fn files_without_a_table_do_not_tell_what_a_database_has() {
    let database = Database::new();
    let project = project(&database);
    database.execute("DROP TABLE _sqlx_migrations");
    refused(&database, &project, "--yes", 1, &["no table of sqlx", "--baseline"]);
}

#[test]
fn a_directory_with_migrations_of_ours_is_left_alone() {
    let database = Database::new();
    let project = project(&database);
    project.migration("2020_a", "SELECT 1;", "SELECT 1;");
    refused(&database, &project, "--yes", 1, &["already contains migrations", "--migration-dir"]);
    project.run("adopt --yes --migration-dir diesel_migrations").ok();
    project.run("drift --migration-dir diesel_migrations").ok();
}

#[test]
fn the_same_migrations_are_recorded_on_the_next_database() {
    let database = Database::new();
    let project = project(&database);
    project.run("adopt --yes").ok();
    // production has the same structure, and has run one less
    let other = Database::new();
    apply(&other, &shop()[..1]);
    other.execute(SQLX);
    other.execute("INSERT INTO _sqlx_migrations VALUES (1, 'init', now(), true, '', 1)");
    let before = files(&project);
    let url = other.url();
    let ran = project.run_with(&["adopt", "--yes", "--database-url", &url]).ok();
    assert!(ran.stdout.contains("1 migration on disk, 1 applied"), "{}", ran.stdout);
    assert_eq!(before, files(&project));
    project.run_with(&["drift", "--database-url", &url]).ok();
}

#[test]
fn json_has_the_whole_report_and_the_reason_of_a_failure() {
    let database = Database::new();
    let project = project(&database);
    let document = |ran: &str| serde_json::from_str::<serde_json::Value>(ran).unwrap();
    let dry = document(&project.run("adopt --dry-run --format json").ok().stdout);
    let report = &dry["report"];
    assert_eq!(report["tool"], "sqlx");
    assert_eq!(report["manner"], "convert");
    assert_eq!(report["migrations"][0]["down"], "generated");
    assert_eq!(report["recorded"], false);
    let failed = document(&project.run("adopt --format json").code(1).stdout);
    assert_eq!(failed["error"]["code"], "cli::cannot");
    let done = document(&project.run("adopt --yes --format json").ok().stdout);
    assert_eq!(done["report"]["recorded"], true);
    let undone = document(&project.run("adopt --undo --yes --format json").ok().stdout);
    assert_eq!(undone["report"]["forgotten"], 1);
}

#[test]
fn a_history_file_is_kept_and_given_back() {
    let database = Database::new();
    let project = project(&database);
    project.write("glowplug.toml", "[migrations]\nhistory_file = true\n");
    let before = files(&project);
    let history = project.path().join("diesel_migrations/.history");
    project.run("adopt --yes").ok();
    let path = match history.is_file() {
        true => history,
        false => project.path().join("migrations/.history"),
    };
    assert!(std::fs::read_to_string(&path).unwrap().contains("1_init "));
    project.run("upgrade").ok();
    project.run("adopt --undo --yes").ok();
    assert_eq!(files(&project), before);
    // one that was there before stays
    project.run("adopt --yes").ok();
    project.run("revision -m more").ok();
    project.run("adopt --undo --yes").ok();
    let left = std::fs::read_to_string(&path).unwrap();
    assert!(left.contains("_more -") && !left.contains("1_init"), "{left}");
}

#[test]
fn an_adoption_that_was_killed_begins_anew() {
    let database = Database::new();
    let project = project(&database);
    let before = (picture(&database), files(&project));
    // at whatever moment: what is there of it is known
    for entries_before_the_kill in 0..3 {
        let mut child = project
            .command(crate::support::GLOWPLUG)
            .args(["adopt", "--yes"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let seen = || {
            let entries = std::fs::read_dir(project.path().join("migrations")).into_iter();
            entries.flatten().flatten().count() > 1 + entries_before_the_kill
        };
        while !seen() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let again = project.run("adopt --yes");
        if again.code != Some(0) {
            again.says(&["already records"]);
        }
        project.run("upgrade").ok();
        project.run("adopt --undo --yes").ok();
        // what the program printed last is not known to it
        std::fs::remove_file(project.path().join("src/schema.rs")).unwrap_or_default();
        assert_eq!(before.0, picture(&database));
        assert_eq!(before.1, files(&project));
    }
    let note = r#"{"format": 1, "tool": null, "baseline": true, "migrations": [{"name": "2020_x", "id": "x", "from": "x"}], "files": [], "unfinished": true}"#;
    project.migration("2020_x", "SELECT", "");
    project.write("migrations/.adopted.json", note);
    let said = project.run("adopt --undo --yes").ok().stdout;
    assert!(said.contains("an adoption was interrupted"), "{said}");
    assert_eq!(before.1, files(&project));
}
