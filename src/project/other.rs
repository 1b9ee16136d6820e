//! The files of other migration tools in a project, and what adopting them has written.

use std::{
    fs::File as SystemFile,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use walkdir::{DirEntry, WalkDir};

use crate::{
    project::{ProjectError, regular},
    tools::{File, listing::Entry},
    words::secrets,
};

/// How deep migrations may lie below a project: `src/main/resources/db/migration/2024`.
const DEPTH: usize = 7;

/// How many files are looked at.
const MANY: usize = 50_000;

/// So much of a SQL file tells whose it is.
const HEAD: usize = 512;

/// Directories of other people's files.
const FOREIGN: [&str; 8] =
    ["node_modules", "target", "vendor", "venv", "site-packages", "__pycache__", "dist", "build"];

/// Lists the files of a project that may tell of a tool. What cannot be read is left out.
#[must_use]
pub(crate) fn listing(root: &Path) -> Vec<Entry> {
    let is_own = |it: &DirEntry| {
        let name = it.file_name().to_string_lossy();
        it.depth() == 0
            || !(name.starts_with('.') || it.file_type().is_dir() && FOREIGN.contains(&&*name))
    };
    let walk = WalkDir::new(root).max_depth(DEPTH).sort_by_file_name();
    let entries = walk.into_iter().filter_entry(is_own).flatten();
    let files = entries.filter(|it| it.file_type().is_file()).take(MANY);
    let entry = |it: DirEntry| {
        let path = it.path().strip_prefix(root).ok()?.to_str()?;
        let path = path.replace(std::path::MAIN_SEPARATOR, "/");
        let head = if path.ends_with(".sql") { head(it.path()) } else { String::new() };
        Some(Entry { path, head })
    };
    files.filter_map(entry).collect()
}

fn head(path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = SystemFile::open(path) {
        file.take(HEAD as u64).read_to_end(&mut bytes).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads the files of a directory whose names end in one of these ways, in the order of their names. `shown` is how the directory is
/// called in messages.
///
/// # Errors
/// When the system says no, or a file is not UTF-8.
pub(crate) fn files(dir: &Path, shown: &str, ends: &[&str]) -> Result<Vec<File>, ProjectError> {
    let mut found = Vec::new();
    let walk = WalkDir::new(dir).max_depth(DEPTH).sort_by_file_name();
    let is_own =
        |it: &DirEntry| it.depth() == 0 || !it.file_name().to_string_lossy().starts_with('.');
    for entry in walk.into_iter().filter_entry(is_own) {
        let entry = entry.map_err(|error| ProjectError::io("read", dir)(error.into()))?;
        let path = entry.path();
        let Some(below) = path.strip_prefix(dir).ok().and_then(Path::to_str) else { continue };
        if !entry.file_type().is_file() || !ends.iter().any(|it| below.ends_with(it)) {
            continue;
        }
        let below = below.replace(std::path::MAIN_SEPARATOR, "/");
        let place = Path::new(shown).join(&below);
        let bytes = regular::read(path).map_err(ProjectError::io("read", &place))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            ProjectError::NotUtf8 { path: place.clone(), at, line }
        })?;
        found.push(File { path: below, text });
    }
    Ok(found)
}

/// What a program printed, and how it ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    /// What it printed.
    pub output: String,
    /// The last line that it said on the way, with secrets covered.
    pub last: String,
    /// Whether it succeeded.
    pub succeeded: bool,
}

/// Alembic, as it is called for a project.
#[derive(Debug, Clone)]
pub(crate) struct Alembic {
    /// The program.
    pub program: PathBuf,
    /// Where its settings are.
    pub directory: PathBuf,
}

impl Alembic {
    /// The program of a project: that of its virtual environment, else that of the search path.
    #[must_use]
    pub(crate) fn of(directory: &Path, program: Option<&Path>) -> Self {
        let environments = [".venv", "venv", "env"];
        let own = environments.map(|it| directory.join(it).join("bin/alembic"));
        let found = own.into_iter().find(|it| it.is_file());
        let program = program.map(Path::to_owned).or(found);
        Self {
            program: program.unwrap_or_else(|| PathBuf::from("alembic")),
            directory: directory.to_owned(),
        }
    }

    /// Runs it. Alembic runs the project's env.py, and connects to nothing with `--sql`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Said, ProjectError> {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.directory).stdin(Stdio::null());
        command.env("PYTHONUNBUFFERED", "1").env("PYTHONDONTWRITEBYTECODE", "1");
        let done = command.output().map_err(ProjectError::io("run", &self.program))?;
        let said = String::from_utf8_lossy(&done.stderr);
        let last = said.lines().rev().find(|it| !it.trim().is_empty()).unwrap_or_default();
        Ok(Said {
            output: String::from_utf8_lossy(&done.stdout).into_owned(),
            last: secrets::cover(last.trim()),
            succeeded: done.status.success(),
        })
    }
}
