//! The typed API of the events ledger: append, correct, read. It has no UPDATE and no DELETE.
//!
//! The queries are Diesel's, checked at compile time against `schema.rs`, which glowplug prints from `migrations/`: a migration
//! that drops one of their columns breaks the build. The table is the one that `glowplug init` creates in its first migration.
//!
//! ```no_run
//! use futures_util::TryStreamExt as _;
//! use glowplug::events::{Correction, EventLog, NewEvent};
//! use serde_json::json;
//!
//! # async fn run(url: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let log = EventLog::connect(url, 8).await?;
//!
//! let wrong = log.append(&NewEvent::new("account-7", "deposited", json!({ "amount": 100 }))).await?;
//! log.correct(wrong.id, &Correction::new(json!({ "amount": 10 }))).await?;
//!
//! for event in log.effective("account-7").await? {
//!     println!("{} {}", event.event.kind, event.payload());
//! }
//! let all: Vec<_> = log.read_from(0).try_collect().await?;
//! assert_eq!(all.len(), 2);
//! # Ok(())
//! # }
//! ```

mod error;
mod model;
mod queries;

pub use self::{
    error::EventsError,
    model::{Correction, Effective, Event, NewEvent},
};

use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::{
    AsyncPgConnection,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, bb8::Pool},
};
use futures_util::{Stream, TryStreamExt as _, stream};
use tokio::sync::Mutex;

use crate::{
    connect::{self, ConnectOptions, Environment, Patience},
    words::url::Url,
};

/// The events ledger.
pub struct EventLog {
    source: Source,
}

enum Source {
    Pool(Pool<AsyncPgConnection>),
    One(Box<Mutex<AsyncPgConnection>>),
}

impl std::fmt::Debug for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLog").finish_non_exhaustive()
    }
}

/// How many events are read at once.
const BATCH: i64 = 1000;
/// How many are written at once: a statement takes 65,535 values.
const WRITTEN: usize = 5000;

/// Opens a connection as the program does, without waiting for a server that is not there.
async fn establish(url: &Url, environment: &Environment) -> Result<AsyncPgConnection, EventsError> {
    let options = ConnectOptions {
        application_name: "glowplug events".into(),
        deadline: Duration::ZERO,
        patience: Patience::Waking,
    };
    let wire = connect::connect(url, environment, &options, &mut |_| {}).await;
    let client = wire.map_err(|error| EventsError::Connect(Box::new(error)))?.driven();
    let made = AsyncPgConnection::try_from(client).await;
    made.map_err(|error| EventsError::Pool(error.to_string()))
}

/// Runs a query over a connection of whichever source.
macro_rules! over {
    ($log:expr, $query:ident($($argument:expr),*)) => {
        match &$log.source {
            Source::Pool(pool) => {
                let mut connection = pool.get().await.map_err(|error| EventsError::Pool(error.to_string()))?;
                queries::$query(&mut connection, $($argument),*).await
            }
            Source::One(connection) => queries::$query(&mut *connection.lock().await, $($argument),*).await,
        }
    };
}

impl EventLog {
    /// Opens the ledger over a pool of its own, of at most `connections` connections.
    ///
    /// `url` is any URL that the program takes: of any driver, or `key=value` pairs, with every `sslmode`, `.pgpass` and
    /// `PG*` variables.
    ///
    /// An append is one round trip: a connection is not checked before it is used, as Diesel's pools do by default
    /// (`RecyclingMethod::Verified`). A broken one fails the call that finds it, and is replaced.
    ///
    /// # Errors
    /// If the URL is malformed, or the server cannot be reached or refuses; at once, with the cause.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, EventsError> {
        let url = Url::parse(url).map_err(EventsError::Url)?.url;
        let environment = Environment::of_process();
        // a pool goes on trying for half a minute, and then says no more than that
        drop(establish(&url, &environment).await?);
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_| {
            let (url, environment) = (url.clone(), environment.clone());
            Box::pin(async move {
                let opened = establish(&url, &environment).await;
                opened.map_err(|error| ConnectionError::BadConnection(error.to_string()))
            })
        });
        let manager = AsyncDieselConnectionManager::new_with_config("", config);
        let pool = Pool::builder().max_size(connections).build(manager).await;
        Ok(Self::new(pool.map_err(|error| EventsError::Pool(error.to_string()))?))
    }

    /// Opens the ledger over an application's pool.
    #[must_use]
    pub fn new(pool: Pool<AsyncPgConnection>) -> Self {
        Self { source: Source::Pool(pool) }
    }

    /// Opens the ledger over one connection.
    #[must_use]
    pub fn over(connection: AsyncPgConnection) -> Self {
        Self { source: Source::One(Box::new(Mutex::new(connection))) }
    }

    /// Appends an event.
    ///
    /// # Errors
    /// If the database refuses, or no connection is available.
    pub async fn append(&self, event: &NewEvent) -> Result<Event, EventsError> {
        over!(self, append(event))
    }

    /// Appends events in one transaction for each 5,000 of them, in order.
    ///
    /// # Errors
    /// As [`append`](Self::append); what was committed before stays.
    pub async fn append_all(&self, events: &[NewEvent]) -> Result<Vec<Event>, EventsError> {
        let mut appended = Vec::with_capacity(events.len());
        for events in events.chunks(WRITTEN) {
            appended.extend(over!(self, append_all(events))?);
        }
        Ok(appended)
    }

    /// Appends a correction of an event to its stream. A correction can be corrected, too.
    ///
    /// # Errors
    /// If there is no such event, or as [`append`](Self::append).
    pub async fn correct(&self, id: i64, correction: &Correction) -> Result<Event, EventsError> {
        over!(self, correct(id, correction))?.ok_or(EventsError::NoSuchEvent { id })
    }

    /// Returns all events of a stream, oldest first, including corrections.
    ///
    /// # Errors
    /// If no connection is available, or the database refuses.
    pub async fn history(&self, stream: &str) -> Result<Vec<Event>, EventsError> {
        over!(self, history(stream))
    }

    /// Returns the events of a stream, oldest first, each with its corrections.
    ///
    /// # Errors
    /// As [`history`](Self::history).
    pub async fn effective(&self, stream: &str) -> Result<Vec<Effective>, EventsError> {
        Ok(model::fold(self.history(stream).await?))
    }

    /// Reads all events after a position, oldest first, in batches as they are requested.
    ///
    /// A transaction that commits later may add an event with a lower number than one that was already read. A reader that
    /// must not miss any starts again that far back.
    pub fn read_from(
        &self,
        position: i64,
    ) -> impl Stream<Item = Result<Event, EventsError>> + Send + '_ {
        let batches = stream::try_unfold(Some(position), move |position| async move {
            let Some(position) = position else {
                return Ok(None);
            };
            let events: Vec<Event> = over!(self, after(position, BATCH))?;
            let is_last = events.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            let next = events.last().map(|event| event.id).filter(|_| !is_last);
            Ok::<_, EventsError>(Some((stream::iter(events.into_iter().map(Ok)), next)))
        });
        batches.try_flatten()
    }
}
