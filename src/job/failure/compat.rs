//! Why it cannot be said whether a program can live with migrations, and that it cannot.

use crate::{report::finding::Finding, schema_rs::parse::ParseError, words::sql::SqlError};

/// Why two programs cannot be compared with migrations, or what came of it.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum CompatError {
    /// Neither a file nor a revision.
    #[error("`{text}` is neither a file nor a revision of git")]
    #[diagnostic(
        code(compat::unknown_revision),
        help(
            "--from takes a schema.rs, or what git knows: a tag, a branch, a commit. `git fetch --tags` gets those of the remote."
        )
    )]
    UnknownRevision {
        /// What was asked for.
        text: String,
    },
    /// A revision without a schema file.
    #[error("{revision} has no {files}")]
    #[diagnostic(
        code(compat::no_schema),
        help(
            "Name another revision, or the schema.rs of the running program itself: --from FILE."
        )
    )]
    NoSchema {
        /// The revision.
        revision: String,
        /// The files that were looked for.
        files: String,
    },
    /// Nothing says which migrations are pending.
    #[error("it is not known which migrations the running program has")]
    #[diagnostic(
        code(compat::no_start),
        help(
            "Set DATABASE_URL to the database that it runs on, or name the last migration that is applied there: --since VERSION."
        )
    )]
    NoStart,
    /// A schema file that cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Parse(#[from] Box<ParseError>),
    /// A file of queries that cannot be read.
    #[error("{path} cannot be read as SQL: {error}")]
    #[diagnostic(
        code(compat::queries),
        help(
            "`queries` in [compat] of glowplug.toml names files of statements that end with a semicolon, without commands of psql."
        )
    )]
    Queries {
        /// The file.
        path: String,
        /// What is wrong.
        error: SqlError,
    },
    /// The running program would break.
    #[error("{first}")]
    #[diagnostic(code(compat::breaks))]
    Breaks {
        /// The first finding.
        first: String,
        /// What to do.
        #[help]
        advice: String,
        /// Everything that breaks.
        findings: Vec<Finding>,
    },
}
