//! The files of a new Diesel project, byte for byte those of `diesel setup`. Nothing that exists is overwritten.

use std::{fs, path::Path};

use crate::project::{ProjectError, root, write::file_if_absent};

/// The first migration of a Diesel project.
const DEFAULT_MIGRATION: &str = "00000000000000_diesel_initial_setup";
const DEFAULT_UP: &str = include_str!("diesel_initial_setup/up.sql");
const DEFAULT_DOWN: &str = include_str!("diesel_initial_setup/down.sql");

/// Makes the migrations directory, if there is none, and clears away what an old Diesel left in it.
///
/// # Errors
/// When the system says no.
pub(crate) fn migrations_directory(dir: &Path) -> Result<(), ProjectError> {
    if !dir.is_dir() {
        file_if_absent(&dir.join(".keep"), "")?;
        return Ok(());
    }
    let old = dir.join(".gitkeep");
    if old.is_file() {
        fs::remove_file(&old).map_err(ProjectError::io("remove", &old))?;
    }
    Ok(())
}

/// Writes diesel.toml, if there is none.
///
/// # Errors
/// When the system says no.
pub(crate) fn diesel_toml(path: &Path, root: &Path, migrations: &Path) -> Result<(), ProjectError> {
    let relative = root::relative(migrations, root);
    let dir = relative.display().to_string().replace('\\', "\\\\");
    let text = format!(
        "# For documentation on how to configure this file,
# see https://diesel.rs/guides/configuring-diesel-cli

[print_schema]
file = \"src/schema.rs\"
custom_type_derives = [\"diesel::query_builder::QueryId\", \"Clone\"]

[migrations_directory]
dir = \"{dir}\"
"
    );
    file_if_absent(path, &text).map(|_| ())
}

/// Writes Diesel's first migration, if there is none of its name.
///
/// # Errors
/// When the system says no.
pub(crate) fn default_migration(dir: &Path) -> Result<(), ProjectError> {
    let place = dir.join(DEFAULT_MIGRATION);
    if place.exists() {
        return Ok(());
    }
    let up = file_if_absent(&place.join("up.sql"), DEFAULT_UP);
    let both = up.and_then(|_| file_if_absent(&place.join("down.sql"), DEFAULT_DOWN));
    if both.is_err() {
        // half a migration would stop every run
        fs::remove_dir_all(&place).unwrap_or_default();
    }
    both.map(|_| ())
}
