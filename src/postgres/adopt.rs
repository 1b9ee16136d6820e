//! What a locked session writes when a database is adopted, and when that is taken back.

use crate::{
    postgres::{
        journal::Record,
        lock::Locked,
        session::{COMMIT, Failure, Message},
        session_error::SessionError,
    },
    words::ident::Qualified,
};

/// What the journal holds of adoptions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnEntries {
    /// How many entries are of something else.
    pub others: usize,
    /// Whether the tracking tables were made for the adoption.
    pub made_tables: bool,
}

const ENTRIES: &str = include_str!("sql/journal_adopted.sql");

impl Locked<'_> {
    /// Makes the tracking tables where they are missing, and writes records: all in one transaction.
    ///
    /// # Errors
    /// When the role may not create or write the tables, or the connection is lost.
    pub async fn adopt(&mut self, records: &[Record<'_>]) -> Result<(), SessionError> {
        let place = self.facts().place.clone();
        if !self.facts().may_record {
            return Err(SessionError::MayNotRecord {
                role: self.facts().role.clone(),
                schema: place.schema,
                database: self.facts().database.clone(),
            });
        }
        let ddl = place.ddl();
        let written: Vec<_> = records.iter().map(|record| record.message(&place)).collect();
        let begin = "BEGIN; SET LOCAL client_min_messages = warning";
        let mut messages = vec![Message::Batch(begin), Message::Batch(&ddl)];
        messages.extend(written.iter().map(|(sql, values)| Message::Query(sql, values.clone())));
        messages.push(Message::Batch(COMMIT));
        for reply in self.session.exchange(&messages, &mut |_| {}).await {
            reply.map_err(SessionError::while_doing("recording what was adopted"))?;
        }
        let place = &mut self.facts_mut().place;
        (place.has_diesel, place.has_journal) = (true, true);
        Ok(())
    }

    /// What the journal holds of adoptions.
    ///
    /// # Errors
    /// When the server refuses, or the connection is lost.
    pub async fn own_entries(&mut self) -> Result<OwnEntries, Failure> {
        let place = self.facts().place.clone();
        if !place.has_journal {
            return Ok(OwnEntries::default());
        }
        let sql = ENTRIES.replace("{journal}", &place.journal());
        let rows = self.session.query(&sql, Vec::new()).await?;
        let row = rows.into_iter().next().unwrap_or_default();
        let value = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        Ok(OwnEntries {
            others: value(0).parse().unwrap_or(usize::MAX),
            made_tables: value(1) == "true",
        })
    }

    /// Forgets everything that is recorded. Tables that were made for it go; in others, the journal says that nothing is applied.
    ///
    /// # Errors
    /// When the server refuses, or the connection is lost.
    pub async fn forget(&mut self, drops_tables: bool) -> Result<(), SessionError> {
        let place = self.facts().place.clone();
        let (diesel, journal) = (place.diesel(), place.journal());
        let refuse = Qualified { schema: &place.schema, name: "__glowplug_journal_refuse" };
        let sql = match drops_tables {
            true => format!("DROP TABLE {journal}, {diesel}; DROP FUNCTION {refuse}()"),
            false => include_str!("sql/journal_forget.sql")
                .replace("{journal}", &journal)
                .replace("{diesel}", &diesel),
        };
        let messages = [Message::Batch("BEGIN"), Message::Batch(&sql), Message::Batch(COMMIT)];
        for reply in self.session.exchange(&messages, &mut |_| {}).await {
            let doing = SessionError::while_doing("forgetting what was adopted");
            reply.map_err(doing)?;
        }
        Ok(())
    }
}
