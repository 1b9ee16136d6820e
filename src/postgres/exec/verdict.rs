//! What the answers of a guarded transaction mean.

use std::collections::BTreeMap;

use super::{
    Draft, Phase,
    guarded_transaction::{GuardedTransaction, Watched},
};
use crate::{
    ledger::{self, FactKind, Snapshot, advice},
    migration::source::Direction,
    postgres::{
        guard::{self, Guard},
        session::{Failure, Message, PROBE, ROLLBACK_PROBE, Row},
    },
    report::{ledger_finding::LedgerFinding, rule::LedgerRule},
};

pub(super) fn finding(
    guard: &Guard,
    index: usize,
    rule: LedgerRule,
    what: String,
    advice: &'static str,
) -> LedgerFinding {
    LedgerFinding { ledger: guard.ledgers[index].label(), rule, what, advice, rows: true }
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

/// What the server said to one message.
pub(super) type Answer = Result<Vec<Row>, Failure>;

/// The probes of a ledger.
pub(super) struct Probes {
    pub(super) index: usize,
    /// An append, by this role or by another one, before the script and after it.
    pub(super) appends: Vec<(Option<Role>, [String; 2])>,
    pub(super) writes: Option<[String; 2]>,
}

/// A role that is taken on for a probe.
pub(super) struct Role {
    name: String,
    /// The command.
    pub(super) set: String,
}

/// How many other roles an append is tried as.
const ROLES: usize = 2;

pub(super) fn probes(guard: &Guard, before: &Snapshot, watched: &[Watched]) -> Vec<Probes> {
    let of = |it: &Watched| {
        let ledger = &guard.ledgers[it.index];
        // what an older trigger swallows, this script is not to blame for
        let protection = ledger::protection(before, it.index);
        let refuses = protection.weakest().rows() && protection.unproved.is_empty();
        let writes = guard::writes(ledger, before, it.index, &it.key)
            .filter(|_| refuses && it.mark.is_some());
        let append = || {
            let distance = fastrand::u32(1..64);
            guard::append(ledger, before, it.index, &it.key, distance).filter(|_| it.mark.is_some())
        };
        let others = before.of(Some(it.index), FactKind::Role).filter(|(_, role)| {
            let is_other = !role.is("owns") && !role.is("superuser") && role.is("assumable");
            is_other && role.is("appends") && role.is("reads") && role.text("gives").is_empty()
        });
        let others = others
            .map(|(name, _)| Role { name: name.to_owned(), set: format!("SET LOCAL ROLE {name}") });
        let appends = std::iter::once(None)
            .chain(others.take(ROLES).map(Some))
            .filter_map(|role| Some((role, [append()?, append()?])));
        Probes { index: it.index, appends: appends.collect(), writes }
    };
    watched.iter().filter(|_| !guard.unprobed).map(of).collect()
}

/// A probe waits for nobody: it is taken for refused then.
const BRIEFLY: &str = "SET LOCAL lock_timeout = '200ms'";

pub(super) fn push_probe<'a>(
    draft: &mut Draft<'a>,
    task: usize,
    role: Option<&'a Role>,
    sql: &'a str,
) {
    draft.push(task, Phase::Guard, Message::Batch(PROBE));
    draft.push(task, Phase::Guard, Message::Batch(BRIEFLY));
    if let Some(role) = role {
        draft.push(task, Phase::Guard, Message::Batch(&role.set));
    }
    draft.push(task, Phase::Probe, Message::Query(sql, Vec::new()));
    draft.push(task, Phase::Guard, Message::Batch(ROLLBACK_PROBE));
}

/// What the probes found: `answers` go with the draft's parts.
pub(super) fn probed(
    guard: &Guard,
    watched: &[Watched],
    probes: &[Probes],
    draft: &Draft<'_>,
    answers: &[Answer],
    snapshot_at: usize,
) -> Vec<LedgerFinding> {
    let asked: Vec<(usize, &Answer)> = draft
        .parts
        .iter()
        .zip(answers)
        .enumerate()
        .filter(|(_, (part, _))| part.phase == Phase::Probe)
        .map(|(at, (_, answer))| (at, answer))
        .collect();
    let (earlier, later): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|(at, _)| *at < snapshot_at);
    let (mut earlier, mut later) = (earlier.into_iter(), later.into_iter());
    let mut findings = Vec::new();
    for Probes { index, appends, writes } in probes {
        debug_assert!(watched.iter().any(|it| it.index == *index));
        let mut find = |rule, what: String| {
            findings.push(LedgerFinding {
                rows: false,
                ..finding(guard, *index, rule, what, advice::KEEP)
            });
        };
        for (role, _) in appends {
            let by = role.as_ref().map(|role| format!(" by {}", role.name)).unwrap_or_default();
            let worked = earlier.next().map(|(_, it)| it.as_ref());
            let Some(Ok(worked)) = worked.filter(|it| it.is_ok_and(|rows| !rows.is_empty())) else {
                later.next();
                continue;
            };
            match later.next().map(|(_, it)| it.as_ref()) {
                Some(Ok(rows)) if rows.is_empty() => {
                    find(LedgerRule::AppendLost, format!("an event appended{by} is discarded"));
                }
                Some(Ok(rows)) if is_true(worked) && !is_true(rows) => {
                    find(
                        LedgerRule::AppendLost,
                        format!("an event appended{by} is not recorded as it was given"),
                    );
                }
                Some(Err(failure)) if !may_be_others(failure) => {
                    let what = format!(
                        "an event like the newest can no longer be appended{by}: {failure}"
                    );
                    find(LedgerRule::AppendLost, what);
                }
                _ => {}
            }
        }
        for command in writes.iter().flat_map(|_| ["UPDATE", "DELETE"]) {
            match later.next() {
                Some((_, Ok(rows))) if rows.is_empty() => find(
                    LedgerRule::TriggerLost,
                    format!("{command} is silently ignored instead of refused"),
                ),
                Some((_, Ok(_))) => find(
                    LedgerRule::TriggerLost,
                    format!("{command} of the newest event is not refused"),
                ),
                _ => {}
            }
        }
    }
    findings
}

/// Whether an append may fail because of what somebody else does, or because a copy is not unique enough.
fn may_be_others(failure: &Failure) -> bool {
    matches!(failure, Failure::Server(error) if ["23505", "55P03", "40P01", "40001"].iter().any(|it| error.is(it)))
}

/// Whether an append that was tried has set a sequence back: `rows` are its name and what it has reached.
pub(super) fn moved(guard: &Guard, after: &Snapshot, rows: &[Row]) -> Vec<LedgerFinding> {
    let mut findings = Vec::new();
    for index in 0..guard.ledgers.len() {
        for (label, then) in after.of(Some(index), FactKind::Reached) {
            let row = rows.iter().find(|row| row.first() == Some(&Some(label.to_owned())));
            let now = row.and_then(|row| row.get(1).cloned().flatten()?.parse::<i64>().ok());
            if let (Some(then), Some(_)) = (then.number("value"), row)
                && now.is_none_or(|now| now < then)
            {
                let what = format!(
                    "every append sets the sequence {label} back: numbers would be assigned twice"
                );
                findings.push(LedgerFinding {
                    rows: false,
                    ..finding(guard, index, LedgerRule::SequenceChanged, what, advice::APPEND)
                });
            }
        }
    }
    findings
}

/// What counters tell of the rows.
pub(super) fn touched(guard: &Guard, it: &Watched, counted: &ledger::Rows) -> Vec<LedgerFinding> {
    let rows = |count: i64| {
        if count == 1 { "1 row was".to_owned() } else { format!("{count} rows were") }
    };
    let mut findings = Vec::new();
    for (count, done) in [(counted.updated, "updated"), (counted.deleted, "deleted")] {
        if count != 0 {
            findings.push(finding(
                guard,
                it.index,
                LedgerRule::RowsChanged,
                format!("{} {done}", rows(count)),
                advice::CORRECT,
            ));
        }
    }
    findings
}

pub(super) fn changed_rows(guard: &Guard, index: usize) -> LedgerFinding {
    finding(
        guard,
        index,
        LedgerRule::RowsChanged,
        "its rows are not what they were: values were changed, or events are missing".into(),
        advice::CORRECT,
    )
}

/// How many rows were inserted into each ledger so far.
pub(super) fn so_far_of(rows: &[Row]) -> BTreeMap<usize, i64> {
    let number = |row: &Row, at: usize| row.get(at)?.as_ref()?.parse::<i64>().ok();
    let of = |row: &Row| Some((usize::try_from(number(row, 0)?).ok()?, number(row, 1)?));
    rows.iter().filter_map(of).collect()
}

/// How many of them were appends that were tried before the script.
pub(super) fn tried(before: &Snapshot, start: &BTreeMap<usize, i64>, ledger: usize) -> i64 {
    let tables = before.of(Some(ledger), FactKind::Rows);
    let then: i64 = tables.filter_map(|(_, it)| it.number("inserted")).sum();
    start.get(&ledger).map_or(0, |start| start - then)
}

/// A redo that would append the same events twice.
pub(super) fn appended_twice(
    guard: &Guard,
    transaction: &GuardedTransaction<'_>,
    before: &Snapshot,
    start: &BTreeMap<usize, i64>,
    legs: &[Vec<Row>],
) -> Vec<LedgerFinding> {
    let mut seen = start.clone();
    let mut appended: BTreeMap<(usize, &str, bool), i64> = BTreeMap::new();
    for ((_, version, direction), rows) in transaction.legs.iter().zip(legs) {
        for (ledger, total) in so_far_of(rows) {
            let was = seen.insert(ledger, total).unwrap_or_default();
            *appended.entry((ledger, version, *direction == Direction::Up)).or_default() +=
                total - was;
        }
    }
    let again = appended.iter().filter(|((ledger, version, up), count)| {
        let back = appended.get(&(*ledger, *version, false)).copied().unwrap_or_default();
        let is_redone = transaction
            .legs
            .iter()
            .any(|(_, it, direction)| it == version && *direction == Direction::Down);
        *up && **count > 0 && back == 0 && is_redone && ledger::is_guarded(before, *ledger)
    });
    again.map(|((ledger, ..), count)| appended_twice_finding(guard, *ledger, *count)).collect()
}

/// Events that a redo would append once more.
pub(super) fn appended_twice_finding(guard: &Guard, ledger: usize, count: i64) -> LedgerFinding {
    let events = if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
    let what = format!("{events} would be appended a second time: down.sql removes none of them");
    finding(guard, ledger, LedgerRule::AppendedTwice, what, advice::APPENDED_TWICE)
}

/// Whether all that stands in the way may turn out to concern columns that hold nothing.
pub(super) fn may_be_unused(findings: &[LedgerFinding]) -> bool {
    let of_columns = [LedgerRule::ColumnDropped, LedgerRule::ConstraintLost];
    findings.iter().any(|it| it.rule == LedgerRule::ColumnDropped)
        && findings.iter().all(|it| of_columns.contains(&it.rule))
}

/// What a column of `before` is called in `after`.
pub(super) fn now_called(before: &Snapshot, after: &Snapshot, ledger: usize, name: &str) -> String {
    let root = before.root(ledger).map(|(root, _)| root.to_owned()).unwrap_or_default();
    let old = before
        .of(Some(ledger), FactKind::Column)
        .find(|(_, it)| it.text("relation") == root && it.text("name") == name);
    let new = old.and_then(|(object, _)| {
        after.of(Some(ledger), FactKind::Column).find(|(it, _)| *it == object)
    });
    new.map_or_else(|| name.to_owned(), |(_, it)| it.text("name").to_owned())
}

pub(super) fn is_true(rows: &[Row]) -> bool {
    matches!(rows.first().and_then(|row| row.first()), Some(Some(text)) if text == "true")
}

pub(super) fn shown(mark: &[Option<String>]) -> String {
    mark.iter().map(|it| it.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(", ")
}

pub(super) fn surgery(name: &str) -> LedgerFinding {
    LedgerFinding {
        ledger: String::new(),
        rule: LedgerRule::Surgery,
        what: format!(
            "{name} changes pages past every transaction: none of it could be rolled back"
        ),
        advice: "Leave it out. Damaged tables are repaired by hand, with a backup.",
        rows: true,
    }
}
