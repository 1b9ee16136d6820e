//! Puts several migrations in the place of one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::project::{
    ProjectError,
    squash::turn,
    write::{self, NewMigration},
};

/// Writes migrations, and removes the one that they stand for.
///
/// That goes last, and at once: until then the first of the new ones has its version as well, which every command refuses.
///
/// # Errors
/// When a directory exists already, or the system says no: nothing is changed then.
pub(crate) fn with(
    dir: &Path,
    old: &str,
    new: &[NewMigration<'_>],
) -> Result<Vec<PathBuf>, ProjectError> {
    let _turn = turn(dir)?;
    let place = dir.join(old);
    let paths = write::migrations(dir, new)?;
    let gone = dir.join(format!(".glowplug-replaced-{old}"));
    if let Err(error) = fs::rename(&place, &gone) {
        paths.iter().for_each(|it| write::remove(it));
        return Err(ProjectError::io("move", &place)(error));
    }
    write::remove(&gone);
    Ok(paths)
}
