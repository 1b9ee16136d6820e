//! Plans: from each of two schemas to the other, with rows in the tables, on real servers.
//!
//! The pairs are those of `tests/fixtures/introspect`: two schemas that differ in one attribute of one object. `GLOWPLUG_TEST_CASE`
//! runs those whose name holds it; `GLOWPLUG_TEST_CASES` runs all on every server, where otherwise a sixth of them runs on the newest.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use glowplug::{
    catalog::Catalog,
    ddl::{
        plan::{Target, comparable, plan},
        segment::segments,
    },
    postgres::cluster::{Binaries, Scratch},
    words::url::Url,
};

use crate::{
    ddl::Case,
    introspect::{Pair, pairs, read, unsubscribe},
    support::{INSTALLED, number, psql_at, scratch, text, try_psql_at},
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

/// What a database looks like to a program that shares no code with ours, line by line, the order of lines left out: columns
/// that were dropped and added again stand in another place. None where there is no such program.
fn dump(database: &Url, binaries: &Binaries) -> Option<Vec<String>> {
    let program = binaries.dir().join("pg_dump");
    if !program.is_file() {
        return None;
    }
    let output = Command::new(program)
        .args(["-s", "-d", &text(database)])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let dumped = String::from_utf8(output.stdout).unwrap();
    let lines = dumped.lines().map(|line| line.trim_end_matches(','));
    let says = |line: &&str| !(line.is_empty() || line.starts_with("--") || line.starts_with('\\'));
    let mut lines: Vec<String> = lines.filter(says).map(sorted_options).collect();
    lines.sort();
    Some(lines)
}

/// Storage options stand in the order in which they were set, and columns in the order in which they were added.
fn sorted_options(line: &str) -> String {
    let Some((head, options)) = line.split_once("WITH (") else {
        return line.to_owned();
    };
    let (options, tail) = options.rsplit_once(')').unwrap_or((options, ""));
    let mut options: Vec<&str> = options.split(", ").collect();
    options.sort_unstable();
    format!("{head}WITH ({}){tail}", options.join(", "))
}

/// What is wanted of a way.
struct Wanted {
    catalog: Catalog,
    dump: Option<Vec<String>>,
}

impl Wanted {
    fn of(database: &Url, binaries: &Binaries) -> Self {
        Self {
            catalog: comparable(&read(database)),
            dump: dump(database, binaries),
        }
    }
}

fn walk(database: &Url, to: &Wanted, binaries: &Binaries) -> Way {
    let from = comparable(&read(database));
    let texts = texts(&from, &to.catalog, binaries.major())?;
    let told = texts.join(";\n---\n");
    for text in &texts {
        try_psql_at(database, text).map_err(|error| format!("{error}\n--- of\n{told}"))?;
    }
    let reached = comparable(&read(database));
    let differences: Vec<String> = to
        .catalog
        .differences(&reached)
        .iter()
        .filter(|it| !it.is_only_position())
        .map(ToString::to_string)
        .collect();
    if !differences.is_empty() {
        return Err(format!("{}\n--- after\n{told}", differences.join("\n")));
    }
    // from where it is to where it is there is nothing to do
    let more = self::texts(&reached, &to.catalog, binaries.major())?;
    if !more.is_empty() {
        return Err(format!("not at rest: {more:?}"));
    }
    let found = dump(database, binaries);
    let only = |one: &Option<Vec<String>>, other: &Option<Vec<String>>| -> Vec<String> {
        let mut rest = other.clone().unwrap_or_default();
        let mut lines = one.clone().unwrap_or_default();
        lines.retain(|line| match rest.iter().position(|it| it == line) {
            Some(at) => {
                rest.swap_remove(at);
                false
            }
            None => true,
        });
        lines
    };
    if found != to.dump {
        let (missing, wrong) = (only(&to.dump, &found), only(&found, &to.dump));
        return Err(format!(
            "pg_dump misses {missing:#?} and finds {wrong:#?}\n--- after\n{told}"
        ));
    }
    Ok(())
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
                    let wanted = load(&format!("wanted{worker}"), &pair.new);
                    let wanted = wanted.map(|url| Wanted::of(&url, binaries));
                    if wanted.is_ok() {
                        drop(&format!("wanted{worker}"));
                    }
                    let start = load(&format!("start{worker}"), &pair.old);
                    let (Ok(wanted), Ok(url)) = (&wanted, &start) else {
                        outcome.lock().unwrap().skipped.push(pair.name.clone());
                        continue;
                    };
                    let before = Wanted::of(url, binaries);
                    let ways = [("up", wanted), ("down", &before), ("up again", wanted)];
                    for (name, to) in ways {
                        let walked = walk(url, to, binaries);
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
    let pairs = pairs("introspect");
    let pairs: Vec<&Pair> = pairs
        .iter()
        .filter(|it| it.name.contains(&wanted))
        .collect();
    let mut wrong = BTreeMap::new();
    for (index, binaries) in INSTALLED.iter().enumerate() {
        let major = binaries.major();
        let step = match (all, index) {
            (true, _) => 1,
            (_, 0) => 6,
            _ => 60,
        };
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

/// Situations of everyday work, on which Alembic's autogenerate was measured: it is right end to end in 25 of 103.
#[test]
fn everyday_situations_lead_there_and_back() {
    let pairs = pairs("alembic");
    let binaries = INSTALLED.iter().max_by_key(|it| it.major()).unwrap();
    let pairs: Vec<&Pair> = pairs
        .iter()
        .filter(|it| it.first_major <= binaries.major())
        .collect();
    let outcome = run(binaries, &pairs);
    eprintln!(
        "{} ways of {} situations; skipped: {:?}",
        outcome.ways,
        pairs.len(),
        outcome.skipped
    );
    // a table that becomes partitioned, and partitions by another key
    let has_way = |name: &&String| !(name.starts_with("084") || name.starts_with("085"));
    let wrong: Vec<_> = outcome
        .wrong
        .iter()
        .filter(|(name, _)| has_way(name))
        .collect();
    for (name, error) in &wrong {
        eprintln!("=== {name}\n{error}\n");
    }
    assert!(wrong.is_empty(), "{} ways fail", wrong.len());
}

/// So many pairs of random schemas, where the environment does not say otherwise.
const RANDOM: u64 = 15;

/// The first of them. About one pair in two hundred is not planned yet: other seeds are for those who look for them.
const FIRST: u64 = 5000;

/// Random schemas, from a part of one to all of it and back, and from one to another.
#[test]
fn random_schemas_lead_to_each_other() {
    let first = number("GLOWPLUG_TEST_SEED").unwrap_or(FIRST);
    let count = number("GLOWPLUG_TEST_CASES").unwrap_or(RANDOM);
    eprintln!("{count} pairs from GLOWPLUG_TEST_SEED={first}");
    let pairs: Vec<Pair> = (first..first + count)
        .map(|seed| {
            let new = Case::random(seed).sql;
            let old = match seed % 3 {
                0 => Case::random(seed + 1).sql,
                _ => new[..new.len() / 2].to_vec(),
            };
            Pair {
                name: format!("seed {seed}"),
                old: old.join(";\n"),
                new: new.join(";\n"),
                first_major: 14,
            }
        })
        .collect();
    let pairs: Vec<&Pair> = pairs.iter().collect();
    let has_dump = |it: &&Binaries| it.dir().join("pg_dump").is_file();
    let binaries = INSTALLED
        .iter()
        .find(has_dump)
        .or(INSTALLED.first())
        .unwrap();
    let outcome = run(binaries, &pairs);
    eprintln!(
        "PostgreSQL {}: {} ways; not loaded: {}",
        binaries.major(),
        outcome.ways,
        outcome.skipped.len()
    );
    // a table of one schema may be a partitioned one of the same name in another
    let has_way = |error: &str| !error.contains("there is no way that keeps the rows");
    let wrong = outcome.wrong.iter().filter(|(_, error)| has_way(error));
    let wrong: Vec<_> = wrong.collect();
    for (name, error) in &wrong {
        eprintln!("=== {name}\n{error}\n");
    }
    assert!(wrong.is_empty(), "{} ways fail", wrong.len());
    assert!(outcome.ways as u64 > count);
}
