//! `glowplug completions` and `glowplug man`.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli::{exit::Exit, failure::CliError, render::Output};

/// Prints completions for a shell.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the manual page, in roff: `glowplug man | man -l -`.
#[derive(Debug, Args)]
pub(super) struct Man {}

impl Completions {
    pub(super) fn run(&self, command: &mut Command, output: &Output) -> Result<Exit, CliError> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, command, "glowplug", &mut text);
        output.raw(&String::from_utf8_lossy(&text));
        Ok(Exit::Done)
    }
}

impl Man {
    pub(super) fn run(&self, command: Command, output: &Output) -> Result<Exit, CliError> {
        let mut text = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut text)
            .map_err(|error| CliError::Cannot {
                what: format!("the manual cannot be written: {error}"),
                help: "`glowplug --help` says the same.".into(),
            })?;
        output.raw(&String::from_utf8_lossy(&text));
        Ok(Exit::Done)
    }
}
