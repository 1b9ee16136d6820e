//! Ledgers between runs: what a run leaves, what the next one finds, and what a person asks.

pub(crate) mod protect;
pub(crate) mod seal;
pub(crate) mod sealed;

use crate::report::rule::LedgerRule;
use crate::{
    events::EventLog,
    job::{
        JobError, Watch,
        attest::{differences, drift_error, failed, latest, record, rows::Look, shown},
        declared,
        open::Endpoint,
    },
    ledger::{self, Declaration, FactKind, Snapshot},
    migration::source::Migration,
    postgres::{
        guard::{self, Declared, Guard},
        journal,
        lock::{Facts, Locked},
        pool,
        session::{Message, Session},
    },
    report::{
        ledger::{AttestationReport, Head, LedgerReport, LedgersReport, Level, Strength},
        ledger_finding::LedgerFinding,
    },
};

/// What is known of the ledgers of a database.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn status(
    endpoint: &Endpoint,
    guard: &Guard,
    watch: Watch<'_>,
) -> Result<LedgersReport, JobError> {
    look(endpoint, guard, Look::Between, watch).await
}

async fn look(
    endpoint: &Endpoint,
    guard: &Guard,
    look: Look,
    watch: Watch<'_>,
) -> Result<LedgersReport, JobError> {
    let ledgers = &guard.ledgers;
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let found = differences(&mut session, guard, &facts, look).await?;
    let (now, latest, mut findings) = (found.now, found.latest, found.findings);
    let powers = guard.powers(&mut session, &facts).await.map_err(failed)?;
    let key = guard.key.as_deref();
    let mut sealed = Vec::new();
    for (index, ledger) in ledgers.iter().enumerate() {
        let (is_sealed, roads, finding) = sealed::judge(&powers, &now, index, ledger, key);
        findings.extend(finding);
        sealed.push((is_sealed, roads));
    }
    let measured = guard.measure(&mut session, &now, None).await.map_err(failed)?;
    let ledgers = ledgers.iter().zip(measured).zip(sealed).enumerate().map(
        |(index, ((ledger, measured), (sealed, roads)))| LedgerReport {
            sealed,
            roads,
            table: ledger.label(),
            level: ledger.level,
            exists: now.root(index).is_some(),
            protection: ledger::protection(&now, index).weakest(),
            weak_points: weak_points(&now, index, ledger),
            key: now.key(index, &ledger.key).into_iter().map(|(name, _)| name).collect(),
            rows: measured.rows,
            last: measured.last,
        },
    );
    Ok(LedgersReport {
        ledgers: ledgers.collect(),
        undeclared: undeclared(&mut session, &facts, guard).await?,
        attestation: latest.map(|it| AttestationReport {
            at: it.at,
            after: it.after,
            digest: it.attestation.digest.to_string(),
        }),
        database: facts.database,
        findings,
        checked: Vec::new(),
        notes: Vec::new(),
    })
}

/// Recomputes what was attested: the protection, and how many rows there are up to the last key.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn verify(
    endpoint: &Endpoint,
    guard: &Guard,
    watch: Watch<'_>,
) -> Result<LedgersReport, JobError> {
    let mut report = look(endpoint, guard, Look::Full, watch).await?;
    let ledgers = &guard.ledgers;
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let latest = latest(&mut session, &facts.place).await?;
    let is_known =
        |label: &str| latest.as_ref().is_some_and(|it| it.attestation.ledger(label).is_some());
    if let Some((ledger, _)) = ledgers
        .iter()
        .zip(&report.ledgers)
        .find(|(it, found)| !found.exists && !is_known(&it.label()))
    {
        return Err(declared::missing(&mut session, ledger).await?.into());
    }
    let Some(latest) = latest else {
        report.notes.push("nothing has been attested yet: the next upgrade does it".into());
        return Ok(report);
    };
    let now = guard.observe(&mut session, &facts, None).await.map_err(failed)?;
    report.checked.push(format!("the protection, as it was at {} UTC", latest.at));
    for (index, ledger) in ledgers.iter().enumerate() {
        let label = ledger.label();
        let key = now.key(index, &ledger.key);
        let attested = latest.attestation.ledger(&label);
        let Some((attested, last)) = attested.and_then(|it| Some((it.rows?, it.last.as_deref()?)))
        else {
            continue;
        };
        if key.len() != last.len() || !now.is_readable(index) {
            continue;
        }
        let sql = guard::rows_up_to(ledger, &key, last);
        let rows = session.query(&sql, Vec::new()).await.map_err(failed)?;
        let count = rows.first().and_then(|row| row.first()).cloned().flatten();
        let count = count.and_then(|it| it.parse::<u64>().ok()).unwrap_or_default();
        report.checked.push(format!("{label}: {count} rows up to {}", shown(last)));
        if count < attested {
            report.findings.push(LedgerFinding {
                ledger: label,
                rule: LedgerRule::RowsLost,
                what: format!("{} of its {attested} rows up to {} are gone", attested - count, shown(last)),
                advice: "Events were removed despite all protection. Check the server log and a backup; the seals show which rows are unaltered.",
                rows: true,
            });
        } else if count > attested {
            report.notes.push(format!(
                "{label}: {} more rows up to {} than were attested: transactions that committed later can have lower numbers",
                count - attested,
                shown(last),
            ));
        }
    }
    Ok(report)
}

/// Accepts what is there now, for a reason that is recorded: another protection; rows and a journal that are not what they were only
/// if a person says so as well. Gives the new head.
///
/// # Errors
/// When the history is another one, another run holds the lock for too long, or the server refuses.
pub(crate) async fn accept(
    locked: &mut Locked<'_>,
    guard: &Guard,
    newest: &Migration,
    actor: &str,
    history: bool,
) -> Result<Option<Head>, JobError> {
    locked.prepare().await?;
    let facts = locked.facts().clone();
    let mut found = differences(&mut locked.session, guard, &facts, Look::Full).await?;
    found.findings.retain(|it| it.rows);
    if !found.findings.is_empty() && !history {
        return Err(drift_error(found).into());
    }
    let mut known = Vec::new();
    let earlier = found.latest.as_ref().map(|it| &it.attestation).filter(|_| !history);
    if let Some(earlier) = earlier {
        known.clone_from(&earlier.ledgers);
    }
    if history {
        // a number far above all others would hide what comes after it; without the right to, it is the next look that tells
        let sql = journal::renumber(&facts.place);
        locked.session.query(&sql, Vec::new()).await.unwrap_or_default();
    }
    record(locked, guard, (&found.now, &known, earlier), (newest, actor), history).await
}

/// What a protection lacks, and what could step around it.
fn weak_points(now: &Snapshot, index: usize, ledger: &Declaration) -> Vec<String> {
    let mut weak = Vec::new();
    if now.root(index).is_none() {
        return weak;
    }
    let protection = ledger::protection(now, index);
    for (table, guarded) in &protection.tables {
        let commands = [
            ("UPDATE", guarded.update),
            ("DELETE", guarded.delete),
            ("TRUNCATE", guarded.truncate),
        ];
        for (command, strength) in commands {
            let is_wanted = ledger.level >= Level::Hardened || command != "TRUNCATE";
            match strength {
                Strength::None if is_wanted => {
                    weak.push(format!("nothing refuses {command} of {table}"))
                }
                Strength::Statement => {
                    weak.push(format!("{command} of {table} is refused for statements only"))
                }
                Strength::Row if ledger.level >= Level::Hardened => {
                    weak.push(format!("{command} of {table} is not refused under session_replication_role = replica"));
                }
                _ => {}
            }
        }
    }
    weak.extend(
        protection
            .unproved
            .iter()
            .map(|(trigger, why)| format!("the trigger {trigger} is not proved to refuse: {why}")),
    );
    for (role, fact) in now.of(Some(index), FactKind::Role) {
        let may = [("updates", "UPDATE"), ("deletes", "DELETE"), ("truncates", "TRUNCATE")];
        let may: Vec<&str> =
            may.iter().filter(|(it, _)| fact.is(it)).map(|(_, command)| *command).collect();
        if !may.is_empty() && !fact.is("owns") && !fact.is("superuser") {
            weak.push(format!("{role} has been granted {}", may.join(", ")));
        }
    }
    if !guard::is_ordered(&now.key(index, &ledger.key)) {
        weak.push("no key orders its rows: name one with `key` in glowplug.toml".into());
    }
    if now.root(index).is_some_and(|(_, it)| it.is("row security")) {
        weak.push("row-level security hides rows from some roles".into());
    }
    if now.session().is("superuser") {
        weak.push(
            "this role is a superuser, or can become one: every migration compares all rows".into(),
        );
    }
    weak
}

/// Ledgers that are not where all migrations were replayed, in words.
pub(crate) async fn not_made(
    session: &mut Session<'_>,
    guard: &Guard,
) -> Result<Vec<String>, JobError> {
    if !guard.is_on() {
        return Ok(Vec::new());
    }
    let found = guard.declared(session).await.map_err(failed)?;
    let missing = guard.ledgers.iter().zip(found).filter(|(_, it)| *it != Declared::Table);
    let note = |(ledger, _): (&Declaration, Declared)| {
        let label = ledger.label();
        format!(
            "{label} is declared as a ledger, but no migration creates it: nothing was shown about it"
        )
    };
    Ok(missing.map(note).collect())
}

/// Tables that are protected as ledgers are, and not declared.
pub(crate) async fn undeclared(
    session: &mut Session<'_>,
    facts: &Facts,
    guard: &Guard,
) -> Result<Vec<String>, JobError> {
    let rows = session.query(guard::CANDIDATES, Vec::new()).await.map_err(failed)?;
    let candidates = rows.into_iter().filter_map(|row| {
        let [schema, table] = <[_; 2]>::try_from(row).ok()?;
        Some(Declaration { schema: schema?, table: table?, key: Vec::new(), level: Level::Minimal })
    });
    let known = |it: &Declaration| {
        guard.ledgers.iter().any(|ledger| ledger.label() == it.label())
            || it.table == crate::postgres::journal::TABLE
    };
    let candidates =
        Guard { ledgers: candidates.filter(|it| !known(it)).collect(), ..Guard::default() };
    if !candidates.is_on() {
        return Ok(Vec::new());
    }
    let seen = candidates.observe(session, facts, None).await.map_err(failed)?;
    let ledgers = candidates.ledgers.iter().enumerate();
    let protected = ledgers.filter(|(index, _)| ledger::protection(&seen, *index).weakest().rows());
    Ok(protected.map(|(_, it)| it.label()).collect())
}

/// Opens the events ledger of a database.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn event_log(endpoint: &Endpoint, watch: Watch<'_>) -> Result<EventLog, JobError> {
    let wire = endpoint.wire(&endpoint.url, watch).await?;
    Ok(EventLog::over(pool::into_diesel(wire).await?))
}

/// Asks one thing over a session of a person.
async fn ask(
    session: &mut Session<'_>,
    messages: &[Message<'_>],
) -> Result<Vec<Vec<Option<String>>>, JobError> {
    let mut rows = Vec::new();
    let mut first = None;
    for reply in session.exchange(messages, &mut |_| {}).await {
        match reply {
            Ok(reply) => rows.extend(reply),
            Err(failure) => first = first.or(Some(failure)),
        }
    }
    first.map_or(Ok(rows), |failure| Err(failed(failure)))
}
