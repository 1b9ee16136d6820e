//! An extension is created.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "creates-extension",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "An extension is created",
    why: "It needs a privilege that the role of migrations often lacks, and files that a server may not have.",
    instead: "Have an administrator create it, and name it in `stand_ins` or prerequisites of [shadow].",
    aliases: &["CreateExtensionCheck", "ban-alter-extension"],
    hazards: &[93],
    bad: include_str!("creates_extension/bad.sql"),
    good: include_str!("creates_extension/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        if statement.begins(&["create", "extension"]) {
            hits.push(Hit::new(
                at,
                "needs a privilege and files that the server in production may lack",
            ));
        }
    }
}
