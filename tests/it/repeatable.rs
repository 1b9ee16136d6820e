//! Views, functions and triggers that are edited in place.

use crate::support::{Database, Project};

#[test]
fn what_is_edited_in_place_becomes_a_migration_by_one_command() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY, n int);", "DROP TABLE a;");
    project.run("revision --repeatable -m x").code(1).says(&["names no `repeatable`"]);
    project.write("glowplug.toml", "[schema]\nrepeatable = \"schema/functions/\"\n");
    let file = "schema/functions/total.sql";
    project.write(file, "CREATE OR REPLACE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT sum(n) FROM a';\nCREATE OR REPLACE VIEW big AS SELECT id FROM a WHERE n > 10;");
    project.run("revision --repeatable -m total --rev-id 2").ok();
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT total() IS NULL"), "t");
    // the table is no business of these files
    assert!(
        project
            .run("revision --repeatable -m none --rev-id 3")
            .ok()
            .stdout
            .contains("nothing to write")
    );
    project.write(file, "CREATE OR REPLACE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT coalesce(sum(n), 0) FROM a';\nCREATE OR REPLACE VIEW big AS SELECT id FROM a WHERE n > 100;");
    project.run("revision --repeatable -m total --rev-id 3").ok();
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT total()"), "0");
    project.run("downgrade -1").ok();
    assert_eq!(database.query("SELECT total() IS NULL"), "t");
    project.run("verify").ok();
    project.write(file, "CREATE OR REPLACE VIEW big AS SELECT nonsense;");
    project.run("revision --repeatable -m bad --rev-id 4").code(1).says(&["nonsense"]);
}
