//! The checks of a project, as `ci` and `report` run them.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use crate::{
    autogenerate::{
        self, Truth,
        ci::{Checked, CiRequest},
    },
    cli::{
        check::sql_truth,
        compat::{self, Pending, ProgramArgs},
        interrupt::block_on,
        lint,
        render::{self, Output},
        schema::printer,
        settings::{LimitArgs, New, Settings},
    },
    job::{self, JobError, Watch},
    migration::source::Migrations,
    postgres::session::Stop,
    project::baseline,
    render::failure::CliError,
    replay::{self, shadow::Shadow},
    report::{
        ci::{CiReport, Outcome, Part, PartReport},
        finding::{Finding, Severity},
        ledger::LedgerReport,
        status::StatusReport,
        verify::{KnownProblem, Problem, ProblemKind},
    },
};

/// Which checks run, and against what migrations are new.
#[derive(Debug, Args)]
pub(super) struct Checks {
    /// Run only these checks
    #[arg(long, value_enum, value_delimiter = ',', value_name = "CHECK")]
    only: Vec<CheckName>,
    /// Skip these checks
    #[arg(long, value_enum, value_delimiter = ',', value_name = "CHECK", conflicts_with = "only")]
    skip: Vec<CheckName>,
    /// The revision that migrations are new against: a commit, branch or tag [default: the base of the pull request, from
    /// GITHUB_BASE_REF or CI_MERGE_REQUEST_TARGET_BRANCH_NAME; else what is pending in the database]
    #[arg(long, value_name = "REV")]
    since: Option<String>,
}

/// A check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckName {
    /// Every migration goes up, down and up again
    Verify,
    /// The migrations and the source of truth agree
    Check,
    /// schema.rs is what the migrations produce
    Schema,
    /// The history of the database: edited, out of order, orphaned
    Status,
    /// The running program works with the new migrations
    Compat,
    /// The new migrations are safe to run while others work
    Lint,
}

impl CheckName {
    fn part(self) -> Part {
        match self {
            Self::Verify => Part::Verify,
            Self::Check => Part::Check,
            Self::Schema => Part::Schema,
            Self::Status => Part::Status,
            Self::Compat => Part::Compat,
            Self::Lint => Part::Lint,
        }
    }
}

/// What the checks are given.
struct Given<'g> {
    settings: &'g Settings,
    migrations: &'g Migrations,
    known: &'g [KnownProblem],
    truth: &'g Truth<'g>,
    printer: &'g replay::schema::Printer,
}

impl Given<'_> {
    /// Whether there is a schema file of the new program.
    fn has_schema(&self) -> bool {
        let default = self.settings.root.join("src/schema.rs");
        let mut named = self.printer.schemas.all.values().filter_map(|it| it.file.as_ref());
        default.is_file() || named.any(|it| it.is_file())
    }
}

/// What is wanted beside the checks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct More {
    /// What becomes of tables through new migrations.
    pub(super) changes: bool,
    /// The ledgers of the database.
    pub(super) ledgers: bool,
}

/// What all checks found.
#[derive(Default)]
pub(super) struct Seen {
    /// How each check ended.
    pub(super) report: CiReport,
    /// What they found.
    pub(super) findings: Vec<Finding>,
    /// Why checks could not do their work; one that several have in common is there once.
    pub(super) failures: Vec<JobError>,
    /// The history of the database, if it was asked.
    pub(super) status: Option<StatusReport>,
    /// Its ledgers.
    pub(super) ledgers: Vec<LedgerReport>,
    /// The revision that migrations are new against, if it is not a database.
    since_revision: Option<String>,
}

impl Checks {
    /// Runs them.
    pub(super) fn run(
        &self,
        settings: &Settings,
        migrations: &Migrations,
        more: More,
        output: &Output,
    ) -> Result<Seen, CliError> {
        let printer = printer(settings, None)?;
        let truth = sql_truth(None, settings)?;
        let truth = truth.map_or(Truth::SchemaRs(&printer), Truth::Sql);
        let known = baseline::read(&settings.root.join(baseline::NAME)).map_err(JobError::from)?;
        let given = Given {
            settings,
            migrations,
            known: known.as_deref().unwrap_or_default(),
            truth: &truth,
            printer: &printer,
        };
        let mut seen = Seen::default();
        let parts = self.parts(&given, &mut seen.report);
        let mut progress = output.progress().of_replays();
        let checked = block_on(async |stop| {
            let mut watch = |event| progress.show(&event);
            self.check(&given, &parts, more, &mut seen, (stop, output, &mut watch)).await
        });
        progress.finish();
        // what came last is told last
        let late = std::mem::take(&mut seen.findings);
        seen.add(&given, checked?);
        seen.findings.extend(late);
        seen.report.parts.sort_by_key(|it| it.part);
        Ok(seen)
    }

    /// The checks that are wanted and apply. What does not is in the report.
    fn parts(&self, given: &Given<'_>, report: &mut CiReport) -> BTreeSet<Part> {
        let named = |list: &[CheckName], part| list.iter().any(|it| it.part() == part);
        let mut parts = BTreeSet::new();
        for part in Part::ALL {
            let is_unwanted =
                (!self.only.is_empty() && !named(&self.only, part)) || named(&self.skip, part);
            let why = match part {
                _ if is_unwanted => Some("not wanted"),
                Part::Verify if given.migrations.is_empty() => Some("there are no migrations"),
                Part::Check => match given.truth {
                    Truth::SchemaRs(printer) if !printer.has_files() => {
                        Some("diesel.toml names no schema file, and glowplug.toml no source")
                    }
                    _ => None,
                },
                Part::Schema if !given.printer.has_files() => {
                    Some("diesel.toml names no schema file")
                }
                Part::Status if !given.settings.has_a_database() => {
                    Some("no database is configured")
                }
                Part::Compat if !given.has_schema() => Some("there is no schema.rs"),
                _ => None,
            };
            match why {
                None => {
                    parts.insert(part);
                }
                Some(why) => report.parts.push(PartReport {
                    part,
                    outcome: Outcome::Skipped,
                    about: why.to_owned(),
                }),
            }
        }
        parts
    }

    async fn check(
        &self,
        given: &Given<'_>,
        parts: &BTreeSet<Part>,
        more: More,
        seen: &mut Seen,
        (stop, output, watch): (Stop, &Output, Watch<'_>),
    ) -> Result<Checked, CliError> {
        let settings = given.settings;
        let guard = settings.exec_options(&LimitArgs::default()).guard;
        let shadow = settings.twin("ci", &stop, output, &mut |_| {}).await?;
        let database = match parts.contains(&Part::Status) {
            true => Some(settings.endpoint("ci", stop.clone(), output)?),
            false => None,
        };
        let request = CiRequest {
            shadow: &shadow,
            migrations: given.migrations,
            database: database.as_ref(),
            printer: given.printer,
            truth: given.truth,
            guard: &guard,
            ignored: &settings.ignored(),
            accepted: given.known,
            parts,
        };
        let checked = autogenerate::ci::ci(&request, stop.clone(), watch).await?;
        seen.report.proved_on = Some(shadow.proved_on());
        seen.report.notes.extend(shadow.notes.iter().cloned());
        let status = checked.status.as_ref().and_then(|it| it.as_ref().ok());
        let is_asked = status.is_some();
        let New { names, since, is_revision, notes } =
            settings.new_migrations(self.since.as_deref(), status)?;
        seen.report.notes.extend(notes);
        let all = given.migrations.iter().map(|it| &it.name);
        seen.report.new = all.filter(|it| names.contains(*it)).cloned().collect();
        seen.since_revision = since.clone().filter(|_| is_revision);
        seen.report.new_since = since;
        if more.changes && !seen.report.new.is_empty() {
            // a migration that fails is told of by the checks
            let changes =
                autogenerate::ci::changes(&shadow, given.migrations, &names, stop.clone()).await;
            seen.report.changes = changes.ok();
        }
        if let Some(database) = database.filter(|_| more.ledgers && guard.is_on())
            && is_asked
        {
            seen.ledgers = job::ledger::status(&database, &guard, &mut |_| {}).await?.ledgers;
        }
        let why = match &checked.verify {
            Some(Err(_)) => Some("the migrations cannot be replayed"),
            Some(Ok(it)) if it.failure.is_some() => Some("the migrations cannot be replayed"),
            _ if seen.report.new.is_empty() => Some("no migration is known to be new"),
            _ => None,
        };
        for part in [Part::Compat, Part::Lint].into_iter().filter(|it| parts.contains(it)) {
            match (why, part) {
                (Some(why), _) => seen.report.parts.push(skipped(part, why)),
                (None, Part::Compat) => self.compat(given, seen, (stop.clone(), output)).await?,
                (None, _) => linted(given, seen, (&shadow, stop.clone())).await?,
            }
        }
        Ok(checked)
    }

    /// Whether the running program works with the new migrations. It is the one of the revision that they are new against, if that
    /// is one.
    async fn compat(
        &self,
        given: &Given<'_>,
        seen: &mut Seen,
        (stop, output): (Stop, &Output),
    ) -> Result<(), CliError> {
        let revision = seen.since_revision.clone();
        let configured = given.settings.toml.compat.from.clone();
        let programs = ProgramArgs { from: configured.or_else(|| revision.clone()), used: None };
        let pending = Pending { since: revision, target: "head".to_owned(), will_run: false };
        let settings = given.settings;
        let report =
            compat::report("ci", settings, (&programs, pending), stop, output, &mut |_| {}).await;
        match report {
            Ok(report) => {
                seen.report.compat = Some(report.matrix());
                let about = format!("{}, {}", report.running, report.verdict.words());
                let findings = report.findings().cloned().collect();
                seen.part(Part::Compat, Ok((findings, about)));
            }
            Err(error) if error.is_interrupt() => return Err(error),
            // without a program there is nothing that could break
            Err(CliError::Job(JobError::Compat(error))) if self.only.is_empty() => {
                let about = error.to_string();
                let about = about.lines().next().unwrap_or_default();
                seen.report.parts.push(skipped(Part::Compat, about));
            }
            Err(CliError::Job(error)) => seen.part(Part::Compat, Err(error)),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Whether the new migrations are safe to run while others work.
async fn linted(
    given: &Given<'_>,
    seen: &mut Seen,
    (shadow, stop): (&Shadow, Stop),
) -> Result<(), CliError> {
    let new = given.migrations.iter().filter(|it| seen.report.new.contains(&it.name));
    let chosen = new.map(|it| it.version.clone()).collect();
    match lint::linted(given.settings, given.migrations, &chosen, (shadow, stop)).await {
        Ok(report) => {
            seen.report.locks = autogenerate::ci::timelines(&report, given.migrations);
            let about = render::migrations(report.migrations.len());
            seen.part(Part::Lint, Ok((report.findings, about)));
        }
        Err(CliError::Job(error)) if !error.is_interrupt() => seen.part(Part::Lint, Err(error)),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// A check that does not apply.
fn skipped(part: Part, why: &str) -> PartReport {
    PartReport { part, outcome: Outcome::Skipped, about: why.to_owned() }
}

impl Seen {
    /// Whether anything was found that counts.
    pub(super) fn counts(&self) -> bool {
        self.report.parts.iter().any(|it| it.outcome == Outcome::Found)
    }

    /// The checks that ran.
    pub(super) fn ran(&self) -> Vec<&'static str> {
        let ran = self.report.parts.iter().filter(|it| it.outcome != Outcome::Skipped);
        ran.map(|it| it.part.word()).collect()
    }

    fn add(&mut self, given: &Given<'_>, checked: Checked) {
        let dir = &given.settings.shown;
        if let Some(verified) = checked.verify {
            let before = self.failures.len();
            let result = verified.map(|verified| self.verified(given, verified));
            let has_failed = self.failures.len() > before;
            self.part(Part::Verify, result);
            // its report goes on behind a migration that fails
            if let Some(part) = self.report.parts.last_mut().filter(|_| has_failed) {
                part.outcome = Outcome::Failed;
            }
        }
        if let Some(found) = checked.check {
            let truth = given.settings.truth_file(None);
            let about = "compared with the source of truth".to_owned();
            let notes = &self.report.notes;
            let result = found.map(|it| {
                let mut findings = it.findings(truth.as_deref(), false);
                // what concerns every check is said once
                findings.retain(|it| it.code != "check::remark" || !notes.contains(&it.message));
                (findings, about)
            });
            self.part(Part::Check, result);
        }
        match checked.schema {
            Some(found) => {
                let result = found.map(|it| {
                    let files: Vec<&str> = it.files.iter().map(|it| it.file.as_str()).collect();
                    (it.findings(), files.join(", "))
                });
                self.part(Part::Schema, result);
            }
            None if !self.report.parts.iter().any(|it| it.part == Part::Schema) => {
                self.report.parts.push(PartReport {
                    part: Part::Schema,
                    outcome: Outcome::Skipped,
                    about: "the migrations cannot be replayed".to_owned(),
                });
            }
            None => {}
        }
        if let Some(found) = checked.status {
            let result = found.map(|it| {
                // that something is new is why there is a check
                let findings = it.findings(dir).into_iter();
                let findings = findings.filter(|it| it.code != "status::pending").collect();
                let database = it.database.clone().unwrap_or_default();
                let about = format!("{database}, {} pending", it.pending);
                self.status = Some(it);
                (findings, about)
            });
            self.part(Part::Status, result);
        }
    }

    fn verified(
        &mut self,
        given: &Given<'_>,
        mut verified: replay::verify::Verified,
    ) -> (Vec<Finding>, String) {
        let gone = verified.report.accept(given.known).len();
        if gone > 0 {
            self.report.notes.push(format!(
                "{} lists {gone} problems that no longer occur; `glowplug verify accept` removes them",
                baseline::NAME
            ));
        }
        let mut findings = verified.report.findings(&given.settings.shown);
        let is_failed = |it: &Problem| it.kind == ProblemKind::UpFails;
        if let Some(failure) = verified.failure
            && verified.report.problems.iter().any(is_failed)
        {
            // the failure says the same, with more
            findings.retain(|it| it.code != ProblemKind::UpFails.code());
            self.failures.push(failure);
        }
        let count = render::migrations(verified.report.migrations);
        (findings, format!("{count}, {} down and up again", verified.report.returned))
    }

    /// Adds a check with what it found.
    fn part(&mut self, part: Part, result: Result<(Vec<Finding>, String), JobError>) {
        let (outcome, about) = match result {
            Ok((findings, about)) => {
                // a value that may come is no reason to stop, as in `compat`
                let counts = |it: &Finding| match part {
                    Part::Compat => it.severity == Severity::Error,
                    _ => it.severity != Severity::Note,
                };
                let counts = findings.iter().any(counts);
                self.findings.extend(findings);
                let outcome = if counts { Outcome::Found } else { Outcome::Passed };
                (outcome, about)
            }
            Err(error) => {
                let about = error.to_string().lines().next().unwrap_or_default().to_owned();
                if !self.failures.iter().any(|it| it.to_string() == error.to_string()) {
                    self.failures.push(error);
                }
                (Outcome::Failed, about)
            }
        };
        self.report.parts.push(PartReport { part, outcome, about });
    }
}
