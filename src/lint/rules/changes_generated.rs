//! An identity or the expression of a generated column changes.

use crate::{
    catalog::{Attribute, How, ObjectKind},
    lint::case::said,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "changes-generated",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "An identity or the expression of a generated column changes",
    why: "Rows that exist keep the value of the old expression, or the program that writes the column is refused.",
    instead: "Add a new column, and switch.",
    aliases: &[
        "ban-alter-identity",
        "ban-alter-generated-expression",
        "ban-drop-generated-expression",
    ],
    hazards: &[72],
    bad: include_str!("changes_generated/bad.sql"),
    good: include_str!("changes_generated/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for difference in case.differences.iter().filter(|it| it.key.kind() == ObjectKind::Column) {
        let How::Other(changed) = &difference.how else { continue };
        let is_computed =
            |name: &Attribute| matches!(name, Attribute::Identity | Attribute::Generated);
        if changed.iter().any(|(name, was, _)| is_computed(name) && was.is_some()) {
            let key = &difference.key;
            let at = case.place(&[key.part(1), key.name()], &[&["alter"]]);
            hits.push(Hit::new(at, format!("{} is no longer computed as it was", said(key))));
        }
    }
}
