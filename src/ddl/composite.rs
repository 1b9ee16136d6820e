//! Composite types that stand alone, and their attributes.
//!
//! An attribute is added behind the others, and its values have no way to another type: where that does not do, another type takes
//! the place of the whole.

use crate::{
    catalog::{Attribute, Fact, Key, ObjectKind},
    ddl::{
        enumeration::{designation, qualified},
        rules::{
            Alter, Before, Change, KindRules, Loss, Moment, Object, Stage, Statement, Steps, Swap,
        },
        stored::{dependents, stored_in},
    },
    words::ident::Ident,
};

/// Composite types.
pub(crate) struct Composite;

impl KindRules for Composite {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        create(object)
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        alter(change)
    }
}

/// Attributes of composite types.
pub(crate) struct CompositeAttribute;

impl KindRules for CompositeAttribute {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(format!("COLUMN {}.{}", qualified(object.key), Ident(object.key.part(2))))
    }

    fn created_with(&self, object: &Object<'_>) -> Option<Key> {
        Some(whole(object.key))
    }

    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        vec![whole(object.key)]
    }

    // In their order: each is added behind the others.
    fn order(&self, object: &Object<'_>) -> Vec<Before> {
        let all = object.before.map(|_| attributes(object)).unwrap_or_default();
        let at = all.iter().position(|(key, _)| *key == object.key);
        let next = at.and_then(|at| all.get(at + 1));
        let made = |key: &Key| Moment::At(Stage::Create, key.clone());
        next.map(|(key, _)| (made(object.key), made(key))).into_iter().collect()
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        if object.with_parent {
            return Vec::new();
        }
        vec![Statement::new(format!(
            "ALTER TYPE {} ADD ATTRIBUTE {} {}{}",
            qualified(object.key),
            Ident(object.key.part(2)),
            type_of(object.fact),
            cascade(object)
        ))]
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        let (kind, name) = (qualified(object.key), Ident(object.key.part(2)));
        let cascade = cascade(object);
        let statement = Statement::new(format!("ALTER TYPE {kind} DROP ATTRIBUTE {name}{cascade}"));
        if stored_in(object.catalog, &whole(object.key)).is_empty() && cascade.is_empty() {
            return vec![statement];
        }
        vec![statement.losing(Loss::AttributeValues { attribute: object.key.clone(), table: None })]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let (from, to) = (&change.from, &change.to);
        let is_retyped = change.differs(Attribute::Type) || change.differs(Attribute::Collation);
        if !is_retyped || types_of(change).is_none_or(|it| is_swapped(&it)) {
            return Alter::By(Steps::default());
        }
        let statement = Statement::new(format!(
            "ALTER TYPE {} ALTER ATTRIBUTE {} TYPE {}{}",
            qualified(to.key),
            Ident(to.key.part(2)),
            type_of(to.fact),
            cascade(from)
        ));
        let users = from.dependents().filter(|it| is_in_the_way(from, it));
        Alter::By(Steps {
            late: vec![statement],
            clears: users.cloned().collect(),
            ..Steps::default()
        })
    }
}

fn whole(key: &Key) -> Key {
    Key::new(ObjectKind::Composite, &[key.part(0), key.part(1)])
}

/// The attributes of the type that this is, or is part of, in their order.
pub(crate) fn attributes<'c>(object: &Object<'c>) -> Vec<(&'c Key, &'c Fact)> {
    let path = [object.key.part(0), object.key.part(1)];
    let below = object.catalog.below(ObjectKind::CompositeAttribute, &path);
    let mut attributes: Vec<_> = below.collect();
    attributes.sort_by_key(|(_, fact)| position(fact));
    attributes
}

/// The place of an attribute, from 1.
fn position(fact: &Fact) -> Option<u32> {
    fact.get(Attribute::Position)?.parse().ok()
}

/// The type of an attribute, with its collation.
fn type_of(fact: &Fact) -> String {
    let kind = fact.get(Attribute::Type).unwrap_or_default();
    match fact.get(Attribute::Collation) {
        Some(collation) => format!("{kind} COLLATE {collation}"),
        None => kind.to_owned(),
    }
}

fn create(object: &Object<'_>) -> Vec<Statement> {
    let lines: Vec<String> = attributes(object)
        .iter()
        .map(|(key, fact)| format!("\n    {} {}", Ident(key.part(2)), type_of(fact)))
        .collect();
    let end = if lines.is_empty() { "" } else { "\n" };
    vec![Statement::new(format!(
        "CREATE TYPE {} AS ({}{end})",
        qualified(object.key),
        lines.join(",")
    ))]
}

/// What its values consist of: names and types, in their order.
pub(crate) fn shape(object: &Object<'_>) -> Vec<(String, String)> {
    let attributes = attributes(object).into_iter();
    attributes.map(|(key, fact)| (key.part(2).to_owned(), type_of(fact))).collect()
}

/// Changes the type as a whole, where that of its attributes one by one does not do.
fn alter(change: &Change<'_>) -> Alter {
    if !is_swapped(change) {
        return Alter::By(Steps::default());
    }
    if let Some(table) = typed_table(&change.from).filter(|it| change.to.catalog.get(it).is_some())
    {
        return Alter::Impossible(format!(
            "PostgreSQL cannot alter the columns of the {table}, which is a table of this type, in this way"
        ));
    }
    let (from, to) = (shape(&change.from), shape(&change.to));
    let is_other = |it: &&(String, String)| from.iter().any(|was| was.0 == it.0 && was.1 != it.1);
    let others = to.iter().filter(is_other);
    let others: Vec<String> = others
        .map(|(name, kind)| format!("{} has a value that is not {kind}", Ident(name)))
        .collect();
    let remark = format!("it fails where the attribute {}", others.join(", or "));
    Alter::Swap(Swap { remark: (!others.is_empty()).then_some(remark), ..Swap::default() })
}

/// Whether its attributes cannot come to what they will be one by one.
fn is_swapped(change: &Change<'_>) -> bool {
    let (from, to) = (shape(&change.from), shape(&change.to));
    let is_in = |all: &[(String, String)], name: &str| all.iter().any(|it| it.0 == name);
    let kept: Vec<_> = from.iter().filter(|it| is_in(&to, &it.0)).collect();
    // what is new comes behind what stays
    let is_in_order = to.iter().zip(&kept).all(|(is, was)| is.0 == was.0);
    let is_retyped = kept.iter().any(|it| !to.contains(it));
    !is_in_order || is_retyped && !stored_in(change.from.catalog, change.from.key).is_empty()
}

/// A table of the type.
fn typed_table<'c>(object: &Object<'c>) -> Option<&'c Key> {
    let whole = whole(object.key);
    let mut users = dependents(object.catalog, &whole).into_iter();
    users.find(|it| {
        let fact = object.catalog.get(it);
        it.kind() == ObjectKind::Relation && fact.is_some_and(|fact| fact.is(Attribute::OfType))
    })
}

/// Tables of a type follow it only when they are told to.
fn cascade(object: &Object<'_>) -> &'static str {
    match typed_table(object) {
        Some(_) => " CASCADE",
        None => "",
    }
}

/// What names an attribute, and would have to be written anew for another type of it. A default keeps its column.
fn is_in_the_way(object: &Object<'_>, dependent: &Key) -> bool {
    let fact = object.catalog.get(dependent);
    match dependent.kind() {
        ObjectKind::Composite | ObjectKind::CompositeAttribute => false,
        ObjectKind::Column => fact.is_some_and(|it| it.is(Attribute::Generated)),
        _ => true,
    }
}

/// The composite types that an attribute is part of, before and after.
fn types_of<'c>(change: &Change<'c>) -> Option<Change<'c>> {
    let of = |object: Object<'c>| {
        let (key, fact) = object.catalog.entry(&whole(object.key))?;
        Some(Object { key, fact, ..object })
    };
    Some(Change { from: of(change.from)?, to: of(change.to)? })
}
