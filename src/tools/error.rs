//! Why the migrations of another tool cannot be taken.

/// Why the migrations of another tool cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ToolError {
    /// More than one tool.
    #[error("more than one migration tool was found: {}", .tools.join(", "))]
    #[diagnostic(
        code(adopt::ambiguous),
        help("Name the one to adopt from with --from, such as `--from {}`.", .tools.first().map_or("sqlx", String::as_str))
    )]
    Ambiguous {
        /// Their names.
        tools: Vec<String>,
    },
    /// A tool without convertible files.
    #[error("the migrations of {tool} are not SQL")]
    #[diagnostic(
        code(adopt::no_conversion),
        help("Adopt the structure of the database instead: `glowplug adopt --baseline`.")
    )]
    NoConversion {
        /// The tool.
        tool: &'static str,
    },
    /// No files.
    #[error("no migrations of {tool} were found")]
    #[diagnostic(
        code(adopt::no_files),
        help(
            "Name their directory with --files, or adopt the structure of the database instead: `glowplug adopt --baseline`."
        )
    )]
    NoFiles {
        /// The tool.
        tool: &'static str,
    },
    /// A file that is not a migration.
    #[error("{path} cannot be converted: {what}")]
    #[diagnostic(
        code(adopt::unconvertible),
        help(
            "Nothing was written. Adopt the structure of the database instead: `glowplug adopt --baseline`."
        )
    )]
    Unconvertible {
        /// The file, with its line if there is one.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// A file without a version.
    #[error("the version of {path} cannot be used")]
    #[diagnostic(
        code(adopt::no_version),
        help("Diesel's tracking table takes 50 characters: rename the file, or use --baseline.")
    )]
    NoVersion {
        /// The file.
        path: String,
    },
    /// Two files with one version.
    #[error("{first} and {second} have the same version")]
    #[diagnostic(
        code(adopt::duplicate),
        help("Rename one of them, as the tool demands, or use --baseline.")
    )]
    Duplicate {
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// Placeholders without a value.
    #[error("placeholders have no value: {}", .names.join(", "))]
    #[diagnostic(
        code(adopt::placeholders),
        help("Give each its value: {}.", .names.iter().map(|it| format!("--placeholder '{it}=VALUE'")).collect::<Vec<_>>().join(" "))
    )]
    Placeholders {
        /// Their names.
        names: Vec<String>,
    },
    /// A migration that failed under the old tool.
    #[error("{tool} records a failed migration: {}", .ids.join(", "))]
    #[diagnostic(
        code(adopt::failed),
        help(
            "Nobody knows what of it took effect. Repair it with {tool}, or adopt the structure of the database as it is: `glowplug adopt --baseline`."
        )
    )]
    Failed {
        /// The tool.
        tool: &'static str,
        /// What failed.
        ids: Vec<String>,
    },
    /// Applied migrations without a file.
    #[error("{tool} has applied migrations whose files were not found: {}", shown(.ids))]
    #[diagnostic(
        code(adopt::missing_files),
        help(
            "Are the files of this branch the right ones? Restore the files, or adopt the structure of the database: `glowplug adopt --baseline`."
        )
    )]
    Missing {
        /// The tool.
        tool: &'static str,
        /// What is missing.
        ids: Vec<String>,
    },
}

/// A few names, and how many more there are.
fn shown(ids: &[String]) -> String {
    const FEW: usize = 5;
    match ids.len().checked_sub(FEW).filter(|it| *it > 0) {
        Some(more) => format!("{} and {more} more", ids[..FEW].join(", ")),
        None => ids.join(", "),
    }
}
