//! What a trigger does to other tables when an event is appended, as its text says.

use crate::{
    ledger::{
        delayed_code::inside,
        protection::bits,
        snapshot::{Fact, FactKind, Snapshot},
    },
    words::sql::{Piece, pieces},
};

/// What is new and runs with an append, triggers and other functions, with the tables and privileges that they need of who appends.
#[must_use]
pub(crate) fn needs_of_what_is_new(
    before: &Snapshot,
    after: &Snapshot,
    ledger: usize,
) -> Vec<(String, Vec<(String, &'static str)>)> {
    let knew = |kind, label: &str| before.of(Some(ledger), kind).any(|(it, _)| it == label);
    let functions: Vec<(&str, &Fact)> = after.of(Some(ledger), FactKind::Function).collect();
    let triggers: Vec<(&str, &Fact)> = after.of(Some(ledger), FactKind::Trigger).collect();
    let called = |name: &str| functions.iter().find(|(it, _)| *it == name).map(|(_, it)| *it);
    let of_triggers = triggers.iter().filter_map(|(label, trigger)| {
        let bits = trigger.number("bits").unwrap_or_default();
        let is_new = !knew(FactKind::Trigger, label) && bits & bits::INSERT != 0;
        let function = called(trigger.text("function")).filter(|_| is_new)?;
        Some((format!("the trigger {label}"), function))
    });
    let others = functions.iter().filter_map(|(label, function)| {
        let is_of_trigger = triggers.iter().any(|(_, it)| it.text("function") == *label);
        let is_new = !knew(FactKind::Function, label) && !is_of_trigger;
        is_new.then(|| (format!("the function {label}"), *function))
    });
    let found = of_triggers.chain(others).filter(|(_, it)| !it.is("definer"));
    let made: Vec<(&str, &Fact)> = after.of(None, FactKind::NewFunction).collect();
    found
        .map(|(label, function)| (label, needs(function.text("source"), &made, 0)))
        .filter(|(_, needs)| !needs.is_empty())
        .collect()
}

/// The tables that a function reads and writes, by the words of its body, and those of the new functions that it calls.
fn needs(source: &str, made: &[(&str, &Fact)], depth: usize) -> Vec<(String, &'static str)> {
    let pieces = pieces(source).unwrap_or_default();
    let mut needs = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let next = |word: &str| pieces.get(at + 1).is_some_and(|it| it.is(word));
        let (Piece::Word(word) | Piece::Name(word)) = piece else {
            continue;
        };
        if pieces.get(at + 1) == Some(&Piece::Sign("(")) && depth < 4 {
            let is_it = |label: &str| {
                let name = label.split('(').next().unwrap_or_default();
                name.rsplit('.').next().is_some_and(|it| it.trim_matches('"') == word)
            };
            for (_, function) in made.iter().filter(|(label, it)| is_it(label) && !it.is("definer"))
            {
                let body = inside_body(function.text("source"));
                needs.extend(self::needs(body, made, depth + 1));
            }
        }
        let (privilege, from) = match piece {
            it if it.is("insert") && next("into") => ("INSERT", at + 2),
            it if it.is("delete") && next("from") => ("DELETE", at + 2),
            it if it.is("from") || it.is("join") => ("SELECT", at + 1),
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

/// The body in a function's definition.
fn inside_body(definition: &str) -> &str {
    let mut texts = pieces(definition).unwrap_or_default().into_iter().filter_map(|it| match it {
        Piece::Text(text) if text.starts_with('$') => Some(text),
        _ => None,
    });
    inside(texts.next_back().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_through_the_functions_that_are_called() {
        let fact =
            |source: &str| Fact([("source".to_owned(), source.into())].into_iter().collect());
        let strike = fact(
            "CREATE OR REPLACE FUNCTION public.strike()\n AS $function$ BEGIN RETURN (SELECT count(*) FROM public.fuse); END $function$\n",
        );
        let made = [("public.strike()", &strike)];
        let found = needs(
            "BEGIN PERFORM public.strike(); INSERT INTO audit VALUES (1); RETURN NULL; END",
            &made,
            0,
        );
        let expected =
            [("public.fuse".to_owned(), "SELECT"), ("public.audit".to_owned(), "INSERT")];
        assert_eq!(found, expected);
    }
}
