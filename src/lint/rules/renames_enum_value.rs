//! A value of an enum type is renamed.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "renames-enum-value",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A value of an enum type is renamed",
    why: "The running program reads and writes the old one, and fails.",
    instead: "Add the new value, let the program understand both, change the rows, and leave the old one.",
    aliases: &[],
    hazards: &[68],
    bad: include_str!("renames_enum_value/bad.sql"),
    good: include_str!("renames_enum_value/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        if statement.begins(&["alter", "type"]) && statement.has(&["rename", "value"]) {
            hits.push(Hit::new(at, "the running program still reads and writes the old value"));
        }
    }
}
