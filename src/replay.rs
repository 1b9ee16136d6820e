//! What replays migrations in a throwaway database, and what is asked there: schema.rs, verify, lint, compat.

pub(crate) mod alike;
pub(crate) mod compat;
pub(crate) mod lint;
pub(crate) mod locate;
pub(crate) mod schema;
pub(crate) mod shadow;
pub(crate) mod verify;
