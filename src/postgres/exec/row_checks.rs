//! Questions within a guarded transaction that need an answer before it goes on: marks, fingerprints, and where the appended rows are.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Draft, Part, Phase,
    guarded_transaction::{CheckLevel, Failed, Watched},
    verdict::{Answer, Probes, finding, is_true, now_called, push_probe, shown},
};
use crate::{
    ledger::{self, FactKind, Snapshot, advice},
    postgres::{
        guard::{self, Guard, Key},
        lock::Locked,
        session::{Failure, Message, Row},
    },
    report::{ledger_finding::LedgerFinding, rule::LedgerRule},
};

impl Locked<'_> {
    /// Marks, fingerprints and unused columns, before the script.
    #[expect(clippy::too_many_arguments, reason = "one step of a longer one")]
    pub(super) async fn check_rows_before(
        &mut self,
        guard: &Guard,
        before: &Snapshot,
        watched: &mut [Watched],
        level: CheckLevel,
        by_hand: bool,
        seed: i64,
        part: Part,
    ) -> Result<BTreeSet<(usize, i64)>, Failed> {
        let mut unused = BTreeSet::new();
        for it in watched.iter_mut() {
            let ledger = &guard.ledgers[it.index];
            if !it.key.is_empty() {
                let rows = self
                    .ask(part, &Message::Query(&guard::mark(ledger, &it.key), Vec::new()))
                    .await?;
                it.mark = rows.into_iter().next();
            }
            if level.unused {
                for (_, column) in before.of(Some(it.index), FactKind::Column) {
                    let root = before.root(it.index).map(|(root, _)| root).unwrap_or_default();
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
            // where there was no row, there is none to compare
            let is_empty = !it.key.is_empty() && it.mark.is_none();
            if (level.exact || by_hand) && !is_empty {
                it.columns = guard::columns(before, before, it.index);
                it.columns.retain(|column| !unused.contains(&(it.index, column.number)));
                let found = self.fingerprint(guard, it, false, level.exact, seed, part).await?;
                it.fingerprint = Some(found);
            }
        }
        Ok(unused)
    }

    pub(super) async fn fingerprint(
        &mut self,
        guard: &Guard,
        it: &Watched,
        appended: bool,
        exact: bool,
        seed: i64,
        part: Part,
    ) -> Result<Row, Failed> {
        let compared = guard::Rows {
            ledger: &guard.ledgers[it.index],
            key: &it.key,
            mark: it.mark.as_deref(),
            appended,
        };
        let rows = if !exact {
            let sql = guard::quick(&compared, &it.columns, seed);
            self.ask(part, &Message::Query(&sql, Vec::new())).await?
        } else if self.session.wire().is_some() {
            let sql = guard::exact(&compared, &it.columns);
            self.ask(part, &Message::Digest(&sql)).await?
        } else {
            let sql = guard::exact_by_query(&compared, &it.columns);
            self.ask(part, &Message::Query(&sql, Vec::new())).await?
        };
        Ok(rows.into_iter().next().unwrap_or_default())
    }

    /// Tries appends once more that failed for a column that is gone or has another name now, with those that there are.
    pub(super) async fn append_again(
        &mut self,
        guard: &Guard,
        watched: &[Watched],
        probes: &[Probes],
        (before, after): (&Snapshot, &Snapshot),
        answers: &mut [&mut Answer],
        part: Part,
    ) -> Result<(), Failed> {
        let mut answers = answers.iter_mut();
        for it in probes {
            for (role, _) in &it.appends {
                let Some(answer) = answers.next() else {
                    return Ok(());
                };
                let is_refused = matches!(&**answer, Err(Failure::Server(_)));
                let known = watched.iter().find(|watched| watched.index == it.index);
                let is_other = guard::columns(before, after, it.index)
                    != guard::columns(before, before, it.index);
                let Some(known) = known.filter(|_| is_refused && is_other) else {
                    continue;
                };
                let key = self.key_now(known, before, after);
                let ledger = &guard.ledgers[it.index];
                let Some(sql) = guard::append(ledger, after, it.index, &key, 1) else {
                    continue;
                };
                let mut draft = Draft::default();
                push_probe(&mut draft, part.task, role.as_ref(), &sql);
                let replies = self.send_probing(&draft, &|_| 0, &mut |_| {}).await?;
                let probe = draft.parts.iter().position(|it| it.phase == Phase::Probe);
                if let Some(reply) = probe.and_then(|at| replies.into_iter().nth(at)) {
                    **answer = reply;
                }
            }
            // the writes that follow
            for _ in it.writes.iter().flatten() {
                answers.next();
            }
        }
        Ok(())
    }

    /// The key's columns as they are called now.
    fn key_now(&self, it: &Watched, before: &Snapshot, after: &Snapshot) -> Key {
        let now =
            |(name, of): &(String, String)| (now_called(before, after, it.index, name), of.clone());
        it.key.iter().map(now).collect()
    }

    /// Whether appends are where they belong, and go on working.
    pub(super) async fn appends(
        &mut self,
        guard: &Guard,
        it: &Watched,
        before: &Snapshot,
        after: &Snapshot,
        counted: &ledger::Rows,
        part: Part,
    ) -> Result<Vec<LedgerFinding>, Failed> {
        let mut findings = self.numbered(guard, it.index, before, after, part).await?;
        if counted.inserted != 0 || !counted.attached.is_empty() {
            findings.extend(self.backdated(guard, it, before, after, counted, part).await?);
            findings.extend(self.ahead(guard, it, after, part).await?);
        }
        findings.extend(self.projected(guard, it.index, before, after, part).await?);
        Ok(findings)
    }

    /// Whether a row was given a number that its sequence has yet to give.
    async fn ahead(
        &mut self,
        guard: &Guard,
        it: &Watched,
        after: &Snapshot,
        part: Part,
    ) -> Result<Vec<LedgerFinding>, Failed> {
        let (Some((root, _)), [(name, _)]) = (after.root(it.index), it.key.as_slice()) else {
            return Ok(Vec::new());
        };
        let mut columns = after.of(Some(it.index), FactKind::Column);
        let column =
            columns.find(|(_, fact)| fact.text("relation") == root && fact.text("name") == name);
        let number = column.and_then(|(_, fact)| fact.number("number")).unwrap_or_default();
        let of = format!("{root}.{number}");
        let mut sequences = after.of(Some(it.index), FactKind::Sequence);
        let Some((sequence, _)) = sequences.find(|(_, fact)| fact.text("of") == of) else {
            return Ok(Vec::new());
        };
        let reached =
            after.of(Some(it.index), FactKind::Reached).find(|(label, _)| *label == sequence);
        let reached = reached.and_then(|(_, fact)| fact.number("value"));
        let number =
            |mark: &Option<Row>| mark.as_ref()?.first().cloned().flatten()?.parse::<i64>().ok();
        let rows = self
            .ask(part, &Message::Query(&guard::mark(&guard.ledgers[it.index], &it.key), Vec::new()))
            .await?;
        let (was, is) = (number(&it.mark), number(&rows.into_iter().next()));
        // where it was so before, this script is not to blame
        let (Some(reached), Some(is)) = (reached, is) else {
            return Ok(Vec::new());
        };
        let blames = is > reached && was.is_none_or(|was| was <= reached);
        let what = format!(
            "an event has the number {is}, which {sequence} has not assigned yet: a later append would fail"
        );
        let found = LedgerFinding {
            rows: false,
            ..finding(guard, it.index, LedgerRule::SequenceChanged, what, advice::APPEND)
        };
        Ok(blames.then_some(found).into_iter().collect())
    }

    /// Whether who appends may also do what a new trigger does then.
    async fn projected(
        &mut self,
        guard: &Guard,
        index: usize,
        before: &Snapshot,
        after: &Snapshot,
        part: Part,
    ) -> Result<Vec<LedgerFinding>, Failed> {
        let roles: Vec<&str> = before
            .of(Some(index), FactKind::Role)
            .filter(|(_, it)| it.is("appends") && !it.is("superuser"))
            .map(|(role, _)| role)
            .collect();
        let mut findings = Vec::new();
        for (label, needed) in ledger::needs_of_what_is_new(before, after, index) {
            for (table, privilege) in needed {
                let sql = "SELECT ARRAY[r.role] AS \"row\" FROM jsonb_array_elements_text($1::text::jsonb) r (role), \
                    (SELECT to_regclass($2)::oid AS oid) t WHERE t.oid IS NOT NULL \
                    AND NOT CASE WHEN $3::text = 'DELETE' THEN has_table_privilege(trim(both '\"' from r.role)::name, t.oid, 'DELETE') \
                        ELSE has_any_column_privilege(trim(both '\"' from r.role)::name, t.oid, $3::text) END ORDER BY 1 LIMIT 1";
                let values = vec![
                    serde_json::to_string(&roles).ok(),
                    Some(table.clone()),
                    Some(privilege.to_owned()),
                ];
                let rows = self.ask(part, &Message::Query(sql, values)).await?;
                if let Some(Some(role)) = rows.first().and_then(|row| row.first()) {
                    let what = format!(
                        "{role} can no longer append: {label} needs {privilege} on {table} then"
                    );
                    let way = "Grant it, or let the function be SECURITY DEFINER.";
                    findings.push(LedgerFinding {
                        rows: false,
                        ..finding(guard, index, LedgerRule::AppendLost, what, way)
                    });
                }
            }
        }
        Ok(findings)
    }

    /// Whether this transaction put rows where older ones are.
    pub(super) async fn backdated(
        &mut self,
        guard: &Guard,
        it: &Watched,
        before: &Snapshot,
        after: &Snapshot,
        counted: &ledger::Rows,
        part: Part,
    ) -> Result<Vec<LedgerFinding>, Failed> {
        let ledger = &guard.ledgers[it.index];
        let Some(mark) = it.mark.as_deref().filter(|_| guard::is_ordered(&it.key)) else {
            return Ok(Vec::new());
        };
        let key = self.key_now(it, before, after);
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
            // a table that came in with its rows counts among those above
            if count(&above) != Some(counted.inserted) || !counted.attached.is_empty() {
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
            .then(|| finding(guard, it.index, LedgerRule::Backdated, what(), advice::CORRECT))
            .into_iter()
            .collect())
    }

    /// Whether a sequence that was restarted would give numbers that it has given.
    pub(super) async fn numbered(
        &mut self,
        guard: &Guard,
        index: usize,
        before: &Snapshot,
        after: &Snapshot,
        part: Part,
    ) -> Result<Vec<LedgerFinding>, Failed> {
        let mut findings = Vec::new();
        let now: BTreeMap<&str, Option<i64>> = after
            .of(Some(index), FactKind::Reached)
            .map(|(label, it)| (label, it.number("value")))
            .collect();
        for (label, then) in before.of(Some(index), FactKind::Reached) {
            // it tells nothing of a sequence that was not asked since it was restarted
            let (Some(then), Some(None)) = (then.number("value"), now.get(label)) else {
                continue;
            };
            let sql = format!("SELECT ARRAY[last_value::text] AS \"row\" FROM {label}");
            let rows = self.ask(part, &Message::Query(&sql, Vec::new())).await?;
            let next = rows.first().and_then(|row| row.first()).cloned().flatten();
            let next = next.and_then(|next| next.parse::<i64>().ok()).unwrap_or_default();
            if next <= then {
                let what = format!(
                    "the sequence {label} starts again at {next}: numbers up to {then} would come twice"
                );
                findings.push(LedgerFinding {
                    rows: false,
                    ..finding(guard, index, LedgerRule::SequenceChanged, what, advice::APPEND)
                });
            }
        }
        Ok(findings)
    }

    pub(super) async fn ask(
        &mut self,
        part: Part,
        message: &Message<'_>,
    ) -> Result<Vec<Row>, Failed> {
        let mut replies = self.session.exchange(std::slice::from_ref(message), &mut |_| {}).await;
        let reply = replies.pop().unwrap_or_else(|| Ok(Vec::new()));
        reply.map_err(|failure| (part, failure))
    }
}
