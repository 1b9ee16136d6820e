//! Migrations for Diesel on PostgreSQL.
//!
//! glowplug takes Diesel migrations (`up.sql`/`down.sql` pairs), applies and reverts them, and keeps Diesel's tracking table, so that
//! both tools work on one database.
//!
//! An application uses three things of it: [`upgrade`] when it starts, [`testing`] in its tests, and [`events`], the typed API of
//! an append-only table. Without the feature `cli`, which is on by default, nothing of the program comes along.
//!
//! The other modules are public for the program and for this repository's own tests. They are hidden from the documentation
//! and may change in any release; `docs/src/reference/api.md` lists what does not.

pub mod events;
pub mod testing;

#[doc(hidden)]
pub mod autogenerate;
#[doc(hidden)]
pub mod catalog;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod cluster;
#[doc(hidden)]
pub mod compat;
#[doc(hidden)]
pub mod connect;
#[doc(hidden)]
pub mod ddl;
#[doc(hidden)]
pub mod history;
#[doc(hidden)]
pub mod introspect;
#[doc(hidden)]
pub mod job;
#[doc(hidden)]
pub mod ledger;
#[doc(hidden)]
pub mod lint;
#[doc(hidden)]
pub mod migration;
#[doc(hidden)]
pub mod planner;
#[doc(hidden)]
pub mod postgres;
#[doc(hidden)]
pub mod project;
#[cfg(feature = "cli")]
mod render;
#[doc(hidden)]
pub mod report;
/// The tables of this repository's own migrations, printed by `glowplug schema`.
#[doc(hidden)]
#[path = "../schema.rs"]
#[allow(missing_docs, unreachable_pub, reason = "the code of `table!` is Diesel's")]
pub mod schema;
#[doc(hidden)]
pub mod schema_rs;
#[doc(hidden)]
pub mod tables;
#[doc(hidden)]
pub mod tools;
#[doc(hidden)]
pub mod words;

pub use crate::{
    job::{
        JobError, RunError,
        application::{UpgradeOptions, upgrade, upgrade_watched},
    },
    ledger::Declaration as Ledger,
    migration::{
        plan::Policy,
        source::{Migrations, SourceError},
    },
    postgres::{pool::IntoSession, session::Stop},
    project::{embedded::from_source, read::migrations as from_directory},
    report::{event::Event, ledger::Level, run::RunReport, verify::VerifyReport},
};
