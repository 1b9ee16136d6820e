//! Where in a script the caret of a failure stands.

use std::ops::Range;

use crate::{
    migration::source::Script,
    postgres::server_error::ServerError,
    words::sql::{self, Statement},
};

/// A place in a script, and what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The bytes.
    pub(crate) bytes: Range<usize>,
    /// What stands there, for people.
    pub(crate) label: &'static str,
}

/// Finds the place that an error of a statement is about.
///
/// Where the server gives no position, the code of a DO block is looked at, then the first name that the message
/// quotes is looked for; else it is the statement's first line.
#[must_use]
pub(crate) fn mark(script: &Script, statement: &Statement, error: Option<&ServerError>) -> Mark {
    let bytes = &statement.span;
    let text = &script.text[bytes.clone()];
    let here = |bytes| Mark { bytes, label: "here" };
    if let Some(position) = error.and_then(|error| error.position) {
        let at = sql::byte_of_position(&script.text, bytes, position);
        return match text.char_indices().next_back() {
            // one behind the end there is nothing to point at
            Some((last, _)) if at >= bytes.end => {
                Mark { bytes: bytes.start + last..bytes.end, label: "the statement ends here" }
            }
            _ => here(word(&script.text, at, bytes.end)),
        };
    }
    let found = error.and_then(|error| in_block(text, error).or_else(|| quoted(text, error)));
    match found {
        Some(found) => here(bytes.start + found.start..bytes.start + found.end),
        None => Mark {
            bytes: bytes.start..bytes.start + text.find('\n').unwrap_or(text.len()),
            label: "this statement",
        },
    }
}

/// The first name that the message quotes, in the statement.
fn quoted(text: &str, error: &ServerError) -> Option<Range<usize>> {
    // an error inside a function is not about a name of this statement
    if error.internal_query.is_some() || error.context.is_some() {
        return None;
    }
    let name = error.message.split('"').nth(1).filter(|it| !it.is_empty())?;
    let (at, _) = text.match_indices(name).find(|(at, name)| {
        let before = text[..*at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })?;
    Some(at..at + name.len())
}

/// The place in the code of a DO block.
///
/// The last line of the context is the outermost frame; `inline_code_block` and the line after it are the same
/// in every language of the server.
fn in_block(text: &str, error: &ServerError) -> Option<Range<usize>> {
    let context = error.context.as_deref()?;
    let (_, frame) = context.lines().next_back()?.split_once("inline_code_block")?;
    let digits = frame.split(|c: char| !c.is_ascii_digit());
    let line: usize = digits.clone().find(|it| !it.is_empty())?.parse().ok()?;
    let open = text.find(['$', '\''])?;
    let body = if text[open..].starts_with('$') {
        open + 2 + text[open + 1..].find('$')?
    } else {
        open + 1
    };
    // the code's first line is what follows the quote
    let before: usize =
        text[body..].split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let start = body + before;
    let rest = &text[start..];
    if context.lines().count() == 1
        && let (Some(query), Some(position)) = (&error.internal_query, error.internal_position)
    {
        // PL/pgSQL makes SELECT of PERFORM, which is one character longer
        let perform = query.trim_start().strip_prefix("SELECT");
        let perform = perform.map(|rest| format!("PERFORM{rest}"));
        let longer = perform.as_ref().map_or(0, |it| it.len() - query.len());
        let spelled = [(Some(query.clone()), 0), (perform, longer)];
        for (query, longer) in spelled {
            if let Some(at) = query.and_then(|query| rest.find(&query)) {
                let sent = start + at..text.len();
                let position = position.saturating_add(u32::try_from(longer).unwrap_or(0));
                let at = sql::byte_of_position(text, &sent, position);
                return Some(word(text, at, text.len()));
            }
        }
    }
    let shown = rest.lines().next()?;
    let indent = shown.len() - shown.trim_start().len();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| start + indent..start + indent + shown.len())
}

/// The word that begins at a byte, or the one character there.
fn word(text: &str, at: usize, end: usize) -> Range<usize> {
    let rest = &text[at..end.max(at)];
    let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    let first = rest.chars().next().map_or(0, char::len_utf8);
    at..at + word.max(first)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
