//! An exchange in the making, and how it is sent: what is said meanwhile, and which of its parts a failure belongs to.

use std::collections::BTreeMap;

use super::{ExecEvent, Phase, Tell, batches::Text, took_ms};
use crate::postgres::{
    lock::Locked,
    session::{Failure, Message, Row, Seen},
};

/// What a message of an exchange stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) task: usize,
    pub(super) phase: Phase,
}

/// One of several statements of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within {
    /// The byte of the text that it begins at.
    pub(super) start: usize,
    /// What it stands for.
    pub(super) phase: Phase,
}

/// An exchange in the making: messages, and what each stands for.
#[derive(Default)]
pub(super) struct Draft<'a> {
    pub(super) messages: Vec<Message<'a>>,
    pub(super) parts: Vec<Part>,
    /// Of messages with several statements: what each of these is.
    pub(super) several: BTreeMap<usize, Vec<Within>>,
    /// Whether COMMIT waits for the answers to what comes before it.
    pub(super) holds: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn push(&mut self, task: usize, phase: Phase, message: Message<'a>) {
        self.messages.push(message);
        self.parts.push(Part { task, phase });
    }

    /// Adds several statements in one text.
    pub(super) fn push_text(&mut self, task: usize, phase: Phase, text: &'a Text) {
        self.several.insert(self.messages.len(), text.within.clone());
        self.push(task, phase, Message::Several(&text.sql));
    }

    /// What a message stands for after so many of its statements.
    pub(super) fn phase(&self, message: usize, within: usize) -> Option<Phase> {
        match self.several.get(&message) {
            Some(several) => several.get(within).map(|it| it.phase),
            None => self.parts.get(message).map(|it| it.phase),
        }
    }
}

/// Tells of an exchange while it runs.
struct Watch<'w> {
    draft: &'w Draft<'w>,
    /// How many statements a task has.
    statements: &'w (dyn Fn(usize) -> usize + Sync),
    tell: Tell<'w>,
    /// How long the task took whose entry was written last.
    recorded: Option<u64>,
    /// Whether nothing has failed yet: after a failure COMMIT is done as well, and commits nothing.
    is_whole: bool,
    next: usize,
    /// The message of several statements that was reached, and how many of these are done.
    reached: (usize, usize),
}

impl<'w> Watch<'w> {
    fn of(
        draft: &'w Draft<'w>,
        statements: &'w (dyn Fn(usize) -> usize + Sync),
        tell: Tell<'w>,
    ) -> Self {
        Self { draft, statements, tell, recorded: None, is_whole: true, next: 0, reached: (0, 0) }
    }

    /// How many statements of a message are done.
    fn within(&self, message: usize) -> usize {
        if self.reached.0 == message { self.reached.1 } else { 0 }
    }

    fn see(&mut self, seen: &Seen<'_>) {
        match seen {
            Seen::Done(message, rows) => self.done(*message, rows),
            Seen::Within(message, count) => {
                self.reached = (*message, *count);
                let done = count.checked_sub(1).and_then(|last| self.draft.phase(*message, last));
                if let (Some(part), Some(Phase::Statement(done))) =
                    (self.draft.parts.get(*message), done)
                {
                    let of = (self.statements)(part.task);
                    (self.tell)(ExecEvent::Statement(part.task, done + 1, of));
                }
            }
            Seen::Notice(message, notice) => {
                let Some(part) = self.draft.parts.get(*message) else {
                    return;
                };
                let statement = match self.draft.phase(*message, self.within(*message)) {
                    Some(Phase::Statement(statement)) => Some(statement),
                    // the skipped rest of a failed transaction says so to nobody
                    _ if notice.severity == "WARNING" && notice.code == "25P01" => return,
                    _ => None,
                };
                (self.tell)(ExecEvent::Notice(part.task, statement, notice));
            }
        }
    }

    fn done(&mut self, message: usize, rows: &[Row]) {
        self.is_whole &= message == self.next;
        self.next = message + 1;
        let parts = &self.draft.parts;
        let (Some(part), next) = (parts.get(message), parts.get(self.next)) else {
            return;
        };
        match (part.phase, next) {
            // told of while they ran
            (Phase::Statement(_), _) if self.draft.several.contains_key(&message) => {}
            (Phase::Statement(statement), _) => {
                let of = (self.statements)(part.task);
                (self.tell)(ExecEvent::Statement(part.task, statement + 1, of));
            }
            (Phase::Journal, Some(next)) if next.task != part.task => {
                (self.tell)(ExecEvent::Started(next.task));
            }
            (Phase::Journal, _) => self.recorded = Some(took_ms(rows)),
            // one of several that commit by themselves
            (Phase::Commit, Some(next)) if next.phase == Phase::Opening && self.is_whole => {
                let took = self.recorded.take().unwrap_or_else(|| took_ms(rows));
                (self.tell)(ExecEvent::Done(part.task, took));
                (self.tell)(ExecEvent::Started(next.task));
            }
            _ => {}
        }
    }
}

impl Locked<'_> {
    /// Sends a draft. The first failure is the one that counts; what follows it was skipped by the server.
    pub(super) async fn send(
        &mut self,
        draft: &Draft<'_>,
        statements: &(dyn Fn(usize) -> usize + Sync),
        tell: Tell<'_>,
    ) -> Result<Vec<Vec<Row>>, (Part, Failure)> {
        let commit = draft.parts.iter().position(|it| it.phase == Phase::Commit);
        let replies = match commit.filter(|_| draft.holds) {
            None => self.send_probing(draft, statements, tell).await?,
            Some(commit) => self.send_held(draft, commit, statements, tell).await?,
        };
        Ok(replies.into_iter().map(Result::unwrap_or_default).collect())
    }

    /// Sends a draft up to COMMIT, and the rest where nothing failed: a script that takes back its failures goes on after them.
    async fn send_held(
        &mut self,
        draft: &Draft<'_>,
        commit: usize,
        statements: &(dyn Fn(usize) -> usize + Sync),
        tell: Tell<'_>,
    ) -> Result<Vec<Result<Vec<Row>, Failure>>, (Part, Failure)> {
        let part = |range: std::ops::Range<usize>| Draft {
            messages: draft.messages[range.clone()].to_vec(),
            parts: draft.parts[range.clone()].to_vec(),
            several: (draft.several.range(range.clone()))
                .map(|(at, starts)| (at - range.start, starts.clone()))
                .collect(),
            holds: false,
        };
        let (head, tail) = (part(0..commit), part(commit..draft.messages.len()));
        match self.send_probing(&head, statements, &mut *tell).await {
            Ok(mut replies) => {
                replies.extend(self.send_probing(&tail, statements, tell).await?);
                Ok(replies)
            }
            Err(failed) => {
                let mut ending = tail.messages;
                ending[0] = Message::Batch("ROLLBACK");
                let cleans = tail.parts.last().is_some_and(|it| it.phase == Phase::Afterwards);
                let replies = self.session.exchange_undisturbed(&ending).await;
                self.is_clean = cleans && replies.last().is_some_and(Result::is_ok);
                Err(failed)
            }
        }
    }

    /// As [`send`](Self::send), with the answers of probes as they are.
    pub(super) async fn send_probing(
        &mut self,
        draft: &Draft<'_>,
        statements: &(dyn Fn(usize) -> usize + Sync),
        tell: Tell<'_>,
    ) -> Result<Vec<Result<Vec<Row>, Failure>>, (Part, Failure)> {
        let mut watch = Watch::of(draft, statements, tell);
        let replies = self.session.exchange(&draft.messages, &mut |seen| watch.see(&seen)).await;
        let mut rows = Vec::with_capacity(replies.len());
        let mut first = None;
        let mut answered = None;
        for (message, (reply, part)) in replies.into_iter().zip(&draft.parts).enumerate() {
            if let Ok(reply) = &reply
                && !reply.is_empty()
                && first.is_none()
                && answered.as_ref().is_none_or(|(task, _)| *task != part.task)
            {
                answered = Some((part.task, reply.clone()));
            }
            match reply {
                // the task has ended either way; the next one cleans for itself
                reply if part.phase == Phase::Afterwards => self.is_clean = reply.is_ok(),
                reply if part.phase == Phase::Probe && !matches!(reply, Err(Failure::Lost(_))) => {
                    rows.push(reply)
                }
                Ok(reply) => rows.push(Ok(reply)),
                Err(failure) => {
                    first.get_or_insert_with(|| {
                        draft.blame(message, watch.within(message), failure)
                    });
                }
            }
        }
        self.answered = answered.map(|(_, rows)| rows);
        first.map_or(Ok(rows), Err)
    }
}
