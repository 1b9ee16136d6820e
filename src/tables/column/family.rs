//! The same column in the parents and in the children of a table.

use crate::{
    catalog::{Attribute, Key, ObjectKind},
    ddl::rules::{Change, Object},
    tables::inheritance,
};

/// The column of a parent, where the table was and stays its child: an ALTER of the parent's column changes both.
pub(super) fn parent<'c>(change: &Change<'c>) -> Option<Change<'c>> {
    let (schema, table) = (change.to.key.part(0), change.to.key.part(1));
    inheritance::parents(change.to.catalog, schema, table)
        .iter()
        .filter(|(of, name)| stays_child(change, of, name))
        .find_map(|(of, name)| in_table(change, of, name))
}

/// The columns that an ALTER of this one changes, too: those of the children that stay, and of theirs.
pub(super) fn descendants<'c>(change: &Change<'c>) -> Vec<Change<'c>> {
    let mut found = Vec::new();
    gather(change, &mut found);
    found
}

/// Goes down from one column.
fn gather<'c>(change: &Change<'c>, found: &mut Vec<Change<'c>>) {
    let (schema, table) = (change.to.key.part(0), change.to.key.part(1));
    for (of, name) in inheritance::children(change.to.catalog, schema, table) {
        let Some(child) = in_table(change, &of, &name) else {
            continue;
        };
        let is_new = found.iter().all(|it| it.to.key != child.to.key);
        if is_new && stays_child(&child, schema, table) {
            found.push(child);
            gather(&child, found);
        }
    }
}

/// The columns of that name in the parents of a table.
pub(super) fn of_parents<'c>(object: &Object<'c>) -> Vec<Object<'c>> {
    let (schema, table) = (object.key.part(0), object.key.part(1));
    inheritance::parents(object.catalog, schema, table)
        .iter()
        .filter_map(|(of, name)| sibling(object, of, name))
        .collect()
}

/// Whether the table of a column is a child of another one in both catalogs, and is never let go in between.
fn stays_child(change: &Change<'_>, schema: &str, name: &str) -> bool {
    let (own, table) = (change.to.key.part(0), change.to.key.part(1));
    let relation = Key::new(ObjectKind::Relation, &[own, table]);
    let from = change.from.catalog.get(&relation);
    let to = change.to.catalog.get(&relation);
    let (Some(from), Some(to)) = (from, to) else {
        return false;
    };
    if to.is(Attribute::PartitionOf) {
        return from.get(Attribute::PartitionOf) == to.get(Attribute::PartitionOf);
    }
    let tie = Key::new(ObjectKind::Inheritance, &[own, table, schema, name]);
    change.from.catalog.get(&tie).is_some() && change.to.catalog.get(&tie).is_some()
}

/// The column of the same name in another table, in both catalogs.
fn in_table<'c>(change: &Change<'c>, schema: &str, table: &str) -> Option<Change<'c>> {
    Some(Change {
        from: sibling(&change.from, schema, table)?,
        to: sibling(&change.to, schema, table)?,
    })
}

/// The column of the same name in another table of the same catalog.
fn sibling<'c>(object: &Object<'c>, schema: &str, table: &str) -> Option<Object<'c>> {
    let mut below = object.catalog.below(ObjectKind::Column, &[schema, table]);
    let (key, fact) = below.find(|(key, _)| key.name() == object.key.name())?;
    Some(Object { key, fact, ..*object })
}
