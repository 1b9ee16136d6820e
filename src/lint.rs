//! What is dangerous to deploy: who waits for a migration and for how long, what is lost, what breaks later.
//!
//! A migration was run at two sizes, and each statement was watched. [`judge`] finds the locks that others wait for, [`rules`] say what is
//! wrong with the rest, [`accept`] sets aside what somebody has accepted.

pub(crate) mod accept;
mod blocking;
pub(crate) mod case;
pub(crate) mod fixable;
pub mod hazards;
pub(crate) mod judge;
pub(crate) mod observation;
pub(crate) mod rule;
pub mod rules;
pub(crate) mod stats;
mod types;
pub(crate) mod words;

pub(crate) use blocking::predicted;
