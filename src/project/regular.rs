//! Reads what is a file, and refuses what only looks like one: a pipe in its place would be waited for without an end.

use crate::project::ProjectError;
use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// The bytes of a regular file.
///
/// # Errors
/// When the system says no, or there is something else in the place of the file.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    // a device may do something when it is opened
    demand_file(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    // opening a pipe would wait for a writer, if one had taken the file's place meanwhile
    let mut file = options.read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let found = file.metadata()?;
    demand_file(&found)?;
    // one call where the size is what the system says: there are tens of thousands of small files
    let length = usize::try_from(found.len()).unwrap_or(0);
    let mut bytes = vec![0; length.saturating_add(1)];
    let read = file.read(&mut bytes)?;
    bytes.truncate(read);
    if read != length || read == 0 {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The text of a regular file.
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub(super) fn read_to_string(path: &Path) -> io::Result<String> {
    let bytes = read(path)?;
    String::from_utf8(bytes).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8")
    })
}

fn demand_file(found: &fs::Metadata) -> io::Result<()> {
    // reading a directory fails with words of the system's own
    if found.is_file() || found.is_dir() {
        Ok(())
    } else {
        Err(io::Error::other("it is not a regular file but a pipe, a socket or a device"))
    }
}

/// Reads a text; none if there is no such file. `place` is how it is called in messages.
pub(super) fn read_text(path: &Path, place: &Path) -> Result<Option<String>, ProjectError> {
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ProjectError::io("read", place)(error)),
    };
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        ProjectError::NotUtf8 { path: place.to_owned(), at, line }
    })
}
