//! Runs whole migrations in one transaction under the ledger guard.

use std::ops::Range;

use super::{
    Draft, ExecEvent, ExecOptions, Part, Phase, START, Task, TaskError, Tell,
    guarded_transaction::{GuardedTransaction, Owned},
    took_ms,
};
use crate::{
    ledger::{Before, Recorded},
    migration::{
        journal::EntryKind,
        plan::Step,
        source::{Check, Direction, Migration},
    },
    postgres::{
        journal::{Place, Record},
        lock::Locked,
        session::Message,
    },
    words::sql::{Piece, pieces},
};

impl Locked<'_> {
    /// Runs tasks in one transaction under the ledger guard.
    pub(super) async fn run_together_guarded(
        &mut self,
        first: usize,
        tasks: &[Task<'_>],
        exec: &ExecOptions,
        tell: Tell<'_>,
    ) -> Result<Vec<u64>, TaskError> {
        let leading = tasks.first().map_or(0, |task| leading(task, 0..task.statements.len()));
        let mut early = Draft::default();
        for statement in 0..leading {
            let message = Message::Script(tasks[0].text(statement));
            early.push(first, Phase::Statement(statement), message);
        }
        let (settings, settle) = (self.settings_sql("LOCAL"), self.settle_guarded());
        let begin = format!("BEGIN; {settings}");
        let this = &*self;
        let records: Vec<_> =
            tasks.iter().map(|task| (task.step.direction, this.entry(task, exec, None))).collect();
        let (place, clean) = (self.facts().place.clone(), self.clean_sql());
        let asked = |when| -> Vec<Vec<(Phase, String)>> {
            tasks.iter().map(|task| task.asked(when, exec)).collect()
        };
        let (pre, post) = (asked(Check::Before), asked(Check::After));
        let rest = |noted: &str| {
            let mut rest = Vec::new();
            for (offset, (task, (direction, record))) in tasks.iter().zip(&records).enumerate() {
                let at = |phase| Part { task: first + offset, phase };
                let mut from = leading;
                if offset > 0 {
                    from = 0;
                    rest.push((at(Phase::Opening), Owned::Batch(clean.to_owned())));
                    rest.push((at(Phase::Opening), Owned::Query(START.to_owned(), Vec::new())));
                    rest.push((at(Phase::Opening), Owned::Batch(settings.clone())));
                }
                for (phase, sql) in &pre[offset] {
                    rest.push((at(*phase), Owned::Script(sql.clone())));
                }
                for statement in from..task.statements.len() {
                    let message = Owned::Script(task.text(statement).to_owned());
                    rest.push((at(Phase::Statement(statement)), message));
                }
                for (phase, sql) in &post[offset] {
                    rest.push((at(*phase), Owned::Script(sql.clone())));
                }
                rest.push((at(Phase::Settling), Owned::Batch(settle.clone())));
                let mut record = record.clone();
                // what was there before a redo is what was noted when it was first applied
                let first = tasks.iter().find_map(|it| {
                    it.step
                        .noted
                        .filter(|_| it.step.migration.version == task.step.migration.version)
                });
                // where nothing of concern was touched there is nothing to note
                let noted = first.unwrap_or(noted);
                let notes = *direction == Direction::Up && !noted.is_empty();
                record.note = notes.then(|| noted.to_owned());
                let (sql, values) = record.message(&place);
                rest.push((at(Phase::Journal), Owned::Query(sql, values)));
            }
            rest
        };
        let legs = tasks.iter().enumerate().map(|(offset, task)| {
            let version = task.step.migration.version.to_string();
            (first + offset, version, task.step.direction)
        });
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let ups = tasks.iter().filter(|it| it.step.direction == Direction::Up).count();
        let ups = count(ups);
        let single = (tasks.len() == 1).then(|| &tasks[0].step);
        let transaction = GuardedTransaction {
            first,
            begin: Message::Batch(&begin),
            cleans: true,
            leading: early,
            rest: &rest,
            attest: &|note| {
                let task = &tasks[tasks.len() - 1];
                attested(task.step.migration, note, &exec.actor, &place)
            },
            scripts: tasks.iter().flat_map(Task::texts).collect(),
            direction: single.map(|step| step.direction),
            before: single.and_then(|step| before(step)),
            legs: legs.collect(),
            version: single.map(|step| step.migration.version.to_string()),
            written: Recorded {
                journal: (count(tasks.len()), 0),
                diesel: (ups, count(tasks.len()) - ups),
            },
            statements: &|index| tasks[index - first].statements.len(),
        };
        tell(ExecEvent::Started(first));
        let rows = self.run_guarded(&transaction, exec, &mut *tell).await?;
        let took: Vec<u64> = rows.iter().map(|rows| took_ms(rows)).collect();
        for (offset, ms) in took.iter().enumerate() {
            tell(ExecEvent::Done(first + offset, *ms));
        }
        Ok(took)
    }
}

/// The record of what protects the ledgers after a migration.
pub(super) fn attested(
    migration: &Migration,
    note: String,
    actor: &str,
    place: &Place,
) -> (String, Vec<Option<String>>) {
    let mut record = Record::of(migration, EntryKind::Attest, actor);
    record.note = Some(note);
    record.message(place)
}

/// How many of these statements must come before any query: those up to the last one that sets the transaction, if all of them
/// set something, and nobody's role.
pub(super) fn leading(task: &Task<'_>, statements: Range<usize>) -> usize {
    let set = |at: usize| {
        let pieces = pieces(task.text(at)).unwrap_or_default();
        let mut words = pieces.iter().filter_map(|it| match it {
            Piece::Word(word) => Some(word.as_str()),
            _ => None,
        });
        let is_set = words.next() == Some("set");
        let name = words.find(|it| !matches!(*it, "local" | "session")).unwrap_or_default();
        let sets_role = matches!(name, "role" | "authorization" | "constraints");
        let of_transaction = name.starts_with("transaction") || name == "characteristics";
        (is_set && !sets_role).then_some(of_transaction)
    };
    let set: Vec<bool> = statements.map_while(set).collect();
    set.iter().rposition(|of_transaction| *of_transaction).map_or(0, |last| last + 1)
}

/// What was there before a migration was applied, as its entry noted it.
pub(super) fn before(step: &Step<'_>) -> Option<Before> {
    serde_json::from_str(step.noted?).ok()
}
