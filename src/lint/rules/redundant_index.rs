//! An index does what another one does already.

use crate::{
    catalog::{Attribute, ObjectKind},
    lint::case::said,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "redundant-index",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "An index does what another one does already",
    why: "Every write pays for both.",
    instead: "Leave it out. An index on (a, b) also serves what looks for a.",
    aliases: &["WideIndexCheck"],
    hazards: &[88],
    bad: include_str!("redundant_index/bad.sql"),
    good: include_str!("redundant_index/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.added().filter(|it| it.kind() == ObjectKind::Index) {
        let Some(index) = case.after.get(key) else { continue };
        let columns = index.list(Attribute::Columns);
        let alike = |name| move |other: &crate::catalog::Fact| other.get(name) == index.get(name);
        let other = case.after.below(ObjectKind::Index, &[key.part(0)]).find(|(other, fact)| {
            let of = fact.list(Attribute::Columns);
            let same = [Attribute::Table, Attribute::Predicate, Attribute::Method]
                .into_iter()
                .all(|name| alike(name)(fact));
            let longer = of.len() > columns.len()
                || case.before.get(other).is_some()
                || *other < key
                || fact.is(Attribute::Unique);
            *other != key
                && same
                && of.starts_with(&columns)
                && longer
                && !index.is(Attribute::Unique)
        });
        if let Some((other, _)) = other {
            let at = case.place(&[key.name()], &[&["index"]]);
            hits.push(Hit::new(
                at,
                format!("{} does what {} does already", said(key), said(other)),
            ));
        }
    }
}
