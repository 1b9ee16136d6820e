//! The system calls that std does not offer: users, sessions, signals, free space.
//!
//! The only file of the crate with `unsafe` in it. Each function is as small as its system call.
#![allow(unsafe_code, reason = "setsid, signals, PDEATHSIG, user database: std has none of them")]

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr;

use serde::{Deserialize, Serialize};

/// A user of this system, as its user database knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    /// The login name.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// The home directory.
    pub home: PathBuf,
}

/// What a server can be told. The words are PostgreSQL's: smart shutdown is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT: roll back, checkpoint, exit ("fast").
    Interrupt,
    /// SIGQUIT: exit now and recover later ("immediate").
    Quit,
    /// SIGKILL: leaves shared memory behind, so only for what answers nothing else.
    Kill,
}

impl Signal {
    const fn number(self) -> libc::c_int {
        match self {
            Self::Interrupt => libc::SIGINT,
            Self::Quit => libc::SIGQUIT,
            Self::Kill => libc::SIGKILL,
        }
    }
}

/// Whether SIGHUP was ignored when this program began, as `nohup` has it.
#[must_use]
pub(crate) fn ignores_hangup() -> bool {
    // SAFETY: a null action only asks; the answer is a plain struct of integers, valid when zeroed.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGHUP, ptr::null(), &raw mut now) == 0
            && now.sa_sigaction == libc::SIG_IGN
    }
}

/// The user that this process acts as.
pub(super) fn effective_uid() -> u32 {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::geteuid() }
}

/// Looks a user up by its id.
pub(super) fn user_by_id(uid: u32) -> Option<User> {
    // SAFETY: `look_up` passes valid buffers that outlive the call.
    look_up(|entry, buffer, length, found| unsafe {
        libc::getpwuid_r(uid, entry, buffer, length, found)
    })
}

/// Looks a user up by its login name.
pub(super) fn user_by_name(name: &str) -> Option<User> {
    let name = CString::new(name).ok()?;
    // SAFETY: `name` ends in NUL, and `look_up` passes valid buffers that outlive the call.
    look_up(|entry, buffer, length, found| unsafe {
        libc::getpwnam_r(name.as_ptr(), entry, buffer, length, found)
    })
}

fn look_up(
    call: impl Fn(*mut libc::passwd, *mut libc::c_char, usize, *mut *mut libc::passwd) -> libc::c_int,
) -> Option<User> {
    let mut buffer = vec![0; 4096];
    loop {
        // SAFETY: `passwd` is plain data for which all zeroes is a value; it is read only when `found` says so.
        let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
        let mut found = ptr::null_mut();
        match call(&raw mut entry, buffer.as_mut_ptr(), buffer.len(), &raw mut found) {
            libc::ERANGE if buffer.len() < 1 << 20 => buffer.resize(buffer.len() * 2, 0),
            0 if !found.is_null() => {
                // SAFETY: on success both point into `buffer` at strings that end in NUL.
                let text = |at: *const libc::c_char| unsafe { CStr::from_ptr(at) }.to_bytes();
                let home = std::ffi::OsStr::from_bytes(text(entry.pw_dir)).into();
                let name = String::from_utf8_lossy(text(entry.pw_name)).into_owned();
                return Some(User { name, uid: entry.pw_uid, gid: entry.pw_gid, home });
            }
            _ => return None,
        }
    }
}

/// Gives up root for good. Only for a process with one thread.
pub(super) fn become_user(user: &User) -> io::Result<()> {
    // SAFETY: no pointers but one null with length 0; the order (groups, group, user) is the only one that works.
    let done = unsafe {
        libc::setgroups(0, ptr::null()) == 0
            && libc::setgid(user.gid) == 0
            && libc::setuid(user.uid) == 0
    };
    if done { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Leaves the terminal's session, and is deaf from here on to what a terminal sends to its foreground group.
pub(super) fn detach() {
    // SAFETY: `setsid` fails only for a group leader, which is detached already; ignoring signals touches no memory.
    unsafe {
        libc::setsid();
        for signal in [libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE] {
            libc::signal(signal, libc::SIG_IGN);
        }
    }
}

/// Makes this process deaf to SIGTERM as well.
pub(super) fn ignore_terminate() {
    // SAFETY: ignoring a signal touches no memory.
    unsafe {
        libc::signal(libc::SIGTERM, libc::SIG_IGN);
    }
}

/// Has the kernel send `signal` to the child when its parent dies (Linux; elsewhere the sweep does the work).
///
/// "Parent" means the *thread* that starts the child, so that thread must last as long as the child should.
/// The child gets back the default action for every signal that [`detach`] ignores.
/// Source: <https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html>
pub(super) fn tie_to_parent(command: &mut Command, signal: Signal) {
    let parent = std::process::id();
    let prepare = move || {
        for ignored in [libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE, libc::SIGTERM] {
            // SAFETY: async-signal-safe.
            unsafe { libc::signal(ignored, libc::SIG_DFL) };
        }
        die_with(parent, signal)
    };
    // SAFETY: `prepare` makes only async-signal-safe calls and allocates nothing.
    unsafe { command.pre_exec(prepare) };
}

#[cfg(target_os = "linux")]
fn die_with(parent: u32, signal: Signal) -> io::Result<()> {
    // SAFETY: both are async-signal-safe and touch no memory.
    unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, signal.number() as libc::c_ulong) != 0 {
            return Err(io::Error::last_os_error());
        }
        // The parent may have died before the call above: then nothing will ever be sent.
        if u32::try_from(libc::getppid()) != Ok(parent) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn die_with(_parent: u32, _signal: Signal) -> io::Result<()> {
    Ok(())
}

/// Sends `signal` to one process. False when there is no such process (any more), or it is not ours.
pub(super) fn send(pid: u32, signal: Signal) -> bool {
    // Neither 0 nor a negative number: those mean whole groups.
    match libc::pid_t::try_from(pid) {
        // SAFETY: touches no memory.
        Ok(pid) if pid > 0 => unsafe { libc::kill(pid, signal.number()) == 0 },
        _ => false,
    }
}

/// How much an ordinary user may still write on the file system of `path`, in bytes.
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: `statvfs` is plain data for which all zeroes is a value; `path` ends in NUL.
    let space = unsafe {
        let mut space: libc::statvfs = std::mem::zeroed();
        if libc::statvfs(path.as_ptr(), &raw mut space) != 0 {
            return None;
        }
        space
    };
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion, reason = "u32 on macOS")]
    let free = u64::from(space.f_bavail).saturating_mul(space.f_frsize as u64);
    Some(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_user_zero_and_nobody_has_no_name() {
        let root = user_by_name("root").expect("every Unix has root");
        assert_eq!(root.uid, 0);
        assert_eq!(user_by_id(0).map(|user| user.name), Some("root".to_owned()));
        assert_eq!(user_by_name("no such user, surely"), None);
    }

    #[test]
    fn a_number_that_means_a_group_is_no_process() {
        assert!(!send(0, Signal::Kill), "our own group");
        assert!(!send(u32::MAX, Signal::Kill), "minus one: everybody");
    }

    #[test]
    fn free_space_is_known_for_a_directory_and_unknown_for_nothing() {
        assert!(free_bytes(Path::new("/")).is_some());
        assert_eq!(free_bytes(Path::new("/no/such/place")), None);
    }
}
