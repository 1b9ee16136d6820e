//! PostgreSQL servers that glowplug starts itself: the project's durable one and disposable ones.
//!
//! Not an embedded engine and not a wrapper around `pg_ctl`: a private native server on a Unix socket in a
//! directory that only its user can enter. Connecting to a database, whoever runs it, is the business of
//! [`connect`](crate::connect); here are processes, directories and privileges.
//!
//! A server never outlives its owner. Beside each one stands a *supervisor*, this same program started as
//! `glowplug __pg-supervisor …` ([`supervisor_main`]): it owns the directory by a file lock, is the parent of the
//! server, and ends it when the owner is gone ([`Scratch`]) or when nobody has used it for a while ([`Local`]).
//! The supervisor can be killed too: then the kernel ends the server, and the next start sweeps the directory.
//!
//! Everything here blocks. Async callers wrap it.

mod account;
mod binaries;
mod cache;
mod client;
mod dump;
mod error;
mod extensions;
pub mod fetch;
pub mod install;
mod kept;
mod local;
mod lock;
mod places;
mod process;
mod program;
mod scratch;
mod server;
mod supervisor;
mod template;

pub use binaries::{Binaries, Search, all, find};
pub(crate) use dump::Dumper;
pub(crate) use error::ClusterError;
pub(crate) use kept::{Kept, Store, limit as cache_limit};
pub use local::Local;
pub(crate) use local::{LocalOptions, LocalState};
pub use places::Places;
pub(crate) use process::ignores_hangup;
pub use scratch::{Scratch, ScratchOptions};
pub(crate) use supervisor::supervisor_main;

use std::path::Path;

use crate::words::url::{Host, HostName, Params, Url};

/// The majors that glowplug works with.
pub(crate) const SUPPORTED: std::ops::RangeInclusive<u32> = 14..=18;

/// The first argument that makes the program a supervisor.
pub(crate) const SUPERVISOR_ARGUMENT: &str = "__pg-supervisor";

/// The name that `initdb` gives to the superuser of every server made here.
const SUPERUSER: &str = "postgres";

/// The port that names the socket file when nobody asks for another.
const PORT: u16 = 5432;

/// The address of a database behind a socket directory. There is no password: the directory is the door.
fn socket_url(directory: &Path, port: u16, user: &str, database: &str) -> Url {
    let name = HostName::Socket(directory.to_string_lossy().into_owned());
    Url {
        hosts: vec![Host { name, hostaddr: None, port: Some(port) }],
        user: Some(user.to_owned()),
        password: None,
        database: Some(database.to_owned()),
        params: Params::default(),
    }
}
