//! From reports to text: what people read, and what other tools do.

mod adopt;
mod autogenerate;
mod ci;
mod compat;
pub(crate) mod covers;
pub(crate) mod diagnostic;
pub(crate) mod failure;
pub(crate) mod findings;
mod ledger;
mod lint;
mod page;
pub(crate) mod pages;
mod pin;
pub(crate) mod plain;
mod rebase;
pub(crate) mod snippet;
mod squash;
pub(crate) mod text;
mod verify;
mod wrap;

pub(crate) use self::{
    adopt::*, autogenerate::*, ci::*, compat::*, findings::Sheet, ledger::*, lint::*, page::page,
    pin::*, rebase::*, squash::*, text::*, verify::*,
};
