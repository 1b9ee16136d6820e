//! How a constraint comes into being.

use super::{
    add, added, definition, is_shadow, is_unchecked, key, kind, not_null, on_table, states,
    validate,
};
use crate::{
    catalog::{Attribute, ConstraintKind, Fact, Key, ObjectKind, RelationKind},
    ddl::rules::{Object, Statement},
    tables::index::ties,
    words::ident::{Ident, Qualified},
};

/// Makes it, in the form that stops readers and writers the least where there may be any.
pub(super) fn create(constraint: &Object<'_>) -> Vec<Statement> {
    match kind(constraint) {
        ConstraintKind::Trigger => Vec::new(),
        ConstraintKind::NotNull => not_null::create(constraint),
        ConstraintKind::Check => check(constraint),
        ConstraintKind::ForeignKey => {
            let mut all = foreign_key(constraint);
            if let Some(doubt) = refers_to_nothing(constraint)
                && let Some(last) = all.pop()
            {
                all.push(last.doubting(doubt));
            }
            all.extend(states::set(constraint));
            all
        }
        _ => key::create(constraint),
    }
}

/// One that is inherited comes with the table, with that of the parent, or with the tie to that, unless the table is there and becomes
/// a partition: then it must have it before.
fn check(constraint: &Object<'_>) -> Vec<Statement> {
    let table = constraint.catalog.get(&constraint.relation());
    let is_partition = table.is_some_and(|it| it.is(Attribute::PartitionOf));
    let is_new = constraint.before.is_some_and(|it| it.get(&constraint.relation()).is_none());
    let comes = constraint.with_parent || !constraint.stays || is_new || !is_partition;
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

/// What to say where rows that are there may refer to a table that is made with it, and is empty.
fn refers_to_nothing(constraint: &Object<'_>) -> Option<String> {
    let before = constraint.before.filter(|_| constraint.stays && !is_unchecked(constraint))?;
    let referenced = constraint.fact.referenced_table()?;
    let table = constraint.relation();
    let columns = constraint.list(Attribute::Columns);
    let has_values = |name: &String| {
        let key = Key::new(ObjectKind::Column, &[table.part(0), table.part(1), name]);
        let fact = constraint.catalog.get(&key);
        before.get(&key).is_some() || fact.is_some_and(|it| it.is(Attribute::Default))
    };
    let is_in_doubt = before.get(&referenced).is_none() && columns.iter().all(has_values);
    is_in_doubt.then(|| {
        let columns: Vec<String> = columns.iter().map(|it| Ident(it).to_string()).collect();
        let (from, to) = (qualified(&table), qualified(&referenced));
        format!(
            "{to} is new and empty: it fails where a row of {from} has a value in {}, until the referenced rows exist",
            columns.join(", ")
        )
    })
}

fn qualified(table: &Key) -> Qualified<'_> {
    Qualified { schema: table.part(0), name: table.part(1) }
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
    // what is looked at later is looked at for the whole table that is referred to, not for its partitions
    if is_unchecked(constraint) || !constraint.online || refers_to_partitioned(constraint) {
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
    let relation = constraint.catalog.get(&Key::new(ObjectKind::Relation, &table));
    relation.and_then(Fact::relation_kind) == Some(RelationKind::PartitionedTable)
}
