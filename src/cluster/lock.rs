//! Advisory locks on files, with a deadline. The kernel releases them however their holder ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::error::{ClusterError, cannot};

/// How often a busy lock is tried again.
const PAUSE: Duration = Duration::from_millis(10);

/// A file that is locked until this value is dropped.
#[derive(Debug)]
#[must_use = "the lock ends with this value"]
pub(super) struct Locked(File);

impl Locked {
    /// True if the locked file is still the one with this identity, and not one that was removed.
    pub(super) fn is(&self, device: u64, inode: u64) -> bool {
        self.0.metadata().is_ok_and(|found| (found.dev(), found.ino()) == (device, inode))
    }
}

/// Opens a lock file and makes it when it is not there. A symbolic link is refused.
pub(super) fn open(path: &Path) -> Result<File, ClusterError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .map_err(cannot("open the lock file", path))
}

/// Waits until nobody else has the lock.
pub(super) fn exclusive(path: &Path, deadline: Duration) -> Result<Locked, ClusterError> {
    let file = open(path)?;
    let end = Instant::now() + deadline;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Locked(file)),
            Err(TryLockError::WouldBlock) if Instant::now() < end => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                return Err(ClusterError::Busy {
                    path: path.to_owned(),
                    seconds: deadline.as_secs(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(cannot("lock", path)(source)),
        }
    }
}

/// True while somebody holds the lock for themselves. Does not disturb another process that asks the same.
pub(super) fn is_held(path: &Path) -> bool {
    File::open(path)
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_until_its_value_is_dropped() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("lock");
        assert!(!is_held(&path), "a file that is not there is not locked");
        let held = exclusive(&path, Duration::ZERO).expect("nobody has it");
        assert!(is_held(&path));
        assert!(matches!(exclusive(&path, Duration::ZERO), Err(ClusterError::Busy { .. })));
        drop(held);
        assert!(!is_held(&path));
    }
}
