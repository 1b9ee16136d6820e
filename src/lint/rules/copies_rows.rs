//! Rows of a table are copied by one statement.

use crate::{
    lint::{case::short, judge::GROWS},
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "copies-rows",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "Rows of a table are copied by one statement",
    why: "It runs as long as the table is large, in one transaction that keeps VACUUM from removing anything meanwhile.",
    instead: "Copy in batches, where the table is large.",
    aliases: &["create-table-as-select"],
    hazards: &[48],
    bad: include_str!("copies_rows/bad.sql"),
    good: include_str!("copies_rows/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (small, big) in case.pair.small.steps.iter().zip(&case.pair.big.steps) {
        let written: u64 = big.work.values().map(|it| it.inserted).sum();
        let fewer: u64 = small.work.values().map(|it| it.inserted).sum();
        for (table, work) in &big.work {
            let (Some(many), Some(few)) = (case.pair.big.rows(table), case.pair.small.rows(table))
            else {
                continue;
            };
            let least = many.saturating_sub(few);
            #[expect(clippy::cast_precision_loss, reason = "some ten thousands of rows")]
            let is_copied =
                least > 100 && written.saturating_sub(fewer) as f64 / least as f64 >= GROWS;
            if is_copied && work.read + work.fetched > 0 {
                hits.push(Hit::new(
                    big.statement,
                    format!("copies the rows of {} in one transaction", short(table)),
                ));
                break;
            }
        }
    }
}
