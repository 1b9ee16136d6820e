//! Who runs the server. PostgreSQL refuses root, so root has to become somebody.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::error::{ClusterError, cannot};
use super::places::Places;
use super::process::{self, User};

/// Who runs the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Account {
    /// We ourselves.
    Own {
        /// Our user id.
        uid: u32,
    },
    /// Somebody whom we, as root, become.
    Other(User),
}

impl Account {
    /// Chooses who runs the server of the project in `directory`.
    ///
    /// As root, in this order: who called sudo, the owner of the directory, `postgres`, `nobody`.
    pub(crate) fn choose(places: &Places, directory: &Path) -> Result<Self, ClusterError> {
        if places.uid != 0 {
            return Ok(Self::Own { uid: places.uid });
        }
        let owner = fs::metadata(directory).ok().map(|metadata| metadata.uid());
        places.candidates(owner).map(Self::Other).ok_or(ClusterError::NoAccount)
    }

    /// The user id of the server.
    #[must_use]
    pub(crate) fn uid(&self) -> u32 {
        match self {
            Self::Own { uid } => *uid,
            Self::Other(user) => user.uid,
        }
    }

    /// The user's name, or its number where it has none.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Own { uid } => {
                process::user_by_id(*uid).map_or_else(|| uid.to_string(), |user| user.name)
            }
            Self::Other(user) => user.name.clone(),
        }
    }

    /// Has `command` run as this user. Supplementary groups are given up as well (std does that).
    pub(super) fn apply(&self, command: &mut Command) {
        if let Self::Other(user) = self {
            command.gid(user.gid).uid(user.uid);
        }
    }

    /// Makes this process the user, for good.
    pub(super) fn become_for_good(&self) -> io::Result<()> {
        match self {
            Self::Own { .. } => Ok(()),
            Self::Other(user) => process::become_user(user),
        }
    }

    /// Makes the user the owner of a file or directory that we have just made. A link that has taken its place is not followed.
    pub(super) fn give(&self, path: &Path) -> Result<(), ClusterError> {
        let Self::Other(user) = self else {
            return Ok(());
        };
        lchown(path, Some(user.uid), Some(user.gid)).map_err(cannot("change the owner of", path))
    }

    /// Fails when the user cannot read `path` (and enter it, if it is a directory).
    ///
    /// Access control lists are not looked at: they only ever matter on the strict side here.
    pub(super) fn require(&self, path: &Path) -> Result<(), ClusterError> {
        match self.blocked(path) {
            None => Ok(()),
            Some(blocked) => {
                Err(ClusterError::Unreachable { user: self.name(), path: path.to_owned(), blocked })
            }
        }
    }

    /// The first thing on the way to `path`, itself included, that is closed to the user.
    pub(super) fn blocked(&self, path: &Path) -> Option<PathBuf> {
        let Self::Other(user) = self else { return None };
        let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut steps: Vec<&Path> = whole.ancestors().collect();
        steps.reverse();
        steps
            .into_iter()
            .find(|step| {
                fs::metadata(step).is_ok_and(|metadata| {
                    let owner = (metadata.uid(), metadata.gid());
                    !may_enter(metadata.mode(), owner, (user.uid, user.gid))
                })
            })
            .map(Path::to_owned)
    }

    /// Makes a directory that only the user can enter, or takes one over that is exactly that already.
    ///
    /// The name may be predictable and the place open to all, so anything else there is refused.
    pub(super) fn private_directory(&self, path: &Path) -> Result<(), ClusterError> {
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => return self.give(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot("create the directory", path)(error)),
        }
        let found = fs::symlink_metadata(path).map_err(cannot("inspect", path))?;
        if found.is_dir() && found.mode().trailing_zeros() >= 6 {
            if found.uid() == self.uid() {
                return Ok(());
            }
            if found.uid() == process::effective_uid() {
                return self.give(path);
            }
        }
        Err(ClusterError::ForeignDirectory { path: path.to_owned(), user: self.name() })
    }

    /// Makes a directory, and those above it, that everybody may enter and only we may change.
    pub(super) fn open_directory(&self, path: &Path) -> Result<(), ClusterError> {
        let missing: Vec<&Path> = path.ancestors().take_while(|step| !step.exists()).collect();
        for step in missing.into_iter().rev() {
            match fs::create_dir(step) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made.map_err(cannot("create the directory", step))?,
            }
            // Root may have a strict umask, and the server's user has to get through.
            if matches!(self, Self::Other(_)) {
                fs::set_permissions(step, fs::Permissions::from_mode(0o755))
                    .map_err(cannot("open the directory", step))?;
            }
        }
        Ok(())
    }
}

/// What the kernel checks on a path: execute, and read as well for what is not only passed through.
fn may_enter(mode: u32, owner: (u32, u32), user: (u32, u32)) -> bool {
    let shift = match () {
        () if owner.0 == user.0 => 6,
        () if owner.1 == user.1 => 3,
        () => 0,
    };
    (mode >> shift) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_class_that_matches_decides() {
        let (owner, group, other) = ((7, 8), (1, 8), (1, 1));
        for (mode, of_owner, of_group, of_other) in
            [(0o700, true, false, false), (0o750, true, true, false), (0o605, false, false, true)]
        {
            assert_eq!(may_enter(mode, (7, 8), owner), of_owner, "{mode:o} owner");
            assert_eq!(may_enter(mode, (7, 8), group), of_group, "{mode:o} group");
            assert_eq!(may_enter(mode, (7, 8), other), of_other, "{mode:o} other");
        }
    }

    #[test]
    fn a_private_directory_is_taken_over_only_while_it_is_private() {
        let own = Account::Own { uid: process::effective_uid() };
        let parent = tempfile::tempdir().expect("a temporary directory");
        let path = parent.path().join("private");
        own.private_directory(&path).expect("made");
        own.private_directory(&path).expect("taken over");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let opened = own.private_directory(&path);
        assert!(matches!(opened, Err(ClusterError::ForeignDirectory { .. })), "{opened:?}");
    }

    #[test]
    fn a_symbolic_link_is_not_a_private_directory() {
        let own = Account::Own { uid: process::effective_uid() };
        let parent = tempfile::tempdir().expect("a temporary directory");
        let (target, link) = (parent.path().join("target"), parent.path().join("link"));
        own.private_directory(&target).expect("made");
        std::os::unix::fs::symlink(&target, &link).expect("linked");
        assert!(own.private_directory(&link).is_err());
    }
}
