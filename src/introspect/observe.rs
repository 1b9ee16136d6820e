//! Watches a script while it runs in a throwaway database: after each statement the session is asked which locks it holds, what it has read
//! and written, and which relations have a new file. What cannot run in a transaction is watched from a second session.

mod costs;
mod reading;
mod rows;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use self::reading::{Reading, Sample};
pub(crate) use self::{
    costs::costs,
    rows::{Grown, Pattern, empty, grow, thin},
};
use crate::{
    lint::observation::{Failed, Observation},
    postgres::{
        exec::CLEAN,
        session::{Failure, Message, Row, Session},
    },
    words::sql::{Piece, Statement, pieces, verb},
};

const PROBE: &str = include_str!("observe/probe.sql");
const SAMPLE: &str = include_str!("observe/sample.sql");
const LOCKED: &str = include_str!("observe/locked.sql");
/// As a run sets it: what a cast of timestamps rewrites depends on it.
const ZONE: &str = "SET TimeZone = 'UTC'";
const OPENING: &str = "SELECT ARRAY[pg_catalog.pg_current_xact_id()::pg_catalog.xid::text, pg_catalog.pg_backend_pid()::text] AS \"row\"";
/// Every transaction.
const EVER: &str = "1";
/// active_sql_transaction and invalid_transaction_termination: what has to run outside of a transaction.
const OUTSIDE: [&str; 2] = ["25001", "2D000"];
const SETTLE: &str = "SET CONSTRAINTS ALL IMMEDIATE";

/// A script to be watched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched<'s> {
    /// Its text.
    pub(crate) text: &'s str,
    /// Its statements.
    pub(crate) statements: &'s [Statement],
    /// Whether all of it is one transaction.
    pub(crate) is_whole: bool,
}

impl Watched<'_> {
    fn text(&self, statement: usize) -> &str {
        &self.text[self.statements[statement].span.clone()]
    }

    /// Whether a statement may lock rows without changing them: it says so, or runs code.
    fn may_lock_rows(&self, statement: usize) -> bool {
        let text = self.text(statement);
        let runs_code =
            ["select", "with", "do", "call"].iter().any(|it| verb(text).eq_ignore_ascii_case(it));
        let pieces = pieces(text).unwrap_or_default();
        let says = |it: &[Piece<'_>]| {
            it[0].is("for") && ["update", "share", "no", "key"].iter().any(|word| it[1].is(word))
        };
        runs_code || pieces.windows(2).any(says)
    }

    /// The statements by the transactions that they run in, each with whether it is one.
    fn transactions(&self) -> Vec<(std::ops::Range<usize>, bool)> {
        match self.is_whole {
            true => vec![(0..self.statements.len(), true)],
            false => {
                let all = self.statements.iter().enumerate();
                all.map(|(at, it)| (at..at + 1, it.kind.may_run_in_transaction())).collect()
            }
        }
    }
}

/// Names the relations that a script locks, by running it and taking it back; as far as it runs.
///
/// # Errors
/// The loss of the connection.
pub(crate) async fn touched(
    session: &mut Session<'_>,
    watched: &Watched<'_>,
) -> Result<Observation, Failure> {
    let (mut reading, since, _) = begin(session, &BTreeMap::new()).await?;
    let mut messages = vec![Message::Batch("BEGIN")];
    let whole = watched.transactions().into_iter().filter(|(_, is_one)| *is_one);
    for at in whole.flat_map(|(range, _)| range) {
        messages.push(Message::Script(watched.text(at)));
        messages.push(Message::Query(PROBE, vec![Some(since.clone())]));
    }
    messages.push(Message::Batch("ROLLBACK"));
    messages.push(Message::Batch(CLEAN));
    let replies = session.exchange(&messages, &mut |_| {}).await;
    for pair in replies[1..replies.len() - 2].chunks(2) {
        match pair {
            [Ok(_), Ok(rows)] => reading.step(0, 0, rows),
            [Err(failure), ..] | [_, Err(failure)] => {
                lost(failure)?;
                break;
            }
            _ => {}
        }
    }
    Ok(reading.into_observation())
}

/// Runs a script, and notes what each statement does. It is committed, unless it fails.
///
/// # Errors
/// The loss of the connection. A statement that fails is part of the answer.
pub(crate) async fn observe(
    session: &mut Session<'_>,
    sampler: &mut Session<'_>,
    watched: &Watched<'_>,
    rows: &BTreeMap<String, u64>,
) -> Result<Observation, Failure> {
    let (mut reading, since, pid) = begin(session, rows).await?;
    for (number, (range, is_transaction)) in watched.transactions().into_iter().enumerate() {
        let place = (number, range.start);
        let mut failed = None;
        if is_transaction {
            failed = transaction(session, watched, (number, range), &since, &mut reading).await?;
        }
        // such as a loop that ends a transaction after each batch
        let is_outside = failed.as_ref().is_some_and(|it| OUTSIDE.contains(&it.code.as_str()));
        if !is_transaction || is_outside && !watched.is_whole {
            let about = (&*since, &*pid);
            failed = outside(session, sampler, watched, place, about, &mut reading).await?;
        }
        if failed.is_some() {
            reading.failed = failed;
            break;
        }
    }
    let end = [Message::Batch("ROLLBACK"), Message::Batch(CLEAN)];
    for reply in session.exchange(&end, &mut |_| {}).await {
        reply?;
    }
    Ok(reading.into_observation())
}

/// Reads what is there before.
async fn begin(
    session: &mut Session<'_>,
    rows: &BTreeMap<String, u64>,
) -> Result<(Reading, String, String), Failure> {
    let messages = [
        Message::Batch(ZONE),
        Message::Query(OPENING, Vec::new()),
        Message::Query(PROBE, vec![Some(EVER.to_owned())]),
    ];
    let mut replies = session.exchange(&messages, &mut |_| {}).await.into_iter();
    replies.next().unwrap_or_else(|| Ok(Vec::new()))?;
    let opening = replies.next().unwrap_or_else(|| Ok(Vec::new()))?;
    let probe = replies.next().unwrap_or_else(|| Ok(Vec::new()))?;
    let value = |at: usize| {
        opening.first().and_then(|row| row.get(at)).cloned().flatten().unwrap_or_default()
    };
    Ok((Reading::new(&probe, rows), value(0), value(1)))
}

/// Runs some statements as one transaction.
async fn transaction(
    session: &mut Session<'_>,
    watched: &Watched<'_>,
    (number, range): (usize, std::ops::Range<usize>),
    since: &str,
    reading: &mut Reading,
) -> Result<Option<Failed>, Failure> {
    let probe = || Message::Query(PROBE, vec![Some(since.to_owned())]);
    let mut messages = vec![Message::Batch("BEGIN"), probe()];
    for at in range.clone() {
        messages.push(Message::Script(watched.text(at)));
        messages.push(probe());
        if watched.may_lock_rows(at) {
            messages.extend([Message::Batch(LOCKED), probe()]);
        }
    }
    messages.extend([Message::Batch(SETTLE), probe(), Message::Batch("COMMIT")]);
    let replies = session.exchange(&messages, &mut |_| {}).await;
    let mut replies = replies.into_iter();
    drop(replies.next());
    if let Some(Ok(rows)) = replies.next() {
        reading.rebase(&rows);
    }
    for at in range.clone() {
        let (done, seen) = (replies.next(), replies.next());
        match (done, seen) {
            (Some(Ok(_)), Some(Ok(rows))) => reading.step(at, number, &rows),
            (Some(Err(failure)), _) | (_, Some(Err(failure))) => return failed(at, failure),
            _ => return Ok(None),
        }
        if watched.may_lock_rows(at)
            && let (Some(Ok(_)), Some(Ok(rows))) = (replies.next(), replies.next())
        {
            reading.locked(&rows);
        }
    }
    for reply in replies {
        match reply {
            // deferred work belongs to the last statement
            Ok(rows) if !rows.is_empty() => reading.amend(&rows),
            Ok(_) => {}
            Err(failure) => return failed(range.end, failure),
        }
    }
    Ok(None)
}

/// Runs a statement without a transaction, while another session looks at its locks again and again.
async fn outside(
    session: &mut Session<'_>,
    sampler: &mut Session<'_>,
    watched: &Watched<'_>,
    (number, at): (usize, usize),
    (since, pid): (&str, &str),
    reading: &mut Reading,
) -> Result<Option<Failed>, Failure> {
    let probe = || Message::Query(PROBE, vec![Some(since.to_owned())]);
    let messages = [probe(), Message::Script(watched.text(at)), probe()];
    let is_done = AtomicBool::new(false);
    let run = async {
        let replies = session.exchange(&messages, &mut |_| {}).await;
        is_done.store(true, Ordering::Relaxed);
        replies
    };
    let look = async {
        let mut samples = Vec::new();
        while !is_done.load(Ordering::Relaxed) {
            match sampler.query(SAMPLE, vec![Some(pid.to_owned())]).await {
                Ok(rows) => samples.push(Sample::of(&rows)),
                Err(_) => break,
            }
        }
        samples
    };
    let (replies, samples) = tokio::join!(run, look);
    let mut replies = replies.into_iter();
    let mut next = || replies.next().unwrap_or_else(|| Ok(Vec::new()));
    let before: Vec<Row> = next()?;
    reading.rebase(&before);
    if let Err(failure) = next() {
        return failed(at, failure);
    }
    reading.step_outside(at, number, &next()?, &samples);
    Ok(None)
}

/// A statement that failed.
fn failed(statement: usize, failure: Failure) -> Result<Option<Failed>, Failure> {
    match failure {
        Failure::Server(error) => {
            Ok(Some(Failed { statement, code: error.code.clone(), message: error.message }))
        }
        other => Err(other),
    }
}

/// Passes over what the server refused.
fn lost(failure: &Failure) -> Result<(), Failure> {
    match failure {
        Failure::Server(_) => Ok(()),
        other => Err(other.clone()),
    }
}
