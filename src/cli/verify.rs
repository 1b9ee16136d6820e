//! `glowplug verify`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        schema::printer,
        settings::{LimitArgs, Settings},
    },
    job::JobError,
    project::{ProjectError, baseline},
    render::failure::CliError,
    replay::{self, verify::Verified},
    report::verify::{KnownProblem, ProblemKind},
};

/// Replays every migration up, down and up again, with rows in every table, in a throwaway database.
///
/// Compares the structure after each step, guards the ledgers, and checks that schema.rs is up to date. After a problem it
/// continues from the result of up.sql, and reports every problem; generated rows alone never count as the cause. Exits with 3 if
/// it finds a problem, with 1 if a migration fails in an empty database.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// `accept`: record the present problems as known, so that only new ones count from now on
    #[arg(value_enum)]
    action: Option<Action>,
    /// Replay all migrations, including those that an earlier run verified. With many migrations, results are cached by the
    /// content of all scripts.
    #[arg(long)]
    no_cache: bool,
    /// Stop at the first problem
    #[arg(long)]
    fail_fast: bool,
    /// The file of known problems, which do not count. `accept` writes it [default: verify-baseline.toml beside glowplug.toml, if
    /// it exists]
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Record the present problems as known
    Accept,
}

impl Verify {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        let migrations = settings.migrations()?;
        settings.demand_history(&migrations, false)?;
        let printer = printer(&settings, None)?;
        let guard = settings.exec_options(&LimitArgs::default()).guard;
        let path = match &self.baseline {
            Some(path) => path.clone(),
            None => settings.root.join(baseline::NAME),
        };
        let known = baseline::read(&path).map_err(JobError::from)?;
        let writes = self.action == Some(Action::Accept);
        if !writes && known.is_none() && self.baseline.is_some() {
            return Err(JobError::from(ProjectError::NoBaseline { path }).into());
        }
        let mut progress = output.progress();
        let verified = block_on(async |stop| {
            let shadow = settings.twin("verify", &stop, output, &mut |_| {}).await?;
            let request = replay::verify::VerifyRequest {
                shadow: &shadow,
                migrations: &migrations,
                guard: &guard,
                caches: !self.no_cache,
                fail_fast: self.fail_fast && !writes,
                accepted: known.as_deref().unwrap_or_default(),
            };
            let mut watch = |event| progress.show(&event);
            Ok::<_, CliError>(replay::verify::verify(&request, &printer, stop, &mut watch).await?)
        });
        progress.finish();
        let mut verified = verified?;
        if writes {
            let found = &verified.report.problems;
            let found: Vec<KnownProblem> = found.iter().map(KnownProblem::from).collect();
            baseline::write(&path, &found).map_err(JobError::from)?;
            output.talk(&format!(
                "Wrote {}: {} known from now on.",
                settings.relative(&path),
                match found.len() {
                    1 => "1 problem is".to_owned(),
                    many => format!("{many} problems are"),
                }
            ));
            verified.report.accept(&found);
        } else if let Some(known) = &known {
            set_aside(&mut verified, known, &path, &settings);
        }
        self.tell(verified, &settings, output)
    }

    fn tell(
        &self,
        verified: Verified,
        settings: &Settings,
        output: &Output,
    ) -> Result<Exit, CliError> {
        let Verified { report, failure } = verified;
        let is_of_failure = report.problems.iter().any(|it| it.kind == ProblemKind::UpFails);
        if let Some(failure) = failure.filter(|_| is_of_failure) {
            if output.is_text() {
                output.raw(&render::replayed(&report, output.is_verbose()));
            }
            let mut findings = report.findings(&settings.shown);
            // the failure says the same, with more
            findings.retain(|it| it.code != ProblemKind::UpFails.code());
            let sheet = settings.sheet(&["verify"], findings);
            return Ok(output.failure_beside(&CliError::Job(failure), Some(&report), sheet));
        }
        let sheet = settings.sheet(&["verify"], report.findings(&settings.shown));
        output.findings(&report, &sheet, |it| render::replayed(it, output.is_verbose()));
        Ok(if report.is_clean() { Exit::Done } else { Exit::Findings })
    }
}

/// Sets known problems aside, and names those that no longer occur.
fn set_aside(verified: &mut Verified, known: &[KnownProblem], path: &Path, settings: &Settings) {
    let gone = verified.report.accept(known);
    let mut gone: Vec<String> = gone.iter().map(|it| it.migration.clone()).collect();
    gone.dedup();
    if !gone.is_empty() {
        verified.report.notes.push(format!(
            "{} lists problems that no longer occur: {}; `glowplug verify accept` removes them",
            settings.relative(path),
            gone.join(", ")
        ));
    }
}
