//! Why schema.rs stays as it is.

/// A run that was asked to leave schema.rs as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("schema.rs would change: {}", files.join(", "))]
#[diagnostic(
    code(schema::locked),
    help("Nothing was run. Run the command without --locked-schema, and commit the changed file.")
)]
pub struct SchemaWouldChange {
    /// The files.
    pub files: Vec<String>,
    /// What would change in them, as a unified diff.
    pub difference: String,
}

/// A schema.rs that was to be written, and has what would be lost then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("not written, because it has edits that the database does not have: {}", files.join(", "))]
#[diagnostic(
    code(schema::edited),
    help(
        "`glowplug revision --autogenerate` turns edits into migrations, a `patch_file` keeps what is only printed differently, and `glowplug schema --discard-edits` prints the file again."
    )
)]
pub struct EditsWouldBeLost {
    /// The files.
    pub files: Vec<String>,
    /// What would change in them, as a unified diff.
    pub difference: String,
}
