//! A new migration, to be written by a person.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    job::JobError,
    migration::{
        source::{DOWN_TEMPLATE, FILL, Migrations},
        target::{Point, TargetError},
        version::Version,
    },
    project::{
        ProjectError,
        write::{self, NewMigration},
    },
    words::ident::Qualified,
};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RevisionReport {
    /// The key.
    pub version: Version,
    /// The directory's name.
    pub name: String,
    /// The directory.
    pub path: PathBuf,
}

const UP: &str =
    "-- Write the migration here. It runs in one transaction, together with its journal entry.\n";
const UP_PIECEWISE: &str = "-- Write the migration here. Each statement commits by itself; an interrupted run continues where it stopped.\n";

/// Writes a new migration after all others.
///
/// # Errors
/// When the version is taken, too long or not the newest, or the directory cannot be written.
pub(crate) fn revision(
    dir: &Path,
    migrations: &Migrations,
    message: &str,
    version: Option<&str>,
    run_in_transaction: bool,
) -> Result<RevisionReport, JobError> {
    let (version, name) = place(dir, migrations, message, version)?;
    let up = if run_in_transaction { UP } else { UP_PIECEWISE };
    let new =
        NewMigration { name: &name, up, down: DOWN_TEMPLATE, run_in_transaction, metadata: "" };
    let path = write::migration(dir, &new)?;
    Ok(RevisionReport { version, name, path })
}

/// What a new backfill moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewBackfill {
    /// The schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column that orders the batches.
    pub key: String,
}

/// Writes a new migration that moves rows in batches.
///
/// # Errors
/// As [`revision`].
pub(crate) fn backfill(
    dir: &Path,
    migrations: &Migrations,
    message: &str,
    version: Option<&str>,
    wanted: &NewBackfill,
) -> Result<RevisionReport, JobError> {
    let (version, name) = place(dir, migrations, message, version)?;
    let table = Qualified { schema: &wanted.schema, name: &wanted.table };
    let up = format!(
        "-- One statement, run for so many rows of {table} at a time: glowplug puts the keys of a batch in the place of the comment, and\n\
         -- commits each with an entry that says how far it came. `diesel` runs it as it stands, over all rows at once.\n\
         -- Choose a condition that leaves out what is done already: the application may write meanwhile.\n\
         UPDATE {table} SET {FILL}\nWHERE true /* glowplug:batch */;\n"
    );
    // quoted as TOML: its basic strings escape what JSON's do
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let metadata = format!(
        "\n[backfill]\ntable = {}\nkey = {}\n# batch = 1000             # keys of a batch; [backfill] in glowplug.toml has this, `pause` and `max_lag`\n",
        quoted(&named(&wanted.schema, &wanted.table)),
        quoted(&wanted.key)
    );
    let new = NewMigration {
        name: &name,
        up: &up,
        down: "-- Rows stay as they are: there is nothing to undo.\n",
        run_in_transaction: false,
        metadata: &metadata,
    };
    let path = write::migration(dir, &new)?;
    Ok(RevisionReport { version, name, path })
}

/// A table as metadata.toml names it: quoted where it has to be.
fn named(schema: &str, table: &str) -> String {
    let is_plain = |it: &str| {
        it.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !it.starts_with(|c: char| c.is_ascii_digit())
    };
    match is_plain(schema) && is_plain(table) {
        true => format!("{schema}.{table}"),
        false => Qualified { schema, name: table }.to_string(),
    }
}

/// The version and the directory's name that a new migration gets.
///
/// # Errors
/// When the version is taken, too long or not one.
pub(crate) fn place(
    dir: &Path,
    migrations: &Migrations,
    message: &str,
    version: Option<&str>,
) -> Result<(Version, String), JobError> {
    let slug = slug(message);
    let key_was_chosen = version.is_some();
    let key = match version {
        Some(version) => version.to_owned(),
        None => next_version(migrations),
    };
    let name = if slug.is_empty() { key.clone() } else { format!("{key}_{slug}") };
    let version = match Version::of_directory(&name) {
        Ok(version) if can_be_named(&key) => version,
        _ => return Err(ProjectError::NotAVersion { text: key }.into()),
    };
    if let Some(taken) = migrations.get(&version) {
        return Err(ProjectError::Exists {
            path: dir.join(&taken.name),
            advice: format!("Its version is also {version}. Choose another with --rev-id."),
        }
        .into());
    }
    let newest = migrations.head().map(|it| &it.version);
    if let Some(head) = newest.filter(|head| key_was_chosen && **head > version) {
        return Err(ProjectError::NotNewest { text: key, newest: head.clone() }.into());
    }
    Ok((version, name))
}

/// Whether a version can stand in a directory's name, and be named as a target.
fn can_be_named(key: &str) -> bool {
    let is_symbol = matches!(key, "head" | "heads" | "base" | "current");
    let breaks = |c: char| matches!(c, '_' | '/' | '\\' | '+' | ':') || c.is_control();
    !(is_symbol || key.contains(breaks) || key.starts_with(['.', '-']))
}

/// Now, in Diesel's form; the last four digits count up where several are made in one second. What comes right behind the newest, where
/// that is later than now, or sorts behind all times: what is new was written after it, and may need it.
pub(crate) fn next_version(migrations: &Migrations) -> String {
    let now = jiff::Timestamp::now().strftime(TIME).to_string();
    let is_next = |key: &String| {
        let version = Version::of_directory(key).ok();
        let head = migrations.head().map(|it| &it.version);
        version
            .is_some_and(|it| migrations.get(&it).is_none() && head.is_none_or(|head| *head < it))
    };
    let times = (0..0xffff_u32).map(|count| format!("{now}-{count:04x}"));
    let behind = migrations.head().map(|it| it.name.split('_').next().unwrap_or_default());
    let behind = behind.into_iter().flat_map(behind_it);
    let mut keys = times.chain(behind);
    keys.find(is_next).unwrap_or_else(|| format!("{now}-0000"))
}

/// How Diesel writes the time of a migration, before its last four digits.
const TIME: &str = "%Y-%m-%d-%H%M%S";

/// What may come behind the newest version: a second more, or a number more of as many digits, or a digit more.
fn behind_it(key: &str) -> Vec<String> {
    let time = key.get(..17).filter(|_| key.len() == 22 && key.as_bytes()[17] == b'-');
    let time = time.and_then(|it| jiff::civil::DateTime::strptime(TIME, it).ok());
    if let Some(later) = time.and_then(|it| it.checked_add(jiff::Span::new().seconds(1)).ok()) {
        return vec![format!("{}-0000", later.strftime(TIME))];
    }
    match key.parse::<u64>() {
        Ok(number) => {
            vec![
                format!("{:0width$}", number.saturating_add(1), width = key.len()),
                format!("{key}1"),
            ]
        }
        Err(_) => Vec::new(),
    }
}

/// Makes a message part of a directory's name: lower case, `_` for everything else, at most 60 characters.
#[must_use]
pub(crate) fn slug(message: &str) -> String {
    let words: Vec<String> = message
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let slug = words.join("_");
    slug.chars().take(60).collect::<String>().trim_end_matches('_').to_owned()
}

/// Finds one migration by a target, on disk.
///
/// # Errors
/// When it names none.
pub(crate) fn find<'a>(
    migrations: &'a Migrations,
    applied: Vec<&'a Version>,
    target: &str,
) -> Result<&'a crate::migration::source::Migration, JobError> {
    let on_disk = migrations.iter().map(|it| (&it.version, it.name.as_str())).collect();
    let history = crate::migration::target::History { on_disk, applied };
    let nothing =
        |advice: &str| TargetError::Unknown { text: target.into(), advice: advice.into() };
    match history.find(target)? {
        Point::Base => {
            Err(nothing("Base is before the first migration; there is nothing to show.").into())
        }
        Point::At(version) => migrations
            .get(&version)
            .ok_or_else(|| nothing("It is applied in the database, but not on disk.").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{behind_it, slug};

    #[test]
    fn what_comes_behind_the_newest_is_written_as_that_is() {
        assert_eq!(behind_it("2030-12-31-235959-0000"), ["2031-01-01-000000-0000"]);
        assert_eq!(behind_it("0999")[0], "1000");
        assert_eq!(behind_it("9"), ["10", "91"]);
        assert!(behind_it("later").is_empty());
    }

    #[test]
    fn a_message_becomes_a_name() {
        assert_eq!(slug("Add users' e-mail"), "add_users_e_mail");
        assert_eq!(slug("  ../../etc "), "etc");
        assert_eq!(slug("Größe ändern"), "größe_ändern");
        assert_eq!(slug("!"), "");
        assert!(slug(&"long words ".repeat(20)).len() <= 60);
    }
}
