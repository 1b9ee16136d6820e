//! Ledgers: append-only tables, what protects them, and what a run may change of them.
//!
//! Everything here is pure. A [`Snapshot`] holds what the protection and the rows of the declared ledgers rest on, as the
//! server told it; [`judge`] compares the one from before a script with the one from after it under an allow-list: an unknown
//! difference is a finding. Reading snapshots, locks, counters and fingerprints is the work of
//! [`postgres::guard`](crate::postgres::guard).

mod attestation;
mod before;
mod chain;
mod change;
mod declaration;
mod delayed_code;
mod forms;
mod lasting;
mod layer;
mod needs;
mod powers;
mod proof;
mod protection;
mod resolve;
mod roads;
mod rows;
mod sealing;
mod snapshot;
mod written;

pub use self::declaration::Declaration;
pub(crate) use self::protection::{bits, firmness};
pub(crate) use self::{
    attestation::{Attestation, Attested},
    before::Before,
    chain::Chain,
    change::{Context, Recorded, is_guarded, judge},
    delayed_code::surgery,
    forms::{FORMS, demand_form},
    layer::{Layer, Signs},
    needs::needs_of_what_is_new,
    powers::Powers,
    protection::protection,
    rows::{Rows, rows},
    sealing::{Hands, Sealing, sealing},
    snapshot::{Address, Fact, FactKind, Snapshot},
    written::{Reading, Written},
};
pub(crate) use crate::report::advice;
pub use crate::report::rule::LedgerRule;
