//! Statements of one transaction, many in one text: a long script is sent as it stands.

use super::{Draft, Part, Phase, Task};
use crate::{
    postgres::session::{Failure, Message},
    words::sql::{StatementKind, verb},
};

/// Statements after which the next ones are read as they were before.
const PLAIN: [&str; 12] = [
    "alter", "analyze", "comment", "create", "delete", "drop", "grant", "insert", "merge",
    "revoke", "truncate", "update",
];
const MOST_BYTES: usize = 64 << 10;
const LARGE: usize = 16 << 10;

/// Adds the statements of a task: in batches where the server cuts texts as we do, one by one elsewhere.
pub(super) fn push<'t>(
    draft: &mut Draft<'t>,
    index: usize,
    task: &'t Task<'_>,
    cuts_as_we_do: bool,
) {
    let mut next = 0;
    while next < task.statements.len() {
        let first = next;
        next += 1;
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
        let starts = task.statements[first..next].iter().map(|it| it.span.start - start).collect();
        draft.several.insert(draft.messages.len(), starts);
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
        let (Message::Several(text), Phase::Statement(first), Some(starts)) =
            (&self.messages[message], part.phase, self.several.get(&message))
        else {
            return (part, failure);
        };
        let Failure::Server(error) = failure else {
            let part = Part { phase: Phase::Statement(first + within), ..part };
            return (part, failure);
        };
        let characters = |bytes: usize| text[..bytes].chars().count();
        // of a text that it cannot read the server carries out nothing: only the position tells
        let at = error.position.and_then(|position| usize::try_from(position).ok());
        let failed = match at {
            Some(at) => starts.partition_point(|start| characters(*start) < at).saturating_sub(1),
            None => within.min(starts.len() - 1),
        };
        let part = Part { phase: Phase::Statement(first + failed), ..part };
        (part, Failure::Server(error.within(characters(starts[failed]))))
    }
}
