//! What a migration is, what a database has run, and what follows from the two. Plain values.

pub(crate) mod backfill;
pub(crate) mod environment;
pub(crate) mod history_file;
pub(crate) mod journal;
pub(crate) mod links;
pub(crate) mod order;
pub(crate) mod plan;
pub(crate) mod source;
pub(crate) mod squash;
pub(crate) mod status;
pub(crate) mod target;
pub(crate) mod version;
