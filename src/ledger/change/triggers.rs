//! Triggers and their functions: what refuses, and what could step in before it.

use super::{Judge, keys::asks_who};
use crate::report::rule::LedgerRule;
use crate::{
    ledger::{
        advice,
        proof::{prove, raises},
        protection::{Protection, bits, firmness},
        snapshot::{Fact, FactKind, Snapshot},
    },
    report::ledger::{Guarded, Strength},
};

impl Judge<'_> {
    /// Every table refuses what it refused, and what is new refuses what all did.
    pub(super) fn protection(&mut self) {
        let now = self.now.clone();
        let all = self.was.weakest();
        let was = self.was.clone();
        for (label, guarded) in &now.tables {
            let known = was.tables.get(label);
            let (wanted, rule, advice) = match known {
                Some(wanted) => (*wanted, LedgerRule::TriggerLost, advice::KEEP),
                None => (all, LedgerRule::PartitionUnprotected, advice::PARTITION),
            };
            for (command, wanted, found) in commands(wanted, *guarded) {
                if found < wanted {
                    let reason = now
                        .unproved
                        .iter()
                        .find(|(trigger, _)| trigger.starts_with(label.as_str()));
                    let what = match (found, reason) {
                        (Strength::None, Some((trigger, reason))) => {
                            format!(
                                "{command} of {label} is no longer certain to be refused: in the function of {trigger}, {reason}"
                            )
                        }
                        (Strength::None, None) => {
                            format!("{command} of {label} is no longer refused")
                        }
                        (Strength::Statement, _) => format!(
                            "{command} of {label} is refused for statements only, no longer for every row"
                        ),
                        _ => format!(
                            "{command} of {label} is no longer refused ALWAYS: session_replication_role = replica bypasses it"
                        ),
                    };
                    self.find(rule, what, advice);
                }
            }
        }
    }

    /// Whether a trigger refuses, proved.
    fn refuses(&self, snapshot: &Snapshot, label: &str, trigger: &Fact) -> bool {
        let side = if std::ptr::eq(snapshot, self.before) { &self.was } else { &self.now };
        firmness(trigger).is_some() && !side.unproved.contains_key(label)
    }

    pub(super) fn triggers(&mut self) {
        for (label, old, new) in self.pairs(FactKind::Trigger) {
            let name = label;
            if let (Some(old), Some(new)) = (old, new)
                && old.differing(new) == ["written"]
                && firmness(old).is_some()
                && !self.context.replaces_triggers
            {
                let what = format!("the trigger {name} was disabled and enabled again");
                self.find(LedgerRule::TriggerLost, what, advice::KEEP);
            }
            // what refuses is compared by what it refuses
            let old = old.filter(|old| !self.refuses(self.before, label, old));
            match (old, new) {
                (_, Some(new)) if !new.text("extension").is_empty() => {
                    let what = format!(
                        "the trigger {name} would be dropped with the extension {}",
                        new.text("extension")
                    );
                    self.find(LedgerRule::TriggerArmed, what, advice::KEEP);
                }
                (Some(old), Some(new))
                    if old
                        .differing(new)
                        .iter()
                        .all(|it| matches!(*it, "identity" | "written")) => {}
                (_, Some(new))
                    if self.refuses(self.after, label, new)
                        && new.number("bits").unwrap_or_default() & bits::INSERT == 0 => {}
                (old, Some(new))
                    if self.may_stop_appends(new)
                        && !old.is_some_and(|old| self.could_stop_appends(old)) =>
                {
                    let what = format!("the trigger {name} can refuse what is appended");
                    self.find(LedgerRule::AppendLost, what, advice::APPEND);
                }
                (old, Some(new)) => {
                    let bits = new.number("bits").unwrap_or_default();
                    let is_before = bits & bits::BEFORE != 0 || bits & bits::INSTEAD != 0;
                    let was_before = old.is_some_and(|old| {
                        old.number("bits").unwrap_or_default() & bits::BEFORE != 0
                    });
                    let shapes =
                        bits & bits::ROW != 0 || bits & !(bits::INSERT | bits::BEFORE) != 0;
                    if is_before && shapes || was_before {
                        // what it refused, nothing refuses any more: that is said already
                        if old.is_none() && self.was_refusing(label) && self.is_lost(new) {
                            continue;
                        }
                        let what = if bits & bits::INSERT != 0 {
                            format!("the trigger {name} can discard or falsify what is appended")
                        } else {
                            format!(
                                "the trigger {name} comes before an UPDATE or DELETE and is not proved to refuse it"
                            )
                        };
                        self.find(LedgerRule::TriggerBefore, what, advice::KEEP);
                    }
                }
                (Some(old), None)
                    if old.number("bits").unwrap_or_default() & bits::BEFORE != 0
                        && !self.is_own(&format!("trigger {label}")) =>
                {
                    let what = format!("the trigger {name} is gone");
                    self.find(LedgerRule::TriggerLost, what, advice::KEEP);
                }
                _ => {}
            }
        }
        for (label, old, new) in self.pairs(FactKind::KeyCheck) {
            if let (Some(old), Some(new)) = (old, new)
                && old.text("enabled") != new.text("enabled")
            {
                let what = format!("the check of a foreign key was enabled or disabled: {label}");
                self.find(LedgerRule::TriggerLost, what, advice::KEEP);
            }
        }
    }

    /// Whether a trigger after an append may raise an exception.
    fn may_stop_appends(&self, trigger: &Fact) -> bool {
        let bits = trigger.number("bits").unwrap_or_default();
        let mut functions = self.after.of(Some(self.index), FactKind::Function);
        let function = functions.find(|(label, _)| *label == trigger.text("function"));
        bits & bits::INSERT != 0 && function.is_none_or(|(_, it)| raises(it.text("source")))
    }

    /// Whether it might have done so before.
    fn could_stop_appends(&self, trigger: &Fact) -> bool {
        let mut functions = self.before.of(Some(self.index), FactKind::Function);
        let function = functions.find(|(label, _)| *label == trigger.text("function"));
        function.is_none_or(|(_, it)| raises(it.text("source")))
    }

    /// Whether a table of a trigger refuses less than it did.
    fn is_lost(&self, trigger: &Fact) -> bool {
        let of = |protection: &Protection| protection.tables.get(trigger.text("relation")).copied();
        let (was, now) = (of(&self.was).unwrap_or_default(), of(&self.now).unwrap_or_default());
        commands(was, now).iter().any(|(_, was, now)| now < was)
    }

    /// Whether the trigger of this name refused before: what became of it, [`protection`](Self::protection) says.
    fn was_refusing(&self, label: &str) -> bool {
        let mut old = self.before.of(Some(self.index), FactKind::Trigger);
        old.any(|(it, fact)| it == label && firmness(fact).is_some())
    }

    pub(super) fn functions(&mut self) {
        let index = self.index;
        let of_triggers = |snapshot: &Snapshot, label: &str| {
            let mut triggers = snapshot.of(Some(index), FactKind::Trigger);
            triggers.any(|(_, trigger)| trigger.text("function") == label)
        };
        for (label, old, new) in self.pairs(FactKind::Function) {
            let is_trigger = of_triggers(self.before, label) || of_triggers(self.after, label);
            match (old, new) {
                (Some(old), Some(new)) => {
                    let differing = old.differing(new);
                    if differing.contains(&"owner") {
                        let what = format!(
                            "the function {label} is now owned by {}, who can replace it",
                            new.text("owner")
                        );
                        self.find(LedgerRule::OwnerChanged, what, advice::KEEP);
                    }
                    if !new.text("extension").is_empty() && differing.contains(&"extension") {
                        let what = format!(
                            "the function {label} would be dropped with the extension {}",
                            new.text("extension")
                        );
                        self.find(LedgerRule::TriggerArmed, what, advice::KEEP);
                    }
                    let matters = ["source", "definition", "language", "handler", "binary"];
                    if !is_trigger && differing.iter().any(|it| matters.contains(it)) {
                        let what = format!(
                            "the function {label}, which its columns or constraints use, has changed"
                        );
                        self.find(LedgerRule::FunctionChanged, what, advice::MEANING);
                    }
                    // one that comes before and was not proved stays as it was
                    if is_trigger
                        && self.comes_before_unproved(label)
                        && differing.iter().any(|it| matters.contains(it))
                    {
                        let proved = prove(new).is_ok();
                        if !proved {
                            let what =
                                format!("the function {label} of an earlier trigger has changed");
                            self.find(LedgerRule::FunctionChanged, what, advice::KEEP);
                        }
                    }
                }
                (None, Some(new)) if !is_trigger && asks_who(new.text("source")) => {
                    let what = format!(
                        "the function {label}, which its columns, checks or indexes use, does not do the same for every role that appends"
                    );
                    self.find(LedgerRule::AppendLost, what, advice::APPEND);
                }
                (Some(old), None) => {
                    let decoys = self.after.of(None, FactKind::Decoy);
                    let taken = |(_, it): (&str, &Fact)| {
                        it.text("identity") != old.text("identity")
                            && (it.text("schema"), it.text("name"))
                                == (old.text("schema"), old.text("name"))
                    };
                    if is_trigger && decoys.into_iter().any(taken) {
                        let what = format!(
                            "another function now has the name {label}, and the triggers call the old one"
                        );
                        self.find(LedgerRule::Decoy, what, advice::KEEP);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a trigger that comes before, and was not proved to refuse, calls this function.
    fn comes_before_unproved(&self, function: &str) -> bool {
        let mut triggers = self.before.of(Some(self.index), FactKind::Trigger);
        triggers.any(|(label, trigger)| {
            trigger.text("function") == function
                && trigger.number("bits").unwrap_or_default() & bits::BEFORE != 0
                && (firmness(trigger).is_none() || self.was.unproved.contains_key(label))
        })
    }
}

fn commands(wanted: Guarded, found: Guarded) -> [(&'static str, Strength, Strength); 3] {
    [
        ("UPDATE", wanted.update, found.update),
        ("DELETE", wanted.delete, found.delete),
        ("TRUNCATE", wanted.truncate, found.truncate),
    ]
}
