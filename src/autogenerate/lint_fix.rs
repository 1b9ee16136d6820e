//! Puts the online form in the place of migrations that are not applied: the planner writes it from the structures before and after
//! each, and it is proved as autogenerate proves.

use std::{collections::BTreeSet, path::Path};

use super::{AutogenerateRequest, Forms, Place, Truth, is_as_it_was};
use crate::{
    catalog::Ignored,
    job::{JobError, Watch, failure::AutogenerateError},
    lint::{
        case::Said,
        fixable::{MENDED, why_not},
        stats::Stats,
    },
    migration::{
        links::Links,
        source::{Checks, FILL, Metadata, Migration, Migrations, Script},
        version::Version,
    },
    postgres::{guard::Guard, session::Stop},
    project::{ProjectError, replace, write::NewMigration},
    replay::{
        lint::{Policy, Wish, lint},
        shadow::Shadow,
    },
    report::{
        autogenerate::{AutogenerateReport, Drafted},
        finding::Severity,
        lint::{FixReport, Fixed, NotFixed},
    },
};

/// What is to be mended, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FixRequest<'w> {
    /// Where it is proved.
    pub shadow: &'w Shadow,
    /// All migrations.
    pub migrations: &'w Migrations,
    /// Those with findings that an online form mends.
    pub wanted: &'w BTreeSet<Version>,
    /// Those that the database has run.
    pub applied: &'w BTreeSet<Version>,
    /// The declared ledgers.
    pub guard: &'w Guard,
    /// What is not compared.
    pub ignored: &'w Ignored,
    /// What is known of production.
    pub stats: Option<&'w Stats>,
    /// What the project accepts and demands.
    pub policy: &'w Policy,
    /// The directory of the migrations.
    pub dir: &'w Path,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// Mends migrations, and writes what it has proved.
///
/// # Errors
/// When the shadow cannot be made, the system says no, or the user ends it. What has no online form is in the report.
pub(crate) async fn fix(
    request: &FixRequest<'_>,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<FixReport, JobError> {
    let mut report = FixReport { dry_run: request.dry_run, ..FixReport::default() };
    for migration in request.migrations.iter().filter(|it| request.wanted.contains(&it.version)) {
        let drafted = match refused(request, migration) {
            Some(reason) => Err(reason),
            None => drafted(request, migration, stop.clone(), watch).await?,
        };
        match drafted {
            Ok(drafts) => {
                report.fixed.push(Fixed { migration: migration.name.clone(), by: drafts });
            }
            Err(reason) => {
                report.refused.push(NotFixed { migration: migration.name.clone(), reason });
            }
        }
    }
    report.proved_on = Some(request.shadow.proved_on());
    if !request.dry_run && !report.fixed.is_empty() {
        write(request, &mut report)?;
    }
    Ok(report)
}

/// Why a migration is left alone before anything is tried.
fn refused(request: &FixRequest<'_>, migration: &Migration) -> Option<String> {
    if request.applied.contains(&migration.version) {
        return Some("it is applied".to_owned());
    }
    let has_more = migration.checks != Checks::default()
        || migration.links != Links::default()
        || migration.backfill.is_some()
        || migration.metadata.ledger;
    if has_more {
        return Some("its pre.sql, post.sql or metadata.toml belong to it as it is".to_owned());
    }
    let statements = migration.up.statements().ok()?;
    why_not(&Said::all(&migration.up.text, &statements))
}

/// The online form of a migration, proved, and seen to make nobody wait as the migration does; or why there is none.
async fn drafted(
    request: &FixRequest<'_>,
    migration: &Migration,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<Result<Vec<Drafted>, String>, JobError> {
    let set = |within: &dyn Fn(&Version) -> bool| {
        let all = request.migrations.iter().filter(|it| within(&it.version)).cloned();
        Migrations::new(all.collect()).map_err(ProjectError::from)
    };
    let before = set(&|it| *it < migration.version)?;
    let upto = set(&|it| *it <= migration.version)?;
    let mut report = match planned(request, migration, (&before, &upto), stop.clone(), watch).await
    {
        Ok(report) => report,
        Err(error @ JobError::Autogenerate(_)) => {
            let reason = error.to_string().lines().next().unwrap_or_default().to_owned();
            return Ok(Err(reason));
        }
        Err(error) => return Err(error),
    };
    make_room(request, migration, &mut report.migrations);
    if let Some(reason) = unfit(request, migration, &report) {
        return Ok(Err(reason));
    }
    let mut all: Vec<Migration> = before.iter().cloned().collect();
    let new: Vec<Migration> = report.migrations.iter().filter_map(of_draft).collect();
    let chosen = new.iter().map(|it| it.version.clone()).collect();
    all.extend(new);
    let migrations = Migrations::new(all).map_err(ProjectError::from)?;
    let wish = Wish {
        shadow: request.shadow,
        migrations: &migrations,
        chosen: &chosen,
        down: false,
        stats: request.stats,
        policy: request.policy,
    };
    let looked = lint(&wish, stop, &mut |_| {}).await?;
    let mut left = looked.findings.iter().filter(|it| it.severity != Severity::Note);
    let left = left.find(|it| MENDED.contains(&it.code.as_str()));
    Ok(match left {
        Some(finding) => Err(format!("in its online form, too, {}", finding.message)),
        None => Ok(report.migrations),
    })
}

/// The plan, with rows in the tables, or where those fail without.
async fn planned(
    request: &FixRequest<'_>,
    migration: &Migration,
    (before, upto): (&Migrations, &Migrations),
    stop: Stop,
    watch: Watch<'_>,
) -> Result<AutogenerateReport, JobError> {
    let truth = Truth::Migrations(upto);
    let asked = AutogenerateRequest {
        shadow: request.shadow,
        migrations: before,
        database: None,
        guard: request.guard,
        truth: &truth,
        renames: &[],
        ignored: request.ignored,
        drop_partitions: &[],
        forms: Forms::default(),
    };
    let (key, rest) = migration.name.split_once('_').unwrap_or((&migration.name, ""));
    let message = format!("{rest} online");
    let place =
        Place { dir: request.dir, message: &message, version: Some(key), renames_settled: false };
    let attempt = async |rows: bool, watch: Watch<'_>| {
        let look = async |_: &_, _: &_| Ok(());
        super::drafted(&asked, &place, rows, stop.clone(), watch, look).await
    };
    let drafted = match attempt(true, &mut *watch).await {
        Err(JobError::Autogenerate(AutogenerateError::Proof(it))) if it.is_of_rows() => {
            attempt(false, watch).await
        }
        drafted => drafted,
    };
    Ok(drafted?.0)
}

/// Whether parts have versions of their own, before that of the migration that comes next.
fn fit(request: &FixRequest<'_>, migration: &Migration, drafts: &[Drafted]) -> bool {
    let next = request.migrations.iter().find(|it| it.version > migration.version);
    let versions: Vec<Version> =
        drafts.iter().filter_map(|it| Version::of_directory(&it.name).ok()).collect();
    versions.len() == drafts.len()
        && versions.is_sorted_by(|one, other| one < other)
        && next.is_none_or(|next| versions.iter().all(|it| *it < next.version))
}

/// Gives parts a digit more than the migration where the versions that follow it are taken.
fn make_room(request: &FixRequest<'_>, migration: &Migration, drafts: &mut [Drafted]) {
    if fit(request, migration, drafts) {
        return;
    }
    let key = migration.name.split('_').next().unwrap_or_default();
    for (at, draft) in drafts.iter_mut().enumerate().skip(1) {
        let rest = draft.name.split_once('_').map_or("", |it| it.1);
        draft.name = format!("{key}{at}_{rest}");
    }
}

/// Why a plan does not stand for a migration.
fn unfit(
    request: &FixRequest<'_>,
    migration: &Migration,
    report: &AutogenerateReport,
) -> Option<String> {
    let drafts = &report.migrations;
    if drafts.is_empty() {
        return Some("it changes nothing that is compared".to_owned());
    }
    if let Some(kind) = report.not_compared.first() {
        return Some(format!("there are objects that are not compared: {kind}"));
    }
    if drafts.iter().any(|it| it.up.contains(FILL) || it.down.contains(FILL)) {
        return Some("it needs values that nobody knows".to_owned());
    }
    if let Some(why) = report.irreversible.first() {
        return Some(format!("it cannot be reverted: {why}"));
    }
    (!fit(request, migration, drafts))
        .then(|| format!("its {} parts need versions before the next migration's", drafts.len()))
}

fn of_draft(draft: &Drafted) -> Option<Migration> {
    let script =
        |file: &str, text: &str| Script::new(format!("{}/{file}", draft.name), text.into());
    Some(Migration {
        version: Version::of_directory(&draft.name).ok()?,
        name: draft.name.clone(),
        up: script("up.sql", &draft.up),
        down: Some(script("down.sql", &draft.down)),
        metadata: Metadata { run_in_transaction: draft.run_in_transaction, ledger: false },
        links: Links::default(),
        backfill: None,
        checks: Checks::default(),
    })
}

fn write(request: &FixRequest<'_>, report: &mut FixReport) -> Result<(), JobError> {
    if !is_as_it_was(request.dir, request.migrations)? {
        return Err(AutogenerateError::Meanwhile.into());
    }
    for fixed in &mut report.fixed {
        let new = fixed.by.iter().map(|it| NewMigration {
            name: &it.name,
            up: &it.up,
            down: &it.down,
            run_in_transaction: it.run_in_transaction,
            metadata: "",
        });
        let new: Vec<NewMigration<'_>> = new.collect();
        let paths = replace::with(request.dir, &fixed.migration, &new)?;
        for (drafted, path) in fixed.by.iter_mut().zip(paths) {
            drafted.path = Some(path);
        }
    }
    Ok(())
}
