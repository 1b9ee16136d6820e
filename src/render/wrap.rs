//! Wraps text between words, and never inside a name or a code.

use unicode_width::UnicodeWidthStr as _;

/// Text is not wrapped to fewer columns than this.
const LEAST: usize = 20;

/// Wraps each line of a text. Every line starts after `indent` columns.
pub(crate) fn wrap(text: &str, indent: usize, width: Option<usize>) -> Vec<String> {
    let room = width.map(|width| width.saturating_sub(indent));
    let Some(room) = room.filter(|room| *room >= LEAST) else {
        return text.split('\n').map(str::to_owned).collect();
    };
    text.split('\n').flat_map(|line| broken(line, room)).collect()
}

fn broken(line: &str, room: usize) -> Vec<String> {
    let words = line.trim_start_matches(' ');
    let indent = &line[..line.len() - words.len()];
    let mut lines = vec![indent.to_owned()];
    let (mut column, mut is_first) = (indent.len(), true);
    for word in pieces(words, room.saturating_sub(indent.len())) {
        let width = word.width();
        if !is_first && column + 1 + width > room {
            lines.push(indent.to_owned());
            (column, is_first) = (indent.len(), true);
        }
        if let Some(last) = lines.last_mut() {
            if !is_first {
                last.push(' ');
                column += 1;
            }
            last.push_str(&word);
        }
        column += width;
        is_first = false;
    }
    lines
}

/// The pieces of a line that are not split: words, quoted text, and `(SQLSTATE 42601)`.
fn pieces(line: &str, room: usize) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut pieces = Vec::new();
    let mut rest = words.as_slice();
    while let Some((first, others)) = rest.split_first() {
        let count = match closing(rest) {
            Some(count) if rest[..count].join(" ").width() <= room => count,
            _ if *first == "(SQLSTATE" && !others.is_empty() => 2,
            _ => 1,
        };
        pieces.push(rest[..count].join(" "));
        rest = &rest[count..];
    }
    pieces
}

/// The number of words up to the closing quote.
fn closing(words: &[&str]) -> Option<usize> {
    let odd = |words: &[&str], quote: char| {
        let count: usize = words.iter().map(|word| word.matches(quote).count()).sum();
        count % 2 == 1
    };
    let quote = ['`', '"'].into_iter().find(|quote| odd(&words[..1], *quote))?;
    // quoted text is a name, and a name is short
    (2..=words.len().min(12)).find(|count| !odd(&words[..*count], quote))
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[track_caller]
    fn check(text: &str, room: usize, lines: &[&str]) {
        assert_eq!(wrap(text, 0, Some(room)), lines);
        assert_eq!(wrap(text, 4, Some(room + 4)), lines, "behind an indent");
    }

    #[test]
    fn lines_are_broken_between_words_alone() {
        let text = "the migration 2026-11-29-173701-0000_some_longer_name failed";
        let lines = ["the migration", "2026-11-29-173701-0000_some_longer_name", "failed"];
        check(text, 24, &lines);
        assert_eq!(wrap(text, 0, None), [text], "a log is as wide as it is");
        assert_eq!(wrap(text, 90, Some(100)), [text], "there is no room to break it");
    }

    #[test]
    fn names_in_quotes_and_codes_stay_whole() {
        check(
            "no such table \"my long table\" here",
            24,
            &["no such table", "\"my long table\" here"],
        );
        check(
            "it failed just here (SQLSTATE 42601)",
            32,
            &["it failed just here", "(SQLSTATE 42601)"],
        );
        check(
            "`a name that is longer than any line` fits",
            20,
            &["`a name that is", "longer than any", "line` fits"],
        );
    }

    #[test]
    fn lines_that_are_there_stay_and_keep_their_indent() {
        check(
            "these:\n  one two three four five six\n\nend",
            20,
            &["these:", "  one two three four", "  five six", "", "end"],
        );
        check("日本語 日本語 日本語 日本語", 20, &["日本語 日本語 日本語", "日本語"]);
    }
}
