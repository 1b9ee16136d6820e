//! The state of schema.rs.

use serde::Serialize;

/// A file, compared with what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// It is what is printed.
    Fresh,
    /// The same, except for line endings.
    LineEnds,
    /// It differs.
    Stale,
    /// There is no such file.
    Missing,
    /// It was written now.
    Written,
    /// It was edited, and was left as it is.
    Kept,
}

/// One schema file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file.
    pub file: String,
    /// Its state.
    pub state: FileState,
    /// What would change in it, as a unified diff.
    pub difference: Option<String>,
}

/// The state of the schema files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SchemaReport {
    /// The files, in the order of their settings' keys.
    pub files: Vec<FileReport>,
    /// Notes.
    pub notes: Vec<String>,
}

impl SchemaReport {
    /// Whether every file is what is printed.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let fresh = |it: &FileReport| matches!(it.state, FileState::Fresh | FileState::LineEnds);
        self.files.iter().all(fresh)
    }
}
