//! What statements say of their locks and of what they write anew, against what a server does.
//!
//! The plans are those between the pairs of `tests/fixtures/introspect`, there and back. A statement that cannot run in a transaction
//! shows nothing afterwards, and is only run. `GLOWPLUG_TEST_CASE` chooses as it does for plans.

use std::collections::{BTreeMap, BTreeSet};

use glowplug::internal::{
    catalog::Catalog,
    cluster::{Binaries, Scratch},
    ddl::{Boundary, LockMode, Statement, Work},
    planner::{Target, comparable, filling::sent, plan, settled},
    words::url::Url,
};
use tokio_postgres::Client;

use crate::{
    introspect::{Pair, pairs, read, unsubscribe},
    sample,
    support::{INSTALLED, psql_at, scratch, text, try_psql_at},
};

/// Locks and files, by the name of a table. Those from SHARE on, which others feel, are compared.
#[derive(Default)]
struct Seen {
    locks: BTreeMap<String, BTreeSet<String>>,
    files: BTreeMap<String, String>,
    /// Tables, each with those that it inherits from or is a partition of, however far above.
    above: BTreeMap<String, BTreeSet<String>>,
}

const LOCKS: &str = "SELECT c.oid::regclass::text || chr(1) || l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE l.pid = pg_backend_pid() AND l.granted AND c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
const FILES: &str = "SELECT c.oid::regclass::text || chr(1) || pg_relation_filenode(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
const ABOVE: &str = "WITH RECURSIVE r(low, high) AS (
        SELECT inhrelid, inhparent FROM pg_inherits UNION SELECT r.low, i.inhparent FROM r JOIN pg_inherits i ON i.inhrelid = r.high
    ) SELECT low::regclass::text || chr(1) || high::regclass::text FROM r JOIN pg_class c ON c.oid = r.low WHERE c.relkind IN ('r', 'p')";

/// A statement that may say more than was seen: that it writes the table anew. Timestamps are the same bytes where the time zone is
/// UTC, and whether those of an extension's type are the bytes of another type only the server knows.
fn may_say_more(statement: &Statement) -> bool {
    statement.sql().contains(" TYPE ")
}

async fn lines(client: &Client, sql: &str) -> Vec<(String, String)> {
    let rows = client.query(sql, &[]).await.unwrap();
    let line = |row: tokio_postgres::Row| {
        let line: String = row.get(0);
        let (name, rest) = line.split_once('\u{1}').unwrap();
        (name.to_owned(), rest.to_owned())
    };
    rows.into_iter().map(line).collect()
}

impl Seen {
    async fn at(client: &Client) -> Self {
        let mut seen = Self::default();
        for (name, mode) in lines(client, LOCKS).await {
            seen.locks.entry(name).or_default().insert(mode);
        }
        seen.files.extend(lines(client, FILES).await);
        for (low, high) in lines(client, ABOVE).await {
            seen.above.entry(low).or_default().insert(high);
        }
        seen
    }
}

const MODES: [LockMode; 8] = [
    LockMode::AccessShare,
    LockMode::RowShare,
    LockMode::RowExclusive,
    LockMode::ShareUpdateExclusive,
    LockMode::Share,
    LockMode::ShareRowExclusive,
    LockMode::Exclusive,
    LockMode::AccessExclusive,
];

/// What a statement says and what was seen, where they differ.
fn compare(statement: &Statement, before: &Seen, after: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = |key: &glowplug::internal::catalog::Key| {
        let plain = |part: &str| {
            let is_plain =
                part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if is_plain { part.to_owned() } else { format!("\"{}\"", part.replace('"', "\"\"")) }
        };
        match key.part(0) {
            "public" => plain(key.part(1)),
            schema => format!("{}.{}", plain(schema), plain(key.part(1))),
        }
    };
    let said: BTreeMap<String, (LockMode, Work)> =
        statement.touches.iter().map(|it| (name(&it.relation), (it.lock, it.work))).collect();
    let is_below = |table: &String| {
        let above = before.above.get(table).into_iter().chain(after.above.get(table));
        above.flatten().any(|it| said.contains_key(it))
    };
    for (table, file) in &before.files {
        let Some(now) = after.files.get(table) else {
            continue;
        };
        let is_new = now != file;
        let says = said.get(table).map(|it| it.1) == Some(Work::Rewrite);
        let is_right = match is_new {
            true => says || is_below(table),
            false => !says || may_say_more(statement),
        };
        if !is_right {
            wrong.push(format!("{table} is {}in another file", if is_new { "" } else { "not " }));
        }
    }
    for (table, modes) in &after.locks {
        let is_old = before.files.contains_key(table)
            || before.above.values().flatten().any(|it| it == table);
        let strongest = MODES.iter().rev().find(|it| modes.contains(it.name()));
        let Some(strongest) = strongest.filter(|it| **it >= LockMode::Share && is_old) else {
            continue;
        };
        match said.get(table) {
            Some((lock, _)) if lock == strongest => {}
            Some((lock, _)) => wrong.push(format!("{table}: {strongest:?}, and it says {lock:?}")),
            None if is_below(table) => {}
            None => wrong.push(format!("{table}: {strongest:?}, and it says nothing")),
        }
    }
    wrong
}

/// Runs a plan, each statement by itself.
fn walk(database: &Url, from: &Catalog, to: &Catalog, major: u32) -> Result<Vec<String>, String> {
    let target = Target {
        major,
        role: "postgres",
        online: true,
        batches: false,
        in_one: false,
        portable: false,
    };
    let statements =
        plan(from, &settled(from, to.clone()), &target).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config: tokio_postgres::Config = text(database).parse().unwrap();
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        client.batch_execute("SET check_function_bodies = off").await.unwrap();
        let mut wrong = Vec::new();
        for statement in &statements {
            let sql = sent(statement);
            let failed = |error: tokio_postgres::Error| format!("{error:?} in {sql}");
            if statement.boundary == Boundary::Alone || !statement.fills.is_empty() {
                client.batch_execute(&sql).await.map_err(failed)?;
                continue;
            }
            let before = Seen::at(&client).await;
            client.batch_execute("BEGIN").await.map_err(failed)?;
            client.batch_execute(&sql).await.map_err(failed)?;
            let after = Seen::at(&client).await;
            client.batch_execute("COMMIT").await.map_err(failed)?;
            let found = compare(statement, &before, &after);
            wrong.extend(found.iter().map(|it| format!("{it}: {sql}")));
        }
        drop(client);
        driver.await.unwrap().unwrap();
        Ok(wrong)
    })
}

fn differing(binaries: &Binaries, pairs: &[&Pair]) -> (usize, Vec<String>) {
    let settings = [("wal_level", "logical"), ("allow_in_place_tablespaces", "on")];
    let server = scratch(binaries, &settings);
    let outside = server.url(Scratch::MAINTENANCE);
    psql_at(&outside, "CREATE ROLE probe_owner");
    psql_at(&outside, "CREATE ROLE nobody_ LOGIN");
    psql_at(&outside, "CREATE TABLESPACE probe_space LOCATION ''");
    let load = |name: &str, sql: &str| {
        let there = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
        if psql_at(&outside, &there) == "1" {
            unsubscribe(&server.url(name));
        }
        psql_at(&outside, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        psql_at(&outside, &format!("CREATE DATABASE {name}"));
        let inside = server.url(name);
        try_psql_at(&inside, sql).map(|_| inside).ok()
    };
    let (mut walked, mut wrong) = (0, Vec::new());
    for pair in pairs {
        let Some(wanted) = load("wanted", &pair.new).map(|url| comparable(read(&url))) else {
            continue;
        };
        let Some(url) = load("start", &pair.old) else {
            continue;
        };
        let start = comparable(read(&url));
        for (way, to) in [("up", &wanted), ("down", &start)] {
            let from = comparable(read(&url));
            // a plan that cannot be is the business of another test
            let Ok(found) = walk(&url, &from, to, binaries.major()) else {
                break;
            };
            walked += 1;
            wrong.extend(found.iter().map(|it| format!("{} {way}: {it}", pair.name)));
        }
    }
    (walked, wrong)
}

#[test]
fn statements_lock_and_write_anew_what_they_say() {
    let all = pairs("introspect");
    let only = std::env::var("GLOWPLUG_TEST_CASE").ok();
    let mut wrong = BTreeMap::new();
    for (at, binaries) in INSTALLED.iter().enumerate() {
        let fits = |it: &&Pair| {
            it.first_major <= binaries.major()
                && only.as_ref().is_none_or(|name| it.name.contains(name))
        };
        let fits: Vec<&Pair> = all.iter().filter(fits).collect();
        let more = if at == 0 { 26 } else { 7 };
        let some = match &only {
            None => sample::of(fits, |pair| pair.kind(), at, 5, more),
            Some(_) => fits,
        };
        let (walked, found) = differing(binaries, &some);
        assert!(walked > 0 || some.is_empty(), "nothing was walked");
        if !found.is_empty() {
            wrong.insert(binaries.major(), found);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
