//! Composite types that stand alone, and their attributes.

use crate::{
    catalog::{Attribute, Fact, Key, Kind},
    ddl::{
        enumeration::{
            anew::{Anew, Cast},
            designation, drop, qualified,
            survey::stored_in,
        },
        rule::{Alter, Change, Loss, Object, Rule, Statement, Steps, no_parent, nobody, nothing},
    },
    words::ident::Ident,
};

/// Composite types.
pub(super) const RULE: Rule = Rule {
    comment: designation,
    owner: designation,
    born_with: no_parent,
    dies_with: nobody,
    create,
    drop,
    // nothing but comment and owner are its own
    alter: |_| Alter::By(Steps::default()),
};

/// Attributes of composite types.
pub(super) const ATTRIBUTE: Rule = Rule {
    comment: attribute_designation,
    owner: nothing,
    born_with: |object| Some(whole(object.key)),
    dies_with: |object| vec![whole(object.key)],
    create: create_attribute,
    drop: drop_attribute,
    alter: alter_attribute,
};

fn whole(key: &Key) -> Key {
    Key::new(Kind::Composite, &[key.part(0), key.part(1)])
}

fn attribute_designation(object: &Object<'_>) -> Option<String> {
    Some(format!(
        "COLUMN {}.{}",
        qualified(object.key),
        Ident(object.key.part(2))
    ))
}

/// The attributes of the type that this is, or is part of, in their order.
fn attributes<'c>(object: &Object<'c>) -> Vec<(&'c Key, &'c Fact)> {
    let path = [object.key.part(0), object.key.part(1)];
    let below = object.catalog.below(Kind::CompositeAttribute, &path);
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

/// Tables of a type follow it only when they are told to.
fn cascade(object: &Object<'_>) -> &'static str {
    let whole = whole(object.key);
    let all = object.catalog.dependencies.iter();
    let is_followed = all.filter(|it| it.referenced == whole).any(|it| {
        let fact = object.catalog.get(&it.dependent);
        it.dependent.kind() == Kind::Relation && fact.is_some_and(|fact| fact.is(Attribute::OfType))
    });
    if is_followed { " CASCADE" } else { "" }
}

fn create_attribute(object: &Object<'_>) -> Vec<Statement> {
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

fn drop_attribute(object: &Object<'_>) -> Vec<Statement> {
    let (kind, name) = (qualified(object.key), Ident(object.key.part(2)));
    let cascade = cascade(object);
    let statement = Statement::new(format!("ALTER TYPE {kind} DROP ATTRIBUTE {name}{cascade}"));
    if stored_in(object.catalog, &whole(object.key)).is_empty() && cascade.is_empty() {
        return vec![statement];
    }
    vec![statement.losing(Loss::AttributeValues(object.key.clone()))]
}

fn alter_attribute(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    let whole = whole(from.key);
    let stored = stored_in(from.catalog, &whole);
    let is_loose = stored.is_empty() && cascade(from).is_empty();
    // attributes cannot be put in another order; values that are there keep theirs
    if is_loose && change.differs(Attribute::Position) && !is_in_order(change) {
        return Alter::ReplaceParent;
    }
    if !change.differs(Attribute::Type) && !change.differs(Attribute::Collation) {
        return Alter::By(Steps::default());
    }
    let statement = Statement::new(format!(
        "ALTER TYPE {} ALTER ATTRIBUTE {} TYPE {}{}",
        qualified(to.key),
        Ident(to.key.part(2)),
        type_of(to.fact),
        cascade(from)
    ));
    let users: Vec<Key> = from
        .dependents()
        .filter(|it| is_in_the_way(from, it))
        .cloned()
        .collect();
    if stored.is_empty() {
        return Alter::By(Steps {
            late: vec![statement],
            clears: users,
            ..Steps::default()
        });
    }
    let Some(types) = types_of(change) else {
        return Alter::Impossible("its type is made in the same migration".to_owned());
    };
    let anew = Anew {
        change: &types,
        word: "TYPE",
        create: vec![statement],
        cast: Cast::Text,
        remark: Some(format!(
            "it fails where the attribute {} holds what is no {}",
            Ident(to.key.part(2)),
            to.get(Attribute::Type).unwrap_or_default()
        )),
        gone: Vec::new(),
    };
    match anew.altered() {
        Alter::By(mut steps) => {
            let more = users.into_iter().filter(|it| !steps.clears.contains(it));
            let more: Vec<Key> = more.collect();
            steps.clears.extend(more);
            Alter::By(steps)
        }
        other => other,
    }
}

/// What names an attribute, and would have to be written anew for another type of it. A default keeps its column.
fn is_in_the_way(object: &Object<'_>, dependent: &Key) -> bool {
    let fact = object.catalog.get(dependent);
    match dependent.kind() {
        Kind::Composite | Kind::CompositeAttribute => false,
        Kind::Column => fact.is_some_and(|it| it.is(Attribute::Generated)),
        _ => true,
    }
}

/// The composite types that an attribute is part of, before and after.
fn types_of<'c>(change: &Change<'c>) -> Option<Change<'c>> {
    let of = |object: Object<'c>| {
        let name = whole(object.key);
        let mut all = object.catalog.below(Kind::Composite, &[name.part(0)]);
        let (key, fact) = all.find(|(key, _)| **key == name)?;
        Some(Object {
            key,
            fact,
            ..object
        })
    };
    Some(Change {
        from: of(change.from)?,
        to: of(change.to)?,
    })
}

/// Whether the order comes about by itself when attributes are dropped and added.
fn is_in_order(change: &Change<'_>) -> bool {
    let names = |object: &Object<'_>| -> Vec<String> {
        let all = attributes(object);
        all.iter().map(|(key, _)| key.part(2).to_owned()).collect()
    };
    let (from, to) = (names(&change.from), names(&change.to));
    let kept: Vec<&String> = from.iter().filter(|it| to.contains(it)).collect();
    to.iter().take(kept.len()).eq(kept.iter().copied())
}
