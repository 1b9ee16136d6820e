//! A DO block catches every error.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "swallows-errors",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A DO block catches every error",
    why: "A statement that fails is passed over, and the migration is recorded as applied.",
    instead: "Catch the one condition that is expected.",
    aliases: &["unchecked-do-block", "opaque-dynamic-sql"],
    hazards: &[55],
    bad: include_str!("swallows_errors/bad.sql"),
    good: include_str!("swallows_errors/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        if statement.begins(&["do"])
            && statement.has(&["exception", "when", "others"])
            && !statement.has(&["raise"])
        {
            hits.push(Hit::new(at, "every error in this block is passed over"));
        }
    }
}
