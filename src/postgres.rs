//! Talking to PostgreSQL: connections, the migration lock, the journal, execution, and servers of our own.

pub mod cluster;
pub mod connect;
pub mod environment;
pub mod exec;
pub mod guard;
pub(crate) mod imprint;
pub mod introspect;
pub mod journal;
pub(crate) mod known;
pub mod lock;
pub(crate) mod observe;
pub mod pool;
pub(crate) mod seed;
pub mod server_error;
pub mod session;
pub mod session_error;
mod write;
