//! A table that replaces another lacks some of its parts.

use crate::{
    catalog::{Attribute, Fact, Key, ObjectKind},
    lint::case::{listed, moved, said},
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "recreates-table",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A table that replaces another lacks some of its parts",
    why: "CREATE TABLE … (LIKE …) copies no triggers, policies, privileges, foreign keys, row security or comments.",
    instead: "Create what is missing on the new table before the swap.",
    aliases: &[],
    hazards: &[64],
    bad: include_str!("recreates_table/bad.sql"),
    good: include_str!("recreates_table/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    let replaced = case.before.of_kind(ObjectKind::Relation).filter(|(key, _)| {
        let is_moved =
            case.statements.iter().filter(|it| it.has(&["rename", "to", key.name()])).count() > 0;
        is_moved && case.after.get(key).is_some()
    });
    let moved = moved(case.statements, case.before);
    for (key, was) in replaced {
        let parts = [ObjectKind::Trigger, ObjectKind::Policy, ObjectKind::Constraint];
        let under = [key.part(0), key.part(1)];
        let mut lost: Vec<String> = Vec::new();
        for kind in parts {
            for (part, fact) in case.before.below(kind, &under) {
                let same = case.after.below(kind, &under).any(|(_, it)| {
                    it.get(Attribute::Definition) == fact.get(Attribute::Definition)
                });
                let elsewhere = fact.is_constraint(crate::catalog::ConstraintKind::NotNull);
                if !same && !elsewhere {
                    lost.push(format!("{} {}", kind.info().label, part.name()));
                }
            }
        }
        let is_secured = |fact: &Fact| fact.is(Attribute::RowSecurity);
        if is_secured(was) && !case.after.get(key).is_some_and(is_secured) {
            lost.push("row security".to_owned());
        }
        if !lost.is_empty() {
            let at = case.place(&[key.name()], &[&["rename", "to", key.name()]]);
            hits.push(Hit::new(at, format!("the new {} lacks {}", said(key), listed(lost))));
        }
        if let Some((now, _)) = moved.iter().find(|(_, was)| *was == key) {
            let behind: Vec<String> = left_behind(case, key, now).map(said).collect();
            if !behind.is_empty() {
                let at = case.place(&[key.name()], &[&["rename", "to", key.name()]]);
                let (keys, now) = (listed(behind), said(now));
                hits.push(Hit::new(at, format!("{keys} still refers to the old table, {now}")));
            }
        }
    }
}

/// The foreign keys of other tables that referred to a table, and refer to what it is called now.
fn left_behind<'c>(case: &Case<'c>, was: &Key, now: &Key) -> impl Iterator<Item = &'c Key> {
    let refers = |fact: &Fact, to: &Key| {
        fact.get(Attribute::ReferencesSchema) == Some(to.part(0))
            && fact.get(Attribute::ReferencesTable) == Some(to.name())
    };
    let (was, now, after) = (was.clone(), now.clone(), case.after);
    let keys = case.before.of_kind(ObjectKind::Constraint);
    let keys = keys.filter(move |(key, fact)| {
        refers(fact, &was) && after.get(key).is_some_and(|it| refers(it, &now))
    });
    keys.map(|(key, _)| key)
}
