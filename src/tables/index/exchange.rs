//! Whether the index of a key is built before the old one goes.

use super::partition;
use crate::{
    catalog::{Attribute, ConstraintKind, Key, ObjectKind},
    ddl::rules::{Change, Object},
};

/// The constraint whose index changes.
pub(crate) fn of_index<'c>(change: &Change<'c>) -> Option<Change<'c>> {
    let side = |index: &Object<'c>| {
        let (table, name) = (index.get(Attribute::Table)?, index.get(Attribute::OfConstraint)?);
        let key = Key::new(ObjectKind::Constraint, &[index.key.part(0), table, name]);
        let (key, fact) = index.catalog.entry(&key)?;
        Some(Object { key, fact, ..*index })
    };
    Some(Change { from: side(&change.from)?, to: side(&change.to)? })
}

/// Whether a primary key or a UNIQUE is exchanged for another one while readers and writers go on, and no moment is without
/// one of the two.
pub(crate) fn is_exchanged(change: &Change<'_>) -> bool {
    let (from, to) = (&change.from, &change.to);
    let is_other = change.differs(Attribute::Definition);
    let is_key = matches!(kind(to), ConstraintKind::Unique | ConstraintKind::PrimaryKey)
        && kind(from) == kind(to);
    let (Some(old), Some(new)) = (index_of(from), index_of(to)) else {
        return false;
    };
    let is_plain = |constraint: &Object<'_>, index: &Object<'_>| {
        let is_part = constraint.is(Attribute::OfPartitioned) || constraint.is(Attribute::Period);
        !is_part && !index.is(Attribute::Parent) && !partition::is_partitioned(index)
    };
    // a foreign key that needs the old one
    let is_needed = old.dependents().next().is_some() || from.dependents().any(|it| it != old.key);
    is_other
        && is_key
        && to.online
        && is_plain(from, &old)
        && is_plain(to, &new)
        && !is_needed
        && stands(change)
}

/// Whether all columns of the old one and the new one stay what they are.
fn stands(change: &Change<'_>) -> bool {
    let (from, to) = (&change.from, &change.to);
    let column = |it: &String| Key::new(ObjectKind::Column, &[to.key.part(0), to.key.part(1), it]);
    let columns = |object: &Object<'_>| {
        let all = [object.list(Attribute::Columns), object.list(Attribute::Include)].concat();
        all.iter().map(column).collect::<Vec<Key>>()
    };
    let is_same = |key: &Key| match (from.catalog.get(key), to.catalog.get(key)) {
        (Some(was), Some(is)) => {
            [Attribute::Type, Attribute::Collation].iter().all(|it| was.get(*it) == is.get(*it))
        }
        (was, _) => was.is_none(),
    };
    // a column is NOT NULL as long as it is in a primary key
    let is_free = |key: &Key| {
        kind(from) == ConstraintKind::Unique
            || to.catalog.get(key).is_some_and(|it| it.is(Attribute::NotNull))
    };
    let old = columns(from);
    old.iter().all(is_free) && old.iter().chain(&columns(to)).all(is_same)
}

/// The index of a key, where it is called as the key is.
pub(crate) fn index_of<'c>(constraint: &Object<'c>) -> Option<Object<'c>> {
    let name = constraint.key.name();
    let key = Key::new(ObjectKind::Index, &[constraint.key.part(0), name]);
    let is_own = constraint.get(Attribute::Index).is_none_or(|it| it == name);
    let (key, fact) = constraint.catalog.entry(&key).filter(|_| is_own)?;
    Some(Object { key, fact, ..*constraint })
}

/// What a constraint is.
fn kind(constraint: &Object<'_>) -> ConstraintKind {
    // each has one
    constraint.fact.constraint_kind().unwrap_or(ConstraintKind::Check)
}
