//! A script of another tool as one that runs here.

use crate::{
    tools::ToolError,
    words::sql::{Statement, StatementKind, line_column, split},
};

/// What a script without a statement gets: one that does nothing.
const NOTHING: &str = "SELECT 1;\n";

/// A script that runs here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fitted {
    pub(super) text: String,
    /// Whether all of it can be one transaction.
    pub(super) in_transaction: bool,
}

/// Makes a script run here: without the BEGIN and COMMIT around all of it, and with a statement where it has none.
pub(super) fn fitted(text: &str, path: &str) -> Result<Fitted, ToolError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let wrong = |at: usize, what: String| {
        let (line, _) = line_column(text, at);
        ToolError::Unconvertible { path: format!("{path}:{line}"), what }
    };
    let statements = split(text).map_err(|error| wrong(error.at(), error.to_string()))?;
    if statements.is_empty() {
        let line_end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Ok(Fitted { text: format!("{text}{line_end}{NOTHING}"), in_transaction: true });
    }
    if let Some(copy) = statements.iter().find(|it| it.kind == StatementKind::CopyStdin) {
        let what = "COPY … FROM STDIN needs a client that sends the rows";
        return Err(wrong(copy.span.start, what.into()));
    }
    let command = |it: &Statement| match &it.kind {
        StatementKind::Transaction(words) => Some(words.clone()),
        _ => None,
    };
    let commands: Vec<(usize, String)> =
        statements.iter().enumerate().filter_map(|(at, it)| Some((at, command(it)?))).collect();
    let is_begin = |words: &str| matches!(words, "BEGIN" | "START TRANSACTION");
    let is_end = |words: &str| matches!(words, "COMMIT" | "END");
    let last = statements.len() - 1;
    let mut text = text.to_owned();
    let mut in_transaction = statements.iter().all(|it| it.kind.may_run_in_transaction());
    match &commands[..] {
        [] => {}
        [(0, first), (end, second)] if *end == last && is_begin(first) && is_end(second) => {
            cut(&mut text, &statements[last]);
            cut(&mut text, &statements[0]);
            if last == 1 {
                text += NOTHING;
            }
        }
        _ => in_transaction = false,
    }
    Ok(Fitted { text, in_transaction })
}

/// Cuts a statement out, with its semicolon and the end of its line.
pub(super) fn cut(text: &mut String, statement: &Statement) {
    let rest = &text[statement.span.end..];
    let mut end = statement.span.end;
    let blank = rest.len() - rest.trim_start().len();
    if rest[blank..].starts_with(';') {
        end += blank + 1;
    }
    let rest = &text[end..];
    let line_end = rest.find(|c: char| c != ' ' && c != '\t' && c != '\r').unwrap_or(rest.len());
    if rest[line_end..].starts_with('\n') {
        end += line_end + 1;
    }
    text.replace_range(statement.span.start..end, "");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_loses_the_transaction_around_it_and_keeps_the_rest() {
        for (text, expected, in_transaction) in [
            ("CREATE TABLE a ();\n", "CREATE TABLE a ();\n", true),
            ("BEGIN;\nCREATE TABLE a ();\nCOMMIT;\n", "CREATE TABLE a ();\n", true),
            ("\u{feff}begin ;\r\nSELECT 2;\r\nend", "SELECT 2;\r\n", true),
            ("BEGIN;\nCOMMIT;\n", "SELECT 1;\n", true),
            ("-- nothing", "-- nothing\nSELECT 1;\n", true),
            ("", "SELECT 1;\n", true),
            (
                "CREATE INDEX CONCURRENTLY i ON a (b);",
                "CREATE INDEX CONCURRENTLY i ON a (b);",
                false,
            ),
            ("BEGIN; SELECT 1; COMMIT; SELECT 2;", "BEGIN; SELECT 1; COMMIT; SELECT 2;", false),
        ] {
            let expected = Fitted { text: expected.to_owned(), in_transaction };
            assert_eq!(fitted(text, "x.sql"), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_only_a_client_can_run_is_named_with_its_line() {
        for (text, line) in [("SELECT 1;\n\\i x.sql\n", 2), ("COPY a FROM STDIN;\n1\n\\.\n", 1)] {
            let error = fitted(text, "x.sql").unwrap_err();
            assert!(error.to_string().starts_with(&format!("x.sql:{line} ")), "{error}");
        }
    }
}
