//! New migrations with Diesel's texts.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::project::ProjectError;

const UP: &str = "-- Your SQL goes here\n";
const DOWN: &str = "-- This file should undo anything in `up.sql`\n";

/// Waits until nobody else makes a migration in this directory. It lasts as long as the value.
///
/// The file is Diesel's, and stays.
///
/// # Errors
/// When the system says no.
pub(crate) fn alone(dir: &Path) -> Result<fs::File, ProjectError> {
    let path = dir.join(".diesel_lock");
    let mut options = fs::File::options();
    options.create(true).write(true).truncate(false);
    let file = options.open(&path);
    let file = file.map_err(ProjectError::io("create", &path))?;
    file.lock().map_err(ProjectError::io("lock", &path))?;
    Ok(file)
}

/// The names of the directories that are there.
///
/// # Errors
/// When the system says no.
pub(crate) fn directories(dir: &Path) -> Result<Vec<String>, ProjectError> {
    let entries = fs::read_dir(dir).map_err(ProjectError::io("read", dir))?;
    let directories = entries.flatten().filter(|it| it.path().is_dir());
    Ok(directories.map(|it| it.file_name().to_string_lossy().into_owned()).collect())
}

/// Writes the files of a new migration, and returns them; all of them, or none.
///
/// # Errors
/// When the directory is there already, or the system says no.
pub(crate) fn write(place: &Path, with_down: bool) -> Result<Vec<PathBuf>, ProjectError> {
    fs::create_dir(place).map_err(ProjectError::io("create", place))?;
    let down = with_down.then_some(("down.sql", DOWN));
    let files = [("up.sql", UP)].into_iter().chain(down);
    let written = files.map(|(name, text)| {
        let path = place.join(name);
        fs::write(&path, text).map_err(ProjectError::io("write", &path))?;
        Ok(path)
    });
    let written: Result<_, _> = written.collect();
    if written.is_err() {
        // half a migration would stop every run; the error that is reported is the first one
        fs::remove_dir_all(place).unwrap_or_default();
    }
    written
}
