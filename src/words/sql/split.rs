//! Cuts a script into statements by psql's rules.
//!
//! The counterpart in PostgreSQL is `psqlscan.l`, with two differences in temper: backslash
//! commands are an error, because nothing here could run them, and only `BEGIN ATOMIC` opens a
//! function body, because a function may well be called `begin`. Variables (`:name`) are not
//! replaced.

use super::{
    SqlError, Statement, StatementKind,
    recognise::recognise,
    token::{Class, Token, token},
};

/// Splits a script into its top-level statements, as psql would.
///
/// Empty statements give nothing. The data lines after `COPY … FROM STDIN;` belong to no statement.
/// Every span can be sent to a server as it is.
///
/// # Errors
/// The first backslash command or NUL byte, or the quote or comment that is never closed.
pub fn split(script: &str) -> Result<Vec<Statement>, SqlError> {
    if let Some(at) = script.find('\0') {
        return Err(SqlError::NulByte { at });
    }
    let mut statements = Vec::new();
    let mut open = Open::default();
    let mut copies = 0;
    let mut at = 0;
    while let Some(token) = token(script, at)? {
        at = token.end;
        match token.class {
            Class::Comment => {}
            Class::Space => {
                if copies > 0
                    && let Some(line_end) = token.text(script).find('\n')
                {
                    at = after_copy_data(script, token.start + line_end + 1, copies);
                    copies = 0;
                }
            }
            // pg_dump's fence around its output stands for no SQL
            Class::Backslash if open.span.is_none() && is_fence(&script[token.start..]) => {
                let line = script[token.start..].find('\n');
                at = line.map_or(script.len(), |length| token.start + length);
            }
            Class::Backslash => {
                return Err(SqlError::MetaCommand {
                    at: token.start,
                    command: meta_command(&script[token.start..]),
                });
            }
            Class::Semicolon if open.is_complete() => {
                let statement = std::mem::take(&mut open).close(script);
                if statement.as_ref().is_some_and(|s| s.kind == StatementKind::CopyStdin) {
                    copies += 1;
                }
                statements.extend(statement);
            }
            _ => open.take(script, token),
        }
    }
    statements.extend(open.close(script));
    Ok(statements)
}

/// The statement being read.
#[derive(Default)]
struct Open {
    /// Absent until the first token.
    span: Option<(usize, usize)>,
    head: Head,
    /// Parentheses that are open; one too many closed counts for nothing.
    parens: usize,
    /// `BEGIN ATOMIC` and each `CASE` within it, as long as their `END` is missing.
    blocks: usize,
    previous: Option<Token>,
}

/// How far a statement begins like `CREATE [OR REPLACE] {FUNCTION | PROCEDURE}`.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Head {
    #[default]
    Nothing,
    Create,
    CreateOr,
    CreateOrReplace,
    Routine,
    Elsewhere,
}

impl Open {
    /// True where a semicolon ends the statement.
    fn is_complete(&self) -> bool {
        self.parens == 0 && self.blocks == 0
    }

    fn take(&mut self, script: &str, token: Token) {
        let start = self.span.map_or(token.start, |(start, _)| start);
        self.span = Some((start, token.end));
        match token.class {
            Class::Open => self.parens += 1,
            Class::Close => self.parens = self.parens.saturating_sub(1),
            _ => {}
        }
        if self.head == Head::Routine {
            if token.class == Class::Word && self.parens == 0 {
                self.take_body_word(script, token);
            }
        } else if self.head != Head::Elsewhere {
            self.head = self.head.next(script, token);
        }
        self.previous = Some(token);
    }

    fn take_body_word(&mut self, script: &str, token: Token) {
        let previous_is = |word| self.previous.is_some_and(|p| p.is_word(script, word));
        if self.blocks == 0 {
            if token.is_word(script, "atomic") && previous_is("begin") {
                self.blocks = 1;
            }
            return;
        }
        // `AS end` and `t.case` are names.
        if previous_is("as") || self.previous.is_some_and(|p| p.class == Class::Dot) {
            return;
        }
        if token.is_word(script, "case") {
            self.blocks += 1;
        } else if token.is_word(script, "end") {
            self.blocks -= 1;
        }
    }

    fn close(self, script: &str) -> Option<Statement> {
        let (start, end) = self.span?;
        Some(Statement { span: start..end, kind: recognise(&script[start..end]) })
    }
}

impl Head {
    fn next(self, script: &str, token: Token) -> Self {
        let is = |word| token.is_word(script, word);
        match self {
            Self::Nothing if is("create") => Self::Create,
            Self::Create if is("or") => Self::CreateOr,
            Self::CreateOr if is("replace") => Self::CreateOrReplace,
            Self::Create | Self::CreateOrReplace if is("function") || is("procedure") => {
                Self::Routine
            }
            _ => Self::Elsewhere,
        }
    }
}

/// Skips the data of so many COPY statements: each ends with a line `\.`, or with the script.
fn after_copy_data(script: &str, from: usize, copies: usize) -> usize {
    let mut at = from;
    for _ in 0..copies {
        while at < script.len() {
            let line = script[at..].split('\n').next().unwrap_or_default();
            at = (at + line.len() + 1).min(script.len());
            if line.strip_suffix('\r').unwrap_or(line) == "\\." {
                break;
            }
        }
    }
    at
}

/// Whether it is one of the commands that keep psql from running others: `\restrict KEY` and `\unrestrict KEY`.
fn is_fence(text: &str) -> bool {
    let command = meta_command(text);
    matches!(command.as_str(), "\\restrict" | "\\unrestrict")
}

/// The backslash and the word, or the one character, after it.
fn meta_command(text: &str) -> String {
    const LONGEST: usize = 32;
    let name = &text[1..];
    let word = name.chars().take_while(char::is_ascii_alphanumeric).take(LONGEST).count();
    let one = name.chars().next().filter(|c| !c.is_whitespace() && word == 0);
    let end = 1 + word + one.map_or(0, char::len_utf8);
    text[..end].to_owned()
}

#[cfg(test)]
mod tests;
