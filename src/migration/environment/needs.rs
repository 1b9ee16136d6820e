//! What of an environment has to be there before certain scripts run: what they speak of, and do not make themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::{Environment, Role, SEARCH_PATH, USUAL_PATH};
use crate::words::{
    ident,
    sql::{self, Piece},
};

/// What has to be made in an empty database before some scripts run there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The search_path, where it is not the usual one, name by name.
    pub path: Option<Vec<String>>,
    /// Schemas.
    pub schemas: Vec<String>,
    /// Roles. Those that one is a member of are among them.
    pub roles: BTreeMap<String, Role>,
    /// Tablespaces.
    pub tablespaces: BTreeSet<String>,
    /// The roles that the scripts make themselves: nobody else does then.
    pub own_roles: BTreeSet<String>,
    /// The extensions that the scripts make.
    pub extensions: BTreeSet<String>,
}

impl Needs {
    /// Compares an environment with the texts of scripts.
    #[must_use]
    pub(crate) fn of<'t>(
        environment: &Environment,
        scripts: impl IntoIterator<Item = &'t str>,
    ) -> Self {
        let mut spoken = Spoken::default();
        for text in scripts {
            spoken.read(text);
        }
        let makes = |kind: Made, name: &str| spoken.made.contains(&(kind, name.to_owned()));
        let is_own = |name: &str| name.starts_with("pg_") || name == "information_schema";
        // the tracking tables were there before the first migration, and their schema with them
        let is_first = |name: &String| *name == environment.home || !makes(Made::Schema, name);
        let schemas = environment.schemas.iter();
        let schemas = schemas.filter(|it| *it != "public" && !is_own(it) && is_first(it));
        let is_needed = |kind: Made, name: &str| {
            spoken.names.contains(name) && !makes(kind, name) && !is_own(name)
        };
        let tablespaces = environment.tablespaces.iter();
        let default = environment.settings.get("default_tablespace");
        let tablespaces =
            tablespaces.filter(|it| Some(*it) == default || is_needed(Made::Tablespace, it));
        Self {
            path: path(environment, |it| makes(Made::Schema, it)),
            schemas: schemas.cloned().collect(),
            roles: roles(environment, |it| is_needed(Made::Role, it), |it| makes(Made::Role, it)),
            tablespaces: tablespaces.cloned().collect(),
            own_roles: spoken.all(Made::Role),
            extensions: spoken.all(Made::Extension),
        }
    }

    /// The same where some scripts run before all others: the schemas that these make are not there yet.
    #[must_use]
    pub(crate) fn after<'t>(mut self, first: impl IntoIterator<Item = &'t str>) -> Self {
        let mut spoken = Spoken::default();
        first.into_iter().for_each(|it| spoken.read(it));
        let made = spoken.all(Made::Schema);
        self.schemas.retain(|it| !made.contains(it));
        self
    }
}

/// The search_path for a role of another name: `$user` stands for the role that it was meant for.
fn path(environment: &Environment, makes: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let set = environment.settings.get(SEARCH_PATH);
    let usual = ident::list(set.map_or(USUAL_PATH, String::as_str));
    let role = &environment.role;
    let is_there = environment.schemas.contains(role) || makes(role);
    let path = usual.iter().map(|it| match it.as_str() {
        "$user" if is_there => role.clone(),
        _ => it.clone(),
    });
    let path: Vec<String> = path.collect();
    (set.is_some() || path != usual).then_some(path)
}

/// The roles that are needed, and those that they are members of.
fn roles(
    environment: &Environment,
    is_needed: impl Fn(&str) -> bool,
    makes: impl Fn(&str) -> bool,
) -> BTreeMap<String, Role> {
    let mut found: BTreeMap<String, Role> = BTreeMap::new();
    let all = environment.roles.keys();
    let mut open: Vec<&String> = all.filter(|it| is_needed(it)).collect();
    while let Some(name) = open.pop() {
        let Some(role) = environment.roles.get(name) else {
            continue;
        };
        if !found.contains_key(name) && !makes(name) {
            found.insert(name.clone(), role.clone());
            open.extend(&role.member_of);
        }
    }
    let names: BTreeSet<String> = found.keys().cloned().collect();
    for role in found.values_mut() {
        role.member_of.retain(|it| names.contains(it) || it.starts_with("pg_"));
    }
    found
}

/// What scripts make that is asked for here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    Schema,
    Role,
    Tablespace,
    Extension,
}

/// What scripts speak of, also within strings: the bodies of DO, and what is executed there.
#[derive(Debug, Default)]
struct Spoken {
    names: BTreeSet<String>,
    made: BTreeSet<(Made, String)>,
}

impl Spoken {
    /// All that is made of a kind.
    fn all(&self, kind: Made) -> BTreeSet<String> {
        let made = self.made.iter().filter(|it| it.0 == kind);
        made.map(|it| it.1.clone()).collect()
    }

    fn read(&mut self, text: &str) {
        let Ok(pieces) = sql::pieces(text) else {
            // half a string: its words all the same
            let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            self.names.extend(words.map(str::to_lowercase));
            return;
        };
        for (at, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Word(word) if word == "create" => self.make(&pieces[at + 1..]),
                Piece::Word(name) | Piece::Name(name) => {
                    self.names.insert(name.clone());
                }
                Piece::Text(written) => {
                    let inner = inside(written);
                    self.names.insert(inner.clone());
                    if inner.contains(char::is_whitespace) {
                        self.read(&inner);
                    }
                }
                Piece::Sign(_) => {}
            }
        }
    }

    /// Reads what follows CREATE.
    fn make(&mut self, rest: &[Piece<'_>]) {
        let (kind, rest) = match rest {
            [Piece::Word(kind), rest @ ..] => (kind.as_str(), rest),
            _ => return,
        };
        let kind = match kind {
            "schema" => Made::Schema,
            "role" | "user" | "group" => Made::Role,
            "tablespace" => Made::Tablespace,
            "extension" => Made::Extension,
            _ => return,
        };
        let is_filler = |it: &&Piece<'_>| {
            ["if", "not", "exists", "authorization"].iter().any(|word| it.is(word))
        };
        let name = rest.iter().find(|it| !is_filler(it));
        if let Some(Piece::Word(name) | Piece::Name(name)) = name {
            self.made.insert((kind, name.clone()));
        }
    }
}

/// What stands between the quotes of a string.
pub(super) fn inside(written: &str) -> String {
    if let Some(rest) = written.strip_prefix('$') {
        let tag = rest.find('$').map_or(0, |it| it + 2);
        let end = written.len().saturating_sub(tag);
        return written.get(tag..end).unwrap_or_default().to_owned();
    }
    let open = written.find('\'').map_or(0, |it| it + 1);
    let end = written.rfind('\'').unwrap_or(written.len());
    written.get(open..end).unwrap_or_default().replace("''", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        let role = |of: &[&str]| Role {
            member_of: of.iter().map(|it| (*it).to_owned()).collect(),
            ..Role::default()
        };
        Environment {
            role: "app".into(),
            home: "public".into(),
            schemas: vec!["t1".into(), "public".into()],
            settings: [(SEARCH_PATH.to_owned(), "t1, public".to_owned())].into(),
            roles: [
                ("app".to_owned(), role(&["boss"])),
                ("boss".to_owned(), role(&["made"])),
                ("made".to_owned(), role(&[])),
                ("other".to_owned(), role(&[])),
            ]
            .into(),
            tablespaces: ["fast".to_owned(), "slow".to_owned()].into(),
            ..Environment::default()
        }
    }

    #[test]
    fn what_scripts_speak_of_and_do_not_make_is_needed() {
        let scripts = [
            "GRANT SELECT ON t TO app; CREATE INDEX i ON t (a) TABLESPACE \"fast\"",
            "DO $$ BEGIN IF true THEN EXECUTE 'CREATE ROLE made'; END IF; END $$",
        ];
        let needs = Needs::of(&environment(), scripts);
        assert_eq!(needs.schemas, ["t1"]);
        assert_eq!(needs.roles.keys().collect::<Vec<_>>(), ["app", "boss"]);
        assert!(needs.roles["boss"].member_of.is_empty());
        assert_eq!(needs.tablespaces, ["fast".to_owned()].into());
        assert_eq!(needs.path, Some(vec!["t1".into(), "public".into()]));
    }

    #[test]
    fn a_schema_that_scripts_make_is_there_beforehand_only_where_the_journal_was_in_it() {
        let mut environment = environment();
        let scripts = ["CREATE SCHEMA IF NOT EXISTS t1;"];
        assert!(Needs::of(&environment, scripts).schemas.is_empty());
        environment.home = "t1".into();
        let needs = Needs::of(&environment, scripts);
        assert_eq!(needs.schemas, ["t1"]);
        // what runs before everything makes it itself
        assert!(needs.after(["CREATE SCHEMA t1"]).schemas.is_empty());
        assert!(Needs::of(&environment, ["GRANT a TO b"]).roles.is_empty());
    }

    #[test]
    fn a_schema_of_the_roles_name_stands_in_the_usual_path() {
        let mut environment = environment();
        environment.settings.clear();
        assert_eq!(Needs::of(&environment, []).path, None);
        let path = Some(vec!["app".to_owned(), "public".to_owned()]);
        assert_eq!(Needs::of(&environment, ["CREATE SCHEMA app"]).path, path);
        environment.schemas.insert(0, "app".into());
        assert_eq!(Needs::of(&environment, []).path, path);
    }
}
