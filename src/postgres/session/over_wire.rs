//! Exchanges over a connection of our own: everything is queued at once, and replies are taken as they come.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
};

use futures_util::{
    StreamExt as _,
    future::{MaybeDone, maybe_done, try_join_all},
};
use sha2::{Digest as _, Sha256};
use tokio_postgres::{AsyncMessage, SimpleQueryMessage, types::Type};

use super::{Failure, Kept, MOST_BYTES, Message, Observe, Row, Seen, Stop, describe::described};
use crate::{
    connect::{Canceller, Wire},
    postgres::server_error::ServerError,
    words::digest::Digest,
};

type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<Row>, tokio_postgres::Error>> + Send + 'a>>;

/// An answer that may be there before it is asked for.
type Reply<'a> = Pin<Box<MaybeDone<Answer<'a>>>>;

/// Prepares statements, each with so many values. Whatever else the server says meanwhile is nobody's.
pub(super) async fn prepare(
    wire: &mut Wire,
    queries: &[(&str, usize)],
) -> Result<Vec<tokio_postgres::Statement>, Failure> {
    let Wire { client, connection, .. } = wire;
    let client = &*client;
    let each = queries.iter().map(|(sql, values)| async move {
        client.prepare_typed(sql, &vec![Type::TEXT; *values]).await
    });
    let mut prepared = pin!(try_join_all(each));
    poll_fn(|cx| {
        if let Poll::Ready(prepared) = prepared.as_mut().poll(cx) {
            return Poll::Ready(prepared.map_err(|error| failure(&error)));
        }
        loop {
            let heard = connection.poll_message(cx);
            if let Poll::Ready(prepared) = prepared.as_mut().poll(cx) {
                return Poll::Ready(prepared.map_err(|error| failure(&error)));
            }
            match heard {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Err(Failure::Lost(error_text(&error))));
                }
                Poll::Ready(None) => {
                    return Poll::Ready(Err(Failure::Lost("it was closed".into())));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

/// Sends messages, and waits for all replies.
pub(super) async fn over_wire(
    wire: &mut Wire,
    kept: &[Kept],
    stop: &mut Stop,
    messages: &[Message<'_>],
    observe: Observe<'_>,
) -> Vec<Result<Vec<Row>, Failure>> {
    let Wire { client, connection, canceller, .. } = wire;
    let client = &*client;
    let within = AtomicUsize::new(0);
    let mut unsent = messages.iter();
    let mut pending = VecDeque::<Reply<'_>>::new();
    let mut replies = Vec::with_capacity(messages.len());
    let (mut on_the_way, mut counted) = (0, 0);
    let mut cancel = Box::pin(cancel_when_pulled(stop, canceller.clone()));
    let mut cancelling = true;
    let mut lost = None;
    let nests = messages.iter().any(|it| matches!(it, Message::Describe(_)));
    poll_fn(|cx| {
        if cancelling && cancel.as_mut().poll(cx).is_ready() {
            cancelling = false;
        }
        loop {
            while on_the_way < MOST_BYTES
                && let Some(message) = unsent.next()
            {
                on_the_way += message.bytes();
                let mut reply = Box::pin(maybe_done(answer(client, kept, message, &within)));
                // the first poll queues it; an error of the client's own is kept in its place
                let _is_ready = reply.as_mut().poll(cx).is_ready();
                pending.push_back(reply);
            }
            let heard = match &lost {
                None => connection.poll_message(cx),
                Some(_) => Poll::Pending,
            };
            let progressed = collect((&mut pending, nests), &mut replies, &within, cx, observe);
            on_the_way -=
                messages[counted..replies.len()].iter().map(Message::bytes).sum::<usize>();
            counted = replies.len();
            if pending.is_empty() && unsent.len() == 0 {
                return Poll::Ready(());
            }
            match heard {
                Poll::Ready(Some(Ok(AsyncMessage::Notice(notice)))) => {
                    observe(Seen::Notice(replies.len(), ServerError::from(&notice)));
                }
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => lost = Some(error_text(&error)),
                Poll::Ready(None) => lost = Some("it was closed".into()),
                Poll::Pending if lost.is_some() => return Poll::Ready(()),
                Poll::Pending if !progressed => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    })
    .await;
    drop(pending);
    let reason = lost.unwrap_or_else(|| "it was closed".into());
    replies.resize_with(messages.len(), || Err(Failure::Lost(reason.clone())));
    for reply in &mut replies {
        // the driver knows better than a message that found it gone
        if let Err(Failure::Lost(text)) = reply {
            text.clone_from(&reason);
        }
    }
    replies
}

/// Takes the replies that are there, in order. The first that is not ready ends it.
fn collect(
    (pending, nests): (&mut VecDeque<Reply<'_>>, bool),
    replies: &mut Vec<Result<Vec<Row>, Failure>>,
    within: &AtomicUsize,
    cx: &mut Context<'_>,
    observe: Observe<'_>,
) -> bool {
    let before = replies.len();
    while let Some(reply) = pending.front_mut() {
        let known = within.load(Ordering::Relaxed);
        let answered = reply.as_mut().poll(cx);
        for statements in known..within.load(Ordering::Relaxed) {
            observe(Seen::Within(replies.len(), statements + 1));
        }
        if answered.is_pending() {
            take_those_behind(pending, nests, cx);
            break;
        }
        within.store(0, Ordering::Relaxed);
        let result = reply.as_mut().take_output().expect("a reply that is ready is taken once");
        pending.pop_front();
        if let Ok(rows) = &result {
            observe(Seen::Done(replies.len(), rows));
        }
        replies.push(result.map_err(|error| failure(&error)));
    }
    replies.len() > before
}

/// Takes replies behind one that is not complete. A statement whose types are not known asks for them with queries of its own, which
/// the server answers last: what stands before that on the wire has to be read by those who wait for it.
fn take_those_behind(pending: &mut VecDeque<Reply<'_>>, nests: bool, cx: &mut Context<'_>) {
    for other in pending.iter_mut().skip(1).filter(|_| nests) {
        let _is_ready = other.as_mut().poll(cx).is_ready();
    }
}

fn answer<'a>(
    client: &'a tokio_postgres::Client,
    kept: &'a [Kept],
    message: &'a Message<'a>,
    within: &'a AtomicUsize,
) -> Answer<'a> {
    match message {
        Message::Several(sql) => Box::pin(async move {
            let mut stream = pin!(client.simple_query_raw(sql).await?);
            let mut last = Vec::new();
            while let Some(message) = stream.next().await {
                match message? {
                    SimpleQueryMessage::CommandComplete(_) => {
                        within.fetch_add(1, Ordering::Relaxed);
                    }
                    SimpleQueryMessage::Row(row) if !row.is_empty() => {
                        last = vec![vec![row.get(0).map(str::to_owned)]];
                    }
                    _ => {}
                }
            }
            Ok(last)
        }),
        Message::Script(sql) => {
            Box::pin(async { client.execute_typed(sql, &[]).await.map(|_| Vec::new()) })
        }
        Message::Batch(sql) => {
            Box::pin(async { client.batch_execute(sql).await.map(|()| Vec::new()) })
        }
        Message::Describe(sql) => Box::pin(async move {
            let statement = client.prepare(sql).await?;
            let columns = statement.columns().iter();
            Ok(columns.map(|it| described(it.name(), it.type_())).collect())
        }),
        Message::Digest(sql) => Box::pin(async move {
            let mut stream = pin!(client.copy_out(*sql).await?);
            let mut hash = Sha256::new();
            let mut bytes = 0;
            while let Some(piece) = stream.next().await {
                let piece = piece?;
                bytes += piece.len();
                hash.update(&piece);
            }
            let digest = Digest::finished(hash).to_string();
            Ok(vec![vec![Some(digest), Some(bytes.to_string())]])
        }),
        Message::Query(sql, values) | Message::Kept(sql, values) => Box::pin(async move {
            let may_be_kept = matches!(message, Message::Kept(..));
            let found = kept.iter().find(|it| may_be_kept && it.sql == *sql);
            // row by row: a large answer is never there twice
            let mut stream = pin!(match found {
                Some(kept) => client.query_raw(&kept.statement, values).await?,
                None => {
                    let values = values.iter().map(|value| (value, Type::TEXT));
                    client.query_typed_raw(sql, values).await?
                }
            });
            let mut rows = Vec::new();
            while let Some(row) = stream.next().await {
                rows.push(row?.try_get(0)?);
            }
            Ok(rows)
        }),
    }
}

async fn cancel_when_pulled(stop: &mut Stop, canceller: Canceller) {
    stop.pulled().await;
    // a request that arrives between two statements hits none: it is repeated until this exchange ends
    while canceller.cancel().await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
}

fn failure(error: &tokio_postgres::Error) -> Failure {
    match error.as_db_error() {
        Some(error) => Failure::Server(ServerError::from(error)),
        None => Failure::Lost(error_text(error)),
    }
}

/// The error with its causes: `error communicating with the server: Connection reset by peer`.
fn error_text(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return ServerError::from(error).to_string();
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
