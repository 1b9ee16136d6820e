//! The lines of a macro call with rustfmt's view of their ends: whether a string goes on there.

use std::{iter::Peekable, str::Chars};

/// Where the end of a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// In code or in a comment.
    Code,
    /// In a string that starts on this line.
    Opened,
    /// In a string that started on an earlier line.
    Inside,
    /// In code, after a string from an earlier line.
    Closed,
}

/// The lines of a macro call with rustfmt's view of their ends.
pub(super) fn classified_lines(text: &str) -> Vec<(End, &str)> {
    let mut lines = Vec::new();
    let mut scanner = Scanner::Code;
    for line in text.split('\n') {
        let started = scanner.in_string();
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            scanner = scanner.next(c, &mut chars);
        }
        let end = match (started, scanner.in_string()) {
            (false, false) => End::Code,
            (false, true) => End::Opened,
            (true, true) => End::Inside,
            (true, false) => End::Closed,
        };
        scanner = scanner.end_of_line();
        lines.push((end, line));
    }
    lines
}

#[derive(Clone, Copy)]
enum Scanner {
    Code,
    Comment,
    Str,
    Escape,
    Raw { hashes: usize },
}

impl Scanner {
    fn in_string(self) -> bool {
        matches!(self, Scanner::Str | Scanner::Escape | Scanner::Raw { .. })
    }

    fn end_of_line(self) -> Scanner {
        match self {
            Scanner::Comment => Scanner::Code,
            Scanner::Escape => Scanner::Str,
            other => other,
        }
    }

    fn next(self, c: char, rest: &mut Peekable<Chars<'_>>) -> Scanner {
        match (self, c) {
            (Scanner::Code, '"') => Scanner::Str,
            (Scanner::Code, '/') if rest.peek() == Some(&'/') => Scanner::Comment,
            (Scanner::Code, 'r') if matches!(rest.peek(), Some('#' | '"')) => {
                let mut hashes = 0;
                while rest.next_if_eq(&'#').is_some() {
                    hashes += 1;
                }
                match rest.next() {
                    Some('"') => Scanner::Raw { hashes },
                    _ => Scanner::Code,
                }
            }
            (Scanner::Str, '"') => Scanner::Code,
            (Scanner::Str, '\\') => Scanner::Escape,
            (Scanner::Escape, _) => Scanner::Str,
            (Scanner::Raw { hashes }, '"')
                if rest.clone().take(hashes).filter(|&c| c == '#').count() == hashes =>
            {
                for _ in 0..hashes {
                    rest.next();
                }
                Scanner::Code
            }
            (state, _) => state,
        }
    }
}
