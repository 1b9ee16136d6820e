//! Statements of migrations that may change rows which are there before them.

use crate::{
    migration::source::Migration,
    words::sql::{self, Piece, pieces},
};

/// A statement that may change rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moving {
    /// Where it stands, and its verb.
    pub(super) place: String,
    /// The table that it names; none if that cannot be told.
    pub(super) table: Option<(String, String)>,
    /// Its text.
    pub(super) text: String,
}

/// The statements of a migration that may change rows, in order.
pub(super) fn moving(migration: &Migration) -> Vec<Moving> {
    let script = &migration.up;
    let statements = script.statements().unwrap_or_default();
    let found = statements.iter().filter_map(|statement| {
        let text = &script.text[statement.span.clone()];
        let (line, _) = sql::line_column(&script.text, statement.span.start);
        let (verb, table) = target(text)?;
        Some(Moving {
            place: format!("{}:{line} {}", script.path, verb.to_uppercase()),
            table,
            text: text.to_owned(),
        })
    });
    found.collect()
}

/// The verb of a statement that may change rows, and the table that it names.
fn target(text: &str) -> Option<(String, Option<(String, String)>)> {
    let pieces = pieces(text).ok()?;
    let Some(Piece::Word(verb)) = pieces.first() else {
        return None;
    };
    let filler: &[&str] = match verb.as_str() {
        "insert" | "merge" => &["into", "only"],
        "update" => &["only"],
        "delete" => &["from", "only"],
        "truncate" => &["table", "only"],
        // a placeholder
        "select" if pieces[1..].iter().all(|it| matches!(it, Piece::Sign(_))) => return None,
        "select" | "with" | "do" | "call" | "execute" | "copy" | "values" => {
            return Some((verb.clone(), None));
        }
        _ => return None,
    };
    let mut rest = pieces[1..].iter().skip_while(|it| filler.iter().any(|word| it.is(word)));
    let name = |piece: Option<&Piece<'_>>| match piece {
        Some(Piece::Word(name) | Piece::Name(name)) => Some(name.clone()),
        _ => None,
    };
    let first = name(rest.next());
    let table = match (first, rest.next()) {
        (Some(schema), Some(Piece::Sign("."))) => name(rest.next()).map(|table| (schema, table)),
        (Some(table), _) => Some(("public".to_owned(), table)),
        (None, _) => None,
    };
    Some((verb.clone(), table))
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn the_table_that_a_statement_changes_is_found() {
        let of = target;
        let table = |schema: &str, name: &str| Some((schema.to_owned(), name.to_owned()));
        assert_eq!(of("INSERT INTO t VALUES (1)"), Some(("insert".into(), table("public", "t"))));
        assert_eq!(of("UPDATE ONLY a.\"B\" SET x = 1"), Some(("update".into(), table("a", "B"))));
        assert_eq!(of("DELETE FROM ONLY t"), Some(("delete".into(), table("public", "t"))));
        assert_eq!(of("DO $$ BEGIN END $$"), Some(("do".into(), None)));
        assert_eq!(of("SELECT 1"), None);
        assert_eq!(of("CREATE TABLE t (a int)"), None);
    }
}
