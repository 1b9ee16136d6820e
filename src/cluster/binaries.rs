//! Finds the PostgreSQL programs on this machine.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::SUPPORTED;
use super::account::Account;
use super::error::ClusterError;
use super::{process, program};

/// How long `postgres -V` and `pg_config` may take: disks sleep, networks mount.
const DEADLINE: Duration = Duration::from_secs(20);

/// Where packages put the programs. A star stands for one name, or the rest of one.
const USUAL: [&str; 11] = [
    "/usr/lib/postgresql/*/bin",                      // Debian
    "/usr/pgsql-*/bin",                               // Fedora, packages of the PostgreSQL project
    "/usr/bin",                                       // Fedora, Arch
    "/usr/libexec/postgresql*",                       // Alpine
    "/usr/lib/postgresql*/bin",                       // openSUSE
    "/usr/local/pgsql/bin",                           // built from source
    "/opt/homebrew/opt/postgresql*/bin",              // Homebrew on Apple silicon
    "/usr/local/opt/postgresql*/bin",                 // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin", // Homebrew on Linux
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/Library/PostgreSQL/*/bin", // EDB installer
];

/// Where to look, and for what.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The directory that the user named; nothing else is looked at then.
    pub explicit: Option<PathBuf>,
    /// The major that the project names.
    pub major: Option<u32>,
    /// Further places with one directory per major, such as [`Places::engines`](super::Places::engines).
    pub cache: Vec<PathBuf>,
    /// `$PATH`.
    pub path: Option<OsString>,
}

/// A directory that holds `initdb` and `postgres` of one supported version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    dir: PathBuf,
    major: u32,
    version: String,
}

impl Binaries {
    /// Looks at one directory: the programs themselves, or an installation with `bin` in it.
    pub fn at(directory: &Path) -> Result<Self, ClusterError> {
        let unusable = |why: String| ClusterError::UnusableBinaries {
            directory: directory.to_owned(),
            why,
            install: install_command(None),
        };
        let dir = [directory.to_owned(), directory.join("bin")]
            .into_iter()
            .find(|dir| has_server(dir))
            .ok_or_else(|| unusable("it does not contain `initdb` and `postgres`".to_owned()))?;
        let dir = fs::canonicalize(&dir).unwrap_or(dir);
        let said = ask(&dir.join("postgres"), "-V").map_err(|error| unusable(error.to_string()))?;
        let (major, version) = parse_version(&said)
            .ok_or_else(|| unusable(format!("its `postgres -V` says `{}`", said.trim())))?;
        if !SUPPORTED.contains(&major) {
            return Err(unusable(format!("it is PostgreSQL {version}")));
        }
        Ok(Self { dir, major, version })
    }

    /// The directory of the programs, without symbolic links.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The whole version, such as `15.20` or `18beta2`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether `pg_dump` is there too; the npm packages leave it out.
    #[must_use]
    pub fn has_pg_dump(&self) -> bool {
        program::is_executable(&self.dir.join("pg_dump"))
    }

    /// Whether `psql` is there too; the npm packages leave it out.
    #[must_use]
    pub fn has_psql(&self) -> bool {
        program::is_executable(&self.dir.join("psql"))
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    /// Newer is greater: by number where the parts are numbers, so that 15.9 comes before 15.20.
    fn rank(&self) -> Vec<u32> {
        self.version.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
    }
}

/// Finds the programs to use: those that the user named, else the newest of the wanted major.
pub fn find(search: &Search) -> Result<Binaries, ClusterError> {
    if let Some(directory) = &search.explicit {
        let found = Binaries::at(directory)?;
        return match search.major {
            Some(major) if major != found.major => Err(ClusterError::UnusableBinaries {
                directory: directory.clone(),
                why: format!("it is PostgreSQL {}, and the project names {major}", found.version),
                install: install_command(Some(major)),
            }),
            _ => Ok(found),
        };
    }
    all(search)
        .into_iter()
        .find(|found| search.major.is_none_or(|major| major == found.major))
        .ok_or_else(|| ClusterError::NoBinaries {
            major: search.major,
            install: install_command(search.major),
        })
}

/// Finds everything that could be used, whatever its major, newest first.
#[must_use]
pub fn all(search: &Search) -> Vec<Binaries> {
    let mut seen = BTreeSet::new();
    let mut found: Vec<Binaries> = candidates(search)
        .into_iter()
        .filter(|dir| has_server(dir))
        .filter_map(|dir| Binaries::at(&dir).ok())
        .filter(|binaries| seen.insert(binaries.dir.clone()))
        .collect();
    // The sort is stable: of equal versions the place that was looked at first wins.
    found.sort_by_key(|binaries| Reverse(binaries.rank()));
    found
}

fn candidates(search: &Search) -> Vec<PathBuf> {
    let path = search.path.as_deref();
    let mut places: Vec<PathBuf> = search.explicit.iter().cloned().collect();
    places.extend(
        program::on_path(path, "pg_config")
            .first()
            .and_then(|config| ask(config, "--bindir").ok())
            .map(|said| PathBuf::from(said.trim_end())),
    );
    places.extend(
        program::on_path(path, "postgres")
            .iter()
            .filter_map(|file| Some(fs::canonicalize(file).ok()?.parent()?.to_owned())),
    );
    places.extend(USUAL.iter().flat_map(|pattern| expand(pattern)));
    for cache in &search.cache {
        places.extend(SUPPORTED.map(|major| cache.join(major.to_string()).join("bin")));
        places.push(cache.join("bin"));
    }
    places
}

fn has_server(dir: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|name| program::is_executable(&dir.join(name)))
}

/// What programs have answered: they are asked once, because starting one takes longer than much of what is done with it.
static ANSWERS: Mutex<BTreeMap<(PathBuf, String), String>> = Mutex::new(BTreeMap::new());

fn ask(file: &Path, argument: &str) -> Result<String, ClusterError> {
    let question = (file.to_owned(), argument.to_owned());
    let answers = || ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(said) = answers().get(&question) {
        return Ok(said.clone());
    }
    // Both answer to root as well, and before any other user is needed.
    let own = Account::Own { uid: process::effective_uid() };
    let mut command: Command = program::command(file, &own);
    command.arg(argument);
    let said = program::run(command, &own, "", DEADLINE)?;
    answers().insert(question, said.clone());
    Ok(said)
}

/// Reads what `postgres -V` says: `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
fn parse_version(said: &str) -> Option<(u32, String)> {
    let version = said.lines().find_map(|line| line.split_once("(PostgreSQL) "))?.1;
    let version = version.split_whitespace().next()?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    Some((version[..digits].parse().ok()?, version.to_owned()))
}

/// Resolves a pattern with at most one star.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![pattern.into()];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let Ok(entries) = fs::read_dir(if parent.is_empty() { "/" } else { parent }) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()))
        .map(|entry| entry.path().join(after.trim_start_matches('/')))
        .collect();
    found.sort();
    found
}

/// The one command that installs a PostgreSQL server on this system.
pub(super) fn install_command(major: Option<u32>) -> String {
    if cfg!(target_os = "macos") {
        return format!("brew install postgresql@{}", major.unwrap_or(17));
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    install_command_for(&release, major)
}

/// Chooses by `ID` and `ID_LIKE` of `/etc/os-release`.
/// Source: <https://www.freedesktop.org/software/systemd/man/latest/os-release.html>
fn install_command_for(release: &str, major: Option<u32>) -> String {
    let value = |key: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map_or("", |value| value.trim_matches(['"', '\'']))
    };
    let system = format!("{} {}", value("ID"), value("ID_LIKE"));
    let is = |names: &[&str]| system.split_whitespace().any(|word| names.contains(&word));
    let version = |before: &str| major.map_or_else(String::new, |major| format!("{before}{major}"));
    if is(&["debian", "ubuntu"]) {
        format!("sudo apt-get install postgresql{}", version("-"))
    } else if is(&["fedora", "rhel", "centos"]) {
        "sudo dnf install postgresql-server".to_owned()
    } else if is(&["suse", "opensuse"]) {
        format!("sudo zypper install postgresql{}-server", version(""))
    } else if is(&["arch"]) {
        "sudo pacman -S postgresql".to_owned()
    } else if is(&["alpine"]) {
        format!("sudo apk add postgresql{}", major.unwrap_or(17))
    } else {
        format!("brew install postgresql@{}", major.unwrap_or(17))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_every_packager_writes_them() {
        let read = |said| parse_version(said).map(|(major, version)| format!("{major} {version}"));
        let debian = "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n";
        assert_eq!(read(debian).as_deref(), Some("15 15.20"));
        assert_eq!(read("postgres (PostgreSQL) 18.4\n").as_deref(), Some("18 18.4"));
        assert_eq!(read("postgres (PostgreSQL) 19beta1").as_deref(), Some("19 19beta1"));
        assert_eq!(read("postgres: command not found"), None);
        assert_eq!(read("postgres (PostgreSQL) "), None);
    }

    #[test]
    fn versions_are_ordered_by_number() {
        let of = |version: &str| {
            Binaries { dir: PathBuf::new(), major: 15, version: version.to_owned() }.rank()
        };
        assert!(of("15.9") < of("15.20"));
        assert!(of("15.20") < of("16beta1"));
    }

    #[test]
    fn a_star_stands_for_one_name() {
        let root = tempfile::tempdir().expect("a temporary directory");
        for name in ["pgsql-15", "pgsql-17", "other"] {
            fs::create_dir(root.path().join(name)).expect("made");
        }
        let pattern = format!("{}/pgsql-*/bin", root.path().display());
        let expected = ["pgsql-15/bin", "pgsql-17/bin"].map(|name| root.path().join(name));
        assert_eq!(expand(&pattern), expected);
        assert_eq!(expand("/usr/bin"), [PathBuf::from("/usr/bin")]);
        assert!(expand("/no/such/place-*/bin").is_empty());
    }

    #[test]
    fn each_system_gets_its_own_install_command() {
        let command = |release| install_command_for(release, None);
        assert_eq!(command("ID=debian\nVERSION_ID=12\n"), "sudo apt-get install postgresql");
        assert_eq!(
            command("ID=pop\nID_LIKE=\"ubuntu debian\"\n"),
            "sudo apt-get install postgresql"
        );
        assert_eq!(
            command("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"),
            "sudo dnf install postgresql-server"
        );
        assert_eq!(
            install_command_for("ID=ubuntu", Some(16)),
            "sudo apt-get install postgresql-16"
        );
        assert_eq!(command(""), "brew install postgresql@17");
    }

    #[test]
    fn a_directory_without_programs_is_named_in_the_error() {
        let empty = tempfile::tempdir().expect("a temporary directory");
        let search = Search { explicit: Some(empty.path().to_owned()), ..Search::default() };
        let error = find(&search).expect_err("there is nothing").to_string();
        assert!(error.contains("does not contain `initdb`"), "{error}");
        assert!(error.contains(&empty.path().display().to_string()), "{error}");
    }
}
