//! Rules, policies, privileges and names: who does what to a ledger, and finds it.

use crate::report::rule::LedgerRule;
use std::collections::BTreeSet;

use super::Judge;
use crate::ledger::{
    advice,
    resolve::resolved,
    snapshot::{Fact, FactKind, Snapshot},
};

impl Judge<'_> {
    pub(super) fn rules_and_policies(&mut self) {
        for (label, old, new) in self.pairs(FactKind::Rule) {
            if new.is_some() && old != new {
                let what = format!("the rule {label} changes what a command on it does");
                self.find(LedgerRule::Rule, what, advice::KEEP);
            }
        }
        let secured = self.before.root(self.index).is_some_and(|(_, it)| it.is("row security"));
        for (label, old, new) in self.pairs(FactKind::Policy) {
            if secured && old != new {
                let what = format!("the policy {label} has changed: rows are hidden or revealed");
                self.find(LedgerRule::RowSecurity, what, advice::KEEP);
            }
        }
    }

    pub(super) fn roles(&mut self) {
        let gains = [
            ("updates", "may UPDATE it"),
            ("updates a column", "may UPDATE a column of it"),
            ("deletes", "may DELETE from it"),
            ("truncates", "may TRUNCATE it"),
            ("makes triggers", "may make triggers on it"),
            ("owns", "can act as its owner"),
            ("superuser", "is a superuser"),
            ("bypasses row security", "bypasses row-level security"),
            ("makes roles", "can grant itself every role, including its owner: CREATEROLE"),
        ];
        let losses = [
            ("connects", "can no longer connect"),
            ("logs in", "can no longer log in"),
            ("reads", "can no longer read it"),
            ("appends", "can no longer append to it"),
        ];
        let nothing = Fact::default();
        for (role, old, new) in self.pairs(FactKind::Role) {
            let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
            if old.is("superuser") && new.is("superuser") {
                continue;
            }
            let all = new.is("superuser");
            let given = |it: &Fact| -> BTreeSet<String> {
                it.text("gives").split(", ").map(str::to_owned).collect()
            };
            let narrowed = new.is("appends")
                && !new.text("gives").is_empty()
                && (old.is("appends") && old.text("gives").is_empty()
                    || !given(old).is_subset(&given(new)));
            if narrowed && old.is("appends") {
                let what = format!(
                    "{role} can no longer set every column when it appends: only {}",
                    new.text("gives")
                );
                self.find(LedgerRule::Privilege, what, advice::APPEND);
            }
            for (attribute, what) in gains {
                // foreign keys that point at a ledger need one column of it, of the owner's
                let is_key_check = attribute == "updates a column" && old.is("owns");
                let is_implied = all && attribute != "superuser"
                    || attribute == "updates a column" && new.is("updates");
                if new.is(attribute) && !old.is(attribute) && !is_key_check && !is_implied {
                    self.find(LedgerRule::Privilege, format!("{role} {what} now"), advice::KEEP);
                }
            }
            for (attribute, what) in losses {
                if old.is(attribute) && !new.is(attribute) && !new.0.is_empty() {
                    self.find(LedgerRule::Privilege, format!("{role} {what}"), advice::APPEND);
                }
            }
        }
    }

    /// Grants on partitions; on the table itself, what a role can do in effect says more.
    pub(super) fn grants(&mut self) {
        let known: BTreeSet<&str> =
            self.before.of(Some(self.index), FactKind::Relation).map(|(it, _)| it).collect();
        let root = self.before.root(self.index).map(|(root, _)| root).unwrap_or_default();
        for (_, old, new) in self.pairs(FactKind::Grant) {
            let (Some(fact), is_new) = (old.or(new), old.is_none()) else {
                continue;
            };
            let relation = fact.text("relation");
            let owner =
                self.after.root(self.index).map(|(_, it)| it.text("owner")).unwrap_or_default();
            // its owner has everything on a table that is new
            let is_owners = !known.contains(relation) && fact.text("grantee") == owner;
            if relation == root || is_owners || old.is_some() && new.is_some() {
                continue;
            }
            let privilege = fact.text("privilege");
            let grantee = fact.text("grantee");
            if is_new && matches!(privilege, "UPDATE" | "DELETE" | "TRUNCATE" | "TRIGGER") {
                let what = format!("{grantee} may {privilege} {relation} now");
                self.find(LedgerRule::Privilege, what, advice::KEEP);
            }
            if !is_new
                && matches!(privilege, "SELECT" | "INSERT")
                && self.after.of(Some(self.index), FactKind::Relation).any(|(it, _)| it == relation)
            {
                let what = format!("{grantee} can no longer {privilege} {relation}");
                self.find(LedgerRule::Privilege, what, advice::APPEND);
            }
        }
    }

    /// What stands in PostgreSQL's place for a type of the ledger, and what later partitions are granted.
    pub(super) fn stand_ins(&mut self) {
        for (label, old, new) in self.pairs(FactKind::StandIn) {
            if new.is_some() && old != new {
                let what = format!(
                    "{label} is used instead of PostgreSQL's own for what the ledger holds"
                );
                self.find(LedgerRule::StandIn, what, advice::MEANING);
            }
        }
        let is_partitioned =
            self.before.root(self.index).is_some_and(|(_, it)| it.text("kind") == "p");
        for (label, old, new) in self.pairs(FactKind::LaterGrant) {
            let harms = |it: &Fact| {
                matches!(it.text("privilege"), "UPDATE" | "DELETE" | "TRUNCATE" | "TRIGGER")
            };
            if is_partitioned && old.is_none() && new.is_some_and(harms) {
                self.find(
                    LedgerRule::Privilege,
                    format!("partitions made later are granted {label}"),
                    advice::KEEP,
                );
            }
        }
    }

    /// Foreign keys that point at a ledger are checked in its owner's name, who needs UPDATE of one column for that.
    pub(super) fn key_checks(&mut self) {
        let (Some((_, was)), Some((_, now))) =
            (self.before.root(self.index), self.after.root(self.index))
        else {
            return;
        };
        let may = |snapshot: &Snapshot| {
            let mut roles = snapshot.of(Some(self.index), FactKind::Role);
            roles.any(|(role, it)| {
                role.trim_matches('"') == now.text("owner") && it.is("updates a column")
            })
        };
        if now.is("referenced") && (may(self.before) || !was.is("referenced")) && !may(self.after) {
            let what = "foreign keys that point at it can no longer be checked: its owner needs UPDATE of one column";
            self.find(LedgerRule::AppendLost, what, advice::APPEND);
        }
    }

    /// The bare name means the ledger to whom it meant it.
    pub(super) fn names(&mut self) {
        let schema = &self.context.ledgers[self.index].schema;
        let before = resolved(self.before, self.index, schema);
        let after = resolved(self.after, self.index, schema);
        for (role, found) in after {
            // a new role has had no name for it
            let was = before.get(&role).cloned().unwrap_or_else(|| Some(schema.clone()));
            if was.as_ref() == Some(schema) && found.as_ref() != Some(schema) {
                let what = match found {
                    Some(other) => format!(
                        "{role} now finds {other}.{} under its name",
                        self.context.ledgers[self.index].table
                    ),
                    None => format!("{role} no longer finds it by its name: search_path"),
                };
                self.find(LedgerRule::SearchPath, what, advice::TABLE);
            }
        }
    }
}
