//! The migration fails.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "fails",
    severity: Severity::Error,
    is_on: true,
    way: Way::Both,
    finds: "The migration fails",
    why: "It was run in a throwaway database, with and without rows in the tables, and failed both times.",
    instead: "Correct it. An enum value can be used only in a later migration than the one that adds it; CONCURRENTLY needs `run_in_transaction = false` in metadata.toml.",
    aliases: &[
        "enum-value-used-in-transaction",
        "ban-concurrent-index-creation-in-transaction",
        "concurrently-in-transaction",
        "ban-uncommitted-transaction",
        "alter-type-add-value-txn",
        "concurrent-in-transaction",
    ],
    hazards: &[49, 52, 53, 93, 94, 99],
    bad: include_str!("fails/bad.sql"),
    good: include_str!("fails/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    if let Some(failed) = case.failed {
        let hit = Hit::new(
            failed.statement.min(case.statements.len().saturating_sub(1)),
            format!("fails: {}", failed.message),
        );
        hits.push(hit.detail(format!("SQLSTATE {}", failed.code)));
    }
}
