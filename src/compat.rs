//! Whether a program can live with a structure: what Diesel sends for its schema.rs, and what a server says of it.
//!
//! Pure functions. A schema.rs becomes a [`Program`], a program becomes [statements](statement::statements), and the answers of a server
//! to these become a [`State`]. Two states of one program, the one that it was compiled for and another, give the [breaks](breaks).

mod breaks;
mod decode;
pub mod finding;
pub mod program;
pub mod queries;
pub mod state;
pub mod statement;
pub mod steps;
pub mod used;
pub mod verdict;

pub use self::{
    breaks::{Break, Effect, breaks},
    decode::Zone,
    program::{Program, Which},
    state::{Answer, ColumnFacts, Demand, Output, Refusal, State, TableFacts},
    statement::{Statement, statements},
    used::Used,
};
