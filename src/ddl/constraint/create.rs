//! How a constraint comes into being.

use super::{add, added, definition, is_shadow, key, kind, not_null, on_table, states, validate};
use crate::{
    catalog::{Attribute, ConstraintKind, Fact, Key, Kind, RelationKind},
    ddl::{
        index::ties,
        rules::{Object, Statement},
    },
    words::ident::Ident,
};

/// Makes it, in the form that stops readers and writers the least where there may be any.
pub(super) fn create(constraint: &Object<'_>) -> Vec<Statement> {
    match kind(constraint) {
        ConstraintKind::Trigger => Vec::new(),
        ConstraintKind::NotNull => not_null::create(constraint),
        ConstraintKind::Check => check(constraint),
        ConstraintKind::ForeignKey => {
            let mut all = foreign_key(constraint);
            all.extend(states::set(constraint));
            all
        }
        _ => key::create(constraint),
    }
}

/// One that is inherited comes with the table or with that of the parent, unless the table is there and becomes a child:
/// then it must have it before.
fn check(constraint: &Object<'_>) -> Vec<Statement> {
    let table = constraint.key.table();
    let is_new = constraint.before.is_some_and(|it| it.get(&table).is_none());
    let comes = constraint.with_parent || !constraint.stays || is_new;
    if constraint.is(Attribute::Inherited) && comes {
        return Vec::new();
    }
    in_two_steps(constraint)
}

/// That of a partition comes with that of the whole, and under the same name.
fn foreign_key(constraint: &Object<'_>) -> Vec<Statement> {
    if constraint.is(Attribute::OfPartitioned) {
        return cloned_name(constraint).into_iter().collect();
    }
    // Source: <https://www.postgresql.org/docs/17/sql-altertable.html>, "not currently supported on partitioned tables"
    if (constraint.major < 18 || constraint.portable) && is_on_partitioned(constraint) {
        return vec![add(constraint, definition(constraint))];
    }
    in_two_steps(constraint)
}

/// Gives the foreign key of a partition its own name, if it has one.
fn cloned_name(constraint: &Object<'_>) -> Option<Statement> {
    let whole = ties::whole(constraint)?;
    let fact = constraint.catalog.get(whole)?;
    let is_clone = [Attribute::ReferencesSchema, Attribute::ReferencesTable]
        .iter()
        .all(|it| fact.get(*it) == constraint.get(*it));
    if is_shadow(constraint) || !is_clone || whole.name() == constraint.key.name() {
        return None;
    }
    let (from, to) = (Ident(whole.name()), Ident(constraint.key.name()));
    Some(on_table(constraint, format!("RENAME CONSTRAINT {from} TO {to}")))
}

/// Adds it; and looks at the rows later, under a lock that lets readers and writers through.
fn in_two_steps(constraint: &Object<'_>) -> Vec<Statement> {
    let definition = definition(constraint);
    let is_unchecked = constraint.is(Attribute::NotValid) || constraint.is(Attribute::NotEnforced);
    // what is looked at later is looked at for the whole table that is referred to, not for its partitions
    if is_unchecked || !constraint.online || refers_to_partitioned(constraint) {
        return vec![add(constraint, definition)];
    }
    vec![added(constraint, &format!("{definition} NOT VALID"), false), validate(constraint)]
}

/// Whether it refers to a partitioned table.
fn refers_to_partitioned(constraint: &Object<'_>) -> bool {
    let referenced = constraint.fact.referenced_table();
    referenced.is_some_and(|it| {
        constraint.catalog.relation_kind(&it) == Some(RelationKind::PartitionedTable)
    })
}

/// Whether its table is a partitioned one.
fn is_on_partitioned(constraint: &Object<'_>) -> bool {
    let table = [constraint.key.part(0), constraint.key.part(1)];
    let relation = constraint.catalog.get(&Key::new(Kind::Relation, &table));
    relation.and_then(Fact::relation_kind) == Some(RelationKind::PartitionedTable)
}
