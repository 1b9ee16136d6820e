//! The source files below a directory.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::project::{ProjectError, regular};

/// Reads all files below a path whose names end so, in the order of their names. What is hidden, and what cargo builds, is left out.
///
/// # Errors
/// When the system says no, or one is not UTF-8.
pub(crate) fn read(below: &Path, extension: &str) -> Result<Vec<(PathBuf, String)>, ProjectError> {
    let mut found = Vec::new();
    let walk = WalkDir::new(below).sort_by_file_name().into_iter();
    let walk = walk.filter_entry(|it| it.depth() == 0 || !is_left_out(it.path()));
    for entry in walk {
        let entry = entry.map_err(|error| ProjectError::io("read", below)(error.into()))?;
        let path = entry.into_path();
        if path.extension().is_some_and(|it| it == extension) && path.is_file() {
            let text = regular::read_to_string(&path).map_err(ProjectError::io("read", &path))?;
            found.push((path, text));
        }
    }
    Ok(found)
}

/// Whether a path leads to something that is hidden, or that cargo builds.
#[must_use]
pub(crate) fn is_left_out(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name == "target"
}
