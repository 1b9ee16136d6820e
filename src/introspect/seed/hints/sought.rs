//! What a script looks for in rows: constants that its conditions compare columns with.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Operator, content, name, operator};
use crate::words::sql::{Piece, code, pieces};

/// Of so many rows, one has what is looked for.
const FEW: u32 = 64;
/// The same where one side of a bound is looked for.
const HALF: u32 = 2;
/// The most values of a column.
const MOST: usize = 16;

/// What some of the rows have in a column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Sought {
    /// The values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    some: Vec<String>,
    /// Whether only one row may have each: a query takes it for a single value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    once: bool,
    /// A value that rows are below and above.
    #[serde(skip_serializing_if = "Option::is_none")]
    near: Option<String>,
    /// Of how many rows one has what is looked for.
    of: u32,
}

/// What a column is asked for.
enum Asked {
    Values(Vec<String>),
    Above(String),
    Below(String),
}

/// The bounds of a column in one statement.
#[derive(Default)]
struct Bounds {
    above: Option<String>,
    below: Option<String>,
}

#[derive(Default)]
struct Reader {
    found: BTreeMap<String, Sought>,
    bounds: BTreeMap<String, Bounds>,
    /// What scripts insert themselves.
    made: BTreeSet<String>,
}

/// A pair of parentheses.
#[derive(Clone, Copy, Default)]
struct Scope {
    /// Whether what is in it stands for a single value.
    is_value: bool,
    /// Whether it is in a query.
    is_query: bool,
}

/// Reads a script.
pub(super) fn read(text: &str) -> BTreeMap<String, Sought> {
    let mut reader = Reader::default();
    reader.read(text, true);
    let Reader { mut found, made, .. } = reader;
    // the row that is looked for is not there before
    found.values_mut().for_each(|it| it.some.retain(|value| !made.contains(value)));
    found.retain(|_, it| it.near.is_some() || !it.some.is_empty());
    found
}

impl Reader {
    fn read(&mut self, text: &str, is_script: bool) {
        let pieces = pieces(text).unwrap_or_default();
        let mut scopes: Vec<Scope> = Vec::new();
        let (mut is_set, mut is_strict, mut is_insert) = (false, false, false);
        for (at, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Sign("(") if pieces.get(at + 1).is_some_and(|it| it.is("select")) => {
                    let before = at.checked_sub(1).map(|it| &pieces[it]);
                    let is_value = before.is_some_and(is_of_value);
                    scopes.push(Scope { is_value, is_query: true });
                }
                Piece::Sign("(") => scopes.push(scopes.last().copied().unwrap_or_default()),
                Piece::Sign(")") => drop(scopes.pop()),
                Piece::Sign(";") => {
                    self.end();
                    scopes.clear();
                    (is_set, is_strict, is_insert) = (false, false, false);
                }
                it if it.is("insert") => is_insert = true,
                it if it.is("select") && scopes.is_empty() => is_insert = false,
                Piece::Text(text) if is_script && let Some((_, code)) = code(text) => {
                    self.read(code, false);
                }
                it if it.is("set") => is_set = true,
                it if it.is("where") || it.is("from") => is_set = false,
                it if it.is("strict") => is_strict = true,
                Piece::Text(text) if is_insert && !scopes.last().is_some_and(|it| it.is_query) => {
                    self.made.extend(content(text));
                }
                _ => {}
            }
            if !is_set && let Some((column, asked)) = comparison(&pieces, at) {
                self.add(column, asked, is_strict || scopes.last().is_some_and(|it| it.is_value));
            }
        }
        self.end();
    }

    fn add(&mut self, column: String, asked: Asked, once: bool) {
        match asked {
            Asked::Values(values) => {
                let all = self.found.entry(column).or_default();
                for value in values.into_iter().take(MOST) {
                    if !all.some.contains(&value) && all.near.is_none() {
                        all.some.push(value);
                    }
                }
                (all.once, all.of) = (all.once || once, all.of.max(FEW));
            }
            Asked::Above(value) => self.bounds.entry(column).or_default().above = Some(value),
            Asked::Below(value) => self.bounds.entry(column).or_default().below = Some(value),
        }
    }

    /// Ends a statement: bounds on both sides leave few rows.
    fn end(&mut self) {
        for (column, bounds) in std::mem::take(&mut self.bounds) {
            let is_open = bounds.above.is_none() || bounds.below.is_none();
            let near = bounds.above.or(bounds.below);
            let known = self.found.entry(column).or_default();
            if is_open {
                *known = Sought { near, of: HALF, ..Sought::default() };
            } else if *known == Sought::default() {
                *known = Sought { near, of: FEW, ..Sought::default() };
            }
        }
    }
}

/// Whether a query behind this stands for a value, and not for rows.
fn is_of_value(before: &Piece<'_>) -> bool {
    let words = ["select", "then", "else", "when", "and", "or", "return", "between", "limit"];
    match before {
        Piece::Sign(sign) => *sign != ")",
        Piece::Word(word) => words.contains(&word.as_str()),
        _ => false,
    }
}

fn comparison(pieces: &[Piece<'_>], at: usize) -> Option<(String, Asked)> {
    // `NOT LIKE` is no column
    let column = name(&pieces[at]).filter(|_| !pieces[at].is("not"))?;
    let Operator { word, behind, is_length } = operator(pieces, at)?;
    let mut values = if is_length { Vec::new() } else { constants(pieces, behind) };
    let first = values.first()?.clone();
    let asked = match word {
        "in" | "any" | "=" | "like" => Asked::Values(values),
        "between" => Asked::Values(values.drain(..1).collect()),
        ">" | ">=" => Asked::Above(first),
        "<" | "<=" => Asked::Below(first),
        _ => return None,
    };
    Some((column, asked))
}

/// Strings and numbers in parentheses or brackets, or one that stands alone.
fn constants(pieces: &[Piece<'_>], at: usize) -> Vec<String> {
    let types = ["any", "array", "date", "timestamp", "timestamptz", "text", "varchar"];
    let (mut found, mut is_list, mut is_cast) = (Vec::new(), false, false);
    for piece in pieces.iter().skip(at) {
        match piece {
            Piece::Text(text) => found.extend(content(text)),
            Piece::Sign(number) if number.parse::<f64>().is_ok() => found.push((*number).into()),
            Piece::Sign("(" | "[") if found.is_empty() => is_list = true,
            Piece::Sign(",") if is_list => {}
            Piece::Sign(":" | "::") => is_cast = true,
            Piece::Word(word) if is_cast || types.contains(&word.as_str()) => is_cast = false,
            _ => break,
        }
        if !is_list && !found.is_empty() {
            break;
        }
    }
    found
}
