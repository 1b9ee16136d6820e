//! A lock is kept while later statements work.

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
    name: "keeps-lock",
    severity: Severity::Error,
    is_on: true,
    way: Way::Both,
    finds: "A lock is kept while later statements work",
    why: "Locks are released at COMMIT. A quick ALTER TABLE in front of an UPDATE of every row blocks its table for as long as the UPDATE takes.",
    instead: "Put the long work into a migration of its own, before the lock or after it.",
    aliases: &["transaction-nesting", "E4", "multiple-statements"],
    hazards: &[17, 31, 33, 34, 35, 36, 39, 42, 43, 46],
    bad: include_str!("keeps_lock/bad.sql"),
    good: include_str!("keeps_lock/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    blocking::report(case, Cause::Kept, hits);
}
