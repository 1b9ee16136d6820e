//! Operators, operator families and operator classes.
//!
//! An operator that is named as commutator or negator before it is there comes into being as a shell, which its own CREATE fills.
//! Members of families and classes are written as PostgreSQL prints them.

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    ddl::rules::{Alter, Change, KindRules, Object, Statement, Steps, needs},
    words::ident::{Ident, Qualified},
};

/// Operators and their shells.
pub(crate) struct Operator;

impl KindRules for Operator {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(operator(object.key))
    }

    fn created_with(&self, object: &Object<'_>) -> Option<Key> {
        if !object.is(Attribute::Shell) {
            return None;
        }
        let mut all = object.catalog.of_kind(ObjectKind::Operator);
        let names_it = |text: Option<&str>| text.is_some_and(|it| is_printed_as(object.key, it));
        all.find(|(key, fact)| {
            *key != object.key
                && (names_it(fact.get(Attribute::Commutator))
                    || names_it(fact.get(Attribute::Negator)))
        })
        .map(|(key, _)| key.clone())
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        create_operator(object)
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let (from, to) = (&change.from, &change.to);
        match (from.is(Attribute::Shell), to.is(Attribute::Shell)) {
            (true, false) => return Alter::By(Steps::late(create_operator(to))),
            (false, true) => return Alter::ReplaceParent,
            _ => {}
        }
        let mut settings = Vec::new();
        for (word, name) in [("RESTRICT", Attribute::Restrict), ("JOIN", Attribute::Join)] {
            if change.differs(name) {
                settings.push(format!("{word} = {}", to.get(name).unwrap_or("NONE")));
            }
        }
        let additions =
            [Attribute::Commutator, Attribute::Negator, Attribute::Hashes, Attribute::Merges];
        // from 17 on they can be given, but never taken or changed
        for name in additions.into_iter().filter(|it| change.differs(*it)) {
            let value = to.get(name);
            if to.major < 17 || from.is(name) {
                return Alter::Replace;
            }
            match (name, value) {
                (Attribute::Hashes, _) => settings.push("HASHES".to_owned()),
                (Attribute::Merges, _) => settings.push("MERGES".to_owned()),
                // only CREATE makes a shell
                (_, Some(other)) if is_shell(to.catalog, other) => return Alter::Replace,
                // a new operator makes the bond itself: it names this one
                (_, Some(other))
                    if other_than(to.key, other) && find(from.catalog, other).is_none() => {}
                (_, Some(other)) => {
                    settings.push(format!("{} = {}", name.name().to_uppercase(), bare(other)));
                }
                _ => return Alter::Replace,
            }
        }
        let alterable = [
            Attribute::Restrict,
            Attribute::Join,
            Attribute::Commutator,
            Attribute::Negator,
            Attribute::Hashes,
            Attribute::Merges,
        ];
        if !change.differs_only_in(&alterable) {
            return Alter::Replace;
        }
        if settings.is_empty() {
            return Alter::By(Steps::default());
        }
        Alter::By(Steps::late([Statement::new(format!(
            "ALTER {} SET ({})",
            operator(to.key),
            settings.join(", ")
        ))]))
    }
}

/// Operator families, with the members that are in no class.
pub(crate) struct Family;

impl KindRules for Family {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(family(object.key))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let members: Vec<String> = members(object).into_iter().map(|it| it.add).collect();
        [Statement::new(format!("CREATE {}", family(object.key)))]
            .into_iter()
            .chain(alter_members(object.key, "ADD", &members))
            .collect()
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let (from, to) = (members(&change.from), members(&change.to));
        let gone: Vec<String> =
            from.iter().filter(|it| !to.contains(it)).map(|it| it.name.clone()).collect();
        let new: Vec<String> =
            to.iter().filter(|it| !from.contains(it)).map(|it| it.add.clone()).collect();
        let key = change.to.key;
        Alter::By(Steps {
            early: alter_members(key, "DROP", &gone).into_iter().collect(),
            late: alter_members(key, "ADD", &new).into_iter().collect(),
            ..Steps::default()
        })
    }
}

/// Operator classes, with their members.
pub(crate) struct Class;

impl KindRules for Class {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(class(object.key))
    }

    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        needs(object)
            .map(|it| &it.referenced)
            .filter(|it| it.kind() == ObjectKind::OperatorFamily)
            .cloned()
            .collect()
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let key = object.key;
        let input = object.get(Attribute::Input).unwrap_or_default();
        let default = if object.is(Attribute::Default) { "DEFAULT " } else { "" };
        let name = Qualified { schema: key.part(0), name: key.part(2) };
        let own_family = object.get(Attribute::Family);
        let own_family = own_family.map_or(String::new(), |it| format!(" FAMILY {it}"));
        let mut parts: Vec<String> = members(object).into_iter().map(|it| it.add).collect();
        // without any member there must be something still
        let storage = object.get(Attribute::Storage);
        let storage = storage.or_else(|| parts.is_empty().then_some(input));
        if let Some(storage) = storage {
            parts.push(format!("STORAGE {storage}"));
        }
        vec![Statement::new(format!(
            "CREATE OPERATOR CLASS {name} {default}FOR TYPE {input} USING {}{own_family} AS\n    {}",
            Ident(key.part(1)),
            parts.join(",\n    ")
        ))]
    }
}

/// `OPERATOR "s".+ (integer, integer)`; the types are printed as SQL already.
fn operator(key: &Key) -> String {
    let (schema, name) = (Ident(key.part(0)), key.part(1));
    format!("OPERATOR {schema}.{name} ({}, {})", key.part(2), key.part(3))
}

/// What comes before the arguments in `s.+(integer,integer)` and `s.f(integer)`, and the arguments in their parentheses.
fn split(text: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let start = text.char_indices().find(|(_, it)| {
        is_quoted ^= *it == '"';
        *it == '(' && !is_quoted
    });
    start.map_or((text, ""), |(at, _)| text.split_at(at))
}

/// How an operator is called where its arguments are known.
fn bare(text: &str) -> String {
    format!("OPERATOR({})", split(text).0)
}

/// How PostgreSQL prints an operator when none of its names needs quotes, or else.
fn is_printed_as(key: &Key, text: &str) -> bool {
    let (name, arguments) = split(text);
    let own = format!("({},{})", key.part(2), key.part(3));
    let (schema, symbol) = (key.part(0), key.part(1));
    arguments == own
        && (name == format!("{schema}.{symbol}") || name == format!("{}.{symbol}", Ident(schema)))
}

fn create_operator(object: &Object<'_>) -> Vec<Statement> {
    let Some(function) = object.get(Attribute::Function) else {
        // the operator that names it has made it
        return Vec::new();
    };
    let mut options = vec![format!("FUNCTION = {}", split(function).0)];
    let sides = [("LEFTARG", 2), ("RIGHTARG", 3)];
    options.extend(
        sides
            .iter()
            .map(|(word, at)| (word, object.key.part(*at)))
            .filter(|(_, kind)| *kind != "NONE")
            .map(|(word, kind)| format!("{word} = {kind}")),
    );
    let others = [("COMMUTATOR", Attribute::Commutator), ("NEGATOR", Attribute::Negator)];
    options.extend(
        others
            .iter()
            .filter_map(|(word, name)| Some(format!("{word} = {}", bare(object.get(*name)?)))),
    );
    let estimators = [("RESTRICT", Attribute::Restrict), ("JOIN", Attribute::Join)];
    options.extend(
        estimators
            .iter()
            .filter_map(|(word, name)| Some(format!("{word} = {}", object.get(*name)?))),
    );
    let flags = [("HASHES", Attribute::Hashes), ("MERGES", Attribute::Merges)];
    options.extend(
        flags.iter().filter(|(_, name)| object.is(*name)).map(|(word, _)| (*word).to_owned()),
    );
    vec![Statement::new(format!(
        "CREATE OPERATOR {}.{} ({})",
        Ident(object.key.part(0)),
        object.key.part(1),
        options.join(", ")
    ))]
}

/// Whether an operator that another one names is no more than a name.
fn is_shell(catalog: &Catalog, text: &str) -> bool {
    find(catalog, text).is_some_and(|fact| fact.is(Attribute::Shell))
}

/// The operator that is printed like this.
fn find<'c>(catalog: &'c Catalog, text: &str) -> Option<&'c Fact> {
    let mut all = catalog.of_kind(ObjectKind::Operator);
    all.find(|(key, _)| is_printed_as(key, text)).map(|(_, fact)| fact)
}

/// Whether an operator is named that is the user's own, and not this one.
fn other_than(key: &Key, text: &str) -> bool {
    // those of PostgreSQL are printed without a schema
    split(text).0.contains('.') && !is_printed_as(key, text)
}

/// The name of a family or class, and the access method: `"s"."f" USING "btree"`.
fn with_method(key: &Key) -> String {
    let name = Qualified { schema: key.part(0), name: key.part(2) };
    format!("{name} USING {}", Ident(key.part(1)))
}

fn family(key: &Key) -> String {
    format!("OPERATOR FAMILY {}", with_method(key))
}

fn class(key: &Key) -> String {
    format!("OPERATOR CLASS {}", with_method(key))
}

/// A member of a family or class: how it is added, and how it is named to be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    add: String,
    name: String,
}

/// Members, in the order of their numbers: operators first.
fn members(object: &Object<'_>) -> Vec<Member> {
    type Operators = Vec<(i64, String, Option<String>)>;
    type Functions = Vec<(i64, String, String, String)>;
    // the lists are written by the server itself; anything else has no members in it
    let operators: Operators = object
        .get(Attribute::Operators)
        .and_then(|it| serde_json::from_str(it).ok())
        .unwrap_or_default();
    let functions: Functions = object
        .get(Attribute::Functions)
        .and_then(|it| serde_json::from_str(it).ok())
        .unwrap_or_default();
    let operators = operators.into_iter().map(|(number, operator, sorting)| {
        let (name, arguments) = split(&operator);
        let order = sorting.map_or(String::new(), |it| format!(" FOR ORDER BY {it}"));
        Member {
            add: format!("OPERATOR {number} {name} {arguments}{order}"),
            name: format!("OPERATOR {number} {arguments}"),
        }
    });
    let functions = functions.into_iter().map(|(number, left, right, function)| {
        let name = format!("FUNCTION {number} ({left}, {right})");
        Member { add: format!("{name} {function}"), name }
    });
    operators.chain(functions).collect()
}

/// Adds or drops members of a family.
fn alter_members(key: &Key, verb: &str, members: &[String]) -> Option<Statement> {
    let sql = format!("ALTER {} {verb} {}", family(key), members.join(", "));
    (!members.is_empty()).then(|| Statement::new(sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_where_the_arguments_begin() {
        assert_eq!(split("s.===(integer,integer)"), ("s.===", "(integer,integer)"));
        assert_eq!(split("\"a(b\".+(\"c(d\".t,integer)"), ("\"a(b\".+", "(\"c(d\".t,integer)"));
    }
}
