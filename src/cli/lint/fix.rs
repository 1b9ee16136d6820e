//! `glowplug lint --fix`.

use std::collections::BTreeSet;

use crate::{
    autogenerate::lint_fix::{FixRequest, fix},
    cli::{
        exit::Exit,
        render::{self, Output},
        settings::{LimitArgs, Settings},
    },
    job::{self, JobError},
    lint::{fixable::MENDED, stats::Stats},
    migration::{source::Migrations, version::Version},
    postgres::session::Stop,
    project::replace::{self, Finished},
    render::failure::CliError,
    replay::{lint::Policy, shadow::Shadow},
    report::{
        finding::Severity,
        lint::{FixReport, LintReport},
    },
};

/// What was looked at, and how.
pub(super) struct Looked<'l> {
    pub(super) settings: &'l Settings,
    pub(super) migrations: &'l Migrations,
    pub(super) shadow: &'l Shadow,
    pub(super) policy: &'l Policy,
    pub(super) stats: Option<&'l Stats>,
}

/// Refuses if nothing says which migrations are applied.
pub(super) fn demand_database(settings: &Settings) -> Result<(), CliError> {
    match settings.has_a_database() {
        true => Ok(()),
        false => Err(CliError::Cannot {
            what: "no database says which migrations are applied, and those must stay as they are"
                .into(),
            help: "Set DATABASE_URL, or use the project's own server with --local.".into(),
        }),
    }
}

/// Undoes or ends what an earlier run was interrupted in.
pub(super) fn finish(settings: &Settings, dry_run: bool, output: &Output) -> Result<(), CliError> {
    if dry_run {
        return Ok(());
    }
    match replace::finish(&settings.migrations_dir).map_err(JobError::from)? {
        Some(Finished::Undone(old)) => {
            output.talk(&format!("`lint --fix` was interrupted; {old} is as it was before"));
        }
        Some(Finished::Done(new)) => {
            settings.keep_history(&[])?;
            output.talk(&format!("`lint --fix` was interrupted and is done: {}", new.join(", ")));
        }
        None => {}
    }
    Ok(())
}

impl Looked<'_> {
    /// Mends what was found.
    pub(super) async fn fix(
        &self,
        found: &LintReport,
        dry_run: bool,
        (stop, output): (Stop, &Output),
        watch: job::Watch<'_>,
    ) -> Result<FixReport, CliError> {
        let settings = self.settings;
        let endpoint = settings.endpoint("lint", stop.clone(), output)?;
        let (_, _, journal) = endpoint.read(&mut |_| {}).await?;
        let applied: BTreeSet<Version> = journal.applied.into_keys().collect();
        let findings = found.findings.iter().filter(|it| it.severity != Severity::Note);
        let mended = findings.filter(|it| MENDED.contains(&it.code.as_str()));
        let wanted: BTreeSet<String> = mended.filter_map(|it| it.version.clone()).collect();
        let wanted = wanted.into_iter().map(Version::stored).collect();
        let request = FixRequest {
            shadow: self.shadow,
            migrations: self.migrations,
            wanted: &wanted,
            applied: &applied,
            guard: &settings.exec_options(&LimitArgs::default()).guard,
            ignored: &settings.ignored(),
            stats: self.stats,
            policy: self.policy,
            dir: &settings.migrations_dir,
            dry_run,
        };
        Ok(fix(&request, stop, watch).await?)
    }
}

/// Prints what was mended.
pub(super) fn tell(
    mut report: FixReport,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, CliError> {
    if !report.dry_run && !report.fixed.is_empty() {
        settings.keep_history(&[])?;
    }
    for drafted in report.fixed.iter_mut().flat_map(|it| &mut it.by) {
        let short = drafted.path.take().map(|path| settings.relative(&path).into());
        drafted.path = short;
    }
    output.answer(&report, render::fixed);
    Ok(if report.refused.is_empty() { Exit::Done } else { Exit::Findings })
}
