//! An application that migrates when it starts.

use diesel_async::{
    AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _,
    pooled_connection::{AsyncDieselConnectionManager, bb8::Pool},
};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use glowplug::UpgradeOptions;

use crate::support::{Database, Project};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

async fn pool(database: &Database) -> Pool<AsyncPgConnection> {
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(database.url());
    Pool::builder().max_size(2).build(manager).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_migrations_are_applied_over_a_pool_and_are_those_of_the_program() {
    let database = tokio::task::spawn_blocking(Database::new).await.unwrap();
    let pool = pool(&database).await;
    let migrations = glowplug::from_source(&MIGRATIONS).unwrap();

    // spawned: the future of an upgrade is Send
    let upgrade = |pool: Pool<AsyncPgConnection>, migrations: glowplug::Migrations| {
        tokio::spawn(async move {
            glowplug::upgrade(&pool, &migrations, &UpgradeOptions::default()).await
        })
    };
    let (one, two) =
        tokio::join!(upgrade(pool.clone(), migrations.clone()), upgrade(pool, migrations));
    let applied = one.unwrap().unwrap().steps.len() + two.unwrap().unwrap().steps.len();

    assert_eq!(applied, 1, "one instance migrates, the other finds nothing to do");
    tokio::task::spawn_blocking(move || {
        // the digests of the embedded texts are those of the files
        let project = Project::at(&database);
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let dir = root.join("migrations").display().to_string();
        let ran = project.run_with(&["current", "--check-heads", "--migration-dir", &dir]).ok();
        assert!(ran.stdout.contains("(head)"), "{ran:?}");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_borrowed_connection_comes_back_usable_and_without_the_lock() {
    let database = tokio::task::spawn_blocking(Database::new).await.unwrap();
    let mut connection = AsyncPgConnection::establish(&database.url()).await.unwrap();
    let project = Project::new();
    project.migration("1_a", "SET search_path = ''; CREATE TABLE public.a (id int);", "");
    project.migration("2_b", "CREATE TABLE public.b (id int); SELECT nonsense;", "");
    let dir = project.path().join("migrations");
    let migrations = glowplug::from_directory(&dir, "migrations").unwrap();

    let error = glowplug::upgrade(&mut connection, &migrations, &UpgradeOptions::default())
        .await
        .unwrap_err();

    assert_eq!(error.done.steps.len(), 1, "{error}");
    assert!(error.to_string().starts_with("2_b failed in up.sql: column \"nonsense\""), "{error}");
    connection.batch_execute("CREATE TABLE c (id int)").await.unwrap();
    tokio::task::spawn_blocking(move || {
        assert_eq!(database.query("SELECT to_regclass('b') IS NULL"), "t");
        assert_eq!(
            database.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"),
            "0"
        );
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_older_build_starts_beside_a_newer_one() {
    let database = tokio::task::spawn_blocking(Database::new).await.unwrap();
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int)", "DROP TABLE a");
    let dir = project.path().join("migrations");
    let old = glowplug::from_directory(&dir, "migrations").unwrap();
    project.migration("2_b", "CREATE TABLE b (id int)", "DROP TABLE b");
    let new = glowplug::from_directory(&dir, "migrations").unwrap();
    let options = UpgradeOptions::default();

    let connection = AsyncPgConnection::establish(&database.url()).await.unwrap();
    glowplug::upgrade(connection, &new, &options).await.unwrap();
    let connection = AsyncPgConnection::establish(&database.url()).await.unwrap();
    let report = glowplug::upgrade(connection, &old, &options).await.unwrap();

    assert_eq!(report.steps, []);
}

#[test]
fn ledgers_are_guarded_over_an_application_s_own_connection_too() {
    const UP: &str = include_str!("../../migrations/2026-11-23-090000-0000_create_events/up.sql");
    let database = Database::new();
    let project = Project::new();
    project.migration("1_events", UP, "");
    project.migration(
        "2_fill",
        "INSERT INTO events (stream, kind, payload, occurred_at) SELECT 's', 'k', to_jsonb(n), now() FROM generate_series(1, 9) n;
         CREATE INDEX ON events (kind);",
        "",
    );
    let options = UpgradeOptions::default().ledger(glowplug::Ledger::new("public.events").unwrap());
    let dir = project.path().join("migrations");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let upgrade = || {
        let migrations = glowplug::from_directory(&dir, "migrations").unwrap();
        runtime.block_on(async {
            let pool = pool(&database).await;
            glowplug::upgrade(&pool, &migrations, &options).await
        })
    };
    assert_eq!(upgrade().unwrap().steps.len(), 2);

    // rewritten, added, taken back and given a column that is dropped again: all rows are compared
    project.migration("3_rewrite", "CLUSTER events USING events_pkey; ALTER TABLE events ADD COLUMN u uuid DEFAULT gen_random_uuid();", "");
    project.migration("4_empty", "ALTER TABLE events ADD COLUMN empty int;", "");
    project.migration("5_drop", "ALTER TABLE events DROP COLUMN empty;", "");
    assert_eq!(upgrade().unwrap().steps.len(), 3);

    for (attack, expected) in [
        (
            "ALTER TABLE events DISABLE TRIGGER USER; UPDATE events SET kind = 'x' WHERE id = 3; ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only; ALTER TABLE events ENABLE ALWAYS TRIGGER events_no_truncate;",
            "1 row was updated",
        ),
        (
            "ALTER TABLE events ALTER COLUMN kind TYPE text USING CASE id WHEN 4 THEN 'forged' ELSE kind END;",
            "its rows are not what they were",
        ),
        (
            "DROP TRIGGER events_append_only ON events;",
            "UPDATE of public.events is no longer refused",
        ),
        ("ALTER TABLE events DROP COLUMN u;", "the column u is dropped"),
    ] {
        project.migration("6_attack", attack, "");
        let error = upgrade().unwrap_err();
        assert!(error.to_string().contains(expected), "{attack}: {error}");
        assert_eq!(database.query("SELECT count(*) FROM events WHERE kind = 'k'"), "9");
    }
}
