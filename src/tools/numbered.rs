//! Tools with one file, or a pair of files, for each number: sqlx, golang-migrate, refinery.

use std::collections::BTreeMap;

use crate::tools::{File, Raw, ToolError};

/// A file that has a way up or down.
struct Part<'f> {
    file: &'f File,
    number: String,
    name: String,
    is_down: bool,
}

/// `1_name.sql`, or `1_name.up.sql` with `1_name.down.sql`.
pub(super) fn sqlx(files: &[File]) -> Result<Vec<Raw>, ToolError> {
    let parts = files.iter().filter(|it| !it.path.contains('/')).filter_map(|file| {
        let (number, rest) = digits(file.name())?;
        let rest = rest.strip_prefix('_')?;
        let (name, is_down) = match (rest.strip_suffix(".up.sql"), rest.strip_suffix(".down.sql")) {
            (Some(name), _) => (name, false),
            (_, Some(name)) => (name, true),
            _ => (rest.strip_suffix(".sql")?, false),
        };
        Some(Part { file, number: number.to_owned(), name: name.to_owned(), is_down })
    });
    let mut raws = paired(parts)?;
    for raw in &mut raws {
        raw.is_alone = raw.up.starts_with("-- no-transaction");
    }
    Ok(raws)
}

/// `1_name.up.sql` and `1_name.down.sql`.
pub(super) fn golang_migrate(files: &[File]) -> Result<Vec<Raw>, ToolError> {
    let parts = files.iter().filter(|it| !it.path.contains('/')).filter_map(|file| {
        let (number, rest) = digits(file.name())?;
        let rest = rest.strip_prefix('_')?;
        let (name, is_down) = match rest.strip_suffix(".up.sql") {
            Some(name) => (name, false),
            None => (rest.strip_suffix(".down.sql")?, true),
        };
        Some(Part { file, number: number.to_owned(), name: name.to_owned(), is_down })
    });
    paired(parts)
}

/// `V1__name.sql` and `U1__name.sql`, which may run out of order. There are no ways down.
pub(super) fn refinery(files: &[File]) -> Result<Vec<Raw>, ToolError> {
    let mut parts = Vec::new();
    for file in files {
        let Some(rest) = file.name().strip_prefix(['V', 'U']) else { continue };
        let Some((number, rest)) = digits(rest) else { continue };
        let Some(rest) = rest.strip_prefix("__") else { continue };
        if rest.ends_with(".rs") {
            let what = "it is Rust, and only running it shows its SQL".into();
            return Err(ToolError::Unconvertible { path: file.path.clone(), what });
        }
        let Some(name) = rest.strip_suffix(".sql") else { continue };
        let (number, name) = (number.to_owned(), name.to_owned());
        parts.push(Part { file, number, name, is_down: false });
    }
    paired(parts.into_iter())
}

/// The digits that a name begins with, and what follows.
pub(super) fn digits(name: &str) -> Option<(&str, &str)> {
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    (end > 0).then(|| name.split_at(end))
}

/// A number without zeros in front, as a table has it that keeps it as a number.
pub(super) fn number(text: &str) -> &str {
    match text.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    }
}

/// Puts ways up and down together, in the order of their numbers.
fn paired<'f>(parts: impl Iterator<Item = Part<'f>>) -> Result<Vec<Raw>, ToolError> {
    // of numbers without zeros in front, the longer is the greater
    let mut all: BTreeMap<(usize, String), Raw> = BTreeMap::new();
    for part in parts {
        let id = number(&part.number).to_owned();
        let raw = all.entry((id.len(), id.clone())).or_default();
        let (path, text) = (part.file.path.clone(), part.file.text.clone());
        let taken = match part.is_down {
            true => raw.down.as_ref().map(|it| it.0.clone()),
            false => Some(raw.path.clone()).filter(|it| !it.is_empty()),
        };
        if let Some(first) = taken {
            return Err(ToolError::Duplicate { first, second: path });
        }
        raw.id = id;
        if part.is_down {
            raw.down = Some((path, text));
        } else {
            (raw.path, raw.up) = (path, text);
            (raw.number, raw.name) = (part.number, part.name);
        }
    }
    for raw in all.values() {
        if let (true, Some((path, _))) = (raw.path.is_empty(), &raw.down) {
            let what = "it has no way up beside it".into();
            return Err(ToolError::Unconvertible { path: path.clone(), what });
        }
    }
    Ok(all.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<File> {
        let file = |name: &&str| File { path: (*name).to_owned(), text: format!("-- {name}") };
        names.iter().map(file).collect()
    }

    fn shown(raws: &[Raw]) -> String {
        let shown = raws.iter().map(|it| {
            let down = if it.down.is_some() { "-" } else { "" };
            format!("{}:{}{down}", it.id, it.name)
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn files_are_paired_and_ordered_by_number() {
        let of = |read: fn(&[File]) -> Result<Vec<Raw>, ToolError>, names: &[&str]| match read(
            &files(names),
        ) {
            Ok(raws) => shown(&raws),
            Err(error) => error.to_string(),
        };
        let pairs = ["10_b.down.sql", "10_b.up.sql", "2_a.up.sql", "README.md", "sub/3_c.up.sql"];
        assert_eq!(of(sqlx, &pairs), "2:a 10:b-");
        assert_eq!(of(golang_migrate, &pairs), "2:a 10:b-");
        assert_eq!(of(sqlx, &["0001_a.sql", "0002_b c.sql"]), "1:a 2:b c");
        assert_eq!(of(golang_migrate, &["0001_a.sql"]), "");
        assert_eq!(of(refinery, &["V2__b.sql", "V10__c.sql", "U1__a.sql"]), "1:a 2:b 10:c");
        assert_eq!(
            of(refinery, &["V1__b.rs"]),
            "V1__b.rs cannot be converted: it is Rust, and only running it shows its SQL"
        );
        assert_eq!(
            of(sqlx, &["1_a.sql", "01_b.sql"]),
            "1_a.sql and 01_b.sql have the same version"
        );
        assert_eq!(
            of(sqlx, &["1_a.down.sql"]),
            "1_a.down.sql cannot be converted: it has no way up beside it"
        );
    }
}
