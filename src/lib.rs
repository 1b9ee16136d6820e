//! Migrations for Diesel on PostgreSQL.
//!
//! glowplug takes Diesel migrations (`up.sql`/`down.sql` pairs), applies and reverts them, and keeps Diesel's tracking table, so that
//! both tools work on one database. The library does everything; the binary parses arguments, calls one
//! [job] and renders its report. ARCHITECTURE.md shows the rooms.

pub mod catalog;
pub mod cli;
pub mod ddl;
pub mod events;
pub mod job;
pub mod ledger;
pub mod migration;
pub mod planner;
pub mod postgres;
pub mod project;
pub mod report;
/// The tables of this repository's own migrations, printed by `glowplug schema`.
#[path = "../schema.rs"]
#[allow(missing_docs, unreachable_pub, reason = "the code of `table!` is Diesel's")]
pub mod schema;
pub mod schema_rs;
pub mod words;

pub use crate::{
    job::{
        RunError,
        application::{UpgradeOptions, upgrade, upgrade_watched},
    },
    migration::source::Migrations,
    project::{embedded::from_source, read::migrations as from_directory},
    report::run::RunReport,
};
