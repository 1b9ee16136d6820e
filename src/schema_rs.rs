//! schema.rs: Diesel's `table!` macros of a database, printed.
//!
//! Pure functions from a [`Catalog`](crate::catalog::Catalog) and the settings of `[print_schema]` to text. The bytes are those of
//! `diesel print-schema` 2.3.14 with its rustfmt; where Diesel is wrong, the right result with a note, unless
//! [`Compat::Diesel`] is asked for.

pub(crate) mod config;
pub(crate) mod format;
pub(crate) mod merge;
mod names;
pub(crate) mod parse;
pub(crate) mod patch;
pub(crate) mod print;
mod style;
mod tables;
pub(crate) mod types;

pub(crate) use config::{PrintSchema, PrintSchemas};
pub(crate) use print::print;
pub(crate) use style::{PrintError, Style};

/// Whose result is wanted where Diesel's is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Compat {
    /// The right one, with a note.
    #[default]
    Right,
    /// Diesel's, byte for byte.
    Diesel,
}
