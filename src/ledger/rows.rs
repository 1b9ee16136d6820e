//! What happened to the rows of a ledger, as far as counters and files tell.
//!
//! The claim that the guard rests on: the same table and file (and TOAST) for every leaf, and no row counted as updated or
//! deleted by this transaction, with unchanged columns, means that every old row is what it was.

use crate::ledger::snapshot::{Fact, FactKind, Snapshot};

/// What happened to the rows of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Rows that were updated.
    pub updated: i64,
    /// Rows that were deleted.
    pub deleted: i64,
    /// Rows that were inserted, those that were rolled back to a savepoint included.
    pub inserted: i64,
    /// Tables with another file: they were rewritten or emptied.
    pub rewritten: Vec<String>,
    /// Tables that came in with rows of their own.
    pub attached: Vec<String>,
}

/// Compares the counters and files of a ledger's tables.
#[must_use]
pub(crate) fn rows(before: &Snapshot, after: &Snapshot, ledger: usize) -> Rows {
    let renamed = after.named_as(before);
    let after = renamed.as_ref().unwrap_or(after);
    let mut found = Rows::default();
    let old: Vec<(&str, &Fact)> = before.of(Some(ledger), FactKind::Rows).collect();
    for (label, now) in after.of(Some(ledger), FactKind::Rows) {
        let Some((_, then)) = old.iter().find(|(it, _)| *it == label) else {
            if !now.is("empty") {
                found.attached.push(label.to_owned());
            }
            continue;
        };
        let change = |counter: &str| {
            now.number(counter).unwrap_or_default() - then.number(counter).unwrap_or_default()
        };
        found.updated += change("updated").abs();
        found.deleted += change("deleted").abs();
        found.inserted += change("inserted").abs();
        let got_toast = then.text("toast").is_empty() && !now.text("toast").is_empty();
        if then.text("file") != now.text("file")
            || then.text("toast") != now.text("toast") && !got_toast
        {
            found.rewritten.push(label.to_owned());
        }
    }
    found
}
