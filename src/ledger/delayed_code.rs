//! Looks into functions that a script made for what would harm a ledger after the migration.
//!
//! This is advice and no proof: a text can be put together at run time. What it finds is refused all the same, because
//! nothing good is done to a ledger that way.

use crate::{
    ledger::declaration::Declaration,
    words::sql::{Piece, pieces},
};

/// What in a function's text would change a ledger or its protection, when it is called.
#[must_use]
pub(super) fn harms_ledger(
    source: &str,
    ledger: &Declaration,
    triggers: &[&str],
) -> Option<String> {
    let words = words(source, 0);
    let (schema, table) = (ledger.schema.as_str(), ledger.table.as_str());
    let has = |wanted: &[&str]| {
        words.windows(wanted.len()).any(|found| found.iter().zip(wanted).all(|(a, b)| a == b))
    };
    // its name, alone or behind its own schema
    let named = words.iter().enumerate().any(|(at, word)| {
        let is_qualified = at >= 2 && words[at - 1] == ".";
        word == table && (!is_qualified || words[at - 2] == schema)
    });
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
        return Some(format!("it would disable triggers, and names {table}"));
    }
    let sets_back = words.iter().enumerate().any(|(at, word)| {
        word == "setval" && {
            let rest = &words[at..];
            rest.iter().take(8).any(|it| it == table || it.starts_with(&format!("{table}_")))
        }
    });
    if sets_back {
        return Some(format!("it would reset the numbering of {table}"));
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
    commands.iter().find_map(|command| aims(&words, command, schema, table))
}

/// Whether a function runs a text that is not its own: an argument, a column, or a change of something that is named while it runs.
#[must_use]
pub(super) fn runs_what_it_is_given(source: &str) -> bool {
    let pieces = inner(source);
    let runs = pieces.iter().enumerate().filter(|(at, it)| {
        let before = at.checked_sub(1).and_then(|at| pieces.get(at));
        it.is("execute")
            && !before.is_some_and(|it| it.is("grant") || it.is("revoke"))
            && !pieces.get(at + 1).is_some_and(|it| it.is("function") || it.is("procedure"))
    });
    runs.into_iter().any(|(at, _)| {
        let end = |it: &&Piece<'_>| {
            !(it.is("using") || it.is("into") || it.is("loop") || **it == Piece::Sign(";"))
        };
        let text: Vec<_> = pieces[at + 1..].iter().take_while(end).collect();
        let first = match text.as_slice() {
            [Piece::Text(only)] => return Piece::Text(only) == Piece::Text("''"),
            [Piece::Text(first), ..] => *first,
            [format, Piece::Sign("("), Piece::Text(first), ..]
                if format.is("format") || format.is("concat") =>
            {
                *first
            }
            _ => return true,
        };
        changes_what_is_named_later(inside(first))
    })
}

/// Whether the beginning of a command changes or drops something whose name is yet to come.
fn changes_what_is_named_later(start: &str) -> bool {
    let harms =
        ["alter", "drop", "update", "delete", "truncate", "merge", "set", "do", "with", "reset"];
    let words: Vec<&str> = start.split_whitespace().collect();
    let Some(first) = words.first().map(|it| it.to_ascii_lowercase()) else {
        return true;
    };
    if !harms.contains(&first.as_str()) {
        return first.contains('%');
    }
    let skip = [
        "table",
        "only",
        "from",
        "if",
        "exists",
        "into",
        "index",
        "view",
        "materialized",
        "function",
        "trigger",
    ];
    let name = words[1..].iter().position(|it| !skip.contains(&it.to_ascii_lowercase().as_str()));
    match name.map(|at| at + 1) {
        // the name goes on in what is put behind it, where no blank ends it
        Some(at) => {
            words[at].contains('%')
                || at + 1 == words.len() && !start.ends_with(char::is_whitespace)
        }
        None => true,
    }
}

/// The tokens of a function's body, which stands in a string of its definition.
fn inner(source: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    for piece in pieces(source).unwrap_or_default() {
        match piece {
            Piece::Text(text)
                if text.starts_with('$')
                    && found.last().is_some_and(|it: &Piece<'_>| it.is("as")) =>
            {
                found.extend(inner(inside(text)));
            }
            piece => found.push(piece),
        }
    }
    found
}

/// Whether a body neither runs texts, nor changes structure, nor calls anything of which that is not known.
#[must_use]
pub(super) fn is_plain(source: &str) -> bool {
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
    let known = [
        "values",
        "in",
        "and",
        "or",
        "not",
        "exists",
        "if",
        "elsif",
        "when",
        "then",
        "on",
        "select",
        "from",
        "where",
        "over",
        "filter",
        "any",
        "all",
        "array",
        "row",
        "cast",
        "now",
        "clock_timestamp",
        "statement_timestamp",
        "current_setting",
        "current_query",
        "format",
        "concat",
        "concat_ws",
        "coalesce",
        "nullif",
        "left",
        "right",
        "lower",
        "upper",
        "count",
        "string_agg",
        "array_agg",
        "jsonb_agg",
        "to_jsonb",
        "to_json",
        "jsonb_build_object",
        "json_build_object",
        "pg_notify",
        "txid_current",
        "pg_current_xact_id",
        "inet_client_addr",
        "pg_backend_pid",
        "pg_event_trigger_ddl_commands",
        "pg_event_trigger_dropped_objects",
        "pg_event_trigger_table_rewrite_oid",
        "pg_event_trigger_table_rewrite_reason",
    ];
    let pieces = inner(source);
    // where a name with its schema begins
    let start = |mut at: usize| {
        while at >= 2 && pieces[at - 1] == Piece::Sign(".") {
            at -= 2;
        }
        at
    };
    pieces.iter().enumerate().all(|(at, piece)| {
        let is_called = pieces.get(at + 1) == Some(&Piece::Sign("("));
        let is_target = start(at).checked_sub(1).is_some_and(|at| pieces[at].is("into"));
        match piece {
            Piece::Word(word) if harms.contains(&word.as_str()) => false,
            Piece::Word(word) if is_called => is_target || known.contains(&word.as_str()),
            Piece::Name(_) if is_called => is_target,
            _ => true,
        }
    })
}

/// Functions that change a table's pages past every transaction: nothing of that could be rolled back.
#[must_use]
pub(crate) fn surgery(script: &str) -> Option<&'static str> {
    let words = words(script, 0);
    ["heap_force_kill", "heap_force_freeze"]
        .into_iter()
        .find(|it| words.iter().any(|word| word == it))
}

/// A command with the table as its object: `UPDATE ONLY public.events`.
fn aims(words: &[String], command: &[&str], schema: &str, table: &str) -> Option<String> {
    let is_it = |after: &[String]| {
        let skip = |word: &&String| matches!(word.as_str(), "only" | "if" | "exists");
        let after: Vec<&String> = after.iter().skip_while(skip).take(3).collect();
        match after.as_slice() {
            [first, dot, second] if *dot == "." => *first == schema && *second == table,
            [first, ..] => *first == table,
            [] => false,
        }
    };
    let found = words.windows(command.len()).enumerate().any(|(at, found)| {
        found.iter().zip(command).all(|(a, b)| a == b) && is_it(&words[at + command.len()..])
    });
    found.then(|| format!("it runs {} {table}", command.join(" ").to_uppercase()))
}

/// The words of a text, also of the texts in it: dynamic SQL.
fn words(source: &str, depth: usize) -> Vec<String> {
    let Ok(pieces) = pieces(source) else {
        // a fragment of SQL: words are enough
        let found = source.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        return found.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    };
    let mut found = Vec::new();
    // what a RAISE says is for people
    let mut is_said = false;
    for piece in pieces {
        is_said = (is_said || piece.is("raise")) && piece != Piece::Sign(";");
        match piece {
            Piece::Word(word) | Piece::Name(word) => found.push(word),
            Piece::Sign(".") => found.push(".".to_owned()),
            Piece::Text(_) if is_said => {}
            Piece::Text(text) if depth < 4 => found.extend(words(inside(text), depth + 1)),
            Piece::Text(_) | Piece::Sign(_) => {}
        }
    }
    found
}

/// What stands in a string constant.
pub(super) fn inside(text: &str) -> &str {
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
        let ledger = Declaration {
            schema: "public".into(),
            table: "events".into(),
            key: Vec::new(),
            level: crate::report::ledger::Level::Minimal,
        };
        let found = harms_ledger(source, &ledger, &["events_immutable"]);
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
        check("BEGIN RAISE EXCEPTION 'you may not update events'; END", false);
        check("DELETE FROM archive.events WHERE id < 9", false);
    }

    #[test]
    fn what_runs_other_texts_is_seen() {
        let of = |body: &str| {
            format!("CREATE FUNCTION public.f(q text) RETURNS void AS $f$ BEGIN {body} END $f$")
        };
        for body in [
            "EXECUTE q;",
            "EXECUTE q::text;",
            "EXECUTE $1;",
            "FOR r IN SELECT cmd FROM jobs LOOP EXECUTE r.cmd; END LOOP;",
            "EXECUTE 'ALTER TABLE public.ev' || t || ' DISABLE TRIGGER USER';",
            "EXECUTE format('DROP TABLE %I', q);",
            "EXECUTE convert_from(decode('00', 'hex'), 'utf8');",
        ] {
            assert!(runs_what_it_is_given(&of(body)), "{body}");
        }
        for body in [
            "EXECUTE 'REFRESH MATERIALIZED VIEW totals';",
            "EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES IN (1)', q);",
            "EXECUTE 'SELECT count(*) FROM ' || quote_ident(q) INTO n;",
            "EXECUTE format('UPDATE balances SET amount = %L', q);",
            "PERFORM 1;",
        ] {
            assert!(!runs_what_it_is_given(&of(body)), "{body}");
        }
    }

    #[test]
    fn a_body_that_calls_what_is_not_known_is_not_plain() {
        let of = |body: &str| format!("BEGIN {body} END");
        assert!(is_plain(&of("INSERT INTO public.ddl_log (at, tag) VALUES (now(), tg_tag);")));
        assert!(!is_plain(&of("PERFORM public.helper();")));
        assert!(!is_plain(&of("EXECUTE 'x';")));
    }
}
