//! Takes over a database, and the migrations of another tool: looks, converts or baselines, proves, and records.
//!
//! Everything up to [`record`] only reads.

mod alembic;
mod baseline;
mod downs;
mod inserted;
mod look;
mod prove;
mod record;
mod rows;
mod undo;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

pub(crate) use self::{look::found, record::record, undo::undo};

use self::look::Seen;
use crate::{
    catalog::Ignored,
    job::{
        JobError, Watch,
        failure::AdoptError,
        open::{Endpoint, Limits},
        revision::next_version,
    },
    migration::source::{Migration, Migrations},
    postgres::session::Stop,
    project::{
        ProjectError,
        adopted::{self, Origin},
        other,
    },
    replay::{schema::Printer, shadow::Shadow},
    report::adopt::{AdoptReport, AdoptedMigration, Down, Manner},
    tools::{self, Conversion, Converted, Tool, applied::Evidence},
};

/// What is adopted, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdoptRequest<'w> {
    /// The database.
    pub endpoint: &'w Endpoint,
    /// Where everything is proved.
    pub shadow: &'w Shadow,
    /// The root of the project.
    pub root: &'w Path,
    /// The directory that migrations are written to.
    pub dir: &'w Path,
    /// The tool, if it was named.
    pub tool: Option<Tool>,
    /// How migrations are made, if that was said.
    pub manner: Option<Manner>,
    /// The directory of the tool, if it was named.
    pub files: Option<&'w Path>,
    /// The values of placeholders.
    pub placeholders: &'w [(String, String)],
    /// The tables whose rows a baseline copies.
    pub rows: &'w [String],
    /// Alembic's program, if it was named.
    pub alembic: Option<&'w Path>,
    /// What is left alone.
    pub ignored: &'w Ignored,
    /// How schema.rs is printed.
    pub printer: &'w Printer,
    /// Limits of the session that records.
    pub limits: &'w Limits,
    /// Who does it.
    pub actor: &'w str,
    /// Whether `.history` has a line for each migration.
    pub keeps_history: bool,
}

/// What is ready to be recorded.
#[derive(Debug)]
pub(crate) struct Adoption {
    /// What was found so far.
    pub report: AdoptReport,
    tool: Option<Tool>,
    migrations: Migrations,
    origins: Vec<Origin>,
    /// What the tool says of the migrations that the database has.
    evidence: BTreeMap<String, Evidence>,
    /// The rows of the tool's table.
    rows: Vec<tools::applied::Row>,
    table: Option<tools::table::Found>,
}

/// Migrations that are to be proved, with what is known of them.
struct Draft {
    migrations: Vec<Migration>,
    origins: Vec<Origin>,
    evidence: BTreeMap<String, Evidence>,
    remarks: Vec<String>,
    /// The tables whose rows are copied.
    copied: Vec<(String, String)>,
}

/// Looks at a database and a directory, makes migrations of what is there, and proves them. Writes nothing.
///
/// # Errors
/// When there is nothing to adopt, or it cannot be read, converted or replayed.
pub(crate) async fn prepare(
    request: &AdoptRequest<'_>,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<Adoption, JobError> {
    let seen = look::look(request, watch).await?;
    let already = seen.journal.applied.len();
    if already > 0 {
        let database = seen.facts.database.clone();
        return Err(AdoptError::Already { database, count: already }.into());
    }
    let (manner, mut draft) = draft(request, &seen, stop.clone()).await?;
    let mut report = AdoptReport {
        database: seen.facts.database.clone(),
        tool: seen.recognized.tool.map(|it| it.id().to_owned()),
        table: seen.recognized.table.as_ref().map(|it| format!("{}.{}", it.schema, it.name)),
        files: seen.recognized.place.as_ref().map(|it| it.dir.clone()),
        manner,
        ..AdoptReport::default()
    };
    let proof = prove::prove(request, &mut draft, stop, watch).await?;
    let named = |it: (&Migration, &Origin)| AdoptedMigration {
        name: it.0.name.clone(),
        id: it.1.id.clone(),
        from: it.1.from.clone(),
        applied: draft.evidence.contains_key(&it.1.id),
        applied_at: draft.evidence.get(&it.1.id).and_then(|it| it.at.clone()),
        down: proof.downs.get(&it.0.name).map_or(Down::Original, |it| it.0),
        reason: proof.downs.get(&it.0.name).and_then(|it| it.1.clone()),
    };
    report.migrations = draft.migrations.iter().zip(&draft.origins).map(named).collect();
    report.differences = proof.differences;
    report.judged_by_pg_dump = proof.judged_by_pg_dump;
    report.rows = proof.rows;
    report.remarks = draft.remarks;
    report.remarks.extend(proof.remarks);
    report.proved_on = Some(proof.proved_on);
    Ok(Adoption {
        report,
        tool: seen.recognized.tool,
        migrations: Migrations::new(draft.migrations).map_err(ProjectError::from)?,
        origins: draft.origins,
        evidence: draft.evidence,
        rows: seen.rows,
        table: seen.recognized.table,
    })
}

/// Decides how migrations are made, and makes them.
async fn draft(
    request: &AdoptRequest<'_>,
    seen: &Seen,
    stop: Stop,
) -> Result<(Manner, Draft), JobError> {
    let before = adopted::read(request.dir)?;
    if let Some(adopted) = before.as_ref().filter(|it| !it.unfinished) {
        return Ok((Manner::Record, there(request, seen, adopted)?));
    }
    // what an interrupted run has left is removed before anything is written
    let left = before.iter().flat_map(|it| &it.migrations);
    let left = left.filter(|it| request.dir.join(&it.name).is_dir()).count();
    if seen.migrations > left {
        return Err(AdoptError::Taken { dir: request.dir.to_owned() }.into());
    }
    let database = || seen.facts.database.clone();
    let converts = seen.recognized.tool.filter(|it| it.converts());
    let has_files = request.files.is_some() || seen.recognized.place.is_some();
    let manner = match (request.manner, converts) {
        (Some(manner), _) => manner,
        (None, Some(_)) if has_files && request.rows.is_empty() => Manner::Convert,
        _ => Manner::Baseline,
    };
    match (manner, seen.recognized.tool) {
        (Manner::Convert, Some(tool)) => {
            if seen.recognized.table.is_none() && seen.has_tables {
                return Err(AdoptError::NoTable { database: database(), tool: tool.label() }.into());
            }
            Ok((Manner::Convert, converted(request, seen, tool).await?))
        }
        _ if !seen.has_tables => Err(AdoptError::Nothing { database: database() }.into()),
        _ => {
            let mut draft = baseline::draft(request, seen, stop).await?;
            if let (None, Some(tool), false) = (request.manner, converts, has_files) {
                draft.remarks.push(format!(
                    "the migrations of {} were not found in this project: `--files DIR` converts them",
                    tool.label()
                ));
            }
            Ok((Manner::Baseline, draft))
        }
    }
}

/// The version that a migration made now would have.
fn now() -> String {
    next_version(&Migrations::default()).replace('-', "")
}

/// The migrations that the files of a tool are.
async fn converted(request: &AdoptRequest<'_>, seen: &Seen, tool: Tool) -> Result<Draft, JobError> {
    let dir = match (request.files, &seen.recognized.place) {
        (Some(dir), _) => dir.to_owned(),
        (None, Some(place)) => request.root.join(&place.dir),
        (None, None) => return Err(tools::ToolError::NoFiles { tool: tool.label() }.into()),
    };
    let shown = crate::project::root::relative(&dir, request.root).display().to_string();
    let (conversion, revisions) = match tool {
        Tool::Alembic => alembic::convert(request, seen, &dir, &shown).await?,
        _ => {
            let ends = [".sql", ".sql.conf", ".rs"];
            let files = other::files(&dir, &shown, &ends)?;
            (tools::convert(tool, &files, request.placeholders, &now())?, Vec::new())
        }
    };
    let Conversion { migrations, remarks } = conversion;
    let evidence = tools::applied::applied(tool, &seen.rows, &migrations, &revisions)?;
    let origin = |it: &Converted| Origin {
        name: it.migration.name.clone(),
        id: it.id.clone(),
        from: format!("{shown}/{}", it.path),
    };
    Ok(Draft {
        origins: migrations.iter().map(origin).collect(),
        migrations: migrations.into_iter().map(|it| it.migration).collect(),
        evidence,
        remarks,
        copied: Vec::new(),
    })
}

/// Migrations that were adopted on another database, and are on disk.
fn there(
    request: &AdoptRequest<'_>,
    seen: &Seen,
    adopted: &adopted::Adopted,
) -> Result<Draft, JobError> {
    let shown = crate::project::root::relative(request.dir, request.root).display().to_string();
    let disk = crate::project::read::migrations(request.dir, &shown)?;
    let origin = |migration: &Migration| {
        adopted.migrations.iter().find(|it| it.name == migration.name).cloned()
    };
    // what was written since then is pending here
    let known: Vec<(Migration, Origin)> =
        disk.iter().filter_map(|it| Some((it.clone(), origin(it)?))).collect();
    let (migrations, origins): (Vec<Migration>, Vec<Origin>) = known.into_iter().unzip();
    let evidence = match (adopted.baseline, seen.recognized.tool) {
        (false, Some(tool)) => {
            let converted: Vec<Converted> = migrations
                .iter()
                .zip(&origins)
                .map(|(migration, origin)| Converted {
                    id: origin.id.clone(),
                    path: origin.from.clone(),
                    migration: migration.clone(),
                })
                .collect();
            let revisions = alembic::revisions_of(request, seen)?;
            tools::applied::applied(tool, &seen.rows, &converted, &revisions)?
        }
        // the structure is compared with what they lead to
        _ => origins.iter().map(|it| (it.id.clone(), Evidence::default())).collect(),
    };
    let remarks =
        vec![format!("the migrations in {shown} were adopted before: only this database is new")];
    Ok(Draft { migrations, origins, evidence, remarks, copied: Vec::new() })
}

impl Draft {
    /// Those that the database has.
    fn applied(&self) -> Vec<Migration> {
        let ids: BTreeSet<&str> = self.evidence.keys().map(String::as_str).collect();
        let both = self.migrations.iter().zip(&self.origins);
        both.filter(|it| ids.contains(it.1.id.as_str())).map(|it| it.0.clone()).collect()
    }
}
