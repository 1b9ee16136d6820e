//! What a server says: errors and notices, as values.

use serde::Serialize;
use tokio_postgres::error::{DbError, ErrorPosition};

/// An error or a notice from the server, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerError {
    /// `ERROR`, `NOTICE`, …, in the server's language.
    pub severity: String,
    /// The SQLSTATE. Empty where the connection does not tell it.
    pub code: String,
    /// The primary message.
    pub message: String,
    /// More, over several lines.
    pub detail: Option<String>,
    /// A suggestion.
    pub hint: Option<String>,
    /// Where in the statement, in characters from 1.
    pub position: Option<u32>,
    /// The call stack of functions.
    pub context: Option<String>,
    /// The statement inside a function that failed, if it is that.
    pub internal_query: Option<String>,
    /// Where in that statement, in characters from 1.
    pub internal_position: Option<u32>,
}

impl ServerError {
    /// Whether the SQLSTATE is this one.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }
}

impl std::fmt::Display for ServerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if !self.code.is_empty() {
            write!(f, " (SQLSTATE {})", self.code)?;
        }
        Ok(())
    }
}

impl std::error::Error for ServerError {}

impl From<&DbError> for ServerError {
    fn from(error: &DbError) -> Self {
        let (position, internal) = match error.position() {
            Some(ErrorPosition::Original(position)) => (Some(*position), None),
            Some(ErrorPosition::Internal { query, position }) => (None, Some((query, *position))),
            None => (None, None),
        };
        Self {
            severity: error.severity().to_owned(),
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
            position,
            context: error.where_().map(str::to_owned),
            internal_query: internal.map(|(query, _)| query.clone()),
            internal_position: internal.map(|(_, position)| position),
        }
    }
}

impl From<&diesel::result::Error> for ServerError {
    /// Diesel tells no SQLSTATE; the few that matter are recognised by Diesel's own kinds.
    fn from(error: &diesel::result::Error) -> Self {
        let mut text = Self {
            severity: "ERROR".into(),
            code: String::new(),
            message: error.to_string(),
            detail: None,
            hint: None,
            position: None,
            context: None,
            internal_query: None,
            internal_position: None,
        };
        if let diesel::result::Error::DatabaseError(_, info) = error {
            text.message = info.message().to_owned();
            text.detail = info.details().map(str::to_owned);
            text.hint = info.hint().map(str::to_owned);
            text.position = info
                .statement_position()
                .and_then(|at| u32::try_from(at).ok());
            if text.message.contains("due to lock timeout") {
                text.code = "55P03".into();
            }
        }
        text
    }
}
