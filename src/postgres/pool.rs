//! Sessions out of an application's own connections: diesel-async's, alone or pooled by bb8.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use diesel_async::{AsyncPgConnection, pooled_connection::bb8::Pool};

use crate::{
    connect::Wire,
    postgres::{
        session::{Message, Session, Stop},
        session_error::SessionError,
    },
};

/// A pool of an application.
pub(crate) type AsyncPgPool = Pool<AsyncPgConnection>;

/// Why an application's connection gives no session.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum PoolError {
    /// The pool could not connect.
    #[error("could not get a connection from the pool: {0}")]
    #[diagnostic(
        code(pool::connect),
        help("The pool's own URL and settings are used. Is the server running?")
    )]
    Connect(diesel_async::pooled_connection::PoolError),
    /// Diesel could not take the connection.
    #[error("the connection cannot be used: {0}")]
    #[diagnostic(code(pool::diesel))]
    Diesel(String),
    /// Two connections are given one backend.
    #[error("the pool's URL leads to a transaction pooler: two connections got the same backend")]
    #[diagnostic(
        code(connect::pooler),
        help(
            "Migrate over a separate connection to the server itself: the lock and the settings belong to a session."
        )
    )]
    Pooler,
    /// The connection fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Session(#[from] SessionError),
}

/// What an application can hand over for its migrations. Implemented for a pool, a connection, and a borrowed connection.
pub trait IntoSession<'c>: Send {
    /// Makes a session of it. A pool tries to connect for so long.
    fn into_session(
        self,
        stop: Stop,
        wait: Duration,
    ) -> impl Future<Output = Result<Session<'c>, PoolError>> + Send;
}

/// A connection beside the pool, which is closed afterwards: no pooled connection keeps anything of a migration.
impl<'c> IntoSession<'c> for &AsyncPgPool {
    async fn into_session(self, stop: Stop, wait: Duration) -> Result<Session<'c>, PoolError> {
        let mut session = dedicated(self, stop.clone(), wait).await?;
        let mut second = dedicated(self, stop, Duration::ZERO).await?;
        if shares_backends(&mut session, &mut second).await? {
            return Err(PoolError::Pooler);
        }
        Ok(session)
    }
}

async fn dedicated(
    pool: &AsyncPgPool,
    mut stop: Stop,
    wait: Duration,
) -> Result<Session<'static>, PoolError> {
    let until = Instant::now() + wait;
    loop {
        match pool.dedicated_connection().await {
            Ok(connection) => return Ok(Session::over_diesel(connection, stop)),
            Err(error) if Instant::now() >= until => return Err(PoolError::Connect(error)),
            Err(error) => {
                if tokio::time::timeout(PAUSE, stop.pulled()).await.is_ok() {
                    return Err(PoolError::Connect(error));
                }
            }
        }
    }
}

/// How often a server is asked for that is not there yet.
const PAUSE: Duration = Duration::from_millis(250);

impl<'c> IntoSession<'c> for AsyncPgConnection {
    async fn into_session(self, stop: Stop, _wait: Duration) -> Result<Session<'c>, PoolError> {
        Ok(Session::over_diesel(self, stop))
    }
}

/// The connection comes back with its settings as they were when it was opened: `RESET ALL` has run on it.
impl<'c> IntoSession<'c> for &'c mut AsyncPgConnection {
    async fn into_session(self, stop: Stop, _wait: Duration) -> Result<Session<'c>, PoolError> {
        Ok(Session::borrowing(self, stop))
    }
}

/// Makes one of our connections a Diesel connection. A task drives it until it is dropped.
///
/// # Errors
/// When the server refuses what Diesel sets at the beginning.
pub(crate) async fn into_diesel(wire: Wire) -> Result<AsyncPgConnection, PoolError> {
    let made = AsyncPgConnection::try_from(wire.driven()).await;
    made.map_err(|error| PoolError::Diesel(error.to_string()))
}

/// Whether two sessions are given backends from transaction to transaction.
///
/// A session with a backend of its own keeps it, however many transactions it runs, and no other session is ever given it. A busy pool
/// hands out different ones by chance; so each session is compared with itself, while the other one holds a backend.
pub(crate) async fn shares_backends(
    one: &mut Session<'_>,
    other: &mut Session<'_>,
) -> Result<bool, SessionError> {
    let (first, second) = (one.backend().await?, other.backend().await?);
    for _ in 0..LOOKS {
        if first == second {
            return Ok(true);
        }
        other.batch("BEGIN").await?;
        let held = other.backend().await?;
        let again = one.backend().await?;
        other.batch("COMMIT").await?;
        if held != second || again != first {
            return Ok(true);
        }
    }
    Ok(false)
}

/// So often it is looked: with four backends that are all busy, once in some million times chance would hide what happens.
const LOOKS: usize = 6;

impl Session<'_> {
    async fn batch(&mut self, sql: &str) -> Result<(), SessionError> {
        let replies = self.exchange(&[Message::Batch(sql)], &mut |_| {}).await;
        let failed = replies.into_iter().find_map(Result::err);
        failed.map_or(Ok(()), |failure| {
            Err(SessionError::while_doing("checking for a pooler")(failure))
        })
    }

    /// The process of the backend that answers now.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn backend(&mut self) -> Result<Option<String>, SessionError> {
        let sql = "SELECT ARRAY[pg_catalog.pg_backend_pid()::text] AS \"row\"";
        let rows = self.query(sql, Vec::new()).await;
        let rows = rows.map_err(SessionError::while_doing("checking for a pooler"))?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }
}
