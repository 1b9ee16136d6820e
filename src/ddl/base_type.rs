//! Types with input and output functions of their own.
//!
//! They and those functions need each other. So a shell of the type comes first, then its functions, then the type itself; and
//! dropping the type takes the functions away.

use crate::{
    catalog::{Attribute, Key, ObjectKind},
    ddl::{
        enumeration::{designation, qualified},
        rules::{Alter, Change, KindRules, Object, Statement, Steps, needs},
        stored::stored_in,
    },
    words::ident::Literal,
};

/// Base types and shells.
pub(crate) struct BaseType;

impl KindRules for BaseType {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        create(object)
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        drop(object)
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let (from, to) = (&change.from, &change.to);
        if from.is(Attribute::Shell) && !to.is(Attribute::Shell) {
            return Alter::By(Steps::late(create(to)));
        }
        let names: Vec<Attribute> = ALTERABLE.iter().map(|(_, name)| *name).collect();
        let is_plain = |object: &Object<'_>| object.get(Attribute::Storage).is_none();
        let is_storage_kept =
            !change.differs(Attribute::Storage) || !is_plain(from) && !is_plain(to);
        if change.differs_only_in(&names) && is_storage_kept {
            let settings: Vec<String> = ALTERABLE
                .iter()
                .filter(|(_, name)| change.differs(*name))
                .map(|(word, name)| format!("{word} = {}", to.get(*name).unwrap_or("NONE")))
                .collect();
            return Alter::By(Steps::late([Statement::new(format!(
                "ALTER TYPE {} SET ({})",
                qualified(to.key),
                settings.join(", ")
            ))]));
        }
        match stored_in(from.catalog, from.key).first() {
            Some(column) => Alter::Impossible(format!(
                "PostgreSQL cannot alter it, and the {column} contains its values"
            )),
            None => Alter::Replace,
        }
    }
}

/// Attributes that PostgreSQL can alter: how they are written, where they are found.
const ALTERABLE: &[(&str, Attribute)] = &[
    ("RECEIVE", Attribute::Receive),
    ("SEND", Attribute::Send),
    ("TYPMOD_IN", Attribute::TypmodIn),
    ("TYPMOD_OUT", Attribute::TypmodOut),
    ("ANALYZE", Attribute::Analyze),
    ("SUBSCRIPT", Attribute::Subscript),
    ("STORAGE", Attribute::Storage),
];

/// The routines that a base or range type needs, and that need the type: they are made after its shell, and dropped with it.
pub(crate) fn support(object: &Object<'_>) -> Vec<Key> {
    let users: Vec<&Key> = object.dependents().collect();
    needs(object)
        .filter(|it| it.referenced.kind() == ObjectKind::Routine)
        .map(|it| &it.referenced)
        .filter(|it| users.contains(it))
        .cloned()
        .collect()
}

/// The shell that must be there before the routines that a base or range type needs.
pub(crate) fn shell(object: &Object<'_>) -> Option<Statement> {
    let needs_one = !object.is(Attribute::Shell) && !support(object).is_empty();
    needs_one.then(|| Statement::new(format!("CREATE TYPE {}", qualified(object.key))))
}

fn create(object: &Object<'_>) -> Vec<Statement> {
    let name = qualified(object.key);
    if object.is(Attribute::Shell) {
        return vec![Statement::new(format!("CREATE TYPE {name}"))];
    }
    vec![Statement::new(format!("CREATE TYPE {name} ({})", options(object).join(", ")))]
}

/// What makes a type what it is, in the words of CREATE TYPE.
fn options(object: &Object<'_>) -> Vec<String> {
    let functions = [
        ("INPUT", Attribute::Input),
        ("OUTPUT", Attribute::Output),
        ("RECEIVE", Attribute::Receive),
        ("SEND", Attribute::Send),
        ("TYPMOD_IN", Attribute::TypmodIn),
        ("TYPMOD_OUT", Attribute::TypmodOut),
        ("ANALYZE", Attribute::Analyze),
        ("SUBSCRIPT", Attribute::Subscript),
    ];
    let plain = |(word, name): &(&str, Attribute)| Some(format!("{word} = {}", object.get(*name)?));
    let text = |(word, name): &(&str, Attribute)| {
        Some(format!("{word} = {}", Literal(object.get(*name)?)))
    };
    let flag = |(word, name): &(&str, Attribute)| object.is(*name).then(|| (*word).to_owned());
    let length = object.get(Attribute::Length).map(|it| {
        let length = match it {
            "variable" => "VARIABLE",
            "cstring" => "-2",
            number => number,
        };
        format!("INTERNALLENGTH = {length}")
    });
    functions
        .iter()
        .filter_map(plain)
        .chain(length)
        .chain([("PASSEDBYVALUE", Attribute::ByValue)].iter().filter_map(flag))
        .chain(
            [("ALIGNMENT", Attribute::Alignment), ("STORAGE", Attribute::Storage)]
                .iter()
                .filter_map(plain),
        )
        .chain([("CATEGORY", Attribute::Category)].iter().filter_map(text))
        .chain([("PREFERRED = true", Attribute::Preferred)].iter().filter_map(flag))
        .chain([("DEFAULT", Attribute::Default)].iter().filter_map(text))
        .chain([("ELEMENT", Attribute::Element)].iter().filter_map(plain))
        .chain([("DELIMITER", Attribute::Delimiter)].iter().filter_map(text))
        .chain([("COLLATABLE = true", Attribute::Collatable)].iter().filter_map(flag))
        .collect()
}

/// Also that of a range type.
pub(crate) fn drop(object: &Object<'_>) -> Vec<Statement> {
    let cascade = if support(object).is_empty() { "" } else { " CASCADE" };
    vec![Statement::new(format!("DROP TYPE {}{cascade}", qualified(object.key)))]
}
