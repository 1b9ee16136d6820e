//! Puts several migrations in the place of one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::project::{
    ProjectError, regular, schema_file,
    squash::turn,
    write::{self, NewMigration},
};

/// What is being replaced, while that is being done. Its dot keeps it out of every tool's sight.
const NOTE: &str = ".replacing";

/// The directory of what is being replaced, and those that come in its place.
#[derive(Debug, Serialize, Deserialize)]
struct Replacing {
    old: String,
    new: Vec<String>,
}

/// What became of an interrupted replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finished {
    /// It was undone: this migration stands as before.
    Undone(String),
    /// It was done but for the last step: these stand in the place of one.
    Done(Vec<String>),
}

/// Writes migrations, and removes the one that they stand for. What is to be done is noted first: where it is interrupted, [`finish`]
/// undoes it or ends it.
///
/// The old one goes last, and at once: until then the first of the new ones has its version as well, which every command refuses.
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
    if let Some(path) = new.iter().map(|it| dir.join(it.name)).find(|it| it.exists()) {
        let advice = "Move it away: a migration gets this name.".to_owned();
        return Err(ProjectError::Exists { path, advice });
    }
    let names = new.iter().map(|it| it.name.to_owned()).collect();
    let note = Replacing { old: old.to_owned(), new: names };
    let text = serde_json::to_string(&note).unwrap_or_default();
    schema_file::write(&dir.join(NOTE), &text)?;
    let written = write::migrations(dir, new).and_then(|paths| {
        let moved = fs::rename(&place, dir.join(aside(old)));
        moved.map_err(ProjectError::io("move", &place)).map(|()| paths)
    });
    // the error that is reported is the first one
    let ended = end(dir, &note);
    written.and_then(|paths| ended.map(|_| paths))
}

/// Undoes or ends a replacement that was interrupted. Gives which, if there was one.
///
/// # Errors
/// When the system says no.
pub(crate) fn finish(dir: &Path) -> Result<Option<Finished>, ProjectError> {
    let place = dir.join(NOTE);
    if !place.exists() {
        return Ok(None);
    }
    let _turn = turn(dir)?;
    let text = match regular::read_to_string(&place) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ProjectError::io("read", place)(error)),
    };
    match serde_json::from_str::<Replacing>(&text) {
        Ok(note) => end(dir, &note).map(Some),
        // nothing was begun before it was whole
        Err(_) => fs::remove_file(&place).map_err(ProjectError::io("remove", place)).map(|()| None),
    }
}

fn end(dir: &Path, note: &Replacing) -> Result<Finished, ProjectError> {
    let is_undone = dir.join(&note.old).exists();
    let gone = match is_undone {
        true => note.new.clone(),
        false => vec![aside(&note.old)],
    };
    gone.iter().for_each(|it| write::remove(&dir.join(it)));
    let place = dir.join(NOTE);
    fs::remove_file(&place).map_err(ProjectError::io("remove", place))?;
    Ok(match is_undone {
        true => Finished::Undone(note.old.clone()),
        false => Finished::Done(note.new.clone()),
    })
}

/// Where the old one is for a moment.
fn aside(old: &str) -> String {
    format!(".glowplug-replaced-{old}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let found = fs::read_dir(dir).unwrap().flatten();
        let mut names: Vec<String> =
            found.map(|it| it.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn begun(there: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in there {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("up.sql"), "SELECT 1;").unwrap();
        }
        let note = Replacing { old: "1_a".into(), new: vec!["1_a_begin".into(), "2_a".into()] };
        fs::write(dir.path().join(NOTE), serde_json::to_string(&note).unwrap()).unwrap();
        dir
    }

    #[test]
    fn what_was_interrupted_before_the_old_one_went_is_undone() {
        for there in [&["1_a"][..], &["1_a", "1_a_begin"], &["1_a", "1_a_begin", "2_a"]] {
            let dir = begun(there);
            let finished = finish(dir.path()).unwrap();
            assert_eq!(finished, Some(Finished::Undone("1_a".into())));
            assert_eq!(names(dir.path()), ["1_a"]);
            assert_eq!(finish(dir.path()).unwrap(), None);
        }
    }

    #[test]
    fn what_was_interrupted_after_it_is_ended() {
        let dir = begun(&["1_a_begin", "2_a", ".glowplug-replaced-1_a"]);
        let finished = finish(dir.path()).unwrap();
        assert_eq!(finished, Some(Finished::Done(vec!["1_a_begin".into(), "2_a".into()])));
        assert_eq!(names(dir.path()), ["1_a_begin", "2_a"]);
    }

    #[test]
    fn a_note_that_is_no_note_was_followed_by_nothing() {
        let dir = begun(&["1_a"]);
        fs::write(dir.path().join(NOTE), "{").unwrap();
        assert_eq!(finish(dir.path()).unwrap(), None);
        assert_eq!(names(dir.path()), ["1_a"]);
    }
}
