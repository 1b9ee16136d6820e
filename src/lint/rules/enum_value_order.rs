//! A value is added to an enum without a place.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "enum-value-order",
    severity: Severity::Note,
    is_on: false,
    way: Way::Up,
    finds: "A value is added to an enum without a place",
    why: "It sorts behind all others.",
    instead: "ADD VALUE … BEFORE or AFTER.",
    aliases: &["require-enum-value-ordering"],
    hazards: &[85],
    bad: include_str!("enum_value_order/bad.sql"),
    good: include_str!("enum_value_order/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        if statement.has(&["add", "value"])
            && !statement.has(&["before"])
            && !statement.has(&["after"])
        {
            hits.push(Hit::new(at, "the new value sorts behind all others"));
        }
    }
}
