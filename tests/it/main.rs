//! The integration tests: one binary, real servers, the real program.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests"
)]

mod application;
mod cluster;
mod connect;
mod directory;
mod errors;
mod journal;
mod network;
mod round_trips;
mod support;
mod tidy;
mod tls;
mod workflow;
