//! A column is varchar(n).

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
    name: "prefer-text-field",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "A column is varchar(n)",
    why: "A longer limit is cheap, a shorter one is not; text with a CHECK can be changed without a rewrite either way.",
    instead: "text, with a CHECK on its length if one is needed.",
    aliases: &[],
    hazards: &[81],
    bad: include_str!("prefer_text_field/bad.sql"),
    good: include_str!("prefer_text_field/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.added().filter(|it| it.kind() == ObjectKind::Column) {
        let Some(fact) = case.after.get(key) else { continue };
        let is_table = case.after.relation_kind(key).is_some_and(|it| it.is_table());
        let column_type = fact.get(Attribute::Type).unwrap_or_default();
        if is_table && !case.is_renamed(key.name()) && column_type.starts_with("character varying(")
        {
            let at = case.place(&[key.part(1), key.name()], &[&["create", "table"], &["add"]]);
            hits.push(Hit::new(
                at,
                format!(
                    "{} has a limit in its type; text with a CHECK can be changed later",
                    said(key)
                ),
            ));
        }
    }
}
