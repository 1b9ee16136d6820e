//! What a server says: errors and notices, as values, without the passwords of scripts that it quotes.

use diesel::result::DatabaseErrorKind;
use serde::Serialize;
use tokio_postgres::error::{DbError, ErrorPosition};

use crate::words::secrets::cover;

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

impl ServerError {
    /// The same of a statement that was sent behind so many characters of our own.
    pub(crate) fn within(mut self, offset: usize) -> Self {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.position = self.position.and_then(|at| at.checked_sub(offset)).filter(|at| *at > 0);
        self
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
            message: cover(error.message()),
            detail: error.detail().map(cover),
            hint: error.hint().map(cover),
            position,
            context: error.where_().map(cover),
            internal_query: internal.map(|(query, _)| query.clone()),
            internal_position: internal.map(|(_, position)| position),
        }
    }
}

impl From<&diesel::result::Error> for ServerError {
    /// Diesel tells no SQLSTATE; those that matter are known by Diesel's kinds, and by words of the message.
    fn from(error: &diesel::result::Error) -> Self {
        let mut text = Self {
            severity: "ERROR".into(),
            code: String::new(),
            message: cover(&error.to_string()),
            detail: None,
            hint: None,
            position: None,
            context: None,
            internal_query: None,
            internal_position: None,
        };
        if let diesel::result::Error::DatabaseError(kind, info) = error {
            text.message = cover(info.message());
            text.detail = info.details().map(cover);
            text.hint = info.hint().map(cover);
            text.position = info.statement_position().and_then(|at| u32::try_from(at).ok());
            text.code = code(kind, &text.message).to_owned();
        }
        text
    }
}

fn code(kind: &DatabaseErrorKind, message: &str) -> &'static str {
    match kind {
        DatabaseErrorKind::UniqueViolation => "23505",
        DatabaseErrorKind::ForeignKeyViolation => "23503",
        DatabaseErrorKind::NotNullViolation => "23502",
        DatabaseErrorKind::CheckViolation => "23514",
        DatabaseErrorKind::SerializationFailure => "40001",
        DatabaseErrorKind::ReadOnlyTransaction => "25006",
        _ => {
            let known = [
                ("due to lock timeout", "55P03"),
                ("deadlock detected", "40P01"),
                ("cannot run inside a transaction block", "25001"),
                ("invalid transaction termination", "2D000"),
            ];
            let found = known.iter().find(|(words, _)| message.contains(words));
            found.map_or("", |(_, code)| code)
        }
    }
}
