//! The lines around a place in a file, cut to the width of the terminal.

use miette::{LabeledSpan, SourceCode};
use unicode_width::UnicodeWidthChar as _;

use crate::words::shown::Shown;

/// The number of lines shown before and after the place.
const AROUND: usize = 2;

/// The default number of columns shown of a long line.
const CUT: usize = 100;

/// A tab advances to the next multiple of this.
const TAB: usize = 4;

/// The lines around a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Snippet {
    /// The file, line and column, from 1; the column in characters.
    pub(crate) place: String,
    /// The lines with their numbers, escaped and cut.
    pub(crate) lines: Vec<(usize, String)>,
    /// The number of the line with the place.
    pub(crate) line: usize,
    /// Spaces, then the pointer.
    pub(crate) pointer: (usize, Pointer),
    /// The label.
    pub(crate) label: String,
}

/// The shape of a pointer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pointer {
    /// A place without a width.
    Between,
    /// So many columns.
    Under(usize),
}

impl Pointer {
    /// The column of its middle, counted from its first.
    pub(crate) fn middle(&self) -> usize {
        match self {
            Self::Between => 0,
            Self::Under(width) => width / 2,
        }
    }

    /// The characters to draw.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Between => "▲".into(),
            Self::Under(width) => {
                let left = self.middle();
                let right = width.saturating_sub(left + 1);
                format!("{}┬{}", "─".repeat(left), "─".repeat(right))
            }
        }
    }
}

impl Snippet {
    /// Cuts out the lines around a label. None if the label points at nothing.
    pub(crate) fn of(
        source: &dyn SourceCode,
        label: &LabeledSpan,
        width: Option<usize>,
    ) -> Option<Self> {
        let contents = source.read_span(label.inner(), AROUND, AROUND).ok()?;
        let text = String::from_utf8_lossy(contents.data());
        let start = floor(&text, label.offset().checked_sub(contents.span().offset())?);
        let end = floor(&text, start.saturating_add(label.len())).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let index = text[..start].matches('\n').count();
        let first = contents.line() + 1;
        let column = text[line_start..start].chars().count() + 1;
        let place = match contents.name() {
            Some(name) => format!("{}:{}:{column}", Shown(name).on_one_line(), first + index),
            None => format!("{}:{column}", first + index),
        };

        let mut lines: Vec<&str> = text.split('\n').collect();
        if lines.len() > index + 1 && lines.last().is_some_and(|last| last.is_empty()) {
            lines.pop();
        }
        if text.is_empty() {
            lines.clear();
        }
        let last = first + lines.len().saturating_sub(1);
        // ` 12 │ `
        let gutter = last.to_string().len() + 4;
        let room = width.map_or(CUT, |width| width.saturating_sub(gutter)).clamp(20, CUT);
        let mut pointer = (0, Pointer::Between);
        let shown = lines.iter().enumerate().map(|(at, line)| {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let span = (at == index).then(|| (start - line_start, end - line_start));
            let cut = Line::new(line, span).cut(room);
            if at == index {
                pointer = (
                    cut.start,
                    if end == start {
                        Pointer::Between
                    } else {
                        Pointer::Under((cut.end - cut.start).max(1))
                    },
                );
            }
            (first + at, cut.text)
        });
        let lines = shown.collect();
        Some(Self {
            place,
            lines,
            line: first + index,
            pointer,
            label: Shown(label.label().unwrap_or("here")).on_one_line(),
        })
    }
}

/// The start of the nearest character.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// A line with what is pointed at.
struct Line {
    /// The visible text, and the columns that it takes.
    cells: Vec<(String, usize)>,
    /// The cells that are pointed at.
    start: usize,
    end: usize,
}

/// A line that was cut, and the columns that are pointed at.
struct Cut {
    text: String,
    start: usize,
    end: usize,
}

impl Line {
    fn new(line: &str, span: Option<(usize, usize)>) -> Self {
        let (from, to) = span.unwrap_or_default();
        let mut cells = Vec::with_capacity(line.len());
        let (mut column, mut start, mut end) = (0, None, None);
        for (at, c) in line.char_indices() {
            if at >= from && start.is_none() {
                start = Some(cells.len());
            }
            if at >= to && end.is_none() {
                end = Some(cells.len());
            }
            let (text, width) = match c {
                '\t' => {
                    let width = TAB - column % TAB;
                    (" ".repeat(width), width)
                }
                c => {
                    let text = Shown(c.encode_utf8(&mut [0; 4])).to_string();
                    let width = text.chars().filter_map(|c| c.width()).sum();
                    (text, width)
                }
            };
            column += width;
            cells.push((text, width));
        }
        let all = cells.len();
        let start = start.unwrap_or(all);
        Self { cells, start, end: end.unwrap_or(all).max(start) }
    }

    /// Cuts to this many columns, including the start of the marked text.
    fn cut(&self, room: usize) -> Cut {
        let width = |cells: &[(String, usize)]| cells.iter().map(|(_, width)| width).sum::<usize>();
        let whole = width(&self.cells);
        let mut from = 0;
        // in a long line the place is in the middle; near the end as much as fits is shown
        if whole > room {
            let mut before = width(&self.cells[..self.start]);
            let mut behind = whole;
            while before > room / 2 && behind > room - 2 && from < self.start {
                before -= self.cells[from].1;
                behind -= self.cells[from].1;
                from += 1;
            }
        }
        let mut text = if from > 0 { "…".to_owned() } else { String::new() };
        let mut column = usize::from(from > 0);
        let (mut start, mut end) = (None, None);
        for (at, (cell, width)) in self.cells.iter().enumerate().skip(from) {
            let is_last = at + 1 == self.cells.len();
            if at == self.start {
                start = Some(column);
            }
            if at == self.end {
                end = Some(column);
            }
            if column + width > room - usize::from(!is_last) {
                text.push('…');
                column += 1;
                break;
            }
            text.push_str(cell);
            column += width;
        }
        let start = start.unwrap_or(column);
        Cut { text: text.trim_end().to_owned(), start, end: end.unwrap_or(column).max(start) }
    }
}

#[cfg(test)]
mod tests {
    use miette::NamedSource;

    use super::*;

    fn snippet(text: &str, at: usize, length: usize) -> Snippet {
        let source = NamedSource::new("up.sql", text.to_owned());
        let label = LabeledSpan::new(None, at, length);
        Snippet::of(&source, &label, Some(60)).expect("a place")
    }

    /// The pointer under the line that it points at.
    fn pointed(snippet: &Snippet) -> [String; 2] {
        let (_, line) =
            snippet.lines.iter().find(|(number, _)| *number == snippet.line).expect("its line");
        let (column, pointer) = &snippet.pointer;
        [line.clone(), " ".repeat(*column) + &pointer.text()]
    }

    #[test]
    fn columns_are_characters_and_pointers_stand_under_what_is_seen() {
        let found = snippet("eins\n\tgrößer \u{1b}[31m nope;\ndrei\n", 21, 4);
        assert_eq!(found.place, "up.sql:2:15");
        let line = "    größer \\x1b[31m nope;";
        assert_eq!(pointed(&found), [line.to_owned(), format!("{}──┬─", " ".repeat(20))]);
        let numbers: Vec<_> = found.lines.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("SELECT '{}', nope, '{}';", "x".repeat(70_000), "y".repeat(70_000));
        let found = snippet(&text, 70_011, 4);
        assert_eq!(found.place, "up.sql:1:70012");
        let [line, pointer] = pointed(&found);
        assert!(line.starts_with("…x") && line.ends_with("y…"), "{line}");
        assert_eq!(line.chars().count(), 55);
        let column = pointer.chars().position(|c| c == '─').expect("a pointer");
        let under: String = line.chars().skip(column).take(4).collect();
        assert_eq!(under, "nope");
    }

    #[test]
    fn every_place_of_a_text_can_be_shown() {
        let long = "ä\t日".repeat(50);
        for text in ["", "\n", "a\r\nb", "日本\n\n", long.as_str()] {
            for at in 0..=text.len() {
                for length in [0, 1, 3, text.len() - at] {
                    let source = NamedSource::new("f", text.to_owned());
                    let label = LabeledSpan::new(None, at, length.min(text.len() - at));
                    if let Some(found) = Snippet::of(&source, &label, Some(40)) {
                        for (_, line) in &found.lines {
                            let columns: usize = line.chars().filter_map(|c| c.width()).sum();
                            assert!(columns <= 40, "{line}");
                        }
                    }
                }
            }
        }
    }
}
