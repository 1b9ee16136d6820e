//! Diesel's own command names: `setup`, `database` and `migration`, with Diesel's flags, stdout, exit codes and files.
//!
//! What they do is done by the same jobs as everything else; what differs from Diesel on purpose is listed in docs/src/tutorials/diesel-project.md.

mod database;
mod generate;
mod migration;
mod setup;

pub(super) use self::{
    database::{Database, Drop, SetUp},
    migration::MigrationCommand,
    setup::Setup,
};
