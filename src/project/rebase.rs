//! Gives migrations other directory names, and corrects what refers to them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    migration::version::Version,
    project::{ProjectError, regular, schema_file, squash::turn},
};

/// What is to be renamed, while that is being done. Its dot keeps it out of every tool's sight.
const NOTE: &str = ".rebasing";

/// Renames directories, and puts new versions in the place of old ones in `depends_on` of all migrations. What is to be done is noted
/// first: where it is interrupted, [`finish`] goes on.
///
/// # Errors
/// When a name is taken, or the system says no: no directory has another name then.
pub(crate) fn rename(dir: &Path, moves: &[(&str, &str)]) -> Result<(), ProjectError> {
    let _turn = turn(dir)?;
    for (from, _) in moves {
        let place = dir.join(from);
        // another run may have been faster
        fs::metadata(&place).map_err(ProjectError::io("read", &place))?;
    }
    if let Some((_, to)) = moves.iter().find(|(_, to)| dir.join(to).exists()) {
        return Err(ProjectError::Exists {
            path: dir.join(to),
            advice: "Run the command again: the next version has changed.".into(),
        });
    }
    let note = serde_json::to_string(moves).unwrap_or_default();
    schema_file::write(&dir.join(NOTE), &note)?;
    go_on(dir).map(drop)
}

/// Goes on with what was interrupted. Gives the old and the new names.
///
/// # Errors
/// When the system says no.
pub(crate) fn finish(dir: &Path) -> Result<Vec<(String, String)>, ProjectError> {
    if !dir.join(NOTE).exists() {
        return Ok(Vec::new());
    }
    let _turn = turn(dir)?;
    go_on(dir)
}

fn go_on(dir: &Path) -> Result<Vec<(String, String)>, ProjectError> {
    let note = dir.join(NOTE);
    let text = match regular::read_to_string(&note) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ProjectError::io("read", note)(error)),
    };
    let moves: Vec<(String, String)> = serde_json::from_str(&text).unwrap_or_default();
    let mut done: Vec<(PathBuf, PathBuf)> = Vec::new();
    // the last one first: at every moment they stand in their order
    for (from, to) in moves.iter().rev().map(|(from, to)| (dir.join(from), dir.join(to))) {
        if to.exists() {
            continue;
        }
        if let Err(error) = fs::rename(&from, &to) {
            // this failed, and its error is the one to report
            for (from, to) in &done {
                fs::rename(to, from).unwrap_or_default();
            }
            fs::remove_file(&note).unwrap_or_default();
            return Err(ProjectError::io("rename", from)(error));
        }
        done.push((from, to));
    }
    correct(dir, &moves)?;
    fs::remove_file(&note).map_err(ProjectError::io("remove", note))?;
    Ok(moves)
}

/// Puts new versions in the place of old ones in `depends_on` of every metadata.toml.
fn correct(dir: &Path, moves: &[(String, String)]) -> Result<(), ProjectError> {
    let version = |name: &String| Version::of_directory(name).ok();
    let pairs = moves.iter().filter_map(|(old, new)| Some((version(old)?, version(new)?)));
    let pairs: Vec<(Version, Version)> = pairs.collect();
    for entry in fs::read_dir(dir).map_err(ProjectError::io("read", dir))?.flatten() {
        let path = entry.path().join("metadata.toml");
        if !path.is_file() {
            continue;
        }
        let text = regular::read_to_string(&path).map_err(ProjectError::io("read", &path))?;
        let new = corrected(&text, &pairs);
        if new != text {
            schema_file::write(&path, &new)?;
        }
    }
    Ok(())
}

fn corrected(text: &str, moves: &[(Version, Version)]) -> String {
    // not where a comment speaks of it
    let starts = text.match_indices("depends_on").map(|it| it.0);
    let is_first =
        |at: &usize| text[..*at].rsplit('\n').next().is_some_and(|it| it.trim().is_empty());
    let Some(start) = starts.into_iter().find(is_first) else {
        return text.to_owned();
    };
    let end = text[start..].find(']').map_or(text.len(), |at| start + at);
    let parts = text[start..end].split('"').enumerate().map(|(at, part)| {
        let version = Version::of_directory(part).ok().filter(|_| at % 2 == 1);
        let moved = version.and_then(|it| moves.iter().find(|(old, _)| *old == it));
        moved.map_or_else(|| part.to_owned(), |(_, new)| new.to_string())
    });
    let list: Vec<String> = parts.collect();
    format!("{}{}{}", &text[..start], list.join("\""), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::corrected;
    use crate::migration::version::Version;

    #[test]
    fn only_versions_in_depends_on_are_corrected() {
        let moves = [(Version::stored("12".into()), Version::stored("99".into()))];
        let text =
            "run_in_transaction = true\ndepends_on = [\"1-2\", \"1\"]\nreplaces = [\"12\"]\n";
        assert_eq!(
            corrected(text, &moves),
            "run_in_transaction = true\ndepends_on = [\"99\", \"1\"]\nreplaces = [\"12\"]\n"
        );
        let text = format!("# depends_on = [\"12\"]\n{text}");
        assert!(corrected(&text, &moves).starts_with("# depends_on = [\"12\"]\nrun"));
        assert!(corrected(&text, &moves).contains("[\"99\", \"1\"]"));
        assert_eq!(corrected("x = 1\n", &moves), "x = 1\n");
    }
}
