//! Events, corrections, and what became of both.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// An event that is to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What it belongs to: an account, an order.
    pub stream: String,
    /// What happened.
    pub kind: String,
    /// Everything else.
    pub payload: Value,
    /// When it happened, as the application says.
    pub occurred_at: Timestamp,
}

impl NewEvent {
    /// An event that happens now.
    #[must_use]
    pub fn new(stream: impl Into<String>, kind: impl Into<String>, payload: Value) -> Self {
        Self { stream: stream.into(), kind: kind.into(), payload, occurred_at: Timestamp::now() }
    }

    /// The same at another time.
    #[must_use]
    pub fn at(mut self, occurred_at: Timestamp) -> Self {
        self.occurred_at = occurred_at;
        self
    }
}

/// What is right instead of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// What happened: `corrected`, unless said otherwise.
    pub kind: String,
    /// What is right.
    pub payload: Value,
    /// When the correction was made, as the application says.
    pub occurred_at: Timestamp,
}

impl Correction {
    /// A correction that is made now.
    #[must_use]
    pub fn new(payload: Value) -> Self {
        Self { kind: "corrected".into(), payload, occurred_at: Timestamp::now() }
    }

    /// The same with another kind.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }
}

/// An event as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Its number: later events have larger ones.
    pub id: i64,
    /// What it belongs to.
    pub stream: String,
    /// What happened.
    pub kind: String,
    /// Everything else.
    pub payload: Value,
    /// When it happened, as the application says.
    pub occurred_at: Timestamp,
    /// When it was written down, as the server says.
    pub recorded_at: Timestamp,
    /// The event that it corrects.
    pub corrects: Option<i64>,
}

/// An event with everything that was said of it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// The event as it was recorded.
    pub event: Event,
    /// Its corrections, and theirs, oldest first.
    pub corrections: Vec<Event>,
}

impl Effective {
    /// What holds: the payload of the newest correction, or the event's own.
    #[must_use]
    pub fn payload(&self) -> &Value {
        &self.corrections.last().unwrap_or(&self.event).payload
    }
}

/// Folds corrections into the events that they correct, however many steps away. A correction of an event that is not among
/// them stands for itself.
pub(super) fn fold(history: Vec<Event>) -> Vec<Effective> {
    let mut places: BTreeMap<i64, usize> = BTreeMap::new();
    let mut folded: Vec<Effective> = Vec::new();
    for event in history {
        // what is corrected has a smaller number, and was seen before
        let place = event.corrects.and_then(|of| places.get(&of).copied());
        match place {
            Some(place) => {
                places.insert(event.id, place);
                folded[place].corrections.push(event);
            }
            None => {
                places.insert(event.id, folded.len());
                folded.push(Effective { event, corrections: Vec::new() });
            }
        }
    }
    folded
}

/// Why the ledger could not be read or appended to.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum EventsError {
    /// The event that is to be corrected is not there.
    #[error("there is no event {id}")]
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
        /// What it said.
        message: String,
    },
    /// The pool gives no connection.
    #[error("could not get a connection from the pool: {0}")]
    #[diagnostic(code(events::pool), help("Is the server running?"))]
    Pool(String),
    /// There is no events table.
    #[error("there is no events table: {message}")]
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(id: i64, corrects: Option<i64>) -> Event {
        Event {
            id,
            stream: "s".into(),
            kind: "k".into(),
            payload: json!(id),
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
            corrects,
        }
    }

    #[test]
    fn corrections_of_corrections_lead_to_the_event() {
        let history = vec![
            event(1, None),
            event(2, None),
            event(3, Some(1)),
            event(4, Some(3)),
            event(5, Some(99)),
        ];
        let folded = fold(history);
        let shown: Vec<_> = folded
            .iter()
            .map(|it| (it.event.id, it.payload().clone(), it.corrections.len()))
            .collect();
        assert_eq!(shown, [(1, json!(4), 2), (2, json!(2), 0), (5, json!(5), 0)]);
    }
}
