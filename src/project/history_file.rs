//! Reads and writes `.history` beside the migrations.

use std::path::Path;

use crate::{
    migration::{
        history_file::{self, HistoryFault, Line, NAME},
        source::Migrations,
    },
    project::{ProjectError, regular},
};

/// Demands that the file has one line for each migration, with the digest that its up.sql has. With `drafts` a line without one will do.
///
/// # Errors
/// When it is missing, holds a conflict, or differs.
pub(crate) fn demand(
    dir: &Path,
    shown: &str,
    migrations: &Migrations,
    drafts: bool,
) -> Result<(), ProjectError> {
    let path = format!("{shown}/{NAME}");
    let Some(lines) = read(dir, &path)? else {
        return Err(HistoryFault::Missing { path }.into());
    };
    let differences = history_file::differences(&lines, migrations, drafts);
    match differences.is_empty() {
        true => Ok(()),
        false => Err(HistoryFault::Differs { path, differences }.into()),
    }
}

/// Adds lines for new migrations, and removes those of directories that are gone.
///
/// # Errors
/// When the file holds a conflict, or the system says no.
pub(crate) fn keep(
    dir: &Path,
    migrations: &Migrations,
    drafts: &[&str],
) -> Result<(), ProjectError> {
    let before = read(dir, NAME)?.unwrap_or_default();
    write(dir, &history_file::kept(&before, migrations, drafts))
}

/// Writes a line for each migration as it is on disk.
///
/// # Errors
/// When the system says no.
pub(crate) fn renew(dir: &Path, migrations: &Migrations) -> Result<(), ProjectError> {
    let lines: Vec<Line> = migrations.iter().map(history_file::line).collect();
    write(dir, &lines)
}

fn read(dir: &Path, shown: &str) -> Result<Option<Vec<Line>>, ProjectError> {
    let path = dir.join(NAME);
    match regular::read_to_string(&path) {
        Ok(text) => Ok(Some(history_file::parse(&text, shown)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ProjectError::io("read", path)(error)),
    }
}

/// Writes the file in one step.
fn write(dir: &Path, lines: &[Line]) -> Result<(), ProjectError> {
    let path = dir.join(NAME);
    let failed = || ProjectError::io("write", path.clone());
    let mut file =
        tempfile::Builder::new().prefix(".glowplug-").tempfile_in(dir).map_err(failed())?;
    std::io::Write::write_all(&mut file, history_file::print(lines).as_bytes()).map_err(failed())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let open = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(open).map_err(failed())?;
    }
    file.persist(&path).map_err(|error| failed()(error.error))?;
    Ok(())
}
