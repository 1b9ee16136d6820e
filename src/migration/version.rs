//! The key of a migration, by Diesel's rule.

use std::fmt;

use serde::Serialize;

/// The most characters that Diesel's tracking table can hold (`VARCHAR(50)`).
pub(crate) const MAX_LENGTH: usize = 50;

/// A migration's key: its directory name up to the first `_`, dashes removed.
///
/// Versions are ordered as strings, byte by byte, as Diesel orders what is pending: `1` < `11` < `2`, and the
/// 14 digits of 2023 sort before the 18 digits of 2026. A version is never empty and at most [`MAX_LENGTH`] characters long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Version(String);

/// Why a name has no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoVersion {
    /// Nothing stands before the first `_`.
    Empty,
    /// The version has more characters than [`MAX_LENGTH`]; how many.
    TooLong(usize),
}

impl Version {
    /// Takes the version out of a directory name.
    ///
    /// # Errors
    /// When the name has none, or one that the tracking table cannot hold.
    pub fn of_directory(name: &str) -> Result<Self, NoVersion> {
        let head = name.split('_').next().unwrap_or_default().replace('-', "");
        match head.chars().count() {
            0 => Err(NoVersion::Empty),
            length if length > MAX_LENGTH => Err(NoVersion::TooLong(length)),
            _ => Ok(Self(head)),
        }
    }

    /// Takes a version as the journal holds it.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The version as the tracking table stores it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_what_stands_before_the_first_underscore_without_dashes() {
        let of = |name| Version::of_directory(name).map(|version| version.0);
        assert_eq!(of("2026-11-22-121756-0000_create_users"), Ok("202611221217560000".into()));
        assert_eq!(of("20230101120000_old style"), Ok("20230101120000".into()));
        assert_eq!(of("noversion"), Ok("noversion".into()));
        assert_eq!(of("_x"), Err(NoVersion::Empty));
        assert_eq!(of("---_x"), Err(NoVersion::Empty));
        assert_eq!(of(&"1".repeat(51)), Err(NoVersion::TooLong(51)));
    }
}
