//! Where things live: caches, short-lived directories, sockets. The one reader of the environment here.

use std::env;
use std::path::{Path, PathBuf};

use super::process::{self, User};

/// Where things live, resolved once from the environment.
///
/// As root the caches are the system's, because root's home is closed to the user that runs the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The user that this process acts as.
    pub uid: u32,
    /// The user who called sudo, where one did.
    pub sudo_uid: Option<u32>,
    /// The current directory: whose it is says who should run a server when we are root.
    pub current: PathBuf,
    /// Templates and installed programs; rebuilt when lost.
    pub cache: PathBuf,
    /// Durable data of projects that the server's user cannot enter.
    pub state: PathBuf,
    /// `$XDG_RUNTIME_DIR`.
    pub runtime: Option<PathBuf>,
    /// A file system in memory.
    pub memory: Option<PathBuf>,
    /// Temporary folders, the preferred one first.
    pub temporary: Vec<PathBuf>,
}

impl Places {
    /// Reads the environment.
    #[must_use]
    pub fn from_environment() -> Self {
        let uid = process::effective_uid();
        let temporary = usable_temporary();
        let preferred = temporary.first().cloned().unwrap_or_else(env::temp_dir);
        let (cache, state) = if uid == 0 {
            (PathBuf::from("/var/cache/glowplug"), PathBuf::from("/var/lib/glowplug"))
        } else {
            let home = absolute("HOME").or_else(|| process::user_by_id(uid).map(|user| user.home));
            let at_home = |variable, folder: &str| {
                let base =
                    absolute(variable).or_else(|| home.as_ref().map(|home| home.join(folder)));
                base.map_or_else(
                    || preferred.join(format!("glowplug-{uid}")),
                    |base| base.join("glowplug"),
                )
            };
            (at_home("XDG_CACHE_HOME", ".cache"), at_home("XDG_STATE_HOME", ".local/state"))
        };
        Self {
            uid,
            sudo_uid: env::var("SUDO_UID").ok().and_then(|id| id.parse().ok()),
            current: env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            cache,
            state,
            runtime: absolute("XDG_RUNTIME_DIR"),
            memory: Some(PathBuf::from("/dev/shm")).filter(|memory| memory.is_dir()),
            temporary,
        }
    }

    /// Where `db install` puts PostgreSQL, one directory per major: a place for [`Search::cache`](super::Search).
    #[must_use]
    pub fn engines(&self) -> PathBuf {
        self.cache.join("postgres")
    }

    /// Where installed programs are looked for: programs that somebody else may have put there are not run.
    #[must_use]
    pub fn searched(&self) -> Vec<PathBuf> {
        let stand_ins = self.stand_ins().map(|dir| dir.join("postgres"));
        let all = std::iter::once(self.engines()).chain(stand_ins);
        all.filter(|dir| self.demand_own(dir).is_ok()).collect()
    }

    /// Where disposable servers are kept that took long to make.
    pub(super) fn kept(&self) -> std::io::Result<PathBuf> {
        match absolute("GLOWPLUG_REPLAYED_DIR") {
            Some(named) => Ok(named),
            None => Ok(self.usable_cache()?.dir.join("replayed")),
        }
    }

    /// What of the environment cannot be used, and what is used instead: a sentence for each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let wanted = env::temp_dir();
        let used = self.temporary.first().filter(|used| **used != wanted);
        let temporary = used.map(|used| {
            format!(
                "{} cannot be used as a temporary directory (TMPDIR); {} is used instead",
                wanted.display(),
                used.display()
            )
        });
        let cache = self.usable_cache().ok().and_then(|cache| cache.note);
        temporary.into_iter().chain(cache).collect()
    }

    /// Whom to run the server as when we are root: the first of these that has a name here.
    ///
    /// `initdb` looks its own user up, so an id without a name will not do.
    pub(super) fn candidates(&self, owner: Option<u32>) -> Option<User> {
        [self.sudo_uid, owner]
            .into_iter()
            .flatten()
            .filter(|uid| *uid != 0)
            .find_map(process::user_by_id)
            .or_else(|| ["postgres", "nobody"].into_iter().find_map(process::user_by_name))
            .filter(|user| user.uid != 0)
    }
}

/// The temporary folders in which something can be made, the preferred one first.
fn usable_temporary() -> Vec<PathBuf> {
    let mut all = vec![env::temp_dir()];
    for usual in ["/tmp", "/var/tmp"].map(PathBuf::from) {
        if !all.contains(&usual) {
            all.push(usual);
        }
    }
    all.retain(|place| place.is_absolute() && tempfile::tempfile_in(place).is_ok());
    all
}

/// A file without a name, in the first temporary folder that takes one.
pub(super) fn temporary_file() -> std::io::Result<std::fs::File> {
    tempfile::tempfile().or_else(|error| {
        let place = usable_temporary().into_iter().next();
        place.map_or(Err(error), tempfile::tempfile_in)
    })
}

/// A file with a name, which is removed with the value.
pub(super) fn named_temporary_file() -> std::io::Result<tempfile::NamedTempFile> {
    tempfile::NamedTempFile::new().or_else(|error| {
        let place = usable_temporary().into_iter().next();
        place.map_or(Err(error), tempfile::NamedTempFile::new_in)
    })
}

/// An environment variable that holds an absolute path. The XDG rules say to ignore any other.
fn absolute(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| Path::is_absolute(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_user_keeps_caches_at_home_and_root_in_var() {
        let places = Places::from_environment();
        assert_eq!(places.cache.starts_with("/var"), places.uid == 0);
        assert!(places.engines().starts_with(&places.cache));
    }

    #[test]
    fn an_owner_without_a_name_is_passed_over() {
        let places = Places { sudo_uid: Some(0), ..Places::from_environment() };
        let stranger = places.candidates(Some(4_000_000_123));
        assert_eq!(stranger, places.candidates(None));
        assert!(stranger.is_none_or(|user| user.uid != 0), "never root");
    }
}
