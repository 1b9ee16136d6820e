//! The events that jobs emit and the reports that they return. Plain values, serialized as they are.

pub mod adopt;
pub(crate) mod advice;
pub mod autogenerate;
pub mod changes;
pub mod ci;
pub mod compat;
pub mod data_check;
pub mod deploy;
pub mod drift;
pub mod event;
pub mod finding;
pub mod findings;
pub mod ledger;
pub mod ledger_finding;
pub mod lint;
pub mod page;
pub mod pin;
pub mod proved;
pub mod rebase;
pub mod rule;
pub mod run;
pub mod schema;
pub mod squash;
pub mod status;
pub mod verify;
