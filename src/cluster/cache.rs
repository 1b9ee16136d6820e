//! The cache that may be used: nobody else can change what is in it.
//!
//! What lies there becomes a server's data directory, whose settings name programs to run. So the usual place is used only where it
//! and everything above it belong to us or to root, and others cannot write there; else a private directory stands in.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::places::Places;

/// Where caches are kept in this environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// The directory; it is there.
    pub dir: PathBuf,
    /// Why it is not the usual one, for people.
    pub note: Option<String>,
}

impl Places {
    /// The cache, which is made where it is missing. `Err` names the usual place where nothing else would do.
    pub fn usable_cache(&self) -> io::Result<Cache> {
        let usual = match self.settle(&self.cache, 0o755) {
            Ok(()) => {
                return Ok(Cache { dir: self.cache.clone(), note: None });
            }
            Err(why) => why,
        };
        let found = self.stand_ins().find(|dir| self.stand_in(dir).is_ok());
        let Some(dir) = found else {
            return Err(usual);
        };
        let note = format!(
            "{} cannot be used as a cache ({usual}); {} is used instead",
            self.cache.display(),
            dir.display()
        );
        Ok(Cache { dir, note: Some(note) })
    }

    /// What is used where the usual place cannot be.
    pub(super) fn stand_ins(&self) -> impl Iterator<Item = PathBuf> {
        let places = self.temporary.iter();
        places.map(|place| place.join(format!("glowplug-{}", self.uid)))
    }

    /// Makes a directory of the cache, if it can be made, and looks whose it is.
    pub(super) fn settle(&self, dir: &Path, mode: u32) -> io::Result<()> {
        let missing: Vec<&Path> = dir.ancestors().take_while(|step| !step.exists()).collect();
        let there = dir.ancestors().nth(missing.len()).unwrap_or(dir);
        // nothing is made where others could move it away
        self.demand_own(there)?;
        for step in missing.into_iter().rev() {
            match fs::DirBuilder::new().mode(mode).create(step) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
            if self.uid == 0 {
                // root may have a strict umask, and the server's user has to get through
                set_mode(step, 0o755)?;
            }
        }
        self.demand_own(dir)
    }

    /// A directory right in a temporary folder, where the folder's sticky bit keeps it ours.
    fn stand_in(&self, dir: &Path) -> io::Result<()> {
        let mode = if self.uid == 0 { 0o755 } else { 0o700 };
        match fs::DirBuilder::new().mode(mode).create(dir) {
            Ok(()) if self.uid == 0 => set_mode(dir, mode)?,
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let found = fs::symlink_metadata(dir)?;
        if found.is_dir() && found.uid() == self.uid && found.mode() & 0o022 == 0 {
            Ok(())
        } else {
            Err(foreign(dir, "is not owned by this user alone"))
        }
    }

    /// Fails where somebody else can change a directory, or put another one in its place.
    pub(super) fn demand_own(&self, dir: &Path) -> io::Result<()> {
        let dir = fs::canonicalize(dir)?;
        // in a container root's directories may show as those of somebody without a name
        let above_all = fs::metadata("/")?.uid();
        for step in dir.ancestors() {
            let found = fs::metadata(step)?;
            let is_here = step == dir;
            if !found.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            let owners = [self.uid, 0, above_all];
            if !owners.contains(&found.uid()) || (is_here && self.uid == 0 && found.uid() != 0) {
                return Err(foreign(step, "belongs to somebody else"));
            }
            // others may add to a sticky directory, and not touch what is ours in it
            let is_sticky = !is_here && found.mode() & 0o1000 != 0;
            if found.mode() & 0o022 != 0 && !is_sticky {
                return Err(foreign(step, "can be written by others"));
            }
        }
        Ok(())
    }

    /// Whether a directory inside of the cache is what one of ours made: its owner's alone.
    pub(super) fn is_intact(&self, dir: &Path, owner: u32) -> bool {
        fs::symlink_metadata(dir).is_ok_and(|found| {
            found.is_dir() && [self.uid, owner].contains(&found.uid()) && found.mode() & 0o022 == 0
        })
    }
}

fn foreign(path: &Path, what: &str) -> io::Error {
    let text = format!("{} {what}", path.display());
    io::Error::new(io::ErrorKind::PermissionDenied, text)
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(root: &Path) -> Places {
        Places {
            cache: root.join("cache/glowplug"),
            temporary: vec![root.join("none"), root.to_owned()],
            ..Places::from_environment()
        }
    }

    #[test]
    fn a_cache_that_nobody_else_can_write_is_used() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let cache = places(root.path()).usable_cache().expect("a cache");
        assert_eq!(cache.dir, root.path().join("cache/glowplug"));
        assert_eq!(cache.note, None);
        assert!(cache.dir.is_dir());
    }

    #[test]
    fn a_cache_that_others_can_write_is_passed_over() {
        for open in ["cache", "cache/glowplug"] {
            let root = tempfile::tempdir().expect("a temporary directory");
            let places = places(root.path());
            fs::create_dir_all(&places.cache).expect("made");
            set_mode(&root.path().join(open), 0o775).expect("it is ours");
            let cache = places.usable_cache().expect("a cache");
            assert_eq!(cache.dir, root.path().join(format!("glowplug-{}", places.uid)));
            let note = cache.note.expect("it is said");
            assert!(note.contains("can be written by others"), "{note}");
        }
    }

    #[test]
    fn a_cache_that_cannot_be_made_is_passed_over_and_so_is_a_planted_stand_in() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let mut places = places(root.path());
        places.cache = PathBuf::from("/dev/null/none/glowplug");
        let elsewhere = root.path().join("elsewhere");
        fs::create_dir(&elsewhere).expect("made");
        let stand_in = root.path().join(format!("glowplug-{}", places.uid));
        std::os::unix::fs::symlink(&elsewhere, &stand_in).expect("linked");
        assert!(places.usable_cache().is_err(), "a link leads to anywhere");
        fs::remove_file(&stand_in).expect("removed");
        assert_eq!(places.usable_cache().expect("a cache").dir, stand_in);
    }
}
