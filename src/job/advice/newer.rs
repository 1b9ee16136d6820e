//! Syntax and functions that came with a major version, found where an error points at them.

use crate::{
    postgres::server_error::ServerError,
    words::sql::{self, Piece},
};

/// What came with which version: words as tokens, an open parenthesis for functions. Facts from the release notes of PostgreSQL 14
/// to 18.
const NEWER: &[(&str, u32)] = &[
    ("begin atomic", 14),
    ("compression lz4", 14),
    ("nulls not distinct", 15),
    ("security_invoker", 15),
    ("merge into", 15),
    ("on delete set null (", 15),
    ("on delete set default (", 15),
    ("any_value (", 16),
    ("random_normal (", 16),
    ("json_array (", 16),
    ("json_object (", 16),
    ("json_arrayagg (", 16),
    ("json_objectagg (", 16),
    ("is json", 16),
    ("storage external", 16),
    ("storage main", 16),
    ("system_user", 16),
    ("json_table (", 17),
    ("json_query (", 17),
    ("json_value (", 17),
    ("json_exists (", 17),
    ("merge_action (", 17),
    ("grant maintain", 17),
    ("set expression as", 17),
    ("uuidv7 (", 18),
    ("uuidv4 (", 18),
    ("virtual", 18),
    ("without overlaps", 18),
    ("not enforced", 18),
    ("casefold (", 18),
    ("array_sort (", 18),
    ("array_reverse (", 18),
];

/// The sentence for an error that is about something newer than the server.
///
/// A word counts as a keyword at the place of the error, or as the name that the server does not know; what it is elsewhere, a part
/// of a name or of a text, says nothing.
pub(super) fn needs_newer(
    error: &ServerError,
    statement: &str,
    server_version: u32,
) -> Option<String> {
    if !matches!(error.code.as_str(), "42601" | "42883" | "42704" | "22023" | "0A000") {
        return None;
    }
    let major = server_version / 10_000;
    let place = Place::of(error, statement)?;
    // a type that is not there is called as a word of storage is
    let is_type = error.code == "42704" && error.message.starts_with("type ");
    let known = NEWER.iter().filter(|(_, needed)| *needed > major && !is_type);
    let named = (NOT_NULL, 18);
    let mut found = known.filter(|(feature, _)| place.is_about(feature));
    let found = found.next().or((major < 18 && place.names_not_null()).then_some(&named));
    let (feature, needed) = found?;
    let feature = feature.trim_end_matches(['(', ' ']).to_uppercase();
    Some(format!(
        "{feature} needs PostgreSQL {needed}; this server is {major}. Write the statement without it, or upgrade the server."
    ))
}

/// What of a script only servers from some version on know, the newest first. Names are quoted in it, so that a bare word is one of SQL.
pub(crate) fn newer_forms(script: &str, oldest: u32) -> Vec<(String, u32)> {
    let pieces = sql::pieces(script).unwrap_or_default();
    let known = NEWER.iter().filter(|(_, needed)| *needed > oldest);
    let found = known.filter_map(|(feature, needed)| {
        let words: Vec<&str> = feature.split(' ').collect();
        let name = feature.trim_end_matches(['(', ' ']).to_uppercase();
        stands_in(&pieces, &words).then_some((name, *needed))
    });
    let mut found: Vec<(String, u32)> = found.collect();
    // behind a column's type every server knows it
    let is_named = |window: &[Piece<'_>]| {
        are(&window[2..4], &["not", "null"])
            && window[0].is("constraint")
            && matches!((&window[1], &window[4]), (Piece::Name(_), Piece::Name(_)))
    };
    if oldest < 18 && pieces.windows(5).any(is_named) {
        found.push((NOT_NULL.to_owned(), 18));
    }
    found.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    found
}

/// NOT NULL as a constraint with a name, added to a table.
const NOT_NULL: &str = "ADD CONSTRAINT \u{2026} NOT NULL";

/// A statement, cut where the error points.
struct Place<'s> {
    before: Vec<Piece<'s>>,
    behind: Vec<Piece<'s>>,
    /// The names that the message quotes, or calls with parentheses.
    message: &'s str,
    has_position: bool,
}

impl<'s> Place<'s> {
    fn of(error: &'s ServerError, statement: &'s str) -> Option<Self> {
        let at = error.position.map(|position| {
            sql::byte_of_position(statement, &(0..statement.len()), position).min(statement.len())
        });
        let (before, behind) = statement.split_at(at.unwrap_or(0));
        Some(Self {
            before: sql::pieces(before).ok()?,
            // what follows may well be what cannot be read
            behind: sql::pieces(behind).unwrap_or_default(),
            message: &error.message,
            has_position: at.is_some(),
        })
    }

    /// Whether it is cut before the NOT NULL of ADD CONSTRAINT.
    fn names_not_null(&self) -> bool {
        let before = self.before.len().checked_sub(3).map(|at| &self.before[at..]);
        let is_added = before.is_some_and(|it| it[0].is("add") && it[1].is("constraint"));
        is_added && self.behind.len() > 1 && are(&self.behind[..2], &["not", "null"])
    }

    fn is_about(&self, feature: &str) -> bool {
        let words: Vec<&str> = feature.split(' ').collect();
        let called = words.last().filter(|last| **last == "(").and(words.first());
        if let Some(name) = called
            && (self.message.contains(&format!(" {name}("))
                || self.message.contains(&format!(".{name}("))
                || stands_in(&self.before, &words))
        {
            return true;
        }
        if !self.has_position {
            let quoted = |word: &&str| self.message.contains(&format!("\"{word}\""));
            return words.iter().any(quoted) && stands_in(&self.behind, &words);
        }
        (0..=words.len()).any(|count| {
            let (first, rest) = words.split_at(count);
            let before = &self.before[self.before.len().saturating_sub(count)..];
            let behind = &self.behind[..self.behind.len().min(rest.len())];
            are(before, first) && are(behind, rest)
        })
    }
}

fn are(pieces: &[Piece<'_>], words: &[&str]) -> bool {
    let is = |(piece, word): (&Piece<'_>, &&str)| match piece {
        Piece::Sign(sign) => sign == word,
        piece => piece.is(word),
    };
    pieces.len() == words.len() && pieces.iter().zip(words).all(is)
}

fn stands_in(pieces: &[Piece<'_>], words: &[&str]) -> bool {
    pieces.windows(words.len()).any(|window| are(window, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_tells_which_versions_its_forms_are_of() {
        let script = "ALTER TABLE \"t\" ADD CONSTRAINT \"k\" UNIQUE NULLS NOT DISTINCT (\"virtual\"); CREATE TABLE \"v\" (\"a\" int CONSTRAINT \"n\" NOT NULL, \"b\" int)";
        let found = |script: &str, oldest| {
            let found = newer_forms(script, oldest);
            let found: Vec<String> =
                found.into_iter().map(|(name, since)| format!("{name} {since}")).collect();
            found.join(", ")
        };
        assert_eq!(found(script, 14), "NULLS NOT DISTINCT 15");
        assert_eq!(found(script, 15), "");
        let named = "ALTER TABLE \"t\" ADD CONSTRAINT \"n\" NOT NULL \"a\" NOT VALID";
        assert_eq!(found(named, 14), "ADD CONSTRAINT … NOT NULL 18");
    }

    /// `^` in the statement is where the server points.
    #[track_caller]
    fn check(code: &str, message: &str, marked: &str, major: u32, feature: Option<&str>) {
        let position = marked.find('^').map(|at| marked[..at].chars().count() + 1);
        let statement = marked.replace('^', "");
        let error = ServerError {
            severity: "ERROR".into(),
            code: code.into(),
            message: message.into(),
            detail: None,
            hint: None,
            position: position.map(|it| u32::try_from(it).expect("a short statement")),
            context: None,
            internal_query: None,
            internal_position: None,
        };
        let said = needs_newer(&error, &statement, major * 10_000 + 4);
        let said = said.as_deref().and_then(|said| said.split(" needs ").next());
        assert_eq!(said, feature, "{marked}");
    }

    #[test]
    fn a_keyword_at_the_place_of_the_error_tells_the_version() {
        let near = "syntax error at or near \"x\"";
        for (statement, major, feature) in [
            ("CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a) ^VIRTUAL)", 17, "VIRTUAL"),
            ("CREATE TABLE t (a int UNIQUE ^NULLS NOT DISTINCT)", 14, "NULLS NOT DISTINCT"),
            ("ALTER TABLE t ADD CHECK (a > 0) NOT ^enforced", 17, "NOT ENFORCED"),
            ("^MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", 14, "MERGE INTO"),
            ("SELECT * FROM json_table('{}', '$' ^COLUMNS (a int))", 16, "JSON_TABLE"),
        ] {
            check("42601", near, statement, major, Some(feature));
            check("42601", near, statement, 18, None);
        }
        check("42883", "function uuidv7() does not exist", "SELECT ^uuidv7()", 17, Some("UUIDV7"));
        check(
            "42883",
            "function pg_catalog.uuidv7() does not exist",
            "SELECT ^pg_catalog.uuidv7()",
            17,
            Some("UUIDV7"),
        );
        check(
            "22023",
            "unrecognized parameter \"security_invoker\"",
            "ALTER VIEW v SET (security_invoker)",
            14,
            Some("SECURITY_INVOKER"),
        );
        check(
            "42601",
            "unrecognized privilege type \"maintain\"",
            "GRANT maintain ON t TO r",
            16,
            Some("GRANT MAINTAIN"),
        );
    }

    #[test]
    fn a_word_elsewhere_or_in_a_name_or_text_tells_nothing() {
        for statement in [
            "CREATE TABLE virtual_machines (id int PRIMARY KEY,^)",
            "CREATE TABLE virtual (id int PRIMARY KEY,^)",
            "CREATE TABLE t (\"virtual\" ^,)",
            "INSERT INTO t VALUES ('not enforced', 'json_table(' ^,)",
            "-- merge into\nSELECT ^FROM",
            "SELECT * FROM merge_action ^, ,",
        ] {
            check("42601", "syntax error at or near \"x\"", statement, 14, None);
        }
        check(
            "42883",
            "function lower(int) does not exist",
            "SELECT 'uuidv7(', ^lower(1)",
            14,
            None,
        );
    }
}
