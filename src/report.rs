//! The events that jobs emit and the reports that they return. Plain values, serialized as they are.

pub(crate) mod adopt;
pub(crate) mod advice;
pub(crate) mod autogenerate;
pub(crate) mod changes;
pub(crate) mod ci;
pub(crate) mod compat;
pub(crate) mod data_check;
pub(crate) mod deploy;
pub(crate) mod drift;
pub(crate) mod event;
pub(crate) mod finding;
pub(crate) mod findings;
pub(crate) mod ledger;
pub(crate) mod ledger_finding;
pub(crate) mod lint;
pub(crate) mod page;
pub(crate) mod pin;
pub(crate) mod proved;
pub(crate) mod rebase;
pub(crate) mod rule;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod squash;
pub(crate) mod status;
pub(crate) mod verify;
