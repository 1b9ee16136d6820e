//! The typed API of the events ledger, on a real server and against the compiler.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use diesel_async::{
    AsyncPgConnection, SimpleAsyncConnection as _,
    pooled_connection::{AsyncDieselConnectionManager, bb8::Pool},
};
use futures_util::TryStreamExt as _;
use glowplug::events::{Correction, EventLog, EventsError, NewEvent};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    network::Tcp,
    support::{Database, GLOWPLUG},
};

const UP: &str = include_str!("../../migrations/2026-11-23-090000-0000_create_events/up.sql");

async fn pool(database: &Database) -> Pool<AsyncPgConnection> {
    sized_pool(database, 4).await
}

async fn sized_pool(database: &Database, size: u32) -> Pool<AsyncPgConnection> {
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(database.url());
    Pool::builder().max_size(size).build(manager).await.unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

fn prepared() -> Database {
    let database = Database::new();
    database.execute(UP);
    database
}

#[test]
fn what_is_appended_is_read_back_as_it_was() {
    let database = prepared();
    block_on(async {
        let log = EventLog::new(pool(&database).await);
        let at: Timestamp = "1969-07-20T20:17:40.123456Z".parse().unwrap();
        let new =
            NewEvent::new("moon", "landed", json!({ "crew": ["Armstrong", "Aldrin"], "π": null }))
                .at(at);

        let event = log.append(&new).await.unwrap();

        assert_eq!((event.stream.as_str(), event.kind.as_str()), ("moon", "landed"));
        assert_eq!((&event.payload, event.occurred_at, event.corrects), (&new.payload, at, None));
        assert!(event.recorded_at > at);
        assert_eq!(log.history("moon").await.unwrap(), [event]);
        assert_eq!(log.history("mars").await.unwrap(), []);
    });
}

#[test]
fn corrections_point_at_what_they_correct_and_are_folded_in() {
    let database = prepared();
    block_on(async {
        let log = EventLog::new(pool(&database).await);
        let first = log.append(&NewEvent::new("a", "deposited", json!(100))).await.unwrap();
        let other = log.append(&NewEvent::new("a", "deposited", json!(5))).await.unwrap();
        let wrong = log.correct(first.id, &Correction::new(json!(1))).await.unwrap();
        let right =
            log.correct(wrong.id, &Correction::new(json!(10)).kind("recounted")).await.unwrap();

        assert_eq!(
            (right.corrects, right.kind.as_str(), right.stream.as_str()),
            (Some(wrong.id), "recounted", "a")
        );
        let effective = log.effective("a").await.unwrap();
        let shown: Vec<_> = effective
            .iter()
            .map(|it| (it.event.id, it.payload().clone(), it.corrections.len()))
            .collect();
        assert_eq!(shown, [(first.id, json!(10), 2), (other.id, json!(5), 0)]);
        let missing = log.correct(999, &Correction::new(json!({}))).await;
        assert!(matches!(missing, Err(EventsError::NoSuchEvent { id: 999 })), "{missing:?}");
    });
}

#[test]
fn an_append_is_prepared_once() {
    #[derive(diesel::QueryableByName)]
    struct Kept {
        #[diesel(sql_type = diesel::sql_types::Text)]
        statement: String,
    }
    let database = prepared();
    block_on(async {
        let pool = sized_pool(&database, 1).await;
        let log = EventLog::new(pool.clone());
        for n in 0..3 {
            let event = NewEvent::new("a", "counted", json!(n));
            let event = log.append(&event).await.unwrap();
            log.correct(event.id, &Correction::new(json!(-n))).await.unwrap();
        }

        let mut connection = pool.get().await.unwrap();
        let kept = "SELECT statement FROM pg_prepared_statements
            WHERE statement LIKE 'INSERT%' ORDER BY length(statement)";
        let kept = diesel::sql_query(kept);
        let kept: Vec<Kept> = diesel_async::RunQueryDsl::load(kept, &mut connection).await.unwrap();

        assert_eq!(kept.len(), 2, "a prepared statement each");
        assert!(kept[0].statement.contains("VALUES"));
        assert!(kept[1].statement.contains("SELECT"));
    });
}

#[test]
fn many_are_appended_in_order_and_read_in_batches_from_a_position() {
    let database = prepared();
    block_on(async {
        let log = EventLog::new(pool(&database).await);
        let new: Vec<NewEvent> = (0..12_345)
            .map(|n| NewEvent::new(format!("s{}", n % 7), "counted", json!(n)))
            .collect();

        let appended = log.append_all(&new).await.unwrap();

        let order: Vec<_> = appended.iter().map(|event| event.payload.clone()).collect();
        assert_eq!(order, new.iter().map(|event| event.payload.clone()).collect::<Vec<_>>());
        let after = appended[2_344].id;
        let read: Vec<_> = log.read_from(after).try_collect().await.unwrap();
        assert_eq!(read, appended[2_345..]);
        assert_eq!(log.append_all(&[]).await.unwrap(), []);
    });
}

#[test]
fn a_refusal_of_the_database_is_a_typed_error() {
    let database = prepared();
    block_on(async {
        let pool = pool(&database).await;
        EventLog::new(pool.clone()).append(&NewEvent::new("a", "b", json!({}))).await.unwrap();
        let refused = pool
            .get()
            .await
            .unwrap()
            .batch_execute("UPDATE events SET kind = 'x'")
            .await
            .unwrap_err();
        assert!(matches!(EventsError::from(refused), EventsError::AppendOnly { .. }));
        let mut other = pool.get().await.unwrap();
        let log = EventLog::new(pool.clone());
        let empty = log.append(&NewEvent::new("", "b", json!({}))).await;
        assert!(matches!(empty, Err(EventsError::Database(_))), "{empty:?}");
        other.batch_execute("DROP TABLE events").await.unwrap();
        let missing = log.history("a").await;
        assert!(matches!(missing, Err(EventsError::Missing { .. })), "{missing:?}");
    });
}

#[test]
fn a_column_that_a_migration_takes_away_breaks_the_build() {
    let schema =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.rs")).unwrap();
    compiled(&schema).expect("the queries fit schema.rs");

    let without = schema.replace("kind -> Text,", "");
    let error = compiled(&without).unwrap_err();
    assert!(error.contains("kind"), "{error}");

    let other = schema.replace("corrects -> Nullable<Int8>,", "corrects -> Nullable<Text>,");
    compiled(&other).unwrap_err();
}

/// Compiles the events API against a schema.rs, with the crates that this one is built with.
fn compiled(schema: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("schema.rs"), schema).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/events");
    const ERROR: &str = "pub struct EventsError;
        impl From<diesel::result::Error> for EventsError {
            fn from(_: diesel::result::Error) -> Self { Self }
        }";
    let root = format!(
        "pub mod schema; pub mod events {{ pub mod error {{ {ERROR} }}
         #[path = {:?}] pub mod model; #[path = {:?}] pub mod queries; }}",
        source.join("model.rs"),
        source.join("queries.rs"),
    );
    let file = directory.path().join("root.rs");
    fs::write(&file, root).unwrap();
    let deps = Path::new(GLOWPLUG).with_file_name("deps");
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "-A", "warnings"])
        .arg("-L")
        .arg(format!("dependency={}", deps.display()));
    for name in ["diesel", "diesel_async", "jiff", "serde", "serde_json"] {
        let newest = newest(&deps, name);
        rustc.arg("--extern").arg(format!("{name}={}", newest.display()));
    }
    let output = rustc.arg("--out-dir").arg(directory.path()).arg(&file).output().unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// The newest build of a crate.
fn newest(deps: &Path, name: &str) -> PathBuf {
    let entries = fs::read_dir(deps).unwrap().map(|it| it.unwrap().path());
    let built = entries.filter(|path| {
        let file = path.file_name().unwrap().to_string_lossy();
        file.starts_with(&format!("lib{name}-")) && file.ends_with(".rlib")
    });
    let newest = built.max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    newest.unwrap_or_else(|| panic!("{name} is a dependency"))
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_at_once() {
    let error = EventLog::connect("postgres://localhost:1/x", 2).await.unwrap_err().to_string();
    assert!(!error.contains("imed out"), "{error}");
    assert!(error.contains("nothing is listening at localhost:1"), "{error}");
}

#[test]
fn a_wrong_password_is_named_and_not_shown() {
    let tcp = Tcp::start(&[], "host all all 127.0.0.1/32 scram-sha-256");
    tcp.admin("CREATE ROLE app LOGIN PASSWORD 'right'");
    let open = |password| {
        format!("host=127.0.0.1 port={} dbname=template1 user=app password={password}", tcp.port)
    };
    let error = block_on(EventLog::connect(&open("guessed"), 2)).unwrap_err();
    assert!(matches!(error, EventsError::Connect(_)), "{error:?}");
    let report = format!("{:?}", miette::Report::new(error));
    assert!(report.contains("password") && !report.contains("guessed"), "{report}");
    block_on(EventLog::connect(&open("right"), 2)).unwrap();
}
