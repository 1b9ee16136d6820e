//! One pinned connection, and the one way to send something over it.
//!
//! A session sends *exchanges*: any number of messages that are written at once and answered in order, so that
//! a whole migration costs one round trip. Every message is followed by a Sync of its own; inside `BEGIN … COMMIT` the
//! server skips what follows a failure, and `COMMIT` becomes a rollback. The connection is driven by the exchange itself, not by a
//! task beside it: that is how a notice finds the statement that caused it.

mod describe;
mod over_diesel;

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
};

use diesel_async::AsyncPgConnection;
use futures_util::{
    StreamExt as _,
    future::{MaybeDone, maybe_done},
};
use sha2::{Digest as _, Sha256};
use tokio_postgres::{AsyncMessage, SimpleQueryMessage, types::Type};

use self::{describe::described, over_diesel::over_diesel};
use crate::{
    connect::{Canceller, Wire},
    postgres::server_error::ServerError,
    words::digest::Digest,
};

/// A row of one of our own queries: they all select one `text[]`.
pub(crate) type Row = Vec<Option<String>>;

/// One message of an exchange.
#[derive(Debug, Clone)]
pub(crate) enum Message<'a> {
    /// One statement of a script. The extended protocol makes the server refuse two in one.
    Script(&'a str),
    /// Commands of our own, without values, several in one text.
    Batch(&'a str),
    /// Statements of a script or of our own, several in one text: without BEGIN they are one transaction. The server must cut the text
    /// as we do. The answer is the last row, if there is any, with its first column.
    Several(&'a str),
    /// A query of our own, with its values. It selects one `text[]`.
    Query(&'a str, Vec<Option<String>>),
    /// The same of a query that may have been kept with [`Session::keep`]: the server need not plan it again then.
    Kept(&'a str, Vec<Option<String>>),
    /// A COPY … TO STDOUT of our own. The answer is one row: the SHA-256 of what came, and how many bytes it was. Nothing of
    /// it is kept; only a connection of our own can do it.
    Digest(&'a str),
    /// A statement that is prepared and not run. The answer has a row for each column of its result: what it is called, and its
    /// type as `introspect::probe` spells it. Only a connection of our own can do it.
    Describe(&'a str),
}

impl Message<'_> {
    /// About how much memory it takes on its way.
    fn bytes(&self) -> usize {
        let (Self::Script(sql)
        | Self::Batch(sql)
        | Self::Several(sql)
        | Self::Query(sql, _)
        | Self::Kept(sql, _)
        | Self::Describe(sql)
        | Self::Digest(sql)) = self;
        sql.len() + 512
    }
}

/// So much of an exchange is on its way at once; the rest follows as replies come.
const MOST_BYTES: usize = 1 << 20;

/// Opens what [`ROLLBACK_PROBE`] takes back. Between the two a failure does not end the exchange.
pub(crate) const PROBE: &str = "SAVEPOINT glowplug_probe";
/// Takes back what came since [`PROBE`].
pub(crate) const ROLLBACK_PROBE: &str = "ROLLBACK TO SAVEPOINT glowplug_probe";

/// Why a message of an exchange was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server refused it.
    #[error(transparent)]
    Server(ServerError),
    /// The connection was lost; whether the message had an effect is not known.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// It was cancelled because the run was asked to stop.
    #[error("it was canceled")]
    Cancelled,
}

/// What an exchange observes while it runs.
pub(crate) enum Seen<'r> {
    /// The message with this index was carried out, and brought these rows.
    Done(usize, &'r [Row]),
    /// So many of the [several](Message::Several) statements of the message with this index were carried out.
    Within(usize, usize),
    /// The server said something while the message with this index ran.
    Notice(usize, ServerError),
}

/// Who observes an exchange.
pub(crate) type Observe<'f> = &'f mut (dyn FnMut(Seen<'_>) + Send);

/// A request to stop, from Ctrl-C or from an application.
#[derive(Debug, Clone)]
pub struct Stop(tokio::sync::watch::Receiver<bool>);

impl Stop {
    /// Makes a handle, and the sender that pulls it with `true`.
    #[must_use]
    pub fn new() -> (tokio::sync::watch::Sender<bool>, Self) {
        let (sender, receiver) = tokio::sync::watch::channel(false);
        (sender, Self(receiver))
    }

    /// One that nobody pulls.
    #[must_use]
    pub fn never() -> Self {
        Self::new().1
    }

    /// Whether it was pulled.
    #[must_use]
    pub fn is_pulled(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when it is pulled.
    pub async fn pulled(&mut self) {
        if self.0.wait_for(|pulled| *pulled).await.is_err() {
            // the other end is gone: nobody can pull it any more
            std::future::pending().await
        }
    }
}

/// One pinned connection.
pub struct Session<'c> {
    link: Link<'c>,
    stop: Stop,
    expects_announced: bool,
    kept: Vec<(String, tokio_postgres::Statement)>,
}

enum Link<'c> {
    Wire(Box<Wire>),
    Owned(Box<AsyncPgConnection>),
    Borrowed(&'c mut AsyncPgConnection),
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl<'c> Session<'c> {
    /// Takes a connection of our own.
    #[must_use]
    pub fn over_wire(wire: Wire, stop: Stop) -> Self {
        Self { link: Link::Wire(Box::new(wire)), stop, expects_announced: true, kept: Vec::new() }
    }

    /// Takes a Diesel connection for good.
    #[must_use]
    pub fn over_diesel(connection: AsyncPgConnection, stop: Stop) -> Self {
        Self {
            link: Link::Owned(Box::new(connection)),
            stop,
            expects_announced: false,
            kept: Vec::new(),
        }
    }

    /// Borrows a Diesel connection.
    #[must_use]
    pub fn borrowing(connection: &'c mut AsyncPgConnection, stop: Stop) -> Self {
        Self { link: Link::Borrowed(connection), stop, expects_announced: false, kept: Vec::new() }
    }

    /// The wire below, where the connection is our own.
    #[must_use]
    pub fn wire(&self) -> Option<&Wire> {
        match &self.link {
            Link::Wire(wire) => Some(wire),
            _ => None,
        }
    }

    /// The backend that the wire announced and that should answer, unless a proxy was found to be harmless.
    pub(crate) fn expected_pid(&self) -> Option<i32> {
        match &self.link {
            Link::Wire(wire) if self.expects_announced => Some(wire.announced_pid),
            _ => None,
        }
    }

    /// Accepts that another backend answers than was announced.
    #[must_use]
    pub fn behind_known_proxy(mut self) -> Self {
        self.expects_announced = false;
        self
    }

    /// The request to stop that this session obeys.
    #[must_use]
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Whether the server cuts a text into statements as we do, and answers for each.
    pub(crate) fn cuts_as_we_do(&self) -> bool {
        let strings =
            self.wire().and_then(|it| it.connection.parameter("standard_conforming_strings"));
        strings.as_deref() == Some("on")
    }

    /// Whether transactions are known to write unless they say otherwise: the server has said so, and it is no standby.
    pub(crate) fn writes_by_default(&self) -> bool {
        let is = |name: &str, value: &str| {
            let parameter = self.wire().and_then(|it| it.connection.parameter(name));
            parameter.as_deref() == Some(value)
        };
        is("default_transaction_read_only", "off") && !is("in_hot_standby", "on")
    }

    /// Lets the server keep a query that is asked again and again, with `values` values. Does nothing on a connection that is
    /// not our own, where it is planned each time.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn keep(&mut self, sql: &str, values: usize) -> Result<(), Failure> {
        if !self.kept.iter().any(|(text, _)| text == sql)
            && let Link::Wire(wire) = &mut self.link
        {
            let statement = prepare(wire, sql, values).await?;
            self.kept.push((sql.to_owned(), statement));
        }
        Ok(())
    }

    /// Has the server plan what is kept once, and not for each value anew.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn plan_once(&mut self) -> Result<(), Failure> {
        let once = Message::Batch("SET plan_cache_mode = force_generic_plan");
        self.exchange(&[once], &mut |_| {}).await.into_iter().try_for_each(|it| it.map(drop))
    }

    /// Whether a query is kept.
    pub(crate) fn keeps(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Knows of no kept query any more: the server has forgotten it, or is told to.
    pub(crate) fn forget(&mut self) {
        self.kept.clear();
    }

    /// Sends one query of our own and waits for its rows.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn query(
        &mut self,
        sql: &str,
        values: Vec<Option<String>>,
    ) -> Result<Vec<Row>, Failure> {
        let mut replies = self.exchange(&[Message::Query(sql, values)], &mut |_| {}).await;
        replies.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// Sends messages and waits for all replies: one for each message, in order.
    pub(crate) async fn exchange(
        &mut self,
        messages: &[Message<'_>],
        observe: Observe<'_>,
    ) -> Vec<Result<Vec<Row>, Failure>> {
        let stop = &mut self.stop;
        let mut replies = send(&mut self.link, &self.kept, stop, messages, observe).await;
        if stop.is_pulled() {
            for reply in &mut replies {
                if matches!(reply, Err(Failure::Server(error)) if error.is(QUERY_CANCELED)) {
                    *reply = Err(Failure::Cancelled);
                }
            }
        }
        replies
    }

    /// The same for what a request to stop must not cancel.
    pub(crate) async fn exchange_undisturbed(
        &mut self,
        messages: &[Message<'_>],
    ) -> Vec<Result<Vec<Row>, Failure>> {
        let mut stop = Stop::never();
        send(&mut self.link, &self.kept, &mut stop, messages, &mut |_| {}).await
    }
}

const QUERY_CANCELED: &str = "57014";

async fn send(
    link: &mut Link<'_>,
    kept: &[(String, tokio_postgres::Statement)],
    stop: &mut Stop,
    messages: &[Message<'_>],
    observe: Observe<'_>,
) -> Vec<Result<Vec<Row>, Failure>> {
    match link {
        Link::Wire(wire) => over_wire(wire, kept, stop, messages, observe).await,
        Link::Owned(connection) => over_diesel(connection, messages, observe).await,
        Link::Borrowed(connection) => over_diesel(connection, messages, observe).await,
    }
}

type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<Row>, tokio_postgres::Error>> + Send + 'a>>;

/// An answer that may be there before it is asked for.
type Reply<'a> = Pin<Box<MaybeDone<Answer<'a>>>>;

/// Prepares a statement. Whatever else the server says meanwhile is nobody's.
async fn prepare(
    wire: &mut Wire,
    sql: &str,
    values: usize,
) -> Result<tokio_postgres::Statement, Failure> {
    let types = vec![Type::TEXT; values];
    let Wire { client, connection, .. } = wire;
    let mut prepared = pin!(client.prepare_typed(sql, &types));
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

async fn over_wire(
    wire: &mut Wire,
    kept: &[(String, tokio_postgres::Statement)],
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
    kept: &'a [(String, tokio_postgres::Statement)],
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
            let found = kept.iter().find(|it| may_be_kept && it.0 == *sql);
            // row by row: a large answer is never there twice
            let mut stream = pin!(match found {
                Some((_, statement)) => client.query_raw(statement, values).await?,
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

/// The command that ends a transaction. An exchange that holds it leaves none open, whatever failed.
pub(crate) const COMMIT: &str = "COMMIT";
