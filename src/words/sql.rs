//! SQL scripts as statements: where each one lies, what kind it is, and places given as lines and
//! columns.
//!
//! This is not a parser. A script is cut where psql would cut it and left to the server otherwise,
//! so a statement that PostgreSQL refuses still has a span. The [kind](StatementKind) says only what a
//! runner must know before it sends the statement: transaction control, COPY, and what may not run
//! in a transaction.
//!
//! Lexing is squawk's, called token by token. Its parser is not used here: it is slow on data and
//! recursive on deep input. The lexer assumes `standard_conforming_strings = on`, the server's
//! default since 9.1.

use std::ops::Range;

pub(crate) mod demands;
mod index;
mod kind;
pub(crate) mod mentions;
mod name;
mod position;
mod reader;
mod recognise;
mod split;
mod token;

pub use self::split::split;
pub(crate) use self::{
    index::index_definition,
    kind::StatementKind,
    name::Name,
    position::{byte_of_position, line_column},
};

/// A token of SQL or PL/pgSQL text, without regard to spacing and comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'t> {
    /// An unquoted keyword or name, in lower case.
    Word(String),
    /// A quoted name, unescaped.
    Name(String),
    /// A string constant, as written.
    Text(&'t str),
    /// Anything else, as written.
    Sign(&'t str),
}

impl Piece<'_> {
    /// Whether it is this keyword.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        matches!(self, Piece::Word(word) if word == keyword)
    }
}

/// Cuts a text into its tokens.
///
/// # Errors
/// A quote or comment that is never closed.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, SqlError> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(token) = token::token(text, at)? {
        at = token.end;
        let written = token.text(text);
        pieces.push(match token.class {
            token::Class::Space | token::Class::Comment => continue,
            token::Class::Word => Piece::Word(name::fold(written)),
            token::Class::Quoted => Piece::Name(name::unquote(written)),
            token::Class::UnicodeQuoted => Piece::Name(name::unquote_unicode(written, '\\')),
            token::Class::Text => Piece::Text(written),
            _ => Piece::Sign(written),
        });
    }
    Ok(pieces)
}

/// The time zones that a text names, in lower case: `AT TIME ZONE 'UTC'`, `SET TimeZone = 'Europe/Oslo'`, `timezone('UTC', at)`.
#[must_use]
pub(crate) fn zones(text: &str) -> Vec<String> {
    let pieces = pieces(text).unwrap_or_default();
    let mut found = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(inner) if let Some((_, code)) = code(inner) => found.extend(zones(code)),
            it if it.is("zone") || it.is("timezone") => {
                let mut next = pieces[at + 1..].iter();
                let next = next.find(|it| !matches!(it, Piece::Sign("=" | "(")) && !it.is("to"));
                if let Some(Piece::Text(name)) = next {
                    found.push(name.trim_matches('\'').to_lowercase());
                }
            }
            _ => {}
        }
    }
    found
}

/// The first word of a statement that the splitter has found, as written.
#[must_use]
pub(crate) fn verb(statement: &str) -> &str {
    statement.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default()
}

/// Where a word stands in a statement as one of its tokens, also in the code of `DO $tag$ … $tag$`: not in strings, quoted names,
/// comments and the bodies of functions.
#[must_use]
pub(crate) fn place_of(statement: &str, word: &str) -> Option<usize> {
    let (mut at, mut is_code) = (0, false);
    let mut is_first = true;
    while let Ok(Some(token)) = token::token(statement, at) {
        at = token.end;
        let written = token.text(statement);
        match token.class {
            token::Class::Space | token::Class::Comment => continue,
            token::Class::Word if written == word => return Some(token.start),
            token::Class::Word if is_first => is_code = token.is_word(statement, "do"),
            token::Class::Text if is_code => {
                let found =
                    code(written).and_then(|(start, code)| Some(start + place_of(code, word)?));
                if let Some(found) = found {
                    return Some(token.start + found);
                }
            }
            _ => {}
        }
        is_first = false;
    }
    None
}

/// What stands between the tags of a string in dollar quotes, and where it begins.
#[must_use]
pub(crate) fn code(written: &str) -> Option<(usize, &str)> {
    let tag = &written[..written.strip_prefix('$')?.find('$')? + 2];
    Some((tag.len(), written.strip_prefix(tag)?.strip_suffix(tag)?))
}

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Bytes of the script from the first token to the last, without the semicolon and without
    /// comments around.
    pub span: Range<usize>,
    /// What a runner must know about it.
    pub kind: StatementKind,
}

/// Why a script cannot be cut into statements.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum SqlError {
    /// A backslash command, which psql runs itself and a server does not know.
    #[error("`{command}` is a psql command, not SQL")]
    #[diagnostic(
        code(sql::meta_command),
        help(
            "Remove the line, or write it as SQL: only psql understands commands that start with a backslash."
        )
    )]
    MetaCommand {
        /// The byte of the backslash.
        #[label("here")]
        at: usize,
        /// The backslash and the word after it, never its arguments.
        command: String,
    },
    /// A quote or a comment that the script opens and never closes.
    #[error("unterminated {what}")]
    #[diagnostic(code(sql::unterminated), help("Close the {what} that starts here."))]
    Unterminated {
        /// What was left open, for a message: `string`, `comment`, …
        what: &'static str,
        /// The byte at which it opens.
        #[label("opened here")]
        at: usize,
    },
    /// A NUL byte, which no text of PostgreSQL can hold.
    #[error("the script contains a NUL byte")]
    #[diagnostic(code(sql::nul_byte), help("Save the file as UTF-8 text without NUL bytes."))]
    NulByte {
        /// Where it is.
        #[label("here")]
        at: usize,
    },
}

impl SqlError {
    /// The byte of the script that the error is about.
    #[must_use]
    pub fn at(&self) -> usize {
        match self {
            Self::MetaCommand { at, .. } | Self::Unterminated { at, .. } | Self::NulByte { at } => {
                *at
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_are_named_where_they_are_set_or_used() {
        let text = "SET TimeZone = 'Asia/Tokyo'; SET LOCAL TIME ZONE 'utc'; SELECT a AT TIME ZONE 'Zulu', timezone('GMT', b);
            ALTER TABLE t ADD c timestamp with time zone DEFAULT '2020-01-01'; DO $$ BEGIN SET timezone TO 'UTC'; END $$";
        assert_eq!(zones(text), ["asia/tokyo", "utc", "zulu", "gmt", "utc"]);
    }

    #[test]
    fn a_word_is_a_token_of_the_statement_or_of_the_code_that_it_runs() {
        for (statement, found) in [
            ("UPDATE t SET a = HERE WHERE b", Some(17)),
            ("-- HERE\nDO $f$ BEGIN\n  UPDATE t SET a = HERE; END $f$", Some(40)),
            ("SELECT 'HERE', \"HERE\", E'\\'HERE', $x$ HERE $x$ /* HERE */", None),
            ("CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT HERE $$", None),
            ("DO $f$ BEGIN RAISE NOTICE 'HERE'; END $f$", None),
            ("SELECT HERE_AND_THERE, here", None),
        ] {
            assert_eq!(place_of(statement, "HERE"), found, "{statement}");
        }
    }
}
