//! A table is emptied.

use crate::{
    lint::case::short,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "truncates",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A table is emptied",
    why: "TRUNCATE removes all rows at once under a lock that nobody gets past, and CASCADE empties all tables that refer to it.",
    instead: "DELETE in batches, if the rows are not needed; otherwise do not.",
    aliases: &["ban-truncate-cascade", "truncate", "TruncateTableCheck"],
    hazards: &[63],
    bad: include_str!("truncates/bad.sql"),
    good: include_str!("truncates/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        if !statement.has(&["truncate"]) {
            continue;
        }
        let step = case.pair.big.steps.iter().find(|it| it.statement == at);
        let emptied = step.into_iter().flat_map(|it| &it.rewritten).filter(|it| {
            case.pair.big.relations.get(*it).is_some_and(|it| !it.is_new && it.table.is_none())
        });
        let emptied: Vec<&str> = emptied.map(|it| short(it)).collect();
        if !emptied.is_empty() {
            hits.push(Hit::new(at, format!("removes all rows of {}", emptied.join(", "))));
        }
    }
}
