//! Why migrations are not squashed.

/// Why migrations are not squashed; nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum SquashError {
    /// There are fewer than two.
    #[error("{range} holds {count} of the migrations: there is nothing to squash")]
    #[diagnostic(
        code(squash::nothing),
        help(
            "`glowplug squash B` makes one of all migrations up to B, `glowplug squash A:B` of those after A up to B. `glowplug history` lists them."
        )
    )]
    Nothing {
        /// What was asked for.
        range: String,
        /// How many it holds.
        count: usize,
    },
    /// Tables have rows that migrations wrote, and nobody has said what becomes of them.
    #[error("migrations fill tables, and their rows would be lost: {}", tables.join(", "))]
    #[diagnostic(
        code(squash::rows),
        help(
            "Keep the rows of a table with --keep-data TABLE, or leave them out with --drop-data TABLE, if the application does not need them in a new database."
        )
    )]
    Rows {
        /// Each with the number of its rows.
        tables: Vec<String>,
    },
    /// A table that was named has no rows.
    #[error("no migration in the range fills a table {table}")]
    #[diagnostic(
        code(squash::no_rows),
        help("Correct or remove --keep-data or --drop-data {table}.")
    )]
    NoRows {
        /// What was named.
        table: String,
    },
    /// Statements of a range that does not begin at base, which may change rows that are there.
    #[error("statements may change rows of tables that exist before the range: {}", statements.join("; "))]
    #[diagnostic(
        code(squash::statements),
        help(
            "Keep those of a table with --keep-data TABLE, or leave them out with --drop-data TABLE. What a DO block, CALL, SELECT or WITH does cannot be told: squash from base, or a range without it."
        )
    )]
    Statements {
        /// Each with its place.
        statements: Vec<String>,
    },
    /// The structure cannot be changed in one step without losing rows.
    #[error("changing the structure in one step would lose rows: {}", lost.join("; "))]
    #[diagnostic(
        code(squash::loses),
        help(
            "If something was renamed, say so with --rename old=new. Otherwise squash a range without it, or from base."
        )
    )]
    Loses {
        /// What would be lost.
        lost: Vec<String>,
    },
    /// It would be more than one migration, or one without a transaction.
    #[error("what these migrations do cannot be done in one transaction: {what}")]
    #[diagnostic(code(squash::not_one), help("Squash a range without it."))]
    NotOne {
        /// The first statement that cannot.
        what: String,
    },
    /// A migration that changes a sealed ledger.
    #[error("`{name}` has `ledger = true` and cannot be part of a squashed migration")]
    #[diagnostic(
        code(squash::ledger),
        help("It runs with the second key. Squash a range before or after it.")
    )]
    Ledger {
        /// The directory.
        name: String,
    },
    /// The replay of the squashed migration differs.
    #[error("the squashed migration does not lead to the same: {}", differences.join("; "))]
    #[diagnostic(
        code(squash::differs),
        help(
            "Nothing was written. Squash a smaller range, or leave out the table with --drop-data."
        )
    )]
    Differs {
        /// What differs.
        differences: Vec<String>,
    },
}
