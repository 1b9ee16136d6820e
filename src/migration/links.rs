//! How migrations stand to each other: which one needs which, and which one stands in the place of which.

use crate::{migration::version::Version, words::digest::Digest};

/// What `metadata.toml` says of other migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Those that it needs: `depends_on`.
    pub depends_on: Vec<Version>,
    /// Those that it was squashed from, oldest first: `replaces`. The last one has its own version.
    pub replaces: Vec<Replaced>,
}

/// How each line of up.sql of a squashed migration begins that names one that it was made from: its version and the digest of its up.sql
/// follow.
pub(crate) const SQUASHED_FROM: &str = "-- squashed from ";

/// A migration that went into a squashed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Its key.
    pub version: Version,
    /// The digest of its up.sql, where metadata.toml holds one.
    pub up: Option<Digest>,
}
