//! Why a rename that was asked for cannot be had.

/// A `--rename` that cannot be honored whole; nothing was written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("--rename {text}: {why}")]
#[diagnostic(code(autogenerate::rename))]
pub struct RenameError {
    /// What was given.
    pub text: String,
    /// Why not.
    pub why: RenameFault,
    /// What to do.
    #[help]
    pub advice: &'static str,
}

/// What is wrong with a rename. Objects are named as people read them: `column "public"."users"."id"`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenameFault {
    /// It cannot be read.
    #[error("it is not of the form old=new")]
    Unread,
    /// There is no such object.
    #[error("it renames nothing that exists")]
    NothingThere,
    /// The name could be that of several objects.
    #[error("it is ambiguous: {}", .things.join(", "))]
    Several {
        /// The objects.
        things: Vec<String>,
    },
    /// The old name and the new one are the same.
    #[error("{thing} already has that name")]
    Same {
        /// The object.
        thing: String,
    },
    /// Two flags are about one object, or lead to one name.
    #[error("--rename {other} also renames {thing}")]
    Twice {
        /// The object.
        thing: String,
        /// The other flag.
        other: String,
    },
    /// The new name is not free.
    #[error("{thing} already exists and keeps its name")]
    Taken {
        /// What has the name.
        thing: String,
    },
    /// A part of something would leave it, or what has no schema of its own would get one.
    #[error("{thing} cannot move out of {whole}")]
    Elsewhere {
        /// The part.
        thing: String,
        /// What it is in.
        whole: String,
    },
    /// What is wanted does not have the new name.
    #[error("the source of truth has no {thing}")]
    Absent {
        /// What it would be.
        thing: String,
    },
    /// What is wanted has the old name, too.
    #[error("the source of truth still has {thing}")]
    StillThere {
        /// What it has.
        thing: String,
    },
    /// What is wanted is something else.
    #[error("{thing} is {other} in the source of truth, and would be dropped and recreated")]
    Another {
        /// What it is now, by its new name.
        thing: String,
        /// What is wanted.
        other: String,
    },
    /// PostgreSQL refuses it.
    #[error("PostgreSQL rejects it: {what}")]
    Server {
        /// What the server said.
        what: String,
    },
}

impl RenameError {
    pub(crate) fn new(text: &str, why: RenameFault) -> Self {
        let advice = match &why {
            RenameFault::Unread | RenameFault::NothingThere => {
                "--rename takes `table=new`, `table.column=new`, `type=new` and `type.value=new`, each with or without its schema, and `table=schema.new` to change the schema. A table that is also renamed can be given by its old or its new name; put a name with a dot or a `=` in double quotes."
            }
            RenameFault::Several { .. } => "Add the schema, or use the old name of the table.",
            RenameFault::Same { .. } => "Remove the flag.",
            RenameFault::Twice { .. } => "Remove one of the two.",
            RenameFault::Taken { .. } => {
                "Renames run before drops. Rename both, or drop one in an earlier migration."
            }
            RenameFault::Elsewhere { .. } => {
                "Use the present name of what contains it, or rename that with a flag of its own."
            }
            RenameFault::Absent { .. }
            | RenameFault::StillThere { .. }
            | RenameFault::Another { .. } => {
                "Nothing was written: correct the flag or the source of truth, or remove the flag."
            }
            RenameFault::Server { .. } => {
                "Nothing was written. Remove the flag, or write this migration by hand: `glowplug revision -m …`."
            }
        };
        Self { text: text.to_owned(), why, advice }
    }
}
