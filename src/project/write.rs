//! Writes new migrations and the files of a new project. Nothing that exists is overwritten.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::project::ProjectError;

/// The texts of a new migration.
#[derive(Debug, Clone)]
pub struct NewMigration<'a> {
    /// The directory's name.
    pub name: &'a str,
    /// `up.sql`.
    pub up: &'a str,
    /// `down.sql`.
    pub down: &'a str,
    /// What `metadata.toml` says.
    pub run_in_transaction: bool,
}

/// Writes a migration in one atomic step: a directory that appears whole or not at all.
///
/// # Errors
/// When it exists, or the system says no.
pub fn migration(dir: &Path, new: &NewMigration<'_>) -> Result<PathBuf, ProjectError> {
    let place = dir.join(new.name);
    if place.exists() {
        return Err(ProjectError::Exists {
            path: place,
            advice: "Choose another version with --rev-id.".into(),
        });
    }
    fs::create_dir_all(dir).map_err(ProjectError::io("create", dir))?;
    // the leading dot keeps a half-written one out of every tool's sight
    let draft = tempfile::Builder::new()
        .prefix(".glowplug-")
        .tempdir_in(dir)
        .map_err(ProjectError::io("create a directory in", dir))?;
    let metadata = format!("run_in_transaction = {}\n", new.run_in_transaction);
    for (file, text) in [
        ("up.sql", new.up),
        ("down.sql", new.down),
        ("metadata.toml", &metadata),
    ] {
        let path = draft.path().join(file);
        fs::write(&path, text).map_err(ProjectError::io("write", &path))?;
    }
    open_to_others(draft.path())?;
    let draft = draft.keep();
    fs::rename(&draft, &place).map_err(|error| {
        // the rename failed, and its error is the one to report
        fs::remove_dir_all(&draft).unwrap_or_default();
        ProjectError::io("write", &place)(error)
    })?;
    Ok(place)
}

/// Writes a file unless there is one; says whether it did.
///
/// # Errors
/// When the system says no.
pub fn file_if_absent(path: &Path, text: &str) -> Result<bool, ProjectError> {
    use std::io::Write as _;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(ProjectError::io("create", parent))?;
    }
    match fs::File::create_new(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes())
                .map_err(ProjectError::io("write", path))?;
            Ok(true)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(ProjectError::io("write", path)(error)),
    }
}

/// Gives a directory the access that a plain `mkdir` would: drafts are private.
fn open_to_others(path: &Path) -> Result<(), ProjectError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
            .map_err(ProjectError::io("open", path))?;
    }
    Ok(())
}

/// Appends to a file, which is made where it is missing.
///
/// # Errors
/// When the system says no.
pub fn append(path: &Path, text: &str) -> Result<(), ProjectError> {
    use std::io::Write as _;
    let file = fs::OpenOptions::new().create(true).append(true).open(path);
    let mut file = file.map_err(ProjectError::io("write", path))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(ProjectError::io("write", path))
}
