//! Foreign data wrappers, servers and user mappings.
//!
//! Their options are kept as `name=value`. Those of user mappings may be secrets: these are never written down.

use crate::{
    catalog::{Attribute, Key},
    ddl::rules::{Alter, Change, KindRules, Object, Statement, Steps},
    words::ident::{Ident, Literal},
};

/// Foreign data wrappers.
pub(crate) struct Wrapper;

impl KindRules for Wrapper {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(wrapper(object.key))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let functions: String =
            [("HANDLER", Attribute::Handler), ("VALIDATOR", Attribute::Validator)]
                .iter()
                .filter_map(|(word, name)| Some(format!(" {word} {}", object.get(*name)?)))
                .collect();
        vec![Statement::new(format!(
            "CREATE {}{functions}{}",
            wrapper(object.key),
            clause(&given(object))
        ))]
    }

    // In one statement: the new options must suit the new validator.
    fn alter(&self, change: &Change<'_>) -> Alter {
        let functions: String =
            [("HANDLER", Attribute::Handler), ("VALIDATOR", Attribute::Validator)]
                .iter()
                .filter(|(_, name)| change.differs(*name))
                .map(|(word, name)| match change.to.get(*name) {
                    Some(function) => format!(" {word} {function}"),
                    None => format!(" NO {word}"),
                })
                .collect();
        let what = functions + &clause(&altered(change, plain));
        by_altering(&wrapper(change.to.key), &what)
    }
}

/// Foreign servers.
pub(crate) struct Server;

impl KindRules for Server {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(server(object.key))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let texts: String = [("TYPE", Attribute::Type), ("VERSION", Attribute::Version)]
            .iter()
            .filter_map(|(word, name)| Some(format!(" {word} {}", Literal(object.get(*name)?))))
            .collect();
        vec![Statement::new(format!(
            "CREATE {}{texts} FOREIGN DATA WRAPPER {}{}",
            server(object.key),
            Ident(object.get(Attribute::Wrapper).unwrap_or_default()),
            clause(&given(object))
        ))]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        if change.differs(Attribute::Type) || change.differs(Attribute::Wrapper) {
            return Alter::Replace;
        }
        let version = match change.to.get(Attribute::Version) {
            _ if !change.differs(Attribute::Version) => String::new(),
            Some(version) => format!(" VERSION {}", Literal(version)),
            None => " VERSION NULL".to_owned(),
        };
        let what = version + &clause(&altered(change, plain));
        by_altering(&server(change.to.key), &what)
    }
}

/// User mappings.
pub(crate) struct Mapping;

impl KindRules for Mapping {
    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let pairs = pairs(object);
        let parts: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{} {}", Ident(name), masked(name, value)))
            .collect();
        let names = pairs.iter().map(|(name, _)| name.as_str());
        let secrets: Vec<&str> = names.filter(|it| is_secret(it)).collect();
        let statement = Statement::new(format!("CREATE {}{}", mapping(object.key), clause(&parts)));
        vec![open(statement, &secrets)]
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![Statement::new(format!("DROP {}", mapping(object.key)))]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let parts = altered(change, masked);
        if parts.is_empty() {
            return Alter::By(Steps::default());
        }
        let (from, to) = (pairs(&change.from), pairs(&change.to));
        let secrets: Vec<&str> = to
            .iter()
            .filter(|(name, value)| {
                is_secret(name) && value_of(&from, name) != Some(value.as_str())
            })
            .map(|(name, _)| name.as_str())
            .collect();
        let statement =
            Statement::new(format!("ALTER {}{}", mapping(change.to.key), clause(&parts)));
        Alter::By(Steps::late([open(statement, &secrets)]))
    }
}

fn wrapper(key: &Key) -> String {
    format!("FOREIGN DATA WRAPPER {}", Ident(key.part(0)))
}

fn server(key: &Key) -> String {
    format!("SERVER {}", Ident(key.part(0)))
}

fn mapping(key: &Key) -> String {
    let user = match key.part(1) {
        "PUBLIC" => "PUBLIC".to_owned(),
        role => Ident(role).to_string(),
    };
    format!("USER MAPPING FOR {user} SERVER {}", Ident(key.part(0)))
}

/// Names and values of options.
fn pairs(object: &Object<'_>) -> Vec<(String, String)> {
    let options = object.list(Attribute::Options);
    let pairs = options.iter().filter_map(|it| it.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn value_of<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    let pair = pairs.iter().find(|(it, _)| it == name);
    pair.map(|(_, value)| value.as_str())
}

/// `OPTIONS (…)`, each part behind a space.
fn clause(parts: &[String]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    format!(" OPTIONS ({})", parts.join(", "))
}

/// The options of something new.
fn given(object: &Object<'_>) -> Vec<String> {
    let pairs = pairs(object);
    pairs.iter().map(|(name, value)| format!("{} {}", Ident(name), Literal(value))).collect()
}

/// What leads from some options to others. `shown` says what is written for a value.
fn altered(change: &Change<'_>, shown: impl Fn(&str, &str) -> String) -> Vec<String> {
    let (from, to) = (pairs(&change.from), pairs(&change.to));
    let gone = from.iter().filter(|(name, _)| value_of(&to, name).is_none());
    let mut parts: Vec<String> = gone.map(|(name, _)| format!("DROP {}", Ident(name))).collect();
    for (name, value) in &to {
        let verb = match value_of(&from, name) {
            None => "ADD",
            Some(old) if old != value => "SET",
            Some(_) => continue,
        };
        parts.push(format!("{verb} {} {}", Ident(name), shown(name, value)));
    }
    parts
}

fn plain(_: &str, value: &str) -> String {
    Literal(value).to_string()
}

/// Nothing where there is nothing to say: the same options in another order.
fn by_altering(name: &str, what: &str) -> Alter {
    if what.is_empty() {
        return Alter::By(Steps::default());
    }
    Alter::By(Steps::late([Statement::new(format!("ALTER {name}{what}"))]))
}

/// Whether an option of a user mapping is nothing to be written down.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "pwd", "secret", "token", "key", "credential"].iter().any(|it| name.contains(it))
}

/// A secret stays open.
fn masked(name: &str, value: &str) -> String {
    if is_secret(name) { "''".to_owned() } else { plain(name, value) }
}

/// Tells which options the author has to fill in.
fn open(statement: Statement, secrets: &[&str]) -> Statement {
    if secrets.is_empty() {
        return statement;
    }
    let names: Vec<String> = secrets.iter().map(|it| Ident(it).to_string()).collect();
    statement.remarking(format!("Fill in {}: secrets are not written here.", names.join(", ")))
}
