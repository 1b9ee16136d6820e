//! Probes: an append that must go on working, and writes that must go on failing. Each runs within a savepoint and is taken
//! back. They are evidence beside the proof, never instead of it.

use std::collections::BTreeSet;

use crate::{
    ledger::{Declaration, Fact, FactKind, Snapshot},
    postgres::guard::{Key, list, newest_first},
    words::{
        ident::Ident,
        sql::{Piece, pieces},
    },
};

/// The columns that an append writes: those that are not computed.
fn columns(snapshot: &Snapshot, ledger: usize) -> Vec<&Fact> {
    let root = snapshot.root(ledger).map(|(root, _)| root).unwrap_or_default();
    let columns = snapshot.of(Some(ledger), FactKind::Column).map(|(_, fact)| fact);
    columns
        .filter(|it| {
            it.text("relation") == root && !it.is("dropped") && it.text("generated").is_empty()
        })
        .collect()
}

/// A value of this type that no row has, made of the newest row's. `distance` is how far above it.
fn fresh(name: &str, of: &str, distance: u32) -> Option<String> {
    let quoted = Ident(name);
    match of {
        "bigint" | "integer" | "smallint" | "numeric" => {
            Some(format!("({quoted} + {distance})::{of}"))
        }
        "uuid" => Some("gen_random_uuid()".to_owned()),
        "text" | "character varying" => Some(format!("{quoted} || ' {distance}'")),
        "date" => None,
        of if of.starts_with("timestamp") => {
            Some(format!("{quoted} + interval '{distance} microseconds'"))
        }
        _ => None,
    }
}

/// The columns that must have values of their own: the first of the key, and one of each other unique index.
fn kept_apart<'s>(
    snapshot: &'s Snapshot,
    ledger: usize,
    columns: &[&'s Fact],
    key: &Key,
) -> BTreeSet<&'s str> {
    let root = snapshot.root(ledger).map(|(root, _)| root).unwrap_or_default();
    let first = key.first().map(|(name, _)| name.as_str()).unwrap_or_default();
    let of_index = |index: &Fact| -> Option<&'s str> {
        let definition = index.text("definition");
        let names: Vec<String> = pieces(definition)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|it| match it {
                Piece::Word(name) | Piece::Name(name) => Some(name),
                _ => None,
            })
            .collect();
        let has = |it: &&&Fact| names.iter().any(|name| name == it.text("name"));
        if names.iter().any(|name| name == first) {
            return None;
        }
        let mut found =
            columns.iter().filter(has).filter(|it| fresh("", it.text("type"), 1).is_some());
        // the later columns are counters and times more often than the first ones
        found.next_back().map(|it| it.text("name"))
    };
    let indexes = snapshot.of(Some(ledger), FactKind::Index).map(|(_, it)| it);
    let mut apart: BTreeSet<&str> = indexes
        .filter(|it| it.is("unique") && it.text("relation") == root)
        .filter_map(of_index)
        .collect();
    apart.extend(columns.iter().map(|it| it.text("name")).find(|it| *it == first));
    apart
}

/// Appends a copy of the newest row as the next one, with the columns that `snapshot` had. One row with `true` comes
/// back if it was taken as it was; none if it was discarded, or if there is nothing to copy.
///
/// `distance` is how far above the newest its number is: not the same each time, so that nothing can tell a probe from an append.
pub(crate) fn append(
    ledger: &Declaration,
    snapshot: &Snapshot,
    index: usize,
    key: &Key,
    distance: u32,
) -> Option<String> {
    let (first, of) = key.first()?;
    fresh(first, of, distance)?;
    let columns = columns(snapshot, index);
    let apart = kept_apart(snapshot, index, &columns, key);
    let names = list(columns.iter().map(|it| Ident(it.text("name")).to_string()));
    let is_domain = |column: &Fact| {
        let of = column.text("type").trim_end_matches("[]");
        snapshot
            .of(Some(index), FactKind::Type)
            .any(|(label, it)| label == of && it.text("kind") == "d")
    };
    let copied = list(columns.iter().map(|it| {
        let name = it.text("name");
        let fresh = apart.contains(name).then(|| fresh(name, it.text("type"), distance)).flatten();
        match fresh {
            Some(value) => format!("{value} AS {}", Ident(name)),
            // a value of a domain is not checked again where it is copied
            None if is_domain(it) => format!("{0}::text::{1} AS {0}", Ident(name), it.text("type")),
            None => Ident(name).to_string(),
        }
    }));
    Some(format!(
        "WITH last AS MATERIALIZED (SELECT {copied} FROM {table} {order} LIMIT 1), \
         put AS (INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT * FROM last RETURNING {names}) \
         SELECT ARRAY[((put.*)::text OPERATOR(pg_catalog.=) (last.*)::text)::text] AS \"row\" FROM put, last",
        table = ledger.sql(),
        order = newest_first(key),
    ))
}

/// An append as a demand: where none is made, a division by zero fails.
pub(crate) fn demanded(append: &str) -> String {
    append.replace(
        "SELECT ARRAY[((put.*)::text OPERATOR(pg_catalog.=) (last.*)::text)::text]",
        "SELECT ARRAY[(1 / count(*))::text]",
    )
}

/// An UPDATE and a DELETE of the newest row. Each must fail; a row that comes back, or none at all, is a finding.
pub(crate) fn writes(
    ledger: &Declaration,
    snapshot: &Snapshot,
    index: usize,
    key: &Key,
) -> Option<[String; 2]> {
    let (first, _) = key.first()?;
    let columns = columns(snapshot, index);
    let plain =
        columns.iter().find(|it| it.text("name") != first && it.text("identity").is_empty())?;
    let (table, name) = (ledger.sql(), Ident(plain.text("name")));
    let keys = list(key.iter().map(|(name, _)| Ident(name).to_string()));
    let newest = format!("({keys}) = (SELECT {keys} FROM {table} {} LIMIT 1)", newest_first(key));
    Some([
        format!(
            "WITH put AS (UPDATE {table} SET {name} = {name} WHERE {newest} RETURNING 1) SELECT ARRAY['x'] AS \"row\" FROM put"
        ),
        format!(
            "WITH put AS (DELETE FROM {table} WHERE {newest} RETURNING 1) SELECT ARRAY['x'] AS \"row\" FROM put"
        ),
    ])
}
