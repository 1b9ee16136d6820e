//! Indexes of partitioned tables and of their partitions: who makes which.
//!
//! `CREATE INDEX` on a partitioned table makes those of the partitions, too, under names of PostgreSQL's choice, and stops
//! all writers while it builds them. Where that is not what is wanted, every index has a statement of its own: those of the
//! partitions come first, and that of the whole takes them over. So it is complete, too, where a database has partitions that
//! nobody has told us of.

use std::collections::BTreeMap;

use super::{relation, text, ties};
use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind, RelationKind},
    ddl::rules::{Change, Object},
};

/// How an index comes into being.
pub(crate) enum Birth<'c> {
    /// With the index of the whole, or with the partition.
    Given,
    /// The same, under this name instead of its own.
    Called(String),
    /// By a statement.
    Own {
        /// Whether that leaves out the partitions.
        only: bool,
        /// The index that it is attached to.
        whole: Option<&'c Key>,
    },
}

/// How this one comes into being.
pub(crate) fn birth<'c>(index: &Object<'c>) -> Birth<'c> {
    let whole = whole(index);
    let is_common = is_common(index);
    if whole.is_some() && index.with_parent && is_common {
        return Birth::Given;
    }
    // the partition is new, or is attached: its indexes come with that. One that a failed migration left out cannot be told
    // from those, so that a plain one is made if it is not there
    let comes = match index.with_parent {
        true => is_excluding(index),
        false => !index.stays || index.is(Attribute::OfConstraint),
    };
    if whole.is_some() && comes {
        return match text::automatic_name(index) {
            Some(name) if name != index.key.name() => Birth::Called(name),
            _ => Birth::Given,
        };
    }
    let only = is_partitioned(index) && !takes_over(index) && !is_common;
    Birth::Own { only, whole: whole.filter(|_| !is_first(index)) }
}

/// Whether it is made before the index of the whole, which takes it over.
pub(crate) fn is_first(index: &Object<'_>) -> bool {
    let whole = whole(index).and_then(|it| index.other(it));
    index.with_parent
        && !is_common(index)
        && !is_excluding(index)
        && whole.is_some_and(|it| takes_over(&it))
}

/// Whether one statement makes the whole tree of indexes that this one is in.
fn is_common(index: &Object<'_>) -> bool {
    !index.online && is_automatic(index)
}

/// Whether it is that of an exclusion constraint: PostgreSQL does not compare those, and takes none over.
fn is_excluding(index: &Object<'_>) -> bool {
    index.is(Attribute::OfConstraint) && !index.is(Attribute::Unique)
}

/// Whether PostgreSQL makes an index of a whole out of those that the partitions have, and finds the right ones: no partition
/// has another that could be taken for it.
fn takes_over(whole: &Object<'_>) -> bool {
    const ALIKE: [Attribute; 7] = [
        Attribute::Method,
        Attribute::Unique,
        Attribute::Columns,
        Attribute::Include,
        Attribute::Opclasses,
        Attribute::Orders,
        Attribute::Predicate,
    ];
    let parts = parts(whole.catalog, whole.key).filter_map(|it| whole.other(it));
    let parts: BTreeMap<Key, Object<'_>> = parts.map(|it| (relation(&it), it)).collect();
    let indexes = whole.catalog.of_kind(ObjectKind::Index);
    let mut others = indexes.filter(|(_, fact)| !parts.is_empty() && !fact.is(Attribute::Parent));
    let has_twin = others.any(|(key, fact)| {
        let other = Object { key, fact, ..*whole };
        let part = parts.get(&relation(&other));
        part.is_some_and(|part| ALIKE.iter().all(|it| part.get(*it) == other.get(*it)))
    });
    is_excluding(whole) || !whole.is(Attribute::Invalid) && !has_twin
}

/// The index that this one is the part for a partition of.
pub(crate) fn whole<'c>(index: &Object<'c>) -> Option<&'c Key> {
    index.get(Attribute::Parent)?;
    ties::whole(index)
}

/// Whether the index is one of a partitioned table, which holds nothing itself.
pub(crate) fn is_partitioned(index: &Object<'_>) -> bool {
    let relation = index.catalog.get(&relation(index));
    relation.and_then(Fact::relation_kind) == Some(RelationKind::PartitionedTable)
}

/// Whether the table of an index became a partition, ceased to be one, or moved to another table.
pub(crate) fn moves(change: &Change<'_>) -> bool {
    let of = |index: &Object<'_>| {
        let relation = index.catalog.get(&relation(index));
        let whole = relation.and_then(|it| it.get(Attribute::PartitionOf));
        whole.map(str::to_owned)
    };
    of(&change.from) != of(&change.to)
}

/// The indexes of partitions that belong to one.
fn parts<'c>(catalog: &'c Catalog, whole: &Key) -> impl Iterator<Item = &'c Key> {
    let all = catalog.dependencies.on(whole);
    all.filter(|it| it.bond == 'P')
        .map(|it| &it.dependent)
        .filter(|it| it.kind() == ObjectKind::Index)
}

/// Whether PostgreSQL makes the whole tree of indexes that this one is in, by itself, as it is wanted.
fn is_automatic(index: &Object<'_>) -> bool {
    let mut top = *index;
    while let Some(whole) = whole(&top).and_then(|it| top.other(it)) {
        top = whole;
    }
    !top.is(Attribute::Invalid) && has_automatic_parts(&top)
}

/// Whether PostgreSQL makes the indexes below one as they are wanted.
fn has_automatic_parts(index: &Object<'_>) -> bool {
    if !is_partitioned(index) {
        return true;
    }
    parts(index.catalog, index.key).filter_map(|key| index.other(key)).all(|part| {
        let is_alike = [Attribute::Options, Attribute::Tablespace, Attribute::Invalid]
            .iter()
            .all(|it| part.get(*it) == index.get(*it));
        let name = text::automatic_name(&part);
        is_alike && name.as_deref() == Some(part.key.name()) && has_automatic_parts(&part)
    })
}
