//! A connection to a server: from a URL to an authenticated session on a socket.
//!
//! Everything that libpq would do on the way is done here: hosts in order, `.pgpass`, service file,
//! PG* variables, six `sslmode`s, `target_session_attrs`. What comes after (settings of the
//! session, the driver task, statements) is the session's. Unlike libpq this waits for a server
//! that is waking up, and only for that.
//!
//! tokio-postgres does the protocol; sockets and TLS are opened here, because it knows neither the
//! verifying modes nor the process id that [`Wire::announced_pid`] is about.

mod advice;
mod attempt;
mod auth;
mod cancel;
mod certificate;
mod complete;
mod environment;
mod error;
mod failure;
mod files;
mod passfile;
mod plan;
mod service;
mod socket;
mod tap;
mod target;
mod tls;
mod verifier;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio_postgres::{AsyncMessage, Client};

use crate::words::url::{Host, Url};

pub(crate) use self::cancel::Canceller;
pub use self::complete::complete;
pub use self::environment::Environment;
pub(crate) use self::error::ConnectError;

use self::plan::Plan;

/// What the caller decides about connecting, beyond the URL.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// The `application_name`, where the URL has none.
    pub application_name: String,
    /// How long all tries together may take; a server that is waking up is tried again until then.
    /// Zero means one try without waiting for anything to wake up.
    pub deadline: Duration,
    /// What is waited for.
    pub patience: Patience,
}

/// For which servers a connection is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patience {
    /// Those that say, or seem, to be waking up. One that is dead, or whose name nobody knows, is final at once.
    #[default]
    Waking,
    /// Those that are not there yet as well: a container that is still being made.
    Absent,
}

/// A session that has just begun.
pub struct Wire {
    /// Sends statements.
    pub client: Client,
    /// Has to be polled for anything to happen.
    pub connection: Box<dyn Drive>,
    /// Cancels what the session is doing.
    pub canceller: Canceller,
    /// The process id in the server's `BackendKeyData`; 0 if it sent none. A pooler's differs from
    /// `pg_backend_pid()`.
    pub announced_pid: i32,
    /// The host that answered, with its port.
    pub host: Host,
    /// Whether TLS is in use.
    pub encrypted: bool,
    /// What the user should hear about.
    pub notes: Vec<String>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("canceller", &self.canceller)
            .field("encrypted", &self.encrypted)
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}

impl Wire {
    /// Gives the client away. A task drives its connection until the client is dropped.
    #[must_use]
    pub fn driven(self) -> Client {
        let Wire { client, mut connection, .. } = self;
        tokio::spawn(async move {
            let mut goes_on = true;
            while goes_on {
                let heard = poll_fn(|cx| connection.poll_message(cx)).await;
                goes_on = matches!(heard, Some(Ok(_)));
            }
        });
        client
    }
}

/// The half of a session that does the reading and writing, whatever it reads from and writes to.
pub trait Drive: Send {
    /// Drives the session and gives out what the server says unasked. `None` and errors are final.
    fn poll_message(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<AsyncMessage, tokio_postgres::Error>>>;

    /// A parameter that the server reports, such as `server_version`.
    fn parameter(&self, name: &str) -> Option<String>;
}

/// A server that is not awake yet, about to be tried again.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Why the last try failed.
    pub reason: String,
    /// The number of the try that failed, from 1.
    pub attempt: u32,
    /// The pause before the next.
    pub waiting: Duration,
}

/// Connects to the first host that answers, and starts a session.
///
/// The URL is [completed](complete) first, which changes nothing in one that is complete already. A
/// server that is waking up or starting is tried again, with growing pauses, until the deadline;
/// wrong passwords, unknown databases, untrusted certificates and dead servers on this machine are
/// final at once.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(
    url: &Url,
    environment: &Environment,
    options: &ConnectOptions,
    on_retry: &mut (dyn FnMut(Retry) + Send),
) -> Result<Wire, ConnectError> {
    let plan = Plan::of(url.clone(), environment, options)?;
    let started = Instant::now();
    let until = started + if options.deadline.is_zero() { ONE_TRY } else { options.deadline };
    let mut round = 0;
    loop {
        round += 1;
        let failure = match plan.round(until).await {
            Ok(mut wire) => {
                wire.notes.splice(0..0, plan.notes);
                return Ok(wire);
            }
            Err(failure) => failure,
        };
        let left = until.saturating_duration_since(Instant::now());
        let waiting = pause(round).min(left / 2);
        let goes_on = !options.deadline.is_zero() && left > LAST_MOMENT;
        let may_pass = match options.patience {
            Patience::Waking => failure.passes_by_waiting(),
            Patience::Absent => failure.passes_by_waiting() || failure.is_absence(),
        };
        if !may_pass || (!goes_on && round == 1) {
            return Err(failure);
        }
        if !goes_on {
            let waited = started.elapsed();
            return Err(ConnectError::GaveUp { waited, rounds: round, last: Box::new(failure) });
        }
        on_retry(Retry { reason: failure.to_string(), attempt: round, waiting });
        tokio::time::sleep(waiting).await;
    }
}

/// What is left of a deadline when another try makes no sense.
const LAST_MOMENT: Duration = Duration::from_millis(200);

/// How long a single try may take when the caller gives it no time.
const ONE_TRY: Duration = Duration::from_secs(30);

/// 0.2 s, then half as much again each time up to 3 s; a quarter of it is chance, so that many
/// clients of one server do not come back at once.
fn pause(round: u32) -> Duration {
    let base = (0.2 * 1.5_f64.powi(i32::try_from(round).unwrap_or(i32::MAX) - 1)).min(3.0);
    Duration::from_secs_f64(base * (0.875 + 0.25 * fastrand::f64()))
}

/// Runs `work` on a session whose connection nobody drives yet.
async fn alongside<T>(connection: &mut dyn Drive, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut over = false;
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        while !over {
            match connection.poll_message(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(_) => over = true,
                Poll::Pending => break,
            }
        }
        work.as_mut().poll(cx)
    })
    .await
}
