//! What a trigger does to other tables when an event is appended, as its text says.

use crate::{
    ledger::{
        protection::bits,
        snapshot::{Fact, Kind, Snapshot},
    },
    words::sql::{Piece, pieces},
};

/// The triggers after an append that are new, with the tables and privileges that their functions need of who appends.
#[must_use]
pub fn needs_of_new_triggers(
    before: &Snapshot,
    after: &Snapshot,
    ledger: usize,
) -> Vec<(String, Vec<(String, &'static str)>)> {
    let known: Vec<&str> = before.of(Some(ledger), Kind::Trigger).map(|(label, _)| label).collect();
    let new = after.of(Some(ledger), Kind::Trigger).filter(|(label, trigger)| {
        let bits = trigger.number("bits").unwrap_or_default();
        !known.contains(label) && bits & bits::INSERT != 0
    });
    let found = new.filter_map(|(label, trigger)| {
        let function: &Fact = after
            .of(Some(ledger), Kind::Function)
            .find(|(it, _)| *it == trigger.text("function"))?
            .1;
        (!function.is("definer")).then(|| (label.to_owned(), needs(function)))
    });
    found.filter(|(_, needs)| !needs.is_empty()).collect()
}

/// The tables that a function writes, by the words of its body.
fn needs(function: &Fact) -> Vec<(String, &'static str)> {
    let pieces = pieces(function.text("source")).unwrap_or_default();
    let mut needs = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let next = |word: &str| pieces.get(at + 1).is_some_and(|it| it.is(word));
        let (privilege, from) = match piece {
            it if it.is("insert") && next("into") => ("INSERT", at + 2),
            it if it.is("delete") && next("from") => ("DELETE", at + 2),
            // not the one of ON CONFLICT DO UPDATE, of a trigger's name or a lock
            it if it.is("update")
                && !next("set")
                && !at.checked_sub(1).is_some_and(|at| pieces[at].is("for")) =>
            {
                ("UPDATE", at + 1)
            }
            _ => continue,
        };
        let name = |at: usize| match pieces.get(at) {
            Some(Piece::Word(name)) => Some(name.clone()),
            Some(Piece::Name(name)) => Some(format!("\"{}\"", name.replace('"', "\"\""))),
            _ => None,
        };
        let from = if pieces.get(from).is_some_and(|it| it.is("only")) { from + 1 } else { from };
        let Some(first) = name(from) else {
            continue;
        };
        let table = match (pieces.get(from + 1), name(from + 2)) {
            (Some(Piece::Sign(".")), Some(second)) => format!("{first}.{second}"),
            // where a bare name leads is the search_path's to say, most often this
            _ => format!("public.{first}"),
        };
        needs.push((table, privilege));
    }
    needs
}
