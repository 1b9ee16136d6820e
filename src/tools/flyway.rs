//! Flyway: `V1.2__name.sql`, `U1.2__name.sql` for the way back, and `R__name.sql`, which runs again whenever it changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::tools::{File, Raw, ToolError};

/// The values of `${placeholders}`.
#[derive(Debug, Clone, Default)]
pub(super) struct Placeholders(BTreeMap<String, String>);

impl Placeholders {
    pub(super) fn new(all: &[(String, String)]) -> Self {
        // Flyway does not tell cases apart
        Self(all.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect())
    }

    /// Replaces them in a text. Those without a value are noted.
    fn replace(&self, text: &str, missing: &mut BTreeSet<String>) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let Some(length) = rest[at..].find('}') else { break };
            let name = &rest[at + 2..at + length];
            replaced.push_str(&rest[..at]);
            match self.0.get(&name.to_lowercase()) {
                Some(value) => replaced.push_str(value),
                None => {
                    missing.insert(name.to_owned());
                }
            }
            rest = &rest[at + length + 1..];
        }
        replaced + rest
    }
}

/// What a file is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Versioned { version: Vec<String>, name: String },
    Undo { version: Vec<String> },
    Repeatable { name: String },
    Baseline,
}

/// What a name says.
fn part(name: &str) -> Option<Part> {
    let (head, name) = name.strip_suffix(".sql")?.split_once("__")?;
    let version = |text: &str| {
        let groups: Vec<String> = text.split(['.', '_']).map(str::to_owned).collect();
        let is_digits = |it: &String| !it.is_empty() && it.bytes().all(|c| c.is_ascii_digit());
        groups.iter().all(is_digits).then_some(groups)
    };
    let name = name.to_owned();
    if head == "R" {
        return Some(Part::Repeatable { name });
    }
    if let Some(rest) = head.strip_prefix('V') {
        return Some(Part::Versioned { version: version(rest)?, name });
    }
    if let Some(rest) = head.strip_prefix('U') {
        return Some(Part::Undo { version: version(rest)? });
    }
    head.strip_prefix('B').and_then(version).map(|_| Part::Baseline)
}

/// A version as it is compared: numbers without zeros in front, and no zeros at the end.
pub(super) fn id(text: &str) -> String {
    let groups: Vec<&str> = text.split(['.', '_']).collect();
    id_of(&groups)
}

fn id_of(groups: &[impl AsRef<str>]) -> String {
    let mut groups: Vec<&str> =
        groups.iter().map(|it| super::numbered::number(it.as_ref())).collect();
    while groups.len() > 1 && groups.last() == Some(&"0") {
        groups.pop();
    }
    groups.join(".")
}

/// What a repeatable migration is called in place of a version.
pub(super) fn repeatable(description: &str) -> String {
    format!("R:{}", description.replace('_', " "))
}

/// Reads the files: versioned migrations in the order of their versions, then repeatable ones in that of their names.
pub(super) fn read(
    files: &[File],
    placeholders: &Placeholders,
    remarks: &mut Vec<String>,
) -> Result<Vec<Raw>, ToolError> {
    let mut missing = BTreeSet::new();
    let mut versioned: BTreeMap<Vec<(usize, String)>, Raw> = BTreeMap::new();
    let mut undo: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut repeated: BTreeMap<String, Raw> = BTreeMap::new();
    for file in files.iter().filter(|it| it.path.ends_with(".sql")) {
        let Some(part) = part(file.name()) else {
            remarks.push(format!("{} was left out: it is a callback or no migration", file.path));
            continue;
        };
        let (path, text) = (file.path.clone(), placeholders.replace(&file.text, &mut missing));
        let raw = |id: String, number: String, name: String| Raw {
            id,
            number,
            name,
            path: path.clone(),
            up: text.clone(),
            is_alone: runs_alone(files, &path),
            ..Raw::default()
        };
        let before = match part {
            Part::Versioned { version, name } => {
                let id = id_of(&version);
                let order = id.split('.').map(|it| (it.len(), it.to_owned())).collect();
                versioned.insert(order, raw(id, version.join("."), name))
            }
            Part::Repeatable { name } => {
                repeated.insert(name.clone(), raw(repeatable(&name), String::new(), name))
            }
            Part::Undo { version } => {
                undo.insert(id_of(&version), (path.clone(), text));
                None
            }
            Part::Baseline => {
                remarks.push(format!("{path} was left out: the versions before it are there"));
                None
            }
        };
        if let Some(before) = before {
            return Err(ToolError::Duplicate { first: before.path, second: path });
        }
    }
    if !missing.is_empty() {
        return Err(ToolError::Placeholders { names: missing.into_iter().collect() });
    }
    let mut raws: Vec<Raw> = versioned.into_values().collect();
    for raw in &mut raws {
        raw.down = undo.remove(&raw.id);
    }
    remarks.extend(
        undo.into_values().map(|(path, _)| {
            format!("{path} was left out: there is no migration that it belongs to")
        }),
    );
    if !repeated.is_empty() {
        let names: Vec<&str> = repeated.values().map(|it| it.path.as_str()).collect();
        remarks.push(format!(
            "repeatable migrations stand at the end, in their newest state: {}",
            names.join(", ")
        ));
        append(&mut raws, repeated.into_values());
    }
    Ok(raws)
}

/// Puts repeatable migrations after all others: the newest version gets one more group of digits.
fn append(raws: &mut Vec<Raw>, repeated: impl Iterator<Item = Raw>) {
    let last = raws.last().map_or_else(|| "0".to_owned(), |it| it.number.clone());
    // a version with this many groups could have the same one
    let filler =
        ".0".repeat(raws.iter().map(|it| it.number.matches('.').count()).max().unwrap_or(0));
    for (at, mut raw) in repeated.enumerate() {
        raw.number = format!("{last}{filler}.{:03}", at + 1);
        raws.push(raw);
    }
}

/// Whether the settings beside a script say that it runs without a transaction.
fn runs_alone(files: &[File], path: &str) -> bool {
    let Some(settings) = files.iter().find(|it| it.path.strip_suffix(".conf") == Some(path)) else {
        return false;
    };
    settings.text.lines().any(|line| {
        let pair = line.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        pair.is_some_and(|(key, value)| {
            key == "executeInTransaction" && value.eq_ignore_ascii_case("false")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    #[test]
    fn versions_are_ordered_by_their_numbers_and_repeatables_stand_at_the_end() {
        let files = [
            file("V1.10__c.sql", "C"),
            file("V1_2__b.sql", "B"),
            file("V001__a.sql", "A"),
            file("U1.2__b.sql", "b"),
            file("R__views.sql", "R"),
            file("sub/V2__d.sql", "D"),
            file("sub/V2__d.sql.conf", "executeInTransaction = FALSE"),
            file("afterMigrate.sql", ""),
        ];
        let mut remarks = Vec::new();
        let raws = read(&files, &Placeholders::default(), &mut remarks).unwrap();
        let shown: Vec<String> =
            raws.iter().map(|it| format!("{} {} {}", it.id, it.number, it.name)).collect();
        assert_eq!(
            shown,
            ["1 001 a", "1.2 1.2 b", "1.10 1.10 c", "2 2 d", "R:views 2.0.001 views"]
        );
        assert_eq!(raws[1].down.as_ref().unwrap().1, "b");
        assert!(raws[3].is_alone && !raws[0].is_alone);
        assert_eq!(remarks.len(), 2, "{remarks:?}");
    }

    #[test]
    fn placeholders_are_replaced_or_asked_for() {
        let files = [file("V1__a.sql", "GRANT x TO ${Role}; ${ other")];
        let given = Placeholders::new(&[("role".into(), "app".into())]);
        let raws = read(&files, &given, &mut Vec::new()).unwrap();
        assert_eq!(raws[0].up, "GRANT x TO app; ${ other");
        let error = read(&files, &Placeholders::default(), &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "placeholders have no value: Role");
    }
}
