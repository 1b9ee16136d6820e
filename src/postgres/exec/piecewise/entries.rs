//! The entries that record how far a script without a transaction came.

use crate::{
    migration::{journal::EntryKind, source::Direction, status::Prefix},
    postgres::{
        exec::{Phase, TaskError},
        journal::Record,
        session::{COMMIT, Message},
    },
    words::digest::Digest,
};

use super::Run;

impl Run<'_, '_, '_, '_> {
    /// The digest of the first statements.
    pub(super) fn prefix(&mut self, statements: usize) -> Digest {
        let statements = statements.min(self.task.statements.len());
        if self.prefix.statements() > statements {
            self.prefix = Prefix::default();
        }
        for at in self.prefix.statements()..statements {
            self.prefix.add(self.task.text(at));
        }
        self.prefix.digest()
    }

    /// Writes an entry. Ctrl-C does not reach it: what is done is to be recorded.
    pub(super) async fn write(
        &mut self,
        record: &(String, Vec<Option<String>>),
    ) -> Result<(), TaskError> {
        let settle = self.locked.settle();
        let messages = [
            (Phase::Journal, Message::Batch("BEGIN")),
            (Phase::Settling, Message::Batch(&settle)),
            (Phase::Journal, Message::Query(&record.0, record.1.clone())),
            (Phase::Journal, Message::Batch(COMMIT)),
        ];
        let (parts, messages): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        let replies = self.locked.session.exchange_undisturbed(&messages).await;
        for (phase, reply) in parts.into_iter().zip(replies) {
            reply.map_err(|failure| self.error(phase, failure.into()))?;
        }
        Ok(())
    }

    /// The entry kinds for "about to run" and "done".
    pub(super) fn direction(&self) -> (EntryKind, EntryKind) {
        match self.task.step.direction {
            Direction::Up => (EntryKind::UpStarted, EntryKind::UpProgress),
            Direction::Down => (EntryKind::DownStarted, EntryKind::DownProgress),
        }
    }

    /// The query that records how far the run came, with the digest of the first `read` statements.
    pub(super) fn progress(
        &mut self,
        kind: EntryKind,
        reached: usize,
        read: usize,
        note: Option<String>,
    ) -> (String, Vec<Option<String>>) {
        let migration = self.task.step.migration;
        let prefix = self.prefix(read);
        let (up, down) = match self.task.step.direction {
            Direction::Up => (Some(&prefix), None),
            Direction::Down => (None, Some(&prefix)),
        };
        let record = Record {
            version: &migration.version,
            name: &migration.name,
            kind,
            up,
            down,
            actor: &self.exec.actor,
            took_ms: None,
            reached: Some((reached, self.task.statements.len())),
            note,
        };
        record.message(&self.locked.facts().place)
    }
}
