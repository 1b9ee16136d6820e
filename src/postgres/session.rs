//! One pinned connection, and the one way to send something over it.
//!
//! A session sends *exchanges*: any number of messages that are written at once and answered in order, so that
//! a whole migration costs one round trip. Every message is followed by a Sync of its own; inside `BEGIN … COMMIT` the
//! server skips what follows a failure, and `COMMIT` becomes a rollback. The connection is driven by the exchange itself, not by a
//! task beside it: that is how a notice finds the statement that caused it.

mod describe;
mod over_diesel;
mod over_wire;

use diesel_async::AsyncPgConnection;

use self::{
    over_diesel::over_diesel,
    over_wire::{over_wire, prepare},
};
use crate::{
    connect::Wire,
    postgres::server_error::ServerError,
    words::ident::{Ident, Literal},
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
    kept: Vec<Kept>,
}

/// A query that the server keeps.
struct Kept {
    sql: String,
    statement: tokio_postgres::Statement,
    /// What the server calls it, once that was asked.
    name: String,
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
        self.keep_all(&[(sql, values)]).await
    }

    /// The same for several queries, in one round trip.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn keep_all(&mut self, queries: &[(&str, usize)]) -> Result<(), Failure> {
        let is_new = |query: &&(&str, usize)| self.kept.iter().all(|it| it.sql != query.0);
        let new: Vec<_> = queries.iter().filter(is_new).copied().collect();
        if let (Link::Wire(wire), false) = (&mut self.link, new.is_empty()) {
            let statements = prepare(wire, &new).await?;
            self.kept.extend(new.iter().zip(statements).map(|((sql, _), statement)| Kept {
                sql: (*sql).to_owned(),
                statement,
                name: String::new(),
            }));
        }
        Ok(())
    }

    /// Asks what the server calls the queries that it keeps: SQL may [execute] them then.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn name_kept(&mut self) -> Result<(), Failure> {
        if self.kept.iter().all(|it| !it.name.is_empty()) {
            return Ok(());
        }
        let names = "SELECT ARRAY[statement, name] AS \"row\" FROM pg_catalog.pg_prepared_statements WHERE NOT from_sql";
        for row in self.query(names, Vec::new()).await? {
            if let [Some(sql), Some(name)] = &row[..] {
                let named = self.kept.iter_mut().filter(|it| it.sql == *sql);
                named.for_each(|it| it.name.clone_from(name));
            }
        }
        Ok(())
    }

    /// What the server calls a query that it keeps, once it was asked.
    pub(crate) fn kept_name(&self, sql: &str) -> Option<String> {
        let kept = self.kept.iter().find(|it| it.sql == sql && !it.name.is_empty());
        kept.map(|it| it.name.clone())
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

    /// Whether the server still answers.
    pub(crate) async fn is_alive(&mut self) -> bool {
        self.query("SELECT ARRAY['']", Vec::new()).await.is_ok()
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
    kept: &[Kept],
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

/// The command that executes a kept query.
pub(crate) fn execute(name: &str, values: &Row) -> String {
    let values = values.iter().map(|value| match value {
        Some(value) => Literal(value).to_string(),
        None => "NULL".to_owned(),
    });
    format!("EXECUTE {}({})", Ident(name), values.collect::<Vec<_>>().join(", "))
}

/// The command that ends a transaction. An exchange that holds it leaves none open, whatever failed.
pub(crate) const COMMIT: &str = "COMMIT";
