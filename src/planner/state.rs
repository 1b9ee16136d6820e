//! State that is no structure: whether a materialized view holds rows, by which index CLUSTER goes, what an inherited NOT NULL is called.
//!
//! A dump of a structure says `WITH NO DATA` of every materialized view, and nobody means to empty them with it. So what is there stays as
//! it is, and what is made anew is made as it was.

use std::collections::BTreeSet;

use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Fact, Key, ObjectKind, RelationKind},
    ddl::rules::needs_of,
    tables::inheritance::parents,
};

/// A wanted catalog with the state of what is there. What is new holds rows, where it can.
#[must_use]
pub fn settled(from: &Catalog, mut to: Catalog) -> Catalog {
    let mut all: Vec<(Key, Attribute, bool)> = Vec::new();
    // a new index may be marked as it is made, and takes the mark from another one
    let marked = to
        .of_kind(ObjectKind::Index)
        .filter(|(key, is)| is.is(Attribute::Clustered) && from.get(key).is_none());
    let marked: BTreeSet<Key> = marked.filter_map(|(key, is)| key.relation(is)).collect();
    for (kind, state) in
        [(ObjectKind::Relation, Attribute::Unpopulated), (ObjectKind::Index, Attribute::Clustered)]
    {
        for (key, is) in to.of_kind(kind) {
            if kind == ObjectKind::Index && key.relation(is).is_some_and(|it| marked.contains(&it))
            {
                continue;
            }
            let was = from.get(key).is_some_and(|it| it.is(state));
            if was != is.is(state) {
                all.push((key.clone(), state, was));
            }
        }
    }
    set(&mut to, all);
    keep_not_nulls(from, &mut to);
    // what is put aside needs it, which is no longer compared
    let needed: BTreeSet<Key> =
        from.needed.iter().filter(|it| to.get(it).is_none()).cloned().collect();
    for (key, fact) in needed.iter().filter_map(|it| from.entry(it)) {
        to.insert(key.clone(), fact.clone());
    }
    to.stand_on(from, &needed);
    // one that is made needs the rows of what it reads
    let is_made = |key: &Key| {
        let definition =
            |catalog: &Catalog| catalog.get(key)?.get(Attribute::Definition).map(str::to_owned);
        definition(from) != definition(&to)
    };
    let made = to.of_kind(ObjectKind::Relation).filter(|(key, fact)| {
        let is_full = fact.relation_kind() == Some(RelationKind::MaterializedView)
            && !fact.is(Attribute::Unpopulated);
        is_full && is_made(key) && reads_empty(&to, key, 0)
    });
    let made = made.map(|(key, _)| (key.clone(), Attribute::Unpopulated, true));
    let made = made.collect();
    set(&mut to, made);
    to
}

/// NOT NULLs that a table has from a parent, and had before: PostgreSQL can give them no other name then, nor take away or give that they
/// are the table's own, too. What they got is a matter of which statement came first.
fn keep_not_nulls(from: &Catalog, to: &mut Catalog) {
    let all = to.of_kind(ObjectKind::Constraint).filter(|(_, is)| {
        is.is_constraint(ConstraintKind::NotNull) && is.is(Attribute::InheritCount)
    });
    let all: Vec<(Key, Key, bool)> = all
        .filter_map(|(key, is)| {
            let columns = is.list(Attribute::Columns);
            let (old, was) = not_null(from, [key.part(0), key.part(1)], &columns)?;
            // the name of one that goes along with that of the parent
            let parents = parents(to, key.part(0), key.part(1));
            let is_renamed = parents.iter().any(|(schema, table)| {
                let both = [from, to].map(|it| not_null(it, [schema, table], &columns));
                matches!(both, [Some(was), Some(is)] if was.0 != is.0)
            });
            let name = if is_renamed || to.get(old).is_some() { key } else { old };
            Some((key.clone(), name.clone(), was.is(Attribute::Inherited)))
        })
        .collect();
    for (key, name, is_inherited) in all {
        set(to, vec![(key.clone(), Attribute::Inherited, is_inherited)]);
        to.rename(&key, name);
    }
}

/// The NOT NULL of a column.
fn not_null<'c>(
    catalog: &'c Catalog,
    table: [&str; 2],
    columns: &[String],
) -> Option<(&'c Key, &'c Fact)> {
    let mut below = catalog.below(ObjectKind::Constraint, &table);
    below.find(|(_, it)| {
        it.is_constraint(ConstraintKind::NotNull) && it.list(Attribute::Columns) == columns
    })
}

fn set(catalog: &mut Catalog, all: Vec<(Key, Attribute, bool)>) {
    for (key, state, is) in all {
        match catalog.get_mut(&key) {
            Some(fact) if is => fact.set(state, "true".to_owned()),
            Some(fact) => fact.unset(state),
            None => {}
        }
    }
}

/// Whether a view reads a materialized one that holds no rows, by itself or through others.
fn reads_empty(catalog: &Catalog, view: &Key, depth: usize) -> bool {
    needs_of(catalog, view).any(|it| {
        let it = &it.referenced;
        if !matches!(it.kind(), ObjectKind::Relation | ObjectKind::Column) {
            return false;
        }
        let relation = it.table();
        let fact = catalog.get(&relation).filter(|_| relation != *view);
        fact.is_some_and(|it| {
            // views cannot read each other in a circle
            it.is(Attribute::Unpopulated)
                || it.is(Attribute::Definition)
                    && depth < 64
                    && reads_empty(catalog, &relation, depth + 1)
        })
    })
}
