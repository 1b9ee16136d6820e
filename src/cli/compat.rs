//! `glowplug compat`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        schema::printer,
        settings::Settings,
    },
    job,
    migration::source::Migrations,
    postgres::session::Stop,
    project::root,
    render::failure::CliError,
    replay::{
        self,
        compat::{CompatRequest, From},
    },
    report::{compat::CompatReport, finding::Severity},
};

/// Shows whether the running program works with the pending migrations, and the new one without them.
///
/// Prepares everything that Diesel can send for the schema.rs of each program, in the shadow, before and after each migration. Says
/// which order of migrating and deploying works, and which statement of which up.sql breaks what. Exits with 3 if the running
/// program breaks.
#[derive(Debug, Args)]
pub(super) struct Compat {
    /// The last migration to look at: `head`, a version or a unique prefix of one, `+N`
    #[arg(value_name = "TARGET", default_value = "head", allow_negative_numbers = true)]
    target: String,
    #[command(flatten)]
    programs: ProgramArgs,
    /// The last migration that is applied: a version, `base`, or a revision that has it on disk [default: what the database has
    /// applied, else what the revision of --from has]
    #[arg(long, value_name = "VERSION")]
    since: Option<String>,
    /// Also fail if something breaks for some values only
    #[arg(long)]
    strict: bool,
}

/// What the programs are.
#[derive(Debug, Default, Args)]
pub(super) struct ProgramArgs {
    /// The running program: a revision of git, or its schema.rs [default: `from` in [compat] of glowplug.toml, else the newest tag,
    /// else origin/HEAD, else what the applied migrations lead to]
    #[arg(long, value_name = "REV|FILE")]
    pub(super) from: Option<String>,
    /// Only what the source in this directory uses counts, at the revision of --from [default: `used` in [compat] of glowplug.toml,
    /// else everything in schema.rs counts]
    #[arg(long, value_name = "DIR")]
    pub(super) used: Option<PathBuf>,
}

impl Compat {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let mut progress = output.progress();
        let report = block_on(async |stop| {
            let mut watch = |event| progress.show(&event);
            let pending =
                Pending { since: self.since.clone(), target: self.target.clone(), will_run: false };
            report("compat", &settings, (&self.programs, pending), stop, output, &mut watch).await
        });
        progress.finish();
        let report = report?;
        let text = |name: &str| {
            let places = [&settings.current, &settings.root];
            places.iter().find_map(|it| std::fs::read_to_string(it.join(name)).ok())
        };
        let sheet = settings.sheet(&["compat"], report.findings().cloned().collect());
        output.findings(&report, &sheet, |it| render::compat(it, output.is_verbose(), &text));
        let is_found = |it: &crate::report::finding::Finding| match it.severity {
            Severity::Error => true,
            Severity::Warning => self.strict,
            Severity::Note => false,
        };
        Ok(if report.findings().any(is_found) { Exit::Findings } else { Exit::Done })
    }
}

/// Which migrations are looked at.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) since: Option<String>,
    pub(super) target: String,
    /// Whether they are about to run on the configured database, or else on the local server's.
    pub(super) will_run: bool,
}

/// Finds out what pending migrations mean for the programs.
pub(super) async fn report(
    command: &str,
    settings: &Settings,
    (programs, pending): (&ProgramArgs, Pending),
    stop: Stop,
    output: &Output,
    watch: job::Watch<'_>,
) -> Result<CompatReport, CliError> {
    let configured = &settings.toml.compat;
    let migrations = match settings.migrations_dir.is_dir() {
        true => settings.migrations()?,
        false => Migrations::default(),
    };
    let shadow = settings.twin(command, &stop, output, &mut *watch).await?;
    // a local server that is not named is nobody's production
    let database = match pending.will_run || settings.has_a_database() && pending.since.is_none() {
        true => Some(settings.endpoint(command, stop.clone(), output)?),
        false => None,
    };
    let printer = printer(settings, None)?;
    let printer = printer.with_default_file(settings.root.join("src/schema.rs"));
    let from = programs.from.clone().or_else(|| configured.from.clone());
    let used = match &programs.used {
        Some(used) => Some(demanded(&settings.current.join(used), settings)?),
        None => configured.used.clone(),
    };
    let usual = || vec![PathBuf::from("queries.sql"), PathBuf::from("src")];
    let request = CompatRequest {
        shadow: &shadow,
        migrations: &migrations,
        migrations_dir: root::relative(&settings.migrations_dir, &settings.root),
        database: database.as_ref(),
        printer: &printer,
        root: settings.root.clone(),
        from: from.map_or(From::Default, From::Named),
        since: pending.since,
        target: pending.target,
        used,
        queries: configured.queries.clone().unwrap_or_else(usual),
    };
    Ok(replay::compat::compat(&request, stop, watch).await?)
}

/// A directory that must be there, from the root of the project.
fn demanded(path: &Path, settings: &Settings) -> Result<PathBuf, CliError> {
    match path.exists() {
        true => Ok(root::relative(path, &settings.root)),
        false => Err(CliError::Cannot {
            what: format!("{} not found", settings.relative(path)),
            help: "--used takes the directory with the source of the program.".into(),
        }),
    }
}
