//! What a run leaves of the ledgers, and what the next one finds.

pub(crate) mod rows;

use crate::report::rule::LedgerRule;
use crate::{
    job::{
        JobError, Watch,
        attest::rows::Look,
        failure::{DriftError, HarmError},
        open::Endpoint,
    },
    ledger::{self, Attestation, Attested, Chain, Signs, Snapshot},
    migration::{journal::EntryKind, source::Migration},
    postgres::{
        exec::{
            ExecOptions, Task,
            knowing::{as_known, ask_known},
        },
        guard::{self, Guard},
        journal::{self, Place, Record},
        lock::{Facts, Locked},
        session::{Failure, Session},
        session_error::SessionError,
    },
    report::{ledger::Head, ledger_finding::LedgerFinding},
};

/// What the last run left, and where it stands in the journal.
#[derive(Debug, Clone)]
pub(crate) struct Latest {
    pub(crate) attestation: Attestation,
    pub(crate) at: String,
    pub(crate) after: String,
}

const LOOKING: &str = "checking the ledgers";

pub(crate) fn failed(failure: Failure) -> JobError {
    SessionError::while_doing(LOOKING)(failure).into()
}

pub(crate) async fn latest(
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
pub(crate) async fn drift(
    session: &mut Session<'_>,
    guard: &Guard,
    latest: &Latest,
    now: &Snapshot,
) -> Result<Vec<LedgerFinding>, JobError> {
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
                findings.push(LedgerFinding {
                    ledger: ledger.label(),
                    rule: LedgerRule::RowsLost,
                    what: format!("the newest known event ({}) is gone", shown(last)),
                    advice: "Events were removed despite all protection. Check the server log and a backup; the seals show which rows are unaltered.",
                    rows: true,
                });
            }
        }
    }
    Ok(findings)
}

pub(crate) fn shown(key: &[Option<String>]) -> String {
    key.iter().map(|it| it.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(", ")
}

/// Where a run begins.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    /// What the last run left.
    latest: Option<Latest>,
    /// The ledgers as they are found.
    pub(crate) found: Vec<Attested>,
    /// The newest head of the chain; empty if there is none.
    pub(crate) head: String,
}

/// Everything that is not as the last run left it: the journal, the protection, the rows.
pub(crate) struct Differences {
    pub(crate) latest: Option<Latest>,
    pub(crate) findings: Vec<LedgerFinding>,
    pub(crate) now: Snapshot,
    pub(crate) signs: Vec<Option<Signs>>,
    pub(crate) chain: Chain,
    /// Whether this is a copy of the database that was attested.
    pub(crate) restored: bool,
}

/// Looks for differences.
pub(crate) async fn differences(
    session: &mut Session<'_>,
    guard: &Guard,
    facts: &Facts,
    look: Look,
) -> Result<Differences, JobError> {
    let chain = journal::chain(session, &facts.place).await.map_err(failed)?;
    let pinned = match &guard.pinned {
        Some(heads) => heads.get(&guard::identity(session, &facts.database).await).cloned(),
        None => None,
    };
    let mut findings = chain.faults(pinned.as_deref());
    let latest = latest(session, &facts.place).await?;
    let now = guard.watch(session, facts, None).await.map_err(failed)?;
    let signs = guard.signs(session).await.map_err(failed)?;
    let mut restored = false;
    if let Some(latest) = &latest {
        findings.extend(drift(session, guard, latest, &now).await?);
        for (index, ledger) in guard.ledgers.iter().enumerate() {
            let Some(attested) = latest.attestation.ledger(&ledger.label()) else {
                continue;
            };
            let here = signs[index].as_ref();
            restored |= here.zip(attested.signs.as_ref()).is_some_and(|(a, b)| a.here != b.here);
            let version = facts.server_version;
            let at = (index, &now);
            let compared =
                rows::compare(session, guard, at, (attested, here), look, version).await?;
            findings.extend(compared);
        }
    }
    Ok(Differences { latest, findings, now, signs, chain, restored })
}

/// Stops a run where something is not what the last one left.
///
/// Where there is no chain of attestations yet, it begins here: before the first migration that is guarded.
pub(crate) async fn begin(
    locked: &mut Locked<'_>,
    guard: &Guard,
    (migration, actor): (&Migration, &str),
) -> Result<Start, JobError> {
    let facts = locked.facts().clone();
    if guard.allow.is_none() {
        locked.know(guard).await.map_err(failed)?;
    }
    let session = &mut locked.session;
    let mut found = differences(session, guard, &facts, Look::Between).await?;
    if let Some(known) = &mut locked.known {
        known.snapshot = Some(found.now.clone());
    }
    if guard.allow.is_some() {
        found.findings.retain(|finding| finding.rows);
    }
    if !found.findings.is_empty() {
        return Err(drift_error(found).into());
    }
    let mut attested = Vec::new();
    for (index, (ledger, signs)) in guard.ledgers.iter().zip(found.signs).enumerate() {
        let label = ledger.label();
        let known = found.latest.as_ref().and_then(|it| it.attestation.ledger(&label)).cloned();
        // the rows are what they were: from now on, other signs are looked for
        let known = known.unwrap_or_else(|| Attested::nothing(&label));
        let at = (index, &found.now);
        attested.push(rows::extend(session, guard, at, (known, signs)).await?);
    }
    let head = match found.chain.head() {
        Some(link) => link.head.clone(),
        None => {
            let earlier = found.latest.as_ref().map(|it| &it.attestation);
            let found = (&found.now, attested.as_slice(), earlier);
            let head = record(locked, guard, found, (migration, actor), false).await?;
            head.map(|it| it.head).unwrap_or_default()
        }
    };
    Ok(Start { latest: found.latest, found: attested, head })
}

pub(crate) fn drift_error(found: Differences) -> Box<DriftError> {
    let since = found.latest.map(|it| (it.at, it.after));
    Box::new(DriftError { since, restored: found.restored, findings: found.findings })
}

/// Opens the connection over which ledgers are looked at in the end, while a run goes on, and has its server plan what will be asked.
/// Where that fails it is opened in the end. A statement that runs by itself may want nobody else there: it is not opened ahead then.
pub(crate) fn ahead<'e>(
    endpoint: Option<&'e Endpoint>,
    locked: &Locked<'_>,
    tasks: &[Task<'_>],
    exec: &'e ExecOptions,
) -> impl Future<Output = Option<Session<'static>>> + use<'e> {
    let guard = &exec.guard;
    let is_together = tasks.iter().all(|it| it.step.migration.metadata.run_in_transaction);
    let endpoint = endpoint.filter(|_| guard.is_on() && is_together);
    let known = locked.known.clone().filter(|_| locked.all_ride(tasks, exec));
    async move {
        let (mut session, facts, _) = endpoint?.read(&mut |_| {}).await.ok()?;
        // what is asked of the ledgers themselves would stand in the way of a migration that changes one
        if let Some(known) = known {
            ask_known(&known, &mut session, &facts).await.ok()?;
        }
        Some(session)
    }
}

/// Records what a run leaves, after a look over a new connection where there is a way to one. Gives what should be known besides,
/// and the new head.
pub(crate) async fn attest(
    locked: &mut Locked<'_>,
    (endpoint, ahead): (Option<&Endpoint>, Option<Session<'static>>),
    guard: &Guard,
    start: &Start,
    migration: &Migration,
    actor: &str,
    watch: Watch<'_>,
) -> Result<(Vec<String>, Option<Head>), JobError> {
    let facts = locked.facts().clone();
    guard::flush(&mut locked.session, facts.server_version).await;
    // a session may see what is no longer so, or not yet
    let mut other = match ahead {
        Some(mut session) => session.is_alive().await.then_some(session),
        None => None,
    };
    if let (Some(endpoint), None) = (endpoint, &other) {
        let (session, _, _) = endpoint.read(watch).await?;
        other = Some(session);
    }
    let (now, mut findings) = seen(locked, other.as_mut(), guard).await.map_err(failed)?;
    let session = other.as_mut().unwrap_or(&mut locked.session);
    let signs = guard.signs(session).await.map_err(failed)?;
    for (index, (found, signs)) in start.found.iter().zip(&signs).enumerate() {
        let signs = (found, signs.as_ref());
        let version = facts.server_version;
        let at = (index, &now);
        findings.extend(rows::compare(session, guard, at, signs, Look::After, version).await?);
    }
    let chain = journal::chain(session, &facts.place).await.map_err(failed)?;
    findings.extend(chain.faults(None));
    if !findings.is_empty() {
        return Err(Box::new(HarmError { after: migration.name.clone(), findings }).into());
    }
    let earlier = start.latest.as_ref().map(|it| &it.attestation);
    let head = record(locked, guard, (&now, &start.found, earlier), (migration, actor), false);
    let head = head.await?;
    let unprotected = guard.ledgers.iter().enumerate().filter(|(index, _)| {
        now.root(*index).is_some() && !ledger::protection(&now, *index).weakest().rows()
    });
    let notes = unprotected.map(|(_, it)| {
        let label = it.label();
        format!("{label} is declared as a ledger, but nothing is certain to refuse changes to its rows: `glowplug ledger protect {label}`")
    });
    Ok((notes.collect(), head))
}

/// The ledgers as they are after a run, seen over another session where there is one; and in what way this one sees them otherwise.
/// Where nothing was touched since the run began, they are what they were then.
async fn seen(
    locked: &mut Locked<'_>,
    other: Option<&mut Session<'_>>,
    guard: &Guard,
) -> Result<(Snapshot, Vec<LedgerFinding>), Failure> {
    let facts = locked.facts().clone();
    let known = locked.known.take();
    let Some(other) = other else {
        let now = match as_known(known.as_ref(), &mut locked.session, &facts).await? {
            Some(now) => now,
            None => guard.watch(&mut locked.session, &facts, None).await?,
        };
        return Ok((now, Vec::new()));
    };
    if let Some(now) = as_known(known.as_ref(), other, &facts).await? {
        return Ok((now, Vec::new()));
    }
    let here = guard.watch(&mut locked.session, &facts, None);
    let (here, now) = futures_util::future::join(here, guard.watch(other, &facts, None)).await;
    let (here, now) = (here?, now?);
    let findings = Attestation::of(&here, named(guard), None).drift(&now, &guard.ledgers);
    Ok((now, findings))
}

/// The ledgers by name: nothing is known of their rows.
fn named(guard: &Guard) -> Vec<Attested> {
    guard.ledgers.iter().map(|it| Attested::nothing(&it.label())).collect()
}

/// Writes an attestation; gives its head.
pub(crate) async fn record(
    locked: &mut Locked<'_>,
    guard: &Guard,
    (now, found, earlier): (&Snapshot, &[Attested], Option<&Attestation>),
    (migration, actor): (&Migration, &str),
    anew: bool,
) -> Result<Option<Head>, JobError> {
    let measured = guard.measure(&mut locked.session, now, earlier).await.map_err(failed)?;
    let signs = guard.signs(&mut locked.session).await.map_err(failed)?;
    let mut ledgers = Vec::new();
    for (index, (measured, signs)) in measured.into_iter().zip(signs).enumerate() {
        let known = found.iter().find(|it| it.ledger == measured.ledger).cloned();
        let known = known.unwrap_or_else(|| Attested::nothing(&measured.ledger));
        let known = Attested { rows: measured.rows, last: measured.last, ..known };
        let at = (index, now);
        ledgers.push(rows::extend(&mut locked.session, guard, at, (known, signs)).await?);
    }
    let mut attestation = Attestation::of(now, ledgers, guard.allow.clone());
    attestation.anew = anew;
    let mut record = Record::of(migration, EntryKind::Attest, actor);
    record.note = serde_json::to_string(&attestation.since(earlier)).ok();
    locked.record(&[record]).await?;
    let facts = locked.facts().clone();
    let chain = journal::chain(&mut locked.session, &facts.place).await.map_err(failed)?;
    let identity = guard::identity(&mut locked.session, &facts.database).await;
    Ok(chain.head().map(|it| Head { database: identity, head: it.head.clone(), place: it.place }))
}
