//! Where the running program is read, and which migrations are pending.

use std::process::Command;

use super::{findings, report, verdicts};
use crate::support::{Database, Project};

const OLD: &str = "diesel::table! { users (id) { id -> Int4, name -> Text, } }";
const FIRST: &str = "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL);";

fn git(project: &Project, arguments: &str) {
    let mut command = Command::new("git");
    command.current_dir(project.path()).args(arguments.split(' '));
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "tester")
            .env(format!("GIT_{role}_EMAIL"), "t@example.org");
    }
    let output = command.output().expect("git runs");
    assert!(output.status.success(), "{output:#?}");
}

/// A repository whose tag v1 has the first migration.
fn repository(project: &Project) {
    project.migration("1_first", FIRST, "DROP TABLE users;");
    project.write("src/schema.rs", OLD);
    git(project, "init -q -b main");
    git(project, "add .");
    git(project, "commit -q -m first");
    git(project, "tag v1");
}

#[test]
fn the_newest_tag_is_the_running_program_and_its_migrations_are_applied() {
    let project = Project::new();
    repository(&project);
    project.migration("2_dropped", "ALTER TABLE users DROP COLUMN name;", "");
    project.write("src/schema.rs", "diesel::table! { users (id) { id -> Int4, } }");
    git(&project, "add .");
    git(&project, "commit -q -m second");
    let found = report(&project, "");
    assert_eq!(found["running"], "src/schema.rs of v1, the newest tag");
    assert_eq!(found["since"], "what v1 has on disk");
    assert_eq!(verdicts(&found), [("2_dropped".to_owned(), "neither".to_owned())], "{found:#}");
    // the new program cannot insert before: name has no default
    let said = findings(&found, "2_dropped");
    assert_eq!(
        said[0],
        "error compat::column 1:31 the running program reads and writes `schema::users::name`, which this migration drops"
    );
    assert!(
        said[1].contains("the new program inserts into `schema::users` without `name`"),
        "{said:#?}"
    );
    let recipe = &found["migrations"][0]["instead"][0];
    assert_eq!(
        recipe["expand"][1],
        "ALTER TABLE \"users\" ALTER COLUMN \"name\" SET DEFAULT FILL_IN_HERE;"
    );
    // another revision, where nothing is pending
    let found = report(&project, "--from HEAD");
    assert_eq!(found["migrations"].as_array().unwrap().len(), 0);
    assert_eq!(found["verdict"], "either");
    // the branch of the remote, without a tag
    git(&project, "tag -d v1");
    git(&project, "update-ref refs/remotes/origin/HEAD HEAD~1");
    let found = report(&project, "");
    assert_eq!(found["running"], "src/schema.rs of origin/HEAD, the branch of the remote");
    assert_eq!(found["verdict"], "neither");
}

#[test]
fn the_database_says_what_is_pending_unless_it_says_nothing() {
    let database = Database::new();
    let project = Project::at(&database);
    repository(&project);
    project.migration("2_added", "ALTER TABLE users ADD COLUMN more text;", "");
    project.migration("3_dropped", "ALTER TABLE users DROP COLUMN name;", "");
    // nothing is applied: a new database is nobody's production
    let found = report(&project, "");
    assert_eq!(found["since"], "what v1 has on disk");
    assert_eq!(found["migrations"].as_array().unwrap().len(), 2);
    project.run("upgrade 2").ok();
    let found = report(&project, "");
    assert!(found["since"].as_str().unwrap().starts_with("what database "), "{found:#}");
    assert_eq!(verdicts(&found).len(), 1);
    assert_eq!(found["verdict"], "deploy-first");
    // the target is the last one that is looked at
    let found = report(&project, "--since 1 2");
    assert_eq!(verdicts(&found), [("2_added".to_owned(), "either".to_owned())]);
    let found = report(&project, "--since v1 +1");
    assert_eq!(verdicts(&found).len(), 1);
    // everything is applied here, as on the machine of who wrote it
    project.run("upgrade").ok();
    let found = report(&project, "");
    assert_eq!(verdicts(&found).len(), 2);
    assert!(found["notes"][0].as_str().unwrap().contains("nothing is pending"), "{found:#}");
}

#[test]
fn without_git_the_running_program_is_what_the_applied_migrations_lead_to() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_first", FIRST, "");
    project.run("upgrade").ok();
    project.migration("2_added", "ALTER TABLE users ADD COLUMN more text;", "");
    let found = report(&project, "");
    assert_eq!(found["running"], "what the applied migrations lead to");
    assert_eq!(found["new"], "what the migrations lead to");
    assert_eq!(verdicts(&found), [("2_added".to_owned(), "migrate-first".to_owned())]);
}

#[test]
fn a_tag_without_a_schema_file_is_passed_over_and_a_named_one_refused() {
    let project = Project::new();
    project.write("README", "x");
    git(&project, "init -q -b main");
    git(&project, "add README");
    git(&project, "commit -q -m empty");
    git(&project, "tag v0");
    project.migration("1_first", FIRST, "");
    project.run("compat --from v0").code(1).says(&["compat::no_schema", "v0 has no src/schema.rs"]);
    project.run("compat --from=--help").code(1).says(&["compat::unknown_revision"]);
    project.run("compat --since base").ok();
}
