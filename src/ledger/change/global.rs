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
    let mut findings = Vec::new();
    let mut find = |rule, what: String, advice| {
        let rows = LedgerRule::severity(rule) == Severity::History;
        findings.push(LedgerFinding { ledger: String::new(), rule, what, advice, rows });
    };
    let (was, now) = (before.session(), after.session());
    if was.text("xid") != now.text("xid") {
        find(
            LedgerRule::TransactionLeft,
            "the script ended the transaction that it ran in".into(),
            advice::LATER,
        );
    }
    if now.number("cursors").unwrap_or_default() > 0 {
        find(
            LedgerRule::Cursor,
            "a cursor is left open, and would run at COMMIT".into(),
            advice::LATER,
        );
    }
    for table in now.text("pending").lines() {
        find(
            LedgerRule::Pending,
            match table {
                CURSOR => "a cursor WITH HOLD was left open: it would have run at COMMIT".into(),
                table => {
                    format!("a trigger of {table} was deferred again, and would run at COMMIT")
                }
            },
            advice::LATER,
        );
    }
    let pairs = |kind| {
        let old: BTreeMap<&str, &Fact> = before.of(None, kind).collect();
        let new: BTreeMap<&str, &Fact> = after.of(None, kind).collect();
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let differing: Vec<(String, Option<Fact>, Option<Fact>)> = names
            .into_iter()
            .filter(|name| old.get(name) != new.get(name))
            .map(|name| {
                (name.to_owned(), old.get(name).copied().cloned(), new.get(name).copied().cloned())
            })
            .collect();
        differing
    };
    for (object, _, new) in pairs(FactKind::Setting) {
        if let Some(new) = new
            && DANGEROUS.contains(&new.text("name"))
        {
            find(
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
    for (object, _, new) in pairs(FactKind::Parameter) {
        if let Some(new) = new
            && RESERVED.contains(&new.text("name"))
        {
            find(LedgerRule::Privilege, format!("a role may now set {object}"), advice::KEEP);
        }
    }
    let path_hides = |path: &str| {
        let mut schemas = path.split(',').map(|it| it.trim().trim_matches('"'));
        schemas.any(|it| it == "pg_catalog")
            && !path.trim_start().trim_matches('"').starts_with("pg_catalog")
    };
    for (object, _, new) in pairs(FactKind::Setting) {
        if let Some(new) = new
            && new.text("name") == "search_path"
            && path_hides(new.text("value"))
        {
            find(
                LedgerRule::SearchPath,
                format!(
                    "other schemas come before pg_catalog for every later session: {}",
                    object.trim()
                ),
                advice::MEANING,
            );
        }
    }
    for (_, old, new) in pairs(FactKind::Database) {
        if let (Some(old), Some(new)) = (old, new) {
            let closes =
                new.number("connections") == Some(0) && old.number("connections") != Some(0);
            if closes || old.is("allows") && !new.is("allows") {
                find(
                    LedgerRule::Privilege,
                    "nobody can connect to the database any more".into(),
                    advice::APPEND,
                );
            }
        }
    }
    for (object, old, new) in pairs(FactKind::EventTrigger) {
        // one that writes down what was done harms nobody
        if old.is_none()
            && let Some(new) = &new
            && after.of(None, FactKind::Function).any(|(label, it)| {
                label == new.text("function") && delayed_code::is_plain(it.text("source"))
            })
        {
            continue;
        }
        find(
            LedgerRule::EventTrigger,
            format!("the event trigger {object} was added, changed or dropped"),
            advice::KEEP,
        );
    }
    for (object, old, _) in pairs(FactKind::Extension) {
        if old.is_none() {
            find(
                LedgerRule::Extension,
                format!("the extension {object} can change rows from a session of its own"),
                advice::LATER,
            );
        }
    }
    for (object, _, new) in pairs(FactKind::Subscription) {
        if new.is_some() {
            find(
                LedgerRule::Subscription,
                format!("the subscription {object} can change rows from a session of its own"),
                advice::LATER,
            );
        }
    }
    for (object, old, _) in pairs(FactKind::Language) {
        if old.is_some() {
            find(
                LedgerRule::Language,
                format!("the language {object} now runs different code"),
                advice::KEEP,
            );
        }
    }
    for (object, ..) in pairs(FactKind::CatalogWrite) {
        if CATALOGS.contains(&object.as_str()) {
            find(
                LedgerRule::CatalogWrite,
                format!("the script writes to {object} directly, past every check of the server"),
                advice::KEEP,
            );
        }
    }
    if before.iter().any(|(address, _)| address.kind == FactKind::Unknown)
        || after.iter().any(|(address, _)| address.kind == FactKind::Unknown)
    {
        find(
            LedgerRule::Unknown,
            "the server reported something that this version does not know".into(),
            advice::KEEP,
        );
    }
    for (object, old, new) in pairs(FactKind::NewFunction) {
        let Some(new) = new.filter(|_| old.is_none()) else {
            continue;
        };
        for ledger in guarded {
            let table = &context.ledgers[*ledger];
            let names: Vec<&str> = before
                .of(Some(*ledger), FactKind::Trigger)
                .map(|(_, fact)| fact.text("name"))
                .collect();
            let harm = delayed_code::harms_ledger(new.text("source"), table, &names);
            let mut roles = after.of(Some(*ledger), FactKind::Role);
            let is_owners = roles.any(|(role, it)| {
                role == new.text("owner") && (it.is("owns") || it.is("superuser"))
            });
            let lends = new.is("definer")
                && new.is("lent")
                && is_owners
                && delayed_code::runs_what_it_is_given(new.text("source"));
            let lends = lends.then(|| "whoever calls it can run anything as its owner".to_owned());
            if let Some(what) = harm.or(lends) {
                find(
                    LedgerRule::Later,
                    format!("the function {object} would do harm later: {what}"),
                    advice::LATER,
                );
                break;
            }
        }
    }
    findings.extend(tracking(before, after, context));
    findings
}
