//! Judges what a script changed of ledgers, under an allow-list: a difference that no rule knows is a finding.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ledger::{
    bomb,
    declaration::Declaration,
    finding::{Finding, advice},
    protection::{Guarded, Protection, Strength, bits, firmness, protection},
    resolve::resolved,
    snapshot::{Fact, Kind, Snapshot},
};

/// What was there before a migration was applied, by name: what it brought may go again when it is reverted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Before(BTreeSet<String>);

impl Before {
    /// The names in a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let named = snapshot.iter().filter_map(|(address, fact)| {
            let object = &address.object;
            match address.kind {
                Kind::Relation => Some(format!("relation {object}")),
                Kind::Constraint => Some(format!("constraint {object}")),
                Kind::Index if fact.is("unique") => Some(format!("index {object}")),
                Kind::Trigger => Some(format!("trigger {object}")),
                Kind::Column => Some(format!(
                    "column {object}{}{}",
                    if fact.is("not null") { " not null" } else { "" },
                    if fact.text("default").is_empty() { "" } else { " default" },
                )),
                _ => None,
            }
        });
        Self(named.collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// What is known besides the two snapshots.
#[derive(Debug, Clone, Copy)]
pub struct Context<'c> {
    /// The declared ledgers, in the snapshots' order.
    pub ledgers: &'c [Declaration],
    /// On the way down: what was there before the migration was applied, where that was recorded.
    pub before: Option<&'c Before>,
    /// Columns that hold nothing, by ledger and number.
    pub unused: &'c BTreeSet<(usize, i64)>,
}

/// Judges what changed between two snapshots. No finding means that protection, meaning and appends are as they were; rows
/// are [counted](super::rows()) beside.
#[must_use]
pub fn judge(before: &Snapshot, after: &Snapshot, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = BTreeSet::new();
    let guarded: Vec<usize> = (0..context.ledgers.len())
        .filter(|ledger| is_guarded(before, *ledger))
        .collect();
    for ledger in &guarded {
        let mut judge = Judge::new(before, after, context, *ledger);
        judge.ledger();
        findings.extend(judge.findings);
    }
    if !guarded.is_empty() {
        findings.extend(everywhere(before, after, context, &guarded));
    }
    findings.into_iter().collect()
}

/// Whether something refuses UPDATE and DELETE on a ledger, proved or not: what is not protected yet has nothing to lose.
#[must_use]
pub fn is_guarded(snapshot: &Snapshot, ledger: usize) -> bool {
    snapshot
        .of(Some(ledger), Kind::Trigger)
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
    findings: Vec<Finding>,
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
            findings: Vec::new(),
        }
    }

    fn find(&mut self, rule: &'static str, what: impl Into<String>, advice: &'static str) {
        self.findings.push(Finding {
            ledger: self.label.clone(),
            rule,
            what: what.into(),
            advice,
            rows: false,
        });
    }

    /// As [`find`](Self::find), of what concerns rows.
    fn lost(&mut self, rule: &'static str, what: impl Into<String>, advice: &'static str) {
        self.find(rule, what, advice);
        if let Some(finding) = self.findings.last_mut() {
            finding.rows = true;
        }
    }

    /// The two sides of one kind, by name.
    fn pairs(&self, kind: Kind) -> Vec<(&'j str, Option<&'j Fact>, Option<&'j Fact>)> {
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
                    let what = "the table is gone, or has another name";
                    self.lost("ledger-gone", what, advice::TABLE);
                }
                return;
            }
            Some((_, now)) if now.text("identity") != relation.text("identity") => {
                if !self.is_empty() {
                    let what = match now.text("kind") {
                        "r" | "p" => "another table has its name now",
                        _ => "something else than a table has its name now",
                    };
                    self.lost("ledger-replaced", what, advice::TABLE);
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
    }

    /// Whether the ledger had no row before.
    fn is_empty(&self) -> bool {
        let mut tables = self.before.of(Some(self.index), Kind::Rows);
        tables.all(|(_, rows)| rows.is("empty"))
    }

    fn relations(&mut self) {
        for (label, old, new) in self.pairs(Kind::Relation) {
            match (old, new) {
                (Some(_), None) => {
                    let rows = self.before.of(Some(self.index), Kind::Rows);
                    let was_empty = rows.filter(|(it, _)| *it == label).all(|(_, it)| it.is("empty"));
                    if !was_empty {
                        let what = format!("the partition {label} is no longer part of it");
                        self.lost("partition-lost", what, advice::TABLE);
                    }
                }
                (None, Some(new)) if !new.is("partition") => {
                    let what = format!("{label} inherits from it, and adds rows that nothing protects");
                    self.find("inheritance", what, advice::TABLE);
                }
                (None, Some(new)) if !matches!(new.text("kind"), "r" | "p") => {
                    let what = format!("the partition {label} is not a table of this database");
                    self.find("foreign-partition", what, advice::TABLE);
                }
                (Some(old), Some(new)) => self.relation(label, old, new),
                _ => {}
            }
        }
    }

    fn relation(&mut self, label: &str, old: &Fact, new: &Fact) {
        for attribute in old.differing(new) {
            let what = match attribute {
                // a table that was empty may be made anew
                "identity" if old.is("root") || self.is_empty() => continue,
                "identity" => {
                    self.lost("ledger-replaced", format!("another table is called {label} now"), advice::TABLE);
                    continue;
                }
                "persistence" if new.text(attribute) == "p" => continue,
                "persistence" => format!("{label} is no longer written to the log: a crash would empty it"),
                "owner" => format!("{label} belongs to {} now, not to {}", new.text(attribute), old.text(attribute)),
                "schema owner" => format!("the schema of {label} belongs to {} now", new.text(attribute)),
                "row security" | "forced row security" => {
                    format!("row-level security of {label} was switched: rows are hidden or shown")
                }
                // the file tells of it, and the fingerprint
                "method" => continue,
                // the columns and constraints tell of it
                "key" => continue,
                other => format!("{label} has another {other}"),
            };
            let rule = match attribute {
                "owner" | "schema owner" => "owner-changed",
                "row security" | "forced row security" => "row-security",
                _ => "table-changed",
            };
            self.find(rule, what, advice::KEEP);
        }
    }

    fn columns(&mut self) {
        for (object, old, new) in self.pairs(Kind::Column) {
            let (Some(old), Some(new)) = (old, new) else {
                continue;
            };
            if old.is("dropped") {
                continue;
            }
            // the partitions' columns follow those of the table
            let is_root = self.before.root(self.index).is_some_and(|(root, _)| old.text("relation") == root);
            if is_root || old.text("name") != new.text("name") && !new.is("dropped") {
                self.column(object, old, new);
            }
        }
    }

    fn column(&mut self, object: &str, old: &Fact, new: &Fact) {
        let name = old.text("name");
        let number = old.number("number").unwrap_or_default();
        let is_unused = self.context.unused.contains(&(self.index, number)) || self.is_empty();
        if new.is("dropped") {
            if !is_unused {
                let what = format!("the column {name} is dropped, and with it what events recorded there");
                self.lost("column-dropped", what, advice::COLUMN);
            }
            return;
        }
        for attribute in old.differing(new) {
            let own = |suffix: &str| {
                let plain = format!("column {object}");
                let with = [plain.clone() + " not null" , plain.clone() + " not null default", plain.clone() + " default"];
                let had = with.iter().filter(|it| it.contains(suffix)).any(|it| !self.is_own(it));
                self.context.before.is_some() && !had
            };
            match attribute {
                "name" => {
                    let what = format!("the column {name} is called {} now", new.text("name"));
                    self.find("column-renamed", what, advice::COLUMN);
                }
                "type" | "type identity" if widens(old, new) => {}
                "type" => {
                    let what = format!("the column {name} is {} now, not {}", new.text("type"), old.text("type"));
                    self.lost("column-type", what, advice::COLUMN);
                }
                "type identity" => {}
                "collation" => {
                    let what = format!("the column {name} has another collation");
                    self.find("column-type", what, advice::COLUMN);
                }
                "not null" if new.is("not null") || own(" not null") => {}
                "not null" => {
                    let what = format!("the column {name} may be NULL now");
                    self.find("constraint-lost", what, advice::KEEP);
                }
                "default" if old.text("default").is_empty() && old.text("generated").is_empty() => {}
                "default" if own(" default") => {}
                "default" => {
                    let what = format!("the default of the column {name} is another, or gone");
                    self.find("default-changed", what, advice::APPEND);
                }
                // written into the rows when they were rewritten
                "missing value" if new.text("missing value").is_empty() => {}
                "missing value" => {
                    let what = format!("the column {name} shows another value for the events before it");
                    self.lost("column-value", what, advice::CORRECT);
                }
                "identity" if new.text("identity") == "a" => {}
                "identity" => {
                    let what = format!("the numbers of the column {name} are no longer always the server's");
                    self.find("identity-changed", what, advice::APPEND);
                }
                other => {
                    let what = format!("the column {name} has another value for {other}");
                    self.find("column-changed", what, advice::COLUMN);
                }
            }
        }
    }

    /// Every table refuses what it refused, and what is new refuses what all did.
    fn protection(&mut self) {
        let now = protection(self.after, self.index);
        let all = self.was.weakest();
        let was = self.was.clone();
        for (label, guarded) in &now.tables {
            let known = was.tables.get(label);
            let (wanted, rule, advice) = match known {
                Some(wanted) => (*wanted, "trigger-lost", advice::KEEP),
                None => (all, "partition-unprotected", advice::PARTITION),
            };
            for (command, wanted, found) in commands(wanted, *guarded) {
                if found < wanted {
                    let reason = now.unproved.iter().find(|(trigger, _)| trigger.starts_with(label.as_str()));
                    let what = match (found, reason) {
                        (Strength::None, Some((trigger, reason))) => {
                            format!("{command} of {label} is no longer surely refused: of the function behind {trigger}, {reason}")
                        }
                        (Strength::None, None) => format!("{command} of {label} is no longer refused"),
                        (Strength::Statement, _) => format!("{command} of {label} is refused for statements only, no longer for every row"),
                        _ => format!("{command} of {label} is no longer refused ALWAYS: session_replication_role = replica steps around it"),
                    };
                    self.find(rule, what, advice);
                }
            }
        }
    }

    /// Whether a trigger refuses, proved.
    fn refuses(&self, snapshot: &Snapshot, label: &str, trigger: &Fact) -> bool {
        let side = if std::ptr::eq(snapshot, self.before) {
            self.was.clone()
        } else {
            protection(snapshot, self.index)
        };
        firmness(trigger).is_some() && !side.unproved.contains_key(label)
    }

    fn triggers(&mut self) {
        for (label, old, new) in self.pairs(Kind::Trigger) {
            let name = label;
            // what refuses is compared by what it refuses
            let old = old.filter(|old| !self.refuses(self.before, label, old));
            match (old, new) {
                (_, Some(new)) if !new.text("extension").is_empty() => {
                    let what = format!("the trigger {name} would be dropped with the extension {}", new.text("extension"));
                    self.find("trigger-armed", what, advice::KEEP);
                }
                (Some(old), Some(new)) if old.differing(new).iter().all(|it| *it == "identity") => {}
                (_, Some(new)) if self.refuses(self.after, label, new) && new.number("bits").unwrap_or_default() & bits::INSERT == 0 => {}
                (old, Some(new)) => {
                    let bits = new.number("bits").unwrap_or_default();
                    let is_before = bits & bits::BEFORE != 0 || bits & bits::INSTEAD != 0;
                    let was_before = old.is_some_and(|old| old.number("bits").unwrap_or_default() & bits::BEFORE != 0);
                    let shapes = bits & bits::ROW != 0 || bits & !(bits::INSERT | bits::BEFORE) != 0;
                    if is_before && shapes || was_before {
                        // a partition's trigger is the table's
                        if old.is_none() && self.was_refusing(label) {
                            continue;
                        }
                        let what = if bits & bits::INSERT != 0 {
                            format!("the trigger {name} can discard or falsify what is appended")
                        } else {
                            format!("the trigger {name} comes before an UPDATE or DELETE and is not proved to refuse it")
                        };
                        self.find("trigger-before", what, advice::KEEP);
                    }
                }
                (Some(old), None) if old.number("bits").unwrap_or_default() & bits::BEFORE != 0 => {
                    if !self.is_own(&format!("trigger {label}")) {
                        let what = format!("the trigger {name} is gone");
                        self.find("trigger-lost", what, advice::KEEP);
                    }
                }
                _ => {}
            }
        }
        for (label, old, new) in self.pairs(Kind::KeyCheck) {
            if let (Some(old), Some(new)) = (old, new)
                && old.text("enabled") != new.text("enabled")
            {
                let what = format!("the check of a foreign key was switched: {label}");
                self.find("trigger-lost", what, advice::KEEP);
            }
        }
    }

    /// Whether the trigger of this name refused before: what became of it, [`protection`](Self::protection) says.
    fn was_refusing(&self, label: &str) -> bool {
        let mut old = self.before.of(Some(self.index), Kind::Trigger);
        old.any(|(it, fact)| it == label && firmness(fact).is_some())
    }

    fn functions(&mut self) {
        let index = self.index;
        let of_triggers = |snapshot: &Snapshot, label: &str| {
            let mut triggers = snapshot.of(Some(index), Kind::Trigger);
            triggers.any(|(_, trigger)| trigger.text("function") == label)
        };
        for (label, old, new) in self.pairs(Kind::Function) {
            let is_trigger = of_triggers(self.before, label) || of_triggers(self.after, label);
            match (old, new) {
                (Some(old), Some(new)) => {
                    let differing = old.differing(new);
                    if differing.contains(&"owner") {
                        let what = format!("the function {label} belongs to {} now, who can replace it", new.text("owner"));
                        self.find("owner-changed", what, advice::KEEP);
                    }
                    if !new.text("extension").is_empty() && differing.contains(&"extension") {
                        let what = format!("the function {label} would be dropped with the extension {}", new.text("extension"));
                        self.find("trigger-armed", what, advice::KEEP);
                    }
                    let matters = ["source", "definition", "language", "handler", "binary"];
                    if !is_trigger && differing.iter().any(|it| matters.contains(it)) {
                        let what = format!("the function {label}, which its columns or constraints use, is another now");
                        self.find("function-changed", what, advice::MEANING);
                    }
                    // one that comes before and was not proved stays as it was
                    if is_trigger && self.comes_before_unproved(label) && differing.iter().any(|it| matters.contains(it)) {
                        let proved = super::prove(new).is_ok();
                        if !proved {
                            let what = format!("the function {label} of a trigger that comes before is another now");
                            self.find("function-changed", what, advice::KEEP);
                        }
                    }
                }
                (Some(old), None) => {
                    let decoys = self.after.of(None, Kind::Decoy);
                    let taken = |(_, it): (&str, &Fact)| {
                        (it.text("schema"), it.text("name")) == (old.text("schema"), old.text("name"))
                    };
                    if is_trigger && decoys.into_iter().any(taken) {
                        let what = format!("another function has the name {label} now, and the triggers call the old one");
                        self.find("decoy", what, advice::KEEP);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a trigger that comes before, and was not proved to refuse, calls this function.
    fn comes_before_unproved(&self, function: &str) -> bool {
        let mut triggers = self.before.of(Some(self.index), Kind::Trigger);
        triggers.any(|(label, trigger)| {
            trigger.text("function") == function
                && trigger.number("bits").unwrap_or_default() & bits::BEFORE != 0
                && (firmness(trigger).is_none() || self.was.unproved.contains_key(label))
        })
    }

    fn constraints(&mut self) {
        let (before, after, index) = (self.before, self.after, self.index);
        let renamed = |old: &Fact| {
            let known: BTreeSet<&str> = before.of(Some(index), Kind::Constraint).map(|(it, _)| it).collect();
            after.of(Some(index), Kind::Constraint).any(|(label, new)| {
                !known.contains(label) && old.differing(new).is_empty()
            })
        };
        for (label, old, new) in self.pairs(Kind::Constraint) {
            match (old, new) {
                (Some(old), None) => {
                    let of_lost = !self.after.of(Some(self.index), Kind::Relation).any(|(it, _)| it == old.text("relation"));
                    let of_unused = self.names_only_unused(old);
                    if !(old.is("inherited") || of_lost || of_unused || renamed(old) || self.is_own(&format!("constraint {label}"))) {
                        let what = format!("the constraint {label} is gone: {}", old.text("definition"));
                        self.find("constraint-lost", what, advice::KEEP);
                    }
                }
                (old, Some(new)) => {
                    if !new.text("extension").is_empty() {
                        let what = format!("the constraint {label} would be dropped with the extension {}", new.text("extension"));
                        self.find("trigger-armed", what, advice::KEEP);
                    }
                    let harms = |action: &str| !matches!(action, "" | "a" | "r");
                    let cascades = harms(new.text("on update")) || harms(new.text("on delete"));
                    match old {
                        None if cascades && !new.is("inherited") => {
                            let what = format!("the foreign key {label} would change or delete events when another table changes");
                            self.find("cascade", what, advice::KEEP);
                        }
                        None => {}
                        Some(old) => {
                            let differing = old.differing(new);
                            let validated = differing == ["valid"] || differing == ["definition", "valid"] && new.is("valid");
                            let harmless = |it: &&str| matches!(*it, "extension" | "inherited");
                            if !(differing.iter().all(harmless) || validated && new.is("valid")) {
                                let what = format!("the constraint {label} is another now: {}", new.text("definition"));
                                self.find("constraint-lost", what, advice::KEEP);
                            }
                        }
                    }
                }
                (None, None) => {}
            }
        }
    }

    /// Whether a constraint or index names a column that held nothing and is dropped: it goes with it.
    fn names_only_unused(&self, fact: &Fact) -> bool {
        let columns = self.pairs(Kind::Column).into_iter().filter_map(|(_, old, new)| {
            let (old, new) = (old?, new?);
            let number = old.number("number")?;
            let is_gone = new.is("dropped") && !old.is("dropped");
            (is_gone && self.context.unused.contains(&(self.index, number))).then(|| old.text("name"))
        });
        let definition = fact.text("definition");
        let mentions = |name: &str| {
            let pieces = crate::words::sql::pieces(definition).unwrap_or_default();
            pieces.iter().any(|piece| match piece {
                crate::words::sql::Piece::Word(word) | crate::words::sql::Piece::Name(word) => word == name,
                _ => false,
            })
        };
        columns.into_iter().any(mentions)
    }

    fn indexes(&mut self) {
        // the definition without the index's own name
        let shape = |fact: &Fact| {
            let definition = fact.text("definition");
            let at = definition.find(" ON ").unwrap_or_default();
            (fact.is("unique"), fact.is("exclusion"), definition[at..].to_owned())
        };
        let kept: Vec<_> = self
            .after
            .of(Some(self.index), Kind::Index)
            .filter(|(_, fact)| fact.is("valid"))
            .map(|(_, fact)| shape(fact))
            .collect();
        for (label, old, new) in self.pairs(Kind::Index) {
            let Some(old) = old.filter(|old| (old.is("unique") || old.is("exclusion")) && old.is("valid")) else {
                continue;
            };
            let of_lost = !self.after.of(Some(self.index), Kind::Relation).any(|(it, _)| it == old.text("relation"));
            let is_own = self.is_own(&format!("index {label}")) || self.is_own(&format!("constraint {} {}", old.text("relation"), label.rsplit('.').next().unwrap_or(label)));
            if kept.contains(&shape(old)) || of_lost || new.is_none() && (is_own || self.names_only_unused(old)) {
                continue;
            }
            let what = format!("the index {label} no longer keeps its values apart");
            self.find("constraint-lost", what, advice::KEEP);
        }
    }

    fn types(&mut self) {
        for (label, old, new) in self.pairs(Kind::Type) {
            let (Some(old), Some(new)) = (old, new) else {
                // a column has another type then, and says so
                continue;
            };
            for attribute in old.differing(new) {
                match attribute {
                    "labels" => self.labels(label, old, new),
                    "owner" => {
                        let what = format!("the type {label} belongs to {} now", new.text("owner"));
                        self.find("owner-changed", what, advice::KEEP);
                    }
                    "not null" if new.is("not null") => {}
                    "checks" if old.text("checks").split("; ").all(|check| new.text("checks").contains(check)) => {}
                    other => {
                        let what = format!("the type {label} has another value for {other}");
                        self.find("type-changed", what, advice::MEANING);
                    }
                }
            }
        }
    }

    fn labels(&mut self, label: &str, old: &Fact, new: &Fact) {
        let of = |fact: &Fact| fact.0.get("labels").and_then(|it| it.as_object()).cloned().unwrap_or_default();
        let new = of(new);
        for (number, word) in of(old) {
            let now = new.get(&number);
            if now != Some(&word) {
                let word = word.as_str().unwrap_or_default();
                let what = match now.and_then(|now| now.as_str()) {
                    Some(now) => format!("what events recorded as {word} ({label}) would read {now}"),
                    None => format!("the label {word} of {label} is gone"),
                };
                self.lost("enum-meaning", what, advice::MEANING);
            }
        }
    }

    fn sequences(&mut self) {
        for (label, old, new) in self.pairs(Kind::Sequence) {
            match (old, new) {
                (Some(_), None) => {
                    let what = format!("the sequence {label} no longer numbers its rows");
                    self.find("sequence-changed", what, advice::APPEND);
                }
                (Some(old), Some(new)) => {
                    for attribute in old.differing(new) {
                        let grows = attribute == "maximum" && new.number("maximum") > old.number("maximum");
                        if !(attribute == "type" || attribute == "start" || grows) {
                            let what = format!("the sequence {label} has another {attribute}");
                            self.find("sequence-changed", what, advice::APPEND);
                        }
                    }
                }
                _ => {}
            }
        }
        for (label, old, new) in self.pairs(Kind::Reached) {
            let (old, new) = (old.and_then(|it| it.number("value")), new.map(|it| it.number("value")));
            if let (Some(old), Some(Some(new))) = (old, new)
                && new < old
            {
                let what = format!("the sequence {label} goes back from {old} to {new}: numbers would come twice");
                self.find("sequence-changed", what, advice::APPEND);
            }
        }
    }

    fn rules_and_policies(&mut self) {
        for (label, old, new) in self.pairs(Kind::Rule) {
            if new.is_some() && old != new {
                let what = format!("the rule {label} changes what a command on it does");
                self.find("rule", what, advice::KEEP);
            }
        }
        let secured = self.before.root(self.index).is_some_and(|(_, it)| it.is("row security"));
        for (label, old, new) in self.pairs(Kind::Policy) {
            if secured && old != new {
                let what = format!("the policy {label} is another: rows are hidden or shown");
                self.find("row-security", what, advice::KEEP);
            }
        }
    }

    fn roles(&mut self) {
        let gains = [
            ("updates", "may UPDATE it"),
            ("updates a column", "may UPDATE a column of it"),
            ("deletes", "may DELETE from it"),
            ("truncates", "may TRUNCATE it"),
            ("makes triggers", "may make triggers on it"),
            ("owns", "can act as its owner"),
            ("superuser", "is a superuser"),
            ("bypasses row security", "bypasses row-level security"),
        ];
        let losses = [("reads", "can no longer read it"), ("appends", "can no longer append to it")];
        let nothing = Fact::default();
        for (role, old, new) in self.pairs(Kind::Role) {
            let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
            if old.is("superuser") && new.is("superuser") {
                continue;
            }
            let all = new.is("superuser");
            for (attribute, what) in gains {
                // foreign keys that point at a ledger need one column of it, of the owner's
                let is_key_check = attribute == "updates a column" && old.is("owns");
                let is_implied = all && attribute != "superuser" || attribute == "updates a column" && new.is("updates");
                if new.is(attribute) && !old.is(attribute) && !is_key_check && !is_implied {
                    self.find("privilege", format!("{role} {what} now"), advice::KEEP);
                }
            }
            for (attribute, what) in losses {
                if old.is(attribute) && !new.is(attribute) && !new.0.is_empty() {
                    self.find("privilege", format!("{role} {what}"), advice::APPEND);
                }
            }
        }
    }

    /// Grants on partitions; on the table itself, what a role can do in effect says more.
    fn grants(&mut self) {
        let known: BTreeSet<&str> = self.before.of(Some(self.index), Kind::Relation).map(|(it, _)| it).collect();
        let root = self.before.root(self.index).map(|(root, _)| root).unwrap_or_default();
        for (_, old, new) in self.pairs(Kind::Grant) {
            let (Some(fact), is_new) = (old.or(new), old.is_none()) else {
                continue;
            };
            let relation = fact.text("relation");
            if relation == root || !known.contains(relation) || old.is_some() && new.is_some() {
                continue;
            }
            let privilege = fact.text("privilege");
            let grantee = fact.text("grantee");
            if is_new && matches!(privilege, "UPDATE" | "DELETE" | "TRUNCATE" | "TRIGGER") {
                let what = format!("{grantee} may {privilege} {relation} now");
                self.find("privilege", what, advice::KEEP);
            }
            if !is_new && matches!(privilege, "SELECT" | "INSERT") && self.after.of(Some(self.index), Kind::Relation).any(|(it, _)| it == relation) {
                let what = format!("{grantee} can no longer {privilege} {relation}");
                self.find("privilege", what, advice::APPEND);
            }
        }
    }

    /// The bare name means the ledger to whom it meant it.
    fn names(&mut self) {
        let schema = &self.context.ledgers[self.index].schema;
        let before = resolved(self.before, self.index, schema);
        let after = resolved(self.after, self.index, schema);
        for (role, found) in after {
            // a new role has had no name for it
            let was = before.get(&role).cloned().unwrap_or_else(|| Some(schema.clone()));
            if was.as_ref() == Some(schema) && found.as_ref() != Some(schema) {
                let what = match found {
                    Some(other) => format!("{role} finds {other}.{} under its name", self.context.ledgers[self.index].table),
                    None => format!("{role} no longer finds it by its name: search_path"),
                };
                self.find("search-path", what, advice::TABLE);
            }
        }
    }
}

fn commands(wanted: Guarded, found: Guarded) -> [(&'static str, Strength, Strength); 3] {
    [
        ("UPDATE", wanted.update, found.update),
        ("DELETE", wanted.delete, found.delete),
        ("TRUNCATE", wanted.truncate, found.truncate),
    ]
}

/// Whether a column takes all that it took, and shows all that it shows: a longer limit of the same kind of text.
fn widens(old: &Fact, new: &Fact) -> bool {
    let limit = |fact: &Fact| {
        let text = fact.text("type").to_owned();
        let number = text.strip_prefix("character varying(")?.strip_suffix(')')?;
        number.parse::<u32>().ok()
    };
    let Some(old_limit) = limit(old) else {
        return false;
    };
    match limit(new) {
        Some(limit) => limit >= old_limit,
        None => matches!(new.text("type"), "character varying" | "text"),
    }
}

/// Settings that change what protects a ledger, wherever they are kept.
const DANGEROUS: [&str; 7] = [
    "session_replication_role",
    "role",
    "session_preload_libraries",
    "local_preload_libraries",
    "row_security",
    "default_transaction_read_only",
    "event_triggers",
];

/// Parameters that nobody but a superuser should set.
const RESERVED: [&str; 6] = [
    "session_replication_role",
    "track_counts",
    "allow_system_table_mods",
    "session_preload_libraries",
    "local_preload_libraries",
    "event_triggers",
];

/// Catalogs that a script must not write itself; DDL leaves no lock on them.
const CATALOGS: [&str; 17] = [
    "pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_depend", "pg_enum", "pg_event_trigger", "pg_index",
    "pg_inherits", "pg_language", "pg_namespace", "pg_partitioned_table", "pg_policy", "pg_proc", "pg_rewrite",
    "pg_trigger", "pg_type",
];

/// What concerns all ledgers.
fn everywhere(
    before: &Snapshot,
    after: &Snapshot,
    context: &Context<'_>,
    guarded: &[usize],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |rule, what: String, advice| {
        findings.push(Finding {
            ledger: String::new(),
            rule,
            what,
            advice,
            rows: false,
        });
    };
    let (was, now) = (before.session(), after.session());
    if was.text("xid") != now.text("xid") {
        find("transaction-left", "the script left the transaction that it was run in".into(), advice::LATER);
    }
    if now.number("cursors").unwrap_or_default() > 0 {
        find("cursor", "a cursor is left open, and would run at COMMIT".into(), advice::LATER);
    }
    let pairs = |kind| {
        let old: BTreeMap<&str, &Fact> = before.of(None, kind).collect();
        let new: BTreeMap<&str, &Fact> = after.of(None, kind).collect();
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let differing: Vec<(String, Option<Fact>, Option<Fact>)> = names
            .into_iter()
            .filter(|name| old.get(name) != new.get(name))
            .map(|name| (name.to_owned(), old.get(name).copied().cloned(), new.get(name).copied().cloned()))
            .collect();
        differing
    };
    for (object, _, new) in pairs(Kind::Setting) {
        if let Some(new) = new
            && DANGEROUS.contains(&new.text("name"))
        {
            find("setting", format!("{} is set to {} for every later session: {}", new.text("name"), new.text("value"), object.trim()), advice::KEEP);
        }
    }
    for (object, _, new) in pairs(Kind::Parameter) {
        if let Some(new) = new
            && RESERVED.contains(&new.text("name"))
        {
            find("privilege", format!("a role may set {object} now"), advice::KEEP);
        }
    }
    for (object, old, new) in pairs(Kind::Tracking) {
        // the table itself may be made in this run
        let is_default = object.contains(" default ") || object.ends_with(" row security");
        if old.is_some() || !is_default {
            let what = if new.is_some() { "is new or another" } else { "is gone" };
            find("tracking-table", format!("of the tracking tables, {object} {what}"), advice::LATER);
        }
    }
    for (object, ..) in pairs(Kind::EventTrigger) {
        find("event-trigger", format!("the event trigger {object} is new, another or gone"), advice::KEEP);
    }
    for (object, old, _) in pairs(Kind::Extension) {
        if old.is_none() {
            find("extension", format!("the extension {object} can change rows from a session of its own"), advice::LATER);
        }
    }
    for (object, old, _) in pairs(Kind::Language) {
        if old.is_some() {
            find("language", format!("the language {object} runs other code now"), advice::KEEP);
        }
    }
    for (object, ..) in pairs(Kind::CatalogWrite) {
        if CATALOGS.contains(&object.as_str()) {
            find("catalog-write", format!("the script writes {object} itself, past every check of the server"), advice::KEEP);
        }
    }
    if before.iter().any(|(address, _)| address.kind == Kind::Unknown) || after.iter().any(|(address, _)| address.kind == Kind::Unknown) {
        find("unknown", "the server told of something that this version does not know".into(), advice::KEEP);
    }
    for (object, old, new) in pairs(Kind::NewFunction) {
        let Some(new) = new.filter(|_| old.is_none()) else {
            continue;
        };
        for ledger in guarded {
            let table = &context.ledgers[*ledger].table;
            let names: Vec<&str> = before.of(Some(*ledger), Kind::Trigger).map(|(_, fact)| fact.text("name")).collect();
            if let Some(what) = bomb::strikes(new.text("source"), table, &names) {
                find("later", format!("the function {object} would strike later: {what}"), advice::LATER);
                break;
            }
        }
    }
    findings
}
