//! Whether a script can be run at all: found out before anything is sent to a server.

use super::{DOWN_TEMPLATE, Direction, FILL, Metadata, Script};
use crate::migration::backfill::Backfill;
use crate::words::sql::{self, SqlError, Statement, StatementKind, place_of};

/// Splits a file of checks, and demands that each is a query.
///
/// # Errors
/// When one is not, or the file cannot be split.
pub(crate) fn check_queries(script: &Script) -> Result<Vec<Statement>, Unrunnable> {
    let statements = split(script)?;
    let is_query = |it: &&Statement| {
        let verb = sql::verb(&script.text[it.span.clone()]).to_ascii_lowercase();
        ["select", "with", "values", "table"].contains(&verb.as_str())
    };
    match statements.iter().find(|it| !is_query(it)) {
        None => Ok(statements),
        Some(other) => Err(Unrunnable {
            what: "a check is a query".into(),
            help: "Write SELECT statements that return no row if all is well, or one true.".into(),
            span: other.span.clone(),
        }),
    }
}

/// Why a script cannot be run. Found before anything is sent to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unrunnable {
    /// What is wrong, as a sentence without a place.
    pub what: String,
    /// What to do.
    pub help: String,
    /// The bytes of the script that are meant.
    pub span: std::ops::Range<usize>,
}

/// Splits a script and refuses what glowplug cannot run, before anything is sent.
///
/// # Errors
/// psql meta-commands, unterminated strings and comments, `COPY … FROM STDIN`, transaction commands in a
/// transactional script, values that are still to be filled in, an `up.sql` without any statement, and a `down.sql` that nobody
/// has written.
pub(crate) fn check_script(
    script: &Script,
    direction: Direction,
    metadata: Metadata,
) -> Result<Vec<Statement>, Unrunnable> {
    let statements = split(script)?;
    if direction == Direction::Up && statements.is_empty() {
        return Err(Unrunnable {
            what: "it has no statement".into(),
            help: "Write the migration, or delete its directory. To leave it out on purpose, write `SELECT 1;`."
                .into(),
            span: 0..0,
        });
    }
    if direction == Direction::Down && script.text.trim() == DOWN_TEMPLATE.trim() {
        return Err(Unrunnable {
            what: "down.sql has not been written yet".into(),
            help: "Write what undoes up.sql. If there is nothing to undo, or no way back, replace the line with a comment that says so."
                .into(),
            span: 0..script.text.trim_end().len(),
        });
    }
    let mut block = None;
    for statement in &statements {
        let text = &script.text[statement.span.clone()];
        if text.contains(FILL)
            && let Some(at) = place_of(text, FILL)
        {
            let start = statement.span.start + at;
            return Err(Unrunnable {
                what: format!("{FILL} has not been replaced"),
                help: format!(
                    "Replace {FILL} with the value: an expression of the other columns of the row, or a constant."
                ),
                span: start..start + FILL.len(),
            });
        }
        if let Some((what, help)) = refusal(statement, text, metadata, &mut block) {
            return Err(Unrunnable { what, help: help.into(), span: statement.span.clone() });
        }
    }
    match block {
        Some(span) => Err(Unrunnable {
            what: "a transaction is opened and not committed".into(),
            help: "Write `COMMIT;` at the end of the block.".into(),
            span,
        }),
        None => Ok(statements),
    }
}

/// Splits a script.
fn split(script: &Script) -> Result<Vec<Statement>, Unrunnable> {
    script.statements().map_err(|error| {
        let at = error.at();
        let end = script.text[at..]
            .char_indices()
            .nth(1)
            .map_or(script.text.len(), |(n, _)| at + n);
        let help = match error {
            SqlError::MetaCommand { .. } => {
                "A backslash outside of quotes is a command for psql. Write the SQL that it stands for."
            }
            SqlError::Unterminated { .. } => "Close it: everything after it is part of it.",
            SqlError::NulByte { .. } => "PostgreSQL text cannot contain it. Is the file UTF-8?",
        };
        Unrunnable {
            what: error.to_string(),
            help: help.into(),
            span: at..end,
        }
    })
}

/// Demands that up.sql of a backfill is one statement with the comment.
///
/// # Errors
/// When it is not.
pub(crate) fn demand_batch(
    backfill: &Backfill,
    script: &Script,
    statements: &[Statement],
) -> Result<(), Unrunnable> {
    let help = "A backfill is one UPDATE, DELETE, INSERT or MERGE with the comment `/* glowplug:batch */` where `AND …` may follow, such as behind `WHERE true`.";
    let refused = |what: &str, span| Unrunnable { what: what.into(), help: help.into(), span };
    match statements {
        // a comment at its end is no part of a statement
        [only] if backfill.fits(&script.text[only.span.start..]) => Ok(()),
        [only] => Err(refused("it has no place for the keys of a batch", only.span.clone())),
        [_, second, ..] => Err(refused("a backfill is one statement", second.span.clone())),
        [] => Ok(()),
    }
}

/// What speaks against one statement. `block` is the `BEGIN` that is open, in a script that opens its own.
fn refusal(
    statement: &Statement,
    text: &str,
    metadata: Metadata,
    block: &mut Option<std::ops::Range<usize>>,
) -> Option<(String, &'static str)> {
    match &statement.kind {
        StatementKind::Transaction(command) if metadata.run_in_transaction => Some((
            format!("`{command}` in a migration that runs in a transaction"),
            "The migration is one transaction already, together with its journal entry. Remove the command, or write `run_in_transaction = false` into metadata.toml.",
        )),
        StatementKind::Transaction(command) => match (command.as_str(), &block) {
            ("BEGIN" | "START TRANSACTION", None) => {
                *block = Some(statement.span.clone());
                None
            }
            ("COMMIT" | "END", Some(_)) => {
                *block = None;
                None
            }
            _ => Some((
                format!("`{command}` in a migration"),
                "A script may only open transactions with BEGIN and end them with COMMIT: glowplug writes its journal in the same transaction.",
            )),
        },
        StatementKind::CopyStdin => Some((
            "`COPY … FROM STDIN` in a migration".into(),
            "A migration has no standard input. Write INSERT statements (pg_dump --inserts), or load the data from the application.",
        )),
        StatementKind::CopyStdout => Some((
            "`COPY … TO STDOUT` in a migration".into(),
            "A migration has no standard output. Use psql for exports.",
        )),
        StatementKind::OutsideTransaction("DISCARD ALL") => Some((
            "`DISCARD ALL` in a migration".into(),
            "It would release the migration lock. Every migration starts with a clean session; RESET ALL and DISCARD TEMP reset parts of it.",
        )),
        // whether it may depends on the subscription's slot: the server decides
        StatementKind::DropSubscription { .. } => None,
        kind if (metadata.run_in_transaction || block.is_some())
            && !kind.may_run_in_transaction() =>
        {
            let label = match kind {
                // VACUUM, CLUSTER, REINDEX
                StatementKind::Maintenance => text
                    .split(|c: char| !c.is_ascii_alphabetic())
                    .next()
                    .unwrap_or_default()
                    .to_ascii_uppercase(),
                kind => kind.label().to_owned(),
            };
            let help = if metadata.run_in_transaction {
                "Move it to a migration of its own with `run_in_transaction = false` in metadata.toml: its statements are then run one by one."
            } else {
                "Move it out of the block that BEGIN opens."
            };
            Some((format!("{label} cannot run in a transaction"), help))
        }
        _ => None,
    }
}
