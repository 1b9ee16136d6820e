//! A column is json.

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
    name: "prefer-jsonb",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A column is json",
    why: "json has no equality: SELECT DISTINCT, GROUP BY and UNION fail on it, and no index helps.",
    instead: "jsonb.",
    aliases: &["E3", "AddJsonColumnCheck", "add-json-column"],
    hazards: &[83],
    bad: include_str!("prefer_jsonb/bad.sql"),
    good: include_str!("prefer_jsonb/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.added().filter(|it| it.kind() == ObjectKind::Column) {
        let Some(fact) = case.after.get(key) else { continue };
        let is_table = case.after.relation_kind(key).is_some_and(|it| it.is_table());
        let column_type = fact.get(Attribute::Type).unwrap_or_default();
        if is_table && !case.is_renamed(key.name()) && column_type == "json" {
            let at = case.place(&[key.part(1), key.name()], &[&["create", "table"], &["add"]]);
            hits.push(Hit::new(at, format!("{} is json, which has no equality", said(key))));
        }
    }
}
