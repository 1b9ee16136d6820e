//! What a project was at another revision, from the program `git`.

use std::{
    collections::BTreeSet,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{migration::version::Version, project::ProjectError};

/// The repository that a directory is in.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    /// The directory. Paths are given from there.
    directory: PathBuf,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit(String);

impl Git {
    /// The repository of a directory; none if there is none, or no git.
    #[must_use]
    pub(crate) fn at(directory: &Path) -> Option<Self> {
        let git = Self { directory: directory.to_owned() };
        git.line(&["rev-parse", "--is-inside-work-tree"]).filter(|it| it == "true").map(|_| git)
    }

    /// The newest tag that leads to the commit that is checked out.
    #[must_use]
    pub(crate) fn newest_tag(&self) -> Option<String> {
        self.line(&["describe", "--tags", "--abbrev=0"])
    }

    /// The commit that a revision names.
    #[must_use]
    pub(crate) fn commit(&self, revision: &str) -> Option<Commit> {
        let wanted = format!("{revision}^{{commit}}");
        self.line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]).map(Commit)
    }

    /// The names of the directories in `dir` that a revision has. A directory that it does not have is empty.
    ///
    /// # Errors
    /// When there is no git, no repository, or no such revision in it.
    pub(crate) fn directories(
        dir: &Path,
        revision: &str,
    ) -> Result<BTreeSet<String>, ProjectError> {
        let failed = |said: &str| ProjectError::Revision {
            revision: revision.to_owned(),
            said: said.to_owned(),
        };
        let git = Self::at(dir).ok_or_else(|| failed("there is no git, or no repository"))?;
        let commit = git.commit(revision).ok_or_else(|| failed("there is no such revision"))?;
        let listed = git.run(&["ls-tree", "-z", "-d", "--name-only", &commit.0, "./"], &[])?;
        let listed = String::from_utf8_lossy(&listed);
        let names = listed.split('\0').filter(|it| !it.is_empty());
        Ok(names.map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()).collect())
    }

    /// The files below a path at a commit, named from the directory.
    ///
    /// # Errors
    /// When git cannot be run, or refuses.
    pub(crate) fn files(&self, commit: &Commit, path: &Path) -> Result<Vec<PathBuf>, ProjectError> {
        let path = path.to_string_lossy();
        let arguments = ["ls-tree", "-r", "-z", "--name-only", &commit.0, "--", &path];
        let listed = self.run(&arguments, &[])?;
        let listed = String::from_utf8_lossy(&listed);
        Ok(listed.split('\0').filter(|it| !it.is_empty()).map(PathBuf::from).collect())
    }

    /// The text of a file at a commit; none if it was not there.
    ///
    /// # Errors
    /// When git cannot be run, or the file is not UTF-8.
    pub(crate) fn text(
        &self,
        commit: &Commit,
        path: &Path,
    ) -> Result<Option<String>, ProjectError> {
        Ok(self.texts(commit, &[path.to_owned()])?.pop().flatten())
    }

    /// The texts of files at a commit, as [`text`](Self::text) of each.
    ///
    /// # Errors
    /// When git cannot be run, or a file is not UTF-8.
    pub(crate) fn texts(
        &self,
        commit: &Commit,
        paths: &[PathBuf],
    ) -> Result<Vec<Option<String>>, ProjectError> {
        // one name a line: `./` makes it one from the directory
        let is_plain = |path: &&PathBuf| !path.to_string_lossy().contains('\n');
        let plain: Vec<&PathBuf> = paths.iter().filter(is_plain).collect();
        let names: Vec<String> =
            plain.iter().map(|it| format!("{}:./{}\n", commit.0, it.display())).collect();
        let answer = self.run(&["cat-file", "--batch"], names.concat().as_bytes())?;
        let mut found = Vec::new();
        let mut rest = &answer[..];
        for path in &plain {
            let (text, left) = object(rest, path)?;
            found.push(text);
            rest = left;
        }
        Ok(found)
    }

    /// The versions of the migrations that were there at a commit.
    ///
    /// # Errors
    /// When git cannot be run, or refuses.
    pub(crate) fn versions(
        &self,
        commit: &Commit,
        migrations: &Path,
    ) -> Result<Vec<Version>, ProjectError> {
        let files = self.files(commit, migrations)?;
        let scripts = files.iter().filter(|it| it.file_name().is_some_and(|it| it == "up.sql"));
        let names = scripts.filter_map(|it| it.parent()?.file_name()?.to_str());
        Ok(names.filter_map(|it| Version::of_directory(it).ok()).collect())
    }

    /// The only line that git prints, if it succeeds.
    fn line(&self, arguments: &[&str]) -> Option<String> {
        let printed = self.run(arguments, &[]).ok()?;
        let line = String::from_utf8(printed).ok()?.trim().to_owned();
        (!line.is_empty()).then_some(line)
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, ProjectError> {
        let failed = |what: String| ProjectError::Git { what };
        let cannot = |error: std::io::Error| failed(format!("cannot run git: {error}"));
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.directory).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(cannot)?;
        let mut stdin = child.stdin.take();
        let input = input.to_owned();
        // it answers while it reads
        let writer = std::thread::spawn(move || {
            stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(&input))
        });
        let output = child.wait_with_output().map_err(cannot)?;
        // a git that ends early says why itself
        writer.join().expect("writing to git does not panic").unwrap_or_default();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().next().unwrap_or("it failed").to_owned();
            return Err(failed(format!("git {}: {said}", arguments[0])));
        }
        Ok(output.stdout)
    }
}

/// One answer of `cat-file --batch`, and what follows it: `ID TYPE SIZE`, the content, and a line feed; or `NAME missing`.
fn object<'a>(answer: &'a [u8], path: &Path) -> Result<(Option<String>, &'a [u8]), ProjectError> {
    let end = answer.iter().position(|it| *it == b'\n').unwrap_or(answer.len());
    let header = String::from_utf8_lossy(&answer[..end]);
    let rest = answer.get(end + 1..).unwrap_or_default();
    let mut words = header.rsplitn(3, ' ');
    let size = words.next().and_then(|it| it.parse::<usize>().ok());
    let (Some(size), Some(kind)) = (size, words.next()) else {
        return Ok((None, rest));
    };
    let content = rest.get(..size).unwrap_or_default();
    let left = rest.get(size + 1..).unwrap_or_default();
    if kind != "blob" {
        return Ok((None, left));
    }
    match std::str::from_utf8(content) {
        Ok(text) => Ok((Some(text.to_owned()), left)),
        Err(error) => {
            let at = error.valid_up_to();
            let line = content[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(ProjectError::NotUtf8 { path: path.to_owned(), at, line })
        }
    }
}
