//! The supervisor: the process beside every server that ends it in time.
//!
//! It is this program, started as `glowplug __pg-supervisor JOB`. The job is one argument in JSON, and the answer
//! one line of JSON on stdout; nobody types either.
//!
//! The supervisor of a disposable server ends when its stdin does, which the kernel closes however its owner ends.
//! The supervisor of a durable server ends when nobody has been connected for a while, or on SIGTERM.
//! Both are the parent of their server, from their main thread, so that the kernel ends the server with them.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::account::Account;
use super::client::{self, Watch};
use super::error::{ClusterError, cannot};
use super::lock::{self, Locked};
use super::places;
use super::process::{self, Signal};
use super::server::{Server, Setting};
use super::{SUPERVISOR_ARGUMENT, template};

/// How the name of a disposable server's directory starts.
pub(super) const PREFIX: &str = "glow-";

/// The lock that says that a disposable server's directory has an owner.
pub(super) const OWNER: &str = "owner.lock";

/// How long a server may take to accept connections.
const READY: Duration = Duration::from_secs(30);

/// How long the whole way to the answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// How long a durable server may take for its last checkpoint.
const CHECKPOINT: Duration = Duration::from_secs(60);

/// What a supervisor is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Job {
    Scratch(ScratchJob),
    Local(LocalJob),
}

/// A disposable server, in a new directory under `base`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ScratchJob {
    pub(super) account: Account,
    pub(super) postgres: PathBuf,
    pub(super) template: PathBuf,
    pub(super) base: PathBuf,
    pub(super) settings: Vec<Setting>,
}

/// A durable server, in a data directory that is there.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LocalJob {
    pub(super) account: Account,
    pub(super) postgres: PathBuf,
    pub(super) data: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) port: u16,
    pub(super) log: PathBuf,
    /// Held for as long as this supervisor lives.
    pub(super) supervisor_lock: PathBuf,
    /// Held by whoever starts or stops, this supervisor included.
    pub(super) start_lock: PathBuf,
    pub(super) idle: Duration,
    pub(super) settings: Vec<Setting>,
}

/// What a supervisor says, once.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Ready(Ready),
    Failed { why: String, output: String, log: Option<PathBuf> },
}

/// A server that accepts connections.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ready {
    pub(super) pid: u32,
    /// The directory of a disposable server, the data directory of a durable one.
    pub(super) directory: PathBuf,
}

/// Runs a supervisor to its end.
///
/// `main` calls this before anything else, on the main thread and outside any runtime, when the first argument
/// is [`SUPERVISOR_ARGUMENT`]; `args` are those after it.
#[must_use]
pub(crate) fn supervisor_main(args: &[String]) -> ExitCode {
    process::detach();
    let Some(job) = args.last().and_then(|job| serde_json::from_str(job).ok()) else {
        return ExitCode::from(2);
    };
    let done = match job {
        Job::Scratch(job) => supervise_scratch(&job),
        Job::Local(job) => supervise_local(&job),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            answer(&match error {
                ClusterError::Server { why, output, log } => Answer::Failed { why, output, log },
                other => {
                    let output = with_causes(&other);
                    Answer::Failed { why: "could not be started".to_owned(), output, log: None }
                }
            });
            ExitCode::FAILURE
        }
    }
}

/// Starts a supervisor and waits for its answer. Its stdin is the caller's for [`Job::Scratch`].
pub(super) fn spawn(program: &Path, job: &Job) -> Result<(Child, Ready), ClusterError> {
    let program = fs::canonicalize(program).map_err(cannot("find the program", program))?;
    let words = serde_json::to_string(job)
        .map_err(|error| cannot("describe in UTF-8 what to start for", &program)(error.into()))?;
    let mut stderr =
        places::temporary_file().map_err(cannot("create a temporary file for", &program))?;
    let copy = stderr.try_clone().map_err(cannot("read from", &program))?;
    let stdin = match job {
        Job::Scratch(_) => Stdio::piped(),
        Job::Local(_) => Stdio::null(),
    };
    let mut child = Command::new(&program)
        .args([SUPERVISOR_ARGUMENT, &words])
        .current_dir("/")
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(copy)
        .spawn()
        .map_err(cannot("run", &program))?;
    let error = match hear(&mut child) {
        Some(Answer::Ready(ready)) => return Ok((child, ready)),
        Some(Answer::Failed { why, output, log }) => ClusterError::Server { why, output, log },
        None => {
            let status = child.try_wait().ok().flatten();
            let mut output = String::new();
            stderr.rewind().and_then(|()| stderr.read_to_string(&mut output)).ok();
            let ending = status.map_or_else(
                || "did not answer as a supervisor".to_owned(),
                |status| format!("ended with {status} and did not answer as a supervisor"),
            );
            ClusterError::Program { program: program.clone(), ending, output }
        }
    };
    // One that answers has ended or is about to. To one that does not, the end of stdin says the same.
    drop(child.stdin.take());
    if !matches!(error, ClusterError::Server { .. }) {
        child.kill().ok();
    }
    child.wait().map_err(cannot("wait for", &program))?;
    Err(error)
}

fn hear(child: &mut Child) -> Option<Answer> {
    let stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).ok();
        // Nobody listens any more when the deadline has passed.
        sender.send(line).ok();
    });
    serde_json::from_str(&receiver.recv_timeout(ANSWER).ok()?).ok()
}

fn answer(answer: &Answer) {
    let line = serde_json::to_string(answer).unwrap_or_default();
    let mut stdout = io::stdout().lock();
    // The listener may be gone; the supervisor's work is the same.
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).ok();
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn supervise_scratch(job: &ScratchJob) -> Result<(), ClusterError> {
    process::ignore_terminate();
    let (directory, _owner) = claim(job)?;
    job.account
        .become_for_good()
        .map_err(cannot("become the server's user for", directory.path()))?;
    let data = directory.path().join("data");
    template::copy(&job.template, &data)?;
    let log = directory.path().join("log");
    let mut server =
        Server::start(&job.postgres, &data, &log, &settings(job, &directory), Signal::Quit)?;
    if let Err(error) = server.wait_until_ready(READY) {
        server.stop(Signal::Quit, CHECKPOINT)?;
        return Err(match error {
            // The log goes with the directory.
            ClusterError::Server { why, output, .. } => {
                ClusterError::Server { why, output, log: None }
            }
            other => other,
        });
    }
    answer(&Answer::Ready(Ready { pid: server.pid(), directory: directory.path().to_owned() }));
    // An error here means the same as the end: the owner is gone.
    io::copy(&mut io::stdin().lock(), &mut io::sink()).ok();
    let stopped = server.stop(Signal::Quit, Duration::from_secs(10));
    let path = directory.path().to_owned();
    directory.close().map_err(cannot("remove", &path))?;
    stopped
}

/// Makes the server's directory and its lock, in such an order that no sweep takes it for a left one.
fn claim(job: &ScratchJob) -> Result<(TempDir, Locked), ClusterError> {
    loop {
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&job.base)
            .map_err(cannot("create a directory in", &job.base))?;
        let path = directory.path().join(OWNER);
        let owner = match lock::exclusive(&path, Duration::ZERO) {
            Ok(owner) => owner,
            // A sweep saw the file before we had locked it, and is about to remove all of it.
            Err(ClusterError::Busy { .. }) => continue,
            Err(_) if !directory.path().exists() => continue,
            Err(error) => return Err(error),
        };
        let still_there = fs::metadata(&path).is_ok_and(|found| owner.is(found.dev(), found.ino()));
        if still_there {
            job.account.give(directory.path())?;
            return Ok((directory, owner));
        }
    }
}

fn settings(job: &ScratchJob, directory: &TempDir) -> Vec<Setting> {
    let mut settings = job.settings.clone();
    settings.push(socket_setting(directory.path()));
    settings
}

/// The directory of the socket. The value is a list, so a comma in the path needs the quotes.
pub(super) fn socket_setting(directory: &Path) -> Setting {
    let quoted = format!("\"{}\"", directory.to_string_lossy().replace('"', "\"\""));
    ("unix_socket_directories".to_owned(), quoted)
}

fn supervise_local(job: &LocalJob) -> Result<(), ClusterError> {
    let _supervising = lock::exclusive(&job.supervisor_lock, Duration::from_secs(5))?;
    let gate = lock::open(&job.start_lock)?;
    job.account.become_for_good().map_err(cannot("become the server's user for", &job.data))?;
    let mut server =
        Server::start(&job.postgres, &job.data, &job.log, &job.settings, Signal::Interrupt)?;
    if let Err(error) = server.wait_until_ready(READY) {
        server.stop(Signal::Interrupt, CHECKPOINT)?;
        return Err(error);
    }
    answer(&Answer::Ready(Ready { pid: server.pid(), directory: job.data.clone() }));
    let watched = client::block_on(watch(&mut server, job, &gate));
    let stopped = server.stop(Signal::Interrupt, CHECKPOINT);
    // The next start makes it again; it stays when something else is in it.
    fs::remove_dir(&job.socket_dir).ok();
    stopped.and(watched)
}

/// Returns when the server should end, or has ended. Holds the gate then, if it is because of idleness.
async fn watch(server: &mut Server, job: &LocalJob, gate: &File) -> Result<(), ClusterError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(cannot("listen for signals beside", &job.data));
    let mut terminate = listen(SignalKind::terminate())?;
    let mut child = listen(SignalKind::child())?;
    let pause = (job.idle / 4).clamp(Duration::from_millis(100), Duration::from_secs(30));
    let mut clients = Watch::new(&job.socket_dir, job.port);
    clients.was_used().await;
    let mut last_used = tokio::time::Instant::now();
    loop {
        if server.ended()?.is_some() {
            return Ok(());
        }
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = child.recv() => continue,
            () = tokio::time::sleep(pause) => {}
        }
        if clients.was_used().await {
            last_used = tokio::time::Instant::now();
        } else if last_used.elapsed() >= job.idle && gate.try_lock().is_ok() {
            // Nobody is between finding the server and connecting to it now.
            if !clients.was_used().await {
                return Ok(());
            }
            last_used = tokio::time::Instant::now();
            gate.unlock().map_err(cannot("unlock", &job.start_lock))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_directory_may_hold_any_character() {
        assert_eq!(socket_setting(Path::new("/t/a,b")).1, "\"/t/a,b\"");
        assert_eq!(socket_setting(Path::new("/t/a\"b")).1, "\"/t/a\"\"b\"");
    }

    #[test]
    fn a_job_survives_the_way_through_an_argument() {
        let job = Job::Scratch(ScratchJob {
            account: Account::Own { uid: 7 },
            postgres: "/p/postgres".into(),
            template: "/t".into(),
            base: "/b".into(),
            settings: vec![("a".to_owned(), "b c".to_owned())],
        });
        let words = serde_json::to_string(&job).expect("all of it is UTF-8");
        let Ok(Job::Scratch(heard)) = serde_json::from_str(&words) else { panic!("{words}") };
        assert_eq!((heard.account.uid(), heard.settings[0].1.as_str()), (7, "b c"));
    }

    #[test]
    fn the_directory_of_a_claim_is_locked() {
        let base = tempfile::tempdir().expect("a temporary directory");
        let job = ScratchJob {
            account: Account::Own { uid: process::effective_uid() },
            postgres: PathBuf::new(),
            template: PathBuf::new(),
            base: base.path().to_owned(),
            settings: Vec::new(),
        };
        let (directory, owner) = claim(&job).expect("nobody sweeps here");
        assert!(lock::is_held(&directory.path().join(OWNER)));
        drop(owner);
        assert!(!lock::is_held(&directory.path().join(OWNER)));
    }
}
