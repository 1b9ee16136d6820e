//! Reads who owns what ledgers rest on, and who may become whom.

use crate::{
    ledger::Powers,
    postgres::{
        guard::{Guard, declared::pinned},
        lock::Facts,
        session::{Failure, Message, Session},
    },
};

/// Options of a membership, from PostgreSQL 16 on, and before.
const OPTIONS: [&str; 2] =
    ["'inherit', m.inherit_option, 'set', m.set_option", "'inherit', r.rolinherit, 'set', true"];

impl Guard {
    /// Reads who may do what with the ledgers, and become whom.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn powers(
        &self,
        session: &mut Session<'_>,
        facts: &Facts,
    ) -> Result<Powers, Failure> {
        let [of_16, before] = OPTIONS;
        let options = if facts.server_version >= 160_000 { of_16 } else { before };
        let sql = include_str!("roads.sql").replace("{options}", options);
        let values = vec![Some(self.names()), Some(facts.place.schema.clone())];
        let rows = pinned(session, &Message::Query(&sql, values)).await?;
        Ok(Powers::read(rows))
    }
}
