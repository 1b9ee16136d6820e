//! Which migrations have an online form that follows from the structures before and after them.

use std::collections::BTreeSet;

use super::case::Said;
use crate::words::sql::Piece;

/// The rules whose findings an online form mends.
pub(crate) const MENDED: [&str; 5] = [
    "lint::builds-index",
    "lint::keeps-lock",
    "lint::rewrites-table",
    "lint::scans-under-lock",
    "lint::validates-at-once",
];

/// Why a script cannot be written anew from the structures before and after it, if it cannot.
#[must_use]
pub(crate) fn why_not(statements: &[Said<'_>]) -> Option<String> {
    let of_structure = ["create", "alter", "drop", "comment", "grant", "revoke"];
    let has = |it: &Said<'_>, word: &str| it.has(&[word]);
    let adds = statements.iter().any(|it| it.begins(&["alter", "table"]) && has(it, "add"));
    for said in statements {
        let why = match said {
            it if !of_structure.iter().any(|word| it.begins(&[word])) => "is not about structure",
            it if it.begins(&["create"]) && has(it, "table") && has(it, "select") => "copies rows",
            it if has(it, "rename") => "renames something",
            it if it.begins(&["alter"]) && has(it, "type") && has(it, "using") => {
                "converts values in a way of its own"
            }
            it if adds && (it.has(&["set", "default"]) || it.has(&["drop", "default"])) => {
                "gives rows another default than those to come"
            }
            it if it.has(&["replica", "identity"]) || it.has(&["disable", "trigger"]) => {
                "concerns more than structure"
            }
            _ => continue,
        };
        return Some(format!("{} {why}", said.verb()));
    }
    let (gone, new) = (named(statements, "drop"), named(statements, "add"));
    let made = named(statements, "create");
    let again = gone.into_iter().find(|it| new.contains(it) || made.contains(it));
    again.map(|(_, name)| format!("{name} is dropped and made again, without its values"))
}

/// The tables and columns that statements drop, add or create: what each is, and its name.
fn named(statements: &[Said<'_>], verb: &str) -> BTreeSet<(&'static str, String)> {
    let skipped = ["if", "not", "exists", "only", "unlogged"];
    let mut found = BTreeSet::new();
    for said in statements {
        for (at, piece) in said.pieces.iter().enumerate().filter(|(_, it)| it.is(verb)) {
            let mut rest =
                said.pieces[at + 1..].iter().filter(|it| !skipped.iter().any(|word| it.is(word)));
            let kind = if piece.is("create") || at == 0 { "table" } else { "column" };
            let first = rest.next();
            let name = if first.is_some_and(|it| it.is(kind)) { rest.next() } else { first };
            let is_other = ["constraint", "index", "view", "type", "not", "expression", "identity"];
            if let Some(Piece::Word(name) | Piece::Name(name)) = name
                && !is_other.contains(&name.as_str())
            {
                found.insert((kind, name.clone()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::sql::split;

    #[test]
    fn what_is_more_than_structure_has_a_reason() {
        for (script, why) in [
            (
                "CREATE INDEX i ON t (a); ALTER TABLE t ADD CHECK (a > 0), ALTER a SET NOT NULL",
                None,
            ),
            ("ALTER TABLE t ADD b int; UPDATE t SET b = 1", Some("UPDATE is not about structure")),
            ("CREATE TABLE u AS SELECT * FROM t", Some("CREATE TABLE copies rows")),
            ("ALTER TABLE t RENAME a TO b", Some("ALTER TABLE renames something")),
            (
                "ALTER TABLE t ALTER a TYPE int USING a::int",
                Some("ALTER TABLE converts values in a way of its own"),
            ),
            (
                "ALTER TABLE t ADD b int DEFAULT 1; ALTER TABLE t ALTER b DROP DEFAULT",
                Some("ALTER TABLE gives rows another default than those to come"),
            ),
            (
                "ALTER TABLE t DROP COLUMN IF EXISTS a, ADD a int",
                Some("a is dropped and made again, without its values"),
            ),
            (
                "DROP TABLE t; CREATE TABLE t (a int)",
                Some("t is dropped and made again, without its values"),
            ),
            ("ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (a > 0)", None),
        ] {
            let said = Said::all(script, &split(script).expect("statements"));
            assert_eq!(why_not(&said).as_deref(), why, "{script}");
        }
    }
}
