//! A constraint has no name of its own.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
    words::sql::Piece,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "unnamed-constraint",
    severity: Severity::Note,
    is_on: false,
    way: Way::Up,
    finds: "A constraint has no name of its own",
    why: "The name that the server makes up differs where the table was renamed, and a later DROP CONSTRAINT has to guess it.",
    instead: "CONSTRAINT name …",
    aliases: &["UnnamedConstraintCheck"],
    hazards: &[90],
    bad: include_str!("unnamed_constraint/bad.sql"),
    good: include_str!("unnamed_constraint/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    let kinds: [&[&str]; 4] = [
        &["add", "check"],
        &["add", "unique"],
        &["add", "foreign", "key"],
        &["add", "primary", "key"],
    ];
    for (at, statement) in case.statements.iter().enumerate() {
        if statement.pieces.iter().any(|it| matches!(it, Piece::Word(_)))
            && kinds.iter().any(|it| statement.has(it))
        {
            hits.push(Hit::new(at, "the constraint has no name of its own"));
        }
    }
}
