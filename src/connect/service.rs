//! The connection service file, `pg_service.conf`.
//!
//! Finds a service's section and reads it to pairs; what the pairs mean is the URL's business. LDAP
//! lookups are refused. See <https://www.postgresql.org/docs/current/libpq-pgservice.html>.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::ConnectError;

/// A service's settings in their order, and the file that has them.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) path: PathBuf,
    pub(super) settings: Vec<Setting>,
}

/// One `key=value` of a service.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) value: String,
}

impl Service {
    /// Looks a service up: in the user's file first, then in the system's.
    pub(super) fn find(name: &str, environment: &Environment) -> Result<Service, ConnectError> {
        let mut looked = Vec::new();
        for (path, must_exist) in files(environment) {
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => continue,
                Err(error) => {
                    return Err(ConnectError::setting(
                        format!("service file {} cannot be read: {error}", path.display()),
                        "Set PGSERVICEFILE to a readable file, or remove the service.",
                    ));
                }
            };
            match section(&text, name) {
                Ok(Some(settings)) => return Ok(Service { path, settings }),
                Ok(None) => looked.push(path.display().to_string()),
                Err((line, problem)) => return Err(broken(&path, line, problem)),
            }
        }
        let looked = match looked.as_slice() {
            [] => "no service file was found".to_owned(),
            paths => format!("looked in {}", paths.join(", ")),
        };
        Err(ConnectError::setting(
            format!("service `{name}` is not defined ({looked})"),
            format!("Add a section [{name}] to ~/.pg_service.conf, or set PGSERVICEFILE."),
        ))
    }
}

/// The error for a line of a service file that cannot be used.
pub(super) fn broken(path: &Path, line: usize, problem: impl std::fmt::Display) -> ConnectError {
    ConnectError::setting(
        format!("{}:{line}: {problem}", path.display()),
        "A service file has lines `key=value` under `[name]`; the keys are libpq's parameters.",
    )
}

fn files(environment: &Environment) -> Vec<(PathBuf, bool)> {
    let mut files = Vec::new();
    match environment.get("PGSERVICEFILE") {
        Some(path) => files.push((PathBuf::from(path), true)),
        None => {
            files.extend(
                environment.home.as_ref().map(|home| (home.join(".pg_service.conf"), false)),
            );
        }
    }
    match environment.get("PGSYSCONFDIR") {
        Some(directory) => files.push((Path::new(directory).join("pg_service.conf"), false)),
        // where the packages of Debian and of Fedora have their libpq look
        None => files.extend(
            ["/etc/postgresql-common", "/etc/sysconfig/pgsql"]
                .map(|directory| (Path::new(directory).join("pg_service.conf"), false)),
        ),
    }
    files
}

fn section(text: &str, name: &str) -> Result<Option<Vec<Setting>>, (usize, String)> {
    let mut found: Option<Vec<Setting>> = None;
    for (index, line) in text.lines().enumerate() {
        let (line, number) = (line.trim(), index + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if header.strip_suffix(']') == Some(name) {
                found = Some(Vec::new());
            }
            continue;
        }
        let Some(settings) = &mut found else { continue };
        if line.starts_with("ldap://") {
            return Err((number, "services from LDAP are not supported".to_owned()));
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err((number, "expected `key=value`".to_owned()));
        };
        if key == "service" {
            return Err((number, "a service cannot name another service".to_owned()));
        }
        // libpq keeps the first of two
        if settings.iter().all(|setting| setting.key != key) {
            settings.push(Setting { line: number, key: key.to_owned(), value: value.to_owned() });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, expected: Option<&[(&str, &str)]>) {
        let found = section(text, name).expect("the file is well formed");
        let pairs = found.map(|settings| {
            settings.into_iter().map(|setting| (setting.key, setting.value)).collect::<Vec<_>>()
        });
        let expected = expected.map(|pairs| {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>()
        });
        assert_eq!(pairs, expected);
    }

    const FILE: &str = "# comment\nhost=ignored\n[one]\nhost=db1\n  port=5433  \nhost=again\n\n\
                        [two]\nhost=db2\n[two]\nuser=x\n[three]\n";

    #[test]
    fn a_section_ends_where_the_next_begins() {
        check(FILE, "one", Some(&[("host", "db1"), ("port", "5433")]));
        check(FILE, "two", Some(&[("host", "db2")]));
        check(FILE, "three", Some(&[]));
        check(FILE, "four", None);
    }

    #[test]
    fn values_may_have_equals_signs() {
        check("[a]\noptions=-c x=y\n", "a", Some(&[("options", "-c x=y")]));
    }

    #[test]
    fn a_broken_line_is_named_with_its_number() {
        assert_eq!(section("[a]\nhost\n", "a").expect_err("no equals sign").0, 2);
        assert_eq!(section("[a]\n\nservice=b\n", "a").expect_err("nested").0, 3);
        assert!(section("[b]\nhost\n", "a").is_ok(), "other sections are not read");
    }
}
