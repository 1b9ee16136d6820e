//! Takes an adoption back.

use std::path::Path;

use crate::{
    job::{
        JobError, Watch,
        failure::AdoptError,
        open::{Endpoint, Limits},
    },
    postgres::session_error::SessionError,
    project::adopted,
    report::adopt::UndoReport,
};

/// Removes what `adopt` recorded in a database and wrote to disk.
///
/// # Errors
/// When nothing was adopted, files were edited, or the database has run more since: nothing is removed then.
pub(crate) async fn undo(
    endpoint: &Endpoint,
    dir: &Path,
    limits: &Limits,
    dry_run: bool,
    watch: Watch<'_>,
) -> Result<UndoReport, JobError> {
    let Some(adopted) = adopted::read(dir)? else {
        return Err(AdoptError::NotAdopted { path: dir.join(adopted::NAME) }.into());
    };
    if adopted.unfinished {
        let database = String::new();
        let removed = match dry_run {
            true => adopted.files.iter().map(|it| dir.join(&it.path)).collect(),
            false => adopted::clear(dir, &adopted)?,
        };
        return Ok(UndoReport { database, removed, ..UndoReport::default() });
    }
    let changed = adopted::changed(dir, &adopted);
    if !changed.is_empty() {
        return Err(AdoptError::Edited { files: changed }.into());
    }
    let (mut locked, journal) = endpoint.lock(limits, watch).await?;
    let database = locked.facts().database.clone();
    let more = |what: String| AdoptError::More { database: database.clone(), what };
    let doing = "reading the journal";
    let own = locked.own_entries().await.map_err(SessionError::while_doing(doing))?;
    if own.others > 0 {
        let entries = if own.others == 1 { "entry" } else { "entries" };
        return Err(more(format!("{} {entries} of the journal", own.others)).into());
    }
    let extra: Vec<String> = journal
        .applied
        .keys()
        .filter(|it| journal.record(it).is_none())
        .map(ToString::to_string)
        .collect();
    if !extra.is_empty() {
        return Err(more(extra.join(", ")).into());
    }
    let forgotten = journal.applied.len();
    let mut report = UndoReport { database, forgotten, ..UndoReport::default() };
    if dry_run {
        report.removed = adopted.files.iter().map(|it| dir.join(&it.path)).collect();
        locked.release().await;
        return Ok(report);
    }
    if forgotten > 0 {
        locked.forget(own.made_tables).await?;
    }
    locked.release().await;
    (report.removed, report.kept) = adopted::remove(dir, &adopted)?;
    Ok(report)
}
