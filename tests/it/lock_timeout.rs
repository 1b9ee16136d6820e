//! lock_timeout
