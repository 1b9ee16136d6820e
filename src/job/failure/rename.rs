//! Why a rename that was asked for cannot be had.

/// A `--rename` that cannot be honoured whole; nothing was written.
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
    #[error("this is not of the form old=new")]
    Unread,
    /// There is no such object.
    #[error("it renames nothing that is there")]
    NothingThere,
    /// The name could be that of several objects.
    #[error("it could mean several: {}", .things.join(", "))]
    Several {
        /// The objects.
        things: Vec<String>,
    },
    /// The old name and the new one are the same.
    #[error("{thing} is called that already")]
    Same {
        /// The object.
        thing: String,
    },
    /// Two flags are about one object, or lead to one name.
    #[error("--rename {other} is about {thing}, too")]
    Twice {
        /// The object.
        thing: String,
        /// The other flag.
        other: String,
    },
    /// The new name is not free.
    #[error("{thing} is there already, and keeps its name")]
    Taken {
        /// What has the name.
        thing: String,
    },
    /// A part of something would leave it, or what has no schema of its own would get one.
    #[error("{thing} cannot leave {whole}")]
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
    #[error("{thing} is {other} in the source of truth, and would be dropped and made anew")]
    Another {
        /// What it is now, by its new name.
        thing: String,
        /// What is wanted.
        other: String,
    },
    /// PostgreSQL refuses it.
    #[error("PostgreSQL refuses it: {what}")]
    Server {
        /// What the server said.
        what: String,
    },
}

impl RenameError {
    pub(in crate::job) fn new(text: &str, why: RenameFault) -> Self {
        let advice = match &why {
            RenameFault::Unread | RenameFault::NothingThere => {
                "--rename takes `table=new`, `table.column=new`, `type=new` and `type.value=new`, each with its schema in front or without, and `table=schema.new` for another \
                 schema. A table that is renamed, too, may be named by its old or its new name; a name that holds a dot or a `=` stands in double quotes."
            }
            RenameFault::Several { .. } => {
                "Write the schema in front, or the old name of the table."
            }
            RenameFault::Same { .. } => "Leave the flag out.",
            RenameFault::Twice { .. } => "Leave one of the two out.",
            RenameFault::Taken { .. } => {
                "What is renamed comes before what is dropped. Rename both, or drop the one in a migration before."
            }
            RenameFault::Elsewhere { .. } => {
                "Name what it is in as it is called, or rename that, too, with a flag of its own."
            }
            RenameFault::Absent { .. }
            | RenameFault::StillThere { .. }
            | RenameFault::Another { .. } => {
                "Nothing was written: correct the flag or the source of truth, or leave the flag out."
            }
            RenameFault::Server { .. } => {
                "Nothing was written. Leave the flag out, or write this migration by hand: `glowplug revision -m …`."
            }
        };
        Self { text: text.to_owned(), why, advice }
    }
}
