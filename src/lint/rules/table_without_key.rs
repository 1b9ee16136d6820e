//! A table has no primary key.

use crate::{
    catalog::{ConstraintKind, ObjectKind},
    lint::case::said,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "table-without-key",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A table has no primary key",
    why: "Diesel needs one for most derives, and logical replication for updates.",
    instead: "Add one.",
    aliases: &["CreateTableWithoutPkCheck", "require-primary-key"],
    hazards: &[87],
    bad: include_str!("table_without_key/bad.sql"),
    good: include_str!("table_without_key/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.added().filter(|it| it.kind() == ObjectKind::Relation) {
        let is_table = case.after.relation_kind(key).is_some_and(|it| it.is_table());
        let is_partition =
            case.after.get(key).is_some_and(|it| it.is(crate::catalog::Attribute::PartitionOf));
        let has_key = case
            .after
            .below(ObjectKind::Constraint, &[key.part(0), key.part(1)])
            .any(|(_, it)| it.is_constraint(ConstraintKind::PrimaryKey));
        if is_table && !is_partition && !has_key && !case.is_renamed(key.name()) {
            let at = case.place(&[key.name()], &[&["create", "table"]]);
            hits.push(Hit::new(at, format!("{} has no primary key", said(key))));
        }
    }
}
