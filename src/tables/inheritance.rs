//! Who the parents and children of a table are, partitions included, and what a tie between them is made of.

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind, RelationKind},
    ddl::rules::{Action, LockMode, Object, Statement, Work},
    tables::names,
    words::ident::{Ident, Qualified},
};

/// A relation: its schema and its name.
pub(crate) type Place = (String, String);

/// The table that inherits.
pub(crate) fn child(object: &Object<'_>) -> Key {
    object.key.table()
}

/// Whether a column that is new in a table that was there is inherited from tables that it inherited nothing from before.
pub(crate) fn lends(column: &Object<'_>) -> bool {
    let Some(before) = column.before.filter(|_| column.is(Attribute::Inherited)) else {
        return false;
    };
    let (schema, table) = (column.key.part(0), column.key.part(1));
    let relation = Key::new(ObjectKind::Relation, &[schema, table]);
    let is_partition = |catalog: &Catalog| {
        let fact = catalog.get(&relation);
        fact.is_some_and(|it| it.is(Attribute::PartitionOf))
    };
    let was_there = before.get(&relation).is_some() && before.get(column.key).is_none();
    let is_old = |(of, parent): &Place| {
        let tie = Key::new(ObjectKind::Inheritance, &[schema, table, of, parent]);
        let above = Key::new(ObjectKind::Column, &[of, parent, column.key.part(2)]);
        before.get(&tie).is_some() && column.catalog.get(&above).is_some()
    };
    column.stays
        && was_there
        && !is_partition(column.catalog)
        && !parents(column.catalog, schema, table).iter().any(is_old)
}

/// Whether a column's table was there, and becomes a partition of this one: it has its columns before that.
pub(crate) fn is_late_partition(column: &Object<'_>, whole: &Place) -> bool {
    let relation = column.key.table();
    let whole_in = |catalog: &Catalog| {
        let whole = catalog.get(&relation)?.get(Attribute::PartitionOf)?;
        names::split(whole)
    };
    let was = column.before.map(whole_in);
    column.stays
        && whole_in(column.catalog).as_ref() == Some(whole)
        && was.is_some_and(|it| it.as_ref() != Some(whole))
}

/// Whether the tie between a partition and the whole is new, gone or another.
pub(crate) fn is_reattached(was: &Fact, is: &Fact) -> bool {
    was.get(Attribute::PartitionOf) != is.get(Attribute::PartitionOf) || is_rebound(was, is)
}

/// Whether a partition is one of the same table, with other bounds.
pub(crate) fn is_rebound(was: &Fact, is: &Fact) -> bool {
    let is_other = |it: &Attribute| was.get(*it) != is.get(*it);
    is.is(Attribute::PartitionOf)
        && !is_other(&Attribute::PartitionOf)
        && [Attribute::PartitionBound, Attribute::DetachPending].iter().any(is_other)
}

/// Whether a table that is wanted was a partition, and is no longer one of what it was one of.
pub(crate) fn is_detached(table: &Object<'_>) -> bool {
    let whole_in =
        |catalog: &Catalog| Some(catalog.get(table.key)?.get(Attribute::PartitionOf)?.to_owned());
    let was = table.before.and_then(whole_in);
    was.is_some() && was != whole_in(table.catalog)
}

/// The table that a partition is attached to.
#[must_use]
pub(crate) fn parent_table(fact: &Fact) -> Option<Key> {
    let parts = names::split(fact.get(Attribute::PartitionOf)?)?;
    Some(Key::new(ObjectKind::Relation, &[&parts.0, &parts.1]))
}

/// Whether a partitioned table is so by a column.
#[must_use]
pub(crate) fn is_in_key(table: &Fact, column: &str) -> bool {
    let is_apart = |letter: char| !(letter.is_alphanumeric() || letter == '_');
    table.get(Attribute::PartitionKey).is_some_and(|it| {
        let is_quoted = it.contains(&Ident(column).to_string());
        // what stands before the bracket is the strategy
        let (_, columns) = it.split_once('(').unwrap_or(("", it));
        is_quoted || columns.split(is_apart).any(|word| word == column)
    })
}

/// The tables that a partition is a part of, from the nearest on.
pub(crate) fn wholes(catalog: &Catalog, table: &Key) -> impl Iterator<Item = Key> {
    let above = |it: &Key| catalog.get(it).and_then(parent_table);
    std::iter::successors(above(table), above).take(16)
}

/// The whole table that a partition is part of, however deep; a table by itself is one.
pub(crate) fn top(catalog: &Catalog, table: Key) -> Key {
    wholes(catalog, &table).last().unwrap_or(table)
}

/// One of the two statements.
pub(crate) fn tie(object: &Object<'_>, what: &str) -> Statement {
    let place = (object.key.part(2), object.key.part(3));
    tied(object, what, place)
}

/// `ALTER TABLE child INHERIT parent`, or NO INHERIT.
pub(crate) fn tied(object: &Object<'_>, what: &str, parent: (&str, &str)) -> Statement {
    let (schema, name) = parent;
    let action = Action::new(format!("{what} {}", Qualified { schema, name }));
    let parent = Key::new(ObjectKind::Relation, &[schema, name]);
    Statement::alter_table(words(object), &child(object), false, vec![action]).touching(
        &parent,
        LockMode::ShareUpdateExclusive,
        Work::Catalog,
    )
}

/// What ALTER calls the child.
pub(crate) fn words(object: &Object<'_>) -> &'static str {
    let kind = object.catalog.relation_kind(object.key);
    kind.unwrap_or(RelationKind::Table).keyword()
}

/// Lets parents of a table go and takes them again. Columns and constraints stay what they are, only inherited, because
/// stand-ins keep them in the meantime; except for the columns of `without`, which become the table's own, too.
pub(crate) fn again(object: &Object<'_>, parents: &[&Place], without: &[&str]) -> Vec<Statement> {
    let own = object.key.part(0);
    let mut before = Vec::new();
    let mut turn = Vec::new();
    let mut after = Vec::new();
    for (number, (schema, name)) in parents.iter().enumerate() {
        let parent = Qualified { schema, name };
        let free = free(object, number);
        let stand_in = Qualified { schema: own, name: &free };
        before.push(Statement::new(format!(
            "CREATE TABLE {stand_in} (LIKE {parent} INCLUDING CONSTRAINTS INCLUDING GENERATED)"
        )));
        for column in without {
            let column = Ident(column);
            before.push(Statement::new(format!(
                "ALTER TABLE {stand_in} DROP COLUMN IF EXISTS {column}"
            )));
        }
        before.push(tied(object, "INHERIT", (own, &free)));
        before.push(tied(object, "NO INHERIT", (schema, name)));
        turn.push(tied(object, "INHERIT", (schema, name)));
        after.push(tied(object, "NO INHERIT", (own, &free)));
        after.push(Statement::new(format!("DROP TABLE {stand_in}")));
    }
    before.into_iter().chain(turn).chain(after).collect()
}

/// A name for a stand-in that no relation has.
pub(crate) fn free(object: &Object<'_>, number: usize) -> String {
    let (schema, table) = (object.key.part(0), object.key.part(1));
    let taken = |name: &str| {
        let parts = [schema, name];
        [ObjectKind::Relation, ObjectKind::Index, ObjectKind::Sequence]
            .iter()
            .any(|kind| object.catalog.get(&Key::new(*kind, &parts)).is_some())
    };
    let mut name = names::made(table, &number.to_string(), "parent");
    while taken(&name) {
        name = names::made(&name, "x", "parent");
    }
    name
}

/// Who a table gets columns from: those that it inherits from, in their order, or what it is a partition of.
pub(crate) fn parents(catalog: &Catalog, schema: &str, table: &str) -> Vec<Place> {
    let relation = catalog.get(&Key::new(ObjectKind::Relation, &[schema, table]));
    let whole = relation.and_then(|it| it.get(Attribute::PartitionOf));
    if let Some(whole) = whole.and_then(names::split) {
        return vec![whole];
    }
    let below = catalog.below(ObjectKind::Inheritance, &[schema, table]);
    let mut all: Vec<(usize, Place)> = below
        .map(|(key, fact)| {
            let position = fact.get(Attribute::Position).and_then(|it| it.parse().ok());
            let place = (key.part(2).to_owned(), key.part(3).to_owned());
            (position.unwrap_or_default(), place)
        })
        .collect();
    all.sort();
    all.into_iter().map(|(_, place)| place).collect()
}

/// The tables that inherit from one, and the partitions of it.
pub(crate) fn children(catalog: &Catalog, schema: &str, table: &str) -> Vec<Place> {
    let heirs = catalog.of_kind(ObjectKind::Inheritance);
    let heirs = heirs
        .filter(|(key, _)| key.part(2) == schema && key.part(3) == table)
        .map(|(key, _)| (key.part(0).to_owned(), key.part(1).to_owned()));
    let partitions = catalog.of_kind(ObjectKind::Relation);
    let partitions = partitions
        .filter(|(_, fact)| {
            let whole = fact.get(Attribute::PartitionOf).and_then(names::split);
            whole.is_some_and(|it| it.0 == schema && it.1 == table)
        })
        .map(|(key, _)| (key.part(0).to_owned(), key.part(1).to_owned()));
    heirs.chain(partitions).collect()
}

/// Whether tables inherit from one; partitions do not count.
pub(crate) fn has_children(object: &Object<'_>) -> bool {
    let (schema, table) = (object.key.part(0), object.key.part(1));
    let mut all = object.catalog.of_kind(ObjectKind::Inheritance);
    all.any(|(key, _)| key.part(2) == schema && key.part(3) == table)
}
