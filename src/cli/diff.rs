//! `glowplug diff`.

use std::path::Path;

use clap::Args;

use crate::{
    autogenerate::{self, diff::Side},
    cli::{
        Global,
        check::PartitionArgs,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        schema::printer,
        settings::Settings,
    },
    ddl::Statement,
    job::JobError,
    postgres::session::Stop,
    project::{self, read},
    render::failure::CliError,
    replay::schema::Printer,
    schema_rs::config::PrintSchema,
};

/// Prints the SQL that changes one structure into another. Read-only.
///
/// Each is a URL, a directory of migrations, a schema.rs, or SQL that creates everything in an empty database: a file, or a
/// directory of .sql files. What schema.rs cannot express (defaults, indexes, checks …) is taken from the other one. Exits with 3
/// if they differ.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The present structure
    #[arg(value_name = "FROM")]
    from: String,
    /// The wanted structure
    #[arg(value_name = "TO")]
    to: String,
    #[command(flatten)]
    partitions: PartitionArgs,
}

impl Diff {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let found = block_on(async |stop| {
            let from = side(&self.from, &settings, &stop, output)?;
            let to = side(&self.to, &settings, &stop, output)?;
            let shadow = match settings.shadow(output) {
                Err(error) if from.is_made() || to.is_made() => {
                    return Err(error.into());
                }
                shadow => shadow.ok(),
            };
            let ignored = settings.ignored();
            let left_out = (&ignored, self.partitions.drop_partition.as_slice());
            let found = autogenerate::diff::diff(&from, &to, shadow.as_ref(), left_out, stop).await;
            Ok::<_, CliError>(found?)
        });
        let found = found?;
        for remark in &found.remarks {
            output.talk(&format!("note: {remark}"));
        }
        let statements: Vec<String> = found.statements.iter().map(text).collect();
        output.answer(&statements, |statements| render::statements(statements));
        Ok(if statements.is_empty() { Exit::Done } else { Exit::Findings })
    }
}

/// A statement with the data that it deletes.
fn text(statement: &Statement) -> String {
    let lost = statement.loses.iter().map(|it| format!("-- deletes-data: {it}\n"));
    lost.collect::<String>() + &statement.sql()
}

fn side(text: &str, settings: &Settings, stop: &Stop, output: &Output) -> Result<Side, CliError> {
    let path = Path::new(text);
    if path.is_dir() && has_migrations(path) {
        let migrations = read::migrations(path, text).map_err(JobError::from)?;
        return Ok(Side::Migrations(migrations));
    }
    if path.extension().is_some_and(|it| it == "rs") {
        return Ok(Side::SchemaRs(Box::new(printer_of(path, settings)?)));
    }
    if path.exists() {
        let files = project::truth::read(path).map_err(JobError::from)?;
        return Ok(Side::Sql(files));
    }
    let endpoint = settings.endpoint_of(text, "diff", stop.clone(), output)?;
    Ok(Side::Database(Box::new(endpoint)))
}

/// How a file is printed: by its own settings if it has any, else by those of the first file.
fn printer_of(path: &Path, settings: &Settings) -> Result<Printer, CliError> {
    let mut printer = printer(settings, None)?;
    let path = settings.current.join(path);
    let all = &mut printer.schemas.all;
    let is_it = |it: &PrintSchema| it.file.as_ref() == Some(&path);
    if all.values().any(is_it) {
        all.retain(|_, it| is_it(it));
    } else {
        for (at, it) in all.values_mut().enumerate() {
            it.file = (at == 0).then(|| path.clone());
        }
    }
    Ok(printer)
}

fn has_migrations(path: &Path) -> bool {
    let entries = path.read_dir().into_iter().flatten().flatten();
    entries.into_iter().any(|it| it.path().join("up.sql").is_file())
}
