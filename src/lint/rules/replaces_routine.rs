//! A function or view that exists is replaced.

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
    name: "replaces-routine",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "A function or view that exists is replaced",
    why: "The running program calls the new one from the moment of COMMIT.",
    instead: "Give the new one a new name, if the old program cannot use it.",
    aliases: &[
        "ban-replace-view-function",
        "ban-alter-function-options",
        "function-volatility-change",
    ],
    hazards: &[73],
    bad: include_str!("replaces_routine/bad.sql"),
    good: include_str!("replaces_routine/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for difference in case.differences {
        let How::Other(changed) = &difference.how else { continue };
        let key = &difference.key;
        let is_view = key.kind() == ObjectKind::Relation
            && case.after.relation_kind(key).is_some_and(|it| it.is_view());
        let counts = |name: &Attribute| {
            matches!(
                name,
                Attribute::Definition | Attribute::Body | Attribute::Volatility | Attribute::Result
            )
        };
        if (is_view || key.kind() == ObjectKind::Routine)
            && changed.iter().any(|(name, ..)| counts(name))
        {
            let at = case.place(&[key.part(1)], &[&["replace"], &["alter"]]);
            hits.push(Hit::new(at, format!("replaces {} for the running program", said(key))));
        }
    }
}
