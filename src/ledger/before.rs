//! What was there before a migration, as the journal keeps it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ledger::snapshot::{FactKind, Snapshot};

/// What was there before a migration was applied, by name: what it brought may go again when it is reverted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Noted")]
pub(crate) struct Before {
    /// The newest head of the chain of attestations then: whoever puts in an entry by hand has to know it.
    after: String,
    /// The names.
    names: BTreeSet<String>,
}

/// As it stands in the journal.
#[derive(Deserialize)]
#[serde(untagged)]
enum Noted {
    Linked { after: String, names: BTreeSet<String> },
    Names(BTreeSet<String>),
}

impl From<Noted> for Before {
    fn from(noted: Noted) -> Self {
        match noted {
            Noted::Linked { after, names } => Self { after, names },
            Noted::Names(names) => Self { after: String::new(), names },
        }
    }
}

impl Before {
    /// The names in a snapshot, and the newest head.
    #[must_use]
    pub(crate) fn of(snapshot: &Snapshot, after: &str) -> Self {
        let named = snapshot.iter().filter_map(|(address, fact)| {
            let object = &address.object;
            match address.kind {
                FactKind::Relation => Some(format!("relation {object}")),
                FactKind::Constraint => Some(format!("constraint {object}")),
                FactKind::Index if fact.is("unique") => Some(format!("index {object}")),
                FactKind::Trigger => Some(format!("trigger {object}")),
                FactKind::Column => Some(format!(
                    "column {object}{}{}",
                    if fact.is("not null") { " not null" } else { "" },
                    if fact.text("default").is_empty() { "" } else { " default" },
                )),
                _ => None,
            }
        });
        Self { after: after.to_owned(), names: named.collect() }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}
