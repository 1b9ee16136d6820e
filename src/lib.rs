//! Migrations for Diesel on PostgreSQL.
//!
//! glowplug takes Diesel migrations (`up.sql`/`down.sql` pairs), applies and reverts them, and keeps Diesel's tracking table, so that
//! both tools work on one database. The library does everything; the binary parses arguments, calls one
//! [job] and renders its report. ARCHITECTURE.md shows the rooms.

pub mod catalog;
pub mod cli;
pub mod job;
pub mod migration;
pub mod postgres;
pub mod project;
pub mod report;
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
