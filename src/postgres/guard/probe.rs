//! Probes: an append that must go on working, and writes that must go on failing. Each runs within a savepoint and is taken
//! back. They are evidence beside the proof, never instead of it.

use crate::{
    ledger::{Declaration, Fact, Kind, Snapshot},
    postgres::guard::{Key, list, newest_first},
    words::ident::Ident,
};

/// The columns that an append writes: those that are not computed.
fn columns(snapshot: &Snapshot, ledger: usize) -> Vec<&Fact> {
    let root = snapshot.root(ledger).map(|(root, _)| root).unwrap_or_default();
    let columns = snapshot.of(Some(ledger), Kind::Column).map(|(_, fact)| fact);
    columns
        .filter(|it| {
            it.text("relation") == root && !it.is("dropped") && it.text("generated").is_empty()
        })
        .collect()
}

/// How far above the newest row a probe appends: no other session comes there while it lasts.
fn distance(of: &str) -> Option<u32> {
    match of {
        "bigint" | "integer" => Some(1_000_003),
        "smallint" => Some(7),
        _ => None,
    }
}

/// Appends a copy of the newest row under a number of its own, with the columns that `snapshot` had. One row with `true` comes
/// back if it was taken as it was; none if it was discarded, or if there is nothing to copy.
pub(crate) fn append(
    ledger: &Declaration,
    snapshot: &Snapshot,
    index: usize,
    key: &Key,
) -> Option<String> {
    let (first, of) = key.first()?;
    let distance = distance(of)?;
    let columns = columns(snapshot, index);
    let names = list(columns.iter().map(|it| Ident(it.text("name")).to_string()));
    let copied = list(columns.iter().map(|it| {
        let name = Ident(it.text("name"));
        if it.text("name") == first {
            format!("({name} + {distance})::{of} AS {name}")
        } else {
            name.to_string()
        }
    }));
    Some(format!(
        "WITH last AS (SELECT {copied} FROM {table} {order} LIMIT 1), \
         put AS (INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT * FROM last RETURNING {names}) \
         SELECT ARRAY[(ROW(put.*) OPERATOR(pg_catalog.*=) ROW(last.*))::text] AS \"row\" FROM put, last",
        table = ledger.sql(),
        order = newest_first(key),
    ))
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
