//! The rows of ledgers between two moments: signs that they changed, and the sums that prove that they did not.

use crate::{
    job::{
        JobError,
        attest::{failed, shown},
    },
    ledger::{self, Attested, Layer, Reading, Signs, Snapshot, Written, advice},
    postgres::{
        guard::{self, Guard, Key, Range},
        session::Session,
    },
    report::{ledger_finding::LedgerFinding, rule::LedgerRule},
};

/// Ledgers up to this size, in pages of 8 kB, are read through for rows that were written since: whatever the server counted.
const SMALL: i64 = 16_384;

/// So many layers are made into one.
const LAYERS: usize = 8;

/// How closely rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Between two runs: any sign leads to the sums.
    Between,
    /// After a run, which may have changed tables: counters, and rows written since, do.
    After,
    /// Always, of all rows.
    Full,
}

/// Compares the rows of one ledger with what was attested of it.
pub(crate) async fn compare(
    session: &mut Session<'_>,
    guard: &Guard,
    (index, now): (usize, &Snapshot),
    (attested, signs): (&Attested, Option<&Signs>),
    look: Look,
    server_version: u32,
) -> Result<Option<LedgerFinding>, JobError> {
    let declared = &guard.ledgers[index];
    let (Some(signs), true) = (signs, now.root(index).is_some() && now.is_readable(index)) else {
        return Ok(None);
    };
    let then = attested.signs.as_ref().filter(|then| then.here == signs.here);
    let Some(last) = attested.layers.last() else {
        return Ok(None);
    };
    let key = match last.to.is_empty() {
        true => Key::new(),
        false => now.key(index, &declared.key),
    };
    // what has no key is told by who wrote it, which a copy does not
    if key.len() != last.to.len() || key.is_empty() && then.is_none() {
        return Ok(None);
    }
    let columns = Written::of(now, index);
    if look == Look::After
        && guard.allow.is_some()
        && !attested.layers.iter().all(|it| fits(it, &columns))
    {
        // a person wants another type, and the guard has compared the values
        return Ok(None);
    }
    let everything = Range { ledger: declared, key: &key, after: None, to: &last.to };
    let is_quiet = match (look, then) {
        (Look::Full, _) | (_, None) => false,
        (Look::Between, Some(then)) => signs.are_quiet_since(then),
        (Look::After, Some(then)) => signs.counted_nothing_since(then),
    };
    // where nothing can be flushed, the counters may be late: the rows themselves tell
    let is_read = signs.pages <= SMALL || look == Look::After && server_version < 150_000;
    if is_quiet {
        let Some(then) = then.filter(|_| is_read) else {
            return Ok(None);
        };
        let rows: u64 = attested.layers.iter().map(|it| it.rows).sum();
        if count(session, &guard::there_then(&everything, &then.snapshot)).await? >= rows {
            return Ok(None);
        }
    }
    let snapshot = then.map(|it| it.snapshot.as_str());
    for layer in &attested.layers {
        let range = Range { after: layer.after.as_deref(), to: &layer.to, ..everything };
        if reading(session, &range, layer, &columns, snapshot).await?.is_some() {
            continue;
        }
        let found = count(session, &guard::sums(&range, &Vec::new(), None)).await?;
        if found > layer.rows
            && let Some(snapshot) = snapshot
            && count(session, &guard::there_then(&range, snapshot)).await? > layer.rows
        {
            // some came late, with a lower number than others: which of them, nobody can tell
            continue;
        }
        let rows = match &layer.after {
            Some(after) => format!("the rows after {} up to {}", shown(after), shown(&layer.to)),
            None if layer.to.is_empty() => "its rows".to_owned(),
            None => format!("the rows up to {}", shown(&layer.to)),
        };
        let count = match found == layer.rows || layer.to.is_empty() {
            true => String::new(),
            false => format!(": expected {}, found {found}", layer.rows),
        };
        return Ok(Some(LedgerFinding {
            ledger: declared.label(),
            rule: LedgerRule::RowsChanged,
            what: format!("{rows} do not match what was attested{count}"),
            advice: advice::HISTORY,
            rows: true,
        }));
    }
    Ok(None)
}

/// Whether the columns of a layer are there as they were.
fn fits(layer: &Layer, now: &[Written]) -> bool {
    let is_there = |it: &Written| now.iter().any(|now| now.name == it.name && now.of == it.of);
    layer.columns.iter().all(|it| it.name.is_empty() || is_there(it))
}

/// From which columns of now a layer comes out again; none if from no choice of them. Rows that were not there in the snapshot are
/// left out where there are more now: transactions that ended later may have lower keys.
async fn reading(
    session: &mut Session<'_>,
    range: &Range<'_>,
    layer: &Layer,
    now: &[Written],
    snapshot: Option<&str>,
) -> Result<Option<Reading>, JobError> {
    for reading in Written::readings(&layer.columns, now) {
        let found = sums(session, &guard::sums(range, &reading, None)).await?;
        if layer.has(found.0, &found.1) {
            return Ok(Some(reading));
        }
        if (found.0 > layer.rows || layer.to.is_empty())
            && let Some(snapshot) = snapshot
        {
            let found = sums(session, &guard::sums(range, &reading, Some(snapshot))).await?;
            if layer.has(found.0, &found.1) {
                return Ok(Some(reading));
            }
        }
    }
    Ok(None)
}

/// Goes on with what was attested: the rows that came since, up to where no others can come any more. What cannot be read now
/// stays as it was attested.
pub(crate) async fn extend(
    session: &mut Session<'_>,
    guard: &Guard,
    (index, now): (usize, &Snapshot),
    (known, signs): (Attested, Option<Signs>),
) -> Result<Attested, JobError> {
    let declared = &guard.ledgers[index];
    if now.root(index).is_none() {
        return Ok(Attested::nothing(&declared.label()));
    }
    if !now.is_readable(index) {
        return Ok(known);
    }
    let mut attested = Attested { layers: Vec::new(), signs: None, ..known.clone() };
    if !ledger::is_guarded(now, index) {
        return Ok(attested);
    }
    let key = now.key(index, &declared.key);
    let columns = Written::of(now, index);
    let mut layers = known.layers;
    if guard::is_ordered(&key) {
        layers.retain(|it| it.to.len() == key.len());
        layers = fitting(session, guard, (index, &key), layers, &columns).await?;
        let mark = ask_row(session, &guard::mark(declared, &key)).await?;
        let is_new = mark.is_some() && mark.as_ref() != layers.last().map(|it| &it.to);
        if let Some(to) = mark.filter(|_| is_new)
            && guard.is_settled(session, index).await.map_err(failed)?
        {
            let after = layers.last().map(|it| it.to.clone());
            let next = layer(session, guard, (index, &key), after, to, &columns).await?;
            match layers.pop() {
                Some(last) if last.continues_in(&next) => layers.push(last.with(next)),
                Some(last) => layers.extend([last, next]),
                None => layers.push(next),
            }
        }
        if layers.len() > LAYERS
            && let Some(to) = layers.last().map(|it| it.to.clone())
        {
            layers = vec![layer(session, guard, (index, &key), None, to, &columns).await?];
        }
        if !layers.is_empty() {
            attested.rows = Some(layers.iter().map(|it| it.rows).sum());
            attested.last = layers.last().map(|it| it.to.clone());
        }
    } else if let Some(signs) = signs.as_ref().filter(|it| it.pages <= SMALL) {
        let reading: Reading = columns.iter().map(|it| Some(it.name.clone())).collect();
        let range = Range { ledger: declared, key: &Key::new(), after: None, to: &[] };
        let sql = guard::sums(&range, &reading, Some(&signs.snapshot));
        let (rows, sums) = sums(session, &sql).await?;
        layers = vec![Layer { after: None, to: Vec::new(), columns, rows, sums }];
    } else {
        layers.clear();
    }
    Ok(Attested { layers, signs, ..attested })
}

/// Layers whose columns this run has renamed or dropped, with the columns as they are now. The guard has compared the rows then.
async fn fitting(
    session: &mut Session<'_>,
    guard: &Guard,
    (index, key): (usize, &Key),
    layers: Vec<Layer>,
    now: &[Written],
) -> Result<Vec<Layer>, JobError> {
    let mut fitting = Vec::new();
    for mut old in layers {
        if !fits(&old, now) {
            let ledger = &guard.ledgers[index];
            let range = Range { ledger, key, after: old.after.as_deref(), to: &old.to };
            match reading(session, &range, &old, now, None).await? {
                Some(reading) => {
                    let columns = old.columns.into_iter().zip(reading);
                    old.columns = columns
                        .map(|(column, name)| {
                            let of = now.iter().find(|it| Some(&it.name) == name.as_ref());
                            let of = of.map_or(column.of, |it| it.of.clone());
                            // without a name: a column that is gone, whatever is called so later
                            Written { name: name.unwrap_or_default(), of }
                        })
                        .collect();
                }
                None => old = layer(session, guard, (index, key), old.after, old.to, now).await?,
            }
        }
        fitting.push(old);
    }
    Ok(fitting)
}

/// The sums of the rows between two keys.
async fn layer(
    session: &mut Session<'_>,
    guard: &Guard,
    (index, key): (usize, &Key),
    after: Option<Vec<Option<String>>>,
    to: Vec<Option<String>>,
    columns: &[Written],
) -> Result<Layer, JobError> {
    let reading: Reading = columns.iter().map(|it| Some(it.name.clone())).collect();
    let ledger = &guard.ledgers[index];
    let range = Range { ledger, key, after: after.as_deref(), to: &to };
    let (rows, sums) = sums(session, &guard::sums(&range, &reading, None)).await?;
    Ok(Layer { after, to, columns: columns.to_vec(), rows, sums })
}

async fn sums(session: &mut Session<'_>, sql: &str) -> Result<(u64, [String; 4]), JobError> {
    let found = ask(session, sql).await?;
    let mut found = found.into_iter();
    let mut next = || found.next().unwrap_or_default();
    let rows = next().parse().unwrap_or_default();
    Ok((rows, std::array::from_fn(|_| next())))
}

async fn count(session: &mut Session<'_>, sql: &str) -> Result<u64, JobError> {
    let found = ask(session, sql).await?;
    Ok(found.first().and_then(|it| it.parse().ok()).unwrap_or_default())
}

async fn ask(session: &mut Session<'_>, sql: &str) -> Result<Vec<String>, JobError> {
    let row = ask_row(session, sql).await?.unwrap_or_default();
    Ok(row.into_iter().map(Option::unwrap_or_default).collect())
}

async fn ask_row(
    session: &mut Session<'_>,
    sql: &str,
) -> Result<Option<Vec<Option<String>>>, JobError> {
    Ok(guard::ask(session, sql).await.map_err(failed)?.into_iter().next())
}
