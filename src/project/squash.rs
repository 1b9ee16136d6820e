//! Puts one migration in the place of several.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::project::{
    ProjectError,
    read::SQUASHED,
    write::{self, NewMigration},
};

/// Writes the squashed migration and puts the old ones aside, or deletes them. Gives its place, and where the old ones are.
///
/// The old ones are copied first, and the squashed one is written before they are removed: at every moment all that was there is somewhere,
/// and what is there twice is refused by every command until it is removed.
///
/// # Errors
/// When a directory exists already, or the system says no.
pub fn replace(
    dir: &Path,
    new: &NewMigration<'_>,
    old: &[&str],
    deletes: bool,
) -> Result<(PathBuf, Option<PathBuf>), ProjectError> {
    let aside = dir.join(SQUASHED);
    if !deletes {
        fs::create_dir_all(&aside).map_err(ProjectError::io("create", &aside))?;
        for name in old {
            let to = aside.join(name);
            if to.exists() {
                return Err(ProjectError::Exists {
                    path: to,
                    advice: "A squash was interrupted, or two migrations have one name. Compare the two, and remove the one that is not needed.".into(),
                });
            }
        }
        for name in old {
            copy(&dir.join(name), &aside.join(name))?;
        }
    }
    let path = write::migration(dir, new)?;
    for name in old.iter().rev() {
        let place = dir.join(name);
        fs::remove_dir_all(&place).map_err(ProjectError::io("remove", &place))?;
    }
    Ok((path, (!deletes).then_some(aside)))
}

/// Copies a directory with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<(), ProjectError> {
    fs::create_dir(to).map_err(ProjectError::io("create", to))?;
    for entry in fs::read_dir(from).map_err(ProjectError::io("read", from))? {
        let entry = entry.map_err(ProjectError::io("read", from))?;
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &place)?;
        } else {
            fs::copy(&path, &place).map_err(ProjectError::io("copy", &path))?;
        }
    }
    Ok(())
}
