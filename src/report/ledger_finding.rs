//! What a run would have done and must not do.

use serde::Serialize;

use crate::report::rule::LedgerRule;

/// One thing that a script must not do to a ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LedgerFinding {
    /// The ledger, as `public.events`; empty if it concerns all.
    pub ledger: String,
    /// The rule.
    pub rule: LedgerRule,
    /// What has changed, as text.
    pub what: String,
    /// What to write instead.
    pub advice: &'static str,
    /// Whether it concerns rows, which must never change, even with a reason.
    pub rows: bool,
}
