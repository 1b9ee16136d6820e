//! A primary key is dropped.

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
    name: "drops-primary-key",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A primary key is dropped",
    why: "Rows can be duplicated from then on, logical replication cannot update, and Diesel needs a key for most derives.",
    instead: "Add the new key first, as a unique index that was built concurrently, and exchange both in one short transaction.",
    aliases: &["DropPrimaryKeyCheck", "ban-drop-constraint"],
    hazards: &[62],
    bad: include_str!("drops_primary_key/bad.sql"),
    good: include_str!("drops_primary_key/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.gone().filter(|it| it.kind() == ObjectKind::Constraint) {
        let was_key =
            case.before.get(key).is_some_and(|it| it.is_constraint(ConstraintKind::PrimaryKey));
        let has_another = case
            .after
            .below(ObjectKind::Constraint, &[key.part(0), key.part(1)])
            .any(|(_, it)| it.is_constraint(ConstraintKind::PrimaryKey));
        if was_key && !has_another && case.after.get(&key.table()).is_some() {
            let at = case.place(&[key.part(1), key.name()], &[&["drop"]]);
            hits.push(Hit::new(at, format!("drops the primary key of {}", said(&key.table()))));
        }
    }
}
