//! The integration tests: one binary, real servers, the real program.

#![allow(clippy::unwrap_used, clippy::print_stderr, unreachable_pub, reason = "tests")]

mod application;
mod autogenerate;
mod cluster;
mod connect;
mod crowd;
mod ddl;
mod diesel_commands;
mod diesel_peer;
mod directory;
mod environment;
mod errors;
mod events;
mod interrupt;
mod introspect;
mod journal;
mod kill;
mod ledger;
mod ledger_declared;
mod ledger_random;
mod ledger_redteam;
mod lock_timeout;
mod locks;
mod network;
mod odd;
mod partitions;
mod piecewise;
mod plan;
mod pooler;
mod print_peer;
mod program;
mod proxy;
mod rename;
mod round_trips;
mod schema;
mod schema_edits;
mod secrets;
mod source;
mod support;
mod terminal;
mod tidy;
mod tls;
mod url;
mod verify;
mod workflow;
