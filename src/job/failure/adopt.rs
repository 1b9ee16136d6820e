//! Why a database cannot be adopted, or its adoption cannot be undone.

use std::path::PathBuf;

/// Why a database cannot be adopted, or its adoption cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum AdoptError {
    /// It is adopted already, or a Diesel project's.
    #[error("{database} already records {count} applied migrations")]
    #[diagnostic(
        code(adopt::already),
        help(
            "`glowplug history` shows them. `glowplug adopt` is for a database without any; `glowplug adopt --undo` removes what it made."
        )
    )]
    Already {
        /// The database.
        database: String,
        /// How many.
        count: usize,
    },
    /// Nothing is there to be adopted.
    #[error(
        "{database} has nothing to adopt: no tables of its own, and no migrations of a known tool"
    )]
    #[diagnostic(
        code(adopt::nothing),
        help(
            "For a new project: `glowplug init`. Is it the right database? Name it with --database-url."
        )
    )]
    Nothing {
        /// The database.
        database: String,
    },
    /// The directory has migrations already.
    #[error("{} already contains migrations", dir.display())]
    #[diagnostic(
        code(adopt::taken),
        help("Name a directory of their own: `glowplug adopt --migration-dir diesel_migrations`.")
    )]
    Taken {
        /// The directory.
        dir: PathBuf,
    },
    /// A database with tables, of which the tool does not say what it has run.
    #[error("{database} has tables, and no table of {tool} that tells which migrations it has run")]
    #[diagnostic(
        code(adopt::no_table),
        help(
            "Is it the right database? To adopt its structure as it is, without the files: `glowplug adopt --baseline`."
        )
    )]
    NoTable {
        /// The database.
        database: String,
        /// The tool.
        tool: &'static str,
    },
    /// Alembic failed.
    #[error("Alembic cannot print {what} as SQL: {said}")]
    #[diagnostic(
        code(adopt::alembic),
        help(
            "A migration that reads the database runs only against one. Run `alembic upgrade base:heads --sql` to see more, name the program with --alembic, or adopt the structure of the database: `glowplug adopt --baseline`."
        )
    )]
    Alembic {
        /// What it was to print.
        what: String,
        /// What it said.
        said: String,
    },
    /// A table whose rows are wanted, and that is not there.
    #[error("there is no table {name} whose rows could be copied")]
    #[diagnostic(
        code(adopt::no_rows),
        help("--rows takes tables as `schema.name`; without a schema, `public` is meant.")
    )]
    NoRows {
        /// What was named.
        name: String,
    },
    /// The database has changed since it was looked at.
    #[error("{database} has changed since it was compared")]
    #[diagnostic(
        code(adopt::meanwhile),
        help("Nothing was written. Is {tool} running a migration? Run `glowplug adopt` again.")
    )]
    Meanwhile {
        /// The database.
        database: String,
        /// The tool.
        tool: String,
    },
    /// There is nothing to undo.
    #[error("nothing was adopted here: {} is missing", path.display())]
    #[diagnostic(
        code(adopt::not_adopted),
        help(
            "`glowplug adopt` writes this file beside the migrations; name their directory with --migration-dir."
        )
    )]
    NotAdopted {
        /// The file.
        path: PathBuf,
    },
    /// Files were edited.
    #[error("files have changed since they were adopted: {}", files.iter().map(|it| it.display().to_string()).collect::<Vec<_>>().join(", "))]
    #[diagnostic(
        code(adopt::edited),
        help(
            "Nothing was removed. Move away what is to be kept, or restore the files, and run it again."
        )
    )]
    Edited {
        /// Which.
        files: Vec<PathBuf>,
    },
    /// The database has run something since.
    #[error("{database} has run or recorded more since it was adopted: {what}")]
    #[diagnostic(
        code(adopt::more),
        help(
            "Nothing was removed. Revert what was run with `glowplug downgrade`; what else the journal says stays, and so does the adoption."
        )
    )]
    More {
        /// The database.
        database: String,
        /// What it was.
        what: String,
    },
}
