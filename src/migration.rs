//! What a migration is, what a database has run, and what follows from the two. Plain values.

pub mod backfill;
pub mod environment;
pub mod history_file;
pub mod journal;
pub mod links;
pub mod order;
pub mod plan;
pub mod source;
pub mod squash;
pub mod status;
pub mod target;
pub mod version;
