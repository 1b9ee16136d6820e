//! Disposable servers: for the shadow and for tests.
//!
//! Everything of one, socket and log included, is in one private directory, in memory where there is room.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::account::Account;
use super::binaries::Binaries;
use super::error::ClusterError;
use super::kept::Kept;
use super::lock::{self};
use super::places::Places;
use super::process::{self, Signal};
use super::server::{self, Setting};
use super::supervisor::{self, Job, OWNER, PREFIX, ScratchJob};
use super::{PORT, SUPERUSER, socket_url, template};
use crate::migration::environment::Locale;
use crate::words::url::Url;

/// The least free memory file system that is used, in bytes.
const ROOM: u64 = 256 << 20;

/// The longest socket path that every system accepts, with room to spare: macOS stops at 103, Linux at 107.
pub(super) const SOCKET_PATH: usize = 89;

/// How long the supervisor may take to clean up.
const GOODBYE: Duration = Duration::from_secs(30);

/// Nothing here outlives the process, so nothing waits for a disk, and nothing runs that a replay does not need.
///
/// Dynamic shared memory is in files of the data directory: then it goes with them, even after SIGKILL.
const FAST: [(&str, &str); 15] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("shared_buffers", "128MB"),
    ("autovacuum", "off"),
    ("max_connections", "40"),
    ("max_locks_per_transaction", "256"),
    ("jit", "off"),
    ("dynamic_shared_memory_type", "mmap"),
    ("max_worker_processes", "0"),
    ("max_logical_replication_workers", "0"),
    ("log_checkpoints", "off"),
    ("listen_addresses", ""),
];

/// How a disposable server is made.
#[derive(Debug, Clone)]
pub struct ScratchOptions {
    /// The program that becomes the supervisor: `glowplug` itself.
    pub supervisor: PathBuf,
    /// Further settings, as `-c name=value`; they win over those chosen here.
    pub settings: Vec<(String, String)>,
    /// How `template1` encodes and sorts. Not every machine has every locale.
    pub locale: Locale,
    /// What was kept of another one: the server begins with that. See [`Kept`].
    pub kept: Option<Kept>,
}

impl ScratchOptions {
    /// The usual server, supervised by `supervisor`.
    #[must_use]
    pub fn new(supervisor: PathBuf) -> Self {
        Self { supervisor, settings: Vec::new(), locale: Locale::default(), kept: None }
    }
}

/// A disposable server, which ends with this value or with this process, whichever ends first.
#[derive(Debug)]
#[must_use = "the server ends with this value"]
pub struct Scratch {
    supervisor: Option<Child>,
    directory: PathBuf,
    data: PathBuf,
    port: u16,
    pid: u32,
}

impl Scratch {
    /// The only database that is there at first: connect to it to create others.
    ///
    /// `CREATE DATABASE` copies it, and cannot while a second session is connected to it.
    pub const MAINTENANCE: &str = "template1";

    /// Starts a server and waits until it accepts connections.
    ///
    /// The first one of each version and locale takes an `initdb`; later ones are ready in about 0.1 s.
    pub fn start(binaries: &Binaries, options: &ScratchOptions) -> Result<Self, ClusterError> {
        Self::start_in(&Places::from_environment(), binaries, options)
    }

    /// [`start`](Self::start), with other places.
    pub fn start_in(
        places: &Places,
        binaries: &Binaries,
        options: &ScratchOptions,
    ) -> Result<Self, ClusterError> {
        let account = Account::choose(places, &places.current)?;
        account.require(&binaries.postgres())?;
        account.require(&binaries.initdb())?;
        let template = match &options.kept {
            Some(kept) => kept.data(),
            None => template::ensure(binaries, &options.locale, &account, places)?,
        };
        sweep(places, &account);
        let port = port(&options.settings);
        let base = base(places, &account, port)?;
        let settings = settings(binaries.major(), &options.settings);
        let postgres = binaries.postgres();
        let job = Job::Scratch(ScratchJob { account, postgres, template, base, settings });
        let (child, ready) = supervisor::spawn(&options.supervisor, &job)?;
        let (directory, data) = (ready.directory.clone(), ready.directory.join("data"));
        Ok(Self { supervisor: Some(child), directory, data, port, pid: ready.pid })
    }

    /// The address of a database here, as the superuser `postgres`.
    #[must_use]
    pub fn url(&self, database: &str) -> Url {
        socket_url(&self.directory, self.port, SUPERUSER, database)
    }

    /// The directory of the Unix socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.directory
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The port, which is part of the socket's name.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the server.
    #[must_use]
    pub fn postmaster_pid(&self) -> u32 {
        self.pid
    }

    /// The process id of the supervisor.
    #[must_use]
    pub fn supervisor_pid(&self) -> Option<u32> {
        self.supervisor.as_ref().map(Child::id)
    }

    /// The server's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Ends the server and removes all of it.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(mut supervisor) = self.supervisor.take() else {
            return;
        };
        drop(supervisor.stdin.take());
        let end = Instant::now() + GOODBYE;
        while Instant::now() < end {
            if !matches!(supervisor.try_wait(), Ok(None)) {
                break;
            }
            thread::sleep(Duration::from_millis(2));
        }
        // Usually all is gone by now. A supervisor that hangs or was killed leaves its work to us.
        if matches!(supervisor.try_wait(), Ok(None)) {
            supervisor.kill().ok();
            supervisor.wait().ok();
        }
        if self.directory.exists() {
            take_down(&self.directory);
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.end();
    }
}

fn settings(major: u32, wanted: &[Setting]) -> Vec<Setting> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut settings: Vec<Setting> = FAST.iter().map(own).collect();
    if major >= 18 {
        settings.push(own(&("io_method", "sync")));
    }
    settings.push(("port".to_owned(), PORT.to_string()));
    settings.extend(wanted.iter().cloned());
    settings
}

fn port(settings: &[Setting]) -> u16 {
    let last = settings.iter().rev().find(|(name, _)| name == "port");
    last.and_then(|(_, value)| value.parse().ok()).unwrap_or(PORT)
}

/// Where the server's directory goes: in memory if there is room, else in the first temporary folder that will do.
fn base(places: &Places, account: &Account, port: u16) -> Result<PathBuf, ClusterError> {
    let roomy = |place: &&PathBuf| process::free_bytes(place).is_some_and(|free| free >= ROOM);
    let socket = |place: &Path| place.join(format!("{PREFIX}XXXXXX/.s.PGSQL.{port}"));
    let mut too_long = None;
    let candidates = places.memory.iter().filter(roomy).chain(&places.temporary);
    for place in candidates.filter(|place| usable(account, place)) {
        let path = socket(place);
        if path.as_os_str().len() <= SOCKET_PATH {
            return Ok(place.clone());
        }
        too_long.get_or_insert(path);
    }
    Err(match too_long {
        Some(path) => ClusterError::SocketPathTooLong { path, limit: SOCKET_PATH },
        None => {
            let path = places.temporary.first().cloned().unwrap_or_default();
            ClusterError::Unreachable { user: account.name(), blocked: path.clone(), path }
        }
    })
}

/// The supervisor of another user removes its directory as that user, so that user has to be able to write here.
fn usable(account: &Account, place: &Path) -> bool {
    let Ok(found) = fs::metadata(place) else {
        return false;
    };
    found.is_dir()
        && match account {
            Account::Own { .. } => true,
            Account::Other(user) => {
                account.blocked(place).is_none()
                    && (found.mode() & 0o002 != 0 || found.uid() == user.uid)
            }
        }
}

/// Removes what killed supervisors have left. Errors are nobody's concern here: another start will try again.
fn sweep(places: &Places, account: &Account) {
    for place in places.memory.iter().chain(&places.temporary) {
        for entry in fs::read_dir(place).into_iter().flatten().flatten() {
            let ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())
                && entry.metadata().is_ok_and(|found| {
                    found.is_dir() && [account.uid(), places.uid].contains(&found.uid())
                });
            if ours {
                sweep_one(&entry.path());
            }
        }
    }
}

fn sweep_one(directory: &Path) {
    let owner = directory.join(OWNER);
    if owner.symlink_metadata().is_ok() {
        if let Ok(_owner) = lock::exclusive(&owner, Duration::ZERO) {
            take_down(directory);
        }
    } else if is_old(directory) {
        // Killed before it had made the lock, or after it had removed it: then there is nothing running in it.
        fs::remove_dir_all(directory).ok();
    }
}

fn is_old(directory: &Path) -> bool {
    let changed = directory.symlink_metadata().and_then(|found| found.modified());
    let age = changed.ok().and_then(|changed| SystemTime::now().duration_since(changed).ok());
    age.is_some_and(|age| age > Duration::from_secs(60))
}

fn take_down(directory: &Path) {
    server::end_running(&directory.join("data"), Signal::Quit, Duration::from_secs(5));
    fs::remove_dir_all(directory).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> Setting {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_callers_settings_come_last() {
        let wanted = [pair("autovacuum", "on"), pair("port", "6000")];
        let settings = settings(15, &wanted);
        assert_eq!(settings[settings.len() - 2..], wanted);
        assert_eq!(port(&settings), 6000);
        assert_eq!(port(&[]), PORT);
    }

    #[test]
    fn only_version_18_knows_io_method() {
        let has = |major| settings(major, &[]).contains(&pair("io_method", "sync"));
        assert!(has(18) && !has(17));
    }

    #[test]
    fn a_temporary_folder_with_a_long_name_is_passed_over() {
        let root = tempfile::tempdir_in("/tmp").expect("a temporary directory");
        let long = root.path().join("x".repeat(90));
        fs::create_dir(&long).expect("made");
        let account = Account::Own { uid: process::effective_uid() };
        let short = root.path().to_owned();
        let mut places = Places::from_environment();
        places.memory = None;
        places.temporary = vec![long.clone(), short.clone()];
        assert_eq!(base(&places, &account, PORT).expect("one is short"), short);
        places.temporary = vec![long];
        let error = base(&places, &account, PORT).expect_err("none is short");
        assert!(matches!(error, ClusterError::SocketPathTooLong { .. }), "{error}");
    }

    #[test]
    fn a_sweep_takes_only_directories_without_an_owner() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let make = |name: &str| {
            let path = root.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&path).expect("made");
            path
        };
        let (left, owned, new) = (make("left"), make("owned"), make("new"));
        fs::write(left.join(OWNER), "").expect("written");
        let owner = lock::exclusive(&owned.join(OWNER), Duration::ZERO).expect("nobody has it");
        for path in [&left, &owned, &new] {
            sweep_one(path);
        }
        assert!(!left.exists() && owned.exists() && new.exists());
        drop(owner);
    }
}
