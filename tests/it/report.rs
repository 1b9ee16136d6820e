//! `report`: one page about a project.

use std::{path::Path, process::Command};

use crate::support::{Database, Project, peer};

/// A project with orders, of which the last migration is new.
fn shop(database: &Database) -> Project {
    let project = Project::at(database);
    project.migration(
        "1_users",
        "CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);",
        "DROP TABLE users;",
    );
    project.migration(
        "2_orders",
        "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id), note text);",
        "DROP TABLE orders;",
    );
    project.run("upgrade").code(0);
    project.migration(
        "3_items",
        "CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders (id));\nALTER TABLE orders DROP note;\nALTER TABLE orders ADD total numeric(10, 2);",
        "DROP TABLE items;\nALTER TABLE orders DROP total;",
    );
    project
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The text of a page, without elements.
fn words(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let pieces = body.split('<').filter_map(|it| it.split_once('>'));
    pieces
        .map(|it| it.1)
        .collect::<Vec<_>>()
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_page_says_where_the_database_is_what_is_new_and_what_was_found() {
    let database = Database::new();
    let project = shop(&database);
    let ran = project.run("report").code(0);
    assert!(ran.stdout.starts_with("Wrote report.html."), "{}", ran.stdout);
    let page = read(&project.path().join("report.html"));
    let words = words(&page);
    for sentence in [
        &format!("The database {} is at 2 , with 1 migration pending.", database.name),
        &format!("1 migration is new since {} , oldest first.", database.name),
        "error the down.sql of 3_items does not return to where its up.sql started verify::not-back",
        "migrations/3_items/down.sql",
        "items (added)",
        "orders (changed)",
        "− note text?",
        "+ total",
        "items (order_id) refers to orders (added)",
        "2_orders applied",
    ] {
        assert!(words.contains(sentence), "{sentence}: {words}");
    }
    // one box for each table, and two lines between them
    assert_eq!(page.matches("<g class=\"table ").count(), 3);
    assert_eq!(page.matches("<g class=\"edge ").count(), 2);
    assert!(!page.contains(&project.path().display().to_string()), "no place of this machine");
    let again = project.run("report -o -").code(0).stdout;
    assert_eq!(again, page, "the same project, the same page");
}

#[test]
fn without_a_database_the_page_shows_what_is_on_disk() {
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    let ran = project.run("report -o out/page.html --format json").code(0);
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["report"]["file"], "out/page.html");
    let page = words(&read(&project.path().join("out/page.html")));
    assert!(page.contains("No database was asked"), "{page}");
    assert!(page.contains("name a database, or a revision with --since"), "{page}");
    assert!(page.contains("verify ok 1 migration, 1 down and up again"), "{page}");
    project.run("report --format sarif").code(2);
}

#[test]
fn a_migration_that_fails_is_on_the_page_and_the_exit_code_says_so() {
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int);\nSELECT nope;", "DROP TABLE a;");
    let ran = project.run("report").code(1);
    assert!(ran.stderr.contains("column \"nope\" does not exist"), "{}", ran.stderr);
    let page = words(&read(&project.path().join("report.html")));
    assert!(page.contains("migration::failed migrations/1_a/up.sql:2:8"), "{page}");
    // a page that cannot be written is an error, and nothing else is left behind
    project.write("file", "");
    let ran = project.run("report -o file/page.html").code(1);
    assert!(ran.stderr.contains("project::io"), "{}", ran.stderr);
}

#[test]
fn ledgers_are_on_the_page() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("upgrade").code(0);
    project.run("ledger protect public.a").code(0);
    project.run("upgrade").code(0);
    project.run("report").code(0);
    let page = words(&read(&project.path().join("report.html")));
    assert!(page.contains("public.a hardened refused refused refused"), "{page}");
}

/// Headless Chromium, where it is installed: the page is laid out without a sideways scrollbar at every width.
#[test]
fn a_browser_shows_the_page_at_every_width() {
    let Some(chromium) = peer("chromium") else {
        eprintln!("skipped: there is no chromium");
        return;
    };
    let database = Database::new();
    let project = shop(&database);
    project.run("report").code(0);
    for width in [360, 1280] {
        let picture = project.path().join(format!("{width}.png"));
        let ran = Command::new(&chromium)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", project.path().join("profile").display()))
            .arg(format!("--window-size={width},2000"))
            .arg(format!("--screenshot={}", picture.display()))
            .arg(format!("file://{}", project.path().join("report.html").display()))
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        assert!(std::fs::metadata(&picture).unwrap().len() > 10_000, "there is something to see");
    }
}
