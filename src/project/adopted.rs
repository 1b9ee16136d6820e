//! `.adopted.json` among the migrations: where they come from, and what adopting has written.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    project::{ProjectError, regular, schema_file},
    words::digest::Digest,
};

/// What the file is called. Its dot keeps it out of every tool's sight.
pub(crate) const NAME: &str = ".adopted.json";

/// Where migrations come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adopted {
    /// The format of this file.
    pub format: u32,
    /// The tool; none for a database of no known tool.
    pub tool: Option<String>,
    /// Whether there is one migration with the structure of the database.
    pub baseline: bool,
    /// The migrations, in their order.
    pub migrations: Vec<Origin>,
    /// What was written, relative to this file's directory, with its content.
    pub files: Vec<Written>,
    /// Whether it is still being written: where a run was killed, the next one removes what there is of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

/// Where one migration comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    /// The directory.
    pub name: String,
    /// What the tool calls it.
    pub id: String,
    /// The file that it was made from.
    pub from: String,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// Where.
    pub path: PathBuf,
    /// The digest of its text.
    pub sha256: Digest,
}

/// Reads the file of a migrations directory; none if there is none.
///
/// # Errors
/// When the system says no, or it is not what [`write`] writes.
pub(crate) fn read(dir: &Path) -> Result<Option<Adopted>, ProjectError> {
    let path = dir.join(NAME);
    let Some(text) = schema_file::read(&path)? else {
        return Ok(None);
    };
    let read: Result<Adopted, _> = serde_json::from_str(&text);
    match read {
        Ok(adopted) if adopted.format == 1 => Ok(Some(adopted)),
        _ => Err(ProjectError::NotAdopted { path }),
    }
}

/// Writes it.
///
/// # Errors
/// When the system says no.
pub(crate) fn write(dir: &Path, adopted: &Adopted) -> Result<PathBuf, ProjectError> {
    let path = dir.join(NAME);
    let mut text = serde_json::to_string_pretty(adopted).unwrap_or_default();
    text.push('\n');
    schema_file::write(&path, &text)?;
    Ok(path)
}

/// Removes what an interrupted run has written: its migrations, drafts, and the files that are as it wrote them.
///
/// # Errors
/// When the system says no.
pub(crate) fn clear(dir: &Path, unfinished: &Adopted) -> Result<Vec<PathBuf>, ProjectError> {
    let entries = fs::read_dir(dir).map_err(ProjectError::io("read", dir))?.flatten();
    let is_draft = |name: &str| name.starts_with(".glowplug-");
    let drafts = entries.filter_map(|it| it.file_name().into_string().ok());
    let own = unfinished.migrations.iter().map(|it| it.name.clone());
    let mut removed = Vec::new();
    for name in drafts.filter(|it| is_draft(it)).chain(own) {
        let path = dir.join(name);
        if path.is_dir() {
            fs::remove_dir_all(&path).map_err(ProjectError::io("remove", &path))?;
            removed.push(path);
        }
    }
    let (files, _) = remove(dir, unfinished)?;
    removed.extend(files);
    Ok(removed)
}

/// Notes what is in a file now.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn written(dir: &Path, path: &Path) -> Result<Written, ProjectError> {
    let text = schema_file::read_existing(path)?;
    let relative = super::root::relative(path, dir);
    Ok(Written { path: relative, sha256: Digest::of(&text) })
}

/// The migrations that have changed since they were written; what is gone does not count.
#[must_use]
pub(crate) fn changed(dir: &Path, adopted: &Adopted) -> Vec<PathBuf> {
    let is_migration =
        |it: &&Written| adopted.migrations.iter().any(|known| it.path.starts_with(&known.name));
    let files = adopted.files.iter().filter(is_migration);
    let files = files.filter(|it| is_changed(dir, it)).map(|it| it.path.clone());
    // somebody has put something beside it
    let extra = adopted.migrations.iter().flat_map(|it| {
        let entries = fs::read_dir(dir.join(&it.name)).into_iter().flatten().flatten();
        entries.map(|found| Path::new(&it.name).join(found.file_name()))
    });
    let extra = extra.filter(|path| !adopted.files.iter().any(|it| it.path == *path));
    files.chain(extra).collect()
}

/// Whether a file is there and has another content.
fn is_changed(dir: &Path, it: &Written) -> bool {
    let text = regular::read(&dir.join(&it.path));
    let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    text.is_ok_and(|text| Digest::of(&text) != it.sha256)
}

/// Removes what was written, and directories that are empty then. Returns what was removed, and what stays because it has changed.
///
/// # Errors
/// When the system says no.
pub(crate) fn remove(
    dir: &Path,
    adopted: &Adopted,
) -> Result<(Vec<PathBuf>, Vec<PathBuf>), ProjectError> {
    let own = PathBuf::from(NAME);
    let (kept, files): (Vec<&Written>, Vec<&Written>) =
        adopted.files.iter().partition(|it| is_changed(dir, it));
    let files = files.into_iter().map(|it| &it.path).chain([&own]);
    let mut removed = Vec::new();
    for file in files {
        let path = dir.join(file);
        match fs::remove_file(&path) {
            Ok(()) => removed.push(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(ProjectError::io("remove", path)(error)),
        }
    }
    // one that still has something in it stays
    let mut parents: Vec<PathBuf> =
        removed.iter().filter_map(|it| it.parent().map(Path::to_owned)).collect();
    parents.sort();
    parents.dedup();
    for parent in parents.iter().rev() {
        fs::remove_dir(parent).unwrap_or_default();
    }
    Ok((removed, kept.into_iter().map(|it| dir.join(&it.path)).collect()))
}
