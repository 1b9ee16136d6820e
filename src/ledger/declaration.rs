//! What a project declares of a ledger.

use crate::{
    report::ledger::Level,
    words::{ident::Qualified, near},
};

/// An append-only table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Declaration {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// The columns that order its rows; empty for the primary key.
    pub key: Vec<String>,
    /// The protection that it should have.
    pub level: Level,
}

impl Declaration {
    /// Declares a table, ordered by its primary key, at level `hardened`: `events` or `public.events`, quoted where needed.
    /// `None` if that is not the name of a table.
    #[must_use]
    pub fn new(table: &str) -> Option<Self> {
        let (schema, table) = Self::table(table)?;
        Some(Self { schema, table, key: Vec::new(), level: Level::Hardened })
    }

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

    /// Whether it is one of PostgreSQL's own tables, which no trigger protects.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.schema.starts_with("pg_") || self.schema == "information_schema"
    }

    /// The table that was meant, if one is near enough: `[schema, table]` of each.
    #[must_use]
    pub fn nearest<'t>(&self, tables: &'t [(String, String)]) -> Option<&'t (String, String)> {
        let letters = |text: &str| text.to_lowercase().chars().take(64).collect::<Vec<_>>();
        let wanted = letters(&self.table);
        let most = (wanted.len() / 3).clamp(1, 3);
        let by_distance = tables.iter().map(|it| {
            let distance = near::distance(&wanted, &letters(&it.1));
            ((distance, it.0 != self.schema), it)
        });
        let ((distance, _), found) = by_distance.min_by_key(|(distance, _)| *distance)?;
        (distance <= most).then_some(found)
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

    #[test]
    fn what_is_misspelt_is_near_to_what_was_meant() {
        let tables = ["bookings", "entries", "books"].map(|it| ("public".into(), it.into()));
        let meant = |schema: &str, table: &str| {
            let ledger = Declaration {
                schema: schema.into(),
                table: table.into(),
                key: Vec::new(),
                level: Level::Minimal,
            };
            ledger.nearest(&tables).map(|(_, table): &(String, String)| table.clone())
        };
        assert_eq!(meant("public", "bokings").as_deref(), Some("bookings"));
        assert_eq!(meant("audit", "Entries").as_deref(), Some("entries"));
        assert_eq!(meant("public", "customers"), None);
    }
}
