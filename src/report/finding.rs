//! One finding of a check: what is wrong, where, and what to do. What every format is rendered from.

use serde::Serialize;

/// How much a finding matters, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Has to be changed before a deploy.
    Error,
    /// Has to be looked at.
    Warning,
    /// Good to know.
    Note,
}

/// A range of a file: lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Region {
    /// The first line.
    pub line: usize,
    /// The first column.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column behind the last character.
    pub end_column: usize,
}

impl Region {
    /// Returns where the bytes from `start` to `end` stand in `text`.
    #[must_use]
    pub fn of(text: &str, start: usize, end: usize) -> Self {
        let (line, column) = position(text, start);
        let (end_line, end_column) = position(text, end.max(start));
        Self { line, column, end_line, end_column }
    }
}

/// Line and column of a byte of `text`, both from 1; a byte within a character counts as its beginning.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..byte.min(text.len())];
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let column = before[start..].iter().filter(|&&b| b & 0xC0 != 0x80).count() + 1;
    (line, column)
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The file, relative to the root of the project, with forward slashes.
    pub file: String,
    /// The range; none for the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
}

/// A place that explains a finding, such as the statement that takes the lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// Text that replaces a range of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Replacement {
    /// The range that goes; without a region the whole file.
    pub place: Place,
    /// What takes its place.
    pub text: String,
}

/// A way to repair what was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Fix {
    /// What it does, in a line.
    pub description: String,
    /// The changes, all or none.
    pub replacements: Vec<Replacement>,
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The code of its rule, such as `lint::rewrites-table`; `glowplug explain CODE` shows its page.
    pub code: String,
    /// What is wrong, in one line: names the object.
    pub message: String,
    /// What explains it: one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The migration, by its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Other places that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// How to repair it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_counts_characters_and_lines_from_one() {
        let text = "a\näb c\n";
        assert_eq!(
            Region::of(text, 2, 5),
            Region { line: 2, column: 1, end_line: 2, end_column: 3 }
        );
        assert_eq!(Region::of(text, 0, 0).column, 1);
    }
}
