//! What an object of a table is tied to, as pg_depend has it.

use crate::{
    catalog::{Dependency, Key, ObjectKind},
    ddl::rules::{Change, Object},
};

/// The longest name that PostgreSQL takes, in bytes.
const LONGEST: usize = 63;

/// What an object needs, and how.
pub(crate) fn needs<'c>(object: &Object<'c>) -> impl Iterator<Item = &'c Dependency> + use<'c> {
    object.catalog.dependencies.of(object.key)
}

/// What takes an object away without a word when it is dropped, and the tables of the columns among that.
/// Source: <https://www.postgresql.org/docs/current/catalog-pg-depend.html>
pub(crate) fn automatic(object: &Object<'_>) -> Vec<Key> {
    let mut all = Vec::new();
    for tie in needs(object).filter(|it| matches!(it.bond, 'a' | 'i' | 'P' | 'S')) {
        let key = &tie.referenced;
        add(&mut all, key.clone());
        if key.kind() == ObjectKind::Column {
            let table = [key.part(0), key.part(1)];
            add(&mut all, Key::new(ObjectKind::Relation, &table));
        }
    }
    all
}

/// Adds a key that is not among them yet.
pub(crate) fn add(all: &mut Vec<Key>, key: Key) {
    if !all.contains(&key) {
        all.push(key);
    }
}

/// What an index or constraint is the part for a partition of.
pub(crate) fn whole<'c>(object: &Object<'c>) -> Option<&'c Key> {
    let kind = object.key.kind();
    let mut all = needs(object);
    all.find(|it| matches!(it.bond, 'P' | 'i') && it.referenced.kind() == kind)
        .map(|it| &it.referenced)
}

/// A name for what is put aside for a while: nothing is called so before, and nothing after.
pub(crate) fn aside(change: &Change<'_>) -> String {
    free(change, "_old")
}

/// A name for what takes the place of another: the same.
pub(crate) fn beside(change: &Change<'_>) -> String {
    free(change, "_new")
}

fn free(change: &Change<'_>, ending: &str) -> String {
    let schema = change.from.key.part(0);
    let is_taken = |name: &str| {
        let kinds = [ObjectKind::Relation, ObjectKind::Index, ObjectKind::Sequence];
        kinds.iter().any(|kind| {
            let key = Key::new(*kind, &[schema, name]);
            change.from.catalog.get(&key).is_some() || change.to.catalog.get(&key).is_some()
        })
    };
    let base = change.from.key.name();
    let mut name = shortened(base, ending);
    let mut round = 2;
    while is_taken(&name) {
        name = shortened(base, &format!("{ending}{round}"));
        round += 1;
    }
    name
}

/// A name with an ending, no longer than PostgreSQL takes it.
fn shortened(name: &str, ending: &str) -> String {
    let mut end = name.len().min(LONGEST.saturating_sub(ending.len()));
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}
