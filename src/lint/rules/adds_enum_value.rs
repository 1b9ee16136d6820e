//! An enum type gets a new value.

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
    name: "adds-enum-value",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "An enum type gets a new value",
    why: "A program that matches the enum in Rust fails when it reads a row with the value that it does not know.",
    instead: "Deploy a program that knows it, or has a fallback, before rows with it are written.",
    aliases: &["ban-add-enum-value"],
    hazards: &[77],
    bad: include_str!("adds_enum_value/bad.sql"),
    good: include_str!("adds_enum_value/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for difference in case.differences.iter().filter(|it| it.key.kind() == ObjectKind::Enum) {
        let How::Other(changed) = &difference.how else { continue };
        if let Some((_, Some(was), Some(is))) =
            changed.iter().find(|(name, ..)| *name == Attribute::Labels)
            && is.len() > was.len()
        {
            let at = case.place(&[difference.key.name()], &[&["add", "value"]]);
            hits.push(Hit::new(
                at,
                format!(
                    "{} has a value that the running program does not know",
                    said(&difference.key)
                ),
            ));
        }
    }
}
