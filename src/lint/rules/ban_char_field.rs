//! A column is char(n).

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
    name: "ban-char-field",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A column is char(n)",
    why: "Values are padded with spaces, which comparisons ignore and lengths do not.",
    instead: "text.",
    aliases: &["CharTypeCheck"],
    hazards: &[81],
    bad: include_str!("ban_char_field/bad.sql"),
    good: include_str!("ban_char_field/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.added().filter(|it| it.kind() == ObjectKind::Column) {
        let Some(fact) = case.after.get(key) else { continue };
        let is_table = case.after.relation_kind(key).is_some_and(|it| it.is_table());
        let column_type = fact.get(Attribute::Type).unwrap_or_default();
        if is_table && !case.is_renamed(key.name()) && column_type.starts_with("character(") {
            let at = case.place(&[key.part(1), key.name()], &[&["create", "table"], &["add"]]);
            hits.push(Hit::new(at, format!("{} is padded with spaces", said(key))));
        }
    }
}
