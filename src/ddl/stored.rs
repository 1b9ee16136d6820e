//! Where values of a type are stored: in columns of it, and in columns of what is made of it.

use std::collections::BTreeSet;

use crate::catalog::{Attribute, Catalog, Fact, Key, ObjectKind, RelationKind};

/// What holds values of a type.
#[derive(Debug, Default)]
pub(crate) struct Holders<'c> {
    /// The type and those that are made of it, as far as tables hold values of them; each after what it is made of.
    pub(crate) types: Vec<&'c Key>,
    /// The columns of tables.
    pub(crate) columns: BTreeSet<&'c Key>,
}

/// Finds what holds values of a type.
pub(crate) fn holders<'c>(catalog: &'c Catalog, key: &'c Key) -> Holders<'c> {
    let mut holders = Holders::default();
    let mut rest: BTreeSet<&Key> = closure(catalog, key);
    rest.retain(|it| {
        let columns = stored_in(catalog, it);
        let is_held = !columns.is_empty();
        holders.columns.extend(columns);
        is_held
    });
    while !rest.is_empty() {
        let is_ready =
            |it: &&&Key| !rest.iter().any(|other| other != *it && is_made_of(catalog, it, other));
        let ready: Vec<&Key> = rest.iter().filter(is_ready).copied().collect();
        if ready.is_empty() {
            // PostgreSQL has no type that is made of itself
            break;
        }
        rest.retain(|it| !ready.contains(it));
        holders.types.extend(ready);
    }
    holders
}

/// The columns of tables that hold values of a type, be it within values of another type. Also those of a collation.
pub(crate) fn stored_in<'c>(catalog: &'c Catalog, key: &'c Key) -> Vec<&'c Key> {
    let mut columns = BTreeSet::new();
    for next in closure(catalog, key) {
        let multirange = catalog.get(next).and_then(|it| it.get(Attribute::Multirange));
        let is_one = |it: &&Key| {
            it.kind() == ObjectKind::Column
                && holds_rows(catalog, it)
                && catalog.get(it).is_some_and(|fact| {
                    next.kind() == ObjectKind::Collation || is_of(fact, next, multirange)
                })
        };
        columns.extend(dependents(catalog, next).into_iter().filter(is_one));
    }
    columns.into_iter().collect()
}

/// What uses a type, or one that is made of it.
pub(crate) fn users<'c>(catalog: &'c Catalog, key: &'c Key) -> BTreeSet<&'c Key> {
    let types = closure(catalog, key).into_iter();
    types.flat_map(|it| dependents(catalog, it)).collect()
}

/// A type with all that is made of it.
fn closure<'c>(catalog: &'c Catalog, key: &'c Key) -> BTreeSet<&'c Key> {
    let mut seen = BTreeSet::new();
    let mut open = vec![key];
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            let wholes = dependents(catalog, next).into_iter().map(whole);
            let types = wholes.filter(|it| is_type(it.kind()));
            open.extend(types.filter_map(|it| catalog.entry(&it).map(|(key, _)| key)));
        }
    }
    seen
}

fn is_type(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Domain | ObjectKind::Range | ObjectKind::BaseType | ObjectKind::Composite
    )
}

/// Whether a type is made of another one directly.
pub(crate) fn is_made_of(catalog: &Catalog, key: &Key, of: &Key) -> bool {
    dependents(catalog, of)
        .into_iter()
        .any(|it| it.kind() != ObjectKind::DomainConstraint && whole(it) == *key)
}

/// The columns that hold values of a domain within other values, but for those of domains over it: where there is one, PostgreSQL refuses
/// to look whether they satisfy a new constraint.
/// Source: `get_rels_with_domain` in src/backend/commands/typecmds.c
pub(crate) fn nested_in<'c>(catalog: &'c Catalog, domain: &'c Key) -> Vec<&'c Key> {
    let is_within = |it: &&Key| {
        let kind = relation_kind(catalog, it);
        it.kind() == ObjectKind::Column
            && kind != RelationKind::View
            && kind != RelationKind::ForeignTable
    };
    let (mut found, mut open) = (Vec::new(), vec![domain]);
    while let Some(next) = open.pop() {
        for dependent in dependents(catalog, next) {
            let Some(fact) = catalog.get(dependent) else {
                continue;
            };
            let is_own = |schema: Attribute, name: Attribute| {
                (fact.get(schema), fact.get(name)) == (Some(next.part(0)), Some(next.part(1)))
            };
            match dependent.kind() {
                ObjectKind::Column if is_own(Attribute::ElementSchema, Attribute::ElementName) => {
                    found.extend(Some(dependent).filter(is_within));
                }
                ObjectKind::Domain if is_own(Attribute::BaseSchema, Attribute::BaseName) => {
                    open.push(dependent);
                }
                ObjectKind::Domain | ObjectKind::CompositeAttribute | ObjectKind::Range => {
                    let whole = catalog.entry(&whole(dependent)).map(|(key, _)| key);
                    let types = whole.map(|it| closure(catalog, it)).unwrap_or_default();
                    let columns = types.into_iter().flat_map(|it| dependents(catalog, it));
                    found.extend(columns.filter(is_within));
                }
                _ => {}
            }
        }
    }
    found
}

/// What depends on an object directly.
pub(crate) fn dependents<'c>(catalog: &'c Catalog, key: &Key) -> BTreeSet<&'c Key> {
    let all = catalog.dependencies.on(key);
    all.map(|it| &it.dependent).collect()
}

/// The type that an attribute or a constraint is part of; any other object is whole by itself.
pub(crate) fn whole(key: &Key) -> Key {
    match key.kind() {
        ObjectKind::CompositeAttribute => {
            Key::new(ObjectKind::Composite, &[key.part(0), key.part(1)])
        }
        ObjectKind::DomainConstraint => Key::new(ObjectKind::Domain, &[key.part(0), key.part(1)]),
        _ => key.clone(),
    }
}

/// The relation of a column.
pub(crate) fn relation(key: &Key) -> Key {
    key.table()
}

/// What the relation of a column is, or a relation itself.
pub(crate) fn relation_kind(catalog: &Catalog, key: &Key) -> RelationKind {
    let kind = catalog.relation_kind(key);
    kind.unwrap_or(RelationKind::Table)
}

/// Whether a relation, or that of a column, is a table.
pub(crate) fn holds_rows(catalog: &Catalog, key: &Key) -> bool {
    !relation_kind(catalog, key).is_view()
}

/// Whether a column is of a type, or holds arrays of it.
pub(crate) fn is_of(fact: &Fact, key: &Key, multirange: Option<&str>) -> bool {
    let own = (Some(key.part(0)), Some(key.part(1)));
    (fact.get(Attribute::TypeSchema), fact.get(Attribute::TypeName)) == own
        || (fact.get(Attribute::ElementSchema), fact.get(Attribute::ElementName)) == own
        || multirange.is_some_and(|name| {
            let kind = fact.get(Attribute::Type).unwrap_or_default();
            kind.strip_suffix("[]").unwrap_or(kind) == name
        })
}
