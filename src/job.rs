//! The use cases: what a command does, without arguments and without a terminal.

pub(crate) mod advice;
pub(crate) mod alike;
pub(crate) mod application;
#[allow(unreachable_pub, reason = "not yet narrowed")]
mod attest;
mod caret;
#[allow(unreachable_pub, reason = "not yet narrowed")]
pub mod compat;
mod data_checks;
pub(crate) mod database;
mod declared;
pub(crate) mod explain;
pub(crate) mod failure;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod ledger;
#[allow(unreachable_pub, reason = "not yet narrowed")]
pub mod lint;
pub(crate) mod load;
pub(crate) mod locate;
pub(crate) mod offline;
pub(crate) mod open;
pub(crate) mod owner;
pub(crate) mod pin;
pub(crate) mod revision;
#[allow(unreachable_pub, reason = "not yet narrowed")]
pub mod run;
pub(crate) mod schema;
mod second_key;
pub(crate) mod shadow;
mod squashed;
pub(crate) mod stamp;
pub(crate) mod status;
#[allow(unreachable_pub, reason = "not yet narrowed")]
pub mod verify;

pub use failure::{JobError, RunError};

use crate::report::event::Event;

/// Who is told what happens.
pub(crate) type Watch<'w> = &'w mut (dyn FnMut(Event) + Send);
