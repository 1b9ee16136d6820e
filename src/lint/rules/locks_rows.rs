//! Every row of a table is updated or deleted in one transaction.

use crate::{
    lint::{blocking, judge::Cause},
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "locks-rows",
    severity: Severity::Error,
    is_on: true,
    way: Way::Both,
    finds: "Every row of a table is updated or deleted in one transaction",
    why: "Whoever wants to change one of the rows waits until COMMIT; the table grows by as much as was changed, and replicas fall behind.",
    instead: "Change rows in batches, each in a transaction of its own: in the application, or in a migration with `run_in_transaction = false` and one statement for each range.",
    aliases: &[
        "ban-truncate-cascade",
        "MutationWithoutWhereCheck",
        "update-without-where",
        "backfill",
    ],
    hazards: &[47],
    bad: include_str!("locks_rows/bad.sql"),
    good: include_str!("locks_rows/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    blocking::report(case, Cause::Rows, hits);
}
