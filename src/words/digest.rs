//! SHA-256 of texts, in a form that does not change with an editor's line ends.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a text, as 64 hexadecimal digits.
///
/// The text is made canonical first: CRLF becomes LF and a byte order mark is left out, so that a checkout on
/// another system does not look like an edit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Computes the digest of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut running = Running::default();
        running.add(text.strip_prefix('\u{feff}').unwrap_or(text));
        running.digest()
    }

    /// Ends a hash that was fed piece by piece.
    #[must_use]
    pub fn finished(hash: Sha256) -> Self {
        let hex = hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(u32::from(nibble), 16).expect("a nibble is below 16"));
            }
            hex
        });
        Self(hex)
    }

    /// Takes a digest as it was stored. Anything that is not one compares unequal to all that are.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The digest of a text that comes in pieces. Pieces may be added after it was asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running(Sha256);

impl Running {
    /// Adds a piece. A CRLF must not be cut in two.
    pub(crate) fn add(&mut self, piece: &str) {
        let mut parts = piece.split("\r\n");
        self.0.update(parts.next().unwrap_or_default());
        for part in parts {
            self.0.update("\n");
            self.0.update(part);
        }
    }

    /// The digest of everything so far.
    #[must_use]
    pub(crate) fn digest(&self) -> Digest {
        Digest::finished(self.0.clone())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_a_byte_order_mark_do_not_matter() {
        assert_eq!(Digest::of("a\r\nb\r\n"), Digest::of("\u{feff}a\nb\n"));
        assert_ne!(Digest::of("a\nb\n"), Digest::of("a\nb"));
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of("").as_str(), empty);
    }
}
