//! `glowplug schema`.

use clap::{Args, ValueEnum};

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        settings::Settings,
    },
    render::failure::CliError,
    replay::schema::{Printer, Source},
    schema_rs::Compat,
};

/// Writes schema.rs: the file of `[print_schema]` in diesel.toml, else src/schema.rs.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Only compare: show the difference and exit with 3 if a file is out of date
    #[arg(long, conflicts_with_all = ["stdout", "update_patch"])]
    check: bool,
    /// Print it instead of writing it
    #[arg(long, conflicts_with = "update_patch")]
    stdout: bool,
    /// What to read: the database, or the migrations alone, replayed on a throwaway server
    #[arg(long, value_enum, default_value_t = From::Database, value_name = "SOURCE")]
    from: From,
    /// Only the file with these settings
    #[arg(long, value_name = "KEY")]
    schema_key: Option<String>,
    /// Recreate the patch file from the edited schema file. Fails on what no migration creates: a patch would hide it
    #[arg(long)]
    update_patch: bool,
    /// Overwrite an edited file, which upgrade, downgrade and redo leave as it is
    #[arg(long, conflicts_with_all = ["check", "stdout", "update_patch"])]
    discard_edits: bool,
    /// Which result to print where Diesel's is wrong
    #[arg(long, value_enum)]
    compat: Option<ResultOf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// The database
    Database,
    /// The migrations alone
    Migrations,
}

/// Which result to print where Diesel's is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ResultOf {
    /// The right one, with a note
    Right,
    /// Diesel's, byte for byte
    Diesel,
}

impl std::convert::From<ResultOf> for Compat {
    fn from(wanted: ResultOf) -> Self {
        match wanted {
            ResultOf::Right => Self::Right,
            ResultOf::Diesel => Self::Diesel,
        }
    }
}

impl Schema {
    /// Whether it compares, and so has findings.
    pub(super) fn has_findings(&self) -> bool {
        self.check
    }

    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let mut printer = printer(&settings, self.compat)?;
        if let Some(key) = &self.schema_key {
            let known = printer.schemas.all.keys().cloned().collect::<Vec<_>>();
            printer = printer.only(key).ok_or_else(|| CliError::Cannot {
                what: format!("diesel.toml has no [print_schema.{key}]"),
                help: format!("It has: {}.", known.join(", ")),
            })?;
        }
        if !self.stdout {
            printer = printer.with_default_file(settings.root.join("src/schema.rs"));
        }
        let catalog = self.catalog(&settings, output)?;
        if self.stdout {
            let (files, notes) = printer.print(&catalog)?;
            say(&notes, output);
            output.texts(files.into_iter().map(|file| (file.key, file.text)));
            return Ok(Exit::Done);
        }
        if self.update_patch {
            let report = printer.update_patches(&catalog)?;
            if report.files.is_empty() {
                return Err(CliError::Cannot {
                    what: "there is no patch to update".into(),
                    help: "Set `file` and `patch_file` in [print_schema] of diesel.toml, and edit the file."
                        .into(),
                });
            }
            say(&report.notes, output);
            output.answer(&report, render::schema);
            return Ok(Exit::Done);
        }
        let report = match self.check {
            true => printer.compare(&catalog)?,
            false => printer.write(&catalog, self.discard_edits)?,
        };
        say(&report.notes, output);
        if self.check {
            let sheet = settings.sheet(&["schema"], report.findings());
            output.findings(&report, &sheet, render::schema);
        } else {
            output.answer(&report, render::schema);
        }
        let findings = self.check && !report.is_fresh();
        Ok(if findings { Exit::Findings } else { Exit::Done })
    }

    fn catalog(
        &self,
        settings: &Settings,
        output: &Output,
    ) -> Result<crate::catalog::Catalog, CliError> {
        let mut progress = output.progress();
        let catalog = block_on(async |stop| {
            let mut watch = |event| progress.show(&event);
            match self.from {
                From::Database => {
                    let endpoint = settings.endpoint("schema", stop, output)?;
                    Ok(Source::Database(&endpoint).catalog(&mut watch).await?)
                }
                From::Migrations => {
                    let migrations = settings.migrations()?;
                    let shadow = settings.twin("schema", &stop, output, &mut |_| {}).await?;
                    for note in &shadow.notes {
                        output.talk(&format!("note: {note}"));
                    }
                    output.detail(&format!("proved on {}", shadow.proved_on()));
                    let source = Source::Migrations(&shadow, &migrations, stop);
                    Ok(source.catalog(&mut |_| {}).await?)
                }
            }
        });
        progress.finish();
        catalog
    }
}

/// What this project's settings print.
pub(super) fn printer(settings: &Settings, compat: Option<ResultOf>) -> Result<Printer, CliError> {
    Ok(Printer {
        schemas: settings.schemas.clone(),
        style: settings.style(compat.map(Compat::from))?,
        current: settings.current.clone(),
        record: settings.record(),
    })
}

/// Prints the notes about a schema.rs.
pub(super) fn say(notes: &[String], output: &Output) {
    for note in notes {
        output.talk(&format!("note: {note}"));
    }
}
