//! Alembic commands and flags without a counterpart here: each says what to do instead.

use clap::{Args, Subcommand};

use crate::render::failure::CliError;

/// An Alembic command.
#[derive(Debug, Subcommand)]
pub(super) enum Word {
    /// Alembic's command to join two heads
    #[command(hide = true)]
    Merge(Anything),
    /// Alembic's list of branch points
    #[command(hide = true)]
    Branches(Anything),
    /// Alembic's command to create its table
    #[command(hide = true, name = "ensure_version", alias = "ensure-version")]
    EnsureVersion(Anything),
    /// Alembic's list of templates
    #[command(hide = true, name = "list_templates", alias = "list-templates")]
    ListTemplates(Anything),
}

/// Any arguments that Alembic takes.
#[derive(Debug, Args)]
pub(super) struct Anything {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<String>,
}

/// Alembic's flags of `revision` without a counterpart here.
#[derive(Debug, Args)]
pub(super) struct RevisionFlags {
    #[arg(long, hide = true, value_name = "REVISION")]
    head: Option<String>,
    #[arg(long, hide = true)]
    splice: bool,
    #[arg(long, hide = true, value_name = "LABEL")]
    branch_label: Option<String>,
    #[arg(long, hide = true, value_name = "REVISION")]
    depends_on: Option<String>,
    #[arg(long, hide = true, value_name = "DIR")]
    version_path: Option<String>,
}

impl RevisionFlags {
    /// What to do instead, if one of them is given.
    pub(super) fn answer(&self) -> Result<(), CliError> {
        let order = "Migrations form one sequence here: a new one comes after the newest, and --rev-id gives it another version. `glowplug rebase` gives those of a branch versions after the newest.";
        let (flag, help) = if self.head.is_some() {
            ("--head", order)
        } else if self.splice {
            ("--splice", order)
        } else if self.branch_label.is_some() {
            ("--branch-label", order)
        } else if self.depends_on.is_some() {
            (
                "--depends-on",
                "Write `depends_on = [\"VERSION\"]` into the migration's metadata.toml.",
            )
        } else if self.version_path.is_some() {
            ("--version-path", "There is one directory of migrations: --migration-dir names it.")
        } else {
            return Ok(());
        };
        let what = format!("`{flag}` is a flag of Alembic that glowplug does not need");
        Err(CliError::Cannot { what, help: help.into() })
    }
}

impl Word {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Merge(_) => "merge",
            Self::Branches(_) => "branches",
            Self::EnsureVersion(_) => "ensure_version",
            Self::ListTemplates(_) => "list_templates",
        }
    }

    /// What to do instead.
    pub(super) fn answer(&self) -> CliError {
        let help = match self {
            Self::Merge(_) => {
                "Migrations form one sequence here, ordered by version: merging two branches of a repository merges their migrations. `glowplug rebase` gives those of a branch versions after the newest."
            }
            Self::Branches(_) => {
                "Migrations form one sequence here, ordered by version. `glowplug history` shows it, and what is out of order."
            }
            Self::EnsureVersion(_) => {
                "`glowplug upgrade` creates the tracking tables when it first needs them, and `glowplug stamp base` creates them without running anything."
            }
            Self::ListTemplates(_) => {
                "There are no templates: `glowplug init` writes what a project needs."
            }
        };
        CliError::Cannot {
            what: format!("`{}` is an Alembic command that glowplug does not need", self.name()),
            help: help.into(),
        }
    }
}
