//! A type is an enum.

use crate::{
    catalog::ObjectKind,
    lint::case::said,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "prefer-lookup-table",
    severity: Severity::Note,
    is_on: false,
    way: Way::Up,
    finds: "A type is an enum",
    why: "A value can be added but not removed.",
    instead: "A table of values with a foreign key, where they change often.",
    aliases: &["W13"],
    hazards: &[84],
    bad: include_str!("prefer_lookup_table/bad.sql"),
    good: include_str!("prefer_lookup_table/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in
        case.added().filter(|it| it.kind() == ObjectKind::Enum && !case.is_renamed(it.name()))
    {
        let at = case.place(&[key.name()], &[&["create", "type"]]);
        hits.push(Hit::new(
            at,
            format!("{} is an enum, from which no value can be removed", said(key)),
        ));
    }
}
