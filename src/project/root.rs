//! Where a project is: Diesel's rule.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// Finds the root of the project that `from` lies in.
///
/// The nearest directory upwards with a `diesel.toml` or `glowplug.toml`, else the nearest with a `Cargo.toml`.
#[must_use]
pub(crate) fn find(from: &Path) -> Option<PathBuf> {
    let nearest = |names: &[&str]| {
        from.ancestors().find(|dir| names.iter().any(|name| dir.join(name).is_file()))
    };
    nearest(&["diesel.toml", "glowplug.toml"])
        .or_else(|| nearest(&["Cargo.toml"]))
        .map(Path::to_owned)
}

/// Finds the nearest `migrations` directory upwards.
#[must_use]
pub(crate) fn find_migrations(from: &Path) -> Option<PathBuf> {
    from.ancestors().map(|dir| dir.join("migrations")).find(|dir| dir.is_dir())
}

/// A path as it is called from a directory, with `..` where it leads out of it. Links are followed first.
#[must_use]
pub(crate) fn relative(path: &Path, from: &Path) -> PathBuf {
    let (path, from) = (real(path), real(from));
    let same =
        path.components().zip(from.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(same).map(|_| Component::ParentDir);
    up.chain(path.components().skip(same)).collect()
}

/// A path without links; of what is not there yet, the part that is.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|step| Some((step, fs::canonicalize(step).ok()?)));
    match there {
        Some((step, real)) => match path.strip_prefix(step) {
            Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
            _ => real,
        },
        None => path.to_owned(),
    }
}
