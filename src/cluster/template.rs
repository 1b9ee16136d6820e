//! Data directories: made once by `initdb`, then copied.
//!
//! `initdb` takes most of a second and a copy takes a twentieth of that. The template holds one database,
//! `template1`, because two thirds of a fresh directory are `template0` and `postgres`, which a disposable
//! server does not need.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::account::Account;
use super::binaries::Binaries;
use super::error::{ClusterError, cannot};
use super::places::Places;
use super::{SUPERUSER, lock, program};
use crate::migration::environment::{Locale, Provider};
use crate::words::digest::Digest;

/// Raised whenever a template of an older glowplug would not do any more.
const FORMAT: u32 = 2;

/// How long `initdb` may take: 0.6 s on a quiet machine, 12 s were seen on a busy one.
const DEADLINE: Duration = Duration::from_secs(120);

/// Takes away all databases but one. One statement per line: single-user mode reads them so.
const ONE_DATABASE: &str = "\
UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'template0';
DROP DATABASE template0;
DROP DATABASE postgres;
";

/// Small WAL segments keep the copy small; trust is safe behind a private directory, and only there.
const DISPOSABLE: [&str; 3] = ["--no-sync", "--wal-segsize=1", "--auth=trust"];

/// The directory of the template for this version, locale and user, which is made when it is not there.
pub(super) fn ensure(
    binaries: &Binaries,
    locale: &Locale,
    account: &Account,
    places: &Places,
) -> Result<PathBuf, ClusterError> {
    // Whoever can write here decides what our server runs.
    let cache = places.usable_cache();
    let templates = cache.map_err(cannot("create a cache in", &places.cache))?.dir.join("template");
    let settled = places.settle(&templates, 0o755);
    settled.map_err(cannot("use the cache", &templates))?;
    account.require(&templates)?;
    let key = key(binaries, locale, account)?;
    let template = templates.join(&key);
    if places.is_intact(&template, account.uid()) {
        return Ok(template);
    }
    let _building = lock::exclusive(&templates.join(format!("{key}.lock")), DEADLINE)?;
    if places.is_intact(&template, account.uid()) {
        return Ok(template);
    }
    if template.symlink_metadata().is_ok() {
        return Err(ClusterError::ForeignDirectory { path: template, user: account.name() });
    }
    let prefix = format!("building-{key}-");
    sweep(&templates, &prefix)?;
    let building = temporary(&templates, &prefix)?;
    account.give(building.path())?;
    initialise(
        binaries,
        account,
        building.path(),
        &locale_flags(locale, binaries.major()),
        &DISPOSABLE,
    )?;
    keep_one_database(binaries, account, building.path())?;
    publish(building, &template)?;
    Ok(template)
}

/// Makes the durable data directory `data`, complete or not at all.
pub(super) fn durable(
    binaries: &Binaries,
    account: &Account,
    data: &Path,
) -> Result<(), ClusterError> {
    let parent = data.parent().unwrap_or(data);
    let prefix = format!("{}.new-", binaries.major());
    sweep(parent, &prefix)?;
    let building = temporary(parent, &prefix)?;
    account.give(building.path())?;
    // Sorted by code point everywhere, and letters beyond ASCII are letters.
    let locale: &[&str] = if cfg!(target_os = "macos") {
        &["--encoding=UTF8", "--locale=C", "--lc-ctype=UTF-8"]
    } else {
        &["--encoding=UTF8", "--locale=C.UTF-8"]
    };
    let locale: Vec<String> = locale.iter().map(|&flag| flag.to_owned()).collect();
    let flags = ["--auth-local=trust", "--auth-host=reject"];
    initialise(binaries, account, building.path(), &locale, &flags)?;
    publish(building, data)
}

/// Copies a template. Whoever calls this owns the copy.
///
/// Plain copies, not hard links: the server writes into these files in place.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), ClusterError> {
    fs::DirBuilder::new().mode(0o700).create(to).map_err(cannot("create the directory", to))?;
    for entry in fs::read_dir(from).map_err(cannot("read", from))? {
        let entry = entry.map_err(cannot("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(cannot("inspect", &source))?.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(cannot("copy", &source))?;
        }
    }
    Ok(())
}

/// Everything that a template depends on, as a name.
pub(super) fn key(
    binaries: &Binaries,
    locale: &Locale,
    account: &Account,
) -> Result<String, ClusterError> {
    let program = binaries.postgres();
    let found = fs::metadata(&program).map_err(cannot("inspect", &program))?;
    let identity = format!(
        "{FORMAT}\n{program:?}\n{}.{}\n{}\n{}\n{locale:?}\n{DISPOSABLE:?}\n{}",
        found.mtime(),
        found.mtime_nsec(),
        found.len(),
        binaries.version(),
        account.uid(),
    );
    Ok(format!("{}-{}", binaries.major(), &Digest::of(&identity).as_str()[..16]))
}

/// What `initdb` is told. Messages and formats stay those of `C`: they are settings.
fn locale_flags(locale: &Locale, major: u32) -> Vec<String> {
    let mut flags = vec![
        format!("--encoding={}", locale.encoding),
        "--locale=C".to_owned(),
        format!("--lc-collate={}", locale.collate),
        format!("--lc-ctype={}", locale.ctype),
    ];
    match locale.provider {
        Provider::Icu if major >= 15 => {
            flags.push("--locale-provider=icu".into());
            flags.push(format!("--icu-locale={}", locale.name));
        }
        Provider::Builtin if major >= 17 => {
            flags.push("--locale-provider=builtin".into());
            flags.push(format!("--builtin-locale={}", locale.name));
        }
        _ => {}
    }
    flags
}

fn initialise(
    binaries: &Binaries,
    account: &Account,
    data: &Path,
    locale: &[String],
    flags: &[&str],
) -> Result<(), ClusterError> {
    let mut initdb = program::command(&binaries.initdb(), account);
    initdb
        .arg("-D")
        .arg(data)
        .args(["--username", SUPERUSER, "--no-instructions"])
        .args(flags)
        .args(locale);
    if flags.contains(&"--no-sync") {
        // A disposable server means the same wherever it runs.
        initdb.env("TZ", "UTC");
    }
    program::run(initdb, account, "", DEADLINE).map(drop)
}

/// Single-user mode, because it needs no socket and ends with us.
fn keep_one_database(
    binaries: &Binaries,
    account: &Account,
    data: &Path,
) -> Result<(), ClusterError> {
    let mut single = program::command(&binaries.postgres(), account);
    single.args(["--single", "-F", "-c", "exit_on_error=on", "-c", "log_checkpoints=off", "-D"]);
    single.arg(data).arg("template1");
    program::run(single, account, ONE_DATABASE, DEADLINE)?;
    // The template stays for years; a power failure must not leave half of it behind a whole name.
    let mut sync = program::command(&binaries.initdb(), account);
    sync.args(["--sync-only", "-D"]).arg(data);
    program::run(sync, account, "", DEADLINE).map(drop)
}

/// Checks that a server could install a template here, for [`install`](super::install).
pub(super) fn try_out(
    binaries: &Binaries,
    account: &Account,
    within: &Path,
) -> Result<(), ClusterError> {
    let trial = temporary(within, "trial-")?;
    account.give(trial.path())?;
    initialise(
        binaries,
        account,
        trial.path(),
        &locale_flags(&Locale::default(), binaries.major()),
        &DISPOSABLE,
    )
}

pub(super) fn temporary(within: &Path, prefix: &str) -> Result<tempfile::TempDir, ClusterError> {
    tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(within)
        .map_err(cannot("create a directory in", within))
}

pub(super) fn publish(building: tempfile::TempDir, name: &Path) -> Result<(), ClusterError> {
    fs::rename(building.path(), name).map_err(cannot("make", name))?;
    // It has moved away: there is nothing left to remove.
    drop(building.keep());
    if let Some(parent) = name.parent() {
        let synced = fs::File::open(parent).and_then(|directory| directory.sync_all());
        synced.map_err(cannot("sync", parent))?;
    }
    Ok(())
}

/// Removes what an interrupted build left. Only for the holder of the lock.
pub(super) fn sweep(within: &Path, prefix: &str) -> Result<(), ClusterError> {
    for entry in fs::read_dir(within).map_err(cannot("read", within))?.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(cannot("remove", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_same_files_and_stays_private() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        fs::create_dir_all(from.join("base/1")).expect("made");
        fs::write(from.join("base/1/PG_VERSION"), "15\n").expect("written");
        copy(&from, &to).expect("copied");
        assert_eq!(fs::read_to_string(to.join("base/1/PG_VERSION")).expect("read"), "15\n");
        assert_eq!(fs::metadata(&to).expect("it is there").mode() & 0o777, 0o700);
    }

    #[test]
    fn a_sweep_takes_only_what_its_own_builds_left() {
        let root = tempfile::tempdir().expect("a temporary directory");
        for name in ["15.new-a", "16.new-b", "15"] {
            fs::create_dir(root.path().join(name)).expect("made");
        }
        sweep(root.path(), "15.new-").expect("swept");
        let left = |name| root.path().join(name).exists();
        assert!(!left("15.new-a") && left("16.new-b") && left("15"));
    }
}
