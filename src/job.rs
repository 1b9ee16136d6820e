//! The use cases: what a command does, without arguments and without a terminal.

pub mod advice;
pub(crate) mod alike;
pub mod application;
mod attest;
mod caret;
pub mod compat;
mod data_checks;
pub mod database;
mod declared;
pub(crate) mod explain;
pub mod failure;
pub mod generate;
pub mod init;
pub mod ledger;
pub mod lint;
pub(crate) mod load;
pub mod locate;
pub mod offline;
pub mod open;
pub(crate) mod owner;
pub mod pin;
pub mod revision;
pub mod run;
pub mod schema;
mod second_key;
pub mod shadow;
mod squashed;
pub mod stamp;
pub mod status;
pub mod verify;

pub use failure::{JobError, RunError};

use crate::report::event::Event;

/// Who is told what happens.
pub type Watch<'w> = &'w mut (dyn FnMut(Event) + Send);
