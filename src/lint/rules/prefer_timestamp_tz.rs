//! A column is a timestamp without time zone.

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
    name: "prefer-timestamp-tz",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A column is a timestamp without time zone",
    why: "The moment that it means depends on who reads it; a later change of type rewrites the table, unless the server runs in UTC.",
    instead: "timestamptz.",
    aliases: &["prefer-timestamptz", "TimestampTypeCheck"],
    hazards: &[82],
    bad: include_str!("prefer_timestamp_tz/bad.sql"),
    good: include_str!("prefer_timestamp_tz/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.added().filter(|it| it.kind() == ObjectKind::Column) {
        let Some(fact) = case.after.get(key) else { continue };
        let is_table = case.after.relation_kind(key).is_some_and(|it| it.is_table());
        let column_type = fact.get(Attribute::Type).unwrap_or_default();
        if is_table
            && !case.is_renamed(key.name())
            && column_type.starts_with("timestamp")
            && column_type.contains("without")
        {
            let at = case.place(&[key.part(1), key.name()], &[&["create", "table"], &["add"]]);
            hits.push(Hit::new(at, format!("{} does not say which moment it is", said(key))));
        }
    }
}
