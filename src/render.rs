//! From reports to text: what people read, and what other tools do.

mod adopt;
mod autogenerate;
mod ci;
pub(crate) mod covers;
pub(crate) mod diagnostic;
pub(crate) mod findings;
mod ledger;
pub(crate) mod pages;
mod pin;
mod rebase;
pub(crate) mod snippet;
mod squash;
pub(crate) mod text;
mod verify;
mod wrap;

pub(crate) use self::{
    adopt::*, autogenerate::*, ci::*, findings::Sheet, ledger::*, pin::*, rebase::*, squash::*,
    text::*, verify::*,
};
