//! Statements of a script without a transaction, many on their way at once.
//!
//! Each travels as one text with its progress entry: `EXECUTE progress; statement`. The server makes one transaction of a text, so
//! no kill and no cancel comes between the two. An entry is written only if the one before it was: what follows a failure does
//! nothing. What is out of the ordinary is left to the careful way, which waits for each statement.

use crate::{
    migration::{plan::Unit, source::Direction, status::Prefix},
    postgres::{
        exec::ExecEvent,
        journal::TOOL,
        lock::KEY,
        session::{Failure, Message, Seen},
    },
    words::{
        ident::Literal,
        sql::{StatementKind, verb},
    },
};

use super::Run;

/// What became of the next statements.
pub(super) enum Streamed {
    /// Some are done, or are to be tried again.
    On,
    /// The next one is for the careful way; with what the server said if it was run.
    Stuck(Option<Failure>),
}

/// How the statements of one task are streamed.
pub(super) struct Stream {
    prepare: String,
    is_prepared: bool,
    /// Whether entries are settled first: the script has taken another role, say.
    settles: bool,
    /// How often that was not enough, in a row.
    refused: u32,
}

/// Statements that mean the same in a transaction of their own as without one, and that do not take the tracking tables away: the entry
/// is written before them.
const STREAMED: [&str; 15] = [
    "analyze", "comment", "copy", "create", "delete", "grant", "insert", "merge", "refresh",
    "reindex", "revoke", "select", "update", "values", "with",
];
const MOST_STATEMENTS: usize = 256;
const MOST_BYTES: usize = 4 << 20;
const MOST_REFUSED: u32 = 3;

impl Stream {
    pub(super) fn new(run: &Run<'_, '_, '_, '_>) -> Self {
        let is_possible = run.locked.session.wire().is_some()
            && !run.exec.guard.is_on()
            && run.locked.holder.is_none();
        Self {
            prepare: prepare(run),
            is_prepared: false,
            settles: false,
            refused: if is_possible { 0 } else { MOST_REFUSED },
        }
    }

    /// Whether a unit may be sent before what precedes it is answered.
    fn takes(&self, run: &Run<'_, '_, '_, '_>, unit: &Unit) -> bool {
        let first = unit.statements.start;
        let verb = verb(run.task.text(first)).to_ascii_lowercase();
        !unit.is_block
            && matches!(run.task.statements[first].kind, StatementKind::Other | StatementKind::Call)
            && STREAMED.contains(&verb.as_str())
    }

    /// Sends as many of the next units as may wait for each other.
    pub(super) async fn run(&mut self, run: &mut Run<'_, '_, '_, '_>, units: &[Unit]) -> Streamed {
        if self.refused >= MOST_REFUSED || !run.locked.session.cuts_as_we_do() {
            return Streamed::Stuck(None);
        }
        let mut pairs = Vec::new();
        let mut bytes = 0;
        run.prefix(run.done);
        let mut prefix = run.prefix.clone();
        for unit in units.iter().take(MOST_STATEMENTS) {
            let length = unit.statements.clone().map(|at| run.task.text(at).len()).sum::<usize>();
            bytes += length;
            if !self.takes(run, unit) || (bytes > MOST_BYTES && !pairs.is_empty()) {
                break;
            }
            let pair = self.pair(run, unit, prefix);
            prefix = pair.prefix.clone();
            pairs.push(pair);
        }
        if pairs.is_empty() {
            return Streamed::Stuck(None);
        }
        self.send(run, &pairs).await
    }

    /// A statement with its entry.
    fn pair(&self, run: &Run<'_, '_, '_, '_>, unit: &Unit, mut prefix: Prefix) -> Pair {
        let text = run.task.text(unit.statements.start);
        prefix.add(text);
        let (done, digest) = (unit.done, prefix.digest());
        let entry = format!("EXECUTE glowplug_progress({done}, '{digest}')");
        let (before, after) = if self.settles {
            let turn = format!("EXECUTE glowplug_turn({done})");
            (turn, format!(";\nEXECUTE glowplug_settle; {entry}"))
        } else {
            (entry, String::new())
        };
        let sql = format!("{before};\n{text}{after}");
        // all of it is ASCII
        let offset = before.len() + 2;
        Pair { sql, offset, done, prefix }
    }

    async fn send(&mut self, run: &mut Run<'_, '_, '_, '_>, pairs: &[Pair]) -> Streamed {
        let prepare = if self.is_prepared { "" } else { self.prepare.as_str() };
        let opening = format!(
            "{prepare}SELECT pg_catalog.set_config('glowplug.reached', '{}', false)",
            run.done
        );
        let mut messages = vec![Message::Batch(&opening)];
        messages.extend(pairs.iter().map(|pair| Message::Several(&pair.sql)));
        let (task, total) = (run.index, run.task.statements.len());
        let (mut at, mut within) = (0, 0);
        let tell = &mut *run.tell;
        let mut observe = |seen: Seen<'_>| match seen {
            Seen::Done(0, _) => {}
            Seen::Done(message, _) => {
                tell(ExecEvent::Statement(task, pairs[message - 1].done, total))
            }
            Seen::Within(message, statements) => (at, within) = (message, statements),
            Seen::Notice(message, notice) => {
                let statement = message.checked_sub(1).map(|pair| pairs[pair].done - 1);
                tell(ExecEvent::Notice(task, statement, &notice));
            }
        };
        let mut replies = run.locked.session.exchange(&messages, &mut observe).await.into_iter();
        if let Some(Err(failure)) = replies.next() {
            self.refused = MOST_REFUSED;
            return Streamed::Stuck(ends(&failure).then_some(failure));
        }
        self.is_prepared = true;
        for (pair, (message, reply)) in pairs.iter().zip((1..).zip(replies)) {
            let Err(failure) = reply else {
                run.done = pair.done;
                run.prefix = pair.prefix.clone();
                self.refused = 0;
                continue;
            };
            let ran = at == message && within == 1;
            return match failure {
                Failure::Server(error) if ran => {
                    Streamed::Stuck(Some(Failure::Server(error.within(pair.offset))))
                }
                failure if ends(&failure) => Streamed::Stuck(Some(failure)),
                failure => self.refuse(&failure),
            };
        }
        Streamed::On
    }

    /// An entry was refused, and the statement has left nothing.
    fn refuse(&mut self, failure: &Failure) -> Streamed {
        if matches!(failure, Failure::Server(error) if error.is(NO_SUCH_STATEMENT)) {
            self.is_prepared = false;
        }
        if !self.settles {
            self.settles = true;
            return Streamed::On;
        }
        self.refused += 1;
        Streamed::Stuck(None)
    }
}

/// A statement on its way, with its entry.
struct Pair {
    sql: String,
    /// Where the statement begins in it.
    offset: usize,
    /// How many statements are done with it.
    done: usize,
    /// All of them.
    prefix: Prefix,
}

/// What EXECUTE finds after a DEALLOCATE.
const NO_SUCH_STATEMENT: &str = "26000";

/// Whether a failure ends the run, whatever it was that failed.
fn ends(failure: &Failure) -> bool {
    !matches!(failure, Failure::Server(_))
}

/// The commands that prepare the entry of a task.
fn prepare(run: &Run<'_, '_, '_, '_>) -> String {
    let (migration, place) = (run.task.step.migration, &run.locked.facts().place);
    let literal = |text: &str| Literal(text).to_string();
    let version = literal(migration.version.as_str());
    let (up, down, run_on) = match run.task.step.direction {
        Direction::Up => ("$2", "NULL", "NULL".to_owned()),
        // a revert belongs to the application that it reverts
        Direction::Down => {
            let diesel = run.locked.facts().place.diesel();
            let of = format!(
                "(SELECT d.run_on FROM {diesel} d WHERE d.version OPERATOR(pg_catalog.=) {version}::pg_catalog.text)"
            );
            ("NULL", "$2", of)
        }
    };
    let values = [
        ("journal", place.journal()),
        ("run_on", run_on),
        ("version", version),
        ("name", literal(&migration.name)),
        ("kind", literal(run.direction().1.word())),
        ("up", up.to_owned()),
        ("down", down.to_owned()),
        ("actor", literal(&run.exec.actor)),
        ("tool", literal(TOOL)),
        ("statements", run.task.statements.len().to_string()),
        ("role", literal(&run.locked.facts().role)),
        ("key", KEY.to_string()),
    ];
    fill(include_str!("../../sql/progress.sql"), &values)
}

/// Puts values in the places of their names in braces: all at once, as a value may look like a name.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut parts = template.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.extend([value.map_or("", |(_, value)| value), rest]);
    }
    filled
}
