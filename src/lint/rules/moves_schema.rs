//! An object moves to another schema.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "moves-schema",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "An object moves to another schema",
    why: "Programs that do not have that schema on their search_path no longer find it.",
    instead: "Leave a view of the old name behind.",
    aliases: &["ban-set-schema"],
    hazards: &[69],
    bad: include_str!("moves_schema/bad.sql"),
    good: include_str!("moves_schema/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        if statement.begins(&["alter"]) && statement.has(&["set", "schema"]) {
            hits.push(Hit::new(
                at,
                "programs find it under the old name only until they are changed",
            ));
        }
    }
}
