//! How a constraint becomes another one of the same name.

use super::{
    add, core, definition, designation, exchange, is_shadow, kind, not_null, on_table, sources,
    states, validate,
};
use crate::{
    catalog::{Attribute, ConstraintKind},
    ddl::rules::{Alter, Change, Object, Statement, Steps},
    tables::{index::exchange::is_exchanged, inheritance},
    words::ident::{Ident, Literal},
};

/// Changes what can be changed. Anything else is dropped and added again, which loses no rows.
pub(super) fn alter(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    match (kind(from), kind(to)) {
        // the trigger's business
        (ConstraintKind::Trigger, ConstraintKind::Trigger) => return Alter::By(Steps::default()),
        (ConstraintKind::NotNull, ConstraintKind::NotNull) => return not_null::alter(change),
        (old, new) if old != new => return Alter::Replace,
        _ => {}
    }
    if is_shadow(from) && is_shadow(to) {
        return Alter::By(Steps::late(states::change(change)));
    }
    if is_exchanged(change) {
        return Alter::By(Steps::late(exchange::exchange(change)));
    }
    if core(from) != core(to) {
        return Alter::Replace;
    }
    if from.is(Attribute::OfPartitioned) || to.is(Attribute::OfPartitioned) {
        return of_partition(change);
    }
    match kind(to) {
        ConstraintKind::ForeignKey => foreign_key(change),
        ConstraintKind::Check => check(change),
        _ if change.differs(Attribute::Deferrable) || change.differs(Attribute::Deferred) => {
            Alter::Replace
        }
        _ => Alter::By(Steps::default()),
    }
}

/// That of a partition follows that of the whole. One of the partition's own is taken over when it becomes a partition, or
/// the whole gets one; and is its own again when the partition is detached.
fn of_partition(change: &Change<'_>) -> Alter {
    let is_detached =
        change.from.is(Attribute::OfPartitioned) && !change.to.is(Attribute::OfPartitioned);
    if is_detached && partitioned(&change.from) == partitioned(&change.to) {
        return Alter::Replace;
    }
    if change.to.is(Attribute::OfPartitioned) {
        return Alter::By(Steps::late(states::change(change)));
    }
    match kind(&change.to) {
        ConstraintKind::ForeignKey => foreign_key(change),
        _ => Alter::By(Steps::default()),
    }
}

/// What the table is a partition of.
fn partitioned<'c>(constraint: &Object<'c>) -> Option<&'c str> {
    let relation = constraint.catalog.get(&constraint.relation());
    relation.and_then(|it| it.get(Attribute::PartitionOf))
}

/// A foreign key can change when it is checked, and from 18 on whether it is.
fn foreign_key(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    let was_checked = !from.is(Attribute::NotValid) || from.is(Attribute::NotEnforced);
    if to.is(Attribute::NotValid) && !to.is(Attribute::NotEnforced) && was_checked {
        // there is no way back from valid
        return Alter::Replace;
    }
    let mut late = Vec::new();
    let name = Ident(to.key.name());
    if change.differs(Attribute::Deferrable) || change.differs(Attribute::Deferred) {
        let when = match (to.is(Attribute::Deferrable), to.is(Attribute::Deferred)) {
            (_, true) => "DEFERRABLE INITIALLY DEFERRED",
            (true, false) => "DEFERRABLE INITIALLY IMMEDIATE",
            (false, false) => "NOT DEFERRABLE",
        };
        late.push(on_table(to, format!("ALTER CONSTRAINT {name} {when}")));
    }
    if change.differs(Attribute::NotEnforced) {
        let not = if to.is(Attribute::NotEnforced) { "NOT " } else { "" };
        let what = format!("ALTER CONSTRAINT {name} {not}ENFORCED");
        late.push(on_table(to, what));
    } else if from.is(Attribute::NotValid) && !to.is(Attribute::NotValid) {
        late.push(validate(to));
    }
    late.extend(states::change(change));
    Alter::By(Steps::late(late))
}

/// A check can only be found to hold. Children have theirs from their parents.
fn check(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    match (from.is(Attribute::Inherited), to.is(Attribute::Inherited)) {
        (true, true) => return Alter::By(Steps::default()),
        (true, false) => return Alter::By(owned(change)),
        (false, true) => return disowned(change),
        (false, false) => {}
    }
    let is_weaker = to.is(Attribute::NotValid) && !from.is(Attribute::NotValid);
    if is_weaker || change.differs(Attribute::NotEnforced) {
        return Alter::Replace;
    }
    let valid = from.is(Attribute::NotValid) && !to.is(Attribute::NotValid);
    Alter::By(Steps::late(valid.then(|| validate(to))))
}

/// An inherited check becomes the table's own, too, before that of the parent may go. By itself it does when the table
/// ceases to be a child.
fn owned(change: &Change<'_>) -> Steps {
    let (from, to) = (&change.from, &change.to);
    let mut steps = Steps::default();
    if is_child_still(change) {
        steps.early.push(add(from, definition(from)));
    }
    if from.is(Attribute::NotValid) && !to.is(Attribute::NotValid) {
        steps.late.push(validate(to));
    }
    steps
}

/// Whether the table has a parent that it had before.
fn is_child_still(change: &Change<'_>) -> bool {
    let parents = |it: &Object<'_>| {
        let key = it.key;
        inheritance::parents(it.catalog, key.part(0), key.part(1))
    };
    let after = parents(&change.to);
    parents(&change.from).iter().any(|it| after.contains(it))
}

/// A check of the table's own becomes one that is inherited only. PostgreSQL does that where it becomes a partition; else the
/// own one must go at a time when the parents have none.
fn disowned(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    if partitioned(to).is_some() {
        return Alter::By(Steps::default());
    }
    if !is_child_still(change) {
        // it comes with the tie to the parent, or with that of the parent
        return Alter::Replace;
    }
    let all = sources(from);
    if all.is_empty() {
        // it comes again with that of the parent
        return Alter::Replace;
    }
    let sources: Vec<Object<'_>> = all
        .iter()
        .filter_map(|key| {
            let fact = to.catalog.get(key)?;
            Some(Object { key, fact, ..*to })
        })
        .collect();
    if sources.len() < all.len() || sources.iter().any(|it| it.is(Attribute::Inherited)) {
        return Alter::By(Steps::default());
    }
    let mut late = Vec::new();
    for it in sources.iter().chain([to]) {
        let name = Ident(it.key.name());
        late.push(on_table(it, format!("DROP CONSTRAINT {name}")));
    }
    late.extend(sources.iter().map(|it| add(it, definition(it))));
    late.extend(sources.iter().chain([to]).filter_map(comment));
    Alter::By(Steps::late(late))
}

/// Says a comment again that went with the old one.
fn comment(constraint: &Object<'_>) -> Option<Statement> {
    let text = Literal(constraint.get(Attribute::Comment)?);
    let what = designation(constraint)?;
    Some(Statement::new(format!("COMMENT ON {what} IS {text}")))
}
