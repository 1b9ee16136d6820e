//! State that is no structure: whether a materialized view holds rows, and by which index CLUSTER goes.
//!
//! A dump of a structure says `WITH NO DATA` of every materialized view, and nobody means to empty them with it. So what is there stays as
//! it is, and what is made anew is made as it was.

use crate::{
    catalog::{Attribute, Catalog, Key, Kind, RelationKind},
    ddl::rules::needs_of,
};

/// A wanted catalog with the state of what is there. What is new holds rows, where it can.
#[must_use]
pub fn settled(from: &Catalog, mut to: Catalog) -> Catalog {
    let mut all: Vec<(Key, Attribute, bool)> = Vec::new();
    for (kind, state) in
        [(Kind::Relation, Attribute::Unpopulated), (Kind::Index, Attribute::Clustered)]
    {
        for (key, is) in to.of_kind(kind) {
            let was = from.get(key).is_some_and(|it| it.is(state));
            if was != is.is(state) {
                all.push((key.clone(), state, was));
            }
        }
    }
    set(&mut to, all);
    // one that is made needs the rows of what it reads
    let is_made = |key: &Key| {
        let definition =
            |catalog: &Catalog| catalog.get(key)?.get(Attribute::Definition).map(str::to_owned);
        definition(from) != definition(&to)
    };
    let made = to.of_kind(Kind::Relation).filter(|(key, fact)| {
        let is_full = fact.relation_kind() == Some(RelationKind::MaterializedView)
            && !fact.is(Attribute::Unpopulated);
        is_full && is_made(key) && reads_empty(&to, key, 0)
    });
    let made = made.map(|(key, _)| (key.clone(), Attribute::Unpopulated, true));
    let made = made.collect();
    set(&mut to, made);
    to
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
        if !matches!(it.kind(), Kind::Relation | Kind::Column) {
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
