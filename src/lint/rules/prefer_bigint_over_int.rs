//! A key is an integer of 4 or 2 bytes.

use crate::{
    catalog::{Attribute, ConstraintKind, Key, ObjectKind},
    lint::case::said,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "prefer-bigint-over-int",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A key is an integer of 4 or 2 bytes",
    why: "It runs out at 2,147,483,647 (or 32,767); a wider type rewrites the table, and all tables that refer to it, when it is needed most.",
    instead: "bigint.",
    aliases: &[
        "prefer-bigint-over-smallint",
        "prefer-big-int",
        "ShortIntegerPrimaryKeyCheck",
        "prefer-bigint-primary-key",
    ],
    hazards: &[79],
    bad: include_str!("prefer_bigint_over_int/bad.sql"),
    good: include_str!("prefer_bigint_over_int/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.added().filter(|it| it.kind() == ObjectKind::Constraint) {
        let Some(fact) =
            case.after.get(key).filter(|it| it.is_constraint(ConstraintKind::PrimaryKey))
        else {
            continue;
        };
        for column in fact.list(Attribute::Columns) {
            let column = Key::new(ObjectKind::Column, &[key.part(0), key.part(1), &column]);
            let column_type = case.after.get(&column).and_then(|it| it.get(Attribute::Type));
            let is_key_of_own = !case
                .after
                .below(ObjectKind::Constraint, &[key.part(0), key.part(1)])
                .any(|(_, it)| {
                    it.is_constraint(ConstraintKind::ForeignKey)
                        && it.list(Attribute::Columns).iter().any(|it| it == column.name())
                });
            if matches!(column_type, Some("integer" | "smallint")) && is_key_of_own {
                let at = case.place(
                    &[key.part(1), column.name()],
                    &[&["create", "table"], &["primary", "key"]],
                );
                hits.push(Hit::new(
                    at,
                    format!("the key {} is {}", said(&column), column_type.unwrap_or_default()),
                ));
            }
        }
    }
}
