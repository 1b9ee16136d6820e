//! From locks to findings: one for each statement and cause, with all who wait.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    case::{Case, Hit, short},
    judge::{Block, Cause, Effort, Held},
    observation::Mode,
    stats::Costs,
    words,
};
use crate::report::finding::Severity;

/// What a prediction may be wrong by, either way.
const WITHIN: f64 = 2.0;

/// Reports the locks of one cause that are held for a time that grows with rows.
pub(super) fn report(case: &Case<'_>, cause: Cause, hits: &mut Vec<Hit>) {
    let mut by_statement = BTreeMap::<usize, Vec<&Block>>::new();
    for block in case.blocks.iter().filter(|it| it.grows() && it.cause() == cause) {
        by_statement.entry(block.taken).or_default().push(block);
    }
    // a row lock of a table that is locked as a whole from then on adds nothing
    for (taken, blocks) in by_statement {
        let is_told = |it: &&&Block| {
            cause != Cause::Rows
                || !case.blocks.iter().any(|other| {
                    matches!(other.held, Held::Lock(_))
                        && other.table == it.table
                        && other.taken <= it.taken
                        && other.grows()
                })
        };
        let blocks: Vec<&Block> = blocks.iter().filter(is_told).copied().collect();
        if let Some(hit) = hit(case, cause, taken, &blocks) {
            hits.push(hit);
        }
    }
}

fn hit(case: &Case<'_>, cause: Cause, taken: usize, blocks: &[&Block]) -> Option<Hit> {
    let longest = blocks.iter().max_by(|a, b| a.slope().total_cmp(&b.slope()))?;
    let (who, work) = (waiting(blocks), doing(&longest.per_row));
    let message = match cause {
        Cause::Kept if longest.heavy.len() > 1 => {
            format!(
                "{who} wait: the lock of this statement is kept while later ones run, which {}",
                plural(&work)
            )
        }
        Cause::Kept => {
            format!("{who} wait: the lock of this statement is kept while a later one {work}")
        }
        Cause::Rows => format!("{who} wait for locked rows: this statement {work}"),
        _ => format!("{who} wait while this statement {work}"),
    };
    let mut hit = Hit::new(taken, message);
    for (relation, modes) in locks(blocks) {
        let kept = match longest.is_outside {
            true => "for most of this statement".to_owned(),
            false if longest.until == taken => "until the transaction ends".to_owned(),
            false => {
                format!("through statement {} of {}", longest.until + 1, case.statements.len())
            }
        };
        hit.details.push(format!("{modes} on {relation}, kept {kept}"));
    }
    let outside = longest.heavy.iter().filter(|it| **it != taken);
    for heavy in outside {
        let message = format!(
            "the lock is still held while this runs ({})",
            case.statements.get(*heavy)?.verb()
        );
        hit.related.push((*heavy, message));
    }
    tell_time(case, cause, longest, &mut hit);
    Some(hit)
}

fn doing(per_row: &BTreeMap<String, Effort>) -> String {
    let all = per_row.iter().filter(|(_, effort)| effort.total() >= 0.1);
    let mut all: Vec<(&String, &Effort)> = all.collect();
    all.sort_by(|a, b| b.1.total().total_cmp(&a.1.total()).then_with(|| a.0.cmp(b.0)));
    let all: Vec<String> = all.iter().map(|(table, effort)| words::work(table, effort)).collect();
    all.join(", ")
}

/// The same of several: `read every row`.
fn plural(work: &str) -> String {
    let words = [
        ("reads ", "read "),
        ("writes ", "write "),
        ("builds ", "build "),
        ("rewrites ", "rewrite "),
        ("works ", "work "),
    ];
    words.iter().fold(work.to_owned(), |work, (one, several)| work.replace(one, several))
}

/// `readers and writers of users, writers of orders`.
fn waiting(blocks: &[&Block]) -> String {
    let mut who = BTreeMap::<&str, super::judge::Waits>::new();
    for block in blocks {
        let waits = who.entry(block.table.as_str()).or_insert(block.waits);
        *waits = (*waits).max(block.waits);
    }
    let mut groups = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (table, waits) in &who {
        groups.entry(waits.words()).or_default().insert(short(table));
    }
    let text = |(waits, tables): (&&str, &BTreeSet<&str>)| {
        let tables: Vec<&str> = tables.iter().copied().collect();
        format!("{waits} of {}", tables.join(" and "))
    };
    groups.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// The locks, by relation: the strongest of each.
fn locks(blocks: &[&Block]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut strongest = BTreeMap::new();
    // who cannot get at the table does not come to its indexes
    let whole: BTreeSet<&str> = blocks
        .iter()
        .filter(|it| it.via.is_none() && it.held == Held::Lock(Mode::AccessExclusive))
        .map(|it| it.table.as_str())
        .collect();
    for block in blocks.iter().filter(|it| it.via.is_none() || !whole.contains(it.table.as_str())) {
        let relation = block.via.as_ref().unwrap_or(&block.table);
        match &block.held {
            Held::Lock(mode) => {
                let known = strongest.entry(relation).or_insert(*mode);
                *known = (*known).max(*mode);
                all.insert(short(relation).to_owned(), known.name().to_owned());
            }
            Held::Rows => {
                all.entry(short(relation).to_owned()).or_insert_with(|| "row locks".to_owned());
            }
        }
    }
    all
}

/// How long, if production's sizes are known; else what it grows with.
fn tell_time(case: &Case<'_>, cause: Cause, longest: &Block, hit: &mut Hit) {
    let seconds = case.costs.and_then(|costs| predicted(case, longest, costs));
    let Some((low, high)) = seconds else {
        let grows = longest.per_row.iter().filter(|(_, it)| it.total() >= 0.1);
        let grows = grows.map(|(table, effort)| {
            format!(
                "{} rows of work per million rows of {}",
                words::rows(effort.total() * 1e6),
                short(table)
            )
        });
        let all: Vec<String> = grows.collect();
        hit.details.push(format!("the wait grows with the table: {}", all.join(", ")));
        return;
    };
    hit.seconds = Some((low, high));
    let sizes = longest.per_row.keys().filter_map(|table| {
        Some(format!("{} has {} rows", short(table), words::rows(case.rows(table)?)))
    });
    let sizes: Vec<String> = sizes.collect();
    hit.details.push(format!(
        "they wait for {} to {} in production ({})",
        words::time(low),
        words::time(high),
        sizes.join(", ")
    ));
    let waits = case.stats.and_then(|it| it.tables.get(&longest.table));
    if let Some(table) = waits {
        let calls = match longest.waits.readers {
            true => table.reads_per_second + table.writes_per_second,
            false => table.writes_per_second,
        };
        if calls * high >= 1.0 {
            hit.details
                .push(format!("about {} requests will queue behind it", words::rows(calls * high)));
        }
    }
    let denied = cause == Cause::Rewrite && case.denies_rewrites;
    if high < case.max_block && !denied {
        hit.severity = Some(Severity::Note);
    }
}

/// How long the work takes at production's size, in seconds: at least and at most.
#[must_use]
pub(crate) fn predicted(case: &Case<'_>, block: &Block, costs: Costs) -> Option<(f64, f64)> {
    let mut micros = 0.0;
    for (table, effort) in &block.per_row {
        let rows = case.rows(table)?;
        let each = effort.scanned * costs.scan
            + effort.rewritten * costs.rewrite
            + effort.indexed * costs.index
            + effort.written * costs.write;
        micros += each * rows;
    }
    let seconds = micros / 1e6;
    Some((seconds / WITHIN, seconds * WITHIN))
}
