//! A table is copied row by row while others wait.

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
    name: "rewrites-table",
    severity: Severity::Error,
    is_on: true,
    way: Way::Both,
    finds: "A table is copied row by row while others wait",
    why: "The server writes the whole table and all of its indexes anew, under a lock that neither readers nor writers get past.",
    instead: "Add a new nullable column, write both in the application, fill it in batches, then switch. `VACUUM FULL` and `CLUSTER` have online forms in pg_repack; a constant default needs no rewrite.",
    aliases: &[
        "adding-field-with-default",
        "changing-column-type",
        "adding-serial-primary-key-field",
        "prefer-repack",
        "E5",
        "E10",
        "E11",
        "add-column-volatile-default",
        "add-column-serial",
        "alter-column-type",
        "AddColumnCheck",
        "AlterColumnTypeCheck",
        "AddSerialColumnCheck",
        "GeneratedColumnCheck",
    ],
    hazards: &[1, 2, 3, 4, 5, 10, 12, 26, 27, 28],
    bad: include_str!("rewrites_table/bad.sql"),
    good: include_str!("rewrites_table/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    blocking::report(case, Cause::Rewrite, hits);
}
