//! schema.rs and its patch on disk.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::project::{ProjectError, regular};

/// Reads a file; none if there is no such file.
///
/// # Errors
/// When the system says no, or it is not UTF-8.
pub(crate) fn read(path: &Path) -> Result<Option<String>, ProjectError> {
    match regular::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ProjectError::io("read", path)(error)),
    }
}

/// Reads a file that has to be there.
///
/// # Errors
/// When the system says no, or it is not UTF-8.
pub(crate) fn read_existing(path: &Path) -> Result<String, ProjectError> {
    regular::read_to_string(path).map_err(ProjectError::io("read", path))
}

/// Writes a file in one step, and its directory where there is none. A symbolic link stays one.
///
/// # Errors
/// When the system says no.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), ProjectError> {
    let place: PathBuf = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = directory(&place);
    fs::create_dir_all(directory).map_err(ProjectError::io("create", directory))?;
    let existing = fs::metadata(&place).map(|found| found.permissions()).ok();
    let mut draft = draft(directory).map_err(ProjectError::io("write", path))?;
    draft.write_all(text.as_bytes()).map_err(ProjectError::io("write", path))?;
    if let Some(permissions) = existing {
        draft.as_file().set_permissions(permissions).map_err(ProjectError::io("write", path))?;
    }
    draft.persist(&place).map_err(|error| ProjectError::io("write", path)(error.error))?;
    Ok(())
}

/// The directory of a file.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    }
}

/// A file that gets its name when it is whole.
pub(super) fn draft(directory: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".glowplug-").permissions(usual()).tempfile_in(directory)
}

/// What the umask makes of it is what a new file usually gets; drafts are private.
fn usual() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o666)
}
