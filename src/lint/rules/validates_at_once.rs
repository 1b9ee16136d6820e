//! A constraint is added as NOT VALID and validated in the same transaction.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "validates-at-once",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A constraint is added as NOT VALID and validated in the same transaction",
    why: "The strong lock of the first statement is still held while every row is checked: nothing is won.",
    instead: "VALIDATE in a later migration.",
    aliases: &["validate-in-same-transaction"],
    hazards: &[17],
    bad: include_str!("validates_at_once/bad.sql"),
    good: include_str!("validates_at_once/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        if case.is_whole
            && statement.has(&["validate", "constraint"])
            && case.statements[..at].iter().any(|it| it.has(&["not", "valid"]))
        {
            hits.push(Hit::new(
                at,
                "the lock that ADD … NOT VALID took is still held during the scan",
            ));
        }
    }
}
