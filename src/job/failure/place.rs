//! Where the cause of a failure stands.

use miette::{NamedSource, SourceSpan};

use crate::{
    job::JobError,
    report::finding::{Place, Region},
};

impl JobError {
    /// The file and the range that a script failed at, or is refused for.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        let (path, place, text, at) = match self {
            Self::Migration(it) => (&it.path, it.place, it.text.as_ref(), it.at),
            Self::Refused(it) => (&it.path, it.place, it.text.as_ref(), it.at),
            Self::Script(it) => (&it.path, Some((it.line, it.column)), Some(&it.text), Some(it.at)),
            _ => return None,
        };
        let region = place.map(|(line, column)| region(line, column, text, at));
        Some(Place { file: path.replace('\\', "/"), region })
    }
}

/// The range from a line and a column on, as long as what is marked there.
fn region(
    line: usize,
    column: usize,
    text: Option<&NamedSource<String>>,
    at: Option<SourceSpan>,
) -> Region {
    let marked = text
        .zip(at)
        .and_then(|(text, at)| text.inner().get(at.offset()..at.offset().saturating_add(at.len())));
    let marked = marked.unwrap_or_default();
    let (lines, last) = match marked.rsplit_once('\n') {
        None => (0, column + marked.chars().count()),
        Some((before, last)) => (before.matches('\n').count() + 1, 1 + last.chars().count()),
    };
    Region { line, column, end_line: line + lines, end_column: last }
}
