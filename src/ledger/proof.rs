//! Proves that a trigger's function refuses whatever it is called for.
//!
//! A straight-line PL/pgSQL body whose first statement is RAISE EXCEPTION cannot return: that is all that is accepted. A
//! switch, a helper, a handler or a loop may refuse today and let pass tomorrow, and no probe would tell.

use crate::{
    ledger::snapshot::Fact,
    words::sql::{Piece, pieces},
};

/// Why a function is not proved to refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Unproved {
    /// Another language than PL/pgSQL, or another handler than its own.
    #[error("it is written in {0}, and only PL/pgSQL can be proved")]
    Language(String),
    /// It would vanish with an extension.
    #[error("it depends on the extension {0}, and would be dropped with it")]
    Extension(String),
    /// It sets something that changes what its text means.
    #[error("it sets {0}, under which its text may mean something else")]
    Setting(String),
    /// The body is more than one RAISE EXCEPTION.
    #[error("its body is not a single RAISE EXCEPTION: {0}")]
    Body(&'static str),
}

/// Functions that a message may be made with: they change nothing.
const HARMLESS: [&str; 27] = [
    "format",
    "concat",
    "concat_ws",
    "quote_ident",
    "quote_literal",
    "upper",
    "lower",
    "coalesce",
    "left",
    "right",
    "to_jsonb",
    "now",
    "clock_timestamp",
    "row_to_json",
    "pg_typeof",
    "current_setting",
    "to_json",
    "jsonb_build_object",
    "json_build_object",
    "to_char",
    "nullif",
    "replace",
    "substr",
    "substring",
    "trim",
    "txid_current",
    "pg_trigger_depth",
];

/// Proves that a function refuses, from its fact.
///
/// # Errors
/// Why it is not proved.
pub(crate) fn prove(function: &Fact) -> Result<(), Unproved> {
    let (language, handler) = (function.text("language"), function.text("handler"));
    if language != "plpgsql" || handler != "plpgsql_call_handler" {
        return Err(Unproved::Language(language.to_owned()));
    }
    if !function.text("extension").is_empty() {
        return Err(Unproved::Extension(function.text("extension").to_owned()));
    }
    // a setting of the function could give its text another meaning
    let settings = function.text("configuration").split(", ").filter(|it| it.contains('='));
    for setting in settings.map(|it| it.split('=').next().unwrap_or_default()) {
        if !SETTINGS.contains(&setting.to_ascii_lowercase().as_str()) {
            return Err(Unproved::Setting(setting.to_owned()));
        }
    }
    body(function.text("source"))
}

/// Settings that a function may have: none of them changes what its text means.
const SETTINGS: [&str; 9] = [
    "search_path",
    "client_min_messages",
    "log_min_messages",
    "lock_timeout",
    "statement_timeout",
    "timezone",
    "datestyle",
    "row_security",
    "work_mem",
];

fn body(source: &str) -> Result<(), Unproved> {
    let Ok(pieces) = pieces(source) else {
        return Err(Unproved::Body("it cannot be read"));
    };
    // where standard_conforming_strings is off, a backslash hides the quote that ends a constant: what stands after it is code then
    let is_plain = |piece: &Piece<'_>| match piece {
        Piece::Text(text) => !text.starts_with('\'') || !text.contains('\\'),
        _ => true,
    };
    if !pieces.iter().all(is_plain) {
        return Err(Unproved::Body("a constant without E contains a backslash"));
    }
    let mut rest = Rest(&pieces);
    if !rest.word("begin") {
        return Err(Unproved::Body("it does not start with BEGIN"));
    }
    if !rest.word("raise") {
        return Err(Unproved::Body("its first statement is not RAISE"));
    }
    rest.raise()?;
    // what comes after it is never reached; a handler would be
    while rest.word("return") {
        rest.until_semicolon()?;
    }
    if !rest.word("end") {
        return Err(Unproved::Body("it contains something besides RAISE and RETURN"));
    }
    rest.sign(";");
    match rest.0 {
        [] => Ok(()),
        _ => Err(Unproved::Body("something follows its END")),
    }
}

/// Whether a body may raise an exception by its own words.
#[must_use]
pub(super) fn raises(source: &str) -> bool {
    let Ok(pieces) = pieces(source) else {
        return true;
    };
    let harmless = ["notice", "warning", "info", "log", "debug"];
    pieces.windows(2).any(|pair| {
        pair[0].is("assert")
            || pair[0].is("raise") && !harmless.iter().any(|level| pair[1].is(level))
    })
}

/// What is left to read.
struct Rest<'p, 't>(&'p [Piece<'t>]);

impl Rest<'_, '_> {
    fn word(&mut self, keyword: &str) -> bool {
        self.take(|piece| piece.is(keyword))
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.take(|piece| *piece == Piece::Sign(sign))
    }

    fn take(&mut self, wanted: impl Fn(&Piece<'_>) -> bool) -> bool {
        match self.0 {
            [first, rest @ ..] if wanted(first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// The rest of a RAISE that raises an exception, with its semicolon.
    fn raise(&mut self) -> Result<(), Unproved> {
        let level = self.word("exception");
        let says = match self.0 {
            [Piece::Text(text), ..] => text.starts_with(['\'', 'e', 'E', '$']),
            [Piece::Word(word), ..] if word == "using" => level,
            // a condition's name or SQLSTATE: an exception as well, without a word for the level
            [Piece::Word(word), Piece::Text(_), ..] if word == "sqlstate" => true,
            _ => false,
        };
        if !says {
            return Err(Unproved::Body("its RAISE is not known to be an exception"));
        }
        self.until_semicolon()
    }

    /// Expressions that change nothing, up to the semicolon.
    fn until_semicolon(&mut self) -> Result<(), Unproved> {
        let mut before: Option<&Piece<'_>> = None;
        while let [piece, rest @ ..] = self.0 {
            self.0 = rest;
            match (piece, before) {
                (Piece::Sign(";"), _) => return Ok(()),
                (Piece::Sign("("), Some(Piece::Word(name)))
                    if !HARMLESS.contains(&name.as_str()) =>
                {
                    return Err(Unproved::Body("it calls a function"));
                }
                (Piece::Sign("("), Some(Piece::Name(_))) => {
                    return Err(Unproved::Body("it calls a function"));
                }
                (Piece::Word(word), _) if word == "select" => {
                    return Err(Unproved::Body("it runs a query"));
                }
                _ => {}
            }
            before = Some(piece);
        }
        Err(Unproved::Body("its RAISE has no end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_that_raises_is_proved() {
        for source in [
            "BEGIN RAISE EXCEPTION 'no'; END",
            "\nbegin\n  raise exception 'ledger %.% is immutable', TG_TABLE_SCHEMA, TG_TABLE_NAME;\nend;\n",
            "BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'GP001', HINT = 'Append'; RETURN NULL; END;",
            "BEGIN -- comment\n RAISE /* NOTICE */ EXCEPTION 'id %', OLD.id || '!'; RETURN COALESCE(NEW, OLD); END",
            "BEGIN RAISE 'no'; END",
            "BEGIN RAISE SQLSTATE '22012'; END",
            "BEGIN RAISE EXCEPTION USING MESSAGE = format('%s', TG_OP); END",
            "BEGIN RAISE EXCEPTION E'no\\n'; END",
            "BEGIN RAISE EXCEPTION $$no$$; END",
        ] {
            assert_eq!(body(source), Ok(()), "{source}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for source in [
            "BEGIN RAISE NOTICE 'no'; RETURN NEW; END",
            "BEGIN RAISE WARNING 'no'; END",
            "BEGIN RAISE; END",
            "BEGIN IF true THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END",
            "BEGIN PERFORM helper(); RETURN OLD; END",
            "BEGIN RETURN NEW; RAISE EXCEPTION 'no'; END",
            "DECLARE x int := f(); BEGIN RAISE EXCEPTION 'no'; END",
            "BEGIN RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN RETURN NEW; END",
            "BEGIN BEGIN RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN NULL; END; RETURN NEW; END",
            "<<a>> BEGIN EXIT a; RAISE EXCEPTION 'no'; END",
            "BEGIN /* RAISE EXCEPTION 'no'; */ RETURN NEW; END",
            "BEGIN RAISE EXCEPTION '%', evil(); END",
            "BEGIN RAISE EXCEPTION '%', (SELECT 1); END",
            "BEGIN RAISE EXCEPTION '%', public.evil (1); END",
            "BEGIN RAISE EXCEPTION '%', \"Evil\"(1); END",
            "BEGIN RAISE LOG 'no'; RETURN NULL; END",
            "BEGIN ASSERT false; END",
            "BEGIN RAISE unique_violation; END; BEGIN END",
            "",
            "BEGIN RAISE EXCEPTION 'no'",
            "BEGIN RAISE DEBUG USING MESSAGE = 'x'; END",
            "BEGIN RAISE EXCEPTION 'no\\'; END --'; EXCEPTION WHEN OTHERS THEN RETURN NEW; END",
            "BEGIN RAISE EXCEPTION 'a\\b'; END",
        ] {
            assert!(body(source).is_err(), "{source}");
        }
    }
}
