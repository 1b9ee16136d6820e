//! `glowplug revision`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    autogenerate::{self, Forms, Place, Truth, may_be_asked},
    cli::{
        Global,
        alembic::RevisionFlags,
        ask::{asked, can_ask},
        check::{From, TruthArgs, with_request},
        exit::Exit,
        render::{self, Output},
        schema::printer,
        settings::Settings,
    },
    job::{self, JobError, failure::AutogenerateError, revision::NewBackfill},
    ledger::Declaration,
    migration::source::Migrations,
    project::truth,
    render::failure::CliError,
    report::{autogenerate::AutogenerateReport, event::Event},
};

/// Creates a new migration: up.sql, down.sql and metadata.toml; empty, or generated from the source of truth with --autogenerate.
#[derive(Debug, Args)]
pub(super) struct Revision {
    /// What it does; becomes part of the directory name
    #[arg(long, short, value_name = "TEXT")]
    message: String,
    /// The version, instead of the current UTC time
    #[arg(long, value_name = "VERSION")]
    rev_id: Option<String>,
    /// Run it without a transaction, for statements such as CREATE INDEX CONCURRENTLY
    #[arg(long, conflicts_with = "autogenerate")]
    no_transaction: bool,
    /// Move rows of this table in batches: up.sql is one statement, run for a range of keys at a time, each committed
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["autogenerate", "no_transaction"])]
    backfill: Option<String>,
    /// With --backfill: the column that orders the batches, NOT NULL and indexed
    #[arg(long, value_name = "COLUMN", requires = "backfill", default_value = "id")]
    key: String,
    /// Generate the migration to the source of truth, schema.rs or SQL, once it has gone up and down in a throwaway database with
    /// rows in the tables
    #[arg(long)]
    autogenerate: bool,
    /// Generate the migration that brings views, functions and triggers to what the files of `repeatable` in [schema] of glowplug.toml
    /// say; everything else stays as the migrations have it
    #[arg(long, conflicts_with_all = ["autogenerate", "no_transaction", "backfill"])]
    repeatable: bool,
    /// Nothing was renamed: drop what is gone
    #[arg(long, requires = "autogenerate")]
    no_renames: bool,
    #[command(flatten)]
    source: TruthArgs,
    /// Write plain statements, which may block reads and writes while they run: fewer migrations, for tables that are not in use
    #[arg(long, requires = "autogenerate")]
    no_online: bool,
    /// Rename tables and columns to glowplug_kept_… instead of dropping them, and exclude them from comparison
    #[arg(long, requires = "autogenerate")]
    keep_data: bool,
    /// Fail if there are objects that are not compared, or if the migration cannot be reverted
    #[arg(long, requires = "autogenerate")]
    strict: bool,
    #[command(flatten)]
    alembic: RevisionFlags,
}

impl Revision {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        self.alembic.answer()?;
        let settings = Settings::resolve(global)?;
        if self.autogenerate || self.repeatable {
            return self.generate(&settings, output);
        }
        let dir = &settings.migrations_dir;
        let migrations = if dir.is_dir() { settings.migrations()? } else { Migrations::default() };
        let version = self.rev_id.as_deref();
        let mut report = match &self.backfill {
            Some(table) => {
                let Some((schema, table)) = Declaration::table(table) else {
                    return Err(CliError::Cannot {
                        what: format!("`{table}` is not a table"),
                        help: "Write schema.table, or a table of schema public.".into(),
                    });
                };
                let wanted = NewBackfill { schema, table, key: self.key.clone() };
                job::revision::backfill(dir, &migrations, &self.message, version, &wanted)?
            }
            None => job::revision::revision(
                dir,
                &migrations,
                &self.message,
                version,
                !self.no_transaction,
            )?,
        };
        if let Some(head) = migrations.head().filter(|it| it.version > report.version) {
            output.talk(&format!(
                "Its version sorts before the newest, {}: it will be out of order where that one is applied. Choose another with --rev-id.",
                head.version
            ));
        }
        let current = std::env::current_dir().unwrap_or_default();
        if let Ok(short) = report.path.strip_prefix(&current) {
            report.path = short.to_owned();
        }
        settings.keep_history(&[&report.name])?;
        output.answer(&report, render::revision);
        Ok(Exit::Done)
    }

    fn generate(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        let place = Place {
            dir: &settings.migrations_dir,
            message: &self.message,
            version: self.rev_id.as_deref(),
            renames_settled: self.no_renames,
        };
        let truth = self.source.truth(settings)?;
        let printer = printer(settings, None)?;
        let truth = match self.repeatable {
            true => Truth::Over(repeatable(settings)?),
            false => truth.map_or(Truth::SchemaRs(&printer), Truth::Sql),
        };
        let forms = Forms {
            online: !self.no_online,
            keeps_data: self.keep_data,
            in_one: false,
            strict: self.strict,
        };
        let mut report = autogenerated(
            &truth,
            &self.source.rename,
            &place,
            (self.source.from, &self.source.partitions.drop_partition, forms),
            settings,
            output,
        )?;
        settings.keep_history(&[])?;
        for drafted in &mut report.migrations {
            let short = drafted.path.take().map(|path| settings.relative(&path).into());
            drafted.path = short;
        }
        output.answer(&report, render::drafted);
        Ok(Exit::Done)
    }
}

/// The files of `repeatable` in `[schema]`.
fn repeatable(settings: &Settings) -> Result<Vec<(PathBuf, String)>, CliError> {
    let Some(path) = &settings.toml.schema.repeatable else {
        return Err(CliError::Cannot {
            what: "glowplug.toml names no `repeatable` in [schema]".into(),
            help:
                "Name the directory of the views, functions and triggers that are edited in place."
                    .into(),
        });
    };
    let files = truth::read(&settings.root.join(path)).map_err(JobError::from)?;
    let short = |(path, text): (PathBuf, String)| (PathBuf::from(settings.relative(&path)), text);
    Ok(files.into_iter().map(short).collect())
}

/// Generates, proves and writes the migrations to a source of truth. On a terminal, asks about renames.
pub(super) fn autogenerated(
    truth: &Truth<'_>,
    renames: &[String],
    place: &Place<'_>,
    (from, drop_partitions, forms): (From, &[String], Forms),
    settings: &Settings,
    output: &Output,
) -> Result<AutogenerateReport, CliError> {
    let run = |renames: &[String], place: &Place<'_>| {
        let mut progress = output.progress().of_replays();
        let asked = (from, renames, drop_partitions);
        let report = with_request(truth, asked, forms, settings, output, async |request, stop| {
            // the replay repeats notices of migrations that exist already
            let mut watch = |event: Event| {
                if !matches!(event, Event::Notice { .. } | Event::Done { .. }) {
                    progress.show(&event);
                }
            };
            Ok(autogenerate::autogenerate(request, place, stop, &mut watch).await?)
        });
        progress.finish();
        report
    };
    let (mut confirmed, mut denied) = (renames.to_vec(), Vec::new());
    let mut place = *place;
    loop {
        let report = run(&confirmed, &place);
        let Err(CliError::Job(JobError::Autogenerate(AutogenerateError::Renames {
            renames: found,
            ..
        }))) = &report
        else {
            return report;
        };
        if !can_ask() {
            return report;
        }
        let count = confirmed.len();
        for flag in found {
            if denied.contains(flag) || !may_be_asked(flag, &confirmed, &denied) {
                continue;
            }
            let question = format!("Is {}?", flag.replacen('=', " now called ", 1));
            let answered = if asked(&question) { &mut confirmed } else { &mut denied };
            answered.push(flag.clone());
        }
        // a confirmed rename may reveal more, such as the columns of a table
        place.renames_settled = confirmed.len() == count;
    }
}
