//! Rows without a value, for statements that look for them: `UPDATE users SET level = 0 WHERE level IS NULL`.

use std::collections::BTreeSet;

use crate::{
    lint::case::Said,
    postgres::session::{Failure, Message, Session},
    words::{ident::Literal, sql::Piece},
};

const NULLS: &str = include_str!("nulls.sql");

/// The columns that statements which change rows ask for NULL in, by their names.
pub(super) fn wanted(statements: &[Said<'_>]) -> BTreeSet<String> {
    let has = |it: &Said<'_>, words: &[&str]| words.iter().any(|word| it.has(&[word]));
    // a batch that ends with COMMIT holds its locks briefly
    let changing =
        statements.iter().filter(|it| has(it, &["update", "delete"]) && !has(it, &["commit"]));
    let asked = changing.flat_map(|it| it.pieces.windows(3)).filter_map(|it| match it {
        [Piece::Word(column) | Piece::Name(column), is, null] => {
            (is.is("is") && null.is("null")).then(|| column.clone())
        }
        _ => None,
    });
    asked.collect()
}

/// Takes the values of these columns away in every other row of tables, where constraints let that happen.
pub(super) async fn put(
    session: &mut Session<'_>,
    tables: &[String],
    columns: &BTreeSet<String>,
) -> Result<(), Failure> {
    if tables.is_empty() || columns.is_empty() {
        return Ok(());
    }
    let wanted = serde_json::json!({ "tables": tables, "columns": columns }).to_string();
    let wanted = format!("SET LOCAL glowplug.nulls = {}", Literal(&wanted));
    let analyze = format!("ANALYZE {}", tables.join(", "));
    let messages = [
        Message::Batch("BEGIN"),
        Message::Batch("SET LOCAL session_replication_role = replica"),
        Message::Batch(&wanted),
        Message::Batch(NULLS),
        Message::Batch("COMMIT"),
        Message::Batch(&analyze),
    ];
    for reply in session.exchange(&messages, &mut |_| {}).await {
        reply?;
    }
    Ok(())
}
