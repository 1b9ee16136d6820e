//! Reading catalogs: complete, the same twice, at a constant number of statements, and without privileges.
//!
//! Each directory of `tests/fixtures/introspect` holds two schemas that differ in one attribute of one object. `majors` in it says
//! from which PostgreSQL on they load. Each kind is looked at on the default server, some on each other one.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::Duration,
};

use glowplug::internal::{
    catalog::{Catalog, Coverage, Key, ObjectKind},
    cluster::{Binaries, Scratch},
    connect::{Environment, Patience},
    introspect::{self, Reader},
    job::open::Endpoint,
    postgres::session::{Session, Stop},
    words::url::Url,
};

use crate::{
    proxy::Proxy,
    sample,
    support::{Database, INSTALLED, Project, psql_at, scratch, server, try_psql_at},
};

/// Reads everything that a server tells.
pub fn read(url: &Url) -> Catalog {
    read_with(url, &Coverage::all())
}

fn read_with(url: &Url, coverage: &Coverage) -> Catalog {
    on_session(url, async |session, version| {
        introspect::read(session, version, coverage).await.unwrap()
    })
}

/// Reads everything with a reader that may have read the same database before.
pub fn read_again(reader: &mut Reader, url: &Url) -> Catalog {
    on_session(url, async |session, version| reader.read(session, version).await.unwrap())
}

fn on_session(url: &Url, act: impl AsyncFnOnce(&mut Session<'_>, u32) -> Catalog) -> Catalog {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let endpoint = Endpoint {
        url: url.clone(),
        direct: None,
        environment: Environment::default(),
        application: "test".into(),
        deadline: Duration::from_secs(30),
        patience: Patience::Waking,
        stop: Stop::never(),
    };
    runtime.block_on(async {
        let (mut session, facts, _) = endpoint.read(&mut |_| {}).await.unwrap();
        act(&mut session, facts.server_version).await
    })
}

/// A pair of schemas.
#[derive(Debug)]
pub struct Pair {
    pub name: String,
    pub old: String,
    pub new: String,
    pub first_major: u32,
}

impl Pair {
    /// The first word of its name.
    pub fn kind(&self) -> String {
        self.name.split("__").next().unwrap_or_default().to_owned()
    }
}

pub fn pairs(of: &str) -> Vec<Pair> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(of);
    let mut dirs: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|it| it.unwrap().path()).collect();
    dirs.sort();
    let pair = |dir: PathBuf| {
        let text = |file: &str| fs::read_to_string(dir.join(file)).unwrap();
        let majors = fs::read_to_string(dir.join("majors")).unwrap_or_default();
        Pair {
            name: dir.file_name().unwrap().to_string_lossy().into_owned(),
            old: text("old.sql"),
            new: text("new.sql"),
            first_major: majors.trim().trim_end_matches('-').parse().unwrap_or(14),
        }
    };
    dirs.into_iter().map(pair).collect()
}

/// What became of the pairs on one server.
#[derive(Default)]
struct Outcome {
    compared: usize,
    skipped: Vec<String>,
    wrong: Vec<String>,
}

#[test]
fn whatever_differs_in_one_attribute_is_another_catalog() {
    let pairs = pairs("introspect");
    for (index, binaries) in INSTALLED.iter().enumerate() {
        let (few, more) = if index == 0 { (20, 45) } else { (5, 9) };
        let some = sample::of(pairs.iter().collect(), |pair| pair.kind(), index, few, more);
        let outcome = compare(binaries, some.into_iter());
        eprintln!(
            "PostgreSQL {}: {} pairs differ as they should; skipped: {:?}",
            binaries.major(),
            outcome.compared,
            outcome.skipped
        );
        assert!(outcome.wrong.is_empty(), "{:#?}", outcome.wrong);
        assert!(outcome.compared > outcome.skipped.len() * 5);
    }
}

fn compare<'p>(binaries: &Binaries, pairs: impl Iterator<Item = &'p Pair> + Send) -> Outcome {
    let settings =
        [("wal_level", "logical"), ("max_wal_senders", "4"), ("allow_in_place_tablespaces", "on")];
    let server = scratch(binaries, &settings);
    let outside = server.url(Scratch::MAINTENANCE);
    psql_at(&outside, "CREATE ROLE probe_owner");
    psql_at(&outside, "CREATE ROLE nobody_ LOGIN");
    psql_at(&outside, "CREATE TABLESPACE probe_space LOCATION ''");
    let outcome: Mutex<Outcome> = Mutex::default();
    let queue = Mutex::new(pairs.filter(|it| it.first_major <= binaries.major()));
    let turn = Mutex::new(());
    let threads = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    thread::scope(|scope| {
        for number in 0..threads {
            let (outcome, queue, server, turn) = (&outcome, &queue, &server, &turn);
            scope.spawn(move || {
                let load = |sql: &str| {
                    let name = format!("probe{number}");
                    let outside = server.url(Scratch::MAINTENANCE);
                    let inside = server.url(&name);
                    let there = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
                    if psql_at(&outside, &there) == "1" {
                        unsubscribe(&inside);
                    }
                    {
                        // a template is copied only while nobody else is connected to it
                        let _turn = turn.lock().unwrap();
                        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                        try_psql_at(&outside, &drop)?;
                        psql_at(
                            &outside,
                            &format!("CREATE DATABASE {name} TEMPLATE {}", Scratch::MAINTENANCE),
                        );
                    }
                    try_psql_at(&inside, sql)?;
                    Ok::<_, String>(read(&inside))
                };
                loop {
                    let Some(pair) = queue.lock().unwrap().next() else {
                        break;
                    };
                    let old = load(&pair.old);
                    let again = load(&pair.old);
                    let new = load(&pair.new);
                    let mut outcome = outcome.lock().unwrap();
                    match (old, again, new) {
                        (Ok(old), Ok(again), Ok(new)) => {
                            outcome.compared += 1;
                            if let Some(difference) = difference(&old, &again) {
                                let text =
                                    format!("{}: not the same twice: {difference}", pair.name);
                                outcome.wrong.push(text);
                            }
                            if old == new {
                                outcome.wrong.push(format!("{}: no difference", pair.name));
                            }
                        }
                        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                            outcome.skipped.push(format!("{}: {error}", pair.name));
                        }
                    }
                }
            });
        }
    });
    outcome.into_inner().unwrap()
}

/// Ends the subscriptions of a database: while there are some, it cannot be dropped.
pub fn unsubscribe(database: &Url) {
    let names = "SELECT pg_catalog.quote_ident(subname) FROM pg_subscription
        WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";
    for name in psql_at(database, names).lines() {
        for what in ["DISABLE", "SET (slot_name = NONE)"] {
            psql_at(database, &format!("ALTER SUBSCRIPTION {name} {what}"));
        }
        psql_at(database, &format!("DROP SUBSCRIPTION {name}"));
    }
}

/// The first thing in which two catalogs differ.
fn difference(one: &Catalog, other: &Catalog) -> Option<String> {
    let map = |catalog: &Catalog| -> BTreeMap<Key, String> {
        let facts = catalog.iter();
        facts.map(|(key, fact)| (key.clone(), format!("{fact:?}"))).collect()
    };
    let (facts, others) = (map(one), map(other));
    let differing = facts.iter().find(|(key, fact)| others.get(*key) != Some(*fact));
    let differing = differing.map(|(key, fact)| format!("{key}: {fact} | {:?}", others.get(key)));
    differing.or_else(|| (one != other).then(|| "dependencies, unread, or more objects".into()))
}

/// What is read by its position is what it is called: the server is asked for the names, on every version that is here.
#[test]
fn every_query_has_the_columns_that_are_declared() {
    for binaries in INSTALLED.iter() {
        let major = binaries.major();
        let database = Database::on(server(major));
        let url = Url::parse(&database.admin_url()).unwrap().url;
        for (kind, sql, declared) in introspect::declared(major) {
            psql_at(&url, &format!("CREATE VIEW v AS {sql}"));
            let names = psql_at(
                &url,
                "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'v'::regclass AND attnum > 0",
            );
            assert_eq!(names.trim(), declared.join(","), "{kind:?} on {major}");
            psql_at(&url, "DROP VIEW v");
        }
    }
}

#[test]
fn a_role_without_any_privilege_reads_the_same() {
    for binaries in INSTALLED.iter() {
        let server = scratch(binaries, &[]);
        let database = Database::on(&server);
        database.execute(
            "CREATE TYPE mood AS ENUM ('a', 'b');
             CREATE TABLE parent (id int PRIMARY KEY, m mood);
             CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent, CHECK (id > 0));
             CREATE VIEW v AS SELECT * FROM parent;
             CREATE FUNCTION f(int) RETURNS int LANGUAGE sql RETURN $1 + 1;
             COMMENT ON TABLE parent IS 'hidden';
             REVOKE ALL ON SCHEMA public FROM PUBLIC;",
        );
        database.query("CREATE ROLE reader LOGIN");
        // a session needs a schema that it may name
        database.query("CREATE SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO reader");
        database.query("ALTER ROLE reader SET search_path = elsewhere");
        let mut url = database.owner().clone();
        url.user = Some("reader".into());
        let (owner, reader) = (read(database.owner()), read(&url));
        assert_eq!(difference(&owner, &reader), None, "{}", binaries.major());
        assert!(owner.of_kind(ObjectKind::Constraint).count() >= 4);
    }
}

/// Where something cannot be told, everything is read, in twice as many statements: nothing that migrations usually do is so.
#[test]
fn what_was_not_written_to_is_not_read_again() {
    let server = scratch(&INSTALLED[0], &[]);
    let database = Database::on(&server);
    database.execute(
        "CREATE TABLE a (id int PRIMARY KEY, note text UNIQUE CHECK (note <> ''), n int NOT NULL DEFAULT 1);
         CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a, note text);
         CREATE INDEX ON b (note);
         CREATE VIEW v AS SELECT note FROM b;
         CREATE TABLE untouched (id bigserial PRIMARY KEY, note text)",
    );
    let proxy = Proxy::counting(&server);
    let url = Url::parse(&proxy.url(&database.name, &database.role)).unwrap().url;
    let mut reader = Reader::default();
    let mut again = || {
        let before = proxy.counts().0;
        let catalog = read_again(&mut reader, &url);
        (proxy.counts().0 - before, catalog)
    };
    let (once, _) = again();
    for statement in [
        "SELECT 1",
        "ALTER TABLE a ADD COLUMN more text DEFAULT 'x'",
        "ALTER TABLE a ALTER COLUMN n DROP NOT NULL, ALTER COLUMN n DROP DEFAULT",
        "ALTER TABLE a DROP COLUMN more, DROP CONSTRAINT a_note_check",
        "CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a, note text)",
        "DROP VIEW v",
        "DROP INDEX b_note_idx",
        "ALTER TABLE b DROP CONSTRAINT b_a_fkey",
        "DROP TABLE c",
    ] {
        database.execute(statement);
        let (sent, catalog) = again();
        assert!(sent < once * 3 / 2, "{statement}: {sent} instead of {once}");
        assert_eq!(catalog, read(&url), "{statement}");
    }
    // what is written into other objects has another name
    database.execute("ALTER TABLE untouched RENAME TO touched");
    assert!(again().0 > once * 3 / 2);
}

#[test]
fn the_number_of_statements_does_not_depend_on_the_number_of_tables() {
    let sent = |tables: usize| {
        let server = scratch(&INSTALLED[0], &[]);
        let database = Database::on(&server);
        for table in 0..tables {
            database.execute(&format!(
                "CREATE TABLE t{table} (id int PRIMARY KEY, p int REFERENCES t{table})"
            ));
        }
        let proxy = Proxy::counting(&server);
        let project =
            Project::new().env("DATABASE_URL", &proxy.url(&database.name, &database.role));
        project.run("print-schema").ok();
        proxy.counts().0
    };
    assert_eq!(sent(1), sent(40));
}
