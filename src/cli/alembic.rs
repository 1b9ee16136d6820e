//! Commands of Alembic that have no counterpart here: each answers with what to do.

use clap::{Args, Subcommand};

use crate::cli::failure::CliError;

/// A command of Alembic.
#[derive(Debug, Subcommand)]
pub(super) enum Word {
    /// Alembic's way to join two heads
    #[command(hide = true)]
    Merge(Anything),
    /// Alembic's list of forks
    #[command(hide = true)]
    Branches(Anything),
    /// Alembic's way to make its table
    #[command(hide = true, name = "ensure_version", alias = "ensure-version")]
    EnsureVersion(Anything),
    /// Alembic's list of templates
    #[command(hide = true, name = "list_templates", alias = "list-templates")]
    ListTemplates(Anything),
}

/// Whatever Alembic takes.
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
                "Migrations are one line here, ordered by their versions: two branches of a repository meet when their directories do. What is older than what is applied runs with `glowplug upgrade --allow-out-of-order`."
            }
            Self::Branches(_) => {
                "Migrations are one line here, ordered by their versions. `glowplug history` shows it, with what is out of order."
            }
            Self::EnsureVersion(_) => {
                "`glowplug upgrade` makes the tracking tables when it first needs them, and `glowplug stamp base` makes them without running anything."
            }
            Self::ListTemplates(_) => {
                "There are no templates: `glowplug init` writes what a project needs."
            }
        };
        CliError::Cannot {
            what: format!("`{}` is a command of Alembic that glowplug does not need", self.name()),
            help: help.into(),
        }
    }
}
