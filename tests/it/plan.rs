//! Plans: from each of two schemas to the other, with rows in the tables, on real servers.
//!
//! The pairs are those of `tests/fixtures/introspect`: two schemas that differ in one attribute of one object. `GLOWPLUG_TEST_CASE`
//! runs those whose name holds it; `GLOWPLUG_TEST_CASES` runs all on every server.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use glowplug::{
    catalog::Catalog,
    ddl::{
        plan::{Target, plan},
        segment::segments,
    },
    postgres::cluster::{Binaries, Scratch},
    words::url::Url,
};

use crate::{
    introspect::{Pair, pairs, read, unsubscribe},
    support::{INSTALLED, number, psql_at, scratch, try_psql_at},
};

/// What PostgreSQL gives no way to, and why.
const NO_WAY: &[(&str, &str)] = &[
    (
        "alter__table_set_inherit",
        "a column of its own cannot become one that is only inherited",
    ),
    ("column__inherited", "the same"),
    (
        "collation__encoding",
        "CREATE COLLATION takes the encoding of the database",
    ),
    (
        "event_trigger__owner",
        "its owner must be a superuser, and was one when it was made",
    ),
    (
        "extension__configuration",
        "only the script of an extension can say so",
    ),
    ("extension__member", "members are the extension's"),
    ("extension__owner", "an extension has no ALTER … OWNER"),
    (
        "foreign_data_wrapper__owner",
        "its owner must be a superuser, and was one when it was made",
    ),
    (
        "index__not_ready",
        "only a failed build leaves such an index",
    ),
    (
        "relation__detach_pending",
        "only an interrupted detach leaves such a partition",
    ),
    (
        "relation__partition_key",
        "a table is partitioned as it was made",
    ),
    (
        "subscription__disabled",
        "one without a slot cannot be enabled",
    ),
];

/// What became of a way from one schema to another.
type Way = Result<(), String>;

/// The statements from one catalog to another, as they are sent: what shares a transaction is one text.
fn texts(from: &Catalog, to: &Catalog, major: u32) -> Result<Vec<String>, String> {
    let target = Target {
        major,
        role: "postgres",
        online: true,
    };
    let statements = plan(from, to, &target).map_err(|error| format!("no plan: {error}"))?;
    let mut texts = Vec::new();
    for segment in segments(statements) {
        let sql = segment.statements.iter().map(|it| it.sql.clone());
        if segment.alone {
            texts.extend(sql);
        } else {
            let all: Vec<String> = sql.collect();
            texts.push(format!(
                "BEGIN; SET LOCAL check_function_bodies = off;\n{};\nCOMMIT",
                all.join(";\n")
            ));
        }
    }
    Ok(texts)
}

fn walk(database: &Url, to: &Catalog, major: u32) -> Way {
    let from = read(database);
    let texts = texts(&from, to, major)?;
    for text in &texts {
        try_psql_at(database, text)
            .map_err(|error| format!("{error}\n--- of\n{}", texts.join(";\n---\n")))?;
    }
    let reached = read(database);
    let differences: Vec<String> = to
        .differences(&reached)
        .iter()
        .filter(|it| !it.is_only_position())
        .map(ToString::to_string)
        .collect();
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\n--- after\n{}",
        differences.join("\n"),
        texts.join(";\n---\n")
    ))
}

/// What one server made of the pairs.
#[derive(Default)]
struct Outcome {
    ways: usize,
    skipped: Vec<String>,
    wrong: BTreeMap<String, String>,
}

fn run(binaries: &Binaries, pairs: &[&Pair]) -> Outcome {
    let settings = [
        ("wal_level", "logical"),
        ("max_wal_senders", "4"),
        ("allow_in_place_tablespaces", "on"),
    ];
    let server = scratch(binaries, &settings);
    let outside = server.url(Scratch::MAINTENANCE);
    psql_at(&outside, "CREATE ROLE probe_owner");
    psql_at(&outside, "CREATE ROLE nobody_ LOGIN");
    psql_at(&outside, "CREATE TABLESPACE probe_space LOCATION ''");
    let outcome: Mutex<Outcome> = Mutex::default();
    let next = AtomicUsize::new(0);
    let turn = Mutex::new(());
    thread::scope(|scope| {
        for worker in 0..2 {
            let (outcome, next, server, turn) = (&outcome, &next, &server, &turn);
            scope.spawn(move || {
                let drop = |name: &str| {
                    let outside = server.url(Scratch::MAINTENANCE);
                    let there = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
                    if psql_at(&outside, &there) == "1" {
                        unsubscribe(&server.url(name));
                    }
                    let _turn = turn.lock().unwrap();
                    psql_at(
                        &outside,
                        &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                    );
                };
                let load = |name: &str, sql: &str| {
                    drop(name);
                    let outside = server.url(Scratch::MAINTENANCE);
                    {
                        let _turn = turn.lock().unwrap();
                        let create =
                            format!("CREATE DATABASE {name} TEMPLATE {}", Scratch::MAINTENANCE);
                        psql_at(&outside, &create);
                    }
                    let inside = server.url(name);
                    try_psql_at(&inside, sql)?;
                    Ok::<_, String>(inside)
                };
                while let Some(pair) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let wanted = load(&format!("wanted{worker}"), &pair.new).map(|url| read(&url));
                    if wanted.is_ok() {
                        drop(&format!("wanted{worker}"));
                    }
                    let start = load(&format!("start{worker}"), &pair.old);
                    let (Ok(wanted), Ok(url)) = (&wanted, &start) else {
                        outcome.lock().unwrap().skipped.push(pair.name.clone());
                        continue;
                    };
                    let before = read(url);
                    let ways = [("up", wanted), ("down", &before), ("up again", wanted)];
                    for (name, to) in ways {
                        let walked = walk(url, to, binaries.major());
                        let mut outcome = outcome.lock().unwrap();
                        outcome.ways += 1;
                        if let Err(error) = walked {
                            outcome.wrong.insert(format!("{} {name}", pair.name), error);
                            break;
                        }
                    }
                }
            });
        }
    });
    outcome.into_inner().unwrap()
}

#[test]
fn each_of_two_schemas_leads_to_the_other() {
    let wanted = std::env::var("GLOWPLUG_TEST_CASE").unwrap_or_default();
    let all = number("GLOWPLUG_TEST_CASES").is_some();
    let pairs = pairs();
    let pairs: Vec<&Pair> = pairs
        .iter()
        .filter(|it| it.name.contains(&wanted))
        .collect();
    let mut wrong = BTreeMap::new();
    for (index, binaries) in INSTALLED.iter().enumerate() {
        let major = binaries.major();
        let step = if all || index == 0 { 1 } else { 10 };
        let pairs: Vec<&Pair> = pairs
            .iter()
            .skip(index % step)
            .step_by(step)
            .copied()
            .collect();
        let pairs: Vec<&Pair> = pairs
            .into_iter()
            .filter(|it| it.first_major <= major)
            .collect();
        let outcome = run(binaries, &pairs);
        eprintln!(
            "PostgreSQL {major}: {} ways of {} pairs; skipped: {:?}",
            outcome.ways,
            pairs.len(),
            outcome.skipped
        );
        assert!(outcome.ways > 2 * pairs.len() || !wanted.is_empty());
        let has_way = |name: &str| !NO_WAY.iter().any(|(known, _)| name.starts_with(known));
        for (name, error) in outcome.wrong.into_iter().filter(|it| has_way(&it.0)) {
            wrong.insert(format!("{major} {name}"), error);
        }
        if std::env::var_os("GLOWPLUG_TEST_ONE").is_some() {
            break;
        }
    }
    for (name, error) in &wrong {
        eprintln!("=== {name}\n{error}\n");
    }
    assert!(wrong.is_empty(), "{} ways fail", wrong.len());
}
