//! `glowplug edit`.

use std::process::Command;

use clap::Args;

use crate::{
    cli::{Global, exit::Exit, history, render::Output, settings::Settings},
    job::revision,
    render::failure::CliError,
};

/// Opens up.sql and down.sql of one migration in $VISUAL or $EDITOR.
#[derive(Debug, Args)]
pub(super) struct Edit {
    /// A version, a unique prefix of one, `head`, `current`, `head-1`, …
    #[arg(value_name = "REV", default_value = "head", allow_negative_numbers = true)]
    revision: String,
}

impl Edit {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        let status = history::status("edit", false, &settings, &migrations, output)?;
        let applied = status.migrations.iter().filter(|row| row.run_on.is_some());
        let applied: Vec<_> = applied.map(|row| &row.version).collect();
        let migration = revision::find(&migrations, applied.clone(), &self.revision)?;
        if applied.contains(&&migration.version) {
            output.talk(&format!(
                "{} is applied: editing its up.sql stops the next upgrade. Put the change in a new migration.",
                migration.name
            ));
        }
        let Some(editor) = settings.var("VISUAL").or_else(|| settings.var("EDITOR")) else {
            return Err(CliError::Cannot {
                what: "neither VISUAL nor EDITOR is set".into(),
                help: format!("Set one, or open {} yourself.", migration.up.path),
            });
        };
        let dir = settings.migrations_dir.join(&migration.name);
        let mut files = vec![dir.join("up.sql")];
        files.extend(migration.down.as_ref().map(|_| dir.join("down.sql")));
        // the editor may have arguments: the shell splits them
        let script = format!("{editor} \"$@\"");
        let status = Command::new("sh").args(["-c", &script, "sh"]).args(&files).status();
        match status {
            Ok(status) if status.success() => Ok(Exit::Done),
            Ok(status) => Err(CliError::Cannot {
                what: format!("`{editor}` failed with {status}"),
                help: "Is it the right program? VISUAL takes precedence over EDITOR.".into(),
            }),
            Err(error) => Err(CliError::Cannot {
                what: format!("cannot start `{editor}`: {error}"),
                help: "Correct VISUAL or EDITOR.".into(),
            }),
        }
    }
}
