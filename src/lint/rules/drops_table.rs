//! A table is dropped, with its rows.

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
    name: "drops-table",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A table is dropped, with its rows",
    why: "The rows are gone, and no down.sql brings them back. A program that still uses the table fails.",
    instead: "Deploy a program without the table first; keep a copy, or rename it and drop it later.",
    aliases: &["ban-drop-table", "drop-table", "DropTableCheck"],
    hazards: &[57],
    bad: include_str!("drops_table/bad.sql"),
    good: include_str!("drops_table/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.gone().filter(|it| it.kind() == ObjectKind::Relation) {
        let kind = case.before.relation_kind(key);
        if kind.is_some_and(|it| it.is_table()) && !case.is_renamed(key.name()) {
            let at = case.place(&[key.name()], &[&["drop", "table"], &["drop", "schema"]]);
            hits.push(Hit::new(at, format!("drops the table {} with its rows", said(key))));
        }
    }
}
