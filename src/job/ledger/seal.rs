//! Seals: digests of the rows of ledgers, each chained to the one before, to be kept outside of the database.

use serde::{Deserialize, Serialize};

use crate::{
    job::{
        JobError, Watch,
        attest::{failed, shown},
        failure::LedgerError,
        ledger::ask,
        open::Endpoint,
    },
    ledger::Declaration,
    postgres::{
        guard::{self, Guard},
        session::Message,
    },
    report::finding::Finding,
    words::digest::Digest,
};

/// One seal: all rows of a ledger after the seal before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The ledger, as `public.events`.
    pub ledger: String,
    /// The columns that order its rows.
    pub key: Vec<String>,
    /// The last key of the seal before; none in the first.
    pub after: Option<Vec<Option<String>>>,
    /// The last key.
    pub to: Vec<Option<String>>,
    /// How many rows.
    pub rows: u64,
    /// The SHA-256 of the rows in their canonical form.
    pub sha256: String,
    /// The SHA-256 of the chain before and this digest.
    pub chain: String,
    /// When, in UTC, as the server says.
    pub at: String,
}

impl Seal {
    fn chain(before: Option<&Self>, sha256: &str) -> String {
        let before = before.map_or("", |it| it.chain.as_str());
        Digest::of(&format!("{before}\n{sha256}")).to_string()
    }
}

/// Reads a file of seals.
///
/// # Errors
/// A line that is none, or a chain that is broken.
pub fn read(text: &str) -> Result<Vec<Seal>, LedgerError> {
    let mut seals: Vec<Seal> = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let seal: Seal = serde_json::from_str(line)
            .map_err(|error| LedgerError::NotASeal { line: at + 1, why: error.to_string() })?;
        let before = seals.iter().rev().find(|it| it.ledger == seal.ledger);
        if seal.chain != Seal::chain(before, &seal.sha256)
            || seal.after != before.map(|it| it.to.clone())
        {
            return Err(LedgerError::BrokenChain { line: at + 1 });
        }
        seals.push(seal);
    }
    Ok(seals)
}

/// Seals what came after the last seals.
///
/// # Errors
/// When the server cannot be reached or refuses, or no key orders a ledger.
pub async fn seal(
    endpoint: &Endpoint,
    ledgers: &[Declaration],
    earlier: &[Seal],
    watch: Watch<'_>,
) -> Result<Vec<Seal>, JobError> {
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let guard = Guard { ledgers: ledgers.to_vec(), allow: None, attested: Vec::new() };
    let now = guard.observe(&mut session, &facts, None).await.map_err(failed)?;
    let pins = guard::pins();
    let mut seals = Vec::new();
    for (index, ledger) in ledgers.iter().enumerate() {
        let label = ledger.label();
        if now.root(index).is_none() {
            return Err(LedgerError::Missing { table: label }.into());
        }
        let key = now.key(index, &ledger.key);
        if !guard::is_ordered(&key) {
            return Err(LedgerError::NoKey { table: label }.into());
        }
        // for a moment nobody appends: no number below the last one is on its way then
        let only = Guard { ledgers: vec![ledger.clone()], allow: None, attested: Vec::new() };
        let lock = only.lock(true);
        let mark = guard::mark(ledger, &key);
        let messages = [
            Message::Batch("BEGIN; SET LOCAL lock_timeout = '5s'"),
            Message::Batch(&lock),
            Message::Query(&mark, Vec::new()),
            Message::Batch("ROLLBACK"),
        ];
        let Some(to) = ask(&mut session, &messages).await?.into_iter().next() else {
            continue;
        };
        let before = earlier.iter().rev().find(|it| it.ledger == label);
        if before.is_some_and(|it| it.to == to) {
            continue;
        }
        let after = before.map(|it| it.to.clone());
        let digest = guard::canonical(ledger, &key, after.as_deref(), &to);
        let count = guard::rows_between(ledger, &key, after.as_deref(), &to);
        let messages = [
            Message::Batch("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            Message::Batch(&pins),
            Message::Digest(&digest),
            Message::Query(&count, Vec::new()),
            Message::Batch("ROLLBACK"),
        ];
        let rows = ask(&mut session, &messages).await?;
        let text = |row: usize, column: usize| {
            rows.get(row).and_then(|row| row.get(column)).cloned().flatten().unwrap_or_default()
        };
        let sha256 = text(0, 0);
        seals.push(Seal {
            chain: Seal::chain(before, &sha256),
            ledger: label,
            key: key.into_iter().map(|(name, _)| name).collect(),
            after,
            to,
            rows: text(1, 0).parse().unwrap_or_default(),
            sha256,
            at: text(1, 1),
        });
    }
    Ok(seals)
}

/// Proves that every row before the seals is unaltered.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn compare(
    endpoint: &Endpoint,
    ledgers: &[Declaration],
    seals: &[Seal],
    watch: Watch<'_>,
) -> Result<(Vec<Finding>, Vec<String>), JobError> {
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let guard = Guard { ledgers: ledgers.to_vec(), allow: None, attested: Vec::new() };
    let now = guard.observe(&mut session, &facts, None).await.map_err(failed)?;
    let pins = guard::pins();
    let (mut findings, mut checked) = (Vec::new(), Vec::new());
    for seal in seals {
        let index = ledgers.iter().position(|it| it.label() == seal.ledger);
        let Some(index) = index.filter(|index| now.root(*index).is_some()) else {
            return Err(LedgerError::Missing { table: seal.ledger.clone() }.into());
        };
        let ledger = &ledgers[index];
        let key = now.key(index, &seal.key);
        if key.len() != seal.to.len() {
            return Err(LedgerError::NoKey { table: seal.ledger.clone() }.into());
        }
        let digest = guard::canonical(ledger, &key, seal.after.as_deref(), &seal.to);
        let messages = [
            Message::Batch("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            Message::Batch(&pins),
            Message::Digest(&digest),
            Message::Batch("ROLLBACK"),
        ];
        let rows = ask(&mut session, &messages).await?;
        let found = rows.first().and_then(|row| row.first()).cloned().flatten().unwrap_or_default();
        let range = match &seal.after {
            Some(after) => format!("after {} up to {}", shown(after), shown(&seal.to)),
            None => format!("up to {}", shown(&seal.to)),
        };
        if found == seal.sha256 {
            checked.push(format!(
                "{}: {} rows {range} are as they were sealed at {}",
                seal.ledger, seal.rows, seal.at
            ));
        } else {
            findings.push(Finding {
                ledger: seal.ledger.clone(),
                rule: "seal-broken",
                what: format!("the rows {range} are not those that were sealed at {}", seal.at),
                advice: "Rows were changed, removed or added past every protection. Compare with a backup from before that time.",
                rows: true,
            });
        }
    }
    Ok((findings, checked))
}
