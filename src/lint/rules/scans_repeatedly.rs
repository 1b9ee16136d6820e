//! The same table is scanned or rewritten more than once by separate statements.

use crate::{
    lint::{case::short, judge::GROWS},
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};
use std::collections::BTreeMap;

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "scans-repeatedly",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "The same table is scanned or rewritten more than once by separate statements",
    why: "Each ALTER TABLE reads or copies the table again, and all of it happens under the first lock.",
    instead: "Write the changes as one ALTER TABLE with several actions.",
    aliases: &["W12", "multiple-alter-table"],
    hazards: &[45],
    bad: include_str!("scans_repeatedly/bad.sql"),
    good: include_str!("scans_repeatedly/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    let mut times = BTreeMap::<&str, Vec<usize>>::new();
    for block in case
        .blocks
        .iter()
        .filter(|it| case.statements.get(it.taken).is_some_and(|it| it.begins(&["alter", "table"])))
    {
        let _first = times.entry(block.table.as_str()).or_default();
    }
    for (table, statements) in &mut times {
        for (small, big) in case.pair.small.steps.iter().zip(&case.pair.big.steps) {
            let rows = case.pair.big.rows(table).zip(case.pair.small.rows(table));
            let Some((many, few)) = rows.filter(|(many, few)| many > few) else { continue };
            let read = |step: &crate::lint::observation::Step| {
                step.work.get(*table).map_or(0, |it| it.read)
            };
            let more = read(big).saturating_sub(read(small));
            let is_alter =
                case.statements.get(big.statement).is_some_and(|it| it.begins(&["alter", "table"]));
            #[expect(clippy::cast_precision_loss, reason = "some ten thousands of rows")]
            if is_alter && more as f64 / (many - few) as f64 >= GROWS {
                statements.push(big.statement);
            }
        }
    }
    for (table, statements) in times.iter().filter(|(_, it)| it.len() > 1) {
        let message = format!(
            "{} statements read every row of {}; one would do",
            statements.len(),
            short(table)
        );
        hits.push(Hit::new(statements[1], message));
    }
}
