//! What the answers of a guarded transaction mean.

use std::collections::BTreeMap;

use super::{
    At, Draft,
    body::{Body, Watched},
};
use crate::{
    ledger::{self, Kind, Snapshot, advice},
    migration::source::Direction,
    postgres::{
        guard::{self, Guard},
        session::{Failure, Message, PROBE, ROLLBACK_PROBE, Row},
    },
    report::finding::Finding,
};

pub(super) fn finding(
    guard: &Guard,
    index: usize,
    rule: &'static str,
    what: String,
    advice: &'static str,
) -> Finding {
    Finding { ledger: guard.ledgers[index].label(), rule, what, advice, rows: true }
}

/// The ledgers that have something to lose.
pub(super) fn watched(guard: &Guard, before: &Snapshot) -> Vec<Watched> {
    let ledgers = guard.ledgers.iter().enumerate();
    ledgers
        .filter(|(index, _)| ledger::is_guarded(before, *index))
        .map(|(index, declared)| Watched {
            index,
            // who may not read rows cannot change one either
            key: if before.is_readable(index) {
                before.key(index, &declared.key)
            } else {
                Vec::new()
            },
            mark: None,
            columns: Vec::new(),
            fingerprint: None,
        })
        .collect()
}

/// The probes of a ledger: an append, and writes.
pub(super) type Probes = (usize, Option<String>, Option<[String; 2]>);

pub(super) fn probes(guard: &Guard, before: &Snapshot, watched: &[Watched]) -> Vec<Probes> {
    let of = |it: &Watched| {
        let ledger = &guard.ledgers[it.index];
        // what an older trigger swallows, this script is not to blame for
        let protection = ledger::protection(before, it.index);
        let refuses = protection.weakest().rows() && protection.unproved.is_empty();
        let writes = guard::writes(ledger, before, it.index, &it.key)
            .filter(|_| refuses && it.mark.is_some());
        let append = guard::append(ledger, before, it.index, &it.key).filter(|_| it.mark.is_some());
        (it.index, append, writes)
    };
    watched.iter().map(of).collect()
}

/// A probe waits for nobody: it is taken for refused then.
pub(super) const BRIEFLY: &str = "SET LOCAL lock_timeout = '200ms'";

pub(super) fn push_probe<'a>(draft: &mut Draft<'a>, task: usize, sql: Option<&'a str>) {
    let Some(sql) = sql else {
        return;
    };
    draft.push(task, At::Guard, Message::Batch(PROBE));
    draft.push(task, At::Guard, Message::Batch(BRIEFLY));
    draft.push(task, At::Probe, Message::Query(sql, Vec::new()));
    draft.push(task, At::Guard, Message::Batch(ROLLBACK_PROBE));
}

/// What the probes found: `answers` go with the draft's parts.
pub(super) fn probed(
    guard: &Guard,
    watched: &[Watched],
    probes: &[Probes],
    draft: &Draft<'_>,
    answers: &[Result<Vec<Row>, Failure>],
    snapshot_at: usize,
) -> Vec<Finding> {
    let asked: Vec<(usize, &Result<Vec<Row>, Failure>)> = draft
        .parts
        .iter()
        .zip(answers)
        .enumerate()
        .filter(|(_, (part, _))| part.at == At::Probe)
        .map(|(at, (_, answer))| (at, answer))
        .collect();
    let (earlier, later): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|(at, _)| *at < snapshot_at);
    let (mut earlier, mut later) = (earlier.into_iter(), later.into_iter());
    let mut findings = Vec::new();
    for (index, append, writes) in probes {
        debug_assert!(watched.iter().any(|it| it.index == *index));
        let mut find = |rule, what: String| {
            findings
                .push(Finding { rows: false, ..finding(guard, *index, rule, what, advice::KEEP) });
        };
        if append.is_some() {
            let worked =
                earlier.next().is_some_and(|(_, it)| it.as_ref().is_ok_and(|rows| is_true(rows)));
            match later.next() {
                Some((_, Ok(rows))) if worked && rows.is_empty() => {
                    find("append-lost", "an appended event is discarded".into())
                }
                Some((_, Ok(rows))) if worked && !is_true(rows) => {
                    find("append-lost", "an appended event is not recorded as it was given".into())
                }
                Some((_, Err(failure))) if worked => find(
                    "append-lost",
                    format!("an event like the newest can no longer be appended: {failure}"),
                ),
                _ => {}
            }
        }
        for command in writes.iter().flat_map(|_| ["UPDATE", "DELETE"]) {
            match later.next() {
                Some((_, Ok(rows))) if rows.is_empty() => find(
                    "trigger-lost",
                    format!("{command} is silently ignored instead of refused"),
                ),
                Some((_, Ok(_))) => {
                    find("trigger-lost", format!("{command} of the newest event is not refused"))
                }
                _ => {}
            }
        }
    }
    findings
}

/// What counters tell of the rows.
pub(super) fn touched(guard: &Guard, it: &Watched, counted: &ledger::Rows) -> Vec<Finding> {
    let rows = |count: i64| {
        if count == 1 { "1 row was".to_owned() } else { format!("{count} rows were") }
    };
    let mut findings = Vec::new();
    for (count, done) in [(counted.updated, "updated"), (counted.deleted, "deleted")] {
        if count != 0 {
            findings.push(finding(
                guard,
                it.index,
                "rows-changed",
                format!("{} {done}", rows(count)),
                advice::CORRECT,
            ));
        }
    }
    findings
}

pub(super) fn changed_rows(guard: &Guard, index: usize) -> Finding {
    finding(
        guard,
        index,
        "rows-changed",
        "its rows are not what they were: values were changed, or events are missing".into(),
        advice::CORRECT,
    )
}

/// A redo that would append the same events twice.
pub(super) fn twice(
    guard: &Guard,
    body: &Body<'_>,
    before: &Snapshot,
    legs: &[Vec<Row>],
) -> Vec<Finding> {
    let start: BTreeMap<usize, i64> = (0..guard.ledgers.len())
        .map(|ledger| {
            let tables = before.of(Some(ledger), Kind::Rows);
            (ledger, tables.filter_map(|(_, it)| it.number("inserted")).sum())
        })
        .collect();
    let mut seen = start;
    let mut appended: BTreeMap<(usize, &str, bool), i64> = BTreeMap::new();
    for ((_, version, direction), rows) in body.legs.iter().zip(legs) {
        for row in rows {
            let number =
                |at: usize| row.get(at).cloned().flatten().and_then(|it| it.parse::<i64>().ok());
            let (Some(ledger), Some(total)) =
                (number(0).and_then(|it| usize::try_from(it).ok()), number(1))
            else {
                continue;
            };
            let was = seen.insert(ledger, total).unwrap_or_default();
            *appended.entry((ledger, version, *direction == Direction::Up)).or_default() +=
                total - was;
        }
    }
    let again = appended.iter().filter(|((ledger, version, up), count)| {
        let back = appended.get(&(*ledger, *version, false)).copied().unwrap_or_default();
        let is_redone = body
            .legs
            .iter()
            .any(|(_, it, direction)| it == version && *direction == Direction::Down);
        *up && **count > 0 && back == 0 && is_redone && ledger::is_guarded(before, *ledger)
    });
    again
        .map(|((ledger, ..), count)| {
            let events = if *count == 1 { "1 event".to_owned() } else { format!("{count} events") };
            finding(
                guard,
                *ledger,
                "appended-twice",
                format!(
                    "{events} would be appended a second time: the way down takes nothing back"
                ),
                TWICE,
            )
        })
        .collect()
}

pub(super) const TWICE: &str = "Events stay when a migration is reverted. Let down.sql append what compensates them, or leave the migration as it is and write a new one.";

/// Whether all that stands in the way may turn out to concern columns that hold nothing.
pub(super) fn may_be_unused(findings: &[Finding]) -> bool {
    let of_columns = ["column-dropped", "constraint-lost"];
    findings.iter().any(|it| it.rule == "column-dropped")
        && findings.iter().all(|it| of_columns.contains(&it.rule))
}

/// What a column of `before` is called in `after`.
pub(super) fn now_called(before: &Snapshot, after: &Snapshot, ledger: usize, name: &str) -> String {
    let root = before.root(ledger).map(|(root, _)| root.to_owned()).unwrap_or_default();
    let old = before
        .of(Some(ledger), Kind::Column)
        .find(|(_, it)| it.text("relation") == root && it.text("name") == name);
    let new = old
        .and_then(|(object, _)| after.of(Some(ledger), Kind::Column).find(|(it, _)| *it == object));
    new.map_or_else(|| name.to_owned(), |(_, it)| it.text("name").to_owned())
}

pub(super) fn is_true(rows: &[Row]) -> bool {
    matches!(rows.first().and_then(|row| row.first()), Some(Some(text)) if text == "true")
}

pub(super) fn shown(mark: &[Option<String>]) -> String {
    mark.iter().map(|it| it.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(", ")
}

pub(super) fn surgery(name: &str) -> Finding {
    Finding {
        ledger: String::new(),
        rule: "surgery",
        what: format!(
            "{name} changes pages past every transaction: nothing of it could be rolled back"
        ),
        advice: "Leave it out. Damaged tables are repaired by hand, with a backup.",
        rows: true,
    }
}
