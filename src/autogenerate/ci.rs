//! Every check of a project in one go: each in the shadow, side by side, with one report.

mod timelines;

use std::collections::BTreeSet;

pub(crate) use self::timelines::timelines;

use crate::{
    autogenerate::{self, Forms, Truth},
    catalog::Coverage,
    job::{JobError, Watch, open::Endpoint, status},
    migration::{
        source::{Migration, Migrations},
        status::State,
    },
    postgres::{guard::Guard, session::Stop},
    project::ProjectError,
    replay::{
        schema::{Printer, Source},
        shadow::Shadow,
        verify::{self, Verified},
    },
    report::{
        autogenerate::AutogenerateReport,
        changes::{Changes, PICTURE},
        ci::Part,
        schema::SchemaReport,
        status::StatusReport,
        verify::KnownProblem,
    },
};

/// What is checked, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CiRequest<'w> {
    /// Where.
    pub shadow: &'w Shadow,
    /// All migrations.
    pub migrations: &'w Migrations,
    /// The database, to be asked for its history.
    pub database: Option<&'w Endpoint>,
    /// The schema files.
    pub printer: &'w Printer,
    /// The source of truth.
    pub truth: &'w Truth<'w>,
    /// The declared ledgers.
    pub guard: &'w Guard,
    /// What is not compared with the source of truth.
    pub ignored: &'w crate::catalog::Ignored,
    /// Problems of `verify` that are known.
    pub accepted: &'w [KnownProblem],
    /// The checks that are wanted and apply.
    pub parts: &'w BTreeSet<Part>,
}

/// What each check found, or why it could not do its work; none for one that did not run.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// `verify`.
    pub verify: Option<Result<Verified, JobError>>,
    /// `check`.
    pub check: Option<Result<AutogenerateReport, JobError>>,
    /// `schema --check`; none if `verify` found problems, so that there is nothing to compare with.
    pub schema: Option<Result<SchemaReport, JobError>>,
    /// `current`.
    pub status: Option<Result<StatusReport, JobError>>,
}

/// Runs the checks, those that need a shadow side by side.
///
/// # Errors
/// When the user ends it. What a check could not do is in what is returned.
pub(crate) async fn ci(
    request: &CiRequest<'_>,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<Checked, JobError> {
    let has = |part| request.parts.contains(&part);
    let (status, mut verify, check) = tokio::join!(
        async {
            let database = request.database.filter(|_| has(Part::Status))?;
            Some(status::of_database(database, request.migrations, &mut |_| {}).await)
        },
        async {
            let task = verify::VerifyRequest {
                shadow: request.shadow,
                migrations: request.migrations,
                guard: request.guard,
                caches: true,
                fail_fast: false,
                accepted: request.accepted,
            };
            if !has(Part::Verify) {
                return None;
            }
            Some(verify::verify(&task, request.printer, stop.clone(), watch).await)
        },
        async {
            let task = autogenerate::AutogenerateRequest {
                shadow: request.shadow,
                migrations: request.migrations,
                database: None,
                guard: request.guard,
                truth: request.truth,
                renames: &[],
                ignored: request.ignored,
                drop_partitions: &[],
                forms: Forms::default(),
            };
            if !has(Part::Check) {
                return None;
            }
            Some(autogenerate::check(&task, stop.clone(), &mut |_| {}).await)
        }
    );
    let schema = schema(request, &mut verify, stop).await;
    let mut checked = Checked { verify, check, schema, status };
    match checked.interrupted() {
        Some(error) => Err(error),
        None => Ok(checked),
    }
}

/// The state of the schema files: `verify` has compared them, if it came to that.
async fn schema(
    request: &CiRequest<'_>,
    verify: &mut Option<Result<Verified, JobError>>,
    stop: Stop,
) -> Option<Result<SchemaReport, JobError>> {
    let seen = match verify {
        Some(Ok(verified)) => Some(verified.report.schema.take()),
        Some(Err(_)) => Some(None),
        None => None,
    };
    if !request.parts.contains(&Part::Schema) {
        return None;
    }
    match seen {
        Some(seen) => seen.map(Ok),
        None => {
            let source = Source::Migrations(request.shadow, request.migrations, stop);
            let catalog = source.catalog(&mut |_| {}).await;
            Some(catalog.and_then(|it| request.printer.compare(&it)))
        }
    }
}

impl Checked {
    /// Takes the error of the user who ended it.
    fn interrupted(&mut self) -> Option<JobError> {
        fn ended<T>(result: &mut Option<Result<T, JobError>>) -> Option<JobError> {
            let is_ended = matches!(result, Some(Err(error)) if error.is_interrupt());
            result.take_if(|_| is_ended)?.err()
        }
        ended(&mut self.verify)
            .or_else(|| ended(&mut self.check))
            .or_else(|| ended(&mut self.schema))
            .or_else(|| ended(&mut self.status))
    }
}

/// The migrations that a database has not run, by their directories.
#[must_use]
pub(crate) fn pending(status: &StatusReport) -> BTreeSet<String> {
    let is_open = |state| matches!(state, Some(State::Pending | State::OutOfOrder));
    let open = status.migrations.iter().filter(|it| is_open(it.state));
    open.map(|it| it.name.clone()).collect()
}

/// What becomes of tables through the migrations that are new: their directories are in `new`.
///
/// # Errors
/// When a migration fails in the shadow.
pub(crate) async fn changes(
    shadow: &Shadow,
    migrations: &Migrations,
    new: &BTreeSet<String>,
    stop: Stop,
) -> Result<Changes, JobError> {
    let is_old = |it: &&Migration| !new.contains(&it.name);
    let old = migrations.iter().filter(is_old).cloned().collect();
    let old = Migrations::new(old).map_err(ProjectError::from)?;
    let coverage = Coverage::all();
    let (mut one, mut other) = (|_| {}, |_| {});
    let (before, after) = tokio::join!(
        shadow.catalog(&old, &coverage, stop.clone(), &mut one),
        shadow.catalog(migrations, &coverage, stop, &mut other),
    );
    Ok(Changes::between(&before?, &after?, PICTURE))
}
