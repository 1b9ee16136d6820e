//! The typed way to the events ledger: append, correct, read. UPDATE and DELETE do not exist here.
//!
//! The queries are Diesel's, checked at compile time against `schema.rs`, which glowplug prints from `migrations/`: a column that
//! a migration takes away breaks the build. The table is the one that `glowplug init` writes as the first migration.
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

mod model;
mod queries;

pub use self::model::{Correction, Effective, Event, EventsError, NewEvent};

use diesel_async::{
    AsyncConnection as _, AsyncPgConnection,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, bb8::Pool},
};
use futures_util::{Stream, TryStreamExt as _, stream};
use tokio::sync::Mutex;

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
    /// Over a pool of its own, of at most so many connections, without TLS.
    ///
    /// An append is one round trip: a connection is not asked whether it is alive before it is used, as Diesel's pools do by
    /// default (`RecyclingMethod::Verified`). One that broke fails the call that finds it, and is replaced.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, EventsError> {
        // a pool goes on trying for half a minute, and then says no more than that
        let tried = AsyncPgConnection::establish(url).await;
        drop(tried.map_err(|error| EventsError::Pool(error.to_string()))?);
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let pool = Pool::builder().max_size(connections).build(manager).await;
        Ok(Self::new(pool.map_err(|error| EventsError::Pool(error.to_string()))?))
    }

    /// Over a pool of an application.
    #[must_use]
    pub fn new(pool: Pool<AsyncPgConnection>) -> Self {
        Self { source: Source::Pool(pool) }
    }

    /// Over one connection.
    #[must_use]
    pub fn over(connection: AsyncPgConnection) -> Self {
        Self { source: Source::One(Box::new(Mutex::new(connection))) }
    }

    /// Appends an event.
    ///
    /// # Errors
    /// When the database refuses, or no connection is to be had.
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

    /// Appends a correction of an event, in its stream. A correction can be corrected in turn.
    ///
    /// # Errors
    /// When there is no such event, or as [`append`](Self::append).
    pub async fn correct(&self, id: i64, correction: &Correction) -> Result<Event, EventsError> {
        over!(self, correct(id, correction))?.ok_or(EventsError::NoSuchEvent { id })
    }

    /// All events of a stream, oldest first, corrections among them.
    ///
    /// # Errors
    /// When no connection is to be had, or the database refuses.
    pub async fn history(&self, stream: &str) -> Result<Vec<Event>, EventsError> {
        over!(self, history(stream))
    }

    /// The events of a stream, oldest first, with their corrections folded in.
    ///
    /// # Errors
    /// As [`history`](Self::history).
    pub async fn effective(&self, stream: &str) -> Result<Vec<Effective>, EventsError> {
        Ok(model::fold(self.history(stream).await?))
    }

    /// All events after a position, oldest first, read in batches as they are asked for.
    ///
    /// A transaction that ends later may bring an event with a lower number than one that was read already; a reader that
    /// must not miss any goes back by as far as its longest transaction.
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
