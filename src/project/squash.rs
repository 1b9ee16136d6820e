//! Puts one migration in the place of several.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    migration::{links::Replaced, version::Version},
    project::{
        ProjectError,
        metadata::metadata,
        read::SQUASHED,
        regular,
        write::{self, NewMigration},
    },
    words::digest::Digest,
};

/// Writes the squashed migration and puts the old ones aside, or deletes them. Gives its place, and where the old ones are.
///
/// The old ones are copied first, and the squashed one is written before they are removed: at every moment all that was there is somewhere.
/// The newest goes last: as long as one is left, its version is there twice, which every command refuses until [`finish`] has run.
///
/// # Errors
/// When a directory exists already, or the system says no: nothing is changed then.
pub(crate) fn replace(
    dir: &Path,
    new: &NewMigration<'_>,
    old: &[&str],
    deletes: bool,
) -> Result<(PathBuf, Option<PathBuf>), ProjectError> {
    let _turn = turn(dir)?;
    for name in old {
        let place = dir.join(name);
        // another run may have been faster
        fs::metadata(&place).map_err(ProjectError::io("read", &place))?;
    }
    let aside = dir.join(SQUASHED);
    let was_there = aside.is_dir();
    let mut copied = Vec::new();
    let mut written = || {
        if !deletes {
            fs::create_dir_all(&aside).map_err(ProjectError::io("create", &aside))?;
            sweep(&aside);
            for name in old {
                if put_aside(dir, &aside, name)? {
                    copied.push(aside.join(name));
                }
            }
        }
        write::migration(dir, new)
    };
    let path = match written() {
        Ok(path) => path,
        Err(error) => {
            // the originals are all there; the error that is reported is the first one
            copied.iter().for_each(|it| write::remove(it));
            if !was_there {
                fs::remove_dir(&aside).unwrap_or_default();
            }
            return Err(error);
        }
    };
    remove(dir, old)?;
    Ok((path, (!deletes).then_some(aside)))
}

/// Finishes a squash that was interrupted after its migration was written: puts the old ones aside that are still there. Gives their names.
///
/// # Errors
/// When the system says no.
pub(crate) fn finish(dir: &Path) -> Result<Vec<String>, ProjectError> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let _turn = turn(dir)?;
    let entries = fs::read_dir(dir).map_err(ProjectError::io("read", dir))?.flatten();
    let mut names: Vec<String> =
        entries.filter_map(|it| it.file_name().into_string().ok()).collect();
    names.retain(|it| !it.starts_with('.'));
    names.sort();
    let mut left: Vec<&str> = Vec::new();
    for squashed in &names {
        let path = dir.join(squashed).join("metadata.toml");
        let replaces = metadata(&path, &path).map(|it| it.links.replaces).unwrap_or_default();
        let is_left = |name: &&String| *name != squashed && is_one_of(dir, name, &replaces);
        left.extend(names.iter().filter(is_left).map(String::as_str));
    }
    let aside = dir.join(SQUASHED);
    for name in &left {
        fs::create_dir_all(&aside).map_err(ProjectError::io("create", &aside))?;
        put_aside(dir, &aside, name)?;
    }
    remove(dir, &left)?;
    Ok(left.into_iter().map(str::to_owned).collect())
}

/// Waits until no other run moves directories. The system gives it back when the file is closed, also after a kill.
pub(super) fn turn(dir: &Path) -> Result<fs::File, ProjectError> {
    let file = fs::File::open(dir).map_err(ProjectError::io("open", dir))?;
    file.lock().map_err(ProjectError::io("lock", dir))?;
    Ok(file)
}

/// Whether a directory is what was squashed: its version, and its up.sql.
fn is_one_of(dir: &Path, name: &str, replaces: &[Replaced]) -> bool {
    let Ok(version) = Version::of_directory(name) else {
        return false;
    };
    let known = replaces.iter().find(|it| it.version == version);
    let known = known.and_then(|it| it.up.as_ref());
    known.is_some_and(|known| {
        let text = regular::read_to_string(&dir.join(name).join("up.sql"));
        text.is_ok_and(|text| Digest::of(&text) == *known)
    })
}

/// Copies a directory, which appears whole or not at all. Says whether it was not there yet.
fn put_aside(dir: &Path, aside: &Path, name: &str) -> Result<bool, ProjectError> {
    let (from, to) = (dir.join(name), aside.join(name));
    if to.exists() {
        if is_equal(&from, &to) {
            return Ok(false);
        }
        return Err(ProjectError::Exists {
            path: to,
            advice: "Another migration with this name was squashed before. Compare the two, and remove or rename the one that is not needed.".into(),
        });
    }
    let draft = tempfile::Builder::new().prefix(".glowplug-").tempdir_in(aside);
    let draft: TempDir = draft.map_err(ProjectError::io("create a directory in", aside))?;
    let whole = draft.path().join("whole");
    copy(&from, &whole)?;
    fs::rename(&whole, &to).map_err(ProjectError::io("write", &to))?;
    Ok(true)
}

/// Removes drafts that an interrupted run has left. Only squashing writes here.
fn sweep(aside: &Path) {
    let entries = fs::read_dir(aside).into_iter().flatten().flatten();
    for entry in entries.filter(|it| it.file_name().to_string_lossy().starts_with(".glowplug-")) {
        write::remove(&entry.path());
    }
}

/// Removes directories, each in one step.
fn remove(dir: &Path, names: &[&str]) -> Result<(), ProjectError> {
    for name in names {
        let place = dir.join(name);
        let draft = tempfile::Builder::new().prefix(".glowplug-").tempdir_in(dir);
        let draft = draft.map_err(ProjectError::io("create a directory in", dir))?;
        let gone = fs::rename(&place, draft.path().join(name));
        gone.map_err(ProjectError::io("remove", &place))?;
        draft.close().map_err(ProjectError::io("remove", &place))?;
    }
    Ok(())
}

/// Whether two directories have the same files.
fn is_equal(one: &Path, other: &Path) -> bool {
    let files = |dir: &Path| -> Option<Vec<(PathBuf, Vec<u8>)>> {
        let mut all = Vec::new();
        for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
            let entry = entry.ok()?;
            let below = entry.path().strip_prefix(dir).ok()?.to_owned();
            let is_dir = entry.file_type().is_dir();
            let bytes = if is_dir { Vec::new() } else { fs::read(entry.path()).ok()? };
            all.push((below, bytes));
        }
        Some(all)
    };
    files(one).is_some_and(|it| Some(it) == files(other))
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
