//! Why a server of our own could not be found, made, started or stopped.

use std::io;
use std::path::{Path, PathBuf};

/// Why a server of our own could not be found, made, started or stopped.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ClusterError {
    /// No usable `initdb` and `postgres` anywhere.
    #[error("no PostgreSQL{} server programs on this machine", wanted(*.major))]
    #[diagnostic(
        code(cluster::no_binaries),
        help(
            "Install them with `{install}` or `glowplug db install{}`, name their directory with \
             `--postgres-bin`, or set DATABASE_URL to use a running server.",
            flag(*major)
        )
    )]
    NoBinaries {
        /// The major that was asked for.
        major: Option<u32>,
        /// The one command that installs PostgreSQL on this system.
        install: String,
    },

    /// The size of the cache of replays is not a number.
    #[error("GLOWPLUG_CACHE_BYTES is `{found}`, which is not a number of bytes")]
    #[diagnostic(
        code(cluster::cache_bytes),
        help(
            "Set it to a number such as 1073741824 (1 GiB, the default), to 0 to cache no replays, or unset it."
        )
    )]
    CacheBytes {
        /// What it is set to.
        found: String,
    },

    /// The directory that was named does not hold what is needed.
    #[error("`{}` cannot be used: {why}", .directory.display())]
    #[diagnostic(
        code(cluster::unusable_binaries),
        help(
            "`--postgres-bin` (GLOWPLUG_POSTGRES_BIN, `postgres_bin` in glowplug.toml) names the directory of \
             `initdb` and `postgres`, version 14 to 18. Without it they are searched for; `{install}` or `glowplug db install` installs them."
        )
    )]
    UnusableBinaries {
        /// The directory.
        directory: PathBuf,
        /// What is wrong with it.
        why: String,
        /// The one command that installs PostgreSQL on this system.
        install: String,
    },

    /// PostgreSQL refuses to run as root, and there is nobody to become.
    #[error("PostgreSQL does not run as root, and there is no other user to run it as")]
    #[diagnostic(
        code(cluster::no_account),
        help("Run glowplug as an ordinary user, or add a user named `postgres`.")
    )]
    NoAccount,

    /// The system did not let us become the server's user.
    #[error("cannot run `{program}` as the user `{user}`")]
    #[diagnostic(
        code(cluster::cannot_become),
        help("Run glowplug as an ordinary user, or set DATABASE_URL to use a running server.")
    )]
    CannotBecome {
        /// Whom we wanted to become.
        user: String,
        /// What we wanted to run.
        program: PathBuf,
        /// The system's answer.
        source: io::Error,
    },

    /// The server's user cannot get at a file.
    #[error("the user `{user}`, who runs the server, cannot reach `{}`", .path.display())]
    #[diagnostic(
        code(cluster::unreachable),
        help("`{}` is not accessible to this user: open it with chmod, or run glowplug as its owner.", blocked.display())
    )]
    Unreachable {
        /// The server's user.
        user: String,
        /// The file or directory.
        path: PathBuf,
        /// What on the way to it is closed.
        blocked: PathBuf,
    },

    /// A directory that ought to be private is not.
    #[error("`{}` is not a private directory of the user `{user}`", .path.display())]
    #[diagnostic(
        code(cluster::foreign_directory),
        help(
            "Somebody else created it or opened it to others. Check what it contains, then remove it."
        )
    )]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// Who should own it.
        user: String,
    },

    /// A link in a place that another user can change, on the way of root.
    #[error("`{}` is a symbolic link, and root follows no link that somebody else created", .path.display())]
    #[diagnostic(
        code(cluster::link),
        help("Remove the link, or run glowplug as the user who owns the project.")
    )]
    Link {
        /// The link.
        path: PathBuf,
    },

    /// No place for a socket with a short enough path.
    #[error("the socket path `{}` is {} bytes long, and the limit is {limit}", .path.display(), .path.as_os_str().len())]
    #[diagnostic(
        code(cluster::socket_path_too_long),
        help("Set TMPDIR to a directory with a short name, such as /tmp.")
    )]
    SocketPathTooLong {
        /// The path.
        path: PathBuf,
        /// The most bytes that work on every system.
        limit: usize,
    },

    /// A program that we ran did not succeed.
    #[error("`{}` {ending}{}", .program.display(), last_words(.output))]
    #[diagnostic(
        code(cluster::program),
        help("Its output above has the reason. Run it by hand to see all of it.")
    )]
    Program {
        /// The program.
        program: PathBuf,
        /// How it ended.
        ending: String,
        /// The last lines of what it said.
        output: String,
    },

    /// The server did not come up, or not in time.
    #[error("the PostgreSQL server {why}{}", last_words(.output))]
    #[diagnostic(code(cluster::server), help("{}", where_to_look(log.as_deref())))]
    Server {
        /// What happened.
        why: String,
        /// The last lines of its log.
        output: String,
        /// The log, where it is still there.
        log: Option<PathBuf>,
    },

    /// Another process is at it and does not finish.
    #[error("`{}` is still locked by another process after {seconds} s", .path.display())]
    #[diagnostic(
        code(cluster::busy),
        help("Another glowplug is starting or stopping this server. Wait for it, or end it.")
    )]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// How long we waited.
        seconds: u64,
    },

    /// The server runs, and did not let us in.
    #[error("cannot prepare the database `{database}` on the local server")]
    #[diagnostic(
        code(cluster::database),
        help(
            "Run again. If it fails again, the server log says more, and `glowplug db status` names it; \
             `glowplug db reset` starts over, without the data."
        )
    )]
    Database {
        /// The database.
        database: String,
        /// The driver's answer.
        source: tokio_postgres::Error,
    },

    /// npm is not there.
    #[error("there is no npm at `{}`, and `db install` needs it", .npm.display())]
    #[diagnostic(
        code(cluster::no_npm),
        help("Install Node.js with npm, or PostgreSQL itself with `{install}`.")
    )]
    NoNpm {
        /// Where we looked.
        npm: PathBuf,
        /// The one command that installs PostgreSQL on this system.
        install: String,
    },

    /// There are no ready-made programs for this system or this major.
    #[error("there is no prebuilt PostgreSQL {major} for {platform}")]
    #[diagnostic(code(cluster::no_package), help("Install PostgreSQL with `{install}`."))]
    NoPackage {
        /// The major.
        major: u32,
        /// The operating system and processor.
        platform: String,
        /// The one command that installs PostgreSQL on this system.
        install: String,
    },

    /// The file system or the kernel said no.
    #[error("cannot {action} `{}`", .path.display())]
    #[diagnostic(code(cluster::io))]
    Io {
        /// What we were doing.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Wraps an [`io::Error`] together with what was being done and where.
pub(super) fn cannot(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ClusterError {
    move |source| ClusterError::Io { action, path: path.to_owned(), source }
}

fn wanted(major: Option<u32>) -> String {
    major.map_or_else(String::new, |major| format!(" {major}"))
}

fn flag(major: Option<u32>) -> String {
    major.map_or_else(String::new, |major| format!(" --major {major}"))
}

fn where_to_look(log: Option<&Path>) -> String {
    match log {
        Some(log) => format!("The whole log is in `{}`.", log.display()),
        None => "Check for a full disk, or a setting that this version does not know.".to_owned(),
    }
}

fn last_words(output: &str) -> String {
    if output.trim().is_empty() { String::new() } else { format!(":\n{}", output.trim_end()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_the_log_stand_in_the_message() {
        let why = "did not start".to_owned();
        let silent = ClusterError::Server { why, output: " \n".to_owned(), log: None };
        assert_eq!(silent.to_string(), "the PostgreSQL server did not start");
        let (program, ending) = (PathBuf::from("initdb"), "failed".to_owned());
        let loud = ClusterError::Program { program, ending, output: "no space\n".to_owned() };
        assert_eq!(loud.to_string(), "`initdb` failed:\nno space");
    }

    #[test]
    fn a_major_is_named_only_where_one_was_asked_for() {
        let error = |major| ClusterError::NoBinaries { major, install: String::new() }.to_string();
        assert_eq!(error(None), "no PostgreSQL server programs on this machine");
        assert_eq!(error(Some(17)), "no PostgreSQL 17 server programs on this machine");
    }
}
