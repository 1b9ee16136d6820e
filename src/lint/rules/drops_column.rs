//! A column is dropped, with its values.

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
    name: "drops-column",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A column is dropped, with its values",
    why: "The values are gone. A program whose schema.rs has the column names it in every SELECT and INSERT, and fails.",
    instead: "Remove the column from schema.rs and deploy; drop it in a later migration (`glowplug compat` shows in which order).",
    aliases: &["ban-drop-column", "drop-column", "DropColumnCheck"],
    hazards: &[58],
    bad: include_str!("drops_column/bad.sql"),
    good: include_str!("drops_column/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.gone().filter(|it| it.kind() == ObjectKind::Column) {
        let is_table = case.after.relation_kind(key).is_some_and(|it| it.is_table());
        if is_table && !case.is_renamed(key.name()) {
            let at = case.place(&[key.part(1), key.name()], &[&["drop"]]);
            hits.push(Hit::new(at, format!("drops the column {} with its values", said(key))));
        }
    }
}
