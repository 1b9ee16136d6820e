//! Why autogenerate has written nothing.

use super::{ProofFailure, RenameError};
use crate::{
    planner::PlanError,
    schema_rs::{merge::ApplyError, parse::ParseError},
};

/// Why autogenerate has written nothing.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum AutogenerateError {
    /// Nothing says what is wanted.
    #[error("there is no source of truth: no schema file is configured")]
    #[diagnostic(
        code(autogenerate::no_truth),
        help(
            "Name a file in [print_schema] of diesel.toml, or SQL in [schema] of glowplug.toml: source = \"schema.sql\"."
        )
    )]
    NoTruth,
    /// A schema file is not there.
    #[error("{path} does not exist")]
    #[diagnostic(
        code(autogenerate::no_file),
        help("`glowplug schema --from migrations` writes it.")
    )]
    NoFile {
        /// The file.
        path: String,
    },
    /// A schema file that cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Parse(#[from] Box<ParseError>),
    /// An edit that cannot be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Apply(#[from] Box<ApplyError>),
    /// SQL that PostgreSQL refuses.
    #[error("{path}: {what}")]
    #[diagnostic(
        code(autogenerate::sql),
        help("The source of truth must load into an empty database.")
    )]
    Sql {
        /// What the server said.
        what: String,
        /// The file.
        path: String,
    },
    /// There is no way.
    #[error(transparent)]
    #[diagnostic(
        code(autogenerate::plan),
        help("Write this migration by hand: `glowplug revision -m …`.")
    )]
    Plan(#[from] PlanError),
    /// Somebody else has written migrations.
    #[error("the migrations on disk changed during the proof")]
    #[diagnostic(
        code(autogenerate::meanwhile),
        help("Nothing was written. Run the command again.")
    )]
    Meanwhile,
    /// A rename that cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Rename(#[from] Box<RenameError>),
    /// A partition to drop that is not there.
    #[error("`{text}` is not a partition that only the database has")]
    #[diagnostic(
        code(autogenerate::no_partition),
        help(
            "--drop-partition takes the `schema.name` of a partition that is in the database and not in the source of truth, with --from database."
        )
    )]
    NoPartition {
        /// What was given.
        text: String,
    },
    /// Something may have been renamed.
    #[error("something may have been renamed, and glowplug does not guess:\n{}", flags(renames))]
    #[diagnostic(
        code(autogenerate::renames),
        help(
            "Add the flags that apply. If nothing was renamed, add --no-renames: it drops the old one{}.",
            if *has_values { ", with its values" } else { " and creates the new one" }
        )
    )]
    Renames {
        /// What may have been: `old=new`.
        renames: Vec<String>,
        /// Whether values are lost if nothing was: those of a table, and not those that a view shows.
        has_values: bool,
    },
    /// There is something that is not compared.
    #[error("some objects are not compared: {}", .kinds.join(", "))]
    #[diagnostic(
        code(autogenerate::not_compared),
        help("Without --strict the migration is written and does not touch them.")
    )]
    NotCompared {
        /// Their kinds.
        kinds: Vec<String>,
    },
    /// There is a way up, and none back.
    #[error("irreversible: {}", .why.join("; "))]
    #[diagnostic(
        code(autogenerate::irreversible),
        help(
            "Without --strict the migration is written, with a down.sql that refuses to run and says why."
        )
    )]
    Irreversible {
        /// What the way down cannot do.
        why: Vec<String>,
    },
    /// A ledger would lose something.
    #[error("ledgers are append-only:\n{}", .harm.join("\n"))]
    #[diagnostic(
        code(autogenerate::ledger),
        help(
            "To correct an event, append another. Add a column that is nullable or has a constant default, or create a new table. If the change is necessary, write it by hand and run it with --allow-ledger-change."
        )
    )]
    Ledger {
        /// What would happen.
        harm: Vec<String>,
    },
    /// The proof failed.
    #[error("the plan failed its proof, and nothing was written: {}{}{}", .0.what, lines(&.0.difference), plan_of(&.0.plan))]
    #[diagnostic(
        code(autogenerate::proof),
        help(
            "Write this migration by hand: `glowplug revision -m …`, and report the plan: it should not fail."
        )
    )]
    Proof(Box<ProofFailure>),
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

fn plan_of(plan: &str) -> String {
    match plan.trim() {
        "" => String::new(),
        plan => format!("\n\n{plan}"),
    }
}

/// Renames as flags, for a shell.
fn flags(renames: &[String]) -> String {
    let flag = |rename: &String| {
        let is_plain = |c: char| c.is_alphanumeric() || "._=-".contains(c);
        match rename.chars().all(is_plain) {
            true => format!("--rename {rename}"),
            false => format!("--rename '{}'", rename.replace('\'', r"'\''")),
        }
    };
    let flags: Vec<String> = renames.iter().map(flag).collect();
    flags.join("\n")
}
