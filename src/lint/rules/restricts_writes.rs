//! A new constraint refuses what the running program may write.

use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, How, Key, ObjectKind},
    lint::case::said,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "restricts-writes",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A new constraint refuses what the running program may write",
    why: "A CHECK, UNIQUE or NOT NULL counts for the old program from the moment of COMMIT, NOT VALID or not.",
    instead: "Deploy a program that keeps to it first.",
    aliases: &["ban-new-write-restriction", "new-write-restriction"],
    hazards: &[76],
    bad: include_str!("restricts_writes/bad.sql"),
    good: include_str!("restricts_writes/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for difference in case.differences {
        let key = &difference.key;
        let is_of_old = case.is_of_old(key) && case.after.get(&key.table()).is_some();
        let of_new_column = |key: &Key| {
            let columns =
                case.after.get(key).map(|it| it.list(Attribute::Columns)).unwrap_or_default();
            columns.iter().all(|it| {
                case.before
                    .get(&Key::new(ObjectKind::Column, &[key.part(0), key.part(1), it]))
                    .is_none()
            })
        };
        let what = match (&difference.how, key.kind()) {
            (How::New, ObjectKind::Constraint) if is_renamed(case, key) => continue,
            (How::New, ObjectKind::Constraint) if !of_new_column(key) => {
                match case.after.get(key).and_then(|it| it.constraint_kind()) {
                    Some(ConstraintKind::Check) if is_bound(case, key) => continue,
                    Some(ConstraintKind::Check) => "a CHECK",
                    Some(ConstraintKind::Unique) => "a unique constraint",
                    Some(ConstraintKind::Exclusion) => "an exclusion constraint",
                    Some(ConstraintKind::ForeignKey) => "a foreign key",
                    _ => continue,
                }
            }
            (How::New, ObjectKind::Index)
                if case.after.get(key).is_some_and(|it| {
                    it.is(Attribute::Unique) && it.get(Attribute::OfConstraint).is_none()
                }) =>
            {
                let table = case.after.get(key).and_then(|it| key.relation(it));
                if table.is_none_or(|it| case.before.get(&it).is_none()) {
                    continue;
                }
                let at = case.place(&[key.name()], &[&["unique"]]);
                hits.push(Hit::new(
                    at,
                    format!("{} refuses duplicates of the running program", said(key)),
                ));
                continue;
            }
            (How::Other(changed), ObjectKind::Column)
                if changed.iter().any(|(name, was, is)| {
                    *name == Attribute::NotNull && was.is_none() && is.is_some()
                }) =>
            {
                "NOT NULL"
            }
            _ => continue,
        };
        if is_of_old {
            let at = case
                .place(&[key.part(1), key.name()], &[&["constraint"], &["not", "null"], &["add"]]);
            hits.push(Hit::new(
                at,
                format!("{what} on {} counts for the running program at once", said(&key.table())),
            ));
        }
    }
}

/// Whether the table had the same constraint under another name, which is gone.
fn is_renamed(case: &Case<'_>, key: &Key) -> bool {
    let mut before = case.before.below(ObjectKind::Constraint, &[key.part(0), key.part(1)]);
    let now = case.after.get(key).and_then(|it| it.get(Attribute::Definition));
    now.is_some()
        && before.any(|(was, fact)| {
            fact.get(Attribute::Definition) == now && case.after.get(was).is_none()
        })
}

/// Whether a CHECK is what DETACH PARTITION CONCURRENTLY makes of the bound: the same rows were refused before.
fn is_bound(case: &Case<'_>, check: &Key) -> bool {
    let table = check.table();
    let is_partition =
        |catalog: &Catalog| catalog.get(&table).is_some_and(|it| it.is(Attribute::PartitionOf));
    let is_named = case.statements.iter().any(|it| it.names(check.name()));
    is_partition(case.before) && !is_partition(case.after) && !is_named
}
