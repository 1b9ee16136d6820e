//! Runs a program to its end, with a deadline, and keeps what it said.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::account::Account;
use super::error::{ClusterError, cannot};
use super::places;
use super::process::{self, Signal};

/// How many lines of a log an error shows.
const LINES: usize = 20;

/// How much of a log is looked at for them.
const WINDOW: u64 = 16 * 1024;

/// Prepares a program of PostgreSQL: the server's user, its own language, none of the caller's `PG…` variables.
pub(super) fn command(program: &Path, account: &Account) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
    // The messages that are shown, and the time zone that initdb writes down, do not depend on the caller.
    // macOS also needs a locale that exists, or the server refuses to start as "multithreaded".
    command.env("LC_ALL", "C").current_dir("/");
    account.apply(&mut command);
    command
}

/// Runs `command` to its end and returns what it wrote, on either stream.
///
/// The program dies with the calling thread (on Linux), and when the deadline has passed.
pub(super) fn run(
    mut command: Command,
    account: &Account,
    input: &str,
    deadline: Duration,
) -> Result<String, ClusterError> {
    let program = Path::new(command.get_program()).to_owned();
    let mut output =
        places::temporary_file().map_err(cannot("create a temporary file for", &program))?;
    let copy = || output.try_clone().map_err(cannot("read from", &program));
    command.stdin(Stdio::piped()).stdout(copy()?).stderr(copy()?);
    process::tie_to_parent(&mut command, Signal::Kill);
    let mut child = command.spawn().map_err(|source| did_not_start(&program, account, source))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended early says so by its status, which is the better message.
        stdin.write_all(input.as_bytes()).ok();
    }
    let end = Instant::now() + deadline;
    let mut pause = Duration::from_millis(1);
    let status = loop {
        match child.try_wait().map_err(cannot("wait for", &program))? {
            Some(status) => break Some(status),
            None if Instant::now() < end => thread::sleep(pause),
            None => break None,
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    if status.is_none() {
        child.kill().map_err(cannot("end", &program))?;
        child.wait().map_err(cannot("wait for", &program))?;
    }
    output.rewind().map_err(cannot("read from", &program))?;
    let mut text = Vec::new();
    output.read_to_end(&mut text).map_err(cannot("read from", &program))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    match status {
        Some(status) if status.success() => Ok(text),
        status => Err(ClusterError::Program {
            program,
            ending: ending(status, deadline),
            output: last_lines(&text),
        }),
    }
}

/// Tells a refused change of user from a program that is simply not there.
pub(super) fn did_not_start(program: &Path, account: &Account, source: io::Error) -> ClusterError {
    let refused =
        matches!(source.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput);
    match account {
        Account::Other(user) if refused => {
            let (user, program) = (user.name.clone(), program.to_owned());
            ClusterError::CannotBecome { user, program, source }
        }
        _ => cannot("run", program)(source),
    }
}

/// Finds an executable file by its name on a search path.
pub(super) fn on_path(path: Option<&OsStr>, name: &str) -> Vec<std::path::PathBuf> {
    path.map(std::env::split_paths)
        .into_iter()
        .flatten()
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .filter(|file| is_executable(file))
        .collect()
}

/// True for a file that somebody may execute.
pub(super) fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The last lines of what was appended to a log after `from`.
pub(super) fn tail(log: &Path, from: u64) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(from.max(length.saturating_sub(WINDOW)).min(length)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().map(|text| last_lines(&text)).unwrap_or_default()
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

fn ending(status: Option<ExitStatus>, deadline: Duration) -> String {
    status.map_or_else(
        || format!("did not finish within {} s", deadline.as_secs()),
        |status| format!("ended with {status}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, input: &str, deadline: Duration) -> Result<String, ClusterError> {
        let own = Account::Own { uid: process::effective_uid() };
        let mut shell = command(Path::new("/bin/sh"), &own);
        shell.args(["-c", script]);
        run(shell, &own, input, deadline)
    }

    const ENOUGH: Duration = Duration::from_secs(30);

    #[test]
    fn both_streams_are_kept() {
        let said = check("cat; echo more >&2", "text\n", ENOUGH).expect("it succeeds");
        assert_eq!(said, "text\nmore\n");
    }

    #[test]
    fn a_failure_carries_its_last_words() {
        let error = check("echo why >&2; exit 3", "", ENOUGH).expect_err("it fails").to_string();
        assert_eq!(error, "`/bin/sh` ended with exit status: 3:\nwhy");
    }

    #[test]
    fn the_deadline_ends_a_program_that_hangs() {
        let error = check("exec sleep 60", "", Duration::ZERO).expect_err("it hangs").to_string();
        assert_eq!(error, "`/bin/sh` did not finish within 0 s");
    }

    #[test]
    fn a_tail_starts_where_this_run_started() {
        let log = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(log.path(), "old\nnew 1\n\nnew 2\n").expect("written");
        assert_eq!(tail(log.path(), 4), "new 1\nnew 2");
        assert_eq!(tail(log.path(), 400), "", "the log has been replaced meanwhile");
        assert_eq!(tail(Path::new("/no/such/log"), 0), "");
    }
}
