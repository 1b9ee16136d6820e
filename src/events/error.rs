//! What can go wrong with the ledger.

use crate::{connect::ConnectError, words::url::UrlError};

/// Why the ledger could not be read or appended to.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum EventsError {
    /// The event to correct does not exist.
    #[error("event {id} does not exist")]
    #[diagnostic(
        code(events::no_such_event),
        help("`glowplug ledger log` prints the events with their numbers.")
    )]
    NoSuchEvent {
        /// Its number.
        id: i64,
    },
    /// The database refused because rows are never changed.
    #[error("{message}")]
    #[diagnostic(
        code(events::append_only),
        help("Append a correction that points at the wrong event.")
    )]
    AppendOnly {
        /// What the database said.
        message: String,
    },
    /// The URL is malformed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Url(UrlError),
    /// The server cannot be reached, or refuses.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Connect(Box<ConnectError>),
    /// The pool has no connection.
    #[error("could not get a connection from the pool: {0}")]
    #[diagnostic(code(events::pool), help("Is the server running?"))]
    Pool(String),
    /// The events table does not exist.
    #[error("the events table does not exist: {message}")]
    #[diagnostic(
        code(events::missing),
        help(
            "`glowplug init` writes the migration that creates it, and `glowplug upgrade` runs it."
        )
    )]
    Missing {
        /// What the database said.
        message: String,
    },
    /// The database refused.
    #[error("the database returned an error: {0}")]
    #[diagnostic(code(events::database))]
    Database(diesel::result::Error),
}

impl From<diesel::result::Error> for EventsError {
    fn from(error: diesel::result::Error) -> Self {
        let message = match &error {
            diesel::result::Error::DatabaseError(_, info) => info.message().to_owned(),
            _ => return Self::Database(error),
        };
        if message.contains("append-only") {
            Self::AppendOnly { message }
        } else if message.starts_with("relation ") && message.ends_with(" does not exist") {
            Self::Missing { message }
        } else {
            Self::Database(error)
        }
    }
}
