//! What runs outside of any transaction: announced, run, confirmed, and asked after when nobody saw the end of it.

use crate::{
    migration::plan::Unit,
    postgres::{
        exec::{
            Cause, Draft, ExecEvent, Phase, TaskError, Unsure,
            recognise::{self, Effect, Note},
        },
        session::{Failure, Message},
    },
    words::sql::StatementKind,
};

use super::Run;

impl Run<'_, '_, '_, '_> {
    /// Announces a statement, runs it outside of any transaction, and confirms it. With a note it is announced already.
    pub(super) async fn alone(&mut self, unit: &Unit, note: Option<Note>) -> Result<(), TaskError> {
        let statement = unit.statements.start;
        let before = self.demand_harmless(statement).await?;
        let note = match note {
            Some(note) => note,
            None => self.announce(statement).await?,
        };
        for attempt in 1.. {
            let Err(cause) = self.try_alone(statement, &note).await else {
                break;
            };
            if let Err(error) = self.pause(Phase::Statement(statement), cause, attempt).await {
                return Err(self.withdraw(statement, &note, error).await);
            }
        }
        self.confirm(unit).await?;
        match before {
            Some(before) => self.demand_unchanged(statement, &before).await,
            None => Ok(()),
        }
    }

    async fn announce(&mut self, statement: usize) -> Result<Note, TaskError> {
        let kind = &self.task.statements[statement].kind;
        let note = Note::before(&mut self.locked.session, kind).await;
        let note =
            note.map_err(|failure| self.error(Phase::Statement(statement), failure.into()))?;
        let reached = statement + 1;
        let record = self.progress(self.direction().0, reached, reached, note.write());
        self.write(&record).await?;
        Ok(note)
    }

    /// Takes an announcement back after the server has refused the statement, so that it may be mended. What the
    /// statement left behind is noted, for the next run to drop. Gives the error that is to be reported.
    async fn withdraw(&mut self, statement: usize, note: &Note, error: TaskError) -> TaskError {
        let kind = &self.task.statements[statement].kind;
        let refused = match &error.cause {
            Cause::Failed(failure) => matches!(failure, Failure::Server(_)),
            Cause::NoLock(..) | Cause::Interrupted => true,
            _ => false,
        };
        // code that commits may have done a part of its work
        if !refused || matches!(kind, StatementKind::Call) {
            return error;
        }
        let left = note.left_by(&mut self.locked.session, kind).await;
        if let Ok(left) = left {
            let left = Note::of_left(&left);
            let record = self.progress(self.direction().1, statement, statement, left.write());
            // without it the announcement stands, and the next run asks the catalog
            self.write(&record).await.unwrap_or_default();
        }
        error
    }

    async fn try_alone(&mut self, statement: usize, note: &Note) -> Result<(), Cause> {
        let kind = &self.task.statements[statement].kind;
        let session = &mut self.locked.session;
        let left = note.left_by(session, kind).await?;
        let rest = recognise::rest(session, kind).await?;
        for index in &left {
            self.drop_invalid(index).await?;
        }
        let sql = rest.unwrap_or_else(|| self.task.text(statement).to_owned());
        let mut draft = Draft::default();
        draft.push(self.index, Phase::Statement(statement), Message::Script(&sql));
        let total = self.task.statements.len();
        let sent = self.locked.send(&draft, &|_| total, &mut *self.tell).await;
        sent.map(|_| ()).map_err(|(_, failure)| failure.into())
    }

    pub(super) async fn confirm(&mut self, unit: &Unit) -> Result<(), TaskError> {
        let record = self.progress(self.direction().1, unit.done, unit.done, None);
        self.write(&record).await
    }

    /// Drops the invalid indexes that an earlier run noted when the server had refused its statement.
    pub(super) async fn drop_left(&mut self, note: &Note) -> Result<(), Cause> {
        for index in note.left(&mut self.locked.session).await? {
            self.drop_invalid(&index).await?;
        }
        Ok(())
    }

    async fn drop_invalid(&mut self, index: &recognise::Index) -> Result<(), Cause> {
        if index.is_being_built {
            return Err(Cause::IndexIsBeingBuilt(index.name.clone()));
        }
        let name = index.qualified();
        let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
        let messages = [Message::Batch(&sql)];
        for reply in self.locked.session.exchange(&messages, &mut |_| {}).await {
            reply?;
        }
        (self.tell)(ExecEvent::DroppedInvalidIndex(self.index, &name));
        Ok(())
    }

    /// Whether a statement that was announced, and not confirmed, took effect. A person is asked last.
    pub(super) async fn took_effect(
        &mut self,
        statement: usize,
        note: &Note,
    ) -> Result<Effect, TaskError> {
        let kind = &self.task.statements[statement].kind;
        let found = recognise::effect(&mut self.locked.session, kind, note).await;
        let effect =
            found.map_err(|failure| self.error(Phase::Statement(statement), failure.into()))?;
        Ok(match (effect, self.exec.unsure) {
            (Effect::Unknown, Some(Unsure::Repeat)) => Effect::None,
            (Effect::Unknown, Some(Unsure::Skip)) => Effect::Done,
            (effect, _) => effect,
        })
    }
}
