//! What differs in nothing but its name: nothing is built anew for a name.

use std::collections::BTreeMap;

use crate::{
    autogenerate::rename::{
        Renames,
        object::{Thing, What, Words},
        order,
        places::Rename,
    },
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
};

/// Constraints, indexes and sequences that differ in nothing but their names, as far as the names are free. What follows from one may
/// show another: that of a partition is known by its parent.
pub(in crate::autogenerate) fn alike(from: &Catalog, to: &Catalog) -> Renames {
    let mut renames = Vec::new();
    for kind in [ObjectKind::Constraint, ObjectKind::Index, ObjectKind::Sequence] {
        let (gone, new) = (only(kind, from, to), only(kind, to, from));
        for (old, was) in &gone {
            let mut found = new.iter().filter(|it| is_one((old, was), **it));
            let (Some((new, is)), None) = (found.next(), found.next()) else {
                continue;
            };
            let one_of_many = gone.iter().filter(|it| is_one(**it, (new, is))).count() > 1;
            if !one_of_many && old != new {
                renames.push(rename(old, new, from));
            }
        }
    }
    loop {
        match order::steps(&renames, from) {
            Ok(steps) => return Renames::of(&steps),
            // a name that is not free
            Err(error) => renames.retain(|it| it.flag != error.text),
        }
    }
}

type Entry<'c> = (&'c Key, &'c Fact);

/// Those of a kind that only one of two catalogs has.
fn only<'c>(kind: ObjectKind, one: &'c Catalog, other: &Catalog) -> Vec<Entry<'c>> {
    let all = one.of_kind(kind).filter(|(key, fact)| {
        let is_inherited = fact.is(Attribute::OfPartitioned) || fact.is(Attribute::Inherited);
        let goes_along = match kind {
            ObjectKind::Constraint => is_inherited && !has_index(key, one),
            _ => kind == ObjectKind::Index && fact.is(Attribute::OfConstraint),
        };
        // the name of one may be that of another now
        let may_change = kind == ObjectKind::Index || owner(fact).is_some();
        let stays = other.get(key).is_some_and(|it| !may_change || is_one((key, fact), (key, it)));
        !goes_along && !stays
    });
    all.collect()
}

/// Whether two are one, whatever their names are.
fn is_one((old, was): Entry<'_>, (new, is): Entry<'_>) -> bool {
    old.parts().rev().skip(1).eq(new.parts().rev().skip(1))
        && match (owner(was), owner(is)) {
            // a column has one
            (Some(was), Some(is)) => was == is,
            _ => nameless(old, was) == nameless(new, is),
        }
}

/// The column that a sequence belongs to.
fn owner(fact: &Fact) -> Option<(Attribute, &str)> {
    let names = [Attribute::OwnedBy, Attribute::IdentityOf];
    names.into_iter().find_map(|it| Some((it, fact.get(it)?)))
}

/// Whether a constraint has an index of its own: then it is named by itself, even if it is that of a partition.
fn has_index(constraint: &Key, catalog: &Catalog) -> bool {
    let index = Key::new(ObjectKind::Index, &[constraint.part(0), constraint.name()]);
    catalog.get(&index).is_some_and(|it| {
        it.get(Attribute::OfConstraint) == Some(constraint.name())
            && it.get(Attribute::Table) == Some(constraint.part(1))
    })
}

fn rename(old: &Key, new: &Key, from: &Catalog) -> Rename {
    let path = |key: &Key| key.parts().map(str::to_owned).collect::<Vec<_>>();
    // a constraint and its index have one name, and it is that of the index that has to be free
    let (kind, paths) = match old.kind() {
        ObjectKind::Constraint if has_index(old, from) => (
            ObjectKind::Index,
            [old, new].map(|key| vec![key.part(0).to_owned(), key.name().to_owned()]),
        ),
        kind => (kind, [old, new].map(path)),
    };
    let [old, new] = paths.map(|path| Thing { what: What::Object(kind), path });
    Rename { flag: old.to_string(), words: Words::of(&old, from), old, new }
}

/// The attributes of a constraint, an index or a sequence, without its name in them.
fn nameless(key: &Key, fact: &Fact) -> BTreeMap<Attribute, String> {
    let attributes = fact.iter().filter_map(|(name, value)| match name {
        // a constraint and its index have one name
        Attribute::Index | Attribute::OfConstraint if value == key.name() => {
            Some((name, String::new()))
        }
        // by which one CLUSTER goes is no structure
        Attribute::Clustered => None,
        Attribute::Definition if key.kind() == ObjectKind::Index => {
            let (head, rest) = value.split_once("INDEX ")?;
            let (_, tail) = rest.split_once(" ON ")?;
            Some((name, format!("{head}{tail}")))
        }
        _ => Some((name, value.to_owned())),
    });
    attributes.collect()
}
