//! What may have been renamed: asked for, and never guessed.

use std::collections::BTreeMap;

use crate::catalog::{Attribute, Catalog, Fact, Key, Kind};

/// What went and came, and looks alike: as `old=new`.
pub(super) fn candidates(from: &Catalog, to: &Catalog) -> Vec<String> {
    [
        relations(from, to),
        columns(from, to),
        types(from, to),
        labels(from, to),
    ]
    .concat()
}

/// The objects of a kind that only one of two catalogs has.
fn only<'c>(catalog: &'c Catalog, other: &Catalog, kind: Kind) -> Vec<&'c Key> {
    let all = catalog.of_kind(kind).map(|(key, _)| key);
    all.filter(|key| other.get(key).is_none()).collect()
}

fn relations(from: &Catalog, to: &Catalog) -> Vec<String> {
    let shape = |catalog: &Catalog, key: &Key| -> BTreeMap<String, String> {
        let columns = catalog.below(Kind::Column, &[key.part(0), key.part(1)]);
        columns
            .map(|(key, fact)| {
                (
                    key.name().to_owned(),
                    fact.get(Attribute::Type).unwrap_or_default().to_owned(),
                )
            })
            .collect()
    };
    let mut found = Vec::new();
    let new = only(to, from, Kind::Relation);
    for old in only(from, to, Kind::Relation) {
        let was = shape(from, old);
        for new in new.iter().filter(|new| new.part(0) == old.part(0)) {
            let is = shape(to, new);
            let common = was
                .iter()
                .filter(|(name, of)| is.get(*name) == Some(of))
                .count();
            // the same, or nearly
            if common > 0 && common * 4 >= was.len().max(is.len()) * 3 {
                found.push(format!("{}.{}={}", old.part(0), old.part(1), new.part(1)));
            }
        }
    }
    found
}

fn columns(from: &Catalog, to: &Catalog) -> Vec<String> {
    let of = |catalog: &Catalog, key: &Key| {
        let fact = catalog.get(key)?;
        Some((
            fact.get(Attribute::Type).map(str::to_owned),
            fact.is(Attribute::NotNull),
            fact.get(Attribute::Default).map(str::to_owned),
        ))
    };
    let mut found = Vec::new();
    let new = only(to, from, Kind::Column);
    for old in only(from, to, Kind::Column) {
        let beside = |it: &&&Key| it.part(0) == old.part(0) && it.part(1) == old.part(1);
        for new in new.iter().filter(beside) {
            if of(from, old) == of(to, new) {
                let place = [old.part(0), old.part(1), old.part(2)].join(".");
                found.push(format!("{place}={}", new.part(2)));
            }
        }
    }
    found
}

fn types(from: &Catalog, to: &Catalog) -> Vec<String> {
    let mut found = Vec::new();
    for kind in [Kind::Enum, Kind::Domain, Kind::Composite, Kind::Range] {
        let new = only(to, from, kind);
        for old in only(from, to, kind) {
            for new in new.iter().filter(|it| it.part(0) == old.part(0)) {
                if inside(from, old) == inside(to, new) {
                    found.push(format!("{}.{}={}", old.part(0), old.part(1), new.part(1)));
                }
            }
        }
    }
    found
}

/// What a type is, but for the names that follow from its own; with the attributes of a composite one.
fn inside(catalog: &Catalog, of_type: &Key) -> Vec<(String, Vec<(Attribute, String)>)> {
    let attributes = |fact: &Fact| -> Vec<(Attribute, String)> {
        let own = [Attribute::Multirange, Attribute::Constructor];
        let all = fact.iter().filter(|(name, _)| !own.contains(name));
        all.map(|(name, value)| (name, value.to_owned())).collect()
    };
    let whole = catalog
        .get(of_type)
        .map(|it| (String::new(), attributes(it)));
    let place = [of_type.part(0), of_type.part(1)];
    let parts = catalog.below(Kind::CompositeAttribute, &place);
    let parts = parts.map(|(key, fact)| (key.name().to_owned(), attributes(fact)));
    whole.into_iter().chain(parts).collect()
}

/// Values of enum types that stand in the place of others.
fn labels(from: &Catalog, to: &Catalog) -> Vec<String> {
    let mut found = Vec::new();
    for (key, was) in from.of_kind(Kind::Enum) {
        let Some(is) = to.get(key) else { continue };
        let (was, is) = (was.list(Attribute::Labels), is.list(Attribute::Labels));
        if was.len() != is.len() {
            continue;
        }
        let another = was
            .iter()
            .zip(&is)
            .filter(|(old, new)| !is.contains(old) && !was.contains(new));
        let place = format!("{}.{}", key.part(0), key.part(1));
        found.extend(another.map(|(old, new)| format!("{place}.{old}={new}")));
    }
    found
}
