//! Writes new migrations and the files of a new project. Nothing that exists is overwritten.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::project::{ProjectError, schema_file};

/// The texts of a new migration.
#[derive(Debug, Clone)]
pub(crate) struct NewMigration<'a> {
    /// The directory's name.
    pub name: &'a str,
    /// `up.sql`.
    pub up: &'a str,
    /// `down.sql`.
    pub down: &'a str,
    /// What `metadata.toml` says.
    pub run_in_transaction: bool,
    /// The lines of `metadata.toml` after that.
    pub metadata: &'a str,
}

/// Writes a migration in one atomic step: a directory that appears whole or not at all.
///
/// # Errors
/// When it exists, or the system says no.
pub(crate) fn migration(dir: &Path, new: &NewMigration<'_>) -> Result<PathBuf, ProjectError> {
    let mut places = migrations(dir, std::slice::from_ref(new))?;
    Ok(places.remove(0))
}

/// Writes migrations that belong together: all of them, or none.
///
/// # Errors
/// When one exists, or the system says no.
pub(crate) fn migrations(
    dir: &Path,
    all: &[NewMigration<'_>],
) -> Result<Vec<PathBuf>, ProjectError> {
    let places: Vec<PathBuf> = all.iter().map(|it| dir.join(it.name)).collect();
    if let Some(path) = places.iter().find(|it| it.exists()) {
        return Err(ProjectError::Exists {
            path: path.clone(),
            advice: "Choose another version with --rev-id.".into(),
        });
    }
    fs::create_dir_all(dir).map_err(ProjectError::io("create", dir))?;
    let drafts = all.iter().map(|it| draft(dir, it));
    let drafts: Vec<TempDir> = drafts.collect::<Result<_, _>>()?;
    for (index, (draft, place)) in drafts.into_iter().zip(&places).enumerate() {
        let draft = draft.keep();
        if let Err(error) = fs::rename(&draft, place) {
            // this failed, and its error is the one to report
            for path in places[..index].iter().chain([&draft]) {
                fs::remove_dir_all(path).unwrap_or_default();
            }
            return Err(ProjectError::io("write", place)(error));
        }
    }
    Ok(places)
}

/// Writes a migration to a directory whose leading dot keeps it out of every tool's sight.
fn draft(dir: &Path, new: &NewMigration<'_>) -> Result<TempDir, ProjectError> {
    let draft = tempfile::Builder::new()
        .prefix(".glowplug-")
        .tempdir_in(dir)
        .map_err(ProjectError::io("create a directory in", dir))?;
    let metadata = format!("run_in_transaction = {}\n{}", new.run_in_transaction, new.metadata);
    for (file, text) in [("up.sql", new.up), ("down.sql", new.down), ("metadata.toml", &metadata)] {
        let path = draft.path().join(file);
        fs::write(&path, text).map_err(ProjectError::io("write", &path))?;
    }
    open_to_others(draft.path())?;
    Ok(draft)
}

/// Writes a file unless there is one; says whether it did.
///
/// # Errors
/// When the system says no.
pub(crate) fn file_if_absent(path: &Path, text: &str) -> Result<bool, ProjectError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(ProjectError::io("create", parent))?;
    }
    if fs::symlink_metadata(path).is_ok() {
        return Ok(false);
    }
    match whole(path, text) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(ProjectError::io("write", path)(error)),
    }
}

/// Makes a file that is there with its whole text or not at all, and leaves nothing else behind where the file system can do that.
fn whole(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let directory = schema_file::directory(path);
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd as _;

        use rustix::fs::{AtFlags, CWD, Mode, OFlags};
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        if let Ok(nameless) = rustix::fs::open(directory, flags, Mode::from_raw_mode(0o666)) {
            let mut file = fs::File::from(nameless);
            file.write_all(text.as_bytes())?;
            let open = format!("/proc/self/fd/{}", file.as_raw_fd());
            match rustix::fs::linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW) {
                // without /proc
                Err(rustix::io::Errno::NOENT) => {}
                linked => return linked.map_err(Into::into),
            }
        }
    }
    let mut draft = schema_file::draft(directory)?;
    draft.write_all(text.as_bytes())?;
    draft.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// Takes back what was written, where that is possible.
pub(crate) fn remove(path: &Path) {
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap_or_default();
    } else {
        fs::remove_file(path).unwrap_or_default();
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
pub(crate) fn append(path: &Path, text: &str) -> Result<(), ProjectError> {
    use std::io::Write as _;
    let file = fs::OpenOptions::new().create(true).append(true).open(path);
    let mut file = file.map_err(ProjectError::io("write", path))?;
    let length = file.metadata().map_err(ProjectError::io("write", path))?.len();
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // what was there before is whole again; the error that is reported is the first one
        file.set_len(length).unwrap_or_default();
    }
    written.map_err(ProjectError::io("write", path))
}
