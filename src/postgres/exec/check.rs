//! Queries of pre.sql and post.sql on their way to the server.

use crate::{
    migration::source::{Check, Script},
    words::{ident::Literal, sql::Statement},
};

/// The SQLSTATE of a check that does not hold.
pub(crate) const CHECK_FAILED: &str = "GP002";

/// A query that is asked before or after a task.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Its file.
    pub script: &'a Script,
    /// Where it stands there.
    pub statement: Statement,
    /// Before or after.
    pub when: Check,
}

impl Asked<'_> {
    /// The statement that asks it, and fails where it returns rows other than one true. Without `demands` it is only asked.
    pub(super) fn sql(&self, demands: bool) -> String {
        sql(&self.script.text[self.statement.span.clone()], demands)
    }
}

/// The statement that asks a query.
#[must_use]
pub(super) fn sql(query: &str, demands: bool) -> String {
    let body = include_str!("../sql/check.sql")
        .replace("{demands}", if demands { "true" } else { "false" })
        .replace("{state}", CHECK_FAILED)
        // last, because it may hold anything
        .replace("{query}", query);
    format!("DO {}", Literal(&body))
}
