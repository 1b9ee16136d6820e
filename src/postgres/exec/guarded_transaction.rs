//! What a guarded transaction is made of, and what is watched meanwhile.

use super::{Draft, Part};
use crate::{
    ledger::{Before, Recorded},
    migration::source::Direction,
    postgres::{
        guard::{self, Key},
        session::{Failure, Message, Row},
    },
};

/// A transaction that is to be guarded.
pub(super) struct GuardedTransaction<'b> {
    /// The task that failures before the first statement belong to.
    pub(super) first: usize,
    /// What opens the transaction and sets its settings.
    pub(super) begin: Message<'b>,
    /// Whether the session is cleaned afterwards: it is, except within a migration without a transaction.
    pub(super) cleans: bool,
    /// Statements that must come before any query: SET TRANSACTION.
    pub(super) leading: Draft<'b>,
    /// The statements and journal entries, made with what is to be noted of the ledgers.
    pub(super) rest: &'b (dyn Fn(&str) -> Vec<(Part, Owned)> + Sync),
    /// The record of what the ledgers are afterwards.
    pub(super) attest: &'b (dyn Fn(String) -> (String, Vec<Option<String>>) + Sync),
    /// The texts of the statements.
    pub(super) scripts: Vec<&'b str>,
    /// The direction, where it is one.
    pub(super) direction: Option<Direction>,
    /// What was there before the migration was applied, where it is reverted.
    pub(super) before: Option<Before>,
    /// The legs of a redo, by task: which version goes which way.
    pub(super) legs: Vec<(usize, String, Direction)>,
    /// The version, where it is one migration.
    pub(super) version: Option<String>,
    /// What is written to the tracking tables between the two snapshots.
    pub(super) written: Recorded,
    /// How many statements a task has.
    pub(super) statements: &'b (dyn Fn(usize) -> usize + Sync),
}

/// A message that owns its text.
#[derive(Debug, Clone)]
pub(super) enum Owned {
    Script(String),
    Batch(String),
    Query(String, Vec<Option<String>>),
}

impl Owned {
    pub(super) fn message(&self) -> Message<'_> {
        match self {
            Self::Script(sql) => Message::Script(sql),
            Self::Batch(sql) => Message::Batch(sql),
            Self::Query(sql, values) => Message::Query(sql, values.clone()),
        }
    }
}

/// How much is looked at, from the cheapest to what an earlier try has asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CheckLevel {
    /// Rows are compared by an exact fingerprint.
    pub(super) exact: bool,
    /// It is looked whether columns hold anything.
    pub(super) unused: bool,
    /// Nothing is kept prepared, because a script has touched it.
    pub(super) plain: bool,
}

impl CheckLevel {
    pub(super) fn without_kept(self) -> Self {
        Self { plain: true, ..self }
    }
}

/// A guarded ledger: its number, the columns that order it, and its largest key.
pub(super) struct Watched {
    pub(super) index: usize,
    pub(super) key: Key,
    pub(super) mark: Option<Row>,
    pub(super) columns: Vec<guard::Column>,
    pub(super) fingerprint: Option<Row>,
}

/// What fails a try.
pub(super) type Failed = (Part, Failure);
