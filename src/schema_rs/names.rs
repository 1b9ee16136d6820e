//! SQL names as Rust identifiers: Diesel's rule since 2.3.13.

/// Identifiers that Rust reserves, and `_`. Source: <https://doc.rust-lang.org/reference/keywords.html>
const KEYWORDS: [&str; 52] = [
    "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "Self", "self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Names that mean something inside of `table!`.
const IN_TABLE: [&str; 3] = ["table", "columns", "is_nullable"];

/// Whether Rust reserves the identifier.
pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// The Rust name of a table, a schema, or a column of the table with the Rust name `table`.
///
/// A digit in front gets a `_` before it, a run of other characters than ASCII letters, digits and `_` becomes one `_`,
/// and what is reserved, or the name of the column's own table, gets one behind it.
pub(super) fn rust_name(sql_name: &str, table: Option<&str>) -> String {
    let mut name = String::with_capacity(sql_name.len() + 1);
    let mut merges = false;
    if sql_name.starts_with(|first: char| first.is_ascii_digit()) {
        name.push('_');
        // Diesel treats this underscore as one of a run
        merges = true;
    }
    for c in sql_name.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            name.push(c);
            merges = false;
        } else {
            if !merges {
                name.push('_');
            }
            merges = true;
        }
    }
    let hidden = name.starts_with("__") && !name.ends_with('_');
    let reserved = is_keyword(&name) || IN_TABLE.contains(&name.as_str()) || hidden;
    if reserved || Some(name.as_str()) == table {
        name.push('_');
    }
    name
}

/// Whether a character changes the direction of writing. Rust refuses those in its texts.
pub(super) fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A string literal as Diesel writes it: raw where there is a quote in it, and never escaped.
pub(super) fn diesel_literal(text: &str) -> String {
    if text.contains('"') {
        let hashes = "#".repeat(text.matches('#').count() + 1);
        format!("r{hashes}\"{text}\"{hashes}")
    } else {
        format!("\"{text}\"")
    }
}

/// A string literal that means `text`: Diesel's, wherever that one does.
pub(super) fn literal(text: &str) -> String {
    let is_special = |c: char| c.is_control() || is_direction(c);
    let needs_escapes = |c: char| is_special(c) || (c == '\\' && !text.contains('"'));
    if !text.contains(needs_escapes) {
        return diesel_literal(text);
    }
    let escaped = text.chars().map(|c| match c {
        '\\' | '"' => format!("\\{c}"),
        c if is_special(c) => c.escape_default().to_string(),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers_as_diesel_does_it() {
        let table = [
            ("users", "users"),
            ("type", "type_"),
            ("async", "async_"),
            ("columns", "columns_"),
            ("1st", "_1st"),
            ("1-", "_1_"),
            ("a-b", "a_b"),
            ("a--b", "a_b"),
            ("a__b-", "a__b_"),
            ("weird table", "weird_table"),
            // a run is one underscore, which alone is reserved
            ("\u{e4}\u{f6}", "__"),
            ("__hidden", "__hidden_"),
            ("__shown_", "__shown_"),
            ("_", "__"),
        ];
        let wrong: Vec<_> = table
            .iter()
            .map(|(sql, rust)| (sql, rust_name(sql, None), *rust))
            .filter(|(_, got, rust)| got != rust)
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(rust_name("users", Some("users")), "users_");
    }

    #[test]
    fn literals_mean_what_they_should() {
        assert_eq!(literal("a b"), "\"a b\"");
        assert_eq!(literal("a\"b#"), "r##\"a\"b#\"##");
        assert_eq!(literal("a\\b"), "\"a\\\\b\"");
        assert_eq!(literal("a\n\"b"), "\"a\\n\\\"b\"");
        assert_eq!(diesel_literal("a\\b"), "\"a\\b\"");
    }
}
