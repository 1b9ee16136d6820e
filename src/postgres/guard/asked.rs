//! The frame of a question outside of any script: a transaction that writes nothing, under pinned settings.

use crate::postgres::{
    guard::fixed_settings,
    session::{Failure, Message, Row, Session},
};

/// Opens the frame: all questions in it see the same.
const BEGIN: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Closes it.
const END: &str = "ROLLBACK";

/// Asks one thing under pinned settings, without values.
///
/// # Errors
/// What the server refused, or the loss of the connection.
pub(crate) async fn ask(session: &mut Session<'_>, sql: &str) -> Result<Vec<Row>, Failure> {
    pinned(session, &Message::Query(sql, Vec::new())).await
}

/// Asks one thing under pinned settings, in a transaction of its own.
pub(crate) async fn pinned(
    session: &mut Session<'_>,
    question: &Message<'_>,
) -> Result<Vec<Row>, Failure> {
    framed(
        session,
        &[Message::Batch(BEGIN), Message::Batch(&fixed_settings()), question.clone()],
        true,
    )
    .await
}

/// Asks one thing after another, in one transaction: the second is made of the answer to the first, and kept.
pub(crate) async fn pinned_then(
    session: &mut Session<'_>,
    settings: &str,
    first: &Message<'_>,
    second: impl FnOnce(&[Row]) -> (String, Row),
) -> Result<(Vec<Row>, Vec<Row>), Failure> {
    let opening = [Message::Batch(BEGIN), Message::Batch(settings), first.clone()];
    let found = framed(session, &opening, false).await?;
    let (sql, values) = second(&found);
    if let Err(failure) = session.keep(&sql, values.len()).await {
        session.exchange_undisturbed(&[Message::Batch(END)]).await;
        return Err(failure);
    }
    let then = framed(session, &[Message::Kept(&sql, values)], true).await?;
    Ok((found, then))
}

/// Sends messages and gives their rows. With a failure, or where it is the last, the transaction ends.
async fn framed(
    session: &mut Session<'_>,
    messages: &[Message<'_>],
    is_last: bool,
) -> Result<Vec<Row>, Failure> {
    let mut messages = messages.to_vec();
    messages.extend(is_last.then_some(Message::Batch(END)));
    let mut rows = Vec::new();
    let mut failed = None;
    for reply in session.exchange_undisturbed(&messages).await {
        match reply {
            Ok(reply) => rows.extend(reply),
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    let Some(failure) = failed else {
        return Ok(rows);
    };
    if !is_last {
        session.exchange_undisturbed(&[Message::Batch(END)]).await;
    }
    Err(failure)
}
