//! What a locked session writes besides the migrations themselves: the tracking tables, and entries that no script comes with.

use crate::postgres::{
    journal::Record,
    lock::Locked,
    session::{COMMIT, Message},
    session_error::SessionError,
};

impl Locked<'_> {
    /// Makes the tracking tables where they are missing.
    ///
    /// # Errors
    /// When the role may not create or write the tables, or the connection is lost.
    pub async fn prepare(&mut self) -> Result<(), SessionError> {
        let place = self.facts().place.clone();
        if !self.facts().may_record {
            return Err(SessionError::MayNotRecord {
                role: self.facts().role.clone(),
                schema: place.schema,
                database: self.facts().database.clone(),
            });
        }
        if place.has_diesel && place.has_journal {
            return Ok(());
        }
        let ddl = place.ddl();
        let quiet = "BEGIN; SET LOCAL client_min_messages = warning";
        let messages = [
            Message::Batch(quiet),
            Message::Batch(&ddl),
            Message::Batch(COMMIT),
        ];
        let replies = self.session.exchange(&messages, &mut |_| {}).await;
        for reply in replies {
            reply.map_err(SessionError::while_doing("creating the tracking tables"))?;
        }
        let place = &mut self.facts_mut().place;
        (place.has_diesel, place.has_journal) = (true, true);
        Ok(())
    }

    /// Writes records in one transaction.
    ///
    /// # Errors
    /// When the server refuses, or the connection is lost.
    pub async fn record(&mut self, records: &[Record<'_>]) -> Result<(), SessionError> {
        let place = self.facts().place.clone();
        let written: Vec<_> = records
            .iter()
            .map(|record| record.message(&place))
            .collect();
        let mut messages = vec![Message::Batch("BEGIN")];
        messages.extend(
            written
                .iter()
                .map(|(sql, values)| Message::Query(sql, values.clone())),
        );
        messages.push(Message::Batch(COMMIT));
        for reply in self.session.exchange(&messages, &mut |_| {}).await {
            reply.map_err(SessionError::while_doing("writing the journal"))?;
        }
        Ok(())
    }
}
