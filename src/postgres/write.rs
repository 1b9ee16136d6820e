//! What a locked session writes besides the migrations themselves: the tracking tables, and entries that no script comes with.

use crate::postgres::{
    journal::Record,
    lock::Locked,
    session::{COMMIT, Failure, Message},
    session_error::SessionError,
};

/// What the server says where two sessions make one table at once: unique_violation, duplicate_table.
const MADE_AT_ONCE: [&str; 2] = ["23505", "42P07"];

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
        let messages = [Message::Batch(quiet), Message::Batch(&ddl), Message::Batch(COMMIT)];
        for attempt in 1.. {
            let replies = self.session.exchange(&messages, &mut |_| {}).await;
            match replies.into_iter().find_map(Result::err) {
                None => break,
                // Diesel makes its table without any lock: one of two that do so at once fails, IF NOT EXISTS or not
                Some(Failure::Server(error))
                    if attempt < 3 && MADE_AT_ONCE.contains(&error.code.as_str()) => {}
                Some(failure) => {
                    return Err(SessionError::while_doing("creating the tracking tables")(failure));
                }
            }
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
        let written: Vec<_> = records.iter().map(|record| record.message(&place)).collect();
        let mut messages = vec![Message::Batch("BEGIN")];
        messages.extend(written.iter().map(|(sql, values)| Message::Query(sql, values.clone())));
        messages.push(Message::Batch(COMMIT));
        for reply in self.session.exchange(&messages, &mut |_| {}).await {
            reply.map_err(SessionError::while_doing("writing the journal"))?;
        }
        Ok(())
    }
}
