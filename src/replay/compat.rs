//! Whether the running program can live with the pending migrations, and the new one without them.
//!
//! What each sends follows from its schema.rs. In the shadow, before the first pending migration and after each, all of it is prepared;
//! what a program loses between the structure that it was compiled for and another one is a break. The statement of up.sql that
//! causes it is found by replaying the migration statement by statement.

mod findings;
mod locate;
mod programs;
mod since;
mod walk;

use std::path::PathBuf;

use crate::{
    compat::{
        State, Used, Zone,
        queries::QueryFile,
        verdict::{self, Step},
    },
    job::{JobError, Watch, failure::CompatError, open::Endpoint},
    migration::source::{Migration, Migrations},
    postgres::session::Stop,
    replay::{
        schema::Printer,
        shadow::{Shadow, end},
    },
    report::{
        compat::{CompatReport, Cut, MigrationReport},
        finding::{Finding, Severity},
    },
    words::sql::zones,
};

pub(crate) use self::programs::From;

/// What is asked.
#[derive(Debug)]
pub(crate) struct CompatRequest<'w> {
    /// The shadow that migrations are replayed in.
    pub shadow: &'w Shadow,
    /// All migrations on disk.
    pub migrations: &'w Migrations,
    /// The migrations directory, from the root of the project.
    pub migrations_dir: PathBuf,
    /// The database that says what is pending.
    pub database: Option<&'w Endpoint>,
    /// The files of the new program, and how they are printed where they are missing.
    pub printer: &'w Printer,
    /// The root of the project.
    pub root: PathBuf,
    /// Where the running program is read.
    pub from: From,
    /// The last migration that is applied.
    pub since: Option<String>,
    /// The last migration that will be.
    pub target: String,
    /// The directory with the source of the program, from the root of the project.
    pub used: Option<PathBuf>,
    /// Files and directories with queries, from the root of the project.
    pub queries: Vec<PathBuf>,
}

/// A program and what it sends beside what its schema.rs says.
#[derive(Debug, Default)]
struct Side {
    /// What it knows.
    program: crate::compat::Program,
    /// What it uses of that; none for everything.
    used: Option<Used>,
    /// Its queries.
    queries: Vec<QueryFile>,
    /// Where it was read.
    told: String,
}

impl Side {
    /// Its queries, as texts.
    fn texts(&self) -> Vec<&str> {
        let files = self.queries.iter();
        files.flat_map(|it| it.queries.iter().map(|span| &it.text[span.clone()])).collect()
    }

    /// The file of a query, and its bytes.
    fn query(&self, at: usize) -> Option<(&QueryFile, std::ops::Range<usize>)> {
        let files = self.queries.iter();
        let mut all = files.flat_map(|it| it.queries.iter().map(move |span| (it, span.clone())));
        all.nth(at)
    }
}

/// The two programs, and the migrations between them.
struct Case<'c> {
    shadow: &'c Shadow,
    /// What is applied.
    base: Migrations,
    /// What is pending.
    pending: Vec<&'c Migration>,
    running: Side,
    new: Side,
    zone: Zone,
    stop: Stop,
}

/// Finds out what the pending migrations mean for the running program and for the new one.
///
/// # Errors
/// When a program cannot be read, the database or the shadow cannot be reached, or a migration fails.
pub(crate) async fn compat(
    request: &CompatRequest<'_>,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<CompatReport, JobError> {
    let mut notes = request.shadow.notes.clone();
    let origin = programs::origin(request, &mut notes)?;
    let since = since::since(request, &origin, &mut notes, watch).await?;
    let zone = zone(request, &since.pending);
    let mut case = Case {
        shadow: request.shadow,
        base: since.base,
        pending: since.pending,
        running: Side::default(),
        new: Side::default(),
        zone,
        stop,
    };
    let walk = walk::walk(request, &origin, &mut case).await?;
    notes.extend(walk.notes.iter().cloned());
    notes.extend(misfits(&case, &walk));
    let steps = verdict::steps(&walk.broken);
    let places = locate::locate(&case, &walk, &steps).await?;
    let mut migrations = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        migrations.push(findings::of_migration(&case, &walk, (at, step), &places));
    }
    Ok(report(request, &case, &steps, migrations, (since.told, notes, walk.statements)))
}

fn report(
    request: &CompatRequest<'_>,
    case: &Case<'_>,
    steps: &[Step],
    migrations: Vec<MigrationReport>,
    (since, notes, statements): (String, Vec<String>, usize),
) -> CompatReport {
    let cut = verdict::cut(steps).filter(|it| (1..steps.len()).contains(it));
    let verdict = verdict::whole(steps);
    let is_stuck = verdict == crate::report::compat::Verdict::Neither;
    CompatReport {
        running: case.running.told.clone(),
        new: case.new.told.clone(),
        since,
        verdict,
        cut: cut
            .filter(|_| is_stuck)
            .map(|before| Cut { after: case.pending[before - 1].version.clone(), before }),
        migrations,
        statements,
        notes,
        proved_on: request.shadow.proved_on(),
    }
}

/// The time zone that types of times are converted in and that programs write in, as far as scripts and the environment tell.
fn zone(request: &CompatRequest<'_>, pending: &[&Migration]) -> Zone {
    let is_utc = |it: &str| ["utc", "etc/utc", "gmt", "etc/gmt", "zulu"].contains(&it);
    let changes_it = |text: &str| {
        let zones = zones(text);
        zones.iter().any(|it| !is_utc(it))
    };
    if pending.iter().any(|it| changes_it(&it.up.text)) {
        return Zone::Other;
    }
    match request.shadow.known.environment() {
        None => Zone::Unknown,
        Some(known) => match known.settings.get("TimeZone") {
            Some(zone) if !is_utc(&zone.to_lowercase()) => Zone::Other,
            _ => Zone::Utc,
        },
    }
}

/// Says of programs that their schema.rs is not of the structure that they are compared with.
fn misfits(case: &Case<'_>, walk: &walk::Walk) -> Vec<String> {
    let sides = [
        (&case.running, walk.running.states.first(), "the applied migrations do"),
        (&case.new, walk.new.states.last(), "all migrations together do"),
    ];
    let note = |(side, state, who): (&Side, Option<&State>, &str)| {
        let missing = state?.missing(&side.program);
        let (first, more) = (missing.first()?, missing.len() - 1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!("{} names `{first}`{more}, which {who} not make: not looked at", side.told))
    };
    sides.into_iter().filter_map(note).collect()
}

/// Refuses migrations with which the running program breaks.
///
/// # Errors
/// When it does.
pub(crate) fn demand(report: &CompatReport) -> Result<(), CompatError> {
    let who = crate::compat::Which::Running.words();
    let is_of_running =
        |it: &&Finding| it.severity == Severity::Error && it.message.starts_with(who);
    let findings: Vec<Finding> = report.findings().filter(is_of_running).cloned().collect();
    let Some(first) = findings.first().filter(|_| report.breaks()) else {
        return Ok(());
    };
    let place = first.place.as_ref().map(|it| match it.region {
        Some(region) => format!("{}:{}: ", it.file, region.line),
        None => format!("{}: ", it.file),
    });
    let (place, message) = (place.unwrap_or_default(), &first.message);
    Err(CompatError::Breaks {
        first: format!("{place}{message}"),
        advice: format!(
            "Nothing was applied. {} `glowplug compat` lists everything that breaks, and what to do.",
            first.help.as_deref().unwrap_or_default()
        ),
        findings,
    })
}

/// Ends the shadow's server, and passes on what came of its work.
async fn ended<T>(
    scratch: crate::cluster::Scratch,
    result: Result<T, JobError>,
) -> Result<T, JobError> {
    end(scratch).await;
    result
}
