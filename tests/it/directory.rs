//! Migrations directories: what is refused, and the untidy that works.
