//! Writes what was proved: the migrations to disk, and the journal in one transaction.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{
    history::adopt::{AdoptRequest, Adoption},
    job::{JobError, Watch, failure::AdoptError, init},
    migration::{
        history_file::NAME,
        journal::EntryKind,
        source::{Migration, Migrations},
    },
    postgres::{journal::Record, lock::Locked, session_error::SessionError},
    project::{
        ProjectError,
        adopted::{self, Adopted, Written},
        history_file, root,
        write::{self, NewMigration},
    },
    replay::schema::{Printer, Source},
    report::{adopt::Manner, schema::FileState},
    tools::{applied::Row, table},
    words::digest::Digest,
};

/// Writes the files that are missing, and records what the database has. `printer` is asked for after settings were written: it prints
/// schema.rs. The lock of the database is held meanwhile, so that two runs do not write at once.
///
/// # Errors
/// When a file cannot be written, or the database has changed since it was looked at: nothing is left then.
pub(crate) async fn record(
    request: &AdoptRequest<'_>,
    adoption: &mut Adoption,
    printer: impl FnOnce() -> Result<Printer, JobError>,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let is_new = adoption.report.manner != Manner::Record;
    let mut locked = locked(request, adoption, watch).await?;
    let mut adopted = match is_new {
        true => files(request, adoption)?,
        false => adopted::read(request.dir)?.unwrap_or_default(),
    };
    if let Err(error) = journal(&mut locked, request, adoption).await {
        if is_new {
            // nothing is left of what failed; the error that is reported is the first one
            drop(adopted::remove(request.dir, &adopted));
            drop(forget_history(request));
        }
        return Err(error);
    }
    locked.release().await;
    adoption.report.recorded = true;
    schema(request, adoption, printer, &mut adopted, watch).await
}

/// Writes migrations, settings and the note of where they come from. The note is there first, so that a run that is killed is known.
fn files(request: &AdoptRequest<'_>, adoption: &mut Adoption) -> Result<Adopted, JobError> {
    if let Some(before) = adopted::read(request.dir)?.filter(|it| it.unfinished) {
        adopted::clear(request.dir, &before)?;
    }
    let places = adoption.migrations.iter().map(|it| request.dir.join(&it.name));
    if let Some(path) = places.into_iter().find(|it| it.exists()) {
        let advice = "Move it away: a migration gets this name.".to_owned();
        return Err(ProjectError::Exists { path, advice }.into());
    }
    let settings = init::missing(request.root, request.dir);
    let intended = settings.iter().map(|(path, text)| Written {
        path: root::relative(path, request.dir),
        sha256: Digest::of(text),
    });
    let note = Adopted {
        format: 1,
        tool: adoption.tool.map(|it| it.id().to_owned()),
        baseline: adoption.report.manner == Manner::Baseline,
        migrations: adoption.origins.clone(),
        files: intended.collect(),
        unfinished: true,
    };
    adopted::write(request.dir, &note)?;
    match written(request, adoption, &note) {
        Ok(adopted) => Ok(adopted),
        Err(error) => {
            // nothing is left of what failed; the error that is reported is the first one
            drop(adopted::clear(request.dir, &note));
            drop(forget_history(request));
            Err(error)
        }
    }
}

/// Writes what was noted, and notes what is in it.
fn written(
    request: &AdoptRequest<'_>,
    adoption: &mut Adoption,
    note: &Adopted,
) -> Result<Adopted, JobError> {
    let new: Vec<NewMigration<'_>> = adoption
        .migrations
        .iter()
        .map(|it| NewMigration {
            name: &it.name,
            up: &it.up.text,
            down: it.down.as_ref().map_or("", |it| &it.text),
            run_in_transaction: it.metadata.run_in_transaction,
            metadata: "",
        })
        .collect();
    let places = write::migrations(request.dir, &new)?;
    let mut settings = init::InitReport::default();
    init::write_all(request.root, request.dir, false, &mut settings)?;
    if request.keeps_history {
        keep_history(request.dir, &adoption.migrations, &mut settings)?;
    }
    let scripts = places
        .iter()
        .flat_map(|place| ["up.sql", "down.sql", "metadata.toml"].map(|file| place.join(file)));
    let all: Vec<PathBuf> = scripts.chain(settings.written.iter().cloned()).collect();
    let files = all.iter().map(|path| adopted::written(request.dir, path));
    let files = files.collect::<Result<Vec<Written>, _>>()?;
    let adopted = Adopted { files, unfinished: false, ..note.clone() };
    adopted::write(request.dir, &adopted)?;
    adoption.report.written.extend(places);
    adoption.report.written.extend(settings.written);
    Ok(adopted)
}

/// Takes the lines of migrations that are gone out of a `.history` that was there before.
fn forget_history(request: &AdoptRequest<'_>) -> Result<(), JobError> {
    if request.keeps_history && request.dir.join(NAME).exists() {
        history_file::keep(request.dir, &Migrations::default(), &[])?;
    }
    Ok(())
}

/// Writes a line for each migration into `.history`. One that was there already stays when the adoption is taken back.
fn keep_history(
    dir: &Path,
    migrations: &Migrations,
    settings: &mut init::InitReport,
) -> Result<(), JobError> {
    let path = dir.join(NAME);
    let was_there = path.exists();
    history_file::keep(dir, migrations, &[])?;
    if !was_there {
        settings.written.push(path);
    }
    Ok(())
}

/// Locks the database, unless it has changed since it was looked at.
async fn locked<'e>(
    request: &AdoptRequest<'e>,
    adoption: &Adoption,
    watch: Watch<'_>,
) -> Result<Locked<'e>, JobError> {
    let (mut locked, journal) = request.endpoint.lock(request.limits, watch).await?;
    let database = locked.facts().database.clone();
    if !journal.applied.is_empty() {
        let count = journal.applied.len();
        return Err(AdoptError::Already { database, count }.into());
    }
    if let Some(sql) = adoption.table.as_ref().and_then(table::rows) {
        let rows = locked.session.query(&sql, Vec::new()).await;
        let rows =
            rows.map_err(SessionError::while_doing("reading what the other tool has run"))?;
        let rows: Vec<Row> = rows.into_iter().map(Row::read).collect();
        if rows != adoption.rows {
            let tool = adoption.tool.map_or("another tool", |it| it.label()).to_owned();
            return Err(AdoptError::Meanwhile { database, tool }.into());
        }
    }
    Ok(locked)
}

/// Records what the database has, in one transaction.
async fn journal(
    locked: &mut Locked<'_>,
    request: &AdoptRequest<'_>,
    adoption: &Adoption,
) -> Result<(), JobError> {
    let is_new = !locked.facts().place.has_journal && !locked.facts().place.has_diesel;
    let tool = adoption.tool.map(|it| it.id());
    let both = adoption.migrations.iter().zip(&adoption.origins);
    let records = both.filter_map(|(migration, origin)| {
        let evidence = adoption.evidence.get(&origin.id)?;
        let note = json!({ "adopted": {
            "from": tool, "id": origin.id, "applied_at": evidence.at,
            "checksum": evidence.checksum, "made_tables": is_new,
        }});
        Some(entry(migration, request.actor, note.to_string()))
    });
    let records: Vec<Record<'_>> = records.collect();
    locked.adopt(&records).await?;
    Ok(())
}

fn entry<'a>(migration: &'a Migration, actor: &'a str, note: String) -> Record<'a> {
    let record = Record::of(migration, EntryKind::Stamp, actor);
    Record { took_ms: Some(0), note: Some(note), ..record }
}

/// Prints schema.rs where there is none. One that says something else is left as it is.
async fn schema(
    request: &AdoptRequest<'_>,
    adoption: &mut Adoption,
    printer: impl FnOnce() -> Result<Printer, JobError>,
    adopted: &mut Adopted,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let printer = printer()?;
    if !printer.has_files() {
        return Ok(());
    }
    let catalog = Source::Database(request.endpoint).catalog(watch).await?;
    let found = printer.compare(&catalog)?;
    let stale = found.files.iter().filter(|it| it.state == FileState::Stale);
    let stale: Vec<&str> = stale.map(|it| it.file.as_str()).collect();
    if !stale.is_empty() {
        adoption.report.remarks.push(format!(
            "{} differs from the database and was left as it is: `glowplug schema --discard-edits` overwrites it",
            stale.join(", ")
        ));
        return Ok(());
    }
    let report = printer.write(&catalog, false)?;
    adoption.report.remarks.extend(report.notes);
    for file in report.files.iter().filter(|it| it.state == FileState::Written) {
        let path = printer.current.join(&file.file);
        let written = adopted::written(request.dir, &path)?;
        adopted.files.retain(|it| it.path != written.path);
        adopted.files.push(written);
        adopted::write(request.dir, adopted)?;
        adoption.report.written.push(path);
    }
    Ok(())
}
