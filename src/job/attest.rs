//! What a run leaves of the ledgers, and what the next one finds.

use crate::{
    job::{JobError, Watch, failure::DriftError, open::Endpoint},
    ledger::{self, Attestation, Snapshot},
    migration::{journal::EntryKind, source::Migration},
    postgres::{
        guard::{self, Guard},
        journal::{Place, Record},
        lock::Locked,
        session::{Failure, Session},
        session_error::SessionError,
    },
    report::finding::Finding,
};

/// What the last run left, and where it stands in the journal.
#[derive(Debug, Clone)]
pub(crate) struct Latest {
    pub(super) attestation: Attestation,
    pub(super) at: String,
    pub(super) after: String,
}

const LOOKING: &str = "looking at the ledgers";

pub(super) fn failed(failure: Failure) -> JobError {
    SessionError::while_doing(LOOKING)(failure).into()
}

pub(super) async fn latest(
    session: &mut Session<'_>,
    place: &Place,
) -> Result<Option<Latest>, JobError> {
    if !place.has_journal {
        return Ok(None);
    }
    let sql = format!(
        "SELECT ARRAY[newest.note, pg_catalog.to_char(pg_catalog.timezone('UTC', newest.at), 'YYYY-MM-DD HH24:MI:SS'), newest.name, \
             (SELECT named.note FROM {journal} named WHERE named.kind = 'attest' AND named.id <= newest.id \
              AND pg_catalog.strpos(named.note, '\"facts\"') > 0 ORDER BY named.id DESC LIMIT 1)] AS \"row\" \
         FROM {journal} newest WHERE newest.kind = 'attest' ORDER BY newest.id DESC LIMIT 1",
        journal = place.journal()
    );
    let rows = session.query(&sql, Vec::new()).await.map_err(failed)?;
    let latest = rows.into_iter().next().and_then(|row| {
        let [note, at, after, named] = <[_; 4]>::try_from(row).ok()?;
        let newest: Attestation = serde_json::from_str(&note?).ok()?;
        let named = named.and_then(|named| serde_json::from_str(&named).ok());
        Some(Latest {
            attestation: match named {
                Some(named) => newest.with_facts_of(named),
                None => newest,
            },
            at: at?,
            after: after?,
        })
    });
    Ok(latest)
}

/// What changed since the last run.
pub(super) async fn drift(
    session: &mut Session<'_>,
    guard: &Guard,
    latest: &Latest,
    now: &Snapshot,
) -> Result<Vec<Finding>, JobError> {
    let mut findings = latest.attestation.drift(now, &guard.ledgers);
    for (index, ledger) in guard.ledgers.iter().enumerate() {
        let key = now.key(index, &ledger.key);
        let attested = latest.attestation.ledger(&ledger.label());
        let last = attested.and_then(|it| it.last.as_deref());
        let Some(last) = last.filter(|last| last.len() == key.len()) else {
            continue;
        };
        let is_readable = now.is_readable(index);
        if now.root(index).is_some() && is_readable && ledger::is_guarded(now, index) {
            let sql = guard::has_row(ledger, &key, last);
            let rows = session.query(&sql, Vec::new()).await.map_err(failed)?;
            if !matches!(rows.first().and_then(|row| row.first()), Some(Some(text)) if text == "true")
            {
                findings.push(Finding {
                    ledger: ledger.label(),
                    rule: "rows-lost",
                    what: format!("the event that was the newest ({}) is gone", shown(last)),
                    advice: "Events were removed past every protection. Look at the server's log and at a backup; the seals tell which rows are left unaltered.",
                    rows: true,
                });
            }
        }
    }
    Ok(findings)
}

pub(super) fn shown(key: &[Option<String>]) -> String {
    key.iter().map(|it| it.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(", ")
}

/// Stops a run where the protection is not what the last one left.
pub(crate) async fn demand_no_drift(
    locked: &mut Locked<'_>,
    guard: &Guard,
) -> Result<Option<Latest>, JobError> {
    let facts = locked.facts().clone();
    let Some(latest) = latest(&mut locked.session, &facts.place).await? else {
        return Ok(None);
    };
    let now = guard.observe(&mut locked.session, &facts, None).await.map_err(failed)?;
    let mut findings = drift(&mut locked.session, guard, &latest, &now).await?;
    if guard.allow.is_some() {
        findings.retain(|finding| finding.rows);
    }
    match findings.is_empty() {
        true => Ok(Some(latest)),
        false => {
            Err(Box::new(DriftError { since: latest.at, after: latest.after, findings }).into())
        }
    }
}

/// Records what a run leaves, after a look over a new connection where there is a way to one.
pub(crate) async fn attest(
    locked: &mut Locked<'_>,
    endpoint: Option<&Endpoint>,
    guard: &Guard,
    earlier: Option<&Latest>,
    migration: &Migration,
    actor: &str,
    watch: Watch<'_>,
) -> Result<Vec<String>, JobError> {
    let facts = locked.facts().clone();
    let now = guard.observe(&mut locked.session, &facts, None).await.map_err(failed)?;
    // a session may see what is no longer so, or not yet
    let now = match endpoint {
        None => now,
        Some(endpoint) => {
            let (mut other, facts, _) = endpoint.read(watch).await?;
            let seen = guard.observe(&mut other, &facts, None).await.map_err(failed)?;
            let here = Attestation::of(&now, Vec::new(), None);
            let findings = here.drift(&seen, &guard.ledgers);
            if !findings.is_empty() {
                return Err(Box::new(DriftError {
                    since: "the commit a moment ago".into(),
                    after: migration.name.clone(),
                    findings,
                })
                .into());
            }
            seen
        }
    };
    let earlier = earlier.map(|it| &it.attestation);
    let measured = guard.measure(&mut locked.session, &now, earlier).await.map_err(failed)?;
    let attestation = Attestation::of(&now, measured, guard.allow.clone());
    let mut record = Record::of(migration, EntryKind::Attest, actor);
    record.note = serde_json::to_string(&attestation.since(earlier)).ok();
    locked.record(&[record]).await?;
    let unprotected = guard.ledgers.iter().enumerate().filter(|(index, _)| {
        now.root(*index).is_some() && !ledger::protection(&now, *index).weakest().rows()
    });
    let notes = unprotected.map(|(_, it)| {
        let label = it.label();
        format!("{label} is declared as a ledger, and nothing surely refuses to change its rows: `glowplug ledger protect {label}`")
    });
    Ok(notes.collect())
}
