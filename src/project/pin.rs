//! `glowplug.lock`: what a person has pinned of the environment that migrations are for.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    migration::environment::{Environment, Locale, Pin},
    project::{ProjectError, regular, schema_file},
};

/// What the file is called, beside glowplug.toml.
pub(crate) const FILE: &str = "glowplug.lock";

/// Where it is for a settings file.
#[must_use]
pub(crate) fn beside(glowplug_toml: &Path) -> PathBuf {
    glowplug_toml.with_file_name(FILE)
}

/// The file: a pin, heads of chains of attestations, or both.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    heads: BTreeMap<String, String>,
    pinned: Option<String>,
    environment: Option<Environment>,
}

/// Reads it; None where there is none.
///
/// # Errors
/// When it cannot be read, is malformed, or holds unknown keys.
pub(crate) fn read(path: &Path) -> Result<Option<Pin>, ProjectError> {
    match read_file(path)? {
        File { pinned: Some(pinned), environment: Some(environment), .. } => {
            Ok(Some(Pin { pinned, environment }))
        }
        _ => Ok(None),
    }
}

/// The newest heads of the chains of attestations, by database.
///
/// # Errors
/// When the file cannot be read, is malformed, or holds unknown keys.
pub(crate) fn heads(path: &Path) -> Result<BTreeMap<String, String>, ProjectError> {
    read_file(path).map(|it| it.heads)
}

fn read_file(path: &Path) -> Result<File, ProjectError> {
    let text = match regular::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Err(error) => return Err(ProjectError::io("read", path)(error)),
    };
    let advice = "`glowplug shadow pin` rewrites the file.";
    let malformed = |error| ProjectError::toml(path.to_owned(), &text, &error, advice);
    let file: File = toml::from_str(&text).map_err(malformed)?;
    match (&file.pinned, &file.environment) {
        (Some(_), Some(_)) | (None, None) => Ok(file),
        _ => toml::from_str::<Pin>(&text).map(|_| file).map_err(malformed),
    }
}

/// Writes it, whole or not at all; heads that it keeps stay.
///
/// # Errors
/// When the system says no.
pub(crate) fn write(path: &Path, pin: &Pin) -> Result<(), ProjectError> {
    let heads = heads(path).unwrap_or_default();
    schema_file::write(path, &(text(pin) + &of_heads(&heads)))
}

/// Keeps the newest head of a database beside what the file has.
///
/// # Errors
/// When the file cannot be read, is malformed, or the system says no.
pub(crate) fn keep_head(path: &Path, database: &str, head: &str) -> Result<(), ProjectError> {
    let mut heads = heads(path)?;
    heads.insert(database.to_owned(), head.to_owned());
    let rest = read(path)?.map_or_else(String::new, |pin| text(&pin));
    schema_file::write(path, &(rest + &of_heads(&heads)))
}

fn of_heads(heads: &BTreeMap<String, String>) -> String {
    if heads.is_empty() {
        return String::new();
    }
    let mut lines = vec![
        "\n# The newest head of the chain of attestations of each database: a rewritten journal does not".to_owned(),
        "# lead to it. Runs write this with `pin_head` in [ledger_admin] of glowplug.toml: commit it.".to_owned(),
        "[heads]".to_owned(),
    ];
    lines.extend(
        heads.iter().map(|(database, head)| format!("{} = {}", quoted(database), quoted(head))),
    );
    lines.join("\n").trim_start().to_owned() + "\n"
}

/// The file's text.
#[must_use]
pub(crate) fn text(pin: &Pin) -> String {
    let Environment {
        database,
        role,
        owner,
        postgresql,
        locale,
        home,
        schemas,
        settings,
        roles,
        tablespaces,
        extensions,
    } = &pin.environment;
    let mut lines = vec![
        "# The environment that migrations are proved in without a database. `glowplug shadow pin`"
            .to_owned(),
        "# writes this file: commit it. It contains no secret and no host.".to_owned(),
        format!("pinned = {}", quoted(&pin.pinned)),
        String::new(),
        "[environment]".to_owned(),
        format!("database = {}", quoted(database)),
        format!("role = {}", quoted(role)),
        format!("owner = {}", quoted(owner)),
        format!("postgresql = {postgresql}"),
        format!("home = {}", quoted(home)),
        format!("schemas = {}", list(schemas)),
        format!("tablespaces = {}", list(tablespaces)),
        format!("locale = {}", of_locale(locale)),
    ];
    let mut table = |name: &str, rows: Vec<(&String, String)>| {
        if !rows.is_empty() {
            lines.extend([String::new(), format!("[environment.{name}]")]);
            lines.extend(rows.iter().map(|(key, value)| format!("{} = {value}", quoted(key))));
        }
    };
    table("settings", settings.iter().map(|(key, it)| (key, quoted(it))).collect());
    let rows = roles.iter().map(|(key, it)| {
        let may = it.may.iter().map(|it| it.option().to_lowercase());
        let may: Vec<String> = may.collect();
        let text = format!("{{ may = {}, member_of = {} }}", list(&may), list(&it.member_of));
        (key, text)
    });
    table("roles", rows.collect());
    let rows = extensions.iter().map(|(key, it)| {
        let (version, schema) = (quoted(&it.version), quoted(&it.schema));
        (key, format!("{{ version = {version}, schema = {schema} }}"))
    });
    table("extensions", rows.collect());
    lines.push(String::new());
    lines.join("\n")
}

fn of_locale(locale: &Locale) -> String {
    let provider = serde_json::json!(locale.provider);
    format!(
        "{{ encoding = {}, collate = {}, ctype = {}, provider = {provider}, name = {} }}",
        quoted(&locale.encoding),
        quoted(&locale.collate),
        quoted(&locale.ctype),
        quoted(&locale.name)
    )
}

fn list<'t>(all: impl IntoIterator<Item = &'t String>) -> String {
    let all: Vec<String> = all.into_iter().map(|it| quoted(it)).collect();
    format!("[{}]", all.join(", "))
}

/// A string of TOML: its basic strings escape what JSON's do, and DEL.
fn quoted(text: &str) -> String {
    serde_json::json!(text).to_string().replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::environment::{Extension, Power, Provider, Role};

    #[test]
    fn heads_stand_beside_an_environment_and_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = beside(&dir.path().join("glowplug.toml"));
        keep_head(&path, "7/app", "aa").expect("it is written");
        assert_eq!(read(&path).expect("it is read"), None);
        let pin = Pin { pinned: "2026-11-29".into(), environment: Environment::default() };
        write(&path, &pin).expect("it is written");
        keep_head(&path, "7/other", "bb").expect("it is written");
        keep_head(&path, "7/app", "cc").expect("it is written");
        assert_eq!(read(&path).expect("it is read"), Some(pin));
        let pairs = [("7/app", "cc"), ("7/other", "bb")].map(|(a, b)| (a.into(), b.into()));
        assert_eq!(heads(&path).expect("it is read"), BTreeMap::from(pairs));
        std::fs::write(&path, "pinned = \"2026-11-29\"\n").expect("it is written");
        assert!(read(&path).is_err() && heads(&path).is_err());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let names = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        let role = Role {
            may: [Power::Login, Power::CreateRole, Power::BypassRls].into(),
            member_of: ["b\"o\\ss".to_owned()].into(),
        };
        let extension = Extension { version: "1.6".into(), schema: "public".into() };
        let environment = Environment {
            database: "app \u{7f}'s\n".into(),
            role: "app".into(),
            owner: "app".into(),
            postgresql: 17,
            locale: Locale { provider: Provider::Icu, name: "de-DE".into(), ..Locale::default() },
            home: "t.1".into(),
            schemas: names(&["t.1", "public"]),
            settings: [("search_path".to_owned(), "\"t.1\", public".to_owned())].into(),
            roles: [("a b".to_owned(), role)].into(),
            tablespaces: ["fast".to_owned()].into(),
            extensions: [("uuid-ossp".to_owned(), extension)].into(),
        };
        for environment in [environment, Environment::default()] {
            let pin = Pin { pinned: "2026-11-29".into(), environment };
            let text = text(&pin);
            let read: Pin = toml::from_str(&text).expect(&text);
            assert_eq!(read, pin, "{text}");
        }
    }
}
