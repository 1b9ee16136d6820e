//! What statements of a script without a transaction have set for the session, for the run that goes on after them.

use crate::words::sql::{Piece, pieces};

/// What a statement sets for the session, as a command of our own that runs nothing but that; none where it sets nothing, or where
/// more than setting would be repeated on a database with ledgers.
pub(super) fn sets_the_session(sql: &str, is_guarded: bool) -> Option<String> {
    let pieces = pieces(sql).ok()?;
    let mut rest = pieces.as_slice();
    if let [rest_of @ .., Piece::Sign(";")] = rest {
        rest = rest_of;
    }
    let word = |at: usize| match rest.get(at) {
        Some(Piece::Word(word)) => word.as_str(),
        _ => "",
    };
    match word(0) {
        "set" if !matches!(word(1), "local" | "constraints" | "transaction") => {
            Some(sql.to_owned())
        }
        "reset" => Some(sql.to_owned()),
        // as in the dumps of pg_dump
        "select" => {
            let call = match &rest[1..] {
                [schema, Piece::Sign("."), call @ ..] if schema.is("pg_catalog") => call,
                call => call,
            };
            if !call.first().is_some_and(|it| it.is("set_config")) {
                return None;
            }
            if !is_guarded {
                return Some(sql.to_owned());
            }
            let [_, Piece::Sign("("), arguments @ .., Piece::Sign(")")] = call else {
                return None;
            };
            let [
                Piece::Text(setting),
                Piece::Sign(","),
                Piece::Text(value),
                Piece::Sign(","),
                Piece::Word(local),
            ] = arguments
            else {
                return None;
            };
            (local == "false")
                .then(|| format!("SELECT pg_catalog.set_config({setting}, {value}, false)"))
        }
        _ => None,
    }
}
