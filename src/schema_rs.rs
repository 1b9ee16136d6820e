//! schema.rs: Diesel's `table!` macros of a database, printed.
//!
//! Pure functions from a [`Catalog`](crate::catalog::Catalog) and the settings of `[print_schema]` to text. The bytes are those of
//! `diesel print-schema` 2.3.14 with its rustfmt; where Diesel is wrong, the right result with a note, unless
//! [`Compat::Diesel`] is asked for.

pub mod config;
pub mod format;
pub mod merge;
mod names;
pub mod parse;
pub mod patch;
pub mod print;
mod style;
mod tables;
pub mod types;

pub use config::{PrintSchema, PrintSchemas};
pub use print::{Printed, print};
pub use style::{PrintError, Style};

/// Whose result is wanted where Diesel's is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compat {
    /// The right one, with a note.
    #[default]
    Right,
    /// Diesel's, byte for byte.
    Diesel,
}
