//! Alembic commands without a counterpart here: each says what to do instead.

use clap::{Args, Subcommand};

use crate::cli::failure::CliError;

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
