//! Plans: from each of two schemas to the other, with rows in the tables, on real servers.
//!
//! The pairs are those of `tests/fixtures/introspect`: two schemas that differ in one attribute of one object. `GLOWPLUG_TEST_CASE`
//! runs those whose name holds it; otherwise the servers share the kinds.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use glowplug::internal::{
    catalog::Catalog,
    cluster::{Binaries, Scratch},
    ddl::Fill,
    introspect::Reader,
    planner::{Target, comparable, filling::sent, plan, segment::segments, settled},
    words::url::Url,
};

use crate::{
    introspect::{Pair, pairs, read, read_again, unsubscribe},
    random_schema::{Case, dice::Dice},
    sample,
    support::{Database, INSTALLED, number, psql_at, scratch, text, try_psql_at},
};

/// What PostgreSQL gives no way to, and why.
const NO_WAY: &[(&str, &str)] = &[
    ("alter__table_set_inherit", "a column of its own cannot become one that is only inherited"),
    ("column__inherited", "the same"),
    ("collation__encoding", "CREATE COLLATION takes the encoding of the database"),
    ("event_trigger__owner", "its owner must be a superuser, and was one when it was made"),
    ("extension__configuration", "only the script of an extension can say so"),
    ("extension__member", "members are the extension's"),
    ("extension__owner", "an extension has no ALTER … OWNER"),
    ("foreign_data_wrapper__owner", "its owner must be a superuser, and was one when it was made"),
    ("index__not_ready", "only a failed build leaves such an index"),
    ("relation__detach_pending", "only an interrupted detach leaves such a partition"),
    ("relation__partition_key", "a table is partitioned as it was made"),
    ("subscription__disabled", "one without a slot cannot be enabled"),
    ("subscription__owner", "before 16 its owner must be a superuser"),
    ("subscription__presence", "where it connects to is a secret, which no catalog of ours holds"),
    ("subscription__two_phase", "the same"),
    ("unread__", "it is not compared"),
    ("event_trigger__tags", "the order of tags says nothing, and pg_dump prints it"),
];

/// The same where older versions have no way.
const NO_WAY_BEFORE: &[(&str, u32)] = &[("relation__access_method", 15)];

/// What became of a way from one schema to another.
type Way = Result<(), String>;

/// What is sent, and what it says that it loses.
struct Plan {
    /// What shares a transaction is one text.
    texts: Vec<String>,
    loses: Vec<String>,
}

/// The statements from one catalog to another.
fn planned(from: &Catalog, to: &Catalog, major: u32) -> Result<Plan, String> {
    let target = Target {
        major,
        role: "postgres",
        online: true,
        batches: false,
        in_one: false,
        portable: false,
    };
    let statements = plan(from, to, &target).map_err(|error| format!("no plan: {error}"))?;
    let mut texts = Vec::new();
    let loses = statements.iter().flat_map(|it| {
        // rows that the proof cannot fill go
        let filled = it.fills.iter().map(|it| it.column().to_string());
        it.loses.iter().map(ToString::to_string).chain(filled.collect::<Vec<_>>())
    });
    let loses = loses.collect();
    for segment in segments(statements) {
        let sql = segment.statements.iter().map(sent);
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
    Ok(Plan { texts, loses })
}

/// What is in a table.
#[derive(Debug, PartialEq, Eq)]
struct Rows {
    count: String,
    /// The type of each column, and a digest of its values.
    columns: BTreeMap<String, (String, String)>,
}

/// The rows of all tables.
const ROWS: &str = "CREATE TEMP TABLE found (place text, attribute text, type text, digest text);
    DO $$ DECLARE r record; k record; BEGIN
        FOR r IN SELECT c.oid, c.oid::regclass AS name, format('%I.%I', s.nspname, c.relname) AS place
            FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
            WHERE c.relkind = 'r' AND s.nspname !~ '^(pg_|information_schema)' LOOP
            EXECUTE format($q$INSERT INTO found SELECT %L, '', '', count(*)::text FROM ONLY %s$q$, r.place, r.name);
            -- the text of a row depends neither on the order of its attributes nor on one that is NULL
            FOR k IN SELECT attname, format_type(atttypid, atttypmod) AS type, CASE
                    WHEN (SELECT typnamespace = 'pg_catalog'::regnamespace FROM pg_type WHERE oid = atttypid) THEN format('%I::text', attname)
                    ELSE format($q$replace(jsonb_strip_nulls(to_jsonb(%I))::text, '\"', '')$q$, attname) END AS text FROM pg_attribute
                WHERE attrelid = r.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' LOOP
                EXECUTE format($q$INSERT INTO found SELECT %L, %L, %L, md5(string_agg(coalesce(%4$s, 'NULL'), ',' ORDER BY %4$s)) FROM ONLY %5$s$q$,
                    r.place, k.attname, k.type, k.text, r.name);
            END LOOP;
        END LOOP;
    END $$;
    SELECT encode(convert_to(place, 'UTF8'), 'hex'), encode(convert_to(attribute, 'UTF8'), 'hex'),
        encode(convert_to(type, 'UTF8'), 'hex'), digest FROM found;";

fn rows(database: &Url) -> BTreeMap<String, Rows> {
    let mut all: BTreeMap<String, Rows> = BTreeMap::new();
    // nothing is read where the language of the block is gone
    let found = try_psql_at(database, ROWS).unwrap_or_default();
    let lines = found.lines().filter(|line| !line.is_empty());
    for line in lines {
        let fields: Vec<&str> = line.split('|').collect();
        let [place, name, of, digest] = fields.as_slice() else {
            panic!("{line}");
        };
        let rows = all
            .entry(unhex(place))
            .or_insert_with(|| Rows { count: String::new(), columns: BTreeMap::new() });
        if name.is_empty() {
            rows.count = (*digest).to_owned();
        } else {
            let value = ((*of).to_owned(), (*digest).to_owned());
            rows.columns.insert(unhex(name), value);
        }
    }
    all
}

fn unhex(text: &str) -> String {
    let digits: Vec<char> = text.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    String::from_utf8(digits.chunks(2).map(byte).collect()).unwrap()
}

/// Puts rows into every table, as far as plain values fit.
fn seed(database: &Url) {
    let seed = include_str!("../../src/introspect/seed.sql");
    let sown = try_psql_at(
        database,
        &format!("SET glowplug.seeded = '2'; SET client_min_messages = error;\n{seed}"),
    );
    // event triggers and the like may stand in the way
    sown.unwrap_or_default();
}

/// What is in another state than before, though the plan does not say that it is lost.
fn lost(
    before: &BTreeMap<String, Rows>,
    after: &BTreeMap<String, Rows>,
    plan: &Plan,
) -> Vec<String> {
    let mut lost = Vec::new();
    for (place, was) in before {
        let Some(is) = after.get(place) else { continue };
        let bare = place.replace('"', "");
        let says = |it: &String| it.replace('"', "").contains(&bare);
        if plan.loses.iter().any(says) {
            continue;
        }
        if was.count != is.count {
            lost.push(format!("{place} had {} rows, and has {}", was.count, is.count));
            continue;
        }
        for (name, (of, digest)) in &was.columns {
            let now = is.columns.get(name).filter(|it| it.0 == *of);
            if now.is_some_and(|it| it.1 != *digest) {
                lost.push(format!("{place}.{name} has other values"));
            }
        }
    }
    lost
}

/// What a database looks like to a program that shares no code with ours, line by line, the order of lines left out: columns
/// that were dropped and added again stand in another place. None where there is no such program.
fn dump(database: &Url, binaries: &Binaries) -> Option<Vec<String>> {
    let program = binaries.dir().join("pg_dump");
    if !program.is_file() {
        return None;
    }
    let output = Command::new(program).args(["-s", "-d", &text(database)]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let dumped = String::from_utf8(output.stdout).unwrap();
    let lines = dumped.lines().map(|line| line.trim_end_matches(','));
    // by which index CLUSTER goes is no structure, and stays as it is
    let is_state = |line: &str| line.starts_with("ALTER TABLE ") && line.contains(" CLUSTER ON ");
    let says = |line: &&str| {
        !(line.is_empty() || line.starts_with("--") || line.starts_with('\\') || is_state(line))
    };
    let mut lines: Vec<String> = lines.filter(says).map(sorted_lists).collect();
    lines.sort();
    Some(lines)
}

/// Storage options stand in the order in which they were set, columns in the order in which they were added, and parents in the
/// order in which they lie in a table of PostgreSQL's.
fn sorted_lists(line: &str) -> String {
    for words in ["WITH (", "INHERITS ("] {
        if let Some((head, list)) = line.split_once(words) {
            let (list, tail) = list.rsplit_once(')').unwrap_or((list, ""));
            let mut list: Vec<&str> = list.split(", ").collect();
            list.sort_unstable();
            return format!("{head}{words}{}){tail}", list.join(", "));
        }
    }
    line.to_owned()
}

/// What is wanted of a way.
struct Wanted {
    catalog: Catalog,
    dump: Option<Vec<String>>,
}

impl Wanted {
    fn of(database: &Url, binaries: &Binaries) -> Self {
        Self { catalog: comparable(read(database)), dump: dump(database, binaries) }
    }
}

fn walk(database: &Url, to: &Wanted, binaries: &Binaries) -> Way {
    let mut reader = Reader::default();
    let from = comparable(read_again(&mut reader, database));
    let wanted = settled(&from, to.catalog.clone());
    let plan = planned(&from, &wanted, binaries.major())?;
    let told = plan.texts.join(";\n---\n");
    let before = rows(database);
    for text in &plan.texts {
        try_psql_at(database, text).map_err(|error| format!("{error}\n--- of\n{told}"))?;
    }
    let lost = lost(&before, &rows(database), &plan);
    if !lost.is_empty() {
        return Err(format!("{}\n--- after\n{told}", lost.join("\n")));
    }
    let reached = read(database);
    // what is read of touched relations only is the same
    let again = read_again(&mut reader, database);
    let wrong = reached.differences(&again);
    let depend = |one: &Catalog, other: &Catalog| -> Vec<_> {
        let only = one.dependencies.difference(&other.dependencies);
        only.cloned().collect()
    };
    let (missing, left) = (depend(&reached, &again), depend(&again, &reached));
    if !wrong.is_empty() || reached != again {
        return Err(format!(
            "it is not read again: {wrong:?}, {missing:?}, {left:?}\n--- after\n{told}"
        ));
    }
    let reached = comparable(reached);
    let differences: Vec<String> = wanted
        .differences(&reached)
        .iter()
        .filter(|it| it.counts())
        .map(ToString::to_string)
        .collect();
    if !differences.is_empty() {
        return Err(format!("{}\n--- after\n{told}", differences.join("\n")));
    }
    // from where it is to where it is there is nothing to do
    let more = planned(&reached, &wanted, binaries.major())?;
    if !more.texts.is_empty() {
        return Err(format!("not at rest: {:?}", more.texts));
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
        return Err(format!("pg_dump misses {missing:#?} and finds {wrong:#?}\n--- after\n{told}"));
    }
    Ok(())
}

/// What one server made of the pairs.
#[derive(Default)]
struct Outcome {
    ways: usize,
    /// Those that were walked with empty tables, because rows stand in the way.
    without_rows: usize,
    skipped: Vec<String>,
    wrong: BTreeMap<String, String>,
}

fn run(binaries: &Binaries, pairs: &[&Pair]) -> Outcome {
    let settings =
        [("wal_level", "logical"), ("max_wal_senders", "4"), ("allow_in_place_tablespaces", "on")];
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
                    psql_at(&outside, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
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
                    let mut with_rows = true;
                    'tries: loop {
                        let start = load(&format!("start{worker}"), &pair.old);
                        let (Ok(wanted), Ok(url)) = (&wanted, &start) else {
                            outcome.lock().unwrap().skipped.push(pair.name.clone());
                            break;
                        };
                        if with_rows {
                            seed(url);
                        }
                        let before = Wanted::of(url, binaries);
                        let ways = [("up", wanted), ("down", &before), ("up again", wanted)];
                        for (name, to) in ways {
                            let walked = walk(url, to, binaries);
                            let mut outcome = outcome.lock().unwrap();
                            outcome.ways += 1;
                            let Err(error) = walked else { continue };
                            // what the rows do not pass: data exceptions, violated constraints
                            let of_rows =
                                ["SqlState(E22", "SqlState(E23", "syntax error in tsquery"];
                            if with_rows && of_rows.iter().any(|it| error.contains(it)) {
                                outcome.without_rows += 1;
                                with_rows = false;
                                continue 'tries;
                            }
                            outcome.wrong.insert(format!("{} {name}", pair.name), error);
                            break;
                        }
                        break;
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
    let pairs = pairs("introspect");
    let pairs: Vec<&Pair> = pairs.iter().filter(|it| it.name.contains(&wanted)).collect();
    let mut wrong = BTreeMap::new();
    for (index, binaries) in INSTALLED.iter().enumerate() {
        let major = binaries.major();
        let fits = pairs.iter().copied().filter(|it| it.first_major <= major).collect();
        // the servers share the kinds
        let more = if index == 0 { 26 } else { 7 };
        let pairs: Vec<&Pair> = match wanted.as_str() {
            "" => sample::of(fits, |pair| pair.kind(), index, 5, more),
            _ => fits,
        };
        let outcome = run(binaries, &pairs);
        eprintln!(
            "PostgreSQL {major}: {} ways of {} pairs; skipped: {:?}",
            outcome.ways,
            pairs.len(),
            outcome.skipped
        );
        assert!(outcome.ways > 2 * pairs.len() || !wanted.is_empty());
        let has_way = |name: &str| {
            let is_late = |(known, first): &(&str, u32)| name.starts_with(known) && major < *first;
            !NO_WAY.iter().any(|(known, _)| name.starts_with(known))
                && !NO_WAY_BEFORE.iter().any(is_late)
        };
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
    let fits = pairs.iter().filter(|it| it.first_major <= binaries.major()).collect();
    let pairs: Vec<&Pair> = sample::of(fits, |_| String::new(), 0, 6, 34);
    let outcome = run(binaries, &pairs);
    eprintln!(
        "{} ways of {} situations; skipped: {:?}",
        outcome.ways,
        pairs.len(),
        outcome.skipped
    );
    // a table that becomes partitioned, and partitions by another key
    let has_way = |name: &&String| !(name.starts_with("084") || name.starts_with("085"));
    let wrong: Vec<_> = outcome.wrong.iter().filter(|(name, _)| has_way(name)).collect();
    for (name, error) in &wrong {
        eprintln!("=== {name}\n{error}\n");
    }
    assert!(wrong.is_empty(), "{} ways fail", wrong.len());
}

/// Two schemas of random tables in `public`, and of objects of several kinds, each in a schema of its own: as in one of the
/// fixtures, as in the other, or absent.
fn mixed(seed: u64, fixtures: &[Pair], major: u32) -> Pair {
    let mut dice = Dice::new(seed);
    let tables = Case::random(seed).sql;
    let (mut old, mut new) = (Vec::new(), Vec::new());
    if dice.percent(70) {
        let half = tables.len() / 2;
        let (first, second) = if dice.percent(50) {
            (&tables[..half], &tables[..])
        } else {
            (&tables[..], &tables[..half])
        };
        old.extend(first.to_vec());
        new.extend(second.to_vec());
    }
    // where a subscription connects to is a secret, and in no catalog of ours
    let left_out = |name: &str| {
        let heads = ["subscription__", "unread__"];
        heads.iter().any(|head| name.starts_with(head))
    };
    let has_way = |it: &&Pair| {
        !left_out(&it.name) && !NO_WAY.iter().any(|(known, _)| it.name.starts_with(known))
    };
    let all: Vec<&Pair> =
        fixtures.iter().filter(|it| it.first_major <= major).filter(has_way).collect();
    let mut kinds = BTreeSet::new();
    let mut name = format!("seed {seed}");
    for number in 0..dice.between(2..=6) {
        let fixture = dice.pick(&all);
        // what has no schema has one name in all fixtures of a kind
        let kind = fixture.name.split("__").next().unwrap_or_default();
        // the members of an extension get the default privileges of the moment
        let is_of_extension = fixture.name.contains("extension");
        let kind = if is_of_extension { "default_privilege" } else { kind };
        if !kinds.insert(kind) {
            continue;
        }
        let state = |dice: &mut Dice| match dice.below(3) {
            0 => None,
            1 => Some(&fixture.old),
            _ => Some(&fixture.new),
        };
        for all in [&mut old, &mut new] {
            if let Some(sql) = state(&mut dice) {
                all.push(format!(
                    "CREATE SCHEMA mixed{number}; SET search_path = mixed{number}, public;\n{sql}\n;RESET search_path"
                ));
            }
        }
        name += &format!(" {}", fixture.name);
    }
    Pair { name, old: old.join(";\n"), new: new.join(";\n"), first_major: 14 }
}

/// So many pairs of random schemas, where the environment does not say otherwise.
const RANDOM: (u64, u64) = (6, 15);

/// The first of them.
fn first() -> u64 {
    number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..1 << 40))
}

/// Random schemas, from a part of one to all of it and back, and from one to another.
#[test]
fn random_schemas_lead_to_each_other() {
    let first = first();
    let count = sample::count(RANDOM.0, RANDOM.1);
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
    lead_to_each_other(judge(), &pairs);
}

/// The same for every kind of object.
#[test]
fn random_objects_of_all_kinds_lead_to_each_other() {
    let first = first();
    let count = sample::count(RANDOM.0, RANDOM.1);
    eprintln!("{count} pairs from GLOWPLUG_TEST_SEED={first}");
    let fixtures = pairs("introspect");
    let binaries = judge();
    let mixed = |seed| mixed(seed, &fixtures, binaries.major());
    let pairs: Vec<Pair> = (first..first + count).map(mixed).collect();
    lead_to_each_other(binaries, &pairs);
}

/// The server with a `pg_dump` beside it, where there is one.
fn judge() -> &'static Binaries {
    let has_dump = |it: &&Binaries| it.dir().join("pg_dump").is_file();
    let found = INSTALLED.iter().find(has_dump);
    found.or(INSTALLED.first()).unwrap()
}

fn lead_to_each_other(binaries: &Binaries, pairs: &[Pair]) {
    let pairs: Vec<&Pair> = pairs.iter().collect();
    if let [pair] = pairs[..] {
        // one that is looked into
        eprintln!("{}\n---- is to become\n{}", pair.old, pair.new);
    }
    let outcome = run(binaries, &pairs);
    eprintln!(
        "PostgreSQL {}: {} ways; with empty tables: {}; not loaded: {}",
        binaries.major(),
        outcome.ways,
        outcome.without_rows,
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
    assert!(outcome.ways > pairs.len());
}

/// Types, each with some of its values.
const TYPES: &[(&str, &[&str])] = &[
    ("boolean", &["true", "false"]),
    ("smallint", &["1", "7"]),
    ("integer", &["1", "7", "1700000000"]),
    ("bigint", &["1", "7", "1700000000"]),
    ("numeric", &["1", "7"]),
    ("double precision", &["1", "7"]),
    ("money", &["1.50"]),
    (
        "text",
        &[
            "a",
            "{2024-01-02}",
            "7",
            "true",
            "2024-01-02 03:04:05",
            "{1}",
            "03:04:05",
            "[1,5)",
            "127.0.0.1",
            "00000000-0000-4000-8000-000000000000",
            "101",
            "08:00:2b:01:02:03",
            "(1,2)",
            "{[1,5)}",
            "\"a\"",
            "((1,2),(3,4))",
            "<(1,2),3>",
            "{\"(1,2)\"}",
            "[2024-01-02,2024-01-03)",
        ],
    ),
    (
        "character varying(80)",
        &[
            "a",
            "{2024-01-02}",
            "7",
            "true",
            "2024-01-02 03:04:05",
            "{1}",
            "03:04:05",
            "[1,5)",
            "127.0.0.1",
            "00000000-0000-4000-8000-000000000000",
            "101",
            "08:00:2b:01:02:03",
            "(1,2)",
            "{[1,5)}",
            "((1,2),(3,4))",
            "<(1,2),3>",
            "[2024-01-02,2024-01-03)",
        ],
    ),
    (
        "bytea",
        &[
            "a",
            "{2024-01-02}",
            "7",
            "true",
            "2024-01-02 03:04:05",
            "{1}",
            "03:04:05",
            "[1,5)",
            "127.0.0.1",
            "\\x00000000000040008000000000000000",
            "101",
            "08:00:2b:01:02:03",
            "(1,2)",
            "{[1,5)}",
            "((1,2),(3,4))",
            "<(1,2),3>",
            "[2024-01-02,2024-01-03)",
        ],
    ),
    ("date", &["1970-01-01"]),
    ("timestamp without time zone", &["1970-01-01 00:00:07"]),
    ("timestamp with time zone", &["1970-01-01 00:00:07+00"]),
    ("time without time zone", &["03:04:05"]),
    ("time with time zone", &["03:04:05+00"]),
    ("interval", &["01:02:03"]),
    ("uuid", &["00000000-0000-4000-8000-000000000000"]),
    (
        "json",
        &[
            "\"a\"",
            "[\"2024-01-02\"]",
            "7",
            "true",
            "\"2024-01-02 03:04:05\"",
            "[1]",
            "\"03:04:05\"",
            "\"[1,5)\"",
            "\"127.0.0.1\"",
            "\"00000000-0000-4000-8000-000000000000\"",
            "\"101\"",
            "\"08:00:2b:01:02:03\"",
            "\"(1,2)\"",
            "{\"x\": 1}",
            "\"{[1,5)}\"",
            "\"((1,2),(3,4))\"",
            "\"<(1,2),3>\"",
            "\"[2024-01-02,2024-01-03)\"",
        ],
    ),
    (
        "jsonb",
        &[
            "\"a\"",
            "[\"2024-01-02\"]",
            "7",
            "true",
            "\"2024-01-02 03:04:05\"",
            "[1]",
            "\"03:04:05\"",
            "\"[1,5)\"",
            "\"127.0.0.1\"",
            "\"00000000-0000-4000-8000-000000000000\"",
            "\"101\"",
            "\"08:00:2b:01:02:03\"",
            "\"(1,2)\"",
            "{\"x\": 1}",
            "\"{[1,5)}\"",
            "\"((1,2),(3,4))\"",
            "\"<(1,2),3>\"",
            "\"[2024-01-02,2024-01-03)\"",
        ],
    ),
    ("inet", &["127.0.0.1"]),
    ("cidr", &["10.0.0.0/8"]),
    ("macaddr", &["08:00:2b:01:02:03"]),
    ("macaddr8", &["08:00:2b:01:02:03:04:05", "08:00:2b:ff:fe:01:02:03"]),
    ("bit(3)", &["101"]),
    ("bit varying", &["101"]),
    ("int4range", &["[1,5)"]),
    ("numrange", &["[1,5)"]),
    ("tstzrange", &["[2024-01-01,2024-01-02)"]),
    ("int4multirange", &["{[1,5)}"]),
    ("point", &["(1,2)"]),
    ("box", &["(1,2),(3,4)"]),
    ("circle", &["<(1,2),3>"]),
    ("polygon", &["((1,2),(3,4))"]),
    ("integer[]", &["{1}", "{7}"]),
    ("bigint[]", &["{1}", "{7}"]),
    (
        "text[]",
        &[
            "{7}",
            "{true}",
            "{2024-01-02 03:04:05}",
            "{a}",
            "{101}",
            "{127.0.0.1}",
            "{08:00:2b:01:02:03}",
            "{00000000-0000-4000-8000-000000000000}",
            "{\"[1,5)\"}",
            "{\"(1,2)\"}",
            "{\"{[1,5)}\"}",
            "{\"((1,2),(3,4))\"}",
            "{\"<(1,2),3>\"}",
            "{\"[2024-01-02,2024-01-03)\"}",
        ],
    ),
    ("boolean[]", &["{true}"]),
    ("timestamp with time zone[]", &["{2024-01-02}"]),
    ("public.pair", &["(1,2)"]),
    ("public.digit", &["7"]),
    ("public.letter", &["a"]),
];

/// What reads the texts of some other types by accident: a circle as a date, a date as the address of a network card.
const BY_ACCIDENT: &[(&str, &[&str])] = &[
    (
        "cidr",
        &[
            "smallint",
            "integer",
            "bigint",
            "numeric",
            "double precision",
            "bit(3)",
            "bit varying",
            "macaddr8",
            "public.digit",
        ],
    ),
    ("inet", &["macaddr8"]),
    ("interval", &["bit(3)", "bit varying", "money"]),
    ("money", &["bit(3)", "bit varying", "point", "public.pair"]),
    ("date", &["circle"]),
    ("timestamp with time zone", &["circle"]),
    ("timestamp without time zone", &["circle"]),
    ("macaddr", &["date"]),
    ("int4range", &["point", "public.pair"]),
    ("numrange", &["point", "public.pair"]),
    ("public.pair", &["point"]),
    ("point", &["public.pair"]),
    ("polygon", &["public.pair"]),
];

/// From every type to every other: what the plan says of the values is what some of them pass, and where its author has to say it, no
/// value passes by a cast or through text.
#[test]
fn a_column_becomes_any_type_that_its_values_can_have() {
    const OWN: &str = "CREATE TYPE pair AS (x int, y int); CREATE TYPE digit AS ENUM ('7'); CREATE TYPE letter AS ENUM ('a');";
    let database = Database::new();
    let major = INSTALLED[0].major();
    let tables = |of: &dyn Fn(&str, &str) -> String| {
        let table = |(from, _): &(&str, &[&str])| {
            let others = TYPES.iter().filter(|(to, _)| to != from);
            let columns: Vec<String> =
                others.map(|(to, _)| format!("\"{to}\" {}", of(from, to))).collect();
            format!("CREATE TABLE \"of {from}\" ({});\n", columns.join(", "))
        };
        TYPES.iter().map(table).collect::<String>()
    };
    let old = format!("{OWN}{}", tables(&|from, _| from.to_owned()));
    let new = Database::new();
    new.execute(&format!("{OWN}{}", tables(&|_, to| to.to_owned())));
    database.execute(&old);
    let target = Target {
        major,
        role: "postgres",
        online: true,
        batches: false,
        in_one: false,
        portable: false,
    };
    let wanted = comparable(read(new.owner()));
    let statements = plan(&comparable(read(database.owner())), &wanted, &target).unwrap();
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut tries = Vec::new();
    for (from, values) in TYPES {
        for (to, _) in TYPES.iter().filter(|(to, _)| to != from) {
            let start =
                format!("ALTER TABLE \"public\".\"of {from}\" ALTER COLUMN \"{to}\" TYPE {to}");
            let statement = statements.iter().find(|it| {
                let sql = it.sql();
                let rest = sql.strip_prefix(&start);
                rest.is_some_and(|it| it.is_empty() || it.starts_with(" USING "))
            });
            let statement = statement.unwrap_or_else(|| panic!("{start}"));
            let is_accident =
                BY_ACCIDENT.iter().any(|(it, others)| it == to && others.contains(from));
            let is_open = statement.fills.iter().any(|it| matches!(it, Fill::Using { .. }));
            if is_accident {
                assert!(is_open, "{start}");
                continue;
            }
            let texts = match is_open {
                true => vec![
                    format!("{start} USING \"{to}\"::{to}"),
                    format!("{start} USING \"{to}\"::text::{to}"),
                ],
                false => vec![statement.sql()],
            };
            for (text, value) in
                texts.iter().flat_map(|text| values.iter().map(move |value| (text, value)))
            {
                let insert = format!(
                    "INSERT INTO \"of {from}\" (\"{to}\") VALUES ({}::{from})",
                    literal(value)
                );
                tries.push(format!(
                    "({}, {is_open}, {}, {})",
                    literal(&start),
                    literal(&insert),
                    literal(text)
                ));
            }
        }
    }
    let wrong = database.query(&format!(
        "CREATE TABLE tried (pair text, is_open bool, passes bool, what text);
         DO $do$ DECLARE r record; said text; BEGIN
             FOR r IN SELECT * FROM (VALUES {}) v (pair, is_open, put, change) LOOP
                 BEGIN
                     EXECUTE r.put; EXECUTE r.change; RAISE EXCEPTION 'it passes';
                 EXCEPTION WHEN OTHERS THEN said := SQLERRM; END;
                 INSERT INTO tried VALUES (r.pair, r.is_open, said = 'it passes', r.change || ': ' || said);
             END LOOP;
         END $do$;
         SELECT string_agg(what, E'\\n') FROM (
             SELECT CASE WHEN is_open THEN 'it has a way: ' || pair ELSE min(what) END
             FROM tried GROUP BY pair, is_open HAVING bool_or(passes) = is_open ORDER BY 1
         ) t (what)",
        tries.join(",\n")
    ));
    // nothing is wrong
    assert_eq!(wrong, "NULL");
}
