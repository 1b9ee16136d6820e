//! The migrations directory on disk, read once into memory.
//!
//! Layout and version rule are Diesel's (`<version>_<name>/{up,down}.sql`), with one difference in temper: where
//! Diesel guesses, this module refuses.

use std::{
    fs, io,
    num::NonZero,
    path::{Path, PathBuf},
};

use crate::{
    migration::{
        source::{Checks, Migration, Migrations, Script},
        version::{NoVersion, Version},
    },
    project::{ProjectError, metadata::metadata, regular::read_text},
};

/// Reads every migration below `dir`.
///
/// `shown` is how the directory is called in messages, such as `migrations`. Plain files and names that start with a
/// dot are left alone, as Diesel does; symbolic links to directories are followed.
///
/// # Errors
/// When a directory is not a migration, a file cannot be read or is not UTF-8, or two have one version.
pub fn migrations(dir: &Path, shown: &str) -> Result<Migrations, ProjectError> {
    if !dir.is_dir() {
        return Err(ProjectError::NoMigrations { place: dir.to_owned() });
    }
    let mut places = Vec::new();
    // a walk would also list each of them, and throw the list away
    for entry in fs::read_dir(dir).map_err(ProjectError::io("read", shown))? {
        let entry = entry.map_err(ProjectError::io("read", shown))?;
        if entry.file_name().as_encoded_bytes().first() == Some(&b'.') {
            continue;
        }
        let is_file = entry.file_type().and_then(|found| match found.is_symlink() {
            true => leads_to_file(&entry.path(), dir),
            false => Ok(found.is_file()),
        });
        let place = Path::new(shown).join(entry.file_name());
        if !is_file.map_err(ProjectError::io("read", place))? {
            places.push(entry.path());
        }
    }
    places.sort();
    let migrations = Migrations::new(read_all(&places, shown)?)?;
    match migrations.iter().any(|it| !it.links.replaces.is_empty()) {
        true => Ok(migrations.with_squashed(squashed(dir, shown)?)),
        false => Ok(migrations),
    }
}

/// Where the directories of squashed migrations are kept. The dot keeps them out of Diesel's sight.
pub(crate) const SQUASHED: &str = ".squashed";

/// Reads the migrations that were squashed, as far as they were kept.
fn squashed(dir: &Path, shown: &str) -> Result<Vec<Migration>, ProjectError> {
    let (dir, shown) = (dir.join(SQUASHED), format!("{shown}/{SQUASHED}"));
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&dir).map_err(ProjectError::io("read", &shown))?;
    let is_hidden = |it: &fs::DirEntry| it.file_name().as_encoded_bytes().first() == Some(&b'.');
    let shown_ones = entries.flatten().filter(|it| !is_hidden(it));
    let places = shown_ones.map(|it| it.path()).filter(|it| it.is_dir());
    let mut places: Vec<PathBuf> = places.collect();
    places.sort();
    read_all(&places, &shown)
}

/// Whether a link leads to a file.
fn leads_to_file(link: &Path, dir: &Path) -> io::Result<bool> {
    let target = fs::canonicalize(link)?;
    if fs::canonicalize(dir)?.starts_with(&target) {
        return Err(io::Error::other("the link leads to a directory above it"));
    }
    Ok(fs::metadata(&target)?.is_file())
}

/// Reads many directories, on as many threads as the machine has: it is mostly waiting for the system.
fn read_all(places: &[PathBuf], shown: &str) -> Result<Vec<Migration>, ProjectError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = places.len().div_ceil(threads).max(FEW);
    let read = |places: &[PathBuf]| -> Result<Vec<Migration>, ProjectError> {
        places.iter().map(|place| migration(place, shown)).collect()
    };
    if places.len() <= FEW {
        return read(places);
    }
    std::thread::scope(|scope| {
        let shares = places.chunks(share).map(|share| scope.spawn(move || read(share)));
        // all are started before the first is waited for; of several errors the first in order counts
        let running: Vec<_> = shares.collect();
        let mut list = Vec::with_capacity(places.len());
        for share in running {
            list.extend(share.join().expect("reading files does not panic")?);
        }
        Ok(list)
    })
}

/// So many directories are not worth a thread.
const FEW: usize = 100;

fn migration(path: &Path, shown: &str) -> Result<Migration, ProjectError> {
    let place = Path::new(shown).join(path.file_name().unwrap_or_default());
    let not_one = |what: &str, advice| ProjectError::NotAMigration {
        path: place.clone(),
        what: what.to_owned(),
        advice,
    };
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Err(not_one("its name is not UTF-8", "Rename the directory."));
    };
    let version = Version::of_directory(name).map_err(|error| match error {
        NoVersion::TooLong(length) => ProjectError::VersionTooLong { path: place.clone(), length },
        NoVersion::Empty => not_one(
            "its name has no version",
            "Name it <version>_<what it does>, as `glowplug revision` does.",
        ),
    })?;
    let script = |file: &str| -> Result<Option<Script>, ProjectError> {
        let text = read_text(&path.join(file), &place.join(file))?;
        Ok(text.map(|text| Script::new(format!("{shown}/{name}/{file}"), text)))
    };
    let Some(up) = script("up.sql")? else {
        return Err(not_one(
            "it has no up.sql",
            "Write it, or move the directory away: everything here that is not hidden is a migration.",
        ));
    };
    let checks = Checks { pre: script("pre.sql")?, post: script("post.sql")? };
    let said = metadata(&path.join("metadata.toml"), &place.join("metadata.toml"))?;
    Ok(Migration {
        version,
        name: name.to_owned(),
        up,
        down: script("down.sql")?,
        metadata: said.metadata,
        links: said.links,
        backfill: said.backfill,
        checks,
    })
}
