//! Looks into functions that a script made for what would strike a ledger after the migration.
//!
//! This is advice and no proof: a text can be put together at run time. What it finds is refused all the same, because
//! nothing good is done to a ledger that way.

use crate::words::sql::{Piece, pieces};

/// What in a function's text would change a ledger or its protection, when it is called.
#[must_use]
pub(super) fn strikes(source: &str, table: &str, triggers: &[&str]) -> Option<String> {
    let words = words(source, 0);
    let has = |wanted: &[&str]| {
        words.windows(wanted.len()).any(|found| found.iter().zip(wanted).all(|(a, b)| a == b))
    };
    let named = words.iter().any(|word| word == table);
    if has(&["session_replication_role"]) || has(&["pg_trigger"]) && has(&["update"]) {
        return Some("it sets session_replication_role, or edits pg_trigger".to_owned());
    }
    let protection = [
        vec!["disable", "trigger"],
        vec!["drop", "trigger"],
        vec!["enable", "replica", "trigger"],
        vec!["disable", "rule"],
    ];
    let touched = named || triggers.iter().any(|trigger| words.iter().any(|word| word == trigger));
    if touched && protection.iter().any(|it| has(it)) {
        return Some(format!("it would switch triggers off, and names {table}"));
    }
    let commands: [&[&str]; 8] = [
        &["update"],
        &["delete", "from"],
        &["truncate"],
        &["truncate", "table"],
        &["alter", "table"],
        &["drop", "table"],
        &["merge", "into"],
        &["into", "merge"],
    ];
    for command in commands {
        if let Some(found) = aims(&words, command, table) {
            return Some(found);
        }
    }
    None
}

/// Whether a function runs a text that it is given, as it is.
#[must_use]
pub(super) fn runs_what_it_is_given(source: &str) -> bool {
    let pieces = inner(source);
    pieces.windows(3).any(|found| {
        let is_end = |it: &str| matches!(it, ";" | "using" | "into");
        found[0] == "execute"
            && found[1].chars().all(|c| c.is_alphanumeric() || c == '_')
            && is_end(&found[2])
            && !matches!(found[1].as_str(), "format" | "function" | "procedure" | "on")
    })
}

/// The tokens of a function's body, which stands in a string of its definition.
fn inner(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in pieces(source).unwrap_or_default() {
        match piece {
            Piece::Word(word) | Piece::Name(word) => found.push(word),
            Piece::Sign(sign) => found.push(sign.to_owned()),
            Piece::Text(text) if text.starts_with('$') => found.extend(inner(inside(text))),
            Piece::Text(_) => found.push("'".to_owned()),
        }
    }
    found
}

/// Whether a body neither runs texts nor changes structure.
#[must_use]
pub(super) fn is_plain(source: &str) -> bool {
    let words = words(source, 0);
    let harms = [
        "execute",
        "alter",
        "drop",
        "truncate",
        "delete",
        "update",
        "create",
        "grant",
        "set_config",
    ];
    !words.iter().any(|word| harms.contains(&word.as_str()))
}

/// Functions that change a table's pages past every transaction: nothing of that could be rolled back.
#[must_use]
pub fn surgery(script: &str) -> Option<&'static str> {
    let words = words(script, 0);
    ["heap_force_kill", "heap_force_freeze"]
        .into_iter()
        .find(|it| words.iter().any(|word| word == it))
}

/// A command with the table as its object: `UPDATE ONLY public.events`.
fn aims(words: &[String], command: &[&str], table: &str) -> Option<String> {
    words
        .windows(command.len())
        .enumerate()
        .filter(|(_, found)| found.iter().zip(command).all(|(a, b)| a == b))
        .find_map(|(at, _)| {
            let after = words.get(at + command.len()..)?;
            let skip = |word: &&String| matches!(word.as_str(), "only" | "if" | "exists" | ".");
            let mut after = after.iter().filter(|word| !skip(word));
            let first = after.next()?;
            // the first name, or the one behind its schema
            let is_it = first == table || words_with_schema(words, at + command.len(), table);
            is_it.then(|| format!("it runs {} {table}", command.join(" ").to_uppercase()))
        })
}

/// Whether `schema . table` follows.
fn words_with_schema(words: &[String], at: usize, table: &str) -> bool {
    let mut rest =
        words.iter().skip(at).skip_while(|word| matches!(word.as_str(), "only" | "if" | "exists"));
    let (_schema, dot, name) = (rest.next(), rest.next(), rest.next());
    dot.is_some_and(|dot| dot == ".") && name.is_some_and(|name| name == table)
}

/// The words of a text, also of the texts in it: dynamic SQL.
fn words(source: &str, depth: usize) -> Vec<String> {
    let Ok(pieces) = pieces(source) else {
        // a fragment of SQL: words are enough
        let found = source.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        return found.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    };
    let mut found = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Word(word) | Piece::Name(word) => found.push(word),
            Piece::Sign(".") => found.push(".".to_owned()),
            Piece::Text(text) if depth < 4 => found.extend(words(inside(text), depth + 1)),
            Piece::Text(_) | Piece::Sign(_) => {}
        }
    }
    found
}

/// What stands in a string constant.
fn inside(text: &str) -> &str {
    if let Some(dollar) = text.strip_prefix('$')
        && let Some(end) = dollar.find('$')
    {
        let tag = end + 2;
        return text.get(tag..text.len().saturating_sub(tag)).unwrap_or_default();
    }
    let open = text.find('\'').map_or(0, |at| at + 1);
    text.get(open..text.len().saturating_sub(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: bool) {
        let found = strikes(source, "events", &["events_immutable"]);
        assert_eq!(found.is_some(), expected, "{source}: {found:?}");
    }

    #[test]
    fn what_would_strike_is_seen() {
        check(
            "BEGIN EXECUTE 'ALTER TABLE public.events DISABLE TRIGGER USER'; RETURN 1; END",
            true,
        );
        check("BEGIN UPDATE public.events SET payload = '{}'; END", true);
        check("BEGIN DELETE FROM ONLY events WHERE id = 1; END", true);
        check("BEGIN EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', 'events'); END", true);
        check("BEGIN PERFORM set_config('session_replication_role', 'replica', true); END", true);
        check("BEGIN EXECUTE $$TRUNCATE events$$; END", true);
        check("BEGIN DROP TRIGGER events_immutable ON x; END", true);
        check("MERGE INTO events e USING s ON true WHEN MATCHED THEN DELETE", true);
    }

    #[test]
    fn what_reads_and_appends_is_not() {
        check(
            "BEGIN INSERT INTO events (kind) VALUES ('x'); UPDATE balances SET amount = 1; END",
            false,
        );
        check("BEGIN PERFORM pg_notify('events', NEW.id::text); RETURN NULL; END", false);
        check("SELECT count(*) FROM events", false);
        check(
            "BEGIN UPDATE accounts a SET n = (SELECT count(*) FROM events e WHERE e.stream = a.id); END",
            false,
        );
        check(
            "BEGIN DELETE FROM balances WHERE last_event_id IN (SELECT id FROM events); END",
            false,
        );
        check("BEGIN RAISE NOTICE 'never UPDATE it'; END", false);
    }
}
