//! The migration runs on empty tables, and fails on tables with rows.

use crate::{
    lint::{
        case::{Case, Hit},
        observation::SEVERAL,
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "fails-on-rows",
    severity: Severity::Error,
    is_on: true,
    way: Way::Up,
    finds: "The migration runs on empty tables, and fails on tables with rows",
    why: "A required column without a default, or a constraint that rows must meet, passes in every empty test database and fails in production.",
    instead: "Give new required columns a default, or add them as nullable and fill them first. Correct the rows before the constraint.",
    aliases: &["adding-required-field", "add-column-not-null-no-default"],
    hazards: &[6, 78],
    bad: include_str!("fails_on_rows/bad.sql"),
    good: include_str!("fails_on_rows/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    if let Some(failed) = case.with_rows {
        // how many rows a query finds is up to those that are made here
        let is_open = failed.code == SEVERAL;
        let severity = is_open.then_some(Severity::Note);
        hits.push(Hit {
            severity,
            ..Hit::new(
                failed.statement.min(case.statements.len().saturating_sub(1)),
                format!("fails where the tables have rows: {}", failed.message),
            )
            .detail(format!("SQLSTATE {}; without rows it passes", failed.code))
        });
    }
}
