//! A sequence will run out.

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
    name: "key-runs-out",
    severity: Severity::Error,
    is_on: true,
    way: Way::Up,
    finds: "A sequence will run out",
    why: "At the present rate its column cannot hold the next number before long; every INSERT fails then.",
    instead: "Widen the column to bigint in the online way: a new column, a trigger that fills it, batches, a switch.",
    aliases: &[],
    hazards: &[102],
    bad: include_str!("key_runs_out/bad.sql"),
    good: include_str!("key_runs_out/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    const DAYS: f64 = 365.0;
    let Some(stats) = case.stats else { return };
    for (name, sequence) in &stats.sequences {
        let table = sequence.column.rsplit_once('.').map_or("", |it| it.0);
        let is_touched = case
            .pair
            .big
            .steps
            .iter()
            .any(|it| it.locks.keys().any(|(relation, _)| relation == table));
        let left = sequence.limit - sequence.last;
        if !is_touched
            || left / sequence.per_day.max(1e-9) > DAYS && sequence.last < sequence.limit / 2.0
        {
            continue;
        }
        let days = (left / sequence.per_day.max(1e-9)).max(0.0);
        let used = (sequence.last / sequence.limit * 100.0).round();
        let message = format!(
            "{} has used {used} % of the numbers of {}",
            short(name),
            short(&sequence.column)
        );
        let at = case.place(&[short(table)], &[]);
        hits.push(Hit::new(at, message).detail(format!(
            "at the present rate it runs out in {} days",
            days.round().min(99_999.0)
        )));
    }
}
