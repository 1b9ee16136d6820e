//! The password file, `~/.pgpass`, with libpq's rules.
//!
//! Looked into once per host, because its lines name hosts. A file that others may read is ignored,
//! with a note; so is everything that libpq ignores. See
//! <https://www.postgresql.org/docs/current/libpq-pgpass.html>.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::words::url::Secret;

/// What a line of the file is searched with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Login<'a> {
    /// The host as the user wrote it; for a socket its directory.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// A password file, read once.
#[derive(Debug, Default)]
pub(super) struct Passfile {
    pub(super) path: PathBuf,
    /// Why it was not read, if there is something wrong with it.
    pub(super) ignored: Option<String>,
    entries: Vec<Entry>,
}

impl Passfile {
    /// Reads the file; one that is not there or is ignored counts as empty.
    pub(super) fn read(path: PathBuf) -> Passfile {
        let (entries, ignored) = match text(&path) {
            Ok(text) => (parse(&text.unwrap_or_default()), None),
            Err(note) => (Vec::new(), Some(note)),
        };
        Passfile { path, ignored, entries }
    }

    /// The password of the first line that fits.
    #[must_use]
    pub(super) fn password(&self, login: Login<'_>) -> Option<Secret> {
        let port = login.port.to_string();
        self.entries
            .iter()
            .find(|entry| {
                entry.host.fits_host(login.host)
                    && entry.port.fits(&port)
                    && entry.database.fits(login.database)
                    && entry.user.fits(login.user)
            })
            .map(|entry| Secret::new(entry.password.clone()))
            .filter(|secret| !secret.reveal().is_empty())
    }
}

struct Entry {
    host: Pattern,
    port: Pattern,
    database: Pattern,
    user: Pattern,
    password: String,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("host", &self.host).finish_non_exhaustive()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Pattern {
    Anything,
    Exactly(String),
}

impl Pattern {
    fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Anything => true,
            Pattern::Exactly(wanted) => wanted == text,
        }
    }

    /// A default socket directory also goes by the name of `localhost`.
    fn fits_host(&self, host: &str) -> bool {
        let default_socket = super::complete::SOCKET_DIRECTORIES.contains(&host);
        self.fits(host) || (default_socket && self.fits("localhost"))
    }
}

fn text(path: &Path) -> Result<Option<String>, String> {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(format!("password file {shown} ignored: {error}")),
    };
    if !metadata.is_file() {
        return Err(format!("password file {shown} ignored: it is not a plain file"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(format!(
            "password file {shown} ignored: group or others may read it (chmod 0600 {shown})"
        ));
    }
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) => Err(format!("password file {shown} ignored: {error}")),
    }
}

fn parse(text: &str) -> Vec<Entry> {
    text.split('\n')
        .map(|line| line.trim_end_matches('\r'))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let (host, rest) = field(line)?;
            let (port, rest) = field(rest)?;
            let (database, rest) = field(rest)?;
            let (user, rest) = field(rest)?;
            let password = unescape(rest).0;
            Some(Entry { host, port, database, user, password })
        })
        .collect()
}

/// A field up to its colon, and what follows the colon.
fn field(text: &str) -> Option<(Pattern, &str)> {
    if let Some(rest) = text.strip_prefix("*:") {
        return Some((Pattern::Anything, rest));
    }
    let (value, end) = unescape(text);
    Some((Pattern::Exactly(value), text.get(end..)?.strip_prefix(':')?))
}

/// Takes the escapes out, up to a colon that is not escaped or the end; returns where that is.
fn unescape(text: &str) -> (String, usize) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            ':' => return (value, at),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            plain => value.push(plain),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &str, login: (&str, u16, &str, &str), expected: Option<&str>) {
        let file = Passfile { entries: parse(lines), ..Passfile::default() };
        let (host, port, database, user) = login;
        let found = file.password(Login { host, port, database, user });
        assert_eq!(found.as_ref().map(Secret::reveal), expected);
    }

    #[test]
    fn the_first_line_that_fits_wins() {
        let lines =
            "# db:5432:app:me:comment\n\ndb:5432:app:me:one\r\ndb:*:*:me:two\n*:*:*:*:three\n";
        check(lines, ("db", 5432, "app", "me"), Some("one"));
        check(lines, ("db", 5433, "app", "me"), Some("two"));
        check(lines, ("other", 5432, "app", "you"), Some("three"));
    }

    #[test]
    fn colons_and_backslashes_are_escaped() {
        check(r"a\:b:1:c\\d:*:p\:w\\d", ("a:b", 1, r"c\d", "u"), Some(r"p:w\d"));
        check("::1:5432:*:*:pw", ("::1", 5432, "d", "u"), None);
        check(r"\:\:1:5432:*:*:pw", ("::1", 5432, "d", "u"), Some("pw"));
    }

    #[test]
    fn a_star_is_only_a_wildcard_when_it_is_alone() {
        check("*x:*:*:*:pw", ("abcx", 1, "d", "u"), None);
        check(r"\*:*:*:*:pw", ("abc", 1, "d", "u"), None);
    }

    #[test]
    fn a_default_socket_directory_is_also_called_localhost() {
        check("localhost:*:*:*:pw", ("/var/run/postgresql", 5432, "d", "u"), Some("pw"));
        check("/srv/pg:*:*:*:pw", ("/srv/pg", 5432, "d", "u"), Some("pw"));
        check("localhost:*:*:*:pw", ("/srv/pg", 5432, "d", "u"), None);
    }

    #[test]
    fn lines_that_are_too_short_and_empty_passwords_are_passed_over() {
        check("db:5432:app\n", ("db", 5432, "app", "me"), None);
        check("db:5432:app:me:\n", ("db", 5432, "app", "me"), None);
    }
}
