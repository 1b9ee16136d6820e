//! What stands under the names that are declared as ledgers.

use serde_json::json;

use crate::postgres::{
    guard::{Guard, asked::pinned},
    session::{Failure, Message, Row, Session},
};

/// What stands under the name of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Declared {
    /// Nothing.
    Missing,
    /// Something else than a table: what it is.
    Other(&'static str),
    /// A table that has no column of this name, which the key names.
    NoColumn(String),
    /// A table.
    Table,
}

/// Tables that could have been meant.
const TABLES: &str = "SELECT ARRAY[s.nspname::text, c.relname::text] AS \"row\" \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname !~ '^__' \
    AND s.nspname !~ '^(pg_|information_schema$)' ORDER BY 1 LIMIT 10000";

impl Guard {
    /// What stands under each of the declared names.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn declared(
        &self,
        session: &mut Session<'_>,
    ) -> Result<Vec<Declared>, Failure> {
        let keys: Vec<_> = self.ledgers.iter().map(|it| &it.key).collect();
        let values = vec![Some(self.names()), Some(json!(keys).to_string())];
        let rows = pinned(session, &Message::Query(include_str!("declared.sql"), values)).await?;
        let of = |row: Row| {
            let mut row = row.into_iter();
            let mut next = || row.next().flatten().unwrap_or_default();
            let (kind, persistence, column) = (next(), next(), next());
            match kind.as_str() {
                "" => Declared::Missing,
                "r" | "p" if persistence == "t" => Declared::Other("a temporary table"),
                "r" | "p" if !column.is_empty() => Declared::NoColumn(column),
                "r" | "p" => Declared::Table,
                "v" => Declared::Other("a view"),
                "m" => Declared::Other("a materialized view"),
                "f" => Declared::Other("a foreign table"),
                "S" => Declared::Other("a sequence"),
                "i" | "I" => Declared::Other("an index"),
                "c" => Declared::Other("a composite type"),
                _ => Declared::Other("something else"),
            }
        };
        Ok(rows.into_iter().map(of).collect())
    }
}

/// The tables of a database: schema and name.
///
/// # Errors
/// What the server refused, or the loss of the connection.
pub(crate) async fn tables(session: &mut Session<'_>) -> Result<Vec<(String, String)>, Failure> {
    let rows = pinned(session, &Message::Query(TABLES, Vec::new())).await?;
    let of = |row: Row| {
        let [schema, table] = <[_; 2]>::try_from(row).ok()?;
        Some((schema?, table?))
    };
    Ok(rows.into_iter().filter_map(of).collect())
}
