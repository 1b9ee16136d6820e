//! One `postgres` process and the file in which it says how it is.
//!
//! The server is ready when its `postmaster.pid` says so, which is what `pg_ctl --wait` goes by.
//! Source: <https://github.com/postgres/postgres/blob/master/src/include/utils/pidfile.h>

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::account::Account;
use super::error::{ClusterError, cannot};
use super::process::{self, Signal};
use super::program;

/// A setting of the server, as `-c name=value`.
pub(super) type Setting = (String, String);

/// A server that we are the parent of.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    data: PathBuf,
    log: PathBuf,
    log_start: u64,
}

impl Server {
    /// Starts `postgres` on a data directory, tied to the calling thread.
    ///
    /// The caller is the server's user already: nobody is changed into here.
    pub(super) fn start(
        postgres: &Path,
        data: &Path,
        log: &Path,
        settings: &[Setting],
        when_orphaned: Signal,
    ) -> Result<Self, ClusterError> {
        let output = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(log)
            .map_err(cannot("open the log", log))?;
        let log_start = output.metadata().map_err(cannot("inspect", log))?.len();
        let own = Account::Own { uid: process::effective_uid() };
        let mut command = program::command(postgres, &own);
        command.arg("-D").arg(data);
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let copy = output.try_clone().map_err(cannot("open the log", log))?;
        command.stdin(Stdio::null()).stdout(copy).stderr(output);
        process::tie_to_parent(&mut command, when_orphaned);
        let child = command.spawn().map_err(cannot("run", postgres))?;
        Ok(Self { child, data: data.to_owned(), log: log.to_owned(), log_start })
    }

    /// Waits until the server accepts connections.
    pub(super) fn wait_until_ready(&mut self, deadline: Duration) -> Result<(), ClusterError> {
        let end = Instant::now() + deadline;
        let mut pause = Duration::from_millis(1);
        loop {
            if PidFile::read(&self.data).is_some_and(|file| file.ready && file.pid == self.pid()) {
                return Ok(());
            }
            if let Some(status) = self.ended()? {
                return Err(self.failed(format!("ended with {status} before it was ready")));
            }
            if Instant::now() >= end {
                return Err(self.failed(format!("was not ready after {} s", deadline.as_secs())));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>, ClusterError> {
        self.child.try_wait().map_err(cannot("wait for the server of", &self.data))
    }

    /// Ends the server by the politest means that works.
    ///
    /// `patience` is what SIGINT gets; after that SIGQUIT, and only then SIGKILL, which leaks shared memory.
    pub(super) fn stop(mut self, first: Signal, patience: Duration) -> Result<(), ClusterError> {
        for (signal, patience) in
            [(first, patience), (Signal::Quit, Duration::from_secs(10)), (Signal::Kill, patience)]
        {
            if self.ended()?.is_some() {
                return Ok(());
            }
            process::send(self.pid(), signal);
            let end = Instant::now() + patience;
            while Instant::now() < end {
                if self.ended()?.is_some() {
                    return Ok(());
                }
                thread::sleep(Duration::from_millis(2));
            }
        }
        Err(self.failed("does not end".to_owned()))
    }

    fn failed(&self, why: String) -> ClusterError {
        let output = program::tail(&self.log, self.log_start);
        ClusterError::Server { why, output, log: Some(self.log.clone()) }
    }
}

/// What a server writes into its data directory about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: u32,
    pub(super) since: SystemTime,
    pub(super) port: u16,
    pub(super) socket_dir: PathBuf,
    pub(super) ready: bool,
}

impl PidFile {
    /// Reads `postmaster.pid`. None when there is none, or the server is still writing it.
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().collect();
        let seconds = lines.get(2)?.trim().parse().ok()?;
        Some(Self {
            pid: lines.first()?.trim().parse().ok()?,
            since: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
            port: lines.get(3)?.trim().parse().ok()?,
            socket_dir: lines.get(4)?.into(),
            ready: lines.get(7).is_some_and(|status| status.trim() == "ready"),
        })
    }
}

/// The server that really runs in a data directory, whoever started it.
///
/// A number in a file proves nothing: it may be of another process by now. A server works in its data directory.
pub(super) fn running_in(data: &Path) -> Option<PidFile> {
    PidFile::read(data).filter(|file| works_in(file.pid, data))
}

/// Ends the server that runs in a data directory although its supervisor is gone. True if there was one.
pub(super) fn end_running(data: &Path, signal: Signal, patience: Duration) -> bool {
    let Some(found) = running_in(data) else {
        return false;
    };
    for (signal, patience) in
        [(signal, patience), (Signal::Quit, Duration::from_secs(10)), (Signal::Kill, patience)]
    {
        process::send(found.pid, signal);
        let end = Instant::now() + patience;
        while Instant::now() < end {
            if !works_in(found.pid, data) {
                return true;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
    true
}

/// Removes a `postmaster.pid` that a crash left, where nothing runs in the directory any more.
///
/// PostgreSQL would remove it too, unless the number has meanwhile gone to another process of the same user.
/// Where processes cannot be listed (macOS) that is left to PostgreSQL.
pub(super) fn forget_crash(data: &Path) -> Result<(), ClusterError> {
    let path = data.join("postmaster.pid");
    let end = Instant::now() + Duration::from_secs(10);
    // The children of a killed server notice within moments; until then the data is still theirs.
    while path.exists() {
        match anybody_works_in(data) {
            None => return Ok(()),
            Some(true) if Instant::now() < end => thread::sleep(Duration::from_millis(5)),
            Some(true) => return Ok(()),
            Some(false) => return fs::remove_file(&path).map_err(cannot("remove", &path)),
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn works_in(pid: u32, data: &Path) -> bool {
    let Ok(data) = fs::canonicalize(data) else {
        return false;
    };
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|directory| directory == data)
}

#[cfg(not(target_os = "linux"))]
fn works_in(pid: u32, data: &Path) -> bool {
    let mut ps = std::process::Command::new("/bin/ps");
    ps.args(["-ww", "-o", "command=", "-p", &pid.to_string()]);
    let data = data.to_string_lossy();
    ps.output().is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains(&*data))
}

#[cfg(target_os = "linux")]
fn anybody_works_in(data: &Path) -> Option<bool> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    Some(pids.any(|pid| works_in(pid, data)))
}

#[cfg(not(target_os = "linux"))]
fn anybody_works_in(_data: &Path) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_is_read_at_every_stage_of_the_start() {
        let started = "4711\n/data\n1700000000\n5432\n/run/x\n";
        let file = PidFile::parse(started).expect("complete enough");
        assert_eq!((file.pid, file.port, file.ready), (4711, 5432, false));
        assert_eq!(file.socket_dir, Path::new("/run/x"));
        let ready = PidFile::parse(&format!("{started}\n 12 34\nready   \n")).expect("complete");
        assert!(ready.ready);
        assert_eq!(PidFile::parse("4711\n/data\n"), None);
        assert_eq!(PidFile::parse(""), None);
    }

    #[test]
    fn a_process_that_works_elsewhere_is_not_the_server() {
        let data = tempfile::tempdir().expect("a temporary directory");
        let file = format!("{}\n/data\n1700000000\n5432\n/run/x\n", std::process::id());
        fs::write(data.path().join("postmaster.pid"), file).expect("written");
        assert!(PidFile::read(data.path()).is_some());
        assert_eq!(running_in(data.path()), None);
        assert!(!end_running(data.path(), Signal::Kill, Duration::ZERO), "nothing to end");
    }
}
