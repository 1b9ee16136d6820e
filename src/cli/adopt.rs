//! `glowplug adopt`.

use std::path::{Path, PathBuf};

use clap::{Args, builder::PossibleValuesParser};

use crate::{
    cli::{
        Global,
        ask::{asked, can_ask},
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        schema::printer,
        settings::{LimitArgs, Settings},
    },
    history::{self, adopt::Adoption},
    job::JobError,
    migration::history_file,
    project::{adopted, read},
    render::failure::CliError,
    report::adopt::Manner,
    tools::Tool,
};

/// Takes over a database, and the migrations of another tool, without running anything on the database.
///
/// Recognizes the tool by its table and its files, converts its migrations, or makes one from the structure of the database. It proves them in a
/// throwaway database: what they lead to must be what the database has, up to `pg_dump`, and each down.sql must lead back. Then it
/// asks, writes the migrations, and records them as applied. The other tool's table and files stay. Exits with 3 if something differs.
#[derive(Debug, Args)]
pub(super) struct Adopt {
    /// The tool, if several are found
    #[arg(long, value_name = "TOOL", value_parser = PossibleValuesParser::new(Tool::ALL.map(Tool::id)))]
    from: Option<String>,
    /// Make one migration from the structure of the database
    #[arg(long, conflicts_with = "convert")]
    baseline: bool,
    /// Convert the files of the tool [default where they are SQL, or Alembic prints them as SQL]
    #[arg(long)]
    convert: bool,
    /// The directory of the tool's migrations, if it is not found
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// Copy the rows of this table into the baseline; may be repeated
    #[arg(long, value_name = "TABLE", conflicts_with = "convert")]
    rows: Vec<String>,
    /// The value of a placeholder of Flyway's; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    placeholder: Vec<(String, String)>,
    /// Alembic's program [default: that of .venv or venv, else `alembic`]
    #[arg(long, value_name = "PROGRAM")]
    alembic: Option<PathBuf>,
    /// Only show what would be written
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Remove what was adopted: the migrations, if they are unchanged, and what the database records of them
    #[arg(long, conflicts_with_all = ["from", "baseline", "convert", "files", "rows", "placeholder", "alembic"])]
    undo: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Reads `name=value`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

impl Adopt {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        if self.undo {
            return self.run_undo(&settings, output);
        }
        if !self.yes && !self.dry_run {
            demand_terminal(
                output,
                "to write the migrations and record them, or --dry-run to see what would be written",
            )?;
        }
        let dir = directory(&settings, global)?;
        let printer = printer(&settings, None)?;
        let shadow = settings.shadow(output)?;
        let (ignored, limits) = (settings.ignored(), settings.limits(&self.limits));
        let actor = settings.actor();
        let mut progress = output.progress();
        let mut adoption: Option<Adoption> = None;
        let done = block_on(async |stop| {
            let endpoint = settings.endpoint("adopt", stop.clone(), output)?;
            let request = history::adopt::AdoptRequest {
                endpoint: &endpoint,
                shadow: &shadow,
                root: &settings.root,
                dir: &dir,
                tool: self.tool(),
                manner: self.manner(),
                files: self.files.as_deref(),
                placeholders: &self.placeholder,
                rows: &self.rows,
                alembic: self.alembic.as_deref(),
                ignored: &ignored,
                printer: &printer,
                limits: &limits,
                actor: &actor,
                keeps_history: settings.toml.migrations.history_file,
            };
            let mut watch = |event| progress.show(&event);
            let mut found = history::adopt::prepare(&request, stop, &mut watch).await?;
            progress.finish();
            found.report.dry_run = self.dry_run || !found.report.is_clean();
            let may = !found.report.dry_run && self.may(&found, output);
            if may {
                let printer = || -> Result<_, JobError> {
                    // the settings that were just written say where schema.rs is
                    match Settings::resolve(global).and_then(|it| self::printer(&it, None)) {
                        Ok(printer) => Ok(printer),
                        Err(CliError::Job(error)) => Err(error),
                        Err(_) => Ok(printer.clone()),
                    }
                };
                let quiet = &mut |_| {};
                history::adopt::record(&request, &mut found, printer, quiet).await?;
            }
            adoption = Some(found);
            Ok::<_, CliError>(())
        });
        progress.finish();
        done?;
        let Some(Adoption { mut report, .. }) = adoption else { return Ok(Exit::Done) };
        for path in &mut report.written {
            *path = settings.relative(path).into();
        }
        let was_shown = !self.yes && !report.dry_run;
        output.answer(&report, |it| match was_shown {
            true => render::recorded(it),
            false => render::adopted(it, output.is_verbose()),
        });
        Ok(if report.is_clean() { Exit::Done } else { Exit::Findings })
    }

    fn tool(&self) -> Option<Tool> {
        let name = self.from.as_deref()?;
        Tool::ALL.into_iter().find(|it| it.id() == name)
    }

    fn manner(&self) -> Option<Manner> {
        match (self.baseline, self.convert) {
            (true, _) => Some(Manner::Baseline),
            (_, true) => Some(Manner::Convert),
            _ => None,
        }
    }

    /// Whether it may be written: it was said, or is said now.
    fn may(&self, adoption: &Adoption, output: &Output) -> bool {
        if self.yes {
            return true;
        }
        let report = &adoption.report;
        output.talk(render::adopted(report, output.is_verbose()).trim_end());
        let (count, applied) = (report.migrations.len(), report.applied());
        let question = format!(
            "Write these migrations ({count}) and record {applied} as applied in {}?",
            report.database
        );
        asked(&question)
    }

    fn run_undo(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        let limits = settings.limits(&self.limits);
        let mut progress = output.progress();
        let dir = match adopted::read(&settings.migrations_dir).map_err(JobError::from)? {
            Some(_) => settings.migrations_dir.clone(),
            None => settings.root.join(OWN),
        };
        let dir =
            if dir.join(adopted::NAME).is_file() { dir } else { settings.migrations_dir.clone() };
        if !self.yes && !self.dry_run {
            demand_terminal(
                output,
                "to remove what was adopted, or --dry-run to see what would be removed",
            )?;
            let shown = settings.relative(&dir);
            if !asked(&format!(
                "Remove the migrations in {shown} that were adopted, and what the database records of them?"
            )) {
                output.talk("Nothing was removed.");
                return Ok(Exit::Done);
            }
        }
        let report = block_on(async |stop| {
            let endpoint = settings.endpoint("adopt", stop, output)?;
            let mut watch = |event| progress.show(&event);
            let undo = history::adopt::undo(&endpoint, &dir, &limits, self.dry_run, &mut watch);
            Ok::<_, CliError>(undo.await?)
        });
        progress.finish();
        let mut report = report?;
        if !self.dry_run && dir.join(history_file::NAME).exists() {
            settings.keep_history(&[])?;
        }
        for path in report.removed.iter_mut().chain(&mut report.kept) {
            *path = settings.relative(path).into();
        }
        output.answer(&report, |it| render::undone(it, self.dry_run));
        Ok(Exit::Done)
    }
}

/// Refuses where nobody can be asked.
fn demand_terminal(output: &Output, what_for: &str) -> Result<(), CliError> {
    match output.is_json() || !can_ask() {
        true => Err(CliError::Cannot {
            what: "there is no terminal to ask on".into(),
            help: format!("Use --yes {what_for}."),
        }),
        false => Ok(()),
    }
}

/// The directory beside another tool's.
const OWN: &str = "diesel_migrations";

/// The directory that migrations are written to: another one where the usual one has directories of another tool.
fn directory(settings: &Settings, global: &Global) -> Result<PathBuf, CliError> {
    let usual = settings.current.join(&settings.migrations_dir);
    let is_named = global.migration_dir.is_some()
        || settings.var("MIGRATION_DIRECTORY").is_some()
        || settings.diesel_toml.is_file();
    if is_named || is_own(&usual) {
        return Ok(usual);
    }
    Ok(settings.root.join(OWN))
}

/// Whether a directory has nothing but migrations of ours, and files.
fn is_own(dir: &Path) -> bool {
    let has_program = ["env.py", "script.py.mako"].iter().any(|it| dir.join(it).exists());
    !dir.is_dir() || !has_program && read::migrations(dir, "migrations").is_ok()
}
