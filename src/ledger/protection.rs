//! What protects a ledger: which commands are refused on which of its tables, and how firmly.

use std::collections::BTreeMap;

use crate::{
    ledger::{
        proof::{Unproved, prove},
        snapshot::{Fact, FactKind, Snapshot},
    },
    report::ledger::{Guarded, Strength},
};

/// What protects a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Protection {
    /// Every table of it, by name: itself and its partitions.
    pub tables: BTreeMap<String, Guarded>,
    /// Triggers that would refuse, if only their function were proved.
    pub unproved: BTreeMap<String, Unproved>,
}

impl Protection {
    /// What is refused on every table of it.
    #[must_use]
    pub(crate) fn weakest(&self) -> Guarded {
        let mut tables = self.tables.values().copied();
        let first = tables.next().unwrap_or_default();
        tables.fold(first, Guarded::weaker)
    }
}

/// The bits of pg_trigger.tgtype.
pub(crate) mod bits {
    pub(crate) const ROW: i64 = 1;
    pub(crate) const BEFORE: i64 = 2;
    pub(crate) const INSERT: i64 = 4;
    pub(crate) const DELETE: i64 = 8;
    pub(crate) const UPDATE: i64 = 16;
    pub(crate) const TRUNCATE: i64 = 32;
    pub(crate) const INSTEAD: i64 = 64;
}

/// Finds out what protects a ledger.
#[must_use]
pub(crate) fn protection(snapshot: &Snapshot, ledger: usize) -> Protection {
    let functions: BTreeMap<&str, &Fact> = snapshot.of(Some(ledger), FactKind::Function).collect();
    let tables = snapshot.of(Some(ledger), FactKind::Relation);
    let mut found = Protection {
        tables: tables.map(|(label, _)| (label.to_owned(), Guarded::default())).collect(),
        unproved: BTreeMap::new(),
    };
    for (label, trigger) in snapshot.of(Some(ledger), FactKind::Trigger) {
        let Some((bits, strength)) = firmness(trigger) else {
            continue;
        };
        let proof = functions
            .get(trigger.text("function"))
            .map_or(Err(Unproved::Body("it is not there")), |it| prove(it));
        if let Err(reason) = proof {
            found.unproved.insert(label.to_owned(), reason);
            continue;
        }
        if let Some(table) = found.tables.get_mut(trigger.text("relation")) {
            if bits & bits::UPDATE != 0 {
                table.update = table.update.max(strength);
            }
            if bits & bits::DELETE != 0 {
                table.delete = table.delete.max(strength);
            }
            if bits & bits::TRUNCATE != 0 {
                table.truncate = table.truncate.max(strength);
            }
        }
    }
    // a trigger for statements of a partitioned table does not see what is done to its partitions directly
    let partitions: Vec<&str> = snapshot
        .of(Some(ledger), FactKind::Relation)
        .filter(|(_, fact)| fact.is("partition") || fact.text("kind") == "p")
        .map(|(label, _)| label)
        .collect();
    for label in partitions {
        if let Some(table) = found.tables.get_mut(label) {
            for strength in [&mut table.update, &mut table.delete] {
                if *strength == Strength::Statement {
                    *strength = Strength::None;
                }
            }
        }
    }
    found
}

/// The commands that a trigger would refuse, and how firmly, if its function does.
pub(crate) fn firmness(trigger: &Fact) -> Option<(i64, Strength)> {
    let bits = trigger.number("bits")?;
    let always = match trigger.text("enabled") {
        "A" => true,
        "O" => false,
        _ => return None,
    };
    let is_sure = bits & bits::BEFORE != 0
        && bits & bits::INSTEAD == 0
        && bits & (bits::UPDATE | bits::DELETE | bits::TRUNCATE) != 0
        && !trigger.is("conditional")
        && !trigger.is("columns")
        && !trigger.is("deferrable")
        && trigger.text("extension").is_empty();
    let strength = match (bits & bits::ROW != 0 || bits & bits::TRUNCATE != 0, always) {
        (true, true) => Strength::Always,
        (true, false) => Strength::Row,
        (false, _) => Strength::Statement,
    };
    is_sure.then_some((bits, strength))
}
