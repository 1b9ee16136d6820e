//! Throwaway databases for an application's tests.

use std::path::Path;

use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use glowplug::{
    UpgradeOptions,
    internal::cluster::Local,
    testing::{Server, TestDatabase},
};

use crate::support::{Database, GLOWPLUG, Project, psql_at};

/// A server for tests that ends with the value.
struct Tests(tempfile::TempDir);

impl Tests {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::Builder::new().prefix("glowplug-test-").tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    fn server(&self) -> Server {
        Server::local(Path::new(GLOWPLUG), self.0.path()).unwrap()
    }
}

impl Drop for Tests {
    fn drop(&mut self) {
        let local = Local::of(self.0.path(), "tests");
        local.stop().unwrap();
        let data = local.status().data_dir;
        if !data.starts_with(self.0.path()) {
            let home = data.ancestors().find(|it| it.join("start.lock").exists());
            home.map(std::fs::remove_dir_all).map(drop).unwrap_or_default();
        }
    }
}

fn ask(database: &TestDatabase, sql: &str) -> String {
    psql_at(&database.url().parse().unwrap(), sql)
}

#[test]
fn a_test_gets_a_migrated_database_of_its_own_and_leaves_nothing() {
    let tests = Tests::new();
    let server = tests.server();
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    let dir = project.path().join("migrations");
    let migrations = glowplug::from_directory(&dir, "migrations").unwrap();

    let one = TestDatabase::on(&server, &migrations).unwrap();
    let two = TestDatabase::on(&server, &migrations).unwrap();
    ask(&one, "INSERT INTO a VALUES (1)");

    assert_eq!(ask(&two, "SELECT count(*) FROM a"), "0");
    assert_eq!(ask(&one, "SELECT version FROM __diesel_schema_migrations"), "1");
    drop(one);
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'glowplug\\_t%'";
    assert_eq!(ask(&two, left), "2", "the template and the copy that is still there");

    // other migrations, another template
    project.migration("2_b", "CREATE TABLE b (id int);", "DROP TABLE b;");
    let migrations = glowplug::from_directory(&dir, "migrations").unwrap();
    let three = TestDatabase::on(&tests.server(), &migrations).unwrap();
    assert_eq!(ask(&three, "SELECT count(*) FROM b"), "0");
}

#[test]
fn many_tests_at_once_share_one_template() {
    let tests = Tests::new();
    let server = tests.server();
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a AS SELECT 1 AS id;", "DROP TABLE a;");
    let dir = project.path().join("migrations");
    let migrations = glowplug::from_directory(&dir, "migrations").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let database = TestDatabase::on(&server, &migrations).unwrap();
                assert_eq!(ask(&database, "SELECT id FROM a"), "1");
            });
        }
    });
}

#[tokio::test]
async fn it_can_be_called_within_a_runtime() {
    let tests = Tests::new();
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    let dir = project.path().join("migrations");
    let migrations = glowplug::from_directory(&dir, "migrations").unwrap();
    let database = TestDatabase::on(&tests.server(), &migrations).unwrap();
    let mut connection = AsyncPgConnection::establish(database.url()).await.unwrap();
    connection.batch_execute("INSERT INTO a VALUES (1)").await.unwrap();
}

#[test]
fn a_migration_that_fails_is_named_and_leaves_no_template() {
    let tests = Tests::new();
    let server = tests.server();
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id nonsense);", "DROP TABLE a;");
    let dir = project.path().join("migrations");
    let migrations = glowplug::from_directory(&dir, "migrations").unwrap();
    for _ in 0..2 {
        let error = TestDatabase::on(&server, &migrations).unwrap_err().to_string();
        assert!(error.starts_with("1_a failed in up.sql"), "{error}");
    }
}

#[test]
fn options_of_an_upgrade_are_said_one_after_the_other() {
    let database = Database::new();
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    project.migration("2_b", "CREATE TABLE b (id int);", "DROP TABLE b;");
    let dir = project.path().join("migrations");
    let migrations = glowplug::from_directory(&dir, "migrations").unwrap();
    let options = UpgradeOptions::default().target("+1").actor("api");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let report = runtime.block_on(async {
        let connection = AsyncPgConnection::establish(&database.url()).await.unwrap();
        glowplug::upgrade(connection, &migrations, &options).await.unwrap()
    });
    assert_eq!(report.steps.len(), 1);
    assert_eq!(database.query("SELECT DISTINCT actor FROM __glowplug_journal"), "api");
}

/// The program is looked for on the PATH: a process of its own, whose PATH can be set.
#[test]
fn migrations_are_verified_within_a_test() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = Path::new(GLOWPLUG).parent().unwrap().to_owned();
    if std::env::split_paths(&path).next() != Some(own.clone()) {
        let paths = std::iter::once(own).chain(std::env::split_paths(&path));
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "testing::migrations_are_verified_within_a_test"])
            .env("PATH", std::env::join_paths(paths).unwrap())
            .output()
            .unwrap();
        assert!(again.status.success(), "{again:?}");
        return;
    }
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    let dir = project.path().join("migrations");
    let migrations = glowplug::from_directory(&dir, "migrations").unwrap();
    let report = glowplug::testing::verify(&migrations, &[]).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    project.migration("2_b", "CREATE TABLE b (id int PRIMARY KEY);", "SELECT 1;");
    let migrations = glowplug::from_directory(&dir, "migrations").unwrap();
    let report = glowplug::testing::verify(&migrations, &[]).unwrap();
    assert_eq!(report.problems.len(), 1, "{report:#?}");
}
