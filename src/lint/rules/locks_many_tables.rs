//! Strong locks on three or more tables are held at once.

use crate::{
    lint::{case::short, judge::Held, observation::Mode},
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};
use std::collections::BTreeMap;

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "locks-many-tables",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "Strong locks on three or more tables are held at once",
    why: "The application takes locks in another order: one of both waits for the other, and the server ends one of them after a second (deadlock).",
    instead: "Change one table in one migration.",
    aliases: &[],
    hazards: &[44],
    bad: include_str!("locks_many_tables/bad.sql"),
    good: include_str!("locks_many_tables/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    let mut held = BTreeMap::<usize, BTreeMap<&str, usize>>::new();
    for block in case.blocks {
        let is_strong = matches!(block.held, Held::Lock(mode) if mode >= Mode::ShareRowExclusive);
        if is_strong && !block.is_outside {
            let tables = held.entry(block.until).or_default();
            let taken = tables.entry(block.table.as_str()).or_insert(block.taken);
            *taken = (*taken).min(block.taken);
        }
    }
    for tables in held.values().filter(|it| it.len() >= 3) {
        let last = tables.values().copied().max().unwrap_or_default();
        let names: Vec<&str> = tables.keys().map(|it| short(it)).collect();
        let message =
            format!("locks on {} tables are held at once: {}", names.len(), names.join(", "));
        hits.push(Hit::new(last, message));
    }
}
