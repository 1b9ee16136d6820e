//! schema.rs: printed, written, compared.

mod edited;
pub(crate) mod edits;
mod explained;

pub(crate) use self::edited::{Before, after_run, before_run};
pub(crate) use self::edits::edits;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    catalog::{Catalog, Coverage},
    introspect::{self, environment},
    job::{JobError, Watch, database, failure::SchemaWouldChange, open::Endpoint, run},
    migration::{
        environment::own_settings,
        source::{Direction, Migrations},
        squash,
        status::status,
        version::Version,
    },
    postgres::session::Stop,
    project::{ProjectError, printed::Record, schema_file},
    replay::shadow::Shadow,
    report::schema::{FileReport, FileState, SchemaReport},
    schema_rs::{
        self, Compat, PrintSchema, PrintSchemas, Style,
        config::DEFAULT_KEY,
        patch::{self, PatchError},
    },
};

/// What is printed, and how.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    /// The settings of the files.
    pub schemas: PrintSchemas,
    /// What they have in common.
    pub style: Style,
    /// What paths begin with that are shown from there.
    pub current: PathBuf,
    /// What was printed before, where that is kept.
    pub record: Option<Record>,
}

/// One file as it should be.
#[derive(Debug, Clone)]
pub(crate) struct Printed {
    /// The key of its settings.
    pub key: String,
    /// Where it belongs, if anywhere.
    pub file: Option<PathBuf>,
    /// Its text.
    pub text: String,
}

/// Where the structure is read from.
#[derive(Debug)]
pub(crate) enum Source<'s> {
    /// A database.
    Database(&'s Endpoint),
    /// The migrations alone, replayed.
    Migrations(&'s Shadow, &'s Migrations, Stop),
}

impl Source<'_> {
    /// Reads the structure, as far as schema.rs shows it.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, or a migration fails.
    pub(crate) async fn catalog(self, watch: Watch<'_>) -> Result<Catalog, JobError> {
        let coverage = Coverage::printing();
        match self {
            Self::Database(endpoint) => {
                let (mut session, facts, _) = endpoint.read(watch).await?;
                let catalog = introspect::read(&mut session, facts.server_version, &coverage);
                Ok(catalog.await?)
            }
            Self::Migrations(shadow, migrations, stop) => {
                shadow.catalog(migrations, &coverage, stop, watch).await
            }
        }
    }
}

impl Printer {
    /// Whether any file is to be written.
    #[must_use]
    pub(crate) fn has_files(&self) -> bool {
        self.schemas.all.values().any(|it| it.file.is_some())
    }

    /// Prints every file, patches included, in the order of their keys, and says what should be known about them.
    ///
    /// # Errors
    /// When a table cannot be printed, or a patch does not fit.
    pub(crate) fn print(&self, catalog: &Catalog) -> Result<(Vec<Printed>, Vec<String>), JobError> {
        let mut files = Vec::new();
        let mut notes = Vec::new();
        for (key, config) in &self.schemas.all {
            let (text, said) = self.unpatched(catalog, config)?;
            notes.extend(said);
            files.push(Printed {
                key: key.clone(),
                file: config.file.clone(),
                text: self.patched(text, config)?,
            });
        }
        Ok((files, notes))
    }

    /// Writes the files that differ from what is printed: all of them, or none.
    ///
    /// # Errors
    /// As [`Printer::print`], when the system says no, and when edits would be lost that are not to be discarded.
    pub(crate) fn write(
        &self,
        catalog: &Catalog,
        discards_edits: bool,
    ) -> Result<SchemaReport, JobError> {
        let mut report = self.compare(catalog)?;
        let (printed, _) = self.print(catalog)?;
        if !discards_edits {
            edited::demand_none(self, catalog, &report)?;
        }
        for (file, report) in with_places(printed).zip(&mut report.files) {
            if report.state != FileState::Fresh {
                self.put(&file.0, &file.1)?;
                report.state = FileState::Written;
            }
        }
        Ok(report)
    }

    /// Writes a file, and notes what is in it.
    pub(crate) fn put(&self, path: &Path, text: &str) -> Result<(), ProjectError> {
        schema_file::write(path, text)?;
        if let Some(record) = &self.record {
            record.note(path, text);
        }
        Ok(())
    }

    /// Compares the files with what is printed, line by line: line ends, and that of the last line, may differ.
    ///
    /// # Errors
    /// As [`Printer::print`], and when a file cannot be read.
    pub(crate) fn compare(&self, catalog: &Catalog) -> Result<SchemaReport, JobError> {
        let (printed, notes) = self.print(catalog)?;
        let mut files = Vec::new();
        for (path, text) in with_places(printed) {
            let shown = self.shown(&path);
            let (state, difference) = match schema_file::read(&path)? {
                None => (FileState::Missing, None),
                Some(found) if found == text => (FileState::Fresh, None),
                Some(found) if found.lines().eq(text.lines()) => (FileState::LineEnds, None),
                Some(found) => (FileState::Stale, patch::difference(&shown, &found, &text)),
            };
            files.push(FileReport { file: shown, state, difference });
        }
        Ok(SchemaReport { files, notes })
    }

    /// Refuses files that differ from what is printed.
    ///
    /// # Errors
    /// When one does.
    pub(crate) fn demand(&self, catalog: &Catalog) -> Result<(), JobError> {
        let report = self.compare(catalog)?;
        let changed = |it: &&FileReport| matches!(it.state, FileState::Stale | FileState::Missing);
        let changed: Vec<&FileReport> = report.files.iter().filter(changed).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let difference = changed.iter().filter_map(|it| it.difference.clone());
        Err(SchemaWouldChange {
            files: changed.iter().map(|it| it.file.clone()).collect(),
            difference: difference.collect(),
        }
        .into())
    }

    /// Makes the patches anew: what leads from the printed text to the file as a person has edited it.
    ///
    /// # Errors
    /// When a file cannot be read, has what no migration makes, or a patch cannot be written.
    pub(crate) fn update_patches(&self, catalog: &Catalog) -> Result<SchemaReport, JobError> {
        let mut report = SchemaReport::default();
        for config in self.schemas.all.values() {
            let (Some(file), Some(patch_file)) = (&config.file, &config.patch_file) else {
                continue;
            };
            let (text, notes) = self.unpatched(catalog, config)?;
            report.notes.extend(notes);
            let Some(wanted) = schema_file::read(file)? else {
                continue;
            };
            let what = explained::unexplained(self, config, catalog, &text, &wanted)?;
            if !what.is_empty() {
                let file = self.shown(file);
                return Err(PatchError::Unexplained { file, what }.into());
            }
            let patch = patch::create(&text, &wanted).unwrap_or_default();
            let before = schema_file::read(patch_file)?;
            let state = if before.as_deref() == Some(patch.as_str()) {
                FileState::Fresh
            } else {
                schema_file::write(patch_file, &patch)?;
                FileState::Written
            };
            report.files.push(FileReport { file: self.shown(patch_file), state, difference: None });
        }
        Ok(report)
    }

    pub(crate) fn unpatched(
        &self,
        catalog: &Catalog,
        config: &PrintSchema,
    ) -> Result<(String, Vec<String>), JobError> {
        let printed = schema_rs::print(catalog, config, &self.style)?;
        Ok((printed.text, printed.notes))
    }

    pub(crate) fn patched(&self, text: String, config: &PrintSchema) -> Result<String, JobError> {
        let Some(patch) = self.patch(config)? else {
            return Ok(text);
        };
        let shown = config.patch_file.as_ref().map(|it| self.shown(it));
        let shown = shown.unwrap_or_default();
        Ok(match self.style.compat {
            // Diesel prints less, and adds what it is told to
            Compat::Diesel => patch::apply(&text, &shown, &patch)?,
            Compat::Right => patch::apply_once(&text, &shown, &patch)?,
        })
    }

    /// The text of a patch, where there is one and it changes something.
    pub(crate) fn patch(&self, config: &PrintSchema) -> Result<Option<String>, JobError> {
        let Some(file) = &config.patch_file else {
            return Ok(None);
        };
        let patch = schema_file::read_existing(file)?;
        Ok((!patch.trim().is_empty()).then_some(patch))
    }

    pub(crate) fn shown(&self, path: &Path) -> String {
        let short = path.strip_prefix(&self.current).unwrap_or(path);
        short.display().to_string()
    }

    /// The same for one file only.
    #[must_use]
    pub(crate) fn only(mut self, key: &str) -> Option<Self> {
        let config = self.schemas.all.remove(key)?;
        self.schemas.all = [(key.to_owned(), config)].into();
        Some(self)
    }

    /// Gives the settings of `[print_schema]` a file, where no settings have one.
    #[must_use]
    pub(crate) fn with_default_file(mut self, file: PathBuf) -> Self {
        if !self.has_files()
            && let Some(config) = self.schemas.all.get_mut(DEFAULT_KEY)
        {
            config.file = Some(file);
        }
        self
    }
}

fn with_places(printed: Vec<Printed>) -> impl Iterator<Item = (PathBuf, String)> {
    printed.into_iter().filter_map(|it| Some((it.file?, it.text)))
}

/// Refuses a run after which a schema.rs would be another one.
///
/// Where nothing would run, the database itself tells what is there; else the shadow tells what the run would lead to.
///
/// # Errors
/// When a file would change, or the shadow cannot be made.
pub(crate) async fn demand_unchanged(
    endpoint: &Endpoint,
    migrations: &Migrations,
    operation: &run::Operation,
    printer: &Printer,
    shadow: impl FnOnce() -> Result<Shadow, JobError>,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let (mut session, _, journal) = endpoint.read(watch).await?;
    let own = own_settings(migrations.texts());
    let read = environment::read(&mut session, &endpoint.url, &own).await?;
    drop(session);
    let settled = squash::settle(migrations, &journal);
    let (migrations, journal) = (&*settled.migrations, &*settled.journal);
    let status = status(migrations, journal);
    let plan = run::make_plan(&status, migrations, operation)?;
    if plan.steps.is_empty() {
        let catalog = Source::Database(endpoint).catalog(watch).await?;
        return printer.demand(&catalog);
    }
    let mut applied: BTreeSet<&Version> = journal.applied.keys().collect();
    for step in &plan.steps {
        let version = &step.migration.version;
        match step.direction {
            Direction::Up => applied.insert(version),
            Direction::Down => applied.remove(version),
        };
    }
    let after = migrations.iter().filter(|it| applied.contains(&it.version)).cloned();
    let after = Migrations::new(after.collect()).map_err(ProjectError::from)?;
    let shadow = shadow()?.of(read.environment);
    demand_of_migrations(&after, printer, &shadow, endpoint.stop.clone()).await
}

/// Refuses to make the database of an endpoint anew, if a schema.rs would be another one then.
///
/// # Errors
/// When a file would change, or the shadow cannot be made.
pub(crate) async fn demand_of_new(
    endpoint: &Endpoint,
    migrations: &Migrations,
    printer: &Printer,
    shadow: &Shadow,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let environment = database::environment_of_new(endpoint, &shadow.own_settings, watch).await?;
    let shadow = shadow.of(environment);
    demand_of_migrations(migrations, printer, &shadow, endpoint.stop.clone()).await
}

async fn demand_of_migrations(
    migrations: &Migrations,
    printer: &Printer,
    shadow: &Shadow,
    stop: Stop,
) -> Result<(), JobError> {
    // what the shadow does is not what was asked for, and is not shown as if it were
    let source = Source::Migrations(shadow, migrations, stop);
    printer.demand(&source.catalog(&mut |_| {}).await?)
}
