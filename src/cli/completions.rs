//! `glowplug completions` and `glowplug man`.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{
    cli::{exit::Exit, render::Output},
    render::failure::CliError,
};

/// Prints completions for a shell.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the manual page, in roff: `glowplug man upgrade | man -l -`.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The command [default: the whole program]
    command: Vec<String>,
}

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
        let mut page = command;
        page.build();
        for name in &self.command {
            let full = format!("{}-{name}", page.get_name());
            let Some(found) = page.find_subcommand(name) else {
                return Err(CliError::Cannot {
                    what: format!("no command is named `{name}`"),
                    help: "`glowplug --help` lists the commands.".into(),
                });
            };
            page = found.clone().name(full);
        }
        let mut text = Vec::new();
        clap_mangen::Man::new(page).render(&mut text).map_err(|error| CliError::Cannot {
            what: format!("cannot write the manual: {error}"),
            help: "`glowplug --help` has the same text.".into(),
        })?;
        output.raw(&String::from_utf8_lossy(&text));
        Ok(Exit::Done)
    }
}
