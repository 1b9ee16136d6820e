//! The file `.env`, as dotenvy and so Diesel read it.

use std::path::{Path, PathBuf};

use crate::{connect::Environment, render::failure::CliError};

/// Why `.env` is not read in full. This matters only if the database's URL must come from it.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// The file cannot be read.
    Unreadable { path: PathBuf, why: String },
    /// A line is malformed.
    Malformed { path: PathBuf, line: usize },
}

impl From<Fault> for CliError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unreadable { path, why } => Self::Cannot {
                what: format!("cannot read {}: {why}", path.display()),
                help: "Correct the file's permissions.".into(),
            },
            Fault::Malformed { path, line } => Self::EnvFile { path, line },
        }
    }
}

/// Reads `.env` of this directory or the nearest above. The environment takes precedence.
///
/// A malformed line is skipped; the lines after it count.
pub(super) fn read(current: &Path, environment: &mut Environment) -> Option<Fault> {
    let mut all = current.ancestors().map(|dir| dir.join(".env"));
    let path = all.find(|it| it.is_file())?;
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let why = error.to_string();
            return Some(Fault::Unreadable { path, why });
        }
    };
    // editors on Windows write it, and no editor shows it
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut fault = None;
    for (count, entry) in dotenvy::from_read_iter(text).enumerate() {
        match entry {
            Ok((name, value)) => {
                environment.vars.entry(name).or_insert(value);
            }
            // the line itself is not shown: it may contain a password
            Err(error) => {
                let line = malformed_line(text, count);
                fault.get_or_insert(Fault::Malformed { path: path.clone(), line });
                if matches!(error, dotenvy::Error::Io(_)) {
                    break;
                }
            }
        }
    }
    fault
}

/// The line number of the entry after this many good ones.
fn malformed_line(text: &[u8], good: usize) -> usize {
    let text = String::from_utf8_lossy(text);
    let is_entry = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    text.lines()
        .enumerate()
        .filter(|(_, line)| is_entry(line))
        .nth(good)
        .map_or(1, |(index, _)| index + 1)
}
