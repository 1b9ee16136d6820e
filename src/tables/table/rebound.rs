//! A partition with other bounds is let go and taken again at one stroke: when the room it takes is free, and before anything of the whole
//! table changes, so that it is never without its part of a change.

use std::iter;

use crate::{
    catalog::{Attribute, Catalog, Key, ObjectKind},
    ddl::rules::{Before, Change, Moment, Object, Stage, needs_of},
    tables::{
        index,
        inheritance::{self, is_rebound, parent_table},
    },
};

/// The order around a partition that is wanted with other bounds; none for any other table.
pub(super) fn order(table: &Object<'_>) -> Option<Vec<Before>> {
    let before = table.before?;
    let was = before.get(table.key)?;
    let whole = parent_table(table.fact).filter(|_| is_rebound(was, table.fact))?;
    let taken = || Moment::At(Stage::Late, table.key.clone());
    let mut all = Vec::new();
    for other in partitions(before, &whole).filter(|it| it != table.key) {
        all.push((Moment::Gone(other.clone()), taken()));
        all.push((Moment::At(Stage::Early, other.clone()), taken()));
        if other < *table.key && is_one(before, table.catalog, &other) {
            all.push((Moment::At(Stage::Late, other), taken()));
        }
    }
    for other in partitions(table.catalog, &whole).filter(|it| it != table.key) {
        all.push((taken(), Moment::At(Stage::Create, other.clone())));
        if before.get(&other).is_some_and(|it| parent_table(it).as_ref() != Some(&whole)) {
            all.push((taken(), Moment::At(Stage::Late, other)));
        }
    }
    // its bounds may name a value that is new in an enum
    for column in parts(table.catalog, table.key).filter(|it| it.kind() == ObjectKind::Column) {
        let types = needs_of(table.catalog, column).map(|it| &it.referenced);
        let types = types.filter(|it| it.kind() == ObjectKind::Enum);
        all.extend(types.map(|it| (Moment::At(Stage::Late, it.clone()), taken())));
    }
    let wholes = inheritance::wholes(table.catalog, table.key);
    for relation in iter::once(table.key.clone()).chain(wholes) {
        for part in [before, table.catalog].iter().flat_map(|it| parts(it, &relation)) {
            let stages = [Stage::Early, Stage::Drop, Stage::Create, Stage::Late];
            all.extend(stages.map(|stage| (taken(), Moment::At(stage, part.clone()))));
        }
    }
    Some(all)
}

/// What is detached before this partition is attached again: the first of a whole table speaks for all, as each may need the room of another.
pub(super) fn detached(change: &Change<'_>) -> Vec<Key> {
    let (before, after) = (change.from.catalog, change.to.catalog);
    let Some(whole) = parent_table(change.to.fact) else { return Vec::new() };
    let all: Vec<Key> = partitions(before, &whole).filter(|it| is_one(before, after, it)).collect();
    if all.iter().min() == Some(change.to.key) { all } else { Vec::new() }
}

/// Whether the bounds of a partition change.
fn is_one(before: &Catalog, after: &Catalog, partition: &Key) -> bool {
    let facts = before.get(partition).zip(after.get(partition));
    facts.is_some_and(|(was, is)| is_rebound(was, is))
}

/// The partitions of a table.
fn partitions(catalog: &Catalog, whole: &Key) -> impl Iterator<Item = Key> {
    let all = inheritance::children(catalog, whole.part(0), whole.part(1));
    let keys =
        all.into_iter().map(|(schema, name)| Key::new(ObjectKind::Relation, &[&schema, &name]));
    keys.filter(|it| catalog.get(it).is_some_and(|it| it.is(Attribute::PartitionOf)))
}

/// What a whole table shares with its partitions.
fn parts<'c>(catalog: &'c Catalog, relation: &Key) -> impl Iterator<Item = &'c Key> {
    let path = [relation.part(0), relation.part(1)];
    let columns = catalog.below(ObjectKind::Column, &path);
    let all = columns.chain(catalog.below(ObjectKind::Constraint, &path)).map(|(key, _)| key);
    all.chain(index::of_table(catalog, relation))
}
