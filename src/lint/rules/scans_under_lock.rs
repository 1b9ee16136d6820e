//! Rows are read or written by the statement that locks their table.

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
    name: "scans-under-lock",
    severity: Severity::Error,
    is_on: true,
    way: Way::Both,
    finds: "Rows are read or written by the statement that locks their table",
    why: "The lock is taken first, and kept until every row has been checked: a constraint, NOT NULL, a partition that is attached, a materialized view that is refreshed.",
    instead: "Add constraints as NOT VALID, and VALIDATE them in a later migration. SET NOT NULL needs no scan if a valid CHECK (column IS NOT NULL) exists. REFRESH … CONCURRENTLY lets readers through.",
    aliases: &[
        "constraint-missing-not-valid",
        "adding-not-nullable-field",
        "adding-foreign-key-constraint",
        "ban-alter-domain-with-add-constraint",
        "E1",
        "E2",
        "set-not-null",
        "add-check-without-not-valid",
        "add-fk-without-not-valid",
        "attach-partition",
        "refresh-matview-non-concurrent",
        "AddCheckConstraintCheck",
        "AddNotNullCheck",
        "AddForeignKeyCheck",
        "RefreshMatViewCheck",
    ],
    hazards: &[7, 13, 14, 15, 16, 20, 29, 30, 32, 37],
    bad: include_str!("scans_under_lock/bad.sql"),
    good: include_str!("scans_under_lock/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    blocking::report(case, Cause::Scan, hits);
}
