//! How schema.rs is printed, whatever the file; and why it cannot be.

use std::collections::BTreeMap;

use crate::schema_rs::{Compat, format::Layout};

/// How everything of a project is printed, whatever the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Style {
    /// Whose result is wanted.
    pub compat: Compat,
    /// What rustfmt.toml says.
    pub layout: Layout,
    /// Whether views, materialized views and foreign tables are printed, too.
    pub views: bool,
    /// The columns that stand for the key of a view, by its name, with or without its schema.
    pub view_keys: BTreeMap<String, Vec<String>>,
}

/// Why nothing can be printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum PrintError {
    /// Diesel refuses the whole schema for this.
    #[error("Diesel only supports tables with primary keys. Table `{table}` has no primary key")]
    #[diagnostic(
        code(schema::no_primary_key),
        help(
            "Give it one, or leave it out with `filter` in diesel.toml. Without `--compat diesel` it is left out with a note."
        )
    )]
    NoPrimaryKey {
        /// The table.
        table: String,
    },
}
