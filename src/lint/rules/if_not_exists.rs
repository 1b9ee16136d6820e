//! IF NOT EXISTS skips a statement, whatever exists.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "if-not-exists",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "IF NOT EXISTS skips a statement, whatever exists",
    why: "An object of the same name with another structure passes, and the migration is recorded as applied.",
    instead: "Leave it out: glowplug runs each migration once. In a script without a transaction the journal knows which statements are done.",
    aliases: &["create-table-with-force", "schema-drift", "prefer-robust-stmts"],
    hazards: &[51, 66],
    bad: include_str!("if_not_exists/bad.sql"),
    good: include_str!("if_not_exists/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        if statement.begins(&["create"])
            && statement.has(&["if", "not", "exists"])
            && !statement.has(&["extension"])
            && !statement.has(&["schema"])
        {
            hits.push(Hit::new(
                at,
                "IF NOT EXISTS passes over an object of the same name with another structure",
            ));
        }
    }
}
