//! What a rule looks at: the statements of a migration, the structure before and after, and what was observed.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    judge::Block,
    observation::{Failed, Pair},
    stats::{Costs, Stats},
};
use crate::{
    catalog::{Catalog, Difference, How, Key, ObjectKind},
    report::finding::Severity,
    words::sql::{Piece, Statement, StatementKind, code, pieces},
};

/// One statement, as tokens.
#[derive(Debug, Clone)]
pub struct Said<'s> {
    /// As written.
    pub text: &'s str,
    /// Where in the script.
    pub span: Range<usize>,
    /// What the runner knows of it.
    pub kind: StatementKind,
    /// Its tokens; of a DO block those of its code as well.
    pub pieces: Vec<Piece<'s>>,
}

impl<'s> Said<'s> {
    /// Cuts the statements of a script.
    #[must_use]
    pub fn all(script: &'s str, statements: &[Statement]) -> Vec<Self> {
        let said = statements.iter().map(|it| {
            let text = &script[it.span.clone()];
            let mut found = pieces(text).unwrap_or_default();
            if found.first().is_some_and(|it| it.is("do")) {
                let bodies: Vec<&str> = found.iter().filter_map(body).collect();
                for body in bodies {
                    found.extend(pieces(body).unwrap_or_default());
                }
            }
            Said { text, span: it.span.clone(), kind: it.kind.clone(), pieces: found }
        });
        said.collect()
    }

    /// Whether these keywords follow each other somewhere.
    #[must_use]
    pub fn has(&self, words: &[&str]) -> bool {
        self.pieces
            .windows(words.len())
            .any(|it| it.iter().zip(words).all(|(it, word)| it.is(word)))
    }

    /// Whether it begins with these keywords.
    #[must_use]
    pub fn begins(&self, words: &[&str]) -> bool {
        self.pieces.len() >= words.len()
            && self.pieces.iter().zip(words).all(|(it, word)| it.is(word))
    }

    /// Whether it names something so.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.pieces.iter().any(|it| match it {
            Piece::Word(word) => word == name,
            Piece::Name(quoted) => quoted == name,
            Piece::Text(_) | Piece::Sign(_) => false,
        })
    }

    /// The first words, for people: `ALTER TABLE`.
    #[must_use]
    pub fn verb(&self) -> String {
        let words = self.pieces.iter().map_while(|it| match it {
            Piece::Word(word) => Some(word.to_ascii_uppercase()),
            _ => None,
        });
        let all: Vec<String> = words.take(5).collect();
        let count = match all.first().map(String::as_str) {
            Some("CREATE") => {
                all.iter().position(|it| OBJECTS.contains(&it.as_str())).map_or(2, |at| at + 1)
            }
            Some("ALTER" | "DROP" | "REFRESH") => {
                all.iter().position(|it| OBJECTS.contains(&it.as_str())).map_or(2, |at| at + 1)
            }
            _ => 1,
        };
        all.into_iter().take(count).collect::<Vec<_>>().join(" ")
    }
}

const OBJECTS: [&str; 16] = [
    "TABLE",
    "INDEX",
    "VIEW",
    "TYPE",
    "DOMAIN",
    "SEQUENCE",
    "FUNCTION",
    "PROCEDURE",
    "TRIGGER",
    "POLICY",
    "SCHEMA",
    "EXTENSION",
    "RULE",
    "ROLE",
    "DATABASE",
    "AGGREGATE",
];

/// The code of a string.
fn body<'s>(piece: &Piece<'s>) -> Option<&'s str> {
    let Piece::Text(text) = piece else { return None };
    code(text).map(|it| it.1)
}

/// A migration in one direction, as it was seen.
#[derive(Debug)]
pub struct Case<'c> {
    /// Its statements.
    pub statements: &'c [Said<'c>],
    /// The structure before it.
    pub before: &'c Catalog,
    /// The structure after it.
    pub after: &'c Catalog,
    /// What differs.
    pub differences: &'c [Difference],
    /// What it did with rows at two sizes.
    pub pair: &'c Pair,
    /// Who waits.
    pub blocks: &'c [Block],
    /// Why it failed with rows, where it does not without.
    pub with_rows: Option<&'c Failed>,
    /// Why it failed.
    pub failed: Option<&'c Failed>,
    /// Whether it is one transaction.
    pub is_whole: bool,
    /// Whether it is the way down.
    pub is_down: bool,
    /// What is known of production.
    pub stats: Option<&'c Stats>,
    /// What a row costs, if that was measured.
    pub costs: Option<Costs>,
    /// How long others may wait, in seconds.
    pub max_block: f64,
    /// Whether no table may be rewritten, however small.
    pub denies_rewrites: bool,
}

impl Case<'_> {
    /// The statement that most likely made a difference: it has the names, and one of the phrases; else one of the names; else one that
    /// runs code.
    #[must_use]
    pub fn place(&self, names: &[&str], phrases: &[&[&str]]) -> usize {
        let all = |it: &Said<'_>| names.iter().all(|name| name.is_empty() || it.names(name));
        let says = |it: &Said<'_>| phrases.is_empty() || phrases.iter().any(|words| it.has(words));
        let mut tries = [
            self.statements.iter().position(|it| all(it) && says(it)),
            self.statements
                .iter()
                .position(|it| says(it) && names.last().is_some_and(|name| it.names(name))),
            self.statements
                .iter()
                .position(|it| says(it) && names.iter().any(|name| it.names(name))),
            self.statements.iter().position(all),
            self.statements
                .iter()
                .position(|it| matches!(it.kind, StatementKind::Call) || it.begins(&["select"])),
        ]
        .into_iter()
        .flatten();
        tries.next().unwrap_or(0)
    }

    /// The objects that are gone.
    pub fn gone(&self) -> impl Iterator<Item = &Key> {
        let gone = self.differences.iter().filter(|it| it.how == How::Gone);
        gone.map(|it| &it.key)
    }

    /// The objects that are new. What a relation that was renamed had before is not.
    pub fn added(&self) -> impl Iterator<Item = &Key> {
        let moved = moved(self.statements, self.before);
        let was_there = move |key: &Key| {
            let Some(old) = moved.get(&key.table()) else { return false };
            let mut parts: Vec<&str> = key.parts().collect();
            parts[1] = old.name();
            self.before.get(&Key::new(key.kind(), &parts)).is_some()
        };
        let new = self.differences.iter().filter(|it| it.how == How::New);
        new.map(|it| &it.key).filter(move |it| !was_there(it))
    }

    /// Whether a statement renames something of this name.
    #[must_use]
    pub fn is_renamed(&self, name: &str) -> bool {
        self.statements.iter().any(|it| it.has(&["rename"]) && it.names(name))
    }

    /// Whether the relation that a key is, or belongs to, was there before.
    #[must_use]
    pub fn is_of_old(&self, key: &Key) -> bool {
        self.before.get(&key.table()).is_some()
    }

    /// The number of rows that production has, if that is known.
    #[must_use]
    pub fn rows(&self, table: &str) -> Option<f64> {
        self.stats?.tables.get(table).map(|it| it.rows)
    }
}

/// The relations that were there before and have been renamed: by the name that each has at the end, the one that it had.
#[must_use]
pub(crate) fn moved(statements: &[Said<'_>], before: &Catalog) -> BTreeMap<Key, Key> {
    let mut moved = BTreeMap::new();
    let mut left = BTreeSet::new();
    let renames = statements.iter().filter(|it| it.begins(&["alter"])).filter_map(|it| {
        let at = it.pieces.windows(2).position(|it| it[0].is("rename") && it[1].is("to"))?;
        Some((it.pieces.get(at.checked_sub(1)?)?, it.pieces.get(at + 2)?))
    });
    for pair in renames {
        let (Piece::Word(from) | Piece::Name(from), Piece::Word(to) | Piece::Name(to)) = pair
        else {
            continue;
        };
        let old = before.of_kind(ObjectKind::Relation).map(|(key, _)| key);
        let known = old.filter(|it| !left.contains(*it)).chain(moved.keys());
        let Some(key) = known.filter(|it| it.name() == from).last().cloned() else { continue };
        let was = moved.remove(&key).unwrap_or_else(|| key.clone());
        moved.insert(Key::new(ObjectKind::Relation, &[key.part(0), to]), was);
        left.insert(key);
    }
    moved
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hit {
    /// Which statement.
    pub statement: usize,
    /// What is wrong, in a line.
    pub message: String,
    /// What explains it.
    pub details: Vec<String>,
    /// Other statements that belong to it, each with a reason.
    pub related: Vec<(usize, String)>,
    /// How much it matters, where that differs from what the rule says.
    pub severity: Option<Severity>,
    /// What to do, where that differs.
    pub help: Option<String>,
    /// How long others wait at production's size, in seconds.
    pub seconds: Option<(f64, f64)>,
}

impl Hit {
    /// One with a message only.
    #[must_use]
    pub fn new(statement: usize, message: impl Into<String>) -> Self {
        Self { statement, message: message.into(), ..Self::default() }
    }

    /// Adds a line that explains it.
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }
}

/// The name of a relation for people: without the schema that everybody uses.
#[must_use]
pub(crate) fn short(name: &str) -> &str {
    name.strip_prefix("public.").unwrap_or(name)
}

/// The name of an object for people: `users.email`.
#[must_use]
pub(crate) fn said(key: &Key) -> String {
    let parts: Vec<&str> = key.parts().collect();
    short(&parts.join(".")).to_owned()
}

/// Puts each of some names once, in order.
#[must_use]
pub(crate) fn listed(names: impl IntoIterator<Item = String>) -> String {
    let names: BTreeSet<String> = names.into_iter().collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
