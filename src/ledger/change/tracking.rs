//! The tables that record what ran: they are written after the last look, so nothing of anybody else's may run then.

use super::Context;
use crate::{
    ledger::{
        advice,
        proof::prove,
        protection::bits,
        snapshot::{Fact, FactKind, Snapshot},
    },
    report::{ledger_finding::LedgerFinding, rule::LedgerRule},
};

/// The columns of the tracking tables: type, whether NOT NULL, identity, default. They are those of `postgres/sql/*_table.sql`,
/// as PostgreSQL prints them.
const COLUMNS: [(&str, &str, bool, &str, &str); 16] = [
    (DIESEL, "version", true, "", ""),
    (DIESEL, "run_on", true, "", "CURRENT_TIMESTAMP"),
    (JOURNAL, "id", true, "a", ""),
    (JOURNAL, "version", true, "", ""),
    (JOURNAL, "name", true, "", ""),
    (JOURNAL, "kind", true, "", ""),
    (JOURNAL, "run_on", false, "", ""),
    (JOURNAL, "up_sha256", false, "", ""),
    (JOURNAL, "down_sha256", false, "", ""),
    (JOURNAL, "at", true, "", "clock_timestamp()"),
    (JOURNAL, "role", true, "", "SESSION_USER"),
    (JOURNAL, "actor", true, "", ""),
    (JOURNAL, "took_ms", false, "", ""),
    (JOURNAL, "tool", true, "", ""),
    (JOURNAL, "statement", false, "", ""),
    (JOURNAL, "statements", false, "", ""),
];
const DIESEL: &str = "__diesel_schema_migrations";
const JOURNAL: &str = "__glowplug_journal";
const CONSTRAINTS: [(&str, &str); 3] = [
    (DIESEL, "PRIMARY KEY (version)"),
    (JOURNAL, "PRIMARY KEY (id)"),
    (
        JOURNAL,
        "CHECK ((kind = ANY (ARRAY['up'::text, 'down'::text, 'stamp'::text, 'unstamp'::text, 'accept'::text, \
         'up-started'::text, 'up-progress'::text, 'down-started'::text, 'down-progress'::text, 'refused'::text, 'attest'::text])))",
    ),
];

/// What of the tracking tables is not as glowplug makes it. There is no allow-list: whatever a row that is written there could
/// reach is compared.
pub(super) fn tracking(
    before: &Snapshot,
    after: &Snapshot,
    context: &Context<'_>,
) -> Vec<LedgerFinding> {
    let mut findings = Vec::new();
    let mut find = |what: String| {
        findings.push(LedgerFinding {
            ledger: String::new(),
            rule: LedgerRule::TrackingTable,
            what,
            advice: advice::TRACKING,
            rows: true,
        });
    };
    for (object, fact) in after.of(None, FactKind::Tracking) {
        let stood = before.of(None, FactKind::Tracking).any(|it| it == (object, fact));
        if !is_as_made(object, fact, after, stood) {
            find(format!("{object} of the tracking tables is not what glowplug creates"));
        }
    }
    for (object, fact) in before.of(None, FactKind::Tracking) {
        let is_there = after.of(None, FactKind::Tracking).any(|(it, _)| it == object);
        // an index of nobody's need may go
        let may_go = object.contains(" index ") && !fact.is("unique");
        if !is_there && !may_go {
            find(format!("{object} of the tracking tables is gone"));
        }
    }
    // between transactions anybody may have written, and upkeep gives other files
    let is_one = !before.session().text("xid").is_empty();
    for (table, then) in before.of(None, FactKind::TrackedRows).filter(|_| is_one) {
        let mut rows = after.of(None, FactKind::TrackedRows);
        let Some((_, now)) = rows.find(|(it, _)| *it == table) else {
            continue;
        };
        let written = |counter: &str| {
            now.number(counter).unwrap_or_default() - then.number(counter).unwrap_or_default()
        };
        let own = if table == JOURNAL { context.written.journal } else { context.written.diesel };
        let (inserted, deleted) = (written("inserted"), written("deleted"));
        if (inserted, written("updated"), deleted) != (own.0, 0, own.1)
            || then.text("file") != now.text("file")
        {
            find(format!("the script writes to {table} directly"));
        }
    }
    findings
}

/// Rows that glowplug itself writes to the tracking tables between two snapshots: inserted and deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Into the journal.
    pub journal: (i64, i64),
    /// Into Diesel's table.
    pub diesel: (i64, i64),
}

fn is_as_made(object: &str, fact: &Fact, snapshot: &Snapshot, stood: bool) -> bool {
    let Some((table, rest)) = object.split_once(' ') else {
        return false;
    };
    let (kind, name) = rest.split_once(' ').unwrap_or((rest, ""));
    match kind {
        "table" => {
            fact.text("kind") == "r"
                && fact.text("persistence") == "p"
                && !fact.is("row security")
                && !fact.is("inherits")
        }
        "column" => {
            let made = COLUMNS.iter().find(|(of, it, ..)| (*of, *it) == (table, name));
            let is_bare = !fact.is("made type") && fact.text("generated").is_empty();
            let shape = (fact.is("not null"), fact.text("numbered"), fact.text("default"));
            match made {
                Some((_, _, not_null, identity, default)) => {
                    is_bare && shape == (*not_null, *identity, *default)
                }
                // one that somebody added, once, and that nothing fills
                None => is_bare && shape == (false, "", "") && stood,
            }
        }
        "constraint" => CONSTRAINTS.contains(&(table, fact.text("definition"))),
        "index" => fact.is("plain") && (fact.is("primary") || !fact.is("unique") && stood),
        "trigger" => {
            let bits = fact.number("bits").unwrap_or_default();
            let mut functions = snapshot.of(None, FactKind::Function);
            let function = functions.find(|(label, _)| *label == fact.text("function"));
            table == JOURNAL
                && matches!(name, "__glowplug_journal_row" | "__glowplug_journal_truncate")
                && fact.text("enabled") == "A"
                && bits & (bits::INSERT | bits::INSTEAD) == 0
                && bits & bits::BEFORE != 0
                && !fact.is("conditional")
                && !fact.is("deferrable")
                && function.is_some_and(|(_, it)| prove(it).is_ok())
        }
        _ => false,
    }
}
