//! Diesel's own command names: `setup`, `database` and `migration`, with Diesel's flags, stdout, exit codes and files.
//!
//! They run the same jobs as all other commands; docs/src/tutorials/diesel-project.md lists the deliberate differences from Diesel.

mod database;
mod generate;
mod migration;
mod setup;

pub(super) use self::{
    database::{Database, Drop, SetUp},
    migration::MigrationCommand,
    setup::Setup,
};
