//! Constraints, indexes, types and sequences: what events may hold, and what their words mean.

use crate::report::rule::LedgerRule;
use std::collections::BTreeSet;

use super::Judge;
use crate::{
    ledger::{
        advice,
        snapshot::{Fact, FactKind},
    },
    words::sql::{Piece, pieces},
};

impl Judge<'_> {
    pub(super) fn constraints(&mut self) {
        let (before, after, index) = (self.before, self.after, self.index);
        let renamed = |old: &Fact| {
            let known: BTreeSet<&str> =
                before.of(Some(index), FactKind::Constraint).map(|(it, _)| it).collect();
            after
                .of(Some(index), FactKind::Constraint)
                .any(|(label, new)| !known.contains(label) && old.differing(new).is_empty())
        };
        for (label, old, new) in self.pairs(FactKind::Constraint) {
            match (old, new) {
                (Some(old), None) => {
                    let of_lost = !self
                        .after
                        .of(Some(self.index), FactKind::Relation)
                        .any(|(it, _)| it == old.text("relation"));
                    let of_unused = self.names_only_unused(old);
                    if !(old.is("inherited")
                        || of_lost
                        || of_unused
                        || renamed(old)
                        || self.is_own(&format!("constraint {label}")))
                    {
                        let what =
                            format!("the constraint {label} is gone: {}", old.text("definition"));
                        self.find(LedgerRule::ConstraintLost, what, advice::KEEP);
                    }
                }
                (old, Some(new)) => {
                    if !new.text("extension").is_empty() {
                        let what = format!(
                            "the constraint {label} would be dropped with the extension {}",
                            new.text("extension")
                        );
                        self.find(LedgerRule::TriggerArmed, what, advice::KEEP);
                    }
                    let harms = |action: &str| !matches!(action, "" | "a" | "r");
                    let cascades = harms(new.text("on update")) || harms(new.text("on delete"));
                    match old {
                        None if cascades && !new.is("inherited") => {
                            let what = format!(
                                "the foreign key {label} would change or delete events when another table changes"
                            );
                            self.find(LedgerRule::Cascade, what, advice::KEEP);
                        }
                        None if new.text("type") == "c" && asks_who(new.text("definition")) => {
                            let what = format!("the check {label} lets some append and others not");
                            self.find(LedgerRule::AppendLost, what, advice::APPEND);
                        }
                        None => {}
                        Some(old) => {
                            let differing = old.differing(new);
                            let harmless = |it: &&str| match *it {
                                "extension" | "inherited" => true,
                                "valid" => new.is("valid"),
                                _ => false,
                            };
                            if !differing.iter().all(harmless) {
                                let what = format!(
                                    "the constraint {label} has changed: {}",
                                    new.text("definition")
                                );
                                self.find(LedgerRule::ConstraintLost, what, advice::KEEP);
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
        let columns = self.pairs(FactKind::Column).into_iter().filter_map(|(_, old, new)| {
            let (old, new) = (old?, new?);
            let number = old.number("number")?;
            let is_gone = new.is("dropped") && !old.is("dropped");
            (is_gone && self.context.unused.contains(&(self.index, number)))
                .then(|| old.text("name"))
        });
        let definition = fact.text("definition");
        let mentions = |name: &str| {
            let pieces = pieces(definition).unwrap_or_default();
            pieces.iter().any(|piece| match piece {
                Piece::Word(word) | Piece::Name(word) => word == name,
                _ => false,
            })
        };
        columns.into_iter().any(mentions)
    }

    pub(super) fn indexes(&mut self) {
        // the definition without the index's own name
        let shape = |fact: &Fact| {
            let definition = fact.text("definition");
            let at = definition.find(" ON ").unwrap_or_default();
            (fact.is("unique"), fact.is("exclusion"), definition[at..].to_owned())
        };
        let kept: Vec<_> = self
            .after
            .of(Some(self.index), FactKind::Index)
            .filter(|(_, fact)| fact.is("valid"))
            .map(|(_, fact)| shape(fact))
            .collect();
        for (label, old, new) in self.pairs(FactKind::Index) {
            let Some(old) =
                old.filter(|old| (old.is("unique") || old.is("exclusion")) && old.is("valid"))
            else {
                continue;
            };
            let of_lost = !self
                .after
                .of(Some(self.index), FactKind::Relation)
                .any(|(it, _)| it == old.text("relation"));
            let is_own = self.is_own(&format!("index {label}"))
                || self.is_own(&format!(
                    "constraint {} {}",
                    old.text("relation"),
                    label.rsplit('.').next().unwrap_or(label)
                ));
            if kept.contains(&shape(old))
                || of_lost
                || new.is_none() && (is_own || self.names_only_unused(old))
            {
                continue;
            }
            let what = format!("the index {label} no longer enforces uniqueness");
            self.find(LedgerRule::ConstraintLost, what, advice::KEEP);
        }
    }

    pub(super) fn types(&mut self) {
        for (label, old) in self.before.of(Some(self.index), FactKind::Type) {
            let types = || self.after.of(Some(self.index), FactKind::Type);
            // what was attested has no identity
            let identity = old.text("identity");
            let same =
                types().find(|(_, it)| !identity.is_empty() && it.text("identity") == identity);
            let Some((_, new)) = same.or_else(|| types().find(|(it, _)| *it == label)) else {
                // a column has another type then, and says so
                continue;
            };
            for attribute in old.differing(new) {
                match attribute {
                    "labels" => self.labels(label, old, new),
                    "owner" => {
                        let what =
                            format!("the type {label} is now owned by {}", new.text("owner"));
                        self.find(LedgerRule::OwnerChanged, what, advice::KEEP);
                    }
                    "not null" if new.is("not null") => {}
                    // a dump and its restore make it anew
                    "identity" => {}
                    "checks" if keeps_checks(old, new) => {
                        if asks_who(&checks_of(new)) && !asks_who(&checks_of(old)) {
                            let what =
                                format!("a check of {label} lets some append and others not");
                            self.find(LedgerRule::AppendLost, what, advice::APPEND);
                        }
                    }
                    other => {
                        let what = format!("the type {label} has a different value for {other}");
                        self.find(LedgerRule::TypeChanged, what, advice::MEANING);
                    }
                }
            }
        }
    }

    fn labels(&mut self, label: &str, old: &Fact, new: &Fact) {
        let of = |fact: &Fact| {
            fact.0.get("labels").and_then(|it| it.as_object()).cloned().unwrap_or_default()
        };
        let new = of(new);
        for (number, word) in of(old) {
            let now = new.get(&number);
            if now != Some(&word) {
                let word = word.as_str().unwrap_or_default();
                let what = match now.and_then(|now| now.as_str()) {
                    Some(now) => {
                        format!("what events recorded as {word} ({label}) would now read {now}")
                    }
                    None => format!("the label {word} of {label} is gone"),
                };
                self.lost(LedgerRule::EnumMeaning, what, advice::MEANING);
            }
        }
    }

    pub(super) fn sequences(&mut self) {
        for (label, old, new) in self.pairs(FactKind::Sequence) {
            match (old, new) {
                (Some(_), None) => {
                    let what = format!("the sequence {label} no longer numbers its rows");
                    self.find(LedgerRule::SequenceChanged, what, advice::APPEND);
                }
                (Some(old), Some(new)) => {
                    for attribute in old.differing(new) {
                        // it was made anew, with the table
                        if attribute == "identity" && self.is_empty() {
                            continue;
                        }
                        let grows =
                            attribute == "maximum" && new.number("maximum") > old.number("maximum");
                        if !(matches!(attribute, "type" | "start" | "cache") || grows) {
                            let what = format!("the sequence {label} has a different {attribute}");
                            self.find(LedgerRule::SequenceChanged, what, advice::APPEND);
                        }
                    }
                }
                _ => {}
            }
        }
        for (label, old, new) in self.pairs(FactKind::Reached) {
            let (old, new) =
                (old.and_then(|it| it.number("value")), new.map(|it| it.number("value")));
            let last =
                self.after.of(Some(self.index), FactKind::Sequence).find(|(it, _)| *it == label);
            let last = last.and_then(|(_, it)| it.number("maximum"));
            if let (Some(Some(new)), Some(last)) = (new, last)
                && new >= last
                && old.is_some_and(|old| old < last)
            {
                let what = format!("the sequence {label} has no numbers left");
                self.find(LedgerRule::SequenceChanged, what, advice::APPEND);
            }
            if let (Some(old), Some(Some(new))) = (old, new)
                && new < old
            {
                let what = format!(
                    "the sequence {label} goes back from {old} to {new}: numbers would repeat"
                );
                self.find(LedgerRule::SequenceChanged, what, advice::APPEND);
            }
        }
    }
}

/// Whether an expression, or the text of a function, depends on who runs it.
pub(super) fn asks_who(text: &str) -> bool {
    let asks = [
        "current_user",
        "session_user",
        "user",
        "current_role",
        "current_setting",
        "pg_has_role",
        "has_table_privilege",
        "inet_client_addr",
        "application_name",
    ];
    let pieces = pieces(text).unwrap_or_default();
    pieces.iter().any(|piece| match piece {
        Piece::Word(word) => asks.contains(&word.as_str()),
        _ => false,
    })
}

fn checks_of(fact: &Fact) -> String {
    let checks = fact.0.get("checks").and_then(|it| it.as_array()).cloned().unwrap_or_default();
    checks.iter().filter_map(|it| it[0].as_str()).collect::<Vec<_>>().join(" ")
}

/// Whether every check that a domain had is among those that it has, as PostgreSQL prints them, and proved where it was.
fn keeps_checks(old: &Fact, new: &Fact) -> bool {
    let of = |fact: &Fact| {
        let checks = fact.0.get("checks").and_then(|it| it.as_array()).cloned().unwrap_or_default();
        let check = |it: &serde_json::Value| {
            (it[0].as_str().unwrap_or_default().to_owned(), it[1].as_bool().unwrap_or_default())
        };
        checks.iter().map(check).collect::<Vec<_>>()
    };
    let new = of(new);
    let kept = |(text, valid): (String, bool)| {
        new.iter().any(|(it, is_valid)| *it == text && (*is_valid || !valid))
    };
    of(old).into_iter().all(kept)
}
