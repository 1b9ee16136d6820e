//! The small files around a durable server: made once, put aside, removed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::cluster::account::Account;
use crate::cluster::error::{ClusterError, cannot};

/// A log that is longer than this is put aside at the next start, in bytes.
const LONG_LOG: u64 = 10 << 20;

pub(super) fn socket_file(directory: &Path, port: u16) -> PathBuf {
    directory.join(format!(".s.PGSQL.{port}"))
}

/// The log belongs to the server's user, in a directory that may not.
pub(super) fn make_log(log: &Path, account: &Account) -> Result<(), ClusterError> {
    if fs::symlink_metadata(log).is_ok_and(|found| found.len() > LONG_LOG) {
        fs::rename(log, old_log(log)).map_err(cannot("move aside", log))?;
    }
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(log);
    match made {
        Ok(_) => account.give(log),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot("create the log", log)(error)),
    }
}

pub(super) fn old_log(log: &Path) -> PathBuf {
    log.with_extension("log.old")
}

pub(super) fn write_once(
    path: &Path,
    text: &str,
    made: &mut Vec<PathBuf>,
) -> Result<(), ClusterError> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    let written = fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        // another run was faster
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        written => written.map_err(cannot("write", path))?,
    }
    made.push(path.to_owned());
    Ok(())
}

pub(super) fn remove(path: &Path) -> Result<(), ClusterError> {
    let removed = match path.symlink_metadata() {
        Err(_) => return Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.map_err(cannot("remove", path))
}
