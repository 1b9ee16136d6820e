//! Queries that a program sends as they are written: files of SQL beside its source.

use std::{collections::BTreeSet, ops::Range};

use crate::{
    compat::{
        decode::{Decoded, Zone, decoded},
        state::Answer,
    },
    words::sql::{self, SqlError},
};

/// The line that makes a file of SQL one of queries.
pub(crate) const MARK: &str = "-- glowplug: query";

/// A file of queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryFile {
    /// Where it stands.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The bytes of each query.
    pub queries: Vec<Range<usize>>,
}

/// What does not work of a query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct QueryBreak {
    /// Its place among all of them.
    pub query: usize,
    /// What is wrong.
    pub what: String,
    /// Whether it is, whatever the values are.
    pub is_certain: bool,
}

impl QueryFile {
    /// Finds the queries of a file.
    ///
    /// # Errors
    /// When its text cannot be cut into statements.
    pub(crate) fn read(path: String, text: String) -> Result<Self, SqlError> {
        let queries = sql::split(&text)?.into_iter().map(|it| it.span).collect();
        Ok(Self { path, text, queries })
    }

    /// Whether a text says that it is a file of queries.
    #[must_use]
    pub(crate) fn is_marked(text: &str) -> bool {
        text.lines().any(|line| line.trim() == MARK)
    }
}

/// What does not work of queries now, and does with the structure that they were written for.
#[must_use]
pub(crate) fn query_breaks(own: &[Answer], now: &[Answer]) -> BTreeSet<QueryBreak> {
    let pairs = own.iter().zip(now).enumerate();
    pairs.filter_map(|(query, (own, now))| query_break(query, own, now)).collect()
}

fn query_break(query: usize, own: &Answer, now: &Answer) -> Option<QueryBreak> {
    let own = own.as_ref().ok()?;
    let certain = |what: String| Some(QueryBreak { query, what, is_certain: true });
    let now = match now {
        Ok(now) => now,
        Err(refusal) => return certain(format!("the server refuses it: {}", refusal.message)),
    };
    for (at, column) in own.iter().enumerate() {
        // columns of one name, such as ?column?, are told apart by their place
        let same = now.get(at).filter(|it| it.name == column.name);
        let Some(found) = same.or_else(|| now.iter().find(|it| it.name == column.name)) else {
            return certain(format!("its result has no column {}", column.name));
        };
        let (before, after) = (column.tpe.words(), found.tpe.words());
        let what = format!("its column {} is {after} and not {before}", column.name);
        match decoded(&column.tpe, &found.tpe, false, Zone::Unknown) {
            Decoded::Right => {}
            Decoded::Maybe => return Some(QueryBreak { query, what, is_certain: false }),
            Decoded::Wrong => return certain(what),
        }
    }
    None
}
