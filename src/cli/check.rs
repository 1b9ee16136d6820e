//! `glowplug check`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    autogenerate::{self, AutogenerateRequest, Forms, Truth},
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        schema::printer,
        settings::{LimitArgs, Settings},
    },
    job::{JobError, open::Endpoint},
    migration::source::Migrations,
    postgres::session::Stop,
    project,
    render::failure::CliError,
};

/// Checks that the migrations and the source of truth agree: would `revision --autogenerate` find anything?
///
/// The source of truth is schema.rs, or the SQL that `source` in `[schema]` of glowplug.toml names. Needs no database. Exits with 3
/// and a list if something differs.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    source: TruthArgs,
    /// Also fail if there are objects that are not compared
    #[arg(long)]
    strict: bool,
}

/// Where the source of truth is.
#[derive(Debug, Args)]
pub(super) struct TruthArgs {
    /// SQL that creates everything in an empty database: a file, or a directory of .sql files [default: `source` in
    /// glowplug.toml, else schema.rs]
    #[arg(long, value_name = "PATH")]
    source: Option<PathBuf>,
    /// Rename instead of dropping and creating: `table=new`, `table.column=new`, `type=new`, `type.value=new`, optionally with a
    /// schema; `table=schema.new` moves to another schema. Any order
    #[arg(long, value_name = "OLD=NEW")]
    pub(super) rename: Vec<String>,
    /// What to start from: the result of the migrations, or the database as it is
    #[arg(long, value_enum, default_value_t = From::Migrations)]
    pub(super) from: From,
    #[command(flatten)]
    pub(super) partitions: PartitionArgs,
}

/// What to do with partitions that only the database has.
#[derive(Debug, Args)]
pub(super) struct PartitionArgs {
    /// Drop a partition that only the database has, with its rows: `schema.name`. Others are kept
    #[arg(long, value_name = "NAME")]
    pub(super) drop_partition: Vec<String>,
}

/// What is compared with the source of truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum From {
    /// What the migrations create in an empty database
    Migrations,
    /// The database as it is, drift included
    Database,
}

impl From {
    /// How to reach the database, if it is needed.
    pub(super) fn endpoint(
        self,
        settings: &Settings,
        stop: &Stop,
        output: &Output,
    ) -> Result<Option<Endpoint>, CliError> {
        match self {
            Self::Migrations => Ok(None),
            Self::Database => Ok(Some(settings.endpoint("check", stop.clone(), output)?)),
        }
    }
}

impl TruthArgs {
    /// The SQL of the source of truth, if it is SQL.
    pub(super) fn truth(
        &self,
        settings: &Settings,
    ) -> Result<Option<Vec<(PathBuf, String)>>, JobError> {
        sql_truth(self.source.clone(), settings)
    }
}

/// The SQL of the source of truth, if it is SQL: what is named, else what glowplug.toml names.
pub(super) fn sql_truth(
    named: Option<PathBuf>,
    settings: &Settings,
) -> Result<Option<Vec<(PathBuf, String)>>, JobError> {
    let configured = settings.toml.schema.source.as_ref();
    let path = named.or_else(|| configured.map(|it| settings.root.join(it)));
    let files = path.map(|path| project::truth::read(&path)).transpose()?;
    let short = |(path, text): (PathBuf, String)| (PathBuf::from(settings.relative(&path)), text);
    Ok(files.map(|files| files.into_iter().map(short).collect()))
}

/// Runs a job with the request that the project's files make.
pub(super) fn with_request<T>(
    truth: &Truth<'_>,
    (from, renames, drop_partitions): (From, &[String], &[String]),
    forms: Forms,
    settings: &Settings,
    output: &Output,
    run: impl AsyncFnOnce(&AutogenerateRequest<'_>, Stop) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let migrations = if settings.migrations_dir.is_dir() {
        settings.migrations()?
    } else {
        Migrations::default()
    };
    let guard = settings.exec_options(&LimitArgs::default()).guard;
    block_on(async |stop| {
        let database = from.endpoint(settings, &stop, output)?;
        let shadow = match from {
            From::Migrations => settings.twin("check", &stop, output, &mut |_| {}).await?,
            From::Database => settings.shadow(output)?,
        };
        let request = AutogenerateRequest {
            shadow: &shadow,
            migrations: &migrations,
            database: database.as_ref(),
            guard: &guard,
            truth,
            renames,
            ignored: &settings.ignored(),
            drop_partitions,
            forms,
        };
        run(&request, stop).await
    })
}

impl Check {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        if settings.migrations_dir.is_dir() {
            settings.demand_history(&settings.migrations()?, false)?;
        }
        let mut progress = output.progress().of_replays();
        let truth = self.source.truth(&settings)?;
        let printer = printer(&settings, None)?;
        let truth = truth.map_or(Truth::SchemaRs(&printer), Truth::Sql);
        let (renames, drop) = (&self.source.rename, &self.source.partitions.drop_partition);
        let report = with_request(
            &truth,
            (self.source.from, renames, drop),
            Forms::default(),
            &settings,
            output,
            async |request, stop| {
                let mut watch = |event| progress.show(&event);
                Ok(autogenerate::check(request, stop, &mut watch).await?)
            },
        );
        progress.finish();
        let report = report?;
        let truth = settings.truth_file(self.source.source.as_deref());
        let findings = report.findings(truth.as_deref(), self.strict);
        let sheet = settings.sheet(&["check"], findings);
        output.findings(&report, &sheet, render::checked);
        let is_fine = report.is_empty() && (!self.strict || report.not_compared.is_empty());
        Ok(if is_fine { Exit::Done } else { Exit::Findings })
    }
}
