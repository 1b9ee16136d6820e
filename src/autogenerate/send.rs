//! Statements on their way to the shadow.

use crate::{
    job::{JobError, failure::ProofFailure},
    postgres::session::{Failure, Message, Session},
};

/// Sends messages; the first failure counts.
pub(crate) async fn send(
    session: &mut Session<'_>,
    messages: &[Message<'_>],
) -> Result<(), Failure> {
    let refused = first_refused(session, messages).await;
    refused.map_or(Ok(()), |(_, failure)| Err(failure))
}

/// Sends messages. Gives the first that fails, by its number, and why.
pub(crate) async fn first_refused(
    session: &mut Session<'_>,
    messages: &[Message<'_>],
) -> Option<(usize, Failure)> {
    let replies = session.exchange(messages, &mut |_| {}).await;
    let mut failures = replies.into_iter().enumerate();
    failures.find_map(|(at, reply)| Some((at, reply.err()?)))
}

/// The failure of a statement by itself.
pub(crate) fn failed(sql: &str) -> impl Fn(Failure) -> JobError + use<'_> {
    move |failure| ProofFailure::new(failure.to_string()).of_plan(sql).refused(sql, &failure).into()
}

/// What a statement is called in one line.
pub(crate) fn first_line(sql: &str) -> &str {
    sql.trim().lines().next().unwrap_or_default()
}
