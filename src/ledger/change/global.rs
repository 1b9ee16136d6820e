//! What concerns all ledgers at once: the transaction, settings, and what would do harm later.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, tracking::tracking};
use crate::{
    ledger::{
        advice, delayed_code,
        snapshot::{Fact, FactKind, Snapshot},
    },
    report::{
        ledger_finding::LedgerFinding,
        rule::{LedgerRule, Severity},
    },
};

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

/// Catalogs that a script must not write itself: DDL leaves no lock on them. It does on others, pg_proc among them.
const CATALOGS: [&str; 13] = [
    "pg_attrdef",
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_enum",
    "pg_event_trigger",
    "pg_index",
    "pg_inherits",
    "pg_language",
    "pg_partitioned_table",
    "pg_policy",
    "pg_rewrite",
    "pg_trigger",
];

/// What [`quiet.sql`](crate::postgres::guard) says of a cursor.
const CURSOR: &str = "a cursor";

/// What concerns all ledgers.
pub(super) fn global(
    before: &Snapshot,
    after: &Snapshot,
    context: &Context<'_>,
    guarded: &[usize],
) -> Vec<LedgerFinding> {
    let mut seen = Global { before, after, findings: Vec::new() };
    seen.transaction();
    seen.settings();
    seen.database();
    seen.foreign_code();
    seen.catalogs();
    seen.later(context, guarded);
    let mut findings = seen.findings;
    findings.extend(tracking(before, after, context));
    findings
}

/// An object with what it was and what it is.
type Pair = (String, Option<Fact>, Option<Fact>);

/// Two snapshots, and what was found in them.
struct Global<'s> {
    before: &'s Snapshot,
    after: &'s Snapshot,
    findings: Vec<LedgerFinding>,
}

impl Global<'_> {
    fn find(&mut self, rule: LedgerRule, what: String, advice: &'static str) {
        let rows = LedgerRule::severity(rule) == Severity::History;
        self.findings.push(LedgerFinding { ledger: String::new(), rule, what, advice, rows });
    }

    /// What of a kind differs.
    fn pairs(&self, kind: FactKind) -> Vec<Pair> {
        let old: BTreeMap<&str, &Fact> = self.before.of(None, kind).collect();
        let new: BTreeMap<&str, &Fact> = self.after.of(None, kind).collect();
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let differing = names.into_iter().filter(|name| old.get(name) != new.get(name));
        let of = |all: &BTreeMap<&str, &Fact>, name: &str| all.get(name).copied().cloned();
        differing.map(|name| (name.to_owned(), of(&old, name), of(&new, name))).collect()
    }

    /// Whether the script left its transaction, or something that runs at COMMIT.
    fn transaction(&mut self) {
        let (was, now) = (self.before.session(), self.after.session());
        if was.text("xid") != now.text("xid") {
            self.find(
                LedgerRule::TransactionLeft,
                "the script ended the transaction that it ran in".into(),
                advice::LATER,
            );
        }
        if now.number("cursors").unwrap_or_default() > 0 {
            self.find(
                LedgerRule::Cursor,
                "a cursor is left open, and would run at COMMIT".into(),
                advice::LATER,
            );
        }
        for table in now.text("pending").lines() {
            self.find(
                LedgerRule::Pending,
                match table {
                    CURSOR => {
                        "a cursor WITH HOLD was left open: it would have run at COMMIT".into()
                    }
                    table => {
                        format!("a trigger of {table} was deferred again, and would run at COMMIT")
                    }
                },
                advice::LATER,
            );
        }
    }

    /// Settings that outlive the run.
    fn settings(&mut self) {
        for (object, _, new) in self.pairs(FactKind::Setting) {
            if let Some(new) = new
                && DANGEROUS.contains(&new.text("name"))
            {
                self.find(
                    LedgerRule::Setting,
                    format!(
                        "{} is set to {} for every later session: {}",
                        new.text("name"),
                        new.text("value"),
                        object.trim()
                    ),
                    advice::KEEP,
                );
            }
        }
        for (object, _, new) in self.pairs(FactKind::Parameter) {
            if let Some(new) = new
                && RESERVED.contains(&new.text("name"))
            {
                self.find(
                    LedgerRule::Privilege,
                    format!("a role may now set {object}"),
                    advice::KEEP,
                );
            }
        }
        let path_hides = |path: &str| {
            let mut schemas = path.split(',').map(|it| it.trim().trim_matches('"'));
            schemas.any(|it| it == "pg_catalog")
                && !path.trim_start().trim_matches('"').starts_with("pg_catalog")
        };
        for (object, _, new) in self.pairs(FactKind::Setting) {
            if let Some(new) = new
                && new.text("name") == "search_path"
                && path_hides(new.text("value"))
            {
                self.find(
                    LedgerRule::SearchPath,
                    format!(
                        "other schemas come before pg_catalog for every later session: {}",
                        object.trim()
                    ),
                    advice::MEANING,
                );
            }
        }
    }

    /// Whether the database still lets sessions in.
    fn database(&mut self) {
        for (_, old, new) in self.pairs(FactKind::Database) {
            if let (Some(old), Some(new)) = (old, new) {
                let closes =
                    new.number("connections") == Some(0) && old.number("connections") != Some(0);
                if closes || old.is("allows") && !new.is("allows") {
                    self.find(
                        LedgerRule::Privilege,
                        "nobody can connect to the database any more".into(),
                        advice::APPEND,
                    );
                }
            }
        }
    }

    /// Code that the server runs besides functions and triggers of tables.
    fn foreign_code(&mut self) {
        for (object, old, new) in self.pairs(FactKind::EventTrigger) {
            // one that writes down what was done harms nobody
            if old.is_none()
                && let Some(new) = &new
                && self.after.of(None, FactKind::Function).any(|(label, it)| {
                    label == new.text("function") && delayed_code::is_plain(it.text("source"))
                })
            {
                continue;
            }
            self.find(
                LedgerRule::EventTrigger,
                format!("the event trigger {object} was added, changed or dropped"),
                advice::KEEP,
            );
        }
        for (object, old, _) in self.pairs(FactKind::Extension) {
            if old.is_none() {
                self.find(
                    LedgerRule::Extension,
                    format!("the extension {object} can change rows from a session of its own"),
                    advice::LATER,
                );
            }
        }
        for (object, _, new) in self.pairs(FactKind::Subscription) {
            if new.is_some() {
                self.find(
                    LedgerRule::Subscription,
                    format!("the subscription {object} can change rows from a session of its own"),
                    advice::LATER,
                );
            }
        }
        for (object, old, _) in self.pairs(FactKind::Language) {
            if old.is_some() {
                self.find(
                    LedgerRule::Language,
                    format!("the language {object} now runs different code"),
                    advice::KEEP,
                );
            }
        }
    }

    /// Direct writes to catalogs, and what this version does not know.
    fn catalogs(&mut self) {
        for (object, ..) in self.pairs(FactKind::CatalogWrite) {
            if CATALOGS.contains(&object.as_str()) {
                self.find(
                    LedgerRule::CatalogWrite,
                    format!(
                        "the script writes to {object} directly, past every check of the server"
                    ),
                    advice::KEEP,
                );
            }
        }
        if self.before.iter().any(|(address, _)| address.kind == FactKind::Unknown)
            || self.after.iter().any(|(address, _)| address.kind == FactKind::Unknown)
        {
            self.find(
                LedgerRule::Unknown,
                "the server reported something that this version does not know".into(),
                advice::KEEP,
            );
        }
    }

    /// New functions that would do harm when they are called.
    fn later(&mut self, context: &Context<'_>, guarded: &[usize]) {
        for (object, old, new) in self.pairs(FactKind::NewFunction) {
            let Some(new) = new.filter(|_| old.is_none()) else {
                continue;
            };
            for ledger in guarded {
                let table = &context.ledgers[*ledger];
                let names: Vec<&str> = self
                    .before
                    .of(Some(*ledger), FactKind::Trigger)
                    .map(|(_, fact)| fact.text("name"))
                    .collect();
                let harm = delayed_code::harms_ledger(new.text("source"), table, &names);
                let mut roles = self.after.of(Some(*ledger), FactKind::Role);
                let is_owners = roles.any(|(role, it)| {
                    role == new.text("owner") && (it.is("owns") || it.is("superuser"))
                });
                let lends = new.is("definer")
                    && new.is("lent")
                    && is_owners
                    && delayed_code::runs_what_it_is_given(new.text("source"));
                let lends =
                    lends.then(|| "whoever calls it can run anything as its owner".to_owned());
                if let Some(what) = harm.or(lends) {
                    self.find(
                        LedgerRule::Later,
                        format!("the function {object} would do harm later: {what}"),
                        advice::LATER,
                    );
                    break;
                }
            }
        }
    }
}
