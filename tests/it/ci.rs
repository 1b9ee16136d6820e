//! `ci`: every check that applies, in one go.

use std::process::Command;

use snapbox::{assert_data_eq, str};

use crate::support::{Database, Project};

/// A project with schema.rs, in which everything is as it should be.
fn whole() -> Project {
    let project = Project::new();
    project.write("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
    project.migration(
        "1_users",
        "CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);",
        "DROP TABLE users;",
    );
    project.migration(
        "2_orders",
        "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id));",
        "DROP TABLE orders;",
    );
    project.run("schema --from migrations").code(0);
    project
}

#[test]
fn everything_that_applies_is_checked_without_a_database() {
    let project = whole();
    let ran = project.run("ci").code(0);
    assert_data_eq!(
        ran.stdout,
        str![[r#"
verify   ok  (2 migrations, 2 down and up again)
check    ok  (compared with the source of truth)
schema   ok  (src/schema.rs)
status   skipped: no database is configured
compat   skipped: no migration is known to be new
lint     skipped: no migration is known to be new
No findings.
Proved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).

"#]]
    );
    // without schema files there is nothing that migrations could be compared with
    project.write("diesel.toml", "");
    let ran = project.run("ci --format json").code(0);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let outcomes: Vec<_> = report["report"]["parts"].as_array().unwrap().iter().collect();
    let outcomes: Vec<_> = outcomes.iter().map(|it| it["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["passed", "skipped", "skipped", "skipped", "skipped", "skipped"]);
}

#[test]
fn without_a_database_that_answers_the_rest_is_checked_and_what_could_not_be_is_said() {
    let project = whole().env("DATABASE_URL", "postgres://nobody:secret@127.0.0.1:1/nowhere");
    let ran = project.run("ci").code(1);
    assert!(ran.stdout.contains("\n1 check could not do its work.\n"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("could not read the version").count(), 1, "{}", ran.stdout);
    let ran = project.run("report").code(1);
    assert!(ran.stderr.contains("Wrote report.html, without what failed."), "{}", ran.stderr);
    let page = std::fs::read_to_string(project.path().join("report.html")).unwrap();
    assert!(page.contains("nothing is listening at 127.0.0.1:1"), "{page}");
    // nothing else says what is pending
    project.run("compat").code(1).says(&["connect::unreachable"]);
    let empty = Project::new().run("compat").code(0);
    assert!(empty.stdout.contains("Nothing is pending."), "{}", empty.stdout);
}

#[test]
fn what_is_found_is_one_list_with_one_exit_code() {
    let project = whole();
    project.migration("3_items", "CREATE TABLE items (id bigint PRIMARY KEY);", "SELECT 1;");
    let ran = project.run("ci").code(3);
    assert_data_eq!(
        ran.stdout,
        str![[r#"
migrations/3_items/down.sql: error: the down.sql of 3_items does not return to where its up.sql started [verify::not-back]
  relation "public"."items" is left behind
  help: Complete down.sql of 3_items: it must undo all of up.sql and nothing else.
src/schema.rs: error: - table "public"."items": id [check::differs]
  help: `glowplug revision --autogenerate -m TEXT` writes the migration.
src/schema.rs:4:1: error: src/schema.rs is not what the migrations produce [schema::stale]
...
status   skipped: no database is configured
compat   skipped: no migration is known to be new
lint     skipped: no migration is known to be new
3 errors.
Proved on PostgreSQL [..] (default environment; `glowplug shadow pin` records the database's).

"#]]
    );
    let only = project.run("ci --only schema").code(3).stdout;
    assert!(
        only.contains(
            "verify   skipped: not wanted\ncheck    skipped: not wanted\nschema   1 error"
        ),
        "{only}"
    );
    project.run("ci --skip verify,check,schema,compat,lint").code(0);
    project.run("ci --only verify --skip check").code(2);
}

#[test]
fn a_migration_that_fails_is_told_of_once() {
    let project = whole();
    project.migration(
        "3_items",
        "CREATE TABLE items (id bigint);\nSELECT nope;",
        "DROP TABLE items;",
    );
    let ran = project.run("ci --write sarif=out/report.sarif").code(1);
    assert!(ran.stdout.contains("verify   failed"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("schema   skipped: the migrations cannot be replayed"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stderr.matches("column \"nope\" does not exist").count(), 1, "{}", ran.stderr);
    assert!(!ran.stdout.contains("verify::up-fails"), "{}", ran.stdout);
    let log = std::fs::read_to_string(project.path().join("out/report.sarif")).unwrap();
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{log:#}");
    assert_eq!(results[0]["ruleId"], "migration::failed");
}

#[test]
fn the_history_of_a_database_counts_and_what_is_pending_does_not() {
    let database = Database::new();
    let project = whole().env("DATABASE_URL", &database.url());
    project.run("upgrade +1").code(0);
    let ran = project.run("ci --skip compat,lint").code(0).stdout;
    assert!(ran.contains(&format!("status   ok  ({}, 1 pending)\n", database.name)), "{ran}");
    assert!(ran.contains(&format!("new      1 migration since {}\n", database.name)), "{ran}");
    project.run("upgrade").code(0);
    project.migration(
        "1_users",
        "CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL); ",
        "DROP TABLE users;",
    );
    let ran = project.run("ci").code(3).stdout;
    assert!(ran.contains("up.sql: error: up.sql of 1_users has changed since"), "{ran}");
}

/// Runs git in a project.
#[track_caller]
pub(crate) fn git(project: &Project, arguments: &[&str]) {
    let settings =
        ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
    let ran = project.command("git").args(settings).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {ran:?}");
}

#[test]
fn a_summary_draws_what_a_pull_request_changes() {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: there is no git");
        return;
    }
    let project = whole();
    git(&project, &["init", "-q"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "before"]);
    project.migration(
        "3_more",
        "ALTER TABLE orders ADD total numeric(10,2); ALTER TABLE users ALTER name TYPE varchar(40); CREATE INDEX ON orders (user_id); CREATE TABLE \"a b\" (id int PRIMARY KEY);",
        "DROP TABLE \"a b\"; ALTER TABLE orders DROP total; ALTER TABLE users ALTER name TYPE text; DROP INDEX orders_user_id_idx;",
    );
    let ran = project.run("ci --only verify --since HEAD --format markdown").code(0);
    assert_data_eq!(
        ran.stdout,
        str![[r#"
<!-- glowplug ci -->
## glowplug ci

No findings.

### What changes

```mermaid
erDiagram
    t0["a b (added)"] {
        integer id PK
    }
    t1["orders (changed)"] {
        bigint id PK
        bigint user_id FK
        numeric(10_2) total "added"
    }
    t2["users (changed)"] {
        bigint id PK
        character_varying(40) name "changed: was text"
    }
    t2 ||--o{ t1 : "user_id"
```

"#]]
    );
    let ran = project.run("ci --only verify --since nowhere").code(1);
    assert!(ran.stderr.contains("project::revision"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("cannot read revision nowhere: there is no such revision"),
        "{}",
        ran.stderr
    );
    let ran = project.run("ci --only verify --since=--help").code(1);
    assert!(ran.stderr.contains("cannot read revision --help"), "{}", ran.stderr);
    // a clone without the base branch: a note, and everything else is checked
    let shallow = project.env("GITHUB_BASE_REF", "main");
    let ran = shallow.run("ci --only verify").code(0).stdout;
    assert!(ran.starts_with("note: cannot read revision origin/main: "), "{ran}");
}

#[test]
fn the_report_is_also_written_in_other_formats() {
    let project = whole();
    let ran =
        project.run("ci --write junit=a.xml --write markdown=b/c.md --write json=d.json").code(0);
    assert!(ran.stdout.ends_with("records the database's).\n"), "{}", ran.stdout);
    let read = |file: &str| std::fs::read_to_string(project.path().join(file)).unwrap();
    assert!(
        read("a.xml")
            .contains("<testsuite name=\"schema\" tests=\"1\" failures=\"0\" errors=\"0\">")
    );
    assert!(read("b/c.md").contains("| verify | ok |\n| check | ok |\n| schema | ok |\n"));
    let document: serde_json::Value = serde_json::from_str(&read("d.json")).unwrap();
    assert_eq!(document["command"], "ci");
    for wrong in ["sarif", "nope=x", "sarif="] {
        project.run_with(&["ci", "--write", wrong]).code(2);
    }
}

#[test]
fn a_pull_request_that_breaks_the_running_program_is_found() {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: there is no git");
        return;
    }
    let project = whole();
    git(&project, &["init", "-q"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "before"]);
    project.migration(
        "3_label",
        "ALTER TABLE users RENAME name TO label;",
        "ALTER TABLE users RENAME label TO name;",
    );
    project.run("schema --from migrations --discard-edits").code(0);
    let ran = project
        .run("ci --since HEAD --format markdown --write sarif=out.sarif --write text=out.txt")
        .code(3);
    assert!(ran.stdout.contains("**Verdict: neither order works.**"), "{}", ran.stdout);
    let table = "| before | works | fails |\n| after 3\\_label | fails | works |\n";
    assert!(ran.stdout.contains(table), "{}", ran.stdout);
    let log = std::fs::read_to_string(project.path().join("out.sarif")).unwrap();
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let found = results.iter().find(|it| it["ruleId"] == "compat::column").unwrap();
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "migrations/3_label/up.sql");
    assert_eq!(place["region"]["startLine"], 1);
    let text = std::fs::read_to_string(project.path().join("out.txt")).unwrap();
    assert!(text.contains("[compat::column]"), "{text}");
    project.run("compat --from HEAD --since HEAD --format github").code(3);
    project.run("report --since HEAD").code(0);
    let page = std::fs::read_to_string(project.path().join("report.html")).unwrap();
    assert!(page.contains("Which program works on which structure"), "the page has the matrix");
}

#[test]
fn who_waits_for_a_new_migration_is_in_the_summary_and_on_the_page() {
    let database = Database::new();
    let project = whole().env("DATABASE_URL", &database.url());
    project.run("upgrade").code(0);
    project.migration(
        "3_type",
        "ALTER TABLE users ALTER name TYPE varchar(40);\nSELECT 1;",
        "ALTER TABLE users ALTER name TYPE text;",
    );
    project.run("schema --from migrations --discard-edits").code(0);
    let ran =
        project.run("ci --only status,lint --format markdown --write sarif=out.sarif").code(3);
    let row = "| 3\\_type | public.users | readers and writers |";
    assert!(ran.stdout.contains("### Who waits") && ran.stdout.contains(row), "{}", ran.stdout);
    assert!(ran.stdout.contains("| ACCESS EXCLUSIVE | yes |"), "{}", ran.stdout);
    let log = std::fs::read_to_string(project.path().join("out.sarif")).unwrap();
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(!rules.is_empty() && rules.iter().all(|it| it["help"]["text"].is_string()), "{log:#}");
    project.run("lint --format junit").code(3);
    project.run("report --only status,lint").code(0);
    let page = std::fs::read_to_string(project.path().join("report.html")).unwrap();
    assert!(page.contains("Readers and writers of public.users wait"), "the page says who waits");
}
