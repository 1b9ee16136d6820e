//! Constants that were `'now'` or `'today'` when they were read.
//!
//! PostgreSQL reads `'now'::timestamp` as the moment of reading, so that one script makes another default each time. A constant is taken
//! for one of those if it is a moment of the last seconds, in which what is compared was made, or the beginning of today, tomorrow or
//! yesterday: the server is asked, by value. It then stands for whatever such a word was elsewhere: another moment, that is not to come.

use std::collections::{BTreeMap, BTreeSet};

use super::printed::{Printed, kind_of_time};
use crate::{
    job::JobError,
    postgres::{
        session::{Failure, Message, Session},
        session_error::SessionError,
    },
    words::sql::{Piece, pieces},
};

/// Asks what constants are.
const MOMENTS: &str = include_str!("moments.sql");

/// What constants of dates and times are, by their type and by how they are written.
#[derive(Debug, Default)]
pub(crate) struct Moments(BTreeMap<(String, String), Moment>);

#[derive(Debug, Clone, Copy)]
struct Moment {
    /// Whether it is of the last seconds.
    is_new: bool,
    /// Whether it is not to come.
    is_past: bool,
}

impl Moments {
    /// Asks for the constants of texts: for nothing where they have none.
    pub(crate) async fn ask(
        session: &mut Session<'_>,
        texts: impl Iterator<Item = &str>,
    ) -> Result<Self, JobError> {
        let all: BTreeSet<(String, String)> = texts.flat_map(constants).collect();
        if all.is_empty() {
            return Ok(Self::default());
        }
        let all: Vec<(String, String)> = all.into_iter().collect();
        let list = serde_json::to_string(&all).unwrap_or_default();
        let message = Message::Query(MOMENTS, vec![Some(list)]);
        let reply = session.exchange(&[message], &mut |_| {}).await.pop();
        let rows = match reply.unwrap_or_else(|| Ok(Vec::new())) {
            Ok(rows) => rows,
            // written as no server writes it: it is what it is
            Err(Failure::Server(_)) => return Ok(Self::default()),
            Err(failure) => return Err(SessionError::while_doing(super::DOING)(failure).into()),
        };
        let found = all.into_iter().zip(rows).map(|(constant, row)| {
            let mut values = row.into_iter().map(|it| it.is_some());
            let mut next = || values.next().unwrap_or_default();
            let (is_new, is_past) = (next(), next());
            (constant, Moment { is_new, is_past })
        });
        Ok(Self(found.collect()))
    }

    /// Whether texts differ in nothing but such constants.
    pub(crate) fn are_alike(&self, one: &Printed, other: &Printed) -> bool {
        let mut pairs = one.iter().zip(other);
        pairs.all(|pair| match pair {
            (Some(one), Some(other)) => self.is_alike(one, other),
            (one, other) => one == other,
        })
    }

    /// Whether two texts differ in nothing but such constants.
    pub(crate) fn is_alike(&self, one: &str, other: &str) -> bool {
        if one == other || self.0.is_empty() {
            return one == other;
        }
        let (Ok(one), Ok(other)) = (pieces(one), pieces(other)) else {
            return false;
        };
        let mut pairs = one.iter().zip(&other).enumerate();
        one.len() == other.len()
            && pairs.all(|(at, pair)| match pair {
                (one, other) if one == other => true,
                (Piece::Text(first), Piece::Text(second)) => {
                    let after = (kind_of_time(&one[at + 1..]), kind_of_time(&other[at + 1..]));
                    let (Some(kind), true) = (after.0, after.0 == after.1) else {
                        return false;
                    };
                    let of = |text: &str| self.0.get(&(kind.to_owned(), content(text)));
                    let (Some(first), Some(second)) = (of(first), of(second)) else {
                        return false;
                    };
                    first.is_new && second.is_past || second.is_new && first.is_past
                }
                _ => false,
            })
    }
}

/// The constants of dates and times in a text: their type, and what is between the quotes.
fn constants(text: &str) -> Vec<(String, String)> {
    let pieces = pieces(text).unwrap_or_default();
    let found = pieces.iter().enumerate().filter_map(|(at, piece)| {
        let Piece::Text(text) = piece else {
            return None;
        };
        let kind = kind_of_time(&pieces[at + 1..])?;
        Some((kind.to_owned(), content(text)))
    });
    found.collect()
}

/// What is between the quotes; no date has one in it.
fn content(text: &str) -> String {
    text.trim_matches('\'').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments() -> Moments {
        let moment = |text: &str, is_new, is_past| {
            let key = ("timestamp".to_owned(), text.to_owned());
            (key, Moment { is_new, is_past })
        };
        Moments(BTreeMap::from([
            moment("new", true, true),
            moment("newer", true, true),
            moment("old", false, true),
            moment("older", false, true),
            moment("to come", false, false),
        ]))
    }

    #[track_caller]
    fn check(one: &str, other: &str, is_alike: bool) {
        let text = |it: &str| format!("(at > '{it}'::timestamp without time zone)");
        let (one, other) = (text(one), text(other));
        assert_eq!(moments().is_alike(&one, &other), is_alike, "{one}, {other}");
        assert_eq!(moments().is_alike(&other, &one), is_alike, "{other}, {one}");
    }

    #[test]
    fn a_moment_of_now_stands_for_any_that_is_not_to_come() {
        check("new", "newer", true);
        check("new", "old", true);
        check("old", "older", false);
        check("new", "to come", false);
        check("old", "old", true);
    }

    #[test]
    fn texts_that_differ_elsewhere_are_not_alike() {
        let is_alike = |one, other| moments().is_alike(one, other);
        assert!(!is_alike("'new'::timestamp, 1", "'old'::timestamp, 2"));
        assert!(!is_alike("'new'::text", "'old'::text"));
        assert!(!is_alike("'new'::timestamp", "'old'::date"));
    }
}
