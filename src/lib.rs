//! Migrations for Diesel on PostgreSQL.
//!
//! glowplug takes Diesel migrations (`up.sql`/`down.sql` pairs), applies and reverts them, and keeps Diesel's tracking table, so that
//! both tools work on one database.
//!
//! An application uses three things of it: [`upgrade`] when it starts, [`testing`] in its tests, and [`events`], the typed API of
//! an append-only table. Without the feature `cli`, which is on by default, nothing of the program comes along.
//!
//! What is hidden from the documentation is for the program and for this repository's own tests, and may change in any release;
//! `docs/src/reference/api.md` lists what does not.

#![cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unreachable_pub, unused_imports, reason = "the program uses them")
)]

pub mod events;
pub mod testing;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod internal;

#[cfg(feature = "cli")]
mod autogenerate;
mod catalog;
#[cfg(feature = "cli")]
mod cli;
mod cluster;
mod compat;
mod connect;
mod ddl;
#[cfg(feature = "cli")]
mod history;
mod introspect;
mod job;
mod ledger;
mod lint;
mod migration;
mod planner;
mod postgres;
mod project;
#[cfg(feature = "cli")]
mod render;
mod replay;
mod report;
/// The tables of this repository's own migrations, printed by `glowplug schema`.
#[path = "../schema.rs"]
#[allow(missing_docs, unreachable_pub, reason = "the code of `table!` is Diesel's")]
mod schema;
mod schema_rs;
mod tables;
mod tools;
mod words;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub use crate::cli::main;
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
