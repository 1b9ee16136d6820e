//! The short way of a guarded transaction, in one exchange: it commits only where nothing of concern was touched.
//!
//! The last statement before COMMIT is the [veto](guard::veto). Where it falls, everything is rolled back, and the
//! [whole guard](super::guarded) judges the same migration.

use super::{
    CLEAN_KEEPING, Draft, Part, Phase, Tell,
    guarded::{FORGOTTEN, Outcome},
    guarded_transaction::{Failed, GuardedTransaction},
};
use crate::{
    ledger::Snapshot,
    postgres::{
        guard::{self, Guard, Numbers},
        known::{Known, State},
        lock::{Facts, Locked},
        session::{COMMIT, Failure, Message, Row, Session},
    },
    words::sql::{Piece, pieces},
};

/// What a script that goes this way should not even try: it would be run twice.
pub(super) fn concerns<'s>(mut scripts: impl Iterator<Item = &'s str>, guard: &Guard) -> bool {
    let words =
        ["function", "procedure", "trigger", "role", "grant", "revoke", "extension", "setval"];
    let of_ledger = |name: &String| {
        words.contains(&name.as_str()) || guard.ledgers.iter().any(|it| it.table == *name)
    };
    scripts.any(|script| {
        let pieces = pieces(script).unwrap_or_default();
        pieces.iter().any(|piece| match piece {
            Piece::Word(name) | Piece::Name(name) => of_ledger(name),
            _ => false,
        })
    })
}

impl Locked<'_> {
    /// Whether the short way is worth a try.
    pub(super) fn may_be_untouched(
        &self,
        transaction: &GuardedTransaction<'_>,
        guard: &Guard,
    ) -> bool {
        transaction.cleans
            && !transaction.is_tried
            && transaction.legs.len() <= 1
            && guard.allow.is_none()
            && !concerns(transaction.scripts.iter().copied(), guard)
    }

    /// Runs a transaction and commits it where nothing of concern was touched; gives nothing where something was.
    pub(super) async fn try_untouched(
        &mut self,
        transaction: &GuardedTransaction<'_>,
        guard: &Guard,
        numbers: &mut Numbers,
        tell: Tell<'_>,
    ) -> Result<Option<Outcome>, Failed> {
        let at = |phase| Part { task: transaction.first, phase };
        let opening = |failure| (at(Phase::Opening), failure);
        let known = self.know(guard).await.map_err(opening)?;
        if known.state.is_open {
            return Ok(None);
        }
        let (place, version) = (self.facts().place.clone(), self.facts().server_version);
        let (veto, note) = (guard::veto(&place, version), guard::note(&place));
        self.session.keep(&veto, guard::VETO_VALUES).await.map_err(opening)?;
        self.session.keep(&note, guard::NOTE_VALUES).await.map_err(opening)?;
        let (numbered, sequences) = guard::numbered(&known.state);
        self.session.keep(numbered, sequences.len()).await.map_err(opening)?;
        let secret = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let rest = (transaction.rest)("");
        let probes: Vec<String> = appends(&known, guard);

        let mut draft = Draft::default();
        draft.push(transaction.first, Phase::Opening, Message::Kept(numbered, sequences));
        draft.push(transaction.first, Phase::Opening, transaction.begin.clone());
        draft.messages.extend(transaction.leading.messages.iter().cloned());
        draft.parts.extend(transaction.leading.parts.iter().copied());
        draft.push(transaction.first, Phase::Opening, Message::Kept(&note, guard::noted(&secret)));
        for (part, message) in &rest {
            draft.push(part.task, part.phase, message.message());
        }
        let last = rest.last().map_or(transaction.first, |(part, _)| part.task);
        let settings = match probes.is_empty() {
            true => guard::by_index(),
            false => format!("{}; {}", guard::fixed_settings(), guard::by_index()),
        };
        draft.push(last, Phase::Settling, Message::Batch(&settings));
        for probe in &probes {
            draft.push(last, Phase::Guard, Message::Batch(guard::LOOK));
            draft.push(last, Phase::Guard, Message::Query(probe, Vec::new()));
            draft.push(last, Phase::Guard, Message::Batch(guard::LOOKED));
        }
        if self.session.keeps() {
            draft.push(last, Phase::Guard, Message::Query(guard::ONLY_OURS, Vec::new()));
        }
        let demand = guard::demand(&known.state, &secret, transaction.written);
        draft.push(last, Phase::Guard, Message::Kept(&veto, demand));
        draft.push(last, Phase::Commit, Message::Batch(COMMIT));
        let clean = if self.session.keeps() { CLEAN_KEEPING } else { self.clean_sql() };
        draft.push(last, Phase::Afterwards, Message::Batch(clean));
        let sent = self.send(&draft, transaction.statements, tell).await;
        *numbers = Numbers::noted(&self.answered.take().unwrap_or_default());
        match sent {
            Ok(rows) => {
                Ok(Some(Outcome::Committed { rows, parts: draft.parts, has_appended: false }))
            }
            Err((part, Failure::Server(error))) if part.phase == Phase::Guard => {
                if error.is(FORGOTTEN) {
                    self.session.forget();
                }
                Ok(None)
            }
            Err(failed) => Err(failed),
        }
    }

    /// What is known of the ledgers between two migrations: looked for where it is not known.
    pub(crate) async fn know(&mut self, guard: &Guard) -> Result<Known, Failure> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        let (place, version) = (self.facts().place.clone(), self.facts().server_version);
        let veto = guard::veto(&place, version);
        self.session.keep(&veto, guard::VETO_VALUES).await?;
        let (sql, values) = guard::state(guard, &place);
        let state = |rows: &[Row]| State::read(rows.first().cloned().unwrap_or_default());
        let settings = format!("{}; {}", guard::fixed_settings(), guard::by_index());
        let (found, versions) = guard::pinned_then(
            &mut self.session,
            &settings,
            &Message::Query(sql, values),
            |found| (veto, guard::look(&state(found))),
        )
        .await?;
        let state = State { versions: told(&versions), ..state(&found) };
        let snapshot = match state.runs_code {
            true => Some(self.look_around(guard, None).await?),
            false => None,
        };
        let known = Known { state, snapshot };
        self.known = Some(known.clone());
        Ok(known)
    }
}

/// The snapshot of what is known, where another session sees that nothing has changed since.
pub(crate) async fn as_known(
    known: Option<&Known>,
    session: &mut Session<'_>,
    facts: &Facts,
) -> Result<Option<Snapshot>, Failure> {
    let Some(known) = known.filter(|it| it.snapshot.is_some()) else {
        return Ok(None);
    };
    let sql = guard::veto(&facts.place, facts.server_version);
    let versions = guard::pinned(session, &Message::Query(&sql, guard::look(&known.state))).await?;
    let is_same = told(&versions) == known.state.versions;
    Ok(known.snapshot.clone().filter(|_| is_same))
}

/// The versions in the answer of the [veto](guard::veto).
fn told(rows: &[Row]) -> String {
    rows.first().and_then(|row| row.get(1)?.clone()).unwrap_or_default()
}

/// Appends that fail where one can no longer be made: where code of somebody's own runs with them, it may need what is gone.
pub(super) fn appends(known: &Known, guard: &Guard) -> Vec<String> {
    let Some(snapshot) =
        known.snapshot.as_ref().filter(|_| known.state.runs_code && !guard.unprobed)
    else {
        return Vec::new();
    };
    let of = |(index, ledger): (usize, &crate::ledger::Declaration)| {
        let key = snapshot.key(index, &ledger.key);
        let is_readable = snapshot.is_readable(index) && snapshot.root(index).is_some();
        let distance = fastrand::u32(1..64);
        guard::append(ledger, snapshot, index, &key, distance).filter(|_| is_readable)
    };
    let ledgers = guard.ledgers.iter().enumerate();
    ledgers.filter_map(of).map(|sql| guard::demanded(&sql)).collect()
}
