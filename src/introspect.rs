//! Reads the structure of a database into a [`Catalog`].
//!
//! One snapshot, one round trip, and a number of statements that does not depend on the database: each kind of object has one
//! set-based query of the system catalogs in a `.sql` file. A role needs no privilege for it. The catalogs' oids join the answers
//! here, and go no further.

pub(crate) mod catalog_digest;
pub(crate) mod environment;
pub(crate) mod observe;
pub(crate) mod probe;
mod queries;
mod reader;
mod reading;
pub(crate) mod seed;

pub use self::reader::Reader;

use self::reading::Reading;
use crate::{
    catalog::{Aspect, Catalog, Coverage, ObjectKind},
    postgres::{
        session::{COMMIT, Message, Row, Session},
        session_error::SessionError,
    },
};

/// What everything is printed with, so that it is always printed in one way.
macro_rules! settings {
    () => {
        "SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL jit = off;
SET LOCAL quote_all_identifiers = off;
SET LOCAL standard_conforming_strings = on;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL timezone = 'UTC';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
SET LOCAL xmloption = 'content';
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0"
    };
}

/// A transaction that sees one state of the database, and writes nothing.
const BEGIN: &str = concat!("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;\n", settings!());
/// The same within a transaction that is open, and sees what that has written.
const BEGIN_WITHIN: &str = concat!("SAVEPOINT glowplug_read;\n", settings!());
/// The end of that: the settings are what they were.
const END_WITHIN: &str = "ROLLBACK TO SAVEPOINT glowplug_read;\nRELEASE SAVEPOINT glowplug_read";

/// Reads what `coverage` names. `server_version` is `server_version_num`, such as 150018.
///
/// # Errors
/// When the connection is lost, or the server refuses.
pub async fn read(
    session: &mut Session<'_>,
    server_version: u32,
    coverage: &Coverage,
) -> Result<Catalog, SessionError> {
    read_between(session, server_version, coverage, [BEGIN, COMMIT]).await
}

/// Reads objects of some kinds, without what stands beside them, in a transaction that is open.
///
/// # Errors
/// When the connection is lost, or the server refuses.
pub(crate) async fn read_within(
    session: &mut Session<'_>,
    server_version: u32,
    kinds: impl IntoIterator<Item = ObjectKind>,
) -> Result<Catalog, SessionError> {
    let coverage = Coverage::of(kinds);
    let ends = [BEGIN_WITHIN, END_WITHIN];
    read_between(session, server_version, &coverage, ends).await
}

async fn read_between(
    session: &mut Session<'_>,
    server_version: u32,
    coverage: &Coverage,
    [begin, end]: [&str; 2],
) -> Result<Catalog, SessionError> {
    let doing = SessionError::while_doing("reading the catalog");
    let major = server_version / 10_000;
    let wanted: Vec<Part> = parts(coverage).collect();
    let texts: Vec<String> = wanted.iter().map(|it| it.text(major, false)).collect();
    let queries = texts.iter().map(|text| Message::Query(text.as_str(), Vec::new()));
    let messages: Vec<Message<'_>> = std::iter::once(Message::Batch(begin))
        .chain(queries)
        .chain([Message::Batch(end)])
        .collect();
    let mut replies = session.exchange(&messages, &mut |_| {}).await.into_iter();
    let mut reading = Reading::of(coverage);
    if let Some(Err(failure)) = replies.next() {
        return Err(doing(failure));
    }
    for (part, reply) in wanted.iter().zip(replies) {
        match reply {
            Ok(rows) => reading.take(part, rows),
            Err(failure) => return Err(doing(failure)),
        }
    }
    reading.tie();
    Ok(reading.catalog)
}

/// The query of each kind as it is meant for a major version, and the names that its columns must have, in this order.
pub fn declared(major: u32) -> impl Iterator<Item = (ObjectKind, String, Vec<String>)> {
    let all = ObjectKind::ALL.iter().filter_map(|kind| queries::of(*kind));
    all.map(move |query| {
        let sql = for_major(query.sql, major, false);
        (query.kind, sql, query.columns().collect())
    })
}

/// One of the queries. They are sent in this order: what is joined to objects comes after them.
enum Part {
    Kind(queries::KindQuery),
    Comments,
    Members,
    Grants,
    Aliases,
    Dependencies,
    Unread,
}

fn parts(coverage: &Coverage) -> impl Iterator<Item = Part> {
    let kinds = ObjectKind::ALL.iter().filter(|it| coverage.has(**it));
    let kinds = kinds.filter_map(|it| queries::of(*it)).map(Part::Kind);
    let beside = [
        (coverage.tells(Aspect::Comments), Part::Comments),
        (coverage.tells(Aspect::Extensions), Part::Members),
        (coverage.has(ObjectKind::Grant) || coverage.tells(Aspect::Dependencies), Part::Aliases),
        (coverage.has(ObjectKind::Grant), Part::Grants),
        (coverage.tells(Aspect::Dependencies), Part::Dependencies),
        (coverage.tells(Aspect::Unread), Part::Unread),
    ];
    kinds.chain(beside.into_iter().filter_map(|(wanted, part)| wanted.then_some(part)))
}

impl Part {
    /// What is sent to a server of a major version: for everything, or for some objects that are named.
    fn text(&self, major: u32, some: bool) -> String {
        let sql = match self {
            Self::Kind(query) => return query.text(&for_major(query.sql, major, some)),
            Self::Comments => queries::COMMENTS,
            Self::Members => queries::MEMBERS,
            Self::Grants => queries::GRANTS,
            Self::Aliases => queries::ALIASES,
            Self::Dependencies => queries::DEPENDENCIES,
            Self::Unread => queries::UNREAD,
        };
        for_major(sql, major, some)
    }
}

fn texts<const N: usize>(row: Row) -> [String; N] {
    let mut values = row.into_iter();
    std::array::from_fn(|_| values.next().flatten().unwrap_or_default())
}

/// Leaves out the lines that are meant for other versions: those that end with `-- from N` or `-- before N`; and those that end
/// with `-- of some` where all is asked for.
fn for_major(sql: &str, major: u32, some: bool) -> String {
    let is_meant = |line: &str| {
        let Some((_, marker)) = line.rsplit_once("-- ") else {
            return true;
        };
        let (word, number) = marker.split_once(' ').unwrap_or((marker, ""));
        match (word, number.trim_end().parse::<u32>()) {
            ("from", Ok(first)) => major >= first,
            ("before", Ok(first)) => major < first,
            ("of", _) if number.trim_end() == "some" => some,
            _ => true,
        }
    };
    sql.split_inclusive('\n').filter(|line| is_meant(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_another_major_is_not_sent() {
        let sql = "SELECT a, -- from 15\n    NULL, -- before 15\n    b -- from the start\n";
        assert_eq!(for_major(sql, 14, false), "    NULL, -- before 15\n    b -- from the start\n");
        assert_eq!(for_major(sql, 18, false), "SELECT a, -- from 15\n    b -- from the start\n");
    }
}
