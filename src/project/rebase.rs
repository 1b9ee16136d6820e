//! Gives migrations other directory names, and corrects what refers to them.

use std::{fs, path::Path};

use crate::{migration::version::Version, project::ProjectError};

/// Renames directories: all of them, or none.
///
/// # Errors
/// When a name is taken, or the system says no.
pub fn rename(dir: &Path, moves: &[(&str, &str)]) -> Result<(), ProjectError> {
    if let Some((_, to)) = moves.iter().find(|(_, to)| dir.join(to).exists()) {
        return Err(ProjectError::Exists {
            path: dir.join(to),
            advice: "Run the command again: the next version has changed.".into(),
        });
    }
    for (index, (from, to)) in moves.iter().enumerate() {
        if let Err(error) = fs::rename(dir.join(from), dir.join(to)) {
            // this failed, and its error is the one to report
            for (from, to) in &moves[..index] {
                fs::rename(dir.join(to), dir.join(from)).unwrap_or_default();
            }
            return Err(ProjectError::io("rename", dir.join(from))(error));
        }
    }
    Ok(())
}

/// Puts new versions in the place of old ones in `depends_on` of a migration's metadata.toml.
///
/// # Errors
/// When the system says no.
pub fn correct(dir: &Path, name: &str, moves: &[(Version, Version)]) -> Result<(), ProjectError> {
    let path = dir.join(name).join("metadata.toml");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ProjectError::io("read", path)(error)),
    };
    let new = corrected(&text, moves);
    if new == text {
        return Ok(());
    }
    fs::write(&path, new).map_err(ProjectError::io("write", path))
}

fn corrected(text: &str, moves: &[(Version, Version)]) -> String {
    let Some(start) = text.find("depends_on") else {
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
        assert_eq!(corrected("x = 1\n", &moves), "x = 1\n");
    }
}
