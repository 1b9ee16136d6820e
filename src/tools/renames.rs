//! The way back of a script that only renames: a plan would take it for something new.

use crate::words::{
    ident::Ident,
    sql::{Piece, pieces, split},
};

/// The script that undoes another one, if that does nothing but rename relations, columns and labels.
#[must_use]
pub(crate) fn undone(script: &str) -> Option<String> {
    let statements = split(script).ok()?;
    let back = statements.iter().rev().map(|it| back(&script[it.span.clone()]));
    let back: Vec<String> = back.collect::<Option<_>>()?;
    (!back.is_empty()).then(|| back.concat())
}

/// The way back of one statement.
fn back(statement: &str) -> Option<String> {
    let pieces = pieces(statement).ok()?;
    let mut rest = &pieces[..];
    let mut word = |all: &[&str]| {
        let found = all.iter().find(|it| rest.first().is_some_and(|piece| piece.is(it)));
        if found.is_some() {
            rest = &rest[1..];
        }
        found.map(|it| it.to_uppercase())
    };
    word(&["alter"])?;
    let kind = word(&["table", "view", "index", "sequence", "type"])?;
    for extra in ["if", "exists", "only"] {
        word(&[extra]);
    }
    let mut path = Vec::new();
    loop {
        path.push(name(rest.first()?)?);
        rest = &rest[1..];
        match rest.first() {
            Some(Piece::Sign(".")) => rest = &rest[1..],
            _ => break,
        }
    }
    let [first, tail @ ..] = rest else { return None };
    if !first.is("rename") {
        return None;
    }
    let qualified = |path: &[String]| -> String {
        let parts: Vec<String> = path.iter().map(|it| Ident(it).to_string()).collect();
        parts.join(".")
    };
    match tail {
        [to, new] if to.is("to") => {
            let old = path.pop()?;
            path.push(name(new)?);
            Some(format!("ALTER {kind} {} RENAME TO {};\n", qualified(&path), Ident(&old)))
        }
        [what, Piece::Text(old), to, Piece::Text(new)] if what.is("value") && to.is("to") => {
            Some(format!("ALTER {kind} {} RENAME VALUE {new} TO {old};\n", qualified(&path)))
        }
        [what @ .., old, to, new] if to.is("to") => {
            let column = match what {
                [] => "COLUMN",
                [it] if it.is("column") => "COLUMN",
                [it] if it.is("constraint") => "CONSTRAINT",
                [it] if it.is("attribute") => "ATTRIBUTE",
                _ => return None,
            };
            let (old, new) = (name(old)?, name(new)?);
            Some(format!(
                "ALTER {kind} {} RENAME {column} {} TO {};\n",
                qualified(&path),
                Ident(&new),
                Ident(&old)
            ))
        }
        _ => None,
    }
}

fn name(piece: &Piece<'_>) -> Option<String> {
    match piece {
        Piece::Word(name) | Piece::Name(name) => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renames_are_undone_the_last_first() {
        for (script, expected) in [
            (
                "ALTER TABLE a RENAME b TO c; alter table only s.\"A\" rename column \"x\" to y",
                Some(
                    "ALTER TABLE \"s\".\"A\" RENAME COLUMN \"y\" TO \"x\";\nALTER TABLE \"a\" RENAME COLUMN \"c\" TO \"b\";\n",
                ),
            ),
            ("ALTER TABLE s.a RENAME TO b;", Some("ALTER TABLE \"s\".\"b\" RENAME TO \"a\";\n")),
            (
                "ALTER TABLE a RENAME CONSTRAINT b TO c;",
                Some("ALTER TABLE \"a\" RENAME CONSTRAINT \"c\" TO \"b\";\n"),
            ),
            (
                "ALTER TYPE t RENAME VALUE 'a' TO E'b\\'';",
                Some("ALTER TYPE \"t\" RENAME VALUE E'b\\'' TO 'a';\n"),
            ),
            ("ALTER TABLE a RENAME b TO c; SELECT 1;", None),
            ("-- nothing", None),
        ] {
            assert_eq!(undone(script).as_deref(), expected, "{script}");
        }
    }
}
