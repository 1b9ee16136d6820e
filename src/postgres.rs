//! Talking to PostgreSQL: sessions, the migration lock, the journal, execution, and the ledger guard.

pub(crate) mod adopt;
pub(crate) mod catalog_digest;
#[allow(unreachable_pub, reason = "not yet narrowed")]
pub mod exec;
#[allow(unreachable_pub, reason = "not yet narrowed")]
pub mod guard;
pub(crate) mod journal;
pub(crate) mod known;
pub(crate) mod lock;
pub(crate) mod pool;
#[allow(unreachable_pub, reason = "not yet narrowed")]
pub(crate) mod seed;
pub(crate) mod server_error;
pub(crate) mod session;
pub(crate) mod session_error;
mod write;
