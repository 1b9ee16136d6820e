//! What a run must not do, and would have done.

use serde::Serialize;

use crate::report::rule::LedgerRule;

/// One thing that a script must not do to a ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The ledger, as `public.events`; empty if it concerns all.
    pub ledger: String,
    /// The rule.
    pub rule: LedgerRule,
    /// What is different, for people.
    pub what: String,
    /// What to write instead.
    pub advice: &'static str,
    /// Whether rows are concerned: these never change, whatever a person allows.
    pub rows: bool,
}
