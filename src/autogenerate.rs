//! Migrations from a changed source of truth, proved in the shadow before they are written.

mod candidates;
pub(crate) mod ci;
pub(crate) mod diff;
pub(crate) mod drift;
mod forms;
mod ledgers;
pub(crate) mod lint_fix;
pub(crate) mod listing;
pub(crate) mod load;
pub(crate) mod oracle;
mod partitions;
pub(crate) mod prerequisites;
pub(crate) mod proof;
pub(crate) mod proving;
mod rename;
mod rows;
pub(crate) mod script;
pub(crate) mod send;
mod truth;
mod verdict;

use std::path::Path;

pub(crate) use self::{rename::may_be_asked, truth::Truth};

pub(crate) use self::{
    partitions::LeftAlone,
    truth::{dropped, wanted},
};

use crate::{
    autogenerate::{proving::Proving, verdict::Verdict},
    catalog::{Attribute, Catalog, Difference, How, Ignored, ObjectKind, RelationKind},
    cluster,
    job::{JobError, Watch, failure::AutogenerateError, open::Endpoint},
    migration::source::{Migration, Migrations},
    planner::{
        Target, comparable, plan,
        segment::{Segment, segments},
    },
    postgres::{guard::Guard, session::Stop},
    project::{
        read,
        write::{self, NewMigration},
    },
    replay::shadow::Shadow,
    report::autogenerate::AutogenerateReport,
    tools::table,
};

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AutogenerateRequest<'w> {
    /// Where it is proved.
    pub shadow: &'w Shadow,
    /// The migrations that are there.
    pub migrations: &'w Migrations,
    /// The database that is led to the truth, in the place of what the migrations lead to.
    pub database: Option<&'w Endpoint>,
    /// The declared ledgers.
    pub guard: &'w Guard,
    /// What the migrations are to lead to.
    pub truth: &'w Truth<'w>,
    /// Renames that the author has confirmed: `old=new`.
    pub renames: &'w [String],
    /// What is left alone.
    pub ignored: &'w Ignored,
    /// Partitions that only the database has, and that are dropped nevertheless.
    pub drop_partitions: &'w [String],
    /// How the migrations are to be made.
    pub forms: Forms,
}

/// How migrations are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forms {
    /// Whether tables that are there before are changed in forms that do not stop their readers and writers.
    pub online: bool,
    /// Whether columns and tables that go are renamed aside instead.
    pub keeps_data: bool,
    /// Whether all of it is to be one migration with one transaction.
    pub in_one: bool,
    /// Whether it is an error that there are kinds of objects that are not compared, or that there is no way back.
    pub strict: bool,
}

impl Default for Forms {
    fn default() -> Self {
        Self { online: true, keeps_data: false, in_one: false, strict: false }
    }
}

/// Where migrations are written, and what they are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'p> {
    /// The directory of the migrations.
    pub dir: &'p Path,
    /// What they do.
    pub message: &'p str,
    /// The version of the first, instead of the time.
    pub version: Option<&'p str>,
    /// Whether nothing was renamed but what the request says.
    pub renames_settled: bool,
}

/// Compares what the migrations lead to with the source of truth.
///
/// # Errors
/// When a migration fails in the shadow, or the source cannot be read.
pub(crate) async fn check(
    request: &AutogenerateRequest<'_>,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<AutogenerateReport, JobError> {
    cluster::cache_limit()?;
    let verdict = Verdict::of(request);
    if let Some(report) = verdict.as_ref().and_then(|it| it.read(request)) {
        return Ok(report);
    }
    let mut proving = Proving::start(request, stop, watch).await?;
    let compared = proving.compare(request, watch).await;
    proving.end().await;
    let report = compared?.report;
    if let Some(verdict) = verdict {
        verdict.note(&report);
    }
    Ok(report)
}

/// Makes the migrations that lead to the source of truth, proves them, and writes them.
///
/// # Errors
/// As [`check`], and when there is no way, its proof fails, or the migrations have changed meanwhile: nothing is written then.
pub(crate) async fn autogenerate(
    request: &AutogenerateRequest<'_>,
    place: &Place<'_>,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<AutogenerateReport, JobError> {
    let mut report = match attempt(request, place, true, stop.clone(), watch).await {
        Err(JobError::Autogenerate(AutogenerateError::Proof(failure))) if failure.is_of_rows() => {
            let what = failure.what;
            let mut report = attempt(request, place, false, stop, watch).await?;
            report.remarks.push(format!(
                "it was proved with empty tables, because it failed on rows made for the proof: {what}"
            ));
            report
        }
        drafted => drafted?,
    };
    if report.migrations.is_empty() {
        return Ok(report);
    }
    let new = report.migrations.iter().map(|it| NewMigration {
        name: &it.name,
        up: &it.up,
        down: &it.down,
        run_in_transaction: it.run_in_transaction,
        metadata: "",
    });
    let new: Vec<NewMigration<'_>> = new.collect();
    if !is_as_it_was(place.dir, request.migrations)? {
        return Err(AutogenerateError::Meanwhile.into());
    }
    let paths = write::migrations(place.dir, &new)?;
    for (drafted, path) in report.migrations.iter_mut().zip(paths) {
        drafted.path = Some(path);
    }
    Ok(report)
}

/// Makes and proves the migrations that lead to the source of truth, and writes nothing. `look` sees the server that has the truth.
pub(crate) async fn drafted<T>(
    request: &AutogenerateRequest<'_>,
    place: &Place<'_>,
    rows: bool,
    stop: Stop,
    watch: Watch<'_>,
    look: impl AsyncFnOnce(&Endpoint, &Catalog) -> Result<T, JobError>,
) -> Result<(AutogenerateReport, T), JobError> {
    let mut proving = Proving::start(request, stop.clone(), watch).await?;
    let drafted = async {
        let (endpoint, truth) = proving.truth(stop.clone())?;
        let seen = look(&endpoint, truth).await?;
        Ok((proving.draft(request, place, rows, stop, watch).await?, seen))
    };
    let drafted = drafted.await;
    proving.end().await;
    drafted
}

/// Whether the migrations on disk are still those that a plan was made for.
pub(crate) fn is_as_it_was(dir: &Path, migrations: &Migrations) -> Result<bool, JobError> {
    if !dir.is_dir() {
        return Ok(migrations.iter().next().is_none());
    }
    let now = read::migrations(dir, "migrations")?;
    let scripts = |it: &Migration| {
        let down = it.down.as_ref().map(|it| it.digest.clone());
        (it.name.clone(), it.up.digest.clone(), down, it.metadata)
    };
    Ok(now.iter().map(scripts).eq(migrations.iter().map(scripts)))
}

/// Plans and proves in a shadow of its own, with rows in the tables or without.
async fn attempt(
    request: &AutogenerateRequest<'_>,
    place: &Place<'_>,
    rows: bool,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<AutogenerateReport, JobError> {
    let mut proving = Proving::start(request, stop.clone(), watch).await?;
    let drafted = proving.draft(request, place, rows, stop, watch).await;
    proving.end().await;
    drafted
}

/// Two catalogs, compared.
struct Compared {
    /// What the migrations lead to.
    before: Catalog,
    /// What was to be renamed in it.
    asked: rename::Asked,
    /// What was renamed in it.
    renames: rename::Renames,
    /// The same with the renames.
    from: Catalog,
    /// What is wanted.
    to: Catalog,
    report: AutogenerateReport,
}

/// Leaves out what is not the project's: the tables that keep the journal, those of other migration tools, what was renamed aside, and
/// what is ignored.
pub(crate) fn comparable_of(catalog: Catalog, ignored: &Ignored) -> Catalog {
    let mut catalog = with_aside(catalog, ignored);
    catalog.needed = rename::needed_aside(&catalog);
    catalog.retain(|key, fact| !rename::is_kept(key, fact));
    catalog
}

/// The same with what was renamed aside.
fn with_aside(catalog: Catalog, ignored: &Ignored) -> Catalog {
    let mut catalog = table::without(catalog);
    let tables = ["__diesel_schema_migrations", "__glowplug_journal"];
    // their sequences, constraints and functions begin with their names
    let is_tracking = |name: &str| tables.iter().any(|table| name.starts_with(table));
    catalog.retain(|key, fact| {
        !key.parts().chain(fact.get(Attribute::Table)).any(is_tracking)
            && !ignored.covers(key, fact)
    });
    comparable(catalog)
}

/// What differs, for people; what only stands in another place does not count.
pub(crate) fn differences(from: &Catalog, to: &Catalog) -> Vec<Difference> {
    let all = from.differences(to);
    all.into_iter().filter(Difference::counts).collect()
}

/// Whether values go with what a difference takes away: those of a table or a type, and not those that a view shows.
fn takes_values(from: &Catalog, it: &Difference) -> bool {
    match it.key.kind() {
        ObjectKind::Relation | ObjectKind::Column => {
            let kind = from.relation_kind(&it.key);
            it.how == How::Gone && kind.is_some_and(RelationKind::is_table)
        }
        ObjectKind::Enum => it.how != How::New,
        ObjectKind::Domain
        | ObjectKind::Range
        | ObjectKind::Composite
        | ObjectKind::CompositeAttribute
        | ObjectKind::Sequence => it.how == How::Gone,
        _ => false,
    }
}

/// The segments of the way from one catalog to another.
pub(crate) fn way(
    from: &Catalog,
    to: &Catalog,
    target: &Target<'_>,
) -> Result<Vec<Segment>, JobError> {
    let statements = plan(from, to, target).map_err(AutogenerateError::Plan)?;
    Ok(segments(statements))
}
