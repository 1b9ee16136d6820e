//! Talking to PostgreSQL: sessions, the migration lock, the journal, execution, and the ledger guard.

pub mod adopt;
pub(crate) mod catalog_digest;
pub mod exec;
pub mod guard;
pub mod journal;
pub(crate) mod known;
pub mod lock;
pub mod pool;
pub(crate) mod seed;
pub mod server_error;
pub mod session;
pub mod session_error;
mod write;
