//! So many rows in some tables of a throwaway database.

use std::collections::BTreeMap;

use crate::{
    introspect::seed::Hints,
    lint::stats::Stats,
    postgres::session::{Failure, Message, Session},
    words::ident::Literal,
};

/// Values differ only where they must.
const CAREFUL: &str = "SET LOCAL glowplug.grow_from = '2'";
const BOLD: &str = "SET LOCAL glowplug.grow_from = '0'";
const GROW: &str = include_str!("grow.sql");
/// The tables, with those that they refer to. The partitioned table that a partition belongs to, and the tables that a table refers to; itself else.
const ABOVE: &str = include_str!("above.sql");
/// The tables that rows are in: partitions instead of their table.
const LEAVES: &str = include_str!("leaves.sql");

/// What the rows are to be like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pattern<'p> {
    /// What a script asks of them.
    pub(crate) hints: &'p Hints,
    /// Whether values differ only where they must.
    pub(crate) is_careful: bool,
    /// What is known of production.
    pub(crate) stats: Option<&'p Stats>,
}

/// How many rows there are now, by table: `schema.table`, partitions as well.
pub(crate) type Grown = BTreeMap<String, u64>;

/// Lets tables grow, with those that they refer to. `rows` says how many rows a table is to have; none is a table that is left alone.
///
/// # Errors
/// What the server refused, or the loss of the connection.
pub(crate) async fn grow(
    session: &mut Session<'_>,
    tables: &[String],
    pattern: Pattern<'_>,
    rows: impl Fn(&str) -> u64,
) -> Result<Grown, Failure> {
    let list = serde_json::to_string(tables).unwrap_or_default();
    let above = session.query(ABOVE, vec![Some(list)]).await?;
    let all: Vec<String> =
        above.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    let wanted: BTreeMap<&str, u64> = all.iter().map(|it| (it.as_str(), rows(it))).collect();
    if wanted.is_empty() {
        return Ok(Grown::new());
    }
    let wanted = serde_json::to_string(&wanted).unwrap_or_default();
    let wanted = format!("SET LOCAL glowplug.grow = {}", Literal(&wanted));
    let hints = format!("SET LOCAL glowplug.seed_hints = {}", Literal(&pattern.hints.json()));
    let tables = pattern.stats.iter().flat_map(|it| &it.tables);
    let several: BTreeMap<_, _> = tables.map(|(name, it)| (name, &it.distinct)).collect();
    let several = serde_json::to_string(&several).unwrap_or_default();
    let several = format!("SET LOCAL glowplug.several = {}", Literal(&several));
    let messages = [
        Message::Batch("BEGIN"),
        Message::Batch("SET LOCAL session_replication_role = replica"),
        Message::Batch("SET LOCAL synchronous_commit = off"),
        Message::Batch(&hints),
        Message::Batch(&several),
        Message::Batch(&wanted),
        Message::Batch(if pattern.is_careful { CAREFUL } else { BOLD }),
        Message::Batch(GROW),
        Message::Batch("COMMIT"),
    ];
    for reply in session.exchange(&messages, &mut |_| {}).await {
        reply?;
    }
    let analyze: Vec<&str> = all.iter().map(String::as_str).collect();
    let analyze = format!("ANALYZE {}", analyze.join(", "));
    let list = serde_json::to_string(&all).unwrap_or_default();
    let messages = [Message::Batch(&analyze), Message::Query(LEAVES, vec![Some(list)])];
    let mut replies = session.exchange(&messages, &mut |_| {}).await;
    let leaves = replies.pop().unwrap_or_else(|| Ok(Vec::new()))?;
    let leaves = leaves.iter().filter_map(|row| row.first()?.as_deref());
    let counts = leaves.map(|it| {
        let name = Literal(it);
        format!("SELECT ARRAY[{name}, pg_catalog.count(*)::text] AS \"row\" FROM ONLY {it}")
    });
    let counts: Vec<String> = counts.collect();
    let mut grown = Grown::new();
    if counts.is_empty() {
        return Ok(grown);
    }
    for row in session.query(&counts.join(" UNION ALL "), Vec::new()).await? {
        if let [Some(name), Some(count)] = &row[..] {
            grown.insert(name.clone(), count.parse().unwrap_or_default());
        }
    }
    Ok(grown)
}

/// Leaves one row in each of some tables: the second, in which booleans are true.
///
/// # Errors
/// What the server refused, or the loss of the connection.
pub(crate) async fn thin(session: &mut Session<'_>, tables: &Grown) -> Result<(), Failure> {
    let delete = |it: &String| {
        format!(
            "DELETE FROM ONLY {it} WHERE ctid <> (SELECT ctid FROM ONLY {it} ORDER BY ctid OFFSET 1 LIMIT 1)"
        )
    };
    let deletes: Vec<String> = tables.keys().map(delete).collect();
    let mut messages = vec![
        Message::Batch("BEGIN"),
        Message::Batch("SET LOCAL session_replication_role = replica"),
    ];
    messages.extend(deletes.iter().map(|it| Message::Batch(it)));
    messages.push(Message::Batch("COMMIT"));
    for reply in session.exchange(&messages, &mut |_| {}).await {
        reply?;
    }
    Ok(())
}

/// Removes all rows of some tables, as far as they let that happen.
///
/// # Errors
/// The loss of the connection.
pub(crate) async fn empty(session: &mut Session<'_>, tables: &[&str]) -> Result<(), Failure> {
    if tables.is_empty() {
        return Ok(());
    }
    let truncate = format!("TRUNCATE {} CASCADE", tables.join(", "));
    let messages = [
        Message::Batch("BEGIN"),
        Message::Batch("SET LOCAL session_replication_role = replica"),
        Message::Batch(&truncate),
        Message::Batch("COMMIT"),
    ];
    for reply in session.exchange(&messages, &mut |_| {}).await {
        match reply {
            Ok(_) | Err(Failure::Server(_)) => {}
            Err(lost) => return Err(lost),
        }
    }
    Ok(())
}
