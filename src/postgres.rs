//! Talking to PostgreSQL: sessions, the migration lock, the journal, execution, and the ledger guard.

pub(crate) mod adopt;
pub(crate) mod exec;
pub(crate) mod guard;
pub(crate) mod journal;
pub(crate) mod known;
pub(crate) mod lock;
pub(crate) mod pool;
pub(crate) mod server_error;
pub(crate) mod session;
pub(crate) mod session_error;
mod write;
