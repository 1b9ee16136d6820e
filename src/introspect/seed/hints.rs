//! What a script asks of the values in columns, as far as its text tells: casts, new types, and constants that columns are compared with.
//!
//! Nothing depends on it being right: rows that do not fit are left out.

mod sought;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::sought::Sought;
use crate::words::sql::{Piece, pieces};

/// What the values of columns should be, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Hints(BTreeMap<String, Hint>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Hint {
    Values(Vec<String>),
    /// Those of an enum that is there already.
    Type(String),
    /// Some of the rows have them.
    Sought(Sought),
}

impl Hints {
    /// Reads the scripts of a migration: every row gets what they ask for.
    pub(crate) fn of(up: &str, down: &str) -> Self {
        Self::read(up, down).0
    }

    /// The same for rows that are counted: what a script looks for, some of them have; what a type or a CHECK needs, all.
    pub(crate) fn spread(up: &str, down: &str) -> Self {
        let (Self(mut all), demanded) = Self::read(up, down);
        all.retain(|column, _| demanded.contains(column));
        for (column, it) in [up, down].into_iter().flat_map(sought::read) {
            all.entry(column).or_insert(Hint::Sought(it));
        }
        Self(all)
    }

    /// All hints, and the columns of which every row has to fit.
    fn read(up: &str, down: &str) -> (Self, BTreeSet<String>) {
        let (mut hints, mut demanded) = (Self::default(), BTreeSet::new());
        for text in [up, down] {
            let Ok(pieces) = pieces(text) else { continue };
            let enums = enums(&pieces);
            let mut is_check = false;
            for (at, piece) in pieces.iter().enumerate() {
                let ends = piece.is("where") || matches!(piece, Piece::Sign(";"));
                is_check = piece.is("check") || is_check && !ends;
                let Some((column, hint)) = compared(&pieces, at) else { continue };
                // what every row needs says more than what some have
                if is_check && demanded.insert(column.clone()) {
                    hints.0.insert(column, hint);
                } else {
                    hints.0.entry(column).or_insert(hint);
                }
            }
            // a type says more than a comparison
            for at in 0..pieces.len() {
                demanded.extend(hints.cast(&pieces, at, &enums));
            }
        }
        (hints, demanded)
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// `column::type`, `f(column)::type`, `CAST (column AS type)`, `ALTER column TYPE type`.
    fn cast(
        &mut self,
        pieces: &[Piece<'_>],
        at: usize,
        enums: &BTreeMap<String, Vec<String>>,
    ) -> Vec<String> {
        let (columns, after) = if is_cast(pieces, at) {
            let after = at + if is_sign(pieces, at, "::") { 1 } else { 2 };
            (operand(pieces, at), after)
        } else if pieces[at].is("as") {
            let (names, open) = opened(pieces, at);
            let is_cast = open > 0 && pieces[open - 1].is("cast");
            (if is_cast { names } else { Vec::new() }, at + 1)
        } else if pieces[at].is("type") && at > 0 {
            let is_data = at > 2 && pieces[at - 1].is("data");
            let before = if is_data { at - 2 } else { at };
            let mut verb = pieces[..before].iter().rev().skip(1).take(2);
            if !verb.any(|it| it.is("alter") || it.is("column")) {
                return Vec::new();
            }
            (name(&pieces[before - 1]).into_iter().collect(), at + 1)
        } else {
            return Vec::new();
        };
        let Some(hint) = hint_of_type(pieces, after, enums) else {
            return Vec::new();
        };
        for column in &columns {
            self.0.insert(column.clone(), hint.clone());
        }
        columns
    }
}

/// `column IN ('a', 'b')`, `column = 'a'`, `column > 5`, `column BETWEEN 5 AND 9`, `length(column) >= 8`.
fn compared(pieces: &[Piece<'_>], at: usize) -> Option<(String, Hint)> {
    let column = name(&pieces[at])?;
    let Operator { word, behind, is_length } = operator(pieces, at)?;
    let values: Vec<String> = match word {
        "in" | "any" | "=" | "like" => texts(pieces, behind),
        "<" | "<=" | ">" | ">=" | "between" => Vec::new(),
        _ => return None,
    };
    let values = match number(pieces, behind) {
        Some(number) if values.is_empty() => {
            let numbers: [i64; 3] = match word {
                ">" => [1, 2, 3],
                "<" => [-1, -2, -3],
                "<=" => [0, -1, -2],
                "=" => [0, 0, 0],
                _ => [0, 1, 2],
            };
            let numbers = numbers.map(|it| number.saturating_add(it));
            match is_length {
                true => numbers
                    .iter()
                    .map(|it| "x".repeat(usize::try_from(*it).unwrap_or_default().min(1000)))
                    .collect(),
                false => numbers.iter().map(ToString::to_string).collect(),
            }
        }
        _ => values,
    };
    (!values.is_empty()).then_some((column, Hint::Values(values)))
}

/// What a column is compared by.
struct Operator<'p> {
    word: &'p str,
    /// Where the other side begins.
    behind: usize,
    /// Whether it is the length of the column that is compared.
    is_length: bool,
}

/// The operator behind a name.
fn operator<'p>(pieces: &'p [Piece<'_>], at: usize) -> Option<Operator<'p>> {
    let is_length = at > 1
        && is_sign(pieces, at - 1, "(")
        && ["length", "char_length", "octet_length"].iter().any(|it| pieces[at - 2].is(it));
    let mut next = at + 1;
    // `(column)` of what is wrapped, and casts of what is compared
    while next < pieces.len() && is_sign(pieces, next, ")") {
        next += 1;
    }
    while next < pieces.len() && is_cast(pieces, next) {
        next += if is_sign(pieces, next, "::") { 2 } else { 3 };
    }
    let (word, behind) = match (pieces.get(next)?, pieces.get(next + 1)) {
        (Piece::Word(word), _) => (word.as_str(), next + 1),
        (Piece::Sign(first), Some(Piece::Sign("="))) if ["<", ">"].contains(first) => {
            (if *first == "<" { "<=" } else { ">=" }, next + 2)
        }
        (Piece::Sign("<"), Some(Piece::Sign(">"))) => return None,
        (Piece::Sign(sign), _) => (*sign, next + 1),
        _ => return None,
    };
    Some(Operator { word, behind, is_length })
}

fn is_sign(pieces: &[Piece<'_>], at: usize, sign: &str) -> bool {
    matches!(pieces.get(at), Some(Piece::Sign(it)) if *it == sign)
}

fn is_cast(pieces: &[Piece<'_>], at: usize) -> bool {
    is_sign(pieces, at, "::") || is_sign(pieces, at, ":") && is_sign(pieces, at + 1, ":")
}

fn name(piece: &Piece<'_>) -> Option<String> {
    match piece {
        Piece::Word(name) | Piece::Name(name) => Some(name.clone()),
        _ => None,
    }
}

/// The names in what stands before a cast.
fn operand(pieces: &[Piece<'_>], at: usize) -> Vec<String> {
    let Some(before) = at.checked_sub(1) else {
        return Vec::new();
    };
    match is_sign(pieces, before, ")") {
        true => opened(pieces, before).0,
        false => name(&pieces[before]).into_iter().collect(),
    }
}

/// The names since the parenthesis that is open at a place, and where that is.
fn opened(pieces: &[Piece<'_>], at: usize) -> (Vec<String>, usize) {
    let mut depth = 0_usize;
    let mut names = Vec::new();
    for (open, piece) in pieces[..at].iter().enumerate().rev().take(40) {
        match piece {
            Piece::Sign(")") => depth += 1,
            Piece::Sign("(") if depth == 0 => return (names, open),
            Piece::Sign("(") => depth -= 1,
            Piece::Sign(";") => break,
            piece => names.extend(name(piece)),
        }
    }
    (Vec::new(), 0)
}

/// String constants in parentheses or brackets, or one that stands alone.
fn texts(pieces: &[Piece<'_>], at: usize) -> Vec<String> {
    if let Some(Piece::Text(text)) = pieces.get(at) {
        return content(text).into_iter().collect();
    }
    let mut found = Vec::new();
    let mut is_cast = false;
    for piece in pieces.iter().skip(at) {
        match piece {
            Piece::Text(text) => found.extend(content(text)),
            Piece::Sign("(" | "[" | ",") => {}
            Piece::Sign(":" | "::") => is_cast = true,
            Piece::Word(word) if is_cast || word == "any" || word == "array" => is_cast = false,
            _ => break,
        }
    }
    found
}

fn number(pieces: &[Piece<'_>], at: usize) -> Option<i64> {
    let is_negative = is_sign(pieces, at, "-");
    let at = at + usize::from(is_negative);
    let (Piece::Sign(text) | Piece::Text(text)) = pieces.get(at)? else {
        return None;
    };
    let number: i64 = text.parse().ok()?;
    Some(if is_negative { -number } else { number })
}

/// What is in a plain string constant.
fn content(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("''", "'").replace('%', ""))
}

/// The enums that a script makes, with their labels.
fn enums(pieces: &[Piece<'_>]) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for (at, pair) in pieces.windows(2).enumerate() {
        if !(pair[0].is("as") && pair[1].is("enum")) {
            continue;
        }
        let Some(name) = at.checked_sub(1).and_then(|at| name(&pieces[at])) else {
            continue;
        };
        found.insert(name, texts(pieces, at + 2));
    }
    found
}

fn hint_of_type(
    pieces: &[Piece<'_>],
    at: usize,
    enums: &BTreeMap<String, Vec<String>>,
) -> Option<Hint> {
    let mut tpe = name(pieces.get(at)?)?;
    let mut after = at + 1;
    while is_sign(pieces, after, ".") {
        tpe = name(pieces.get(after + 1)?)?;
        after += 2;
    }
    if is_sign(pieces, after, "[") {
        return Some(Hint::Values(vec!["{}".into()]));
    }
    if let Some(labels) = enums.get(&tpe) {
        return (!labels.is_empty()).then(|| Hint::Values(labels.clone()));
    }
    let each = |of: &dyn Fn(usize) -> String| Some(Hint::Values((1..=3).map(of).collect()));
    match tpe.as_str() {
        "uuid" => each(&|n| format!("00000000-0000-4000-8000-00000000000{n}")),
        "int" | "integer" | "bigint" | "smallint" | "int2" | "int4" | "int8" | "numeric"
        | "decimal" | "real" | "double" | "float" | "float4" | "float8" | "money" => {
            each(&|n| n.to_string())
        }
        "bool" | "boolean" => each(&|n| (n % 2 == 0).to_string()),
        "date" | "timestamp" | "timestamptz" => each(&|n| format!("2024-06-0{n}")),
        "time" | "timetz" => each(&|n| format!("0{n}:00")),
        "interval" => each(&|n| format!("{n} hours")),
        "json" | "jsonb" => each(&|n| format!("{{\"seed\": {n}}}")),
        "bytea" => each(&|n| format!("\\x0{n}")),
        "inet" | "cidr" => each(&|n| format!("10.0.0.{n}")),
        "text" | "varchar" | "char" | "character" | "regclass" => None,
        _ => Some(Hint::Type(tpe)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, json: &str) {
        assert_eq!(Hints::of(script, "").json(), json, "{script}");
    }

    #[test]
    fn casts_tell_the_type_of_a_column() {
        check(
            "ALTER TABLE t ALTER s TYPE uuid USING s::uuid;",
            r#"{"s":["00000000-0000-4000-8000-000000000001","00000000-0000-4000-8000-000000000002","00000000-0000-4000-8000-000000000003"]}"#,
        );
        check("ALTER TABLE t ALTER COLUMN n SET DATA TYPE int USING 1;", r#"{"n":["1","2","3"]}"#);
        check(
            "SELECT CAST(\"A b\" AS date) FROM t",
            r#"{"A b":["2024-06-01","2024-06-02","2024-06-03"]}"#,
        );
        check(
            "CREATE TYPE k AS ENUM ('a', 'b'); ALTER TABLE t ALTER c TYPE k USING lower(c)::k;",
            r#"{"c":["a","b"]}"#,
        );
        check("UPDATE t SET o = s::mood", r#"{"s":"mood"}"#);
    }

    #[test]
    fn rows_that_are_looked_for_are_some_of_all() {
        for (script, json) in [
            ("UPDATE t SET n = 1 WHERE email = 'a'", r#"{"email":{"some":["a"],"of":64}}"#),
            ("DELETE FROM t WHERE k IN ('a', 'b')", r#"{"k":{"some":["a","b"],"of":64}}"#),
            ("DELETE FROM t WHERE url LIKE 'http:%'", r#"{"url":{"some":["http:"],"of":64}}"#),
            ("DELETE FROM t WHERE n = 404", r#"{"n":{"some":["404"],"of":64}}"#),
            ("DELETE FROM t WHERE d < '2020-01-01'", r#"{"d":{"near":"2020-01-01","of":2}}"#),
            ("DELETE FROM t WHERE d > date '2020-01-01'", r#"{"d":{"near":"2020-01-01","of":2}}"#),
            (
                "DELETE FROM t WHERE d >= '2020-01-01' AND d < '2020-02-01'",
                r#"{"d":{"near":"2020-01-01","of":64}}"#,
            ),
            (
                "INSERT INTO u VALUES ((SELECT id FROM t WHERE name = 'admin'))",
                r#"{"name":{"some":["admin"],"once":true,"of":64}}"#,
            ),
            (
                "DELETE FROM u WHERE t IN (SELECT id FROM t WHERE name = 'admin')",
                r#"{"name":{"some":["admin"],"of":64}}"#,
            ),
            (
                "INSERT INTO t (k) VALUES ('a'); UPDATE u SET n = (SELECT id FROM t WHERE k = 'a') WHERE m = 'b'",
                r#"{"m":{"some":["b"],"of":64}}"#,
            ),
            ("INSERT INTO u SELECT * FROM t WHERE k = 'a'", r#"{"k":{"some":["a"],"of":64}}"#),
            ("DO $$ BEGIN DELETE FROM t WHERE k = 'a'; END $$", r#"{"k":{"some":["a"],"of":64}}"#),
            ("DELETE FROM t WHERE k <> 'a' OR k NOT LIKE 'b'", "{}"),
            // what every row needs counts more
            ("DELETE FROM t WHERE k = 'c'; ALTER TABLE t ADD CHECK (k IN ('a'))", r#"{"k":["a"]}"#),
            ("ALTER TABLE t ALTER s TYPE int USING s::int", r#"{"s":["1","2","3"]}"#),
        ] {
            assert_eq!(Hints::spread(script, "").json(), json, "{script}");
        }
    }

    #[test]
    fn comparisons_tell_values() {
        check("ALTER TABLE t ADD CHECK (k IN ('a', 'b'))", r#"{"k":["a","b"]}"#);
        check("ALTER TABLE t ADD CHECK (k = ANY (ARRAY['a', 'b']))", r#"{"k":["a","b"]}"#);
        check("ALTER TABLE t ADD CHECK (n > 17)", r#"{"n":["18","19","20"]}"#);
        check("ALTER TABLE t ADD CHECK (length(p) >= 3)", r#"{"p":["xxx","xxxx","xxxxx"]}"#);
    }
}
