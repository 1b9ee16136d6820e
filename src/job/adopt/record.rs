//! Writes what was proved: the migrations to disk, and the journal in one transaction.

use serde_json::json;

use crate::{
    job::{
        JobError, Watch,
        adopt::{AdoptRequest, Adoption},
        failure::AdoptError,
        init,
        schema::{Printer, Source},
    },
    migration::{journal::EntryKind, source::Migration},
    postgres::{journal::Record, session_error::SessionError},
    project::{
        adopted::{self, Adopted, Written},
        write::{self, NewMigration},
    },
    report::{adopt::Manner, schema::FileState},
    tools::{applied::Row, table},
};

/// Writes the files that are missing, and records what the database has. `printer` is asked for after settings were written: it prints
/// schema.rs.
///
/// # Errors
/// When a file cannot be written, or the database has changed since it was looked at: nothing is left then.
pub async fn record(
    request: &AdoptRequest<'_>,
    adoption: &mut Adoption,
    printer: impl FnOnce() -> Result<Printer, JobError>,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let is_new = adoption.report.manner != Manner::Record;
    let mut adopted = Adopted::default();
    if is_new {
        adopted = files(request, adoption)?;
    }
    if let Err(error) = journal(request, adoption, watch).await {
        if is_new {
            // nothing is left of what failed; the error that is reported is the first one
            drop(adopted::remove(request.dir, &adopted));
        }
        return Err(error);
    }
    adoption.report.recorded = true;
    schema(request, adoption, printer, &mut adopted, is_new, watch).await
}

/// Writes migrations, settings and the note of where they come from.
fn files(request: &AdoptRequest<'_>, adoption: &mut Adoption) -> Result<Adopted, JobError> {
    let mut settings = init::InitReport::default();
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
    let mut rest = || -> Result<Adopted, JobError> {
        init::write_all(request.root, request.dir, false, &mut settings)?;
        let mut written: Vec<Written> = Vec::new();
        for place in &places {
            for file in ["up.sql", "down.sql", "metadata.toml"] {
                written.push(adopted::written(request.dir, &place.join(file))?);
            }
        }
        for path in &settings.written {
            written.push(adopted::written(request.dir, path)?);
        }
        let adopted = Adopted {
            format: 1,
            tool: adoption.tool.map(|it| it.id().to_owned()),
            baseline: adoption.report.manner == Manner::Baseline,
            migrations: adoption.origins.clone(),
            files: written,
        };
        adopted::write(request.dir, &adopted)?;
        Ok(adopted)
    };
    match rest() {
        Ok(adopted) => {
            adoption.report.written.extend(places);
            adoption.report.written.extend(settings.written);
            Ok(adopted)
        }
        Err(error) => {
            for path in places.iter().chain(&settings.written) {
                write::remove(path);
            }
            Err(error)
        }
    }
}

/// Records what the database has, in one transaction, unless it has changed.
async fn journal(
    request: &AdoptRequest<'_>,
    adoption: &Adoption,
    watch: Watch<'_>,
) -> Result<(), JobError> {
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
    locked.release().await;
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
    is_new: bool,
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
        if is_new {
            adopted.files.push(adopted::written(request.dir, &path)?);
        }
        adoption.report.written.push(path);
    }
    if is_new {
        adopted::write(request.dir, adopted)?;
    }
    Ok(())
}
