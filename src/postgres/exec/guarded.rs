//! Runs a transaction under the ledger guard, in the order in which nothing can run after the check.
//!
//! Lock and snapshot; the script, its end and the journal entry; the end once more; snapshot and probes; then, and only if
//! everything is as it was, COMMIT. What counters and files cannot tell is found out by running again with a fingerprint.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, Cause, Draft, Happening, Manner, Part, TaskError, Tell, settle};
use crate::{
    ledger::{self, Before, Context, Finding, Kind, Snapshot},
    migration::source::Direction,
    postgres::{
        guard::{self, Guard, Key},
        lock::Locked,
        session::{COMMIT, Failure, Message, PROBE, ROLLBACK_PROBE, Row},
    },
};

/// A transaction that is to be guarded.
pub(super) struct Body<'b> {
    /// The task that failures before the first statement belong to.
    pub(super) first: usize,
    /// What opens the transaction and sets its settings.
    pub(super) begin: Message<'b>,
    /// Whether the session is cleaned afterwards: it is, except within a migration without a transaction.
    pub(super) cleans: bool,
    /// Statements that must come before any query: SET TRANSACTION.
    pub(super) leading: Draft<'b>,
    /// The statements and journal entries, made with what is to be noted of the ledgers.
    pub(super) rest: &'b (dyn Fn(&str) -> Vec<(Part, Owned)> + Sync),
    /// The direction, where it is one.
    pub(super) direction: Option<Direction>,
    /// What was there before the migration was applied, where it is reverted.
    pub(super) before: Option<Before>,
    /// The legs of a redo, by task: which version goes which way.
    pub(super) legs: Vec<(usize, String, Direction)>,
    /// How many statements a task has.
    pub(super) statements: &'b (dyn Fn(usize) -> usize + Sync),
}

/// A message that owns its text.
#[derive(Debug, Clone)]
pub(super) enum Owned {
    Script(String),
    Batch(String),
    Query(String, Vec<Option<String>>),
}

impl Owned {
    fn message(&self) -> Message<'_> {
        match self {
            Self::Script(sql) => Message::Script(sql),
            Self::Batch(sql) => Message::Batch(sql),
            Self::Query(sql, values) => Message::Query(sql, values.clone()),
        }
    }
}

/// How much is looked at, from the cheapest to what an earlier try has asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Care {
    /// Rows are compared by an exact fingerprint.
    exact: bool,
    /// It is looked whether columns hold anything.
    unused: bool,
}

/// What a try led to.
enum Outcome {
    Committed(Vec<Vec<Row>>, Vec<Part>),
    Again(Care),
    Refused(Vec<Finding>),
}

/// A guarded ledger: its number, the columns that order it, and its largest key.
struct Watched {
    index: usize,
    key: Key,
    mark: Option<Row>,
    columns: Vec<guard::Column>,
    fingerprint: Option<Row>,
    appends: bool,
}

/// What fails a try.
type Failed = (Part, Failure);

impl Locked<'_> {
    /// Runs a body under the guard. Gives the rows of its journal entries.
    pub(super) async fn run_guarded(
        &mut self,
        body: &Body<'_>,
        manner: &Manner,
        tell: Tell<'_>,
    ) -> Result<Vec<Vec<Row>>, TaskError> {
        let mut care = Care::default();
        let mut attempt = 1;
        loop {
            let tried = self
                .try_guarded(body, &manner.guard, care, &mut *tell)
                .await;
            match tried {
                Ok(Outcome::Committed(rows, parts)) => {
                    let journal = parts
                        .iter()
                        .zip(rows)
                        .filter(|(part, _)| part.at == At::Journal);
                    return Ok(journal.map(|(_, rows)| rows).collect());
                }
                Ok(Outcome::Again(more)) => {
                    self.roll_back(body.cleans).await;
                    tell(Happening::Comparing(body.first));
                    care = more;
                }
                Ok(Outcome::Refused(findings)) => {
                    self.roll_back(body.cleans).await;
                    return Err(TaskError {
                        task: body.first,
                        at: At::Guard,
                        cause: Cause::Refused(findings),
                        committed: 0,
                    });
                }
                Err((part, failure)) => {
                    self.roll_back(body.cleans).await;
                    let paused = self
                        .pause_after(part.task, failure.into(), attempt, manner, &mut *tell)
                        .await;
                    paused.map_err(|cause| TaskError {
                        task: part.task,
                        at: part.at,
                        cause,
                        committed: 0,
                    })?;
                    attempt += 1;
                }
            }
        }
    }

    /// Ends a transaction that is not to be. Where the connection is lost, the server does so.
    async fn roll_back(&mut self, cleans: bool) {
        let mut messages = vec![Message::Batch("ROLLBACK")];
        if cleans {
            messages.push(Message::Batch(self.clean_sql()));
        }
        let replies = self.session.exchange_undisturbed(&messages).await;
        self.is_clean = cleans && replies.iter().all(Result::is_ok);
    }

    /// Takes a snapshot outside of any transaction.
    pub(super) async fn look_around(
        &mut self,
        guard: &Guard,
        before: Option<&Snapshot>,
    ) -> Result<Snapshot, Failure> {
        let (sql, values) = guard.snapshot(
            &self.facts().place.schema,
            self.facts().server_version,
            before,
        );
        let pins = guard::pins();
        let messages = [
            Message::Batch("BEGIN"),
            Message::Batch(&pins),
            Message::Query(&sql, values),
            Message::Batch("ROLLBACK"),
        ];
        let mut rows = Vec::new();
        let mut failed = None;
        for reply in self.session.exchange_undisturbed(&messages).await {
            match reply {
                Ok(reply) => rows.extend(reply),
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        failed.map_or_else(|| Ok(Snapshot::read(rows)), Err)
    }

    async fn try_guarded(
        &mut self,
        body: &Body<'_>,
        guard: &Guard,
        care: Care,
        tell: Tell<'_>,
    ) -> Result<Outcome, Failed> {
        let at = |at| Part {
            task: body.first,
            at,
        };
        let (place, version) = (
            self.facts().place.schema.clone(),
            self.facts().server_version,
        );
        let pins = guard::pins();
        let lock = guard.lock(care.exact || care.unused);
        let question = guard.snapshot(&place, version, None);
        let mut draft = Draft::default();
        draft.push(body.first, At::Opening, body.begin.clone());
        draft.messages.extend(body.leading.messages.iter().cloned());
        draft.parts.extend(body.leading.parts.iter().copied());
        draft.push(body.first, At::Opening, Message::Batch(&lock));
        draft.push(body.first, At::Opening, Message::Batch(guard::LOOK));
        draft.push(body.first, At::Opening, Message::Batch(&pins));
        draft.push(
            body.first,
            At::Opening,
            Message::Query(&question.0, question.1.clone()),
        );
        let mut replies = self.send(&draft, body.statements, &mut *tell).await?;
        let before = Snapshot::read(replies.pop().unwrap_or_default());

        let session = before.session();
        let by_hand = session.is("superuser") || session.text("counts") != "on";
        let mut watched = watched(guard, &before);
        if by_hand && !watched.is_empty() {
            // a superuser can do everything without a trace: only the rows themselves tell
            let strong = guard.lock(true);
            for message in [guard::LOOKED, &strong, guard::LOOK, &pins] {
                self.ask(at(At::Opening), &Message::Batch(message)).await?;
            }
        }
        let seeds = [fastrand::i64(..), fastrand::i64(..)];
        let unused = self
            .look(
                guard,
                &before,
                &mut watched,
                care,
                by_hand,
                seeds,
                at(At::Opening),
            )
            .await?;

        // the script, its end, the journal, the end once more
        let noted = serde_json::to_string(&Before::of(&before)).unwrap_or_default();
        let rest = (body.rest)(&noted);
        let settle = settle();
        let probes = probes(guard, &before, &watched);
        let question = guard.snapshot(&place, version, Some(&before));
        let (so_far, so_far_values) = guard::appended_so_far(guard);
        let mut draft = Draft::default();
        for (_, append, _) in &probes {
            push_probe(&mut draft, body.first, append.as_deref());
        }
        draft.push(body.first, At::Opening, Message::Batch(guard::LOOKED));
        let mut legs_at = Vec::new();
        for (part, message) in &rest {
            draft.push(part.task, part.at, message.message());
            if part.at == At::Journal && !body.legs.is_empty() {
                legs_at.push(draft.messages.len());
                draft.push(
                    part.task,
                    At::Guard,
                    Message::Query(so_far, so_far_values.clone()),
                );
            }
        }
        let last = rest.last().map_or(body.first, |(part, _)| part.task);
        draft.push(last, At::Settling, Message::Batch(&settle));
        draft.push(last, At::Settling, Message::Batch(&pins));
        draft.push(
            last,
            At::Guard,
            Message::Query(&question.0, question.1.clone()),
        );
        let snapshot_at = draft.messages.len() - 1;
        for (_, append, writes) in &probes {
            push_probe(&mut draft, last, append.as_deref());
            for write in writes.iter().flatten() {
                push_probe(&mut draft, last, Some(write));
            }
        }
        let answers = self
            .send_probing(&draft, body.statements, &mut *tell)
            .await?;
        let rows: Vec<Vec<Row>> = answers
            .iter()
            .map(|it| it.clone().unwrap_or_default())
            .collect();
        let after = Snapshot::read(rows[snapshot_at].clone());

        let context = Context {
            ledgers: &guard.ledgers,
            before: body
                .before
                .as_ref()
                .filter(|_| body.direction == Some(Direction::Down)),
            unused: &unused,
        };
        let mut findings = ledger::judge(&before, &after, &context);
        if !care.unused && may_be_unused(&findings) {
            return Ok(Outcome::Again(Care {
                unused: true,
                ..care
            }));
        }
        findings.extend(probed(
            guard,
            &watched,
            &probes,
            &draft,
            &answers,
            snapshot_at,
        ));
        let legs: Vec<Vec<Row>> = legs_at.iter().map(|at| rows[*at].clone()).collect();
        findings.extend(twice(guard, body, &before, &legs));
        // once more, where only what was written can tell: a rewrite, or a type that a person allows
        let wants_exact =
            guard.allow.is_some() && findings.iter().any(|it| it.rule == "column-type");
        let mut is_rewritten = false;
        for it in &mut watched {
            let counted = ledger::rows(&before, &after, it.index);
            findings.extend(touched(guard, it, &counted));
            is_rewritten |= !counted.rewritten.is_empty();
            if after.root(it.index).is_none() {
                continue;
            }
            findings.extend(
                self.numbered(guard, it.index, &before, &after, at(At::Guard))
                    .await?,
            );
            if counted.inserted != 0 || !counted.attached.is_empty() {
                findings.extend(
                    self.backdated(guard, it, &before, &after, &counted, at(At::Guard))
                        .await?,
                );
            }
            if it.fingerprint.is_some() {
                let kept = it.columns.clone();
                it.columns = guard::columns(&before, &after, it.index);
                if it.columns.len() != kept.len() {
                    // a column that held nothing went: what is left must be as it was, which the exact one of the rest tells
                    let unused_only = kept.len() - it.columns.len()
                        <= unused
                            .iter()
                            .filter(|(ledger, _)| *ledger == it.index)
                            .count();
                    if !unused_only {
                        continue;
                    }
                }
                let now = self
                    .fingerprint(guard, it, care.exact, seeds, at(At::Guard))
                    .await?;
                if Some(&now) != it.fingerprint.as_ref() {
                    findings.push(changed_rows(guard, it.index));
                }
            }
        }
        let blocking = findings.iter().any(|it| it.rule != "column-type");
        if (is_rewritten || wants_exact) && !care.exact && !blocking && !watched.is_empty() {
            return Ok(Outcome::Again(Care {
                exact: true,
                ..care
            }));
        }
        if care.exact && guard.allow.is_some() {
            // what was compared value by value, in the type that it had, is allowed to change its type
            for finding in &mut findings {
                finding.rows &= finding.rule != "column-type";
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
        let mut ending = Draft::default();
        ending.push(last, At::Commit, Message::Batch(COMMIT));
        if body.cleans {
            ending.push(last, At::Afterwards, Message::Batch(self.clean_sql()));
        }
        self.send(&ending, body.statements, tell).await?;
        Ok(Outcome::Committed(rows, draft.parts))
    }

    /// Marks, fingerprints and unused columns, before the script.
    #[expect(clippy::too_many_arguments, reason = "one step of a longer one")]
    async fn look(
        &mut self,
        guard: &Guard,
        before: &Snapshot,
        watched: &mut [Watched],
        care: Care,
        by_hand: bool,
        seeds: [i64; 2],
        part: Part,
    ) -> Result<BTreeSet<(usize, i64)>, Failed> {
        let mut unused = BTreeSet::new();
        for it in watched.iter_mut() {
            let ledger = &guard.ledgers[it.index];
            if !it.key.is_empty() {
                let rows = self
                    .ask(
                        part,
                        &Message::Query(&guard::mark(ledger, &it.key), Vec::new()),
                    )
                    .await?;
                it.mark = rows.into_iter().next();
            }
            if care.unused {
                for (_, column) in before.of(Some(it.index), Kind::Column) {
                    let root = before
                        .root(it.index)
                        .map(|(root, _)| root)
                        .unwrap_or_default();
                    let is_open = column.text("relation") == root && !column.is("dropped");
                    if !is_open || !column.text("generated").is_empty() {
                        continue;
                    }
                    let sql = guard::is_unused(ledger, column);
                    let rows = self.ask(part, &Message::Query(&sql, Vec::new())).await?;
                    if is_true(&rows) {
                        unused.insert((it.index, column.number("number").unwrap_or_default()));
                    }
                }
            }
            if care.exact || by_hand {
                it.columns = guard::columns(before, before, it.index)
                    .into_iter()
                    .filter(|column| {
                        let mut columns = before.of(Some(it.index), Kind::Column);
                        let number = columns.find(|(_, fact)| fact.text("name") == column.name);
                        let number = number
                            .and_then(|(_, fact)| fact.number("number"))
                            .unwrap_or_default();
                        !unused.contains(&(it.index, number))
                    })
                    .collect();
                let found = self.fingerprint(guard, it, care.exact, seeds, part).await?;
                it.fingerprint = Some(found);
            }
        }
        Ok(unused)
    }

    async fn fingerprint(
        &mut self,
        guard: &Guard,
        it: &Watched,
        exact: bool,
        seeds: [i64; 2],
        part: Part,
    ) -> Result<Row, Failed> {
        let ledger = &guard.ledgers[it.index];
        let mark = it.mark.as_deref();
        let rows = if !exact {
            let sql = guard::quick(ledger, &it.columns, &it.key, mark, seeds);
            self.ask(part, &Message::Query(&sql, Vec::new())).await?
        } else if self.session.wire().is_some() {
            let sql = guard::exact(ledger, &it.columns, &it.key, mark);
            self.ask(part, &Message::Digest(&sql)).await?
        } else {
            let sql = guard::exact_by_query(ledger, &it.columns, &it.key, mark);
            self.ask(part, &Message::Query(&sql, Vec::new())).await?
        };
        Ok(rows.into_iter().next().unwrap_or_default())
    }

    /// Whether this transaction put rows where older ones are.
    async fn backdated(
        &mut self,
        guard: &Guard,
        it: &Watched,
        before: &Snapshot,
        after: &Snapshot,
        counted: &ledger::Rows,
        part: Part,
    ) -> Result<Vec<Finding>, Failed> {
        let ledger = &guard.ledgers[it.index];
        let Some(mark) = it.mark.as_deref().filter(|_| guard::is_ordered(&it.key)) else {
            return Ok(Vec::new());
        };
        // the key's columns as they are called now
        let key: Key = it
            .key
            .iter()
            .map(|(name, of)| (now_called(before, after, it.index, name), of.clone()))
            .collect();
        let mut is_backdated = false;
        if counted.inserted != 0 {
            let count = |rows: &[Row]| {
                rows.first()
                    .and_then(|row| row.first())
                    .cloned()
                    .flatten()
                    .and_then(|it| it.parse::<i64>().ok())
            };
            let above = guard::appended(&ledger.sql(), &key, mark, true);
            let above = self.ask(part, &Message::Query(&above, Vec::new())).await?;
            if count(&above) != Some(counted.inserted) {
                let below = guard::appended(&ledger.sql(), &key, mark, false);
                let below = self.ask(part, &Message::Query(&below, Vec::new())).await?;
                is_backdated |= count(&below) != Some(0);
            }
        }
        for table in &counted.attached {
            let below = guard::any_below(table, &key, mark);
            is_backdated |= is_true(&self.ask(part, &Message::Query(&below, Vec::new())).await?);
        }
        let what = || {
            format!(
                "events were inserted among the older ones, not after the newest ({})",
                shown(mark)
            )
        };
        Ok(is_backdated
            .then(|| finding(guard, it.index, "backdated", what(), CORRECT))
            .into_iter()
            .collect())
    }

    /// Whether a sequence that was restarted would give numbers that it has given.
    async fn numbered(
        &mut self,
        guard: &Guard,
        index: usize,
        before: &Snapshot,
        after: &Snapshot,
        part: Part,
    ) -> Result<Vec<Finding>, Failed> {
        let mut findings = Vec::new();
        let now: BTreeMap<&str, Option<i64>> = after
            .of(Some(index), Kind::Reached)
            .map(|(label, it)| (label, it.number("value")))
            .collect();
        for (label, then) in before.of(Some(index), Kind::Reached) {
            // it tells nothing of a sequence that was not asked since it was restarted
            let (Some(then), Some(None)) = (then.number("value"), now.get(label)) else {
                continue;
            };
            let sql = format!("SELECT ARRAY[last_value::text] AS \"row\" FROM {label}");
            let rows = self.ask(part, &Message::Query(&sql, Vec::new())).await?;
            let next = rows.first().and_then(|row| row.first()).cloned().flatten();
            let next = next
                .and_then(|next| next.parse::<i64>().ok())
                .unwrap_or_default();
            if next <= then {
                let what = format!(
                    "the sequence {label} starts again at {next}: numbers up to {then} would come twice"
                );
                findings.push(Finding {
                    rows: false,
                    ..finding(guard, index, "sequence-changed", what, APPEND)
                });
            }
        }
        Ok(findings)
    }

    async fn ask(&mut self, part: Part, message: &Message<'_>) -> Result<Vec<Row>, Failed> {
        let mut replies = self
            .session
            .exchange(std::slice::from_ref(message), &mut |_| {})
            .await;
        let reply = replies.pop().unwrap_or_else(|| Ok(Vec::new()));
        reply.map_err(|failure| (part, failure))
    }
}

const CORRECT: &str = "A wrong event is never edited: append a correction that points at it (INSERT INTO … (…, corrects)).";

fn finding(
    guard: &Guard,
    index: usize,
    rule: &'static str,
    what: String,
    advice: &'static str,
) -> Finding {
    Finding {
        ledger: guard.ledgers[index].label(),
        rule,
        what,
        advice,
        rows: true,
    }
}

/// The ledgers that have something to lose.
fn watched(guard: &Guard, before: &Snapshot) -> Vec<Watched> {
    let ledgers = guard.ledgers.iter().enumerate();
    ledgers
        .filter(|(index, _)| ledger::is_guarded(before, *index))
        .map(|(index, declared)| Watched {
            index,
            key: before.key(index, &declared.key),
            mark: None,
            columns: Vec::new(),
            fingerprint: None,
            appends: true,
        })
        .collect()
}

/// The probes of a ledger: an append, and writes.
type Probes = (usize, Option<String>, Option<[String; 2]>);

fn probes(guard: &Guard, before: &Snapshot, watched: &[Watched]) -> Vec<Probes> {
    let of = |it: &Watched| {
        let ledger = &guard.ledgers[it.index];
        let refuses = ledger::protection(before, it.index).weakest().rows();
        let writes = guard::writes(ledger, before, it.index, &it.key)
            .filter(|_| refuses && it.mark.is_some());
        let append = guard::append(ledger, before, it.index, &it.key)
            .filter(|_| it.appends && it.mark.is_some());
        (it.index, append, writes)
    };
    watched.iter().map(of).collect()
}

/// A probe waits for nobody: it is taken for refused then.
const BRIEFLY: &str = "SET LOCAL lock_timeout = '200ms'";

fn push_probe<'a>(draft: &mut Draft<'a>, task: usize, sql: Option<&'a str>) {
    let Some(sql) = sql else {
        return;
    };
    draft.push(task, At::Guard, Message::Batch(PROBE));
    draft.push(task, At::Guard, Message::Batch(BRIEFLY));
    draft.push(task, At::Probe, Message::Query(sql, Vec::new()));
    draft.push(task, At::Guard, Message::Batch(ROLLBACK_PROBE));
}

/// What the probes found: `answers` go with the draft's parts.
fn probed(
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
            findings.push(Finding {
                rows: false,
                ..finding(guard, *index, rule, what, KEEP)
            });
        };
        if append.is_some() {
            let worked = earlier
                .next()
                .is_some_and(|(_, it)| it.as_ref().is_ok_and(|rows| is_true(rows)));
            match later.next() {
                Some((_, Ok(rows))) if worked && rows.is_empty() => {
                    find("append-lost", "an appended event is discarded".into())
                }
                Some((_, Ok(rows))) if worked && !is_true(rows) => find(
                    "append-lost",
                    "an appended event is not recorded as it was given".into(),
                ),
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
                Some((_, Ok(_))) => find(
                    "trigger-lost",
                    format!("{command} of the newest event is not refused"),
                ),
                _ => {}
            }
        }
    }
    findings
}

const APPEND: &str = "Appends must go on working as before. A deliberate change needs --allow-ledger-change \"reason\".";
const KEEP: &str = "Leave the protection as it is. A deliberate change of it needs --allow-ledger-change \"reason\".";

/// What counters tell of the rows.
fn touched(guard: &Guard, it: &Watched, counted: &ledger::Rows) -> Vec<Finding> {
    let rows = |count: i64| {
        if count == 1 {
            "1 row was".to_owned()
        } else {
            format!("{count} rows were")
        }
    };
    let mut findings = Vec::new();
    for (count, done) in [(counted.updated, "updated"), (counted.deleted, "deleted")] {
        if count != 0 {
            findings.push(finding(
                guard,
                it.index,
                "rows-changed",
                format!("{} {done}", rows(count)),
                CORRECT,
            ));
        }
    }
    findings
}

fn changed_rows(guard: &Guard, index: usize) -> Finding {
    finding(
        guard,
        index,
        "rows-changed",
        "its rows are not what they were: values were changed, or events are missing".into(),
        CORRECT,
    )
}

/// A redo that would append the same events twice.
fn twice(guard: &Guard, body: &Body<'_>, before: &Snapshot, legs: &[Vec<Row>]) -> Vec<Finding> {
    let start: BTreeMap<usize, i64> = (0..guard.ledgers.len())
        .map(|ledger| {
            let tables = before.of(Some(ledger), Kind::Rows);
            (
                ledger,
                tables.filter_map(|(_, it)| it.number("inserted")).sum(),
            )
        })
        .collect();
    let mut seen = start;
    let mut appended: BTreeMap<(usize, &str, bool), i64> = BTreeMap::new();
    for ((_, version, direction), rows) in body.legs.iter().zip(legs) {
        for row in rows {
            let number = |at: usize| {
                row.get(at)
                    .cloned()
                    .flatten()
                    .and_then(|it| it.parse::<i64>().ok())
            };
            let (Some(ledger), Some(total)) =
                (number(0).and_then(|it| usize::try_from(it).ok()), number(1))
            else {
                continue;
            };
            let was = seen.insert(ledger, total).unwrap_or_default();
            *appended
                .entry((ledger, version, *direction == Direction::Up))
                .or_default() += total - was;
        }
    }
    let again = appended.iter().filter(|((ledger, version, up), count)| {
        let back = appended
            .get(&(*ledger, *version, false))
            .copied()
            .unwrap_or_default();
        let is_redone = body
            .legs
            .iter()
            .any(|(_, it, direction)| it == version && *direction == Direction::Down);
        *up && **count > 0 && back == 0 && is_redone && ledger::is_guarded(before, *ledger)
    });
    again
        .map(|((ledger, ..), count)| {
            let events = if *count == 1 {
                "1 event".to_owned()
            } else {
                format!("{count} events")
            };
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

const TWICE: &str = "Events stay when a migration is reverted. Let down.sql append what compensates them, or leave the migration as it is and write a new one.";

/// Whether all that stands in the way may turn out to concern columns that hold nothing.
fn may_be_unused(findings: &[Finding]) -> bool {
    let of_columns = ["column-dropped", "constraint-lost"];
    findings.iter().any(|it| it.rule == "column-dropped")
        && findings.iter().all(|it| of_columns.contains(&it.rule))
}

/// What a column of `before` is called in `after`.
fn now_called(before: &Snapshot, after: &Snapshot, ledger: usize, name: &str) -> String {
    let root = before
        .root(ledger)
        .map(|(root, _)| root.to_owned())
        .unwrap_or_default();
    let old = before
        .of(Some(ledger), Kind::Column)
        .find(|(_, it)| it.text("relation") == root && it.text("name") == name);
    let new = old.and_then(|(object, _)| {
        after
            .of(Some(ledger), Kind::Column)
            .find(|(it, _)| *it == object)
    });
    new.map_or_else(|| name.to_owned(), |(_, it)| it.text("name").to_owned())
}

fn is_true(rows: &[Row]) -> bool {
    matches!(rows.first().and_then(|row| row.first()), Some(Some(text)) if text == "true")
}

fn shown(mark: &[Option<String>]) -> String {
    mark.iter()
        .map(|it| it.as_deref().unwrap_or("NULL"))
        .collect::<Vec<_>>()
        .join(", ")
}
