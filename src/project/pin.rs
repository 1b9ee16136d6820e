//! `glowplug.lock`: what a person has pinned of the environment that migrations are for.

use std::path::{Path, PathBuf};

use crate::{
    migration::environment::{Environment, Locale, Pin},
    project::{ProjectError, regular, schema_file},
};

/// What the file is called, beside glowplug.toml.
pub const FILE: &str = "glowplug.lock";

/// Where it is for a settings file.
#[must_use]
pub fn beside(glowplug_toml: &Path) -> PathBuf {
    glowplug_toml.with_file_name(FILE)
}

/// Reads it; None where there is none.
///
/// # Errors
/// When it cannot be read, is malformed, or holds unknown keys.
pub fn read(path: &Path) -> Result<Option<Pin>, ProjectError> {
    let text = match regular::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ProjectError::io("read", path)(error)),
    };
    let advice = "`glowplug shadow pin` writes the file anew.";
    toml::from_str(&text)
        .map(Some)
        .map_err(|error| ProjectError::toml(path.to_owned(), &text, &error, advice))
}

/// Writes it, whole or not at all.
///
/// # Errors
/// When the system says no.
pub fn write(path: &Path, pin: &Pin) -> Result<(), ProjectError> {
    schema_file::write(path, &text(pin))
}

/// The file's text.
#[must_use]
pub fn text(pin: &Pin) -> String {
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
        "# The environment that migrations are proved in where no database is asked. `glowplug shadow pin`".to_owned(),
        "# writes this file: commit it. It holds no secret and no host.".to_owned(),
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
