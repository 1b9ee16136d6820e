//! Ledgers that PostgreSQL itself seals: the SQL for that, and whether it is so.

use serde::Serialize;

use crate::{
    job::{JobError, Watch, attest::failed, failure::LedgerError, ledger::protect, open::Endpoint},
    ledger::{self, Declaration, Hands, Powers, Sealing, Snapshot, sealing},
    postgres::{guard::Guard, lock::Facts, session::Session},
    report::{
        ledger::{Level, Road, Strength},
        ledger_finding::LedgerFinding,
        rule::LedgerRule,
    },
};

/// The SQL that seals a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SealedSql {
    /// The SQL.
    pub sql: String,
    /// The role that owns the ledger afterwards.
    pub ledger_role: String,
    /// The role that owns the database afterwards.
    pub database_role: String,
    /// What the SQL does not close.
    pub roads: Vec<Road>,
    /// What should be known besides.
    pub notes: Vec<String>,
}

/// Writes the SQL that seals a ledger.
///
/// # Errors
/// When the server cannot be reached or refuses, there is no such table, or it is already sealed.
pub(crate) async fn sql(
    endpoint: &Endpoint,
    ledger: &Declaration,
    key: Option<&str>,
    watch: Watch<'_>,
) -> Result<SealedSql, JobError> {
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let missing = protect::written(&mut session, &facts, ledger).await?;
    let guard = Guard::of(std::slice::from_ref(ledger));
    let powers = guard.powers(&mut session, &facts).await.map_err(failed)?;
    if missing.is_none() && powers.of_others().roads(0, key).is_empty() {
        return Err(LedgerError::Sealed { table: ledger.label() }.into());
    }
    let hands = Hands::of(&powers, key);
    let label = ledger.label();
    let tracking = (facts.place.schema.as_str(), facts.place.ddl());
    let hardening = missing.as_ref().map(|(texts, function)| {
        let again = |it: &str| it.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION");
        let again = again(&texts.up).replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER");
        (again, function.as_str())
    });
    let what = Sealing {
        label: &label,
        tracking: (tracking.0, &tracking.1),
        hardening: hardening.as_ref().map(|(sql, function)| (sql.as_str(), *function)),
        hands: &hands,
    };
    let mut sql = sealing(&powers, &what);
    let roads = powers.left_open(0, &hands);
    if !roads.is_empty() {
        sql += "\n-- This stays open, because the ledger cannot close it:\n";
        sql.extend(roads.iter().map(|road| format!("-- {road}\n")));
    }
    Ok(SealedSql {
        sql,
        ledger_role: hands.keeper,
        database_role: hands.database,
        roads,
        notes: missing.map(|(texts, _)| texts.notes).unwrap_or_default(),
    })
}

/// Whether a ledger is sealed, and what speaks against it.
pub(super) fn judge(
    powers: &Powers,
    now: &Snapshot,
    index: usize,
    ledger: &Declaration,
    key: Option<&str>,
) -> (bool, Vec<Road>, Option<LedgerFinding>) {
    let found = ledger::protection(now, index).weakest();
    let is_always =
        [found.update, found.delete, found.truncate].iter().all(|it| *it == Strength::Always);
    let is_there = now.root(index).is_some();
    let roads = powers.roads(index, key);
    let is_sealed = is_there && is_always && roads.is_empty();
    let is_missed = ledger.level == Level::Sealed && is_there && !is_sealed;
    let finding = is_missed.then(|| LedgerFinding {
        ledger: ledger.label(),
        rule: LedgerRule::NotSealed,
        what: match roads.first() {
            Some(first) if roads.len() == 1 => {
                format!("it is declared as sealed, but there is a way around: {first}")
            }
            Some(first) => format!(
                "it is declared as sealed, but there are {} ways around; the first is {first}",
                roads.len()
            ),
            None => "it is declared as sealed, but its triggers do not always refuse everything"
                .to_owned(),
        },
        advice: LedgerRule::NotSealed.advice(),
        rows: false,
    });
    (is_sealed, roads, finding)
}

/// What a run says of ledgers that are declared as sealed, and are not.
///
/// # Errors
/// When the server refuses, or the connection is lost.
pub(crate) async fn notes(
    session: &mut Session<'_>,
    facts: &Facts,
    guard: &Guard,
) -> Result<Vec<String>, JobError> {
    if !guard.ledgers.iter().any(|it| it.level == Level::Sealed) {
        return Ok(Vec::new());
    }
    let now = guard.observe(session, facts, None).await.map_err(failed)?;
    let powers = guard.powers(session, facts).await.map_err(failed)?;
    let key = guard.key.as_deref();
    let ledgers = guard.ledgers.iter().enumerate();
    let found = ledgers.filter_map(|(at, ledger)| judge(&powers, &now, at, ledger, key).2);
    Ok(found.map(|it| format!("{}: {}", it.ledger, it.what)).collect())
}
