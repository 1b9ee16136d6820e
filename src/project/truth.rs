//! The SQL that a project keeps as its source of truth.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::project::{ProjectError, regular, schema_file};

/// Reads a file, or all `.sql` files of a directory in the order of their names.
///
/// # Errors
/// When the system says no, or one is not UTF-8.
pub(crate) fn read(source: &Path) -> Result<Vec<(PathBuf, String)>, ProjectError> {
    let mut paths = Vec::new();
    let is_directory = source.is_dir();
    if source.is_dir() {
        for entry in WalkDir::new(source).sort_by_file_name() {
            let entry = entry.map_err(|error| ProjectError::io("read", source)(error.into()))?;
            if entry.path().extension().is_some_and(|it| it == "sql") {
                paths.push(entry.into_path());
            }
        }
    } else {
        paths.push(source.to_owned());
    }
    let text = |path: PathBuf| {
        // a file that is named may be a pipe of the shell's
        let text = match is_directory {
            true => regular::read_to_string(&path).map_err(ProjectError::io("read", &path))?,
            false => schema_file::read_existing(&path)?,
        };
        Ok((path, without_fences(text)))
    };
    paths.into_iter().map(text).collect()
}

/// A dump without the commands that keep psql from running others: for us they are comments.
#[must_use]
pub(crate) fn without_fences(text: String) -> String {
    let is_fence =
        |line: &str| line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ");
    if !text.lines().any(is_fence) {
        return text;
    }
    let lines = text.split_inclusive('\n').map(|line| match line.get(2..) {
        // as long as it was, so that every place is what it was
        Some(rest) if is_fence(line) => format!("--{rest}"),
        _ => line.to_owned(),
    });
    lines.collect()
}
