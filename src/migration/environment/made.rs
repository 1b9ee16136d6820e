//! What scripts make, by its name: as far as their texts tell.

use std::collections::BTreeSet;

use super::needs::inside;
use crate::words::sql::{self, Piece};

/// The names of what scripts make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MadeNames {
    /// Without a schema: it is in one of the search_path, or needs none.
    bare: BTreeSet<String>,
    qualified: BTreeSet<(String, String)>,
}

/// What may stand between CREATE and the name.
const BEFORE_A_NAME: &[&str] = &[
    "or",
    "replace",
    "global",
    "local",
    "temporary",
    "temp",
    "unlogged",
    "unique",
    "materialized",
    "recursive",
    "foreign",
    "constraint",
    "trusted",
    "procedural",
    "event",
    "concurrently",
    "if",
    "not",
    "exists",
    "table",
    "view",
    "index",
    "sequence",
    "type",
    "domain",
    "function",
    "procedure",
    "aggregate",
    "collation",
    "statistics",
    "trigger",
    "policy",
    "rule",
    "publication",
    "text",
    "search",
    "configuration",
    "dictionary",
    "parser",
    "template",
    "schema",
    "extension",
    "default",
    "conversion",
    "language",
    "authorization",
    "to",
    "access",
    "method",
];

impl MadeNames {
    /// Reads the texts of scripts, also what is within strings.
    #[must_use]
    pub(crate) fn of<'t>(scripts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut names = Self::default();
        scripts.into_iter().for_each(|it| names.read(it));
        names
    }

    /// Whether something of this name is made by the scripts, where they run with this search_path.
    #[must_use]
    pub(crate) fn has(&self, schema: &str, name: &str, path: &[String]) -> bool {
        let is_bare = || self.bare.contains(name) && path.iter().any(|it| it == schema);
        self.qualified.contains(&(schema.to_owned(), name.to_owned())) || is_bare()
    }

    /// Whether something that has no schema, or is part of a table, is made by the scripts.
    #[must_use]
    pub(crate) fn has_bare(&self, name: &str) -> bool {
        self.bare.contains(name)
    }

    fn read(&mut self, text: &str) {
        let Ok(pieces) = sql::pieces(text) else {
            return;
        };
        for (at, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Word(word) if matches!(word.as_str(), "create" | "rename") => {
                    self.make(&pieces[at + 1..]);
                }
                Piece::Word(word) if word == "add" => match pieces.get(at + 1) {
                    Some(next) if next.is("constraint") => self.make(&pieces[at + 1..]),
                    _ => {}
                },
                Piece::Text(written) => {
                    let inner = inside(written);
                    if inner.contains(char::is_whitespace) {
                        self.read(&inner);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads what follows CREATE.
    fn make(&mut self, rest: &[Piece<'_>]) {
        let is_before = |it: &&Piece<'_>| BEFORE_A_NAME.iter().any(|word| it.is(word));
        let start = rest.iter().take_while(is_before).count();
        let name = |it: Option<&Piece<'_>>| match it {
            Some(Piece::Word(name) | Piece::Name(name)) => Some(name.clone()),
            _ => None,
        };
        let Some(first) = name(rest.get(start)) else {
            return;
        };
        match (rest.get(start + 1), name(rest.get(start + 2))) {
            (Some(Piece::Sign(".")), Some(second)) => drop(self.qualified.insert((first, second))),
            _ => drop(self.bare.insert(first)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_something_is_made() {
        let names = MadeNames::of([
            "CREATE TABLE IF NOT EXISTS a (id int); CREATE UNIQUE INDEX CONCURRENTLY i ON b (c); CREATE OR REPLACE FUNCTION s.f() RETURNS int AS '' ",
            "DO $$ BEGIN EXECUTE 'CREATE TYPE \"T\" AS ENUM ()'; END $$; ALTER TABLE a RENAME TO z; ALTER TABLE a ADD CONSTRAINT k CHECK (true)",
        ]);
        let path = ["public".to_owned()];
        for name in ["a", "i", "T", "z", "k"] {
            assert!(names.has("public", name, &path) && names.has_bare(name), "{name}");
        }
        assert!(names.has("s", "f", &path) && !names.has("public", "f", &path));
        assert!(!names.has("auth", "a", &path) && !names.has("public", "b", &path));
    }
}
