//! What goes and is to be kept: renamed aside.

use std::collections::BTreeSet;

use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Fact, Key, Kind, RelationKind},
    job::autogenerate::rename::Renames,
    ledger::Declaration,
    words::ident::{Ident, Qualified},
};

/// How the names of what is renamed aside begin: nothing compares them afterwards.
pub(in crate::job::autogenerate) const KEPT: &str = "glowplug_kept_";

/// Whether something was renamed aside, or belongs to what was.
pub(in crate::job::autogenerate) fn is_kept(key: &Key, fact: &Fact) -> bool {
    let is_aside = |name: &str| name.starts_with(KEPT);
    let owners = [Attribute::OwnedBy, Attribute::IdentityOf];
    match key.kind() {
        Kind::Column => is_aside(key.part(1)) || is_aside(key.part(2)),
        Kind::Index => fact.get(Attribute::Table).is_some_and(is_aside),
        Kind::Sequence => owners
            .iter()
            .flat_map(|name| fact.list(*name).into_iter().skip(1))
            .any(|it| is_aside(&it)),
        _ => is_aside(key.part(1)),
    }
}

/// Tables and columns that go, but for those of ledgers: renamed aside.
pub(in crate::job::autogenerate) fn aside(
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
    for (key, fact) in from.of_kind(Kind::Relation) {
        let is_table = fact.relation_kind().is_some_and(RelationKind::is_table);
        let stays = to.get(&Key::new(Kind::Schema, &[key.part(0)])).is_some();
        if !is_table || !stays || to.get(key).is_some() || is_kept(key, fact) || is_ledger(key) {
            continue;
        }
        let is_taken = |name: &str| {
            let key = Key::new(Kind::Relation, &[key.part(0), name]);
            from.get(&key).is_some()
        };
        let of = |from: &str, to: &str| {
            let name = Qualified { schema: key.part(0), name: from };
            format!("ALTER TABLE {name} RENAME TO {}", Ident(to))
        };
        all.push(of, key.part(1), &kept(key.part(1), &is_taken));
    }
    for (key, fact) in from.of_kind(Kind::Column) {
        let kinds = [from, to].map(|it| it.relation_kind(key));
        let both = kinds.map(|it| it.is_some_and(RelationKind::is_table));
        let has_values = !fact.is(Attribute::Inherited) && !fact.is(Attribute::Generated);
        let goes = both == [true, true] && to.get(key).is_none();
        if !goes || !has_values || is_kept(key, fact) || is_ledger(key) {
            continue;
        }
        let is_taken = |name: &str| {
            let key = Key::new(Kind::Column, &[key.part(0), key.part(1), name]);
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

/// The wanted catalog with all that was renamed aside: columns that may be NULL and have no default, tables without ties to others.
pub(in crate::job::autogenerate) fn with_kept(to: &Catalog, from: &Catalog) -> Catalog {
    let mut to = to.clone();
    let mut kept = BTreeSet::new();
    for (key, fact) in from.iter().filter(|(key, fact)| is_kept(key, fact)) {
        let is_tie = match key.kind() {
            Kind::Constraint => fact.is_constraint(ConstraintKind::ForeignKey),
            Kind::Trigger | Kind::Rule | Kind::Policy => true,
            _ => false,
        };
        if is_tie || to.get(key).is_some() {
            continue;
        }
        let in_kept_table = key.part(1).starts_with(KEPT);
        let fact = if key.kind() == Kind::Column && !in_kept_table {
            let left_out = [Attribute::NotNull, Attribute::Default, Attribute::Identity];
            let attributes = fact.iter().filter(|(name, _)| !left_out.contains(name));
            Fact::of(attributes.map(|(name, value)| (name, Some(value.to_owned()))))
        } else {
            fact.clone()
        };
        to.insert(key.clone(), fact);
        kept.insert(key.clone());
    }
    let within = from
        .dependencies
        .iter()
        .filter(|it| kept.contains(&it.dependent) && to.get(&it.referenced).is_some());
    to.dependencies.extend(within.cloned().collect::<Vec<_>>());
    to
}
