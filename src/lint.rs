//! What is dangerous to deploy: who waits for a migration and for how long, what is lost, what breaks later.
//!
//! A migration was run at two sizes, and each statement was watched. [`judge`] finds the locks that others wait for, [`rules`] say what is
//! wrong with the rest, [`accept`] sets aside what somebody has accepted.

pub mod accept;
mod blocking;
pub mod case;
pub mod fixable;
pub mod hazards;
pub mod judge;
pub mod observation;
pub mod rule;
pub mod rules;
pub mod stats;
mod types;
pub mod words;

pub use blocking::predicted;
