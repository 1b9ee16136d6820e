//! Whether a program can live with a structure: what Diesel sends for its schema.rs, and what a server says of it.
//!
//! Pure functions. A schema.rs becomes a [`Program`], a program becomes [statements](statement::statements), and the answers of a server
//! to these become a [`State`]. Two states of one program, the one that it was compiled for and another, give the [breaks](breaks).

mod breaks;
mod decode;
pub(crate) mod finding;
pub(crate) mod program;
pub(crate) mod queries;
pub(crate) mod state;
pub(crate) mod statement;
pub(crate) mod steps;
pub(crate) mod used;
pub(crate) mod verdict;

pub use self::program::Program;
pub(crate) use self::{
    breaks::{Break, Effect, breaks},
    decode::Zone,
    program::Which,
    state::{Answer, ColumnFacts, Demand, Output, Refusal, State, TableFacts},
    statement::{Statement, statements},
    used::Used,
};
