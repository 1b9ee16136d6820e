//! Changing the history itself: migrations taken over from other tools, made one of several, or given other versions.

pub(crate) mod adopt;
pub(crate) mod rebase;
pub(crate) mod squash;
