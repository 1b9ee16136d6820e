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
    ledger::{Declaration, Reading, Snapshot, Written},
    postgres::{
        guard::{self, Guard, Range},
        session::{Message, Session},
    },
    report::{ledger_finding::LedgerFinding, rule::LedgerRule},
    words::digest::Digest,
};

/// One seal: all rows of a ledger after the seal before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seal {
    /// The ledger, as `public.events`.
    pub ledger: String,
    /// The columns that order its rows.
    pub key: Vec<String>,
    /// The last key of the seal before; none in the first.
    pub after: Option<Vec<Option<String>>>,
    /// The last key.
    pub to: Vec<Option<String>>,
    /// The columns that the rows are made of, each with its type, in whose text form its values are; without them the rows are
    /// JSON, with what is not NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<Written>>,
    /// How many rows.
    pub rows: u64,
    /// The SHA-256 of the rows in their canonical form.
    pub sha256: String,
    /// The SHA-256 of the chain before and this digest.
    pub chain: String,
    /// When, in UTC, as the server says.
    pub at: String,
    /// Which one it is of those that were made at once, and how many these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<[usize; 2]>,
}

impl Seal {
    /// The link to the seal before it: over everything that this one says.
    fn linked(mut self, before: Option<&Self>) -> Self {
        let before = before.map_or("", |it| it.chain.as_str());
        self.chain.clear();
        let said = match self.columns {
            Some(_) => serde_json::to_string(&self).unwrap_or_default(),
            None => self.sha256.clone(),
        };
        self.chain = Digest::of(&format!("{before}\n{said}")).to_string();
        self
    }
}

/// Reads a file of seals.
///
/// # Errors
/// A line that is none, or a chain that is broken.
pub(crate) fn read(text: &str) -> Result<Vec<Seal>, LedgerError> {
    let mut seals: Vec<Seal> = Vec::new();
    let mut lines = 0;
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let seal: Seal = serde_json::from_str(line)
            .map_err(|error| LedgerError::NotASeal { line: at + 1, why: error.to_string() })?;
        let before = seals.iter().rev().find(|it| it.ledger == seal.ledger);
        // what was made at once stands together
        let follows = match (seals.last().and_then(|it| it.part), seal.part) {
            (Some([n, of]), Some(part)) if n < of => part == [n + 1, of],
            (Some([n, of]), None) => n == of,
            (_, Some([n, _])) => n == 1,
            (None, None) => true,
        };
        if seal.clone().linked(before).chain != seal.chain
            || seal.after != before.map(|it| it.to.clone())
            || !follows
        {
            return Err(LedgerError::BrokenChain { line: at + 1 });
        }
        seals.push(seal);
        lines = at + 1;
    }
    match seals.last().and_then(|it| it.part) {
        Some([n, of]) if n < of => Err(LedgerError::Truncated { line: lines, missing: of - n }),
        _ => Ok(seals),
    }
}

/// Seals what came after the last seals.
///
/// # Errors
/// When the server cannot be reached or refuses, or no key orders a ledger.
pub(crate) async fn seal(
    endpoint: &Endpoint,
    ledgers: &[Declaration],
    earlier: &[Seal],
    watch: Watch<'_>,
) -> Result<Vec<Seal>, JobError> {
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let guard = Guard::of(ledgers);
    let now = guard.observe(&mut session, &facts, None).await.map_err(failed)?;
    let settings = guard::fixed_settings();
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
        let only = Guard::of(std::slice::from_ref(ledger));
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
        let columns = Written::of(&now, index);
        let reading: Reading = columns.iter().map(|it| Some(it.name.clone())).collect();
        let range = Range { ledger, key: &key, after: after.as_deref(), to: &to };
        let (digest, count) = (range.canonical(Some(&reading)), range.count());
        let messages = [
            Message::Batch("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            Message::Batch(&settings),
            Message::Digest(&digest),
            Message::Query(&count, Vec::new()),
            Message::Batch("ROLLBACK"),
        ];
        let rows = ask(&mut session, &messages).await?;
        let text = |row: usize, column: usize| {
            rows.get(row).and_then(|row| row.get(column)).cloned().flatten().unwrap_or_default()
        };
        seals.push(Seal {
            chain: String::new(),
            ledger: label,
            columns: Some(columns),
            key: key.iter().map(|(name, _)| name.clone()).collect(),
            after,
            rows: text(1, 0).parse().unwrap_or_default(),
            to,
            sha256: text(0, 0),
            at: text(1, 1),
            part: None,
        });
    }
    let of = seals.len();
    let linked = seals.into_iter().enumerate().map(|(at, seal)| {
        let before = earlier.iter().rev().find(|it| it.ledger == seal.ledger);
        Seal { part: Some([at + 1, of]), ..seal }.linked(before)
    });
    Ok(linked.collect())
}

/// What comparing with seals led to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    /// What is different.
    pub findings: Vec<LedgerFinding>,
    /// What is as it was.
    pub checked: Vec<String>,
    /// What no seal speaks of.
    pub notes: Vec<String>,
}

/// Proves that every row before the seals is unaltered.
///
/// # Errors
/// When there is no seal, or one of what is not declared; when the server cannot be reached or refuses.
pub(crate) async fn compare(
    endpoint: &Endpoint,
    ledgers: &[Declaration],
    seals: &[Seal],
    watch: Watch<'_>,
) -> Result<Compared, JobError> {
    if seals.is_empty() {
        return Err(LedgerError::NoSeal.into());
    }
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let guard = Guard::of(ledgers);
    let now = guard.observe(&mut session, &facts, None).await.map_err(failed)?;
    let mut compared = Compared::default();
    for seal in seals {
        let index = ledgers.iter().position(|it| it.label() == seal.ledger);
        let Some(index) = index.filter(|index| now.root(*index).is_some()) else {
            return Err(LedgerError::Missing { table: seal.ledger.clone() }.into());
        };
        let key = key(&now, index, &ledgers[index], seal)?;
        let range = Range {
            ledger: &ledgers[index],
            key: &key,
            after: seal.after.as_deref(),
            to: &seal.to,
        };
        let readings: Vec<Option<Reading>> = match &seal.columns {
            Some(columns) => {
                let readings = Written::readings(columns, &Written::of(&now, index));
                readings.into_iter().map(Some).collect()
            }
            None => vec![None],
        };
        let mut is_same = false;
        for reading in &readings {
            is_same |= digest(&mut session, &range, reading.as_deref()).await? == seal.sha256;
            if is_same {
                break;
            }
        }
        let rows = match &seal.after {
            Some(after) => format!("after {} up to {}", shown(after), shown(&seal.to)),
            None => format!("up to {}", shown(&seal.to)),
        };
        if is_same {
            compared.checked.push(format!(
                "{}: {} rows {rows} are unchanged since they were sealed at {}",
                seal.ledger, seal.rows, seal.at
            ));
        } else {
            compared.findings.push(LedgerFinding {
                ledger: seal.ledger.clone(),
                rule: LedgerRule::SealBroken,
                what: format!("the rows {rows} do not match those sealed at {}", seal.at),
                advice: "Rows were changed, removed or added despite all protection. Compare with a backup from before that time.",
                rows: true,
            });
        }
    }
    for (index, ledger) in ledgers.iter().enumerate() {
        let label = ledger.label();
        let Some(last) = seals.iter().rev().find(|it| it.ledger == label) else {
            compared.notes.push(format!("{label}: no seal covers it: nothing was compared"));
            continue;
        };
        let mark = guard::mark(ledger, &key(&now, index, ledger, last)?);
        let rows = session.query(&mark, Vec::new()).await.map_err(failed)?;
        if rows.first() != Some(&last.to) {
            let after = shown(&last.to);
            compared.notes.push(format!("{label}: no seal covers what came after {after}"));
        }
    }
    Ok(compared)
}

/// The key that a seal was made by, as its columns are called now.
fn key(
    now: &Snapshot,
    index: usize,
    ledger: &Declaration,
    seal: &Seal,
) -> Result<Vec<(String, String)>, LedgerError> {
    let named = now.key(index, &seal.key);
    let key = if named.len() == seal.key.len() { named } else { now.key(index, &ledger.key) };
    match key.len() == seal.to.len() && !key.is_empty() {
        true => Ok(key),
        false => Err(LedgerError::NoKey { table: seal.ledger.clone() }),
    }
}

/// The digest of rows, read from columns of now.
async fn digest(
    session: &mut Session<'_>,
    range: &Range<'_>,
    reading: Option<&[Option<String>]>,
) -> Result<String, JobError> {
    let (settings, digest) = (guard::fixed_settings(), range.canonical(reading));
    let messages = [
        Message::Batch("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        Message::Batch(&settings),
        Message::Digest(&digest),
        Message::Batch("ROLLBACK"),
    ];
    let rows = ask(session, &messages).await?;
    Ok(rows.into_iter().flatten().flatten().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seals() -> Vec<Seal> {
        let mut seals: Vec<Seal> = Vec::new();
        for (part, ledger, to) in [
            (1, "public.a", "5"),
            (2, "public.b", "7"),
            (1, "public.a", "9"),
            (2, "public.b", "11"),
        ] {
            let before = seals.iter().rev().find(|it| it.ledger == ledger);
            let seal = Seal {
                ledger: ledger.into(),
                key: vec!["id".into()],
                after: before.map(|it| it.to.clone()),
                to: vec![Some(to.into())],
                columns: Some(vec![Written { name: "id".into(), of: "bigint".into() }]),
                rows: 5,
                sha256: Digest::of(to).to_string(),
                chain: String::new(),
                at: "2026-11-30 12:00:00".into(),
                part: Some([part, 2]),
            };
            let seal = seal.linked(before);
            seals.push(seal);
        }
        seals
    }

    fn file(seals: &[Seal]) -> String {
        seals.iter().map(|it| serde_json::to_string(it).unwrap_or_default() + "\n").collect()
    }

    #[test]
    fn a_file_of_seals_is_read_as_it_was_written() {
        assert_eq!(read(&file(&seals())), Ok(seals()));
        assert_eq!(read("\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_was_cut_off_reordered_or_changed_is_named() {
        let all = seals();
        let cut = file(&all[..3]);
        assert_eq!(read(&cut), Err(LedgerError::Truncated { line: 3, missing: 1 }));
        let within = cut[..cut.len() - 9].to_owned();
        assert!(matches!(read(&within), Err(LedgerError::NotASeal { line: 3, .. })));
        let mut turned = all.clone();
        turned.swap(0, 1);
        assert_eq!(read(&file(&turned)), Err(LedgerError::BrokenChain { line: 1 }));
        let without = [&all[..1], &all[2..]].concat();
        assert_eq!(read(&file(&without)), Err(LedgerError::BrokenChain { line: 2 }));
        let changes: [fn(&mut Seal); 4] = [
            |it| it.rows = 4,
            |it| it.to = vec![Some("8".into())],
            |it| it.columns = Some(Vec::new()),
            |it| it.sha256 = Digest::of("x").to_string(),
        ];
        for change in changes {
            let mut changed = all.clone();
            change(&mut changed[2]);
            assert_eq!(read(&file(&changed)), Err(LedgerError::BrokenChain { line: 3 }));
        }
    }
}
