//! Disposable servers that are kept, so that the next one begins where it ended.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{
    account::Account,
    binaries::Binaries,
    error::{ClusterError, cannot},
    places::Places,
    template,
};
use crate::{migration::environment::Locale, words::digest::Digest};

/// Disposable servers that were kept, found by a key that stands for all they hold.
#[derive(Debug, Clone)]
pub struct Kept {
    directory: PathBuf,
    owner: u32,
    places: Places,
}

/// How many bytes are kept, if nothing else is said: what was not used for the longest time goes.
const LIMIT: u64 = 1 << 30;

/// How many bytes are kept at most; 0 keeps nothing.
const LIMIT_VARIABLE: &str = "GLOWPLUG_CACHE_BYTES";

/// What an interrupted build left may go after this.
const ABANDONED: Duration = Duration::from_secs(3600);

/// What there is of kept servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Store {
    /// Where they are.
    pub directory: PathBuf,
    /// How many there are.
    pub servers: usize,
    /// How many bytes they take.
    pub bytes: u64,
    /// How many they may take.
    pub limit: u64,
}

impl Store {
    /// The one of this environment.
    ///
    /// # Errors
    /// When there can be no cache.
    pub(crate) fn find() -> Result<Self, ClusterError> {
        let places = Places::from_environment();
        let directory = places.kept().map_err(cannot("create a cache in", &places.cache))?;
        let all = entries(&directory);
        let bytes = all.iter().map(|it| size(&it.path)).sum();
        Ok(Self { servers: all.len(), bytes, limit: limit()?, directory })
    }

    /// Removes all of them, and says what there was. Servers that run have copies of their own.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub(crate) fn clear() -> Result<Self, ClusterError> {
        let found = Self::find()?;
        for entry in entries(&found.directory) {
            remove(&entry.path).map_err(cannot("remove", &entry.path))?;
        }
        Ok(found)
    }
}

impl Kept {
    /// The one of a key, whether it is there or not. `key` must name everything that it was made from but PostgreSQL and the locale.
    pub fn of(binaries: &Binaries, locale: &Locale, key: &Digest) -> Result<Self, ClusterError> {
        let places = Places::from_environment();
        let account = Account::choose(&places, &places.current)?;
        let own = template::key(binaries, locale, &account)?;
        let kept = places.kept();
        let kept = kept.map_err(cannot("create a cache in", &places.cache))?;
        let directory = kept.join(format!("{own}-{}", &key.as_str()[..32]));
        Ok(Self { directory, owner: account.uid(), places })
    }

    /// Whether it is there. What somebody else put there is not.
    #[must_use]
    pub fn exists(&self) -> bool {
        let parent = self.directory.parent();
        self.places.is_intact(&self.directory, self.owner)
            && parent.is_some_and(|parent| self.places.demand_own(parent).is_ok())
    }

    /// The directory of its data.
    pub(super) fn data(&self) -> PathBuf {
        // what is used stays
        let opened = fs::File::open(&self.directory);
        opened.and_then(|it| it.set_modified(SystemTime::now())).ok();
        self.directory.join("data")
    }

    /// What was noted with it.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        fs::read_to_string(self.directory.join(NOTE)).ok()
    }

    /// What was found out about it and noted under a name.
    #[must_use]
    pub fn finding(&self, name: &Digest) -> Option<String> {
        self.exists().then_some(())?;
        let found = fs::read_to_string(self.directory.join(finding(name))).ok()?;
        // what is used stays
        self.data();
        Some(found)
    }

    /// Notes what was found out about it, if it is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_finding(&self, name: &Digest, text: &str) -> Result<(), ClusterError> {
        if !self.exists() {
            return Ok(());
        }
        let path = self.directory.join(finding(name));
        let written = tempfile::NamedTempFile::new_in(&self.directory).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.persist(&path).map_err(|error| error.error)
        });
        written.map(drop).map_err(cannot("write", &path))
    }

    /// Keeps a copy of the data directory of a server that has written all to its files and is at rest.
    pub fn keep(&self, server: &Path, note: &str) -> Result<(), ClusterError> {
        if limit()? == 0 {
            return Ok(());
        }
        let account = Account::choose(&self.places, &self.places.current)?;
        let kept = self.directory.parent().unwrap_or(&self.directory);
        let settled = self.places.settle(kept, 0o755);
        settled.map_err(cannot("use the cache", kept))?;
        let building = template::temporary(kept, BUILDING)?;
        let data = building.path().join("data");
        template::copy(server, &data)?;
        for file in ["postmaster.pid", "postmaster.opts"] {
            fs::remove_file(data.join(file)).ok();
        }
        let noted = building.path().join(NOTE);
        fs::write(&noted, note).map_err(cannot("write", &noted))?;
        give_all(&account, building.path())?;
        template::publish(building, &self.directory)?;
        forget(kept);
        Ok(())
    }
}

/// What the name of one that is being made begins with.
const BUILDING: &str = "building-";

/// The file with the note.
const NOTE: &str = "note.json";

/// The file with a finding.
fn finding(name: &Digest) -> String {
    format!("finding-{}.json", &name.as_str()[..32])
}

fn give_all(account: &Account, path: &Path) -> Result<(), ClusterError> {
    account.give(path)?;
    for entry in fs::read_dir(path).map_err(cannot("read", path))?.flatten() {
        let inner = entry.path();
        match entry.file_type() {
            Ok(of) if of.is_dir() => give_all(account, &inner)?,
            _ => account.give(&inner)?,
        }
    }
    Ok(())
}

/// A kept server, or what is on the way to be one.
struct Entry {
    used: SystemTime,
    path: PathBuf,
}

/// What is in a directory of kept servers, the one that was used last first.
fn entries(kept: &Path) -> Vec<Entry> {
    let found = fs::read_dir(kept).into_iter().flatten().flatten();
    let entry = |it: fs::DirEntry| {
        Some(Entry { used: it.metadata().ok()?.modified().ok()?, path: it.path() })
    };
    let mut all: Vec<Entry> = found.filter_map(entry).collect();
    all.sort_by(|one, other| (other.used, &other.path).cmp(&(one.used, &one.path)));
    all
}

/// Removes what is too much, and what was left of builds.
fn forget(kept: &Path) {
    let mut left = limit().unwrap_or(LIMIT);
    for Entry { used, path } in entries(kept) {
        let is_build = path
            .file_name()
            .is_some_and(|it| it.as_encoded_bytes().starts_with(BUILDING.as_bytes()));
        let is_old = || used.elapsed().is_ok_and(|it| it > ABANDONED);
        let goes = match is_build {
            true => is_old(),
            false => {
                let taken = size(&path);
                let goes = taken > left;
                left = left.saturating_sub(taken);
                goes
            }
        };
        if goes {
            remove(&path).ok();
        }
    }
}

/// How many bytes may be kept.
///
/// # Errors
/// When the variable is set to something else than a number.
pub(crate) fn limit() -> Result<u64, ClusterError> {
    let Ok(set) = std::env::var(LIMIT_VARIABLE) else {
        return Ok(LIMIT);
    };
    set.trim().parse().map_err(|_| ClusterError::CacheBytes { found: set })
}

/// How many bytes the files of a directory take.
fn size(path: &Path) -> u64 {
    let inner = fs::read_dir(path).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(it) if it.is_dir() => size(&entry.path()),
        Ok(it) => it.len(),
        Err(_) => 0,
    };
    inner.map(of).sum()
}

/// Takes a directory out of sight first, so that nobody begins with half of it.
fn remove(path: &Path) -> io::Result<()> {
    let hidden = path.with_file_name(format!("{BUILDING}removed-{}", std::process::id()));
    fs::rename(path, &hidden)?;
    fs::remove_dir_all(&hidden)
}
