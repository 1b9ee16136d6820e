//! The migration has no down.sql, or an empty one.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "no-down",
    severity: Severity::Note,
    is_on: true,
    way: Way::Down,
    finds: "The migration has no down.sql, or an empty one",
    why: "There is no way back but a backup.",
    instead: "Write one, or say in it why there is none.",
    aliases: &[],
    hazards: &[96],
    bad: include_str!("no_down/bad.sql"),
    good: include_str!("no_down/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    if case.is_down && case.statements.is_empty() {
        hits.push(Hit::new(0, "down.sql has no statement"));
    }
}
