//! Identifiers on their way into SQL. No identifier reaches a statement except through here.

use std::fmt;

/// An SQL identifier that prints itself quoted, whatever it holds.
///
/// Quoting is unconditional: a name that needs no quotes means the same with them, and a keyword list that
/// changes with every PostgreSQL version is not needed. Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ident<'a>(pub &'a str);

impl fmt::Display for Ident<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// A name within a schema, printed as `"schema"."name"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Qualified<'a> {
    /// The schema.
    pub schema: &'a str,
    /// The name in it.
    pub name: &'a str,
}

impl fmt::Display for Qualified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", Ident(self.schema), Ident(self.name))
    }
}

/// An SQL string literal, for the few texts that cannot be a bind (DDL, and scripts that are printed).
///
/// A backslash makes it an `E''` literal, so that it means the same under any `standard_conforming_strings`.
#[derive(Debug, Clone, Copy)]
pub struct Literal<'a>(pub &'a str);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = self.0.replace('\'', "''");
        if quoted.contains('\\') {
            write!(f, "E'{}'", quoted.replace('\\', "\\\\"))
        } else {
            write!(f, "'{quoted}'")
        }
    }
}

/// Takes a name apart that was printed as `%I.%I`: the schema, and the name in it.
#[must_use]
pub(crate) fn split(text: &str) -> Option<(String, String)> {
    let mut schema = None;
    let mut part = String::new();
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                part.push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => schema = Some(std::mem::take(&mut part)),
            _ => part.push(letter),
        }
    }
    Some((schema?, part))
}

/// Takes a list of names apart as the server takes a `search_path`: `"$user", public`.
#[must_use]
pub(crate) fn list(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    let (mut quoted, mut is_name) = (false, false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                name.push('"');
            }
            '"' => {
                quoted = !quoted;
                is_name = true;
            }
            ',' if !quoted => {
                names.extend(is_name.then(|| std::mem::take(&mut name)));
                is_name = false;
            }
            _ if quoted => name.push(letter),
            _ if letter.is_whitespace() => {}
            _ => {
                name.push(letter.to_ascii_lowercase());
                is_name = true;
            }
        }
    }
    names.extend(is_name.then_some(name));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_path_is_taken_apart_as_the_server_does() {
        let path = r#""$user", Public,"My, ""s""" ,, t1"#;
        assert_eq!(list(path), ["$user", "public", "My, \"s\"", "t1"]);
        assert!(list(" ").is_empty());
        assert_eq!(list("\"\""), [""]);
    }

    #[test]
    fn quotes_inside_a_name_are_doubled() {
        assert_eq!(Ident("a\"b").to_string(), "\"a\"\"b\"");
        assert_eq!(Qualified { schema: "S", name: "t" }.to_string(), "\"S\".\"t\"");
    }

    #[test]
    fn a_literal_survives_quotes_and_backslashes() {
        assert_eq!(Literal("it's").to_string(), "'it''s'");
        assert_eq!(Literal("a\\'b").to_string(), "E'a\\\\''b'");
    }
}
