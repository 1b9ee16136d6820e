//! Statements of one transaction, many in one text: a long script is sent as it stands.

use super::{Draft, Part, Phase, Task, Within};
use crate::{
    postgres::session::{Failure, Message},
    words::sql::{StatementKind, split, verb},
};

/// Statements after which the next ones are read as they were before.
const PLAIN: [&str; 12] = [
    "alter", "analyze", "comment", "create", "delete", "drop", "grant", "insert", "merge",
    "revoke", "truncate", "update",
];
const MOST_BYTES: usize = 64 << 10;
const LARGE: usize = 16 << 10;

/// Several statements in one text.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub(super) sql: String,
    pub(super) within: Vec<Within>,
}

impl Text {
    /// Adds commands of our own.
    pub(super) fn own(&mut self, phase: Phase, sql: &str) {
        let statements = split(sql).unwrap_or_default();
        for statement in statements {
            self.within.push(Within { start: self.sql.len(), phase });
            self.sql.push_str(&sql[statement.span]);
            self.sql.push_str(";\n");
        }
    }

    /// Adds what another consists of.
    pub(super) fn append(&mut self, other: &Self) {
        let start = self.sql.len();
        self.within.extend(other.within.iter().map(|it| Within { start: start + it.start, ..*it }));
        self.sql.push_str(&other.sql);
    }
}

/// What of a script may be sent in batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Batches {
    /// Nothing: the server may cut texts otherwise than we do.
    None,
    /// What it begins with: no statement of it can have changed how the server reads it.
    First,
    /// Whatever no setting stands between.
    All,
}

/// Adds the statements of a task, in batches or one by one.
pub(super) fn push<'t>(draft: &mut Draft<'t>, index: usize, task: &'t Task<'_>, batches: Batches) {
    let mut next = 0;
    while next < task.statements.len() {
        let first = next;
        next += 1;
        let cuts_as_we_do = match batches {
            Batches::None => false,
            Batches::First => first == 0,
            Batches::All => true,
        };
        if cuts_as_we_do && is_plain(task, first) {
            while next < task.statements.len() && goes_on(task, first, next) {
                next += 1;
            }
        }
        // the server copies a statement that it may have to plan again, however large it is
        let is_large = task.text(first).len() > LARGE && cuts_as_we_do && is_plain(task, first);
        if next == first + 1 && !is_large {
            draft.push(index, Phase::Statement(first), Message::Script(task.text(first)));
            continue;
        }
        let start = task.statements[first].span.start;
        let text = &task.script.text[start..task.statements[next - 1].span.end];
        let within = (first..next).map(|it| Within {
            start: task.statements[it].span.start - start,
            phase: Phase::Statement(it),
        });
        draft.several.insert(draft.messages.len(), within.collect());
        draft.push(index, Phase::Statement(first), Message::Several(text));
    }
}

fn is_plain(task: &Task<'_>, statement: usize) -> bool {
    let verb = verb(task.text(statement)).to_ascii_lowercase();
    task.statements[statement].kind == StatementKind::Other && PLAIN.contains(&verb.as_str())
}

/// Whether a statement may stand in one text with those from `first` on.
fn goes_on(task: &Task<'_>, first: usize, statement: usize) -> bool {
    let (before, here) = (&task.statements[statement - 1].span, &task.statements[statement].span);
    is_plain(task, statement)
        && here.end - task.statements[first].span.start <= MOST_BYTES
        // a line for psql, which is no SQL
        && !task.script.text[before.end..here.start].contains('\\')
}

impl Draft<'_> {
    /// What failed in a message of which so many statements were carried out.
    pub(super) fn blame(&self, message: usize, within: usize, failure: Failure) -> (Part, Failure) {
        let part = self.parts[message];
        let (Message::Several(text), Some(several)) =
            (&self.messages[message], self.several.get(&message))
        else {
            return (part, failure);
        };
        let at = |it: usize| Part { phase: several[it].phase, ..part };
        let running = within.min(several.len() - 1);
        let Failure::Server(error) = failure else {
            return (at(running), failure);
        };
        let characters = |bytes: usize| text[..bytes].chars().count();
        // of a text that it cannot read the server carries out nothing: only the position tells
        let position = error.position.and_then(|position| usize::try_from(position).ok());
        let failed = match position {
            Some(position) => {
                several.partition_point(|it| characters(it.start) < position).saturating_sub(1)
            }
            None => running,
        };
        let start = characters(several[failed].start);
        (at(failed), Failure::Server(error.within(start)))
    }
}
