//! The journal: what is recorded, and what is found from it.
