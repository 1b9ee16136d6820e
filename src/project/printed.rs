//! What was printed last into a schema.rs of this checkout: a file that is that still has no edits, whatever the database is by now.
//!
//! Digests in a cache: where one is lost, the file is compared with the database alone.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::words::digest::Digest;

/// Where digests of printed files are kept.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    dir: PathBuf,
}

impl Record {
    /// Those of a cache.
    #[must_use]
    pub(crate) fn within(cache: &Path) -> Self {
        Self { dir: cache.join("printed") }
    }

    /// Whether a text is what was last printed into a file.
    #[must_use]
    pub(crate) fn has(&self, file: &Path, text: &str) -> bool {
        let kept = fs::read_to_string(self.place(file));
        kept.is_ok_and(|kept| kept.trim() == Digest::of(text).as_str())
    }

    /// Notes what was printed into a file. What cannot be noted is not known the next time, and that is all.
    pub(crate) fn note(&self, file: &Path, text: &str) {
        if fs::create_dir_all(&self.dir).is_ok() {
            fs::write(self.place(file), Digest::of(text).as_str()).unwrap_or_default();
        }
    }

    fn place(&self, file: &Path) -> PathBuf {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        self.dir.join(Digest::of(&file.display().to_string()).as_str())
    }
}
