//! Events, corrections, and events with their corrections.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// An event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEvent {
    /// What it belongs to, such as an account or an order.
    pub stream: String,
    /// What happened.
    pub kind: String,
    /// The content, as JSON.
    pub payload: Value,
    /// When it happened, by the application's clock.
    pub occurred_at: Timestamp,
}

impl NewEvent {
    /// Creates an event that happens now.
    #[must_use]
    pub fn new(stream: impl Into<String>, kind: impl Into<String>, payload: Value) -> Self {
        Self { stream: stream.into(), kind: kind.into(), payload, occurred_at: Timestamp::now() }
    }

    /// Sets when it happened.
    #[must_use]
    pub fn at(mut self, occurred_at: Timestamp) -> Self {
        self.occurred_at = occurred_at;
        self
    }
}

/// A correction to append to the stream of a wrong event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Correction {
    /// What happened; `corrected` by default.
    pub kind: String,
    /// The correct content.
    pub payload: Value,
    /// When the correction was made, by the application's clock.
    pub occurred_at: Timestamp,
}

impl Correction {
    /// Creates a correction that is made now.
    #[must_use]
    pub fn new(payload: Value) -> Self {
        Self { kind: "corrected".into(), payload, occurred_at: Timestamp::now() }
    }

    /// Sets the kind.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }
}

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// Its number; later events have higher ones.
    pub id: i64,
    /// What it belongs to, such as an account or an order.
    pub stream: String,
    /// What happened.
    pub kind: String,
    /// The content, as JSON.
    pub payload: Value,
    /// When it happened, by the application's clock.
    pub occurred_at: Timestamp,
    /// When it was recorded, by the server's clock.
    pub recorded_at: Timestamp,
    /// The event that it corrects.
    pub corrects: Option<i64>,
}

/// An event with its corrections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Effective {
    /// The event as it was recorded.
    pub event: Event,
    /// Its corrections, and theirs, oldest first.
    pub corrections: Vec<Event>,
}

impl Effective {
    /// Returns the payload that holds: of the newest correction, or the event's own.
    #[must_use]
    pub fn payload(&self) -> &Value {
        &self.corrections.last().unwrap_or(&self.event).payload
    }
}

/// Joins corrections to the events that they correct, also corrections of corrections. A correction of an event that is not in
/// `history` stands alone.
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
