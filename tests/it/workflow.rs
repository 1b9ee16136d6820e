//! The daily workflow, as a person types it.

use crate::support::{Database, Project};

const TABLE: (&str, &str) = ("CREATE TABLE a (id int);", "DROP TABLE a;");

#[test]
fn a_migration_goes_up_and_down_and_up_again() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", TABLE.0, TABLE.1);

    let up = project.run("upgrade").ok();
    assert_eq!(up.stdout, "Applied 1 migration: base -> 1 (head).\n");
    assert_eq!(up.stderr, "up    1_a  ([TIME])\n");
    let again = project.run("upgrade").ok();
    assert_eq!(
        again.stdout,
        format!("Nothing to do: {} is at 1 (head).\n", database.name)
    );
    assert_eq!(again.stderr, "");
    let down = project.run("downgrade -1").ok();
    assert_eq!(down.stdout, "Reverted 1 migration: 1 (head) -> base.\n");
    project.run("upgrade").ok();
    project.run("redo").ok();

    assert_eq!(database.query("SELECT to_regclass('a') IS NOT NULL"), "t");
    let kinds = database.query("SELECT kind, actor FROM __glowplug_journal ORDER BY id");
    assert_eq!(
        kinds,
        "up|tester\ndown|tester\nup|tester\ndown|tester\nup|tester"
    );
}
