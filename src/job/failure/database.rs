//! Why a database as a whole could not be dropped.

/// Why a database as a whole could not be dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum DatabaseError {
    /// Others are connected to it.
    #[error("the database {database} cannot be dropped while others are connected to it: {}", sessions.join("; "))]
    #[diagnostic(
        code(database::in_use),
        help("End those sessions, or terminate them with --force.")
    )]
    InUse {
        /// The database.
        database: String,
        /// Who: the application, the role, from where, and since when.
        sessions: Vec<String>,
    },
}
