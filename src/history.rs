//! Changing the history itself: migrations taken over from other tools, made one of several, or given other versions.

pub mod adopt;
pub mod rebase;
pub mod squash;
