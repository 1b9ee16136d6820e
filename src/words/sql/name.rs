//! A name as PostgreSQL reads it out of SQL text.

use squawk_syntax::unescape::escape_unicode_esc_str;

use crate::words::ident::{Ident, Qualified};

/// The longest identifier that a server keeps, in bytes (`NAMEDATALEN - 1`).
const LONGEST: usize = 63;

/// A name of a relation, folded and unescaped as in the server's catalogs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The schema, where the statement gives one.
    pub schema: Option<String>,
    /// The name itself.
    pub name: String,
}

impl Name {
    /// The name as SQL, every part quoted.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let name = &self.name;
        match &self.schema {
            Some(schema) => Qualified { schema, name }.to_string(),
            None => Ident(name).to_string(),
        }
    }
}

/// Folds an unquoted identifier: ASCII letters only, as a server does with UTF-8.
pub(super) fn fold(word: &str) -> String {
    truncate(word.to_ascii_lowercase())
}

/// Reads `"…"`.
pub(super) fn unquote(quoted: &str) -> String {
    truncate(inner(quoted))
}

/// Reads `U&"…"`; an escape that is not valid is left out, the server will refuse it.
pub(super) fn unquote_unicode(quoted: &str, escape: char) -> String {
    let mut name = String::new();
    escape_unicode_esc_str(&inner(&quoted["U&".len()..]), escape, |_, c| name.extend(c.ok()));
    truncate(name)
}

/// The text between double quotes, with doubled quotes made single.
fn inner(quoted: &str) -> String {
    let text = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    text.unwrap_or(quoted).replace("\"\"", "\"")
}

/// Cuts what a server would cut, at a character.
fn truncate(mut name: String) -> String {
    name.truncate(name.floor_char_boundary(LONGEST));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_the_server_reads_them() {
        assert_eq!(fold("UsErs"), "users");
        assert_eq!(fold("ÉTÉ_A"), "ÉtÉ_a");
        assert_eq!(unquote(r#""Us""ers""#), r#"Us"ers"#);
        assert_eq!(unquote(r#""""""#), r#"""#);
        assert_eq!(unquote_unicode(r#"U&"d\0061t\+000061""#, '\\'), "data");
        assert_eq!(unquote_unicode(r#"u&"d!0061t!!\""x""#, '!'), r#"dat!\"x"#);
        assert_eq!(unquote_unicode(r#"U&"\D83D\DE00 \zz""#, '\\').chars().next(), Some('😀'));
    }

    #[test]
    fn long_names_are_cut_at_63_bytes_and_not_inside_a_character() {
        assert_eq!(fold(&"a".repeat(70)).len(), 63);
        assert_eq!(unquote(&format!("\"{}é\"", "a".repeat(62))).len(), 62);
        assert_eq!(unquote(&format!("\"{}é\"", "a".repeat(61))).len(), 63);
    }

    #[test]
    fn every_part_is_quoted() {
        let name = Name { schema: Some("My\"s".to_owned()), name: "t".to_owned() };
        assert_eq!(name.to_sql(), r#""My""s"."t""#);
        assert_eq!(Name { schema: None, name: "select".to_owned() }.to_sql(), r#""select""#);
    }
}
