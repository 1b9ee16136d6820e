//! down.sql drops tables or columns that up.sql filled or that hold rows.

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
    name: "down-loses-data",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Down,
    finds: "down.sql drops tables or columns that up.sql filled or that hold rows",
    why: "After a rollback under pressure, what was written in between is gone.",
    instead: "Write a down.sql that keeps the values, or say in it that there is no way back (`RAISE EXCEPTION … USING ERRCODE = 'GP001'`).",
    aliases: &["irreversible-migration"],
    hazards: &[97],
    bad: include_str!("down_loses_data/bad.sql"),
    good: include_str!("down_loses_data/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    if !case.is_down {
        return;
    }
    for key in case.gone() {
        let is_table = key.kind() == ObjectKind::Relation
            && case.before.relation_kind(key).is_some_and(|it| it.is_table());
        let is_column = key.kind() == ObjectKind::Column && case.after.get(&key.table()).is_some();
        if (is_table || is_column) && !case.is_renamed(key.name()) {
            let at = case.place(&[key.part(1), key.name()], &[&["drop"]]);
            hits.push(Hit::new(
                at,
                format!("a rollback removes what was written to {}", said(key)),
            ));
        }
    }
}
