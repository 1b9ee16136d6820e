//! The columns of a foreign key have no index.

use crate::{
    catalog::{Attribute, ConstraintKind, ObjectKind},
    lint::case::said,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "foreign-key-without-index",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "The columns of a foreign key have no index",
    why: "Every DELETE and every change of a key in the other table scans this one, for each row.",
    instead: "CREATE INDEX CONCURRENTLY on the columns of the key, before the constraint.",
    aliases: &["E15", "fk-without-covering-index"],
    hazards: &[86],
    bad: include_str!("foreign_key_without_index/bad.sql"),
    good: include_str!("foreign_key_without_index/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.added().filter(|it| it.kind() == ObjectKind::Constraint) {
        let Some(fact) =
            case.after.get(key).filter(|it| it.is_constraint(ConstraintKind::ForeignKey))
        else {
            continue;
        };
        let columns = fact.list(Attribute::Columns);
        let has_index = case.after.below(ObjectKind::Index, &[key.part(0)]).any(|(_, index)| {
            let of = index.list(Attribute::Columns);
            index.get(Attribute::Table) == Some(key.part(1))
                && index.get(Attribute::Predicate).is_none()
                && of.len() >= columns.len()
                && columns
                    .iter()
                    .all(|it| of[..columns.len()].iter().any(|of| of.trim_matches('"') == it))
        });
        if !has_index && !fact.is(Attribute::OfPartitioned) {
            let at = case.place(
                &[key.part(1), columns.first().map_or("", String::as_str)],
                &[&["references"]],
            );
            hits.push(Hit::new(
                at,
                format!("no index covers {} of {}", columns.join(", "), said(&key.table())),
            ));
        }
    }
}
