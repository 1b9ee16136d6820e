//! Why migrations do not get new versions.

use crate::migration::version::Version;

/// Why migrations do not get new versions; nothing was renamed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum RebaseError {
    /// Nothing is out of order.
    #[error("no migration is out of order")]
    #[diagnostic(
        code(rebase::nothing),
        help(
            "Name the migrations that are to come last: `glowplug rebase VERSION`. With --shared URL, those that are out of order there are found."
        )
    )]
    Nothing,
    /// It is applied somewhere else.
    #[error("`{name}` is applied in the database {database}{}", by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default())]
    #[diagnostic(
        code(rebase::applied),
        help(
            "What another database has run keeps its version. Rebase the other branch's migrations, or apply it out of order with `glowplug upgrade --allow-out-of-order`."
        )
    )]
    Applied {
        /// The directory.
        name: String,
        /// The database.
        database: String,
        /// Who has applied it, where the journal of a local database names somebody else.
        by: Option<String>,
    },
    /// A shared database has run something newer that is not here.
    #[error("the database {database} has run {version}, which is not on disk")]
    #[diagnostic(
        code(rebase::not_merged),
        help(
            "Merge the branch that has it first: a version after the newest must be after that one, too."
        )
    )]
    NotMerged {
        /// The database.
        database: String,
        /// The version.
        version: Version,
    },
    /// A squashed migration has the version of the last one that it replaces.
    #[error("`{name}` is a squashed migration, whose version says what it replaces")]
    #[diagnostic(code(rebase::squashed), help("Name other migrations."))]
    Squashed {
        /// The directory.
        name: String,
    },
    /// The user has not agreed.
    #[error("{} would be renamed: {}", match names.len() { 1 => "1 migration".to_owned(), many => format!("{many} migrations") }, names.join(", "))]
    #[diagnostic(
        code(rebase::not_confirmed),
        help(
            "No other database may have run them. If none has, run again with --yes; --shared URL lets the journal of a shared database answer."
        )
    )]
    NotConfirmed {
        /// The directories.
        names: Vec<String>,
    },
    /// The new order does not work.
    #[error("in the new order the migrations do not work: {}", problems.join("; "))]
    #[diagnostic(
        code(rebase::proof),
        help("Nothing was changed. Adapt the migrations to what was merged, or name others.")
    )]
    Proof {
        /// What is wrong.
        problems: Vec<String>,
    },
}
