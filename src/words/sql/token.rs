//! One token of a script at a time, in the classes that splitting and recognising need.
//!
//! A thin layer over squawk's lexer, which differs from the server in two points that are mended
//! here: a string `E'…'` that goes on after a line break keeps its escapes, and a byte order mark
//! is blank only at the start.

use squawk_lexer::{LiteralKind, TokenKind, tokenize};

use super::SqlError;

/// A piece of a script; tokens follow each other without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) class: Class,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a token is, as far as this module asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Space,
    Comment,
    /// An unquoted identifier or keyword.
    Word,
    /// `"…"`
    Quoted,
    /// `U&"…"`
    UnicodeQuoted,
    /// A string constant in any spelling.
    Text,
    Open,
    Close,
    Semicolon,
    Comma,
    Dot,
    Backslash,
    Other,
}

impl Token {
    /// The token as written.
    pub(super) fn text<'a>(&self, script: &'a str) -> &'a str {
        &script[self.start..self.end]
    }

    /// True if this is the keyword, in any letter case; a quoted identifier is none.
    pub(super) fn is_word(&self, script: &str, keyword: &str) -> bool {
        self.class == Class::Word && self.text(script).eq_ignore_ascii_case(keyword)
    }
}

/// Reads the token that starts at byte `at`, or `None` at the end of the script.
pub(super) fn token(script: &str, at: usize) -> Result<Option<Token>, SqlError> {
    let rest = &script[at..];
    if at > 0 && rest.starts_with(squawk_lexer::BOM) {
        let len = rest.find(|c: char| !is_identifier(c)).unwrap_or(rest.len());
        return Ok(Some(Token { class: Class::Word, start: at, end: at + len }));
    }
    let Some(lexed) = tokenize(rest).next() else {
        return Ok(None);
    };
    let mut end = at + lexed.len as usize;
    let class = match lexed.kind {
        TokenKind::Whitespace => Class::Space,
        TokenKind::LineComment => Class::Comment,
        TokenKind::BlockComment { terminated } => {
            closed(terminated, "comment", at)?;
            Class::Comment
        }
        TokenKind::Ident => Class::Word,
        TokenKind::QuotedIdent { terminated, uescape } => {
            closed(terminated, "quoted identifier", at)?;
            if uescape { Class::UnicodeQuoted } else { Class::Quoted }
        }
        TokenKind::Literal { kind } => match kind {
            LiteralKind::Int { .. } | LiteralKind::Numeric { .. } => Class::Other,
            LiteralKind::DollarQuotedString { terminated } => {
                closed(terminated, "dollar-quoted string", at)?;
                Class::Text
            }
            LiteralKind::EscStr { terminated } => {
                closed(terminated, "string", at)?;
                while let Some(quote) = continuation(script, end) {
                    end = escaped_end(script, quote + 1);
                    closed(end <= script.len(), "string", at)?;
                }
                Class::Text
            }
            LiteralKind::Str { terminated }
            | LiteralKind::NationalStr { terminated }
            | LiteralKind::ByteStr { terminated }
            | LiteralKind::BitStr { terminated }
            | LiteralKind::UnicodeEscStr { terminated } => {
                closed(terminated, "string", at)?;
                Class::Text
            }
        },
        TokenKind::OpenParen => Class::Open,
        TokenKind::CloseParen => Class::Close,
        TokenKind::Semi => Class::Semicolon,
        TokenKind::Comma => Class::Comma,
        TokenKind::Dot => Class::Dot,
        TokenKind::Unknown if rest.starts_with('\\') => Class::Backslash,
        _ => Class::Other,
    };
    Ok(Some(Token { class, start: at, end }))
}

/// True for what may stand inside an unquoted identifier.
fn is_identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

fn closed(terminated: bool, what: &'static str, at: usize) -> Result<(), SqlError> {
    if terminated { Ok(()) } else { Err(SqlError::Unterminated { what, at }) }
}

/// Finds the quote with which a string that ended at `end` goes on: only blanks, line comments and
/// at least one line break may lie between ([the
/// rule](https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS)).
fn continuation(script: &str, end: usize) -> Option<usize> {
    let bytes = script.as_bytes();
    let mut at = end;
    let mut broken = false;
    loop {
        match *bytes.get(at)? {
            b'\'' => return broken.then_some(at),
            b'\n' | b'\r' => broken = true,
            b' ' | b'\t' | b'\x0b' | b'\x0c' => {}
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at += bytes[at..].iter().position(|b| matches!(b, b'\n' | b'\r'))?;
                continue;
            }
            _ => return None,
        }
        at += 1;
    }
}

/// The byte after the closing quote of an `E` string whose text starts at `at`, or more than the
/// script has.
fn escaped_end(script: &str, mut at: usize) -> usize {
    let bytes = script.as_bytes();
    loop {
        match (bytes.get(at), bytes.get(at + 1)) {
            (None, _) => return script.len() + 1,
            (Some(b'\\'), _) | (Some(b'\''), Some(b'\'')) => at += 2,
            (Some(b'\''), _) => return at + 1,
            _ => at += 1,
        }
    }
}
