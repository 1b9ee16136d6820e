//! What a revision of the project's repository has. Asks `git`, which reads and writes nothing else.

use std::{collections::BTreeSet, path::Path, process::Command};

use crate::project::ProjectError;

/// The names of the directories in `dir` that a revision has. A directory that it does not have is empty.
///
/// # Errors
/// When there is no git, no repository, or no such revision in it.
pub fn directories(dir: &Path, revision: &str) -> Result<BTreeSet<String>, ProjectError> {
    // resolved first: a text that begins with a dash is no option then
    let commit = format!("{revision}^{{commit}}");
    let id =
        git(dir, revision, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
    let id = id.trim();
    let listed = git(dir, revision, &["ls-tree", "-z", "-d", "--name-only", id, "./"])?;
    let names = listed.split('\0').filter(|it| !it.is_empty());
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    Ok(names.map(last).collect())
}

fn git(dir: &Path, revision: &str, arguments: &[&str]) -> Result<String, ProjectError> {
    let failed = |said: String| ProjectError::Revision { revision: revision.to_owned(), said };
    let output = Command::new("git").arg("-C").arg(dir).args(arguments).output();
    let output = output.map_err(|error| failed(format!("cannot run git: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or_default().trim();
        let said = if said.is_empty() { "there is no such revision" } else { said };
        return Err(failed(said.to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
