//! Runs a transaction under the ledger guard, in the order in which nothing can run after the check.
//!
//! Lock and snapshot; the script, its end and the journal entry; the end once more; snapshot and probes; then, and only if
//! everything is as it was, COMMIT. What counters and files cannot tell is found out by running again with a fingerprint.

use super::{
    CLEAN_KEEPING, Cause, Draft, ExecEvent, ExecOptions, Part, Phase, TaskError, Tell,
    guarded_transaction::{CheckLevel, Failed, GuardedTransaction},
    verdict::{
        appended_twice, appended_twice_finding, changed_rows, may_be_unused, moved, now_called,
        probed, probes, push_probe, so_far_of, surgery, touched, tried, watched,
    },
};
use crate::{
    ledger::{self, Context, Snapshot},
    migration::source::Direction,
    postgres::{
        guard::{self, Guard, Numbers},
        lock::Locked,
        session::{COMMIT, Failure, Message, Row},
    },
    report::{ledger_finding::LedgerFinding, rule::LedgerRule},
    words::sql::pieces,
};

/// What the server says of prepared statements.
#[derive(Debug, Clone, Copy)]
struct Prepared {
    /// Whether the kept query is as we prepared it.
    is_ours: bool,
    /// Whether there are others.
    others: bool,
}

impl Prepared {
    fn read(rows: Option<Vec<Row>>) -> Self {
        let row = rows.and_then(|rows| rows.into_iter().next()).unwrap_or_default();
        let count = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        Self { is_ours: count(0) == "1", others: count(1) != "0" }
    }
}

/// invalid_sql_statement_name: there is no such prepared statement.
pub(super) const FORGOTTEN: &str = "26000";

/// What a try led to.
pub(super) enum Outcome {
    Committed { rows: Vec<Vec<Row>>, parts: Vec<Part>, has_appended: bool },
    Again(CheckLevel),
    Refused(Vec<LedgerFinding>),
}

/// How many rows a fingerprint is of.
fn rows_in(fingerprint: &Row) -> u64 {
    let count = fingerprint.first().and_then(|it| it.as_deref());
    count.and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// Whether a statement may write a trigger that stays as it was.
fn replaces_triggers(script: &str) -> bool {
    let pieces = pieces(script).unwrap_or_default();
    pieces
        .windows(2)
        .any(|pair| pair[0].is("replace") && (pair[1].is("trigger") || pair[1].is("constraint")))
}

impl Locked<'_> {
    /// Runs a transaction under the guard. Gives the rows of its journal entries.
    pub(super) async fn run_guarded(
        &mut self,
        transaction: &GuardedTransaction<'_>,
        exec: &ExecOptions,
        tell: Tell<'_>,
    ) -> Result<Vec<Vec<Row>>, TaskError> {
        // between the tasks of one transaction, and within a migration without one, a script's statements are in the way
        let mut level = CheckLevel {
            plain: transaction.legs.len() > 1 || !transaction.cleans,
            ..CheckLevel::default()
        };
        let mut attempt = 1;
        let mut numbers = Numbers::default();
        if let Some(name) = transaction.scripts.iter().find_map(|script| ledger::surgery(script)) {
            return Err(TaskError {
                task: transaction.first,
                phase: Phase::Guard,
                cause: Cause::Refused(vec![surgery(name)]),
                committed: 0,
            });
        }
        loop {
            self.known = None;
            let ran =
                self.try_guarded(transaction, &exec.guard, level, &mut numbers, &mut *tell).await;
            match ran {
                Ok(Outcome::Committed { rows, parts, has_appended }) => {
                    if let (Some(Direction::Down), Some(version)) =
                        (transaction.direction, &transaction.version)
                    {
                        *self.reverted.entry(version.clone()).or_default() |= has_appended;
                    }
                    let journal =
                        parts.iter().zip(rows).filter(|(part, _)| part.phase == Phase::Journal);
                    return Ok(journal.map(|(_, rows)| rows).collect());
                }
                Ok(Outcome::Again(more)) => {
                    self.roll_back(transaction.cleans, &numbers).await;
                    if more != level {
                        tell(ExecEvent::Comparing(transaction.first));
                    }
                    level = more;
                }
                Ok(Outcome::Refused(findings)) => {
                    self.roll_back(transaction.cleans, &numbers).await;
                    return Err(TaskError {
                        task: transaction.first,
                        phase: Phase::Guard,
                        cause: Cause::Refused(findings),
                        committed: 0,
                    });
                }
                Err((part, failure)) => {
                    self.roll_back(transaction.cleans, &numbers).await;
                    let paused = self
                        .pause_after(part.task, failure.into(), attempt, exec, &mut *tell)
                        .await;
                    paused.map_err(|cause| TaskError {
                        task: part.task,
                        phase: part.phase,
                        cause,
                        committed: 0,
                    })?;
                    attempt += 1;
                }
            }
        }
    }

    /// Ends a transaction that is not to be. Where the connection is lost, the server does so.
    pub(super) async fn roll_back(&mut self, cleans: bool, numbers: &Numbers) {
        let put_back = numbers.put_back();
        let mut messages = vec![Message::Batch("ROLLBACK")];
        if let Some(put_back) = &put_back {
            messages.push(Message::Batch("RESET default_transaction_read_only"));
            messages.push(Message::Batch(put_back));
        }
        if cleans {
            messages.push(Message::Batch(self.clean_sql()));
        }
        self.session.forget();
        let replies = self.session.exchange_undisturbed(&messages).await;
        self.is_clean = cleans && replies.last().is_some_and(Result::is_ok);
    }

    /// Takes a snapshot outside of any transaction.
    pub(super) async fn look_around(
        &mut self,
        guard: &Guard,
        before: Option<&Snapshot>,
    ) -> Result<Snapshot, Failure> {
        let facts = self.facts().clone();
        guard.observe(&mut self.session, &facts, before).await
    }

    async fn try_guarded(
        &mut self,
        transaction: &GuardedTransaction<'_>,
        guard: &Guard,
        level: CheckLevel,
        numbers: &mut Numbers,
        tell: Tell<'_>,
    ) -> Result<Outcome, Failed> {
        let at = |phase| Part { task: transaction.first, phase };
        let (place, version) = (self.facts().place.schema.clone(), self.facts().server_version);
        let settings = guard::fixed_settings();
        let lock = guard.lock(level.exact || level.unused);
        let question = guard.snapshot(&place, version, None);
        if !level.plain {
            let kept = self.session.keep(&question.0, question.1.len()).await;
            kept.map_err(|failure| (at(Phase::Opening), failure))?;
        }
        let mut draft = Draft::default();
        draft.push(transaction.first, Phase::Opening, transaction.begin.clone());
        draft.messages.extend(transaction.leading.messages.iter().cloned());
        draft.parts.extend(transaction.leading.parts.iter().copied());
        draft.push(transaction.first, Phase::Opening, Message::Batch(&lock));
        draft.push(transaction.first, Phase::Opening, Message::Batch(guard::LOOK));
        draft.push(transaction.first, Phase::Opening, Message::Batch(&settings));
        draft.push(transaction.first, Phase::Opening, Message::Query(guard::PREPARED, Vec::new()));
        draft.push(
            transaction.first,
            Phase::Opening,
            Message::Kept(&question.0, question.1.clone()),
        );
        let replies = self.send(&draft, transaction.statements, &mut *tell).await;
        let mut replies = match replies {
            Err((part, Failure::Server(error)))
                if part.phase == Phase::Opening && error.is(FORGOTTEN) && self.session.keeps() =>
            {
                return Ok(Outcome::Again(level.without_kept()));
            }
            replies => replies?,
        };
        let before = Snapshot::read(replies.pop().unwrap_or_default());
        if self.session.keeps() && !Prepared::read(replies.pop()).is_ours {
            return Ok(Outcome::Again(level.without_kept()));
        }

        *numbers = Numbers::of(guard, &before);
        let session = before.session();
        let by_hand = session.is("superuser") || session.text("counts") != "on";
        let mut watched = watched(guard, &before);
        if by_hand && !watched.is_empty() {
            // a superuser can do everything without a trace: only the rows themselves tell. While they are looked at nobody
            // appends; the end of the look gives the lock back, as the script may append over a connection of its own
            let strong = guard.lock(true);
            self.ask(at(Phase::Opening), &Message::Batch(&strong)).await?;
        }
        // nobody can prepare for a seed that is not known
        let seed = fastrand::i64(..);
        let unused = self
            .check_rows_before(
                guard,
                &before,
                &mut watched,
                level,
                by_hand,
                seed,
                at(Phase::Opening),
            )
            .await?;

        // the script, its end, the journal, the end once more
        let noted = guard.noted(&before);
        let rest = (transaction.rest)(&noted);
        let settle = self.settle_guarded();
        let probes = probes(guard, &before, &watched);
        let question = guard.snapshot(&place, version, Some(&before));
        let (so_far, so_far_values) = guard::appended_so_far(guard);
        let mut draft = Draft::default();
        for (role, [first, _]) in probes.iter().flat_map(|it| &it.appends) {
            push_probe(&mut draft, transaction.first, role.as_ref(), first);
        }
        // the server counts what is taken back, too
        let start_at = draft.messages.len();
        draft.push(transaction.first, Phase::Guard, Message::Query(so_far, so_far_values.clone()));
        draft.push(transaction.first, Phase::Opening, Message::Batch(guard::LOOKED));
        let mut legs_at = Vec::new();
        for (part, message) in &rest {
            draft.push(part.task, part.phase, message.message());
            if part.phase == Phase::Journal && !transaction.legs.is_empty() {
                legs_at.push(draft.messages.len());
                draft.push(part.task, Phase::Guard, Message::Query(so_far, so_far_values.clone()));
            }
        }
        let last = rest.last().map_or(transaction.first, |(part, _)| part.task);
        draft.push(last, Phase::Settling, Message::Batch(&settle));
        draft.push(last, Phase::Settling, Message::Batch(&settings));
        draft.push(last, Phase::Guard, Message::Batch(guard::QUIET));
        draft.push(last, Phase::Guard, Message::Query(guard::PREPARED, Vec::new()));
        draft.push(last, Phase::Guard, Message::Kept(&question.0, question.1.clone()));
        let snapshot_at = draft.messages.len() - 1;
        for it in &probes {
            for (role, [_, second]) in &it.appends {
                push_probe(&mut draft, last, role.as_ref(), second);
            }
            for write in it.writes.iter().flatten() {
                push_probe(&mut draft, last, None, write);
            }
        }
        let (now, values) = numbers.now();
        draft.push(last, Phase::Guard, Message::Query(now, values));
        let answers = self.send_probing(&draft, transaction.statements, &mut *tell).await;
        let answers = match answers {
            // the script has told the server to forget it
            Err((part, Failure::Server(error)))
                if part.phase == Phase::Guard && error.is(FORGOTTEN) && self.session.keeps() =>
            {
                return Ok(Outcome::Again(level.without_kept()));
            }
            answers => answers?,
        };
        let mut answers = answers;
        let rows: Vec<Vec<Row>> = answers.iter().map(|it| it.clone().unwrap_or_default()).collect();
        let after = Snapshot::read(rows[snapshot_at].clone());
        let prepared = Prepared::read(rows.get(snapshot_at - 1).cloned());
        if self.session.keeps() && !prepared.is_ours {
            return Ok(Outcome::Again(level.without_kept()));
        }

        let mut later: Vec<_> = draft
            .parts
            .iter()
            .zip(&mut answers)
            .skip(snapshot_at)
            .filter(|(part, _)| part.phase == Phase::Probe)
            .map(|(_, answer)| answer)
            .collect();
        let sides = (&before, &after);
        self.append_again(guard, &watched, &probes, sides, &mut later, at(Phase::Guard)).await?;

        let context = Context {
            ledgers: &guard.ledgers,
            before: transaction
                .before
                .as_ref()
                .filter(|_| transaction.direction == Some(Direction::Down)),
            unused: &unused,
            written: transaction.written,
            replaces_triggers: transaction.scripts.iter().any(|it| replaces_triggers(it)),
        };
        let mut findings = ledger::judge(&before, &after, &context);
        if !level.unused && may_be_unused(&findings) {
            return Ok(Outcome::Again(CheckLevel { unused: true, ..level }));
        }
        findings.extend(probed(guard, &watched, &probes, &draft, &answers, snapshot_at));
        findings.extend(moved(guard, &after, rows.last().map(Vec::as_slice).unwrap_or_default()));
        let legs: Vec<Vec<Row>> = legs_at.iter().map(|at| rows[*at].clone()).collect();
        let start = so_far_of(&rows[start_at]);
        findings.extend(appended_twice(guard, transaction, &before, &start, &legs));
        // once more, where only what was written can tell: a rewrite, or a type that a person allows
        let wants_exact =
            guard.allow.is_some() && findings.iter().any(|it| it.rule == LedgerRule::ColumnType);
        let is_again = transaction.direction == Some(Direction::Up)
            && transaction.version.as_ref().is_some_and(|it| self.reverted.get(it) == Some(&false));
        let mut has_appended = false;
        let mut told = Vec::new();
        let mut asks_rows = wants_exact;
        for it in &mut watched {
            let mut counted = ledger::rows(&before, &after, it.index);
            counted.inserted -= tried(&before, &start, it.index);
            let counts = touched(guard, it, &counted);
            asks_rows |= !counted.rewritten.is_empty() || !counts.is_empty();
            let is_there = after.root(it.index).is_some();
            has_appended |= counted.inserted > 0;
            if is_again && counted.inserted > 0 {
                findings.push(appended_twice_finding(guard, it.index, counted.inserted));
            }
            if is_there {
                findings.extend(
                    self.appends(guard, it, &before, &after, &counted, at(Phase::Guard)).await?,
                );
            }
            if !level.exact {
                told.extend(counts.clone());
            }
            if it.fingerprint.is_none() || !is_there {
                continue;
            }
            // a column that held nothing may be gone; the others are compared as they are called now
            let compared: Vec<i64> = it.columns.iter().map(|column| column.number).collect();
            it.columns = guard::columns(&before, &after, it.index);
            it.columns.retain(|column| compared.contains(&column.number));
            for (name, _) in &mut it.key {
                *name = now_called(&before, &after, it.index, name);
            }
            if !level.exact && it.columns.iter().any(|column| column.is_recast) {
                asks_rows = true;
                continue;
            }
            let is_same = it.columns.len() == compared.len() && {
                // a rewrite makes every row one of this transaction
                let appended = counted.inserted != 0 && counted.rewritten.is_empty();
                let now = self
                    .fingerprint(guard, it, appended, level.exact, seed, at(Phase::Guard))
                    .await?;
                let then = it.fingerprint.as_ref();
                // more rows than there were: somebody may have appended under an older number, whom only a lock keeps out
                if !level.exact && then.is_some_and(|then| rows_in(&now) > rows_in(then)) {
                    asks_rows = true;
                    continue;
                }
                Some(&now) == then
            };
            if !is_same {
                // what was rolled back to a savepoint was counted as well: now it is known that it was not
                let is_counted = !counts.is_empty();
                findings.extend(counts);
                if !is_counted {
                    findings.push(changed_rows(guard, it.index));
                }
            }
        }
        let blocks = |it: &LedgerFinding| {
            it.rule != LedgerRule::ColumnType && (it.rows || guard.allow.is_none())
        };
        if asks_rows && !level.exact && !watched.is_empty() {
            if !findings.iter().any(blocks) {
                return Ok(Outcome::Again(CheckLevel { exact: true, ..level }));
            }
            findings.extend(told);
        }
        if level.exact && guard.allow.is_some() {
            // what was compared value by value, in the type that it had, is allowed to change its type
            for finding in &mut findings {
                finding.rows &= finding.rule != LedgerRule::ColumnType;
            }
        }
        if guard.allow.is_some() {
            findings.retain(|finding| finding.rows);
        }
        findings.sort();
        findings.dedup();
        if !findings.is_empty() {
            return Ok(Outcome::Refused(findings));
        }
        let left = guard.attestation(&before, &after).map(transaction.attest);
        let mut ending = Draft::default();
        if let Some((sql, values)) = &left {
            ending.push(last, Phase::Commit, Message::Query(sql, values.clone()));
        }
        ending.push(last, Phase::Commit, Message::Batch(COMMIT));
        if transaction.cleans {
            let clean = if self.session.keeps() && !prepared.others {
                CLEAN_KEEPING
            } else {
                self.session.forget();
                self.clean_sql()
            };
            ending.push(last, Phase::Afterwards, Message::Batch(clean));
        }
        self.send(&ending, transaction.statements, tell).await?;
        Ok(Outcome::Committed { rows, parts: draft.parts, has_appended })
    }
}
