//! Judges what a script changed of ledgers, under an allow-list: a difference that no rule knows is a finding.

mod access;
mod columns;
mod global;
mod keys;
mod tracking;
mod triggers;

pub(crate) use self::tracking::Recorded;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ledger::{
        advice,
        before::Before,
        declaration::Declaration,
        protection::{Protection, bits, firmness, protection},
        snapshot::{Fact, FactKind, Snapshot},
    },
    report::{ledger_finding::LedgerFinding, rule::LedgerRule},
};

/// What is known besides the two snapshots.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'c> {
    /// The declared ledgers, in the snapshots' order.
    pub ledgers: &'c [Declaration],
    /// On the way down: what was there before the migration was applied, where that was recorded.
    pub before: Option<&'c Before>,
    /// Columns that hold nothing, by ledger and number.
    pub unused: &'c BTreeSet<(usize, i64)>,
    /// What glowplug itself wrote to the tracking tables meanwhile.
    pub written: Recorded,
    /// Whether the script itself says CREATE OR REPLACE TRIGGER: the server writes a trigger then that is as it was.
    pub replaces_triggers: bool,
}

/// Judges what changed between two snapshots. No finding means that protection, meaning and appends are as they were; rows
/// are [counted](super::rows()) beside.
#[must_use]
pub(crate) fn judge(
    before: &Snapshot,
    after: &Snapshot,
    context: &Context<'_>,
) -> Vec<LedgerFinding> {
    let renamed = after.named_as(before);
    let after = renamed.as_ref().unwrap_or(after);
    let mut findings = BTreeSet::new();
    let guarded: Vec<usize> =
        (0..context.ledgers.len()).filter(|ledger| is_guarded(before, *ledger)).collect();
    for ledger in &guarded {
        let mut judge = Judge::new(before, after, context, *ledger);
        judge.ledger();
        findings.extend(judge.findings);
    }
    if !guarded.is_empty() {
        findings.extend(global::global(before, after, context, &guarded));
    }
    findings.into_iter().collect()
}

/// Whether something refuses UPDATE and DELETE on a ledger, proved or not: what is not protected yet has nothing to lose.
#[must_use]
pub(crate) fn is_guarded(snapshot: &Snapshot, ledger: usize) -> bool {
    snapshot
        .of(Some(ledger), FactKind::Trigger)
        .filter_map(|(_, trigger)| firmness(trigger))
        .any(|(bits, _)| bits & (bits::UPDATE | bits::DELETE) != 0)
}

/// One ledger.
struct Judge<'j> {
    before: &'j Snapshot,
    after: &'j Snapshot,
    context: &'j Context<'j>,
    index: usize,
    label: String,
    was: Protection,
    now: Protection,
    findings: Vec<LedgerFinding>,
}

impl<'j> Judge<'j> {
    fn new(
        before: &'j Snapshot,
        after: &'j Snapshot,
        context: &'j Context<'j>,
        index: usize,
    ) -> Self {
        Self {
            before,
            after,
            context,
            index,
            label: context.ledgers[index].label(),
            was: protection(before, index),
            now: protection(after, index),
            findings: Vec::new(),
        }
    }

    fn find(&mut self, rule: LedgerRule, what: impl Into<String>, advice: &'static str) {
        self.findings.push(LedgerFinding {
            ledger: self.label.clone(),
            rule,
            what: what.into(),
            advice,
            rows: false,
        });
    }

    /// As [`find`](Self::find), of what concerns rows.
    fn lost(&mut self, rule: LedgerRule, what: impl Into<String>, advice: &'static str) {
        self.find(rule, what, advice);
        if let Some(finding) = self.findings.last_mut() {
            finding.rows = true;
        }
    }

    /// The two sides of one kind, by name.
    fn pairs(&self, kind: FactKind) -> Vec<(&'j str, Option<&'j Fact>, Option<&'j Fact>)> {
        let old: BTreeMap<&str, &Fact> = self.before.of(Some(self.index), kind).collect();
        let new: BTreeMap<&str, &Fact> = self.after.of(Some(self.index), kind).collect();
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        names
            .into_iter()
            .map(|name| (name, old.get(name).copied(), new.get(name).copied()))
            .collect()
    }

    /// Whether a migration that is being reverted brought this.
    fn is_own(&self, name: &str) -> bool {
        self.context.before.is_some_and(|before| !before.has(name))
    }

    fn ledger(&mut self) {
        let Some((root, relation)) = self.before.root(self.index) else {
            return;
        };
        match self.after.root(self.index) {
            None => {
                let is_own = self.is_own(&format!("relation {root}"));
                if !(is_own && self.is_empty()) {
                    let what = "the table was dropped or renamed";
                    self.lost(LedgerRule::LedgerGone, what, advice::TABLE);
                }
                return;
            }
            Some((_, now)) if now.text("identity") != relation.text("identity") => {
                if !self.is_empty() {
                    let what = match now.text("kind") {
                        "r" | "p" => "another table now has its name",
                        _ => "something other than a table now has its name",
                    };
                    self.lost(LedgerRule::LedgerReplaced, what, advice::TABLE);
                    return;
                }
            }
            Some(_) => {}
        }
        self.relations();
        self.columns();
        self.protection();
        self.triggers();
        self.functions();
        self.constraints();
        self.indexes();
        self.types();
        self.sequences();
        self.rules_and_policies();
        self.roles();
        self.grants();
        self.names();
        self.stand_ins();
        self.key_checks();
    }

    /// Whether the ledger had no row before.
    fn is_empty(&self) -> bool {
        let tables: Vec<_> = self.before.of(Some(self.index), FactKind::Rows).collect();
        // a table without partitions has no rows; a description without tables says nothing
        let is_partitioned =
            self.before.root(self.index).is_some_and(|(_, it)| it.text("kind") == "p");
        (is_partitioned || !tables.is_empty()) && tables.iter().all(|(_, rows)| rows.is("empty"))
    }

    fn relations(&mut self) {
        for (label, old, new) in self.pairs(FactKind::Relation) {
            match (old, new) {
                (Some(_), None) => {
                    let rows = self.before.of(Some(self.index), FactKind::Rows);
                    let was_empty =
                        rows.filter(|(it, _)| *it == label).all(|(_, it)| it.is("empty"));
                    if !was_empty {
                        let what = format!("the partition {label} is no longer part of it");
                        self.lost(LedgerRule::PartitionLost, what, advice::TABLE);
                    }
                }
                (None, Some(new)) if !new.is("partition") => {
                    let what =
                        format!("{label} inherits from it, and adds rows that nothing protects");
                    self.find(LedgerRule::Inheritance, what, advice::TABLE);
                }
                (None, Some(new)) if !matches!(new.text("kind"), "r" | "p") => {
                    let what = format!("the partition {label} is not a table of this database");
                    self.find(LedgerRule::ForeignPartition, what, advice::TABLE);
                }
                (None, Some(_)) if self.computes_otherwise(label).is_some() => {
                    let column = self.computes_otherwise(label).unwrap_or_default();
                    let what =
                        format!("the partition {label} computes the column {column} differently");
                    self.find(LedgerRule::ColumnChanged, what, advice::KEEP);
                }
                (None, Some(new)) if new.text("persistence") == "u" => {
                    let what = format!("the partition {label} is unlogged: a crash would empty it");
                    self.find(LedgerRule::TableChanged, what, advice::PARTITION);
                }
                (Some(old), Some(new)) => self.relation(label, old, new),
                _ => {}
            }
        }
    }

    /// A column of a new partition that is generated by another expression than the table's.
    fn computes_otherwise(&self, partition: &str) -> Option<&'j str> {
        let (root, _) = self.after.root(self.index)?;
        let of = |relation: &'j str| {
            let columns = self.after.of(Some(self.index), FactKind::Column).map(|(_, it)| it);
            columns.filter(move |it| it.text("relation") == relation && !it.is("dropped"))
        };
        let label =
            self.after.of(Some(self.index), FactKind::Relation).find(|(it, _)| *it == partition)?.0;
        let meaning = |it: &Fact| (it.text("generated").to_owned(), it.text("default").to_owned());
        of(label).find_map(|column| {
            let name = column.text("name");
            let own = of(root).find(|it| it.text("name") == name)?;
            let is_generated =
                !own.text("generated").is_empty() || !column.text("generated").is_empty();
            (is_generated && meaning(own) != meaning(column)).then_some(name)
        })
    }

    fn relation(&mut self, label: &str, old: &Fact, new: &Fact) {
        for attribute in old.differing(new) {
            let what = match attribute {
                // a table that was empty may be made anew
                "identity" if old.is("root") || self.is_empty() => continue,
                "identity" => {
                    self.lost(
                        LedgerRule::LedgerReplaced,
                        format!("another table is now called {label}"),
                        advice::TABLE,
                    );
                    continue;
                }
                "persistence" if new.text(attribute) == "p" => continue,
                "persistence" => {
                    format!("{label} is now unlogged: a crash would empty it")
                }
                "owner" => format!(
                    "{label} is now owned by {}, not by {}",
                    new.text(attribute),
                    old.text(attribute)
                ),
                "schema owner" => {
                    format!("the schema of {label} is now owned by {}", new.text(attribute))
                }
                "row security" | "forced row security" => {
                    format!(
                        "row-level security of {label} was changed: rows are hidden or revealed"
                    )
                }
                // the file tells of it, and the fingerprint
                "method" => continue,
                // the columns and constraints tell of it
                "key" | "referenced" => continue,
                "extension" => {
                    format!("{label} would be dropped with the extension {}", new.text(attribute))
                }
                other => format!("{label} has a different {other}"),
            };
            let rule = match attribute {
                "owner" | "schema owner" => LedgerRule::OwnerChanged,
                "row security" | "forced row security" => LedgerRule::RowSecurity,
                _ => LedgerRule::TableChanged,
            };
            self.find(rule, what, advice::KEEP);
        }
    }
}
