//! The use cases: what a command does, without arguments and without a terminal.

pub(crate) mod advice;
pub(crate) mod application;
pub(crate) mod attest;
pub(crate) mod caret;
pub(crate) mod data_checks;
pub(crate) mod database;
pub(crate) mod declared;
pub(crate) mod explain;
pub(crate) mod failure;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod offline;
pub(crate) mod open;
pub(crate) mod owner;
pub(crate) mod pin;
pub(crate) mod revision;
pub(crate) mod run;
pub(crate) mod second_key;
pub(crate) mod squashed;
pub(crate) mod stamp;
pub(crate) mod status;

pub use failure::{JobError, RunError};

use crate::report::event::Event;

/// Who is told what happens.
pub(crate) type Watch<'w> = &'w mut (dyn FnMut(Event) + Send);
