//! Versions: of extensions, of the forms that migrations are written in, and of migrations themselves.

use std::fs;

use glowplug::internal::cluster::Scratch;

use crate::{
    network::black_hole,
    support::{Database, INSTALLED, Project, psql_at, scratch},
};

const LOCK: &str = "glowplug.lock";

/// A database that has an extension in an old version, and a project that makes it without one.
fn with_old_extension() -> (Database, Project) {
    let database = Database::new();
    let role = &database.role;
    database.query(&format!(
        "CREATE EXTENSION citext VERSION '1.4'; GRANT CREATE ON DATABASE {role} TO {role}"
    ));
    let project = Project::new();
    project.write(".env", &format!("DATABASE_URL='{}'\n", database.url()));
    project.migration(
        "1_extension",
        "CREATE EXTENSION IF NOT EXISTS citext -- for names\n;\nCREATE TABLE a (id int PRIMARY KEY, name citext);",
        "DROP TABLE a; DROP EXTENSION citext;",
    );
    // the version that the replay has decides what it makes
    project.migration(
        "2_kept",
        "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY)',
            (SELECT 'v' || replace(extversion, '.', '_') FROM pg_extension WHERE extname = 'citext')); END $$;",
        "DROP TABLE IF EXISTS v1_4, v1_6, v1_7, v1_8;",
    );
    project.run("upgrade").ok();
    (database, project)
}

#[test]
fn a_replay_makes_an_extension_in_the_version_that_the_database_has_or_that_is_pinned() {
    let (_database, project) = with_old_extension();
    let printed = project.run("schema --stdout").ok().stdout;
    assert!(printed.contains("v1_4"), "{printed}");
    project.run("drift").ok();
    project.run("verify").ok();
    project.run("shadow pin").ok();
    fs::remove_file(project.path().join(".env")).unwrap();
    assert_eq!(project.run("schema --stdout --from migrations").ok().stdout, printed);
    // both sides are made alike
    let source = "CREATE EXTENSION citext; CREATE TABLE a (id int PRIMARY KEY, name citext); CREATE TABLE v1_4 (id int PRIMARY KEY);";
    project.write("truth.sql", source);
    project.run("check --source truth.sql").ok();
    // the caret stands where it stood
    project.migration("3_wrong", "SELECT 1;\nSELEC 2;", "");
    project.run("verify").code(1).says(&["3_wrong/up.sql:2:1"]);
}

#[test]
fn a_version_of_an_extension_that_this_machine_lacks_is_named() {
    let (_database, project) = with_old_extension();
    project.run("shadow pin").ok();
    fs::remove_file(project.path().join(".env")).unwrap();
    let lock = fs::read_to_string(project.path().join(LOCK)).unwrap();
    project.write(LOCK, &lock.replace("\"1.4\"", "\"0.3\""));
    project.write("truth.sql", "CREATE EXTENSION citext;");
    let made = project.run("revision --autogenerate -m x --source truth.sql").ok();
    for said in ["the extension citext is 0.3 in", "this machine has 1.", "default version"] {
        assert!(made.stdout.contains(said), "{made:#?}");
    }
}

#[test]
fn a_setting_of_ones_own_that_only_the_servers_configuration_has_is_in_the_twin() {
    let server = scratch(&INSTALLED[0], &[("app.tenant", "one"), ("app.schema", "two")]);
    let database = Database::on(&server);
    let project = Project::at(&database);
    project.migration(
        "1_a",
        "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY)', current_setting('app.tenant', true)); END $$;",
        "DROP TABLE one;",
    );
    project.run("upgrade").ok();
    project.run("drift").ok();
    project.run("verify").ok();
    let pinned = project.run("shadow pin").ok().stdout;
    assert!(pinned.contains("app.tenant was not written"), "{pinned}");
    assert!(!pinned.contains("app.schema"), "{pinned}");
    database.remove(&server);
}

#[test]
fn a_reset_with_locked_schema_asks_the_server_what_the_new_database_will_have() {
    let server = scratch(&INSTALLED[0], &[]);
    psql_at(&server.url(Scratch::MAINTENANCE), "CREATE DATABASE postgres");
    let database = Database::on(&server);
    let role = &database.role;
    database
        .query(&format!("ALTER ROLE {role} CREATEDB; ALTER DATABASE {role} SET app.kind = 'old'"));
    let project = Project::at(&database);
    project.write("diesel.toml", "[print_schema]\nfile = \"schema.rs\"\n");
    project.migration(
        "1_a",
        "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY)', coalesce(current_setting('app.kind', true), 'none')); END $$;",
        "DROP TABLE IF EXISTS old, new, none;",
    );
    project.run("upgrade").ok();
    let schema = || fs::read_to_string(project.path().join("schema.rs")).unwrap();
    assert!(schema().contains("old (id)"));
    project.run("shadow pin").ok();
    // what is set for the role stays, what is set for the database goes with it
    psql_at(
        &url(&database),
        &format!("ALTER ROLE {role} SET app.kind = 'new'; ALTER DATABASE {role} RESET app.kind"),
    );
    let refused = project.run("database reset --yes --locked-schema").code(1);
    refused.says(&["schema.rs would change"]);
    assert_eq!(database.query("SELECT to_regclass('old')"), "old");
    project.write("schema.rs", &schema().replace("old", "new"));
    project.run("database reset --yes --locked-schema").ok();
    assert_eq!(database.query("SELECT to_regclass('new')"), "new");
    database.remove(&server);
}

fn url(database: &Database) -> glowplug::internal::words::url::Url {
    glowplug::internal::words::url::Url::parse(&database.admin_url()).unwrap().url
}

#[test]
fn what_a_migration_needs_that_is_made_for_no_version_is_said() {
    let project = Project::new();
    project.migration(
        "1_a",
        "CREATE TABLE a (id int PRIMARY KEY, b text, c text);",
        "DROP TABLE a;",
    );
    let source = |more: &str| {
        format!("CREATE TABLE a (id int PRIMARY KEY, b text, c text NOT NULL); {more}")
    };
    let revision = || project.run("revision --autogenerate --source truth.sql -m next").ok();
    project.write("truth.sql", &source(""));
    let made = revision();
    assert!(!made.stdout.contains("it needs PostgreSQL"), "{made:#?}");
    // every server knows these
    let ups = project.run("upgrade --sql base:head").ok().stdout;
    assert!(ups.contains("SET NOT NULL"), "{ups}");
    project.run("check --source truth.sql").ok();
    if INSTALLED[0].major() < 15 {
        eprintln!("skipped: PostgreSQL 14 knows no newer form");
        return;
    }
    let unique = "ALTER TABLE a ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (b);";
    project.write("truth.sql", &source(unique));
    let made = revision();
    for said in
        ["it needs PostgreSQL 15: NULLS NOT DISTINCT (15)", "Neither a database nor glowplug.lock"]
    {
        assert!(made.stdout.contains(said), "{made:#?}");
    }
    // where somebody says which it is, that is known
    project.write("glowplug.toml", &format!("[server]\nmajor = {}\n", INSTALLED[0].major()));
    project.write("truth.sql", &source(&unique.replace("(b)", "(b, c)")));
    let made = revision();
    assert!(!made.stdout.contains("it needs PostgreSQL"), "{made:#?}");
}

#[test]
fn a_new_migration_sorts_behind_the_newest() {
    for (newest, next) in [
        ("3_three", "4_next"),
        ("2999-12-31-235959-0000_far", "3000-01-01-000000-0000_next"),
        ("29990101000000_old_style", "29990101000001_next"),
    ] {
        let project = Project::new();
        project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
        project.migration(newest, "ALTER TABLE a ADD b int;", "ALTER TABLE a DROP b;");
        let made = project.run("revision -m next").ok();
        assert!(made.stdout.contains(&format!("migrations/{next}/up.sql")), "{made:#?}");
        assert_eq!(made.stderr, "");
        fs::remove_dir_all(project.path().join("migrations").join(next)).unwrap();
        project.write("truth.sql", "CREATE TABLE a (id int PRIMARY KEY, b int, c int);");
        project.run("revision --autogenerate --source truth.sql -m next").ok();
        assert!(project.path().join("migrations").join(next).is_dir(), "{next}");
        project.run("verify").ok();
    }
}

#[test]
fn a_database_that_does_not_answer_is_named_while_it_is_waited_for() {
    let (_silent, port) = black_hole();
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    let url = format!("postgres://localhost:{port}/app");
    let ran = project.run(&format!("verify --database-url {url}")).ok();
    assert!(ran.stdout.contains("could not read the"), "{ran:#?}");
    ran.says(&[&format!("waiting for app at localhost:{port}")]);
}

#[test]
fn a_database_without_anything_of_others_needs_no_prerequisites() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("upgrade").ok();
    let pinned = project.run("shadow pin --from-database").ok();
    assert!(pinned.stdout.contains("no prerequisites are needed"), "{pinned:#?}");
    assert!(!project.path().join("prerequisites.sql").exists());
    assert!(project.path().join(LOCK).exists());
}
