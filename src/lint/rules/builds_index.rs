//! An index is built while others wait.

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
    name: "builds-index",
    severity: Severity::Error,
    is_on: true,
    way: Way::Both,
    finds: "An index is built while others wait",
    why: "CREATE INDEX locks out writers until the index is built; a UNIQUE or PRIMARY KEY constraint, and a change of type that rebuilds an index, lock out readers as well.",
    instead: "CREATE INDEX CONCURRENTLY in a migration with `run_in_transaction = false` in metadata.toml; then ADD CONSTRAINT … USING INDEX.",
    aliases: &[
        "require-concurrent-index-creation",
        "require-concurrent-reindex",
        "disallowed-unique-constraint",
        "adding-serial-primary-key-field",
        "E6",
        "E7",
        "E8",
        "add-index-non-concurrent",
        "add-unique-constraint",
        "reindex-non-concurrent",
        "AddIndexCheck",
        "AddUniqueConstraintCheck",
        "AddPrimaryKeyCheck",
        "AddExcludeConstraintCheck",
        "ReindexCheck",
    ],
    hazards: &[9, 11, 18, 19, 21, 22, 23, 25],
    bad: include_str!("builds_index/bad.sql"),
    good: include_str!("builds_index/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    blocking::report(case, Cause::Index, hits);
}
