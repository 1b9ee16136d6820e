//! A new migration as `diesel migration generate` writes it.

use std::path::{Path, PathBuf};

use crate::{
    job::JobError,
    project::{ProjectError, generate},
};

/// What is to be written.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'w> {
    /// Behind the version in the directory's name.
    pub name: &'w str,
    /// The version; the time in UTC where none is given.
    pub version: Option<&'w str>,
    /// Whether there is a way back.
    pub with_down: bool,
}

/// Writes the directory with its files, and returns the files.
///
/// # Errors
/// When the version is taken already, or the system says no.
pub(crate) fn generate(dir: &Path, wanted: &Wanted<'_>) -> Result<Vec<PathBuf>, JobError> {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d-%H%M%S").to_string();
    // two at once must not take the same version
    let _alone = generate::alone(dir)?;
    let taken = generate::directories(dir)?;
    let is_taken = |version: &str| taken.iter().any(|it| it.starts_with(version));
    let version = match wanted.version {
        Some(version) if is_taken(version) => {
            return Err(ProjectError::Exists {
                path: dir.join(version),
                advice:
                    "A migration already starts with this version. Choose another with --version."
                        .into(),
            }
            .into());
        }
        Some(version) => version.to_owned(),
        None => (0..=u16::MAX)
            .map(|count| format!("{now}-{count:04x}"))
            .find(|version| !is_taken(version))
            .unwrap_or(now),
    };
    let place = dir.join(format!("{version}_{}", wanted.name));
    Ok(generate::write(&place, wanted.with_down)?)
}
