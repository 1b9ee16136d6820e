//! The ledger guard around the statements of a script without a transaction.

use std::collections::BTreeSet;

use crate::{
    ledger::{self, Context, Recorded, Snapshot},
    migration::plan::Unit,
    postgres::{
        exec::{
            Cause, Draft, Part, Phase, TaskError, alone,
            guarded_transaction::{GuardedTransaction, Owned},
            together,
        },
        session::{Failure, Message},
    },
    report::{ledger_finding::LedgerFinding, rule::LedgerRule},
};

use super::Run;

impl Run<'_, '_, '_, '_> {
    /// Runs a unit in a transaction of its own, under the ledger guard.
    pub(super) async fn unit_guarded(&mut self, unit: &Unit) -> Result<(), TaskError> {
        let first = unit.statements.start;
        let (index, task) = (self.index, self.task);
        let mut statements = unit.statements.clone();
        let begin = if unit.is_block {
            statements.start += 1;
            Message::Script(task.text(first))
        } else {
            Message::Batch("BEGIN")
        };
        let record = self.progress(self.direction().1, unit.done, unit.done, None);
        let settle = self.locked.settle_guarded();
        let mut early = Draft::default();
        for statement in statements.clone().take(together::leading(task, statements.clone())) {
            let message = Message::Script(task.text(statement));
            early.push(index, Phase::Statement(statement), message);
            statements.start = statement + 1;
        }
        let noted = &self.noted;
        let rest = |before: &str| {
            noted.get_or_init(|| before.to_owned());
            let at = |phase| Part { task: index, phase };
            let script = statements.clone().map(|statement| {
                let message = Owned::Script(task.text(statement).to_owned());
                (at(Phase::Statement(statement)), message)
            });
            let end = [
                (at(Phase::Settling), Owned::Batch(settle.clone())),
                (at(Phase::Journal), Owned::Query(record.0.clone(), record.1.clone())),
            ];
            script.chain(end).collect()
        };
        let total = task.statements.len();
        let (actor, place) = (self.exec.actor.clone(), self.locked.facts().place.clone());
        let transaction = GuardedTransaction {
            first: index,
            begin,
            cleans: false,
            leading: early,
            rest: &rest,
            attest: &|note| together::attested(task.step.migration, note, &actor, &place),
            scripts: unit.statements.clone().map(|at| task.text(at)).collect(),
            direction: Some(task.step.direction),
            before: together::before(task.step),
            legs: Vec::new(),
            written: Recorded { journal: (1, 0), ..Recorded::default() },
            version: Some(task.step.migration.version.to_string()),
            statements: &|_| total,
        };
        let ran = self.locked.run_guarded(&transaction, self.exec, &mut *self.tell).await;
        match ran {
            Ok(_) => Ok(()),
            // it cannot run in a transaction, and has had no effect in this one
            Err(TaskError { cause: Cause::Failed(Failure::Server(error)), .. })
                if !unit.is_block && (error.is("25001") || error.is("2D000")) =>
            {
                self.alone(unit, None).await
            }
            Err(error) => Err(TaskError { committed: self.done, ..error }),
        }
    }

    /// Whether a statement that runs outside of any transaction leaves ledgers alone: nothing of it could be rolled back.
    pub(super) async fn demand_harmless(
        &mut self,
        statement: usize,
    ) -> Result<Option<Snapshot>, TaskError> {
        let guard = &self.exec.guard;
        if !guard.is_on() {
            return Ok(None);
        }
        let phase = Phase::Statement(statement);
        let before = self.locked.look_around(guard, None).await;
        let before = before.map_err(|failure| self.error(phase, failure.into()))?;
        let noted = guard.noted(&before);
        self.noted.get_or_init(|| noted);
        if !(0..guard.ledgers.len()).any(|ledger| ledger::is_guarded(&before, ledger)) {
            return Ok(None);
        }
        let (text, kind) = (self.task.text(statement), &self.task.statements[statement].kind);
        let why = alone::refused(self.locked, kind, text, guard, &before).await;
        let why = why.map_err(|failure| self.error(phase, failure.into()))?;
        match why {
            None => Ok(Some(before)),
            Some(why) => {
                let finding = LedgerFinding {
                    ledger: String::new(),
                    rule: LedgerRule::WithoutTransaction,
                    what: format!(
                        "what runs outside of a transaction cannot be rolled back: {why}"
                    ),
                    advice: "Run it in a migration with a transaction, where the rows are compared. Without one, only CREATE, DROP and REINDEX INDEX CONCURRENTLY, VACUUM, CLUSTER and the like are let through, and only where they reach no function of your own.",
                    rows: true,
                };
                Err(self.error(phase, Cause::Refused(vec![finding])))
            }
        }
    }

    /// Looks at the ledgers after a statement outside of any transaction.
    pub(super) async fn demand_unchanged(
        &mut self,
        statement: usize,
        before: &Snapshot,
    ) -> Result<(), TaskError> {
        let guard = &self.exec.guard;
        let phase = Phase::Statement(statement);
        let after = self.locked.look_around(guard, Some(before)).await;
        let after = after.map_err(|failure| self.error(phase, failure.into()))?;
        let context = Context {
            ledgers: &guard.ledgers,
            before: None,
            unused: &BTreeSet::new(),
            written: Recorded::default(),
            replaces_triggers: true,
        };
        let mut findings = ledger::judge(before, &after, &context);
        findings.retain(|finding| finding.rule != LedgerRule::TransactionLeft);
        if findings.is_empty() {
            if let Some(note) = guard.attestation(before, &after) {
                let place = self.locked.facts().place.clone();
                let migration = self.task.step.migration;
                let record = together::attested(migration, note, &self.exec.actor, &place);
                self.write(&record).await?;
            }
            Ok(())
        } else {
            Err(TaskError {
                committed: statement + 1,
                ..self.error(phase, Cause::Refused(findings))
            })
        }
    }
}
