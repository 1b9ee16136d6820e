//! Places in a script: bytes, lines and columns, and the character positions that PostgreSQL
//! reports.

use std::ops::Range;

/// The 1-based line and column, in characters, of a byte of the script.
///
/// Lines end with `\n`; a `\r` has no width, nor has a byte order mark at the start. A tab counts
/// as one. A byte inside a character stands for that character, one beyond the end for the end.
#[must_use]
pub(crate) fn line_column(script: &str, byte: usize) -> (usize, usize) {
    let before = &script[..script.floor_char_boundary(byte)];
    let line = before.matches('\n').count() + 1;
    let on_line = before.rsplit('\n').next().unwrap_or(before);
    let on_line = if line == 1 { on_line.trim_start_matches('\u{feff}') } else { on_line };
    (line, on_line.chars().filter(|c| *c != '\r').count() + 1)
}

/// The byte of the script for a 1-based character position that PostgreSQL reports.
///
/// Holds where the text that was sent is exactly the statement's span. Positions outside of it go
/// to its nearest end: for a syntax error at the end of input the server points one behind the last
/// character.
#[must_use]
pub(crate) fn byte_of_position(script: &str, statement: &Range<usize>, position: u32) -> usize {
    let start = script.floor_char_boundary(statement.start);
    let end = script.floor_char_boundary(statement.end).max(start);
    let sent = &script[start..end];
    let skipped = position.saturating_sub(1) as usize;
    start + sent.char_indices().nth(skipped).map_or(sent.len(), |(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, byte: usize, expected: (usize, usize)) {
        assert_eq!(line_column(script, byte), expected);
    }

    #[test]
    fn lines_and_columns_start_at_one() {
        check("", 0, (1, 1));
        check("", 9, (1, 1));
        check("abc", 2, (1, 3));
        check("abc", 3, (1, 4));
        check("abc", 99, (1, 4));
        check("a\nb", 1, (1, 2));
        check("a\nb", 2, (2, 1));
        check("a\n", 2, (2, 1));
        check("\n\n\nx", 3, (4, 1));
    }

    #[test]
    fn columns_count_characters() {
        check("é😀x", "é😀".len(), (1, 3));
        check("é😀x", 3, (1, 2));
        check("\t\tx", 2, (1, 3));
        check("\u{feff}x", 3, (1, 1));
        check("\u{feff}x\n\u{feff}y", 8, (2, 2));
    }

    #[test]
    fn carriage_returns_have_no_width() {
        check("a\r\nb", 2, (1, 2));
        check("a\r\nb", 3, (2, 1));
        check("a\r\n\r\nb", 5, (3, 1));
    }

    #[test]
    fn a_position_of_the_server_is_a_byte_of_the_script() {
        let script = "SELECT 1;\r\nSELECT 'é😀', x;";
        let statement = 11..script.len() - 1;
        let at = |position| &script[byte_of_position(script, &statement, position)..];
        assert_eq!(at(0), "SELECT 'é😀', x;");
        assert_eq!(at(1), "SELECT 'é😀', x;");
        assert_eq!(at(8), "'é😀', x;");
        assert_eq!(at(10), "😀', x;");
        assert_eq!(at(14), "x;");
        assert_eq!(at(15), ";", "one behind the end");
        assert_eq!(at(u32::MAX), ";");
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges)]
    fn a_span_of_another_script_does_not_panic() {
        assert_eq!(byte_of_position("é", &(1..9), 3), 2);
        assert_eq!(byte_of_position("é", &(7..9), 3), 2);
        assert_eq!(byte_of_position("abc", &(2..1), 1), 2);
    }
}
