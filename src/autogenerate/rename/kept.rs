//! What goes and is to be kept: renamed aside.

use std::collections::BTreeSet;

use crate::{
    autogenerate::rename::Renames,
    catalog::{Attribute, Catalog, ConstraintKind, Fact, Key, ObjectKind, RelationKind},
    ddl::stored::whole,
    ledger::Declaration,
    words::ident::{Ident, Qualified},
};

/// How the names of what is renamed aside begin: nothing compares them afterwards.
pub(in crate::autogenerate) const KEPT: &str = "glowplug_kept_";

/// Whether something was renamed aside, or belongs to what was.
pub(in crate::autogenerate) fn is_kept(key: &Key, fact: &Fact) -> bool {
    let is_aside = |name: &str| name.starts_with(KEPT);
    let owners = [Attribute::OwnedBy, Attribute::IdentityOf];
    match key.kind() {
        ObjectKind::Column => is_aside(key.part(1)) || is_aside(key.part(2)),
        ObjectKind::Index => fact.get(Attribute::Table).is_some_and(is_aside),
        ObjectKind::Sequence => owners
            .iter()
            .flat_map(|name| fact.list(*name).into_iter().skip(1))
            .any(|it| is_aside(&it)),
        _ => is_aside(key.part(1)),
    }
}

/// Tables and columns that go, but for those of ledgers: renamed aside.
pub(in crate::autogenerate) fn aside(
    from: &Catalog,
    to: &Catalog,
    ledgers: &[Declaration],
) -> Renames {
    let mut all = Renames::default();
    let is_ledger = |key: &Key| {
        let mut ledgers = ledgers.iter();
        ledgers.any(|it| it.schema == key.part(0) && it.table == key.part(1))
    };
    let kept = |name: &str, is_taken: &dyn Fn(&str) -> bool| {
        let mut number = 1;
        loop {
            let end = if number == 1 { String::new() } else { format!("_{number}") };
            let mut name = format!("{KEPT}{name}");
            while name.len() + end.len() > 63 {
                name.pop();
            }
            name += &end;
            if !is_taken(&name) {
                return name;
            }
            number += 1;
        }
    };
    for (key, fact) in from.of_kind(ObjectKind::Relation) {
        let is_table = fact.relation_kind().is_some_and(RelationKind::is_table);
        let stays = to.get(&Key::new(ObjectKind::Schema, &[key.part(0)])).is_some();
        if !is_table || !stays || to.get(key).is_some() || is_kept(key, fact) || is_ledger(key) {
            continue;
        }
        let is_taken = |name: &str| {
            let key = Key::new(ObjectKind::Relation, &[key.part(0), name]);
            from.get(&key).is_some()
        };
        let of = |from: &str, to: &str| {
            let name = Qualified { schema: key.part(0), name: from };
            format!("ALTER TABLE {name} RENAME TO {}", Ident(to))
        };
        all.push(of, key.part(1), &kept(key.part(1), &is_taken));
    }
    for (key, fact) in from.of_kind(ObjectKind::Column) {
        let kinds = [from, to].map(|it| it.relation_kind(key));
        let both = kinds.map(|it| it.is_some_and(RelationKind::is_table));
        let has_values = !fact.is(Attribute::Inherited) && !fact.is(Attribute::Generated);
        let goes = both == [true, true] && to.get(key).is_none();
        if !goes || !has_values || is_kept(key, fact) || is_ledger(key) {
            continue;
        }
        let is_taken = |name: &str| {
            let key = Key::new(ObjectKind::Column, &[key.part(0), key.part(1), name]);
            from.get(&key).is_some()
        };
        let table = Qualified { schema: key.part(0), name: key.part(1) };
        let of = |from: &str, to: &str| {
            format!("ALTER TABLE {table} RENAME COLUMN {} TO {}", Ident(from), Ident(to))
        };
        all.push(of, key.part(2), &kept(key.part(2), &is_taken));
    }
    all
}

/// Whether something that was renamed aside is a tie to others: it is given up.
fn is_tie(key: &Key, fact: &Fact) -> bool {
    match key.kind() {
        ObjectKind::Constraint => fact.is_constraint(ConstraintKind::ForeignKey),
        ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Policy => true,
        _ => false,
    }
}

/// What is no table's and stays as long as something needs it that was renamed aside: types, with the functions of their checks, and
/// extensions.
pub(in crate::autogenerate) fn needed_aside(catalog: &Catalog) -> BTreeSet<Key> {
    let kept = catalog.iter().filter(|(key, fact)| is_kept(key, fact) && !is_tie(key, fact));
    let mut open: Vec<Key> = kept.map(|(key, _)| key.clone()).collect();
    let mut found = BTreeSet::new();
    while let Some(key) = open.pop() {
        // a column that was renamed in a table that stays has lost its default
        let is_bare = key.kind() == ObjectKind::Column && !key.part(1).starts_with(KEPT);
        for dependency in catalog.dependencies.of(&key) {
            let it = &dependency.referenced;
            let Some(fact) = catalog.get(it).filter(|fact| !is_kept(it, fact)) else { continue };
            let extension = fact.get(Attribute::Extension);
            let it =
                extension.map_or_else(|| whole(it), |it| Key::new(ObjectKind::Extension, &[it]));
            let counts = match it.kind() {
                ObjectKind::Schema
                | ObjectKind::Relation
                | ObjectKind::Column
                | ObjectKind::Constraint
                | ObjectKind::Index => false,
                ObjectKind::Routine | ObjectKind::Sequence => !is_bare,
                _ => true,
            };
            if counts && !found.contains(&it) {
                let is_part = |(key, fact): &(&Key, &Fact)| match key.kind() {
                    ObjectKind::Grant => {
                        key.part(0) == "type" && key.parts().skip(1).take(2).eq(it.parts())
                    }
                    _ if it.kind() == ObjectKind::Extension => {
                        *key == &it || fact.get(Attribute::Extension) == Some(it.name())
                    }
                    _ => whole(key) == it,
                };
                let parts = catalog.iter().filter(is_part).map(|(key, _)| key.clone());
                let parts: Vec<Key> = parts.collect();
                open.extend(parts.iter().cloned());
                found.extend(parts);
            }
        }
    }
    found
}

/// The wanted catalog with all that was renamed aside: columns that may be NULL and have no default, tables without ties to others; and with
/// what these need.
pub(in crate::autogenerate) fn with_kept(to: &Catalog, from: &Catalog) -> Catalog {
    let mut to = to.clone();
    let needed = needed_aside(from);
    let mut kept = BTreeSet::new();
    for (key, fact) in from.iter().filter(|(key, fact)| is_kept(key, fact) || needed.contains(key))
    {
        if is_tie(key, fact) || to.get(key).is_some() {
            continue;
        }
        let is_bare = key.kind() == ObjectKind::Column
            && is_kept(key, fact)
            && !key.part(1).starts_with(KEPT);
        let fact = if is_bare {
            let left_out = [Attribute::NotNull, Attribute::Default, Attribute::Identity];
            let attributes = fact.iter().filter(|(name, _)| !left_out.contains(name));
            Fact::of(attributes.map(|(name, value)| (name, Some(value.to_owned()))))
        } else {
            fact.clone()
        };
        to.insert(key.clone(), fact);
        kept.insert(key.clone());
    }
    to.stand_on(from, &kept);
    to
}
