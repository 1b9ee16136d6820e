//! What is known of the ledgers between two migrations: a train compares its end with it, migration by migration.

use crate::{
    ledger::Snapshot,
    postgres::{
        guard::{self, Guard},
        known::{Known, State},
        lock::{Facts, Locked},
        session::{Failure, Message, Row, Session},
    },
    words::sql::{Piece, pieces},
};

/// What should not even try to ride in a train: it would be run twice.
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
    /// What is known of the ledgers between two migrations: looked for where it is not known.
    pub(crate) async fn know(&mut self, guard: &Guard) -> Result<Known, Failure> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        let (place, version) = (self.facts().place.clone(), self.facts().server_version);
        let (sql, values) = guard::state(guard, &place);
        let state = |rows: &[Row]| State::read(rows.first().cloned().unwrap_or_default());
        let settings = format!("{}; {}", guard::fixed_settings(), guard::by_index());
        let (found, versions) = guard::pinned_then(
            &mut self.session,
            &settings,
            &Message::Query(sql, values),
            |found| {
                let state = state(found);
                (guard::veto(&state, &place, version), guard::look(&state))
            },
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
    let is_same = ask_known(known, session, facts).await? == known.state.versions;
    Ok(known.snapshot.clone().filter(|_| is_same))
}

/// The versions of what is known, as another session sees them; the question is kept there.
pub(crate) async fn ask_known(
    known: &Known,
    session: &mut Session<'_>,
    facts: &Facts,
) -> Result<String, Failure> {
    let sql = guard::veto(&known.state, &facts.place, facts.server_version);
    session.keep(&sql, guard::VETO_VALUES).await?;
    let versions = guard::pinned(session, &Message::Kept(&sql, guard::look(&known.state))).await?;
    Ok(told(&versions))
}

/// The versions in the answer of the [veto](guard::veto).
fn told(rows: &[Row]) -> String {
    rows.first().and_then(|row| row.first()?.clone()).unwrap_or_default()
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
