//! What a project declares of a ledger.

use crate::{report::ledger::Level, words::ident::Qualified};

/// An append-only table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declaration {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// The columns that order its rows; empty for the primary key.
    pub key: Vec<String>,
    /// The protection that it is to have.
    pub level: Level,
}

impl Declaration {
    /// Reads a table as a project writes it: `events` or `public.events`, quoted where needed.
    #[must_use]
    pub fn table(text: &str) -> Option<(String, String)> {
        use crate::words::sql::{Piece, pieces};
        let name = |piece: &Piece<'_>| match piece {
            Piece::Word(name) | Piece::Name(name) => Some(name.clone()),
            _ => None,
        };
        match pieces(text).ok()?.as_slice() {
            [table] => Some(("public".into(), name(table)?)),
            [schema, Piece::Sign("."), table] => Some((name(schema)?, name(table)?)),
            _ => None,
        }
    }

    /// The table for SQL, quoted.
    #[must_use]
    pub fn sql(&self) -> String {
        Qualified { schema: &self.schema, name: &self.table }.to_string()
    }

    /// The table for people: `public.events`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_sql_would_read_it() {
        let of = |schema: &str, table: &str| Some((schema.to_owned(), table.to_owned()));
        assert_eq!(Declaration::table("events"), of("public", "events"));
        assert_eq!(Declaration::table("Audit.Events"), of("audit", "events"));
        assert_eq!(Declaration::table(r#""A"."b.c""#), of("A", "b.c"));
        assert_eq!(Declaration::table("a.b.c"), None);
        assert_eq!(Declaration::table(""), None);
    }
}
