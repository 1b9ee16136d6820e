//! What rustfmt can read: where it cannot, Diesel prints the text as it was.

use std::{iter::Peekable, str::Chars};

/// Whether rustfmt can read a string literal as Diesel writes it.
///
/// Diesel does not escape: a type or column name with a backslash or a lone carriage return makes
/// a literal that the lexer refuses, and with it rustfmt the whole text.
pub(crate) fn literal_is_valid(literal: &str) -> bool {
    if has_bare_return(literal) {
        return false;
    }
    if let Some(raw) = literal.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        return hashes <= 255;
    }
    let inner = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else {
        return false;
    };
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '"' || (c == '\\' && !escape_is_valid(&mut chars)) {
            return false;
        }
    }
    true
}

/// Whether rustfmt can read a doc comment: one with a lone carriage return is refused.
pub(crate) fn comment_is_valid(comment: &str) -> bool {
    !has_bare_return(comment)
}

/// Whether rustfmt can read the name among the tokens of a macro: it need not be an identifier there.
pub(crate) fn token_is_valid(name: &str) -> bool {
    if !name.chars().all(unicode_ident::is_xid_continue) {
        return false;
    }
    let digits = name.trim_start_matches(|c: char| c.is_ascii_digit());
    if digits.len() == name.len() {
        return true;
    }
    // a number: what looks like an exponent or another base needs digits of its own
    let rest = digits.trim_start_matches('_');
    let needs = |prefix: char| {
        let after = rest.strip_prefix(prefix)?;
        Some(after.trim_start_matches('_').starts_with(|c: char| c.is_ascii_digit()))
    };
    needs('e').or(needs('E')).unwrap_or(true)
        && (!name.starts_with("0b") && !name.starts_with("0o") && !name.starts_with("0x")
            || name[2..].starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether rustfmt can read the name in a `pub struct X;` or a `pub mod x {`.
///
/// `edition` is the one of the `rustfmt.toml`, 2015 without it.
pub(crate) fn identifier_is_valid(name: &str, edition: u16) -> bool {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
    // Numeric for `char`, but not for an identifier: superscripts, fractions, circled digits.
    let numeral = |c| matches!(c, '²' | '³' | '¹' | '¼'..='¾' | '⁰'..='₉' | '⅐'..='⅟' | '①'..='⓿');
    let reserved = KEYWORDS.contains(&name)
        || (edition >= 2018 && KEYWORDS_2018.contains(&name))
        || (edition >= 2024 && name == "gen");
    starts
        && name != "_"
        && !reserved
        && chars.all(|c| c == '_' || (c.is_alphanumeric() && !numeral(c)))
}

fn escape_is_valid(chars: &mut Peekable<Chars<'_>>) -> bool {
    match chars.next() {
        Some('n' | 'r' | 't' | '\\' | '0' | '\'' | '"' | '\n') => true,
        Some('x') => {
            let high = chars.next().and_then(|c| c.to_digit(16));
            let low = chars.next().and_then(|c| c.to_digit(16));
            matches!((high, low), (Some(0..=7), Some(_)))
        }
        Some('u') => {
            if chars.next() != Some('{') || chars.peek() == Some(&'_') {
                return false;
            }
            let (mut value, mut digits) = (0, 0);
            for c in chars {
                match (c, c.to_digit(16)) {
                    ('}', _) => return digits > 0 && char::from_u32(value).is_some(),
                    ('_', _) => {}
                    (_, Some(digit)) if digits < 6 => {
                        value = value * 16 + digit;
                        digits += 1;
                    }
                    _ => return false,
                }
            }
            false
        }
        _ => false,
    }
}

fn has_bare_return(text: &str) -> bool {
    text.replace("\r\n", "\n").contains('\r')
}

const KEYWORDS: [&str; 48] = [
    "Self", "abstract", "as", "become", "box", "break", "const", "continue", "crate", "do", "else",
    "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield", "_",
];

const KEYWORDS_2018: [&str; 4] = ["async", "await", "dyn", "try"];
