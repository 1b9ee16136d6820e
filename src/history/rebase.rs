//! Gives migrations of a branch versions after the newest, once another branch was merged.

use std::path::{Path, PathBuf};

use crate::{
    job::{
        JobError, RunError, Watch,
        failure::RebaseError,
        open::Endpoint,
        revision::next_version,
        run::{self, RunOptions, history},
    },
    migration::{
        journal::Journal,
        order::{self, dependents},
        plan::{Blocked, Policy},
        source::{Migration, Migrations},
        squash,
        status::{State, Status, status},
        target::{Point, TargetError},
        version::Version,
    },
    postgres::session::Stop,
    project::{ProjectError, read, rebase as files},
    replay::{schema::Printer, shadow::Shadow, verify},
    report::{
        proved::ProvedOn,
        rebase::{MoveReport, RebaseReport},
        verify::ProblemKind,
    },
    schema_rs::{PrintSchemas, Style},
};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RebaseRequest<'w> {
    /// All migrations.
    pub migrations: &'w Migrations,
    /// Those that are named; none for those that are out of order.
    pub versions: &'w [String],
    /// The database of this checkout, and whether it is on this machine.
    pub here: Option<(&'w Endpoint, bool)>,
    /// Databases that others use.
    pub shared: &'w [Endpoint],
    /// Who asks, for the journal.
    pub actor: &'w str,
}

/// What would be renamed, before anybody has agreed.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    /// The migrations with their new names, in their order.
    moves: Vec<Move>,
    /// The migrations as they will be.
    after: Migrations,
}

/// One migration that gets a new name.
#[derive(Debug, Clone)]
struct Move {
    old: Migration,
    new: Migration,
    /// Whether it is applied in the database of this checkout.
    is_applied: bool,
}

impl Proposal {
    /// The report before anything is done.
    #[must_use]
    pub(crate) fn report(&self) -> RebaseReport {
        let moved = self
            .moves
            .iter()
            .map(|it| MoveReport { from: it.old.name.clone(), to: it.new.name.clone() });
        let applied = self.moves.iter().rev().filter(|it| it.is_applied);
        RebaseReport {
            moved: moved.collect(),
            reverted: applied.map(|it| it.old.name.clone()).collect(),
            dry_run: true,
            ..RebaseReport::default()
        }
    }

    /// The error where nobody has agreed.
    #[must_use]
    pub(crate) fn not_confirmed(&self) -> JobError {
        let names = self.moves.iter().map(|it| it.old.name.clone()).collect();
        RebaseError::NotConfirmed { names }.into()
    }
}

/// Finds what is to be renamed, and refuses what another database has run. Only reads.
///
/// # Errors
/// When nothing is out of order, a migration is applied elsewhere, or a database cannot be read.
pub(crate) async fn propose(
    request: &RebaseRequest<'_>,
    watch: Watch<'_>,
) -> Result<Proposal, JobError> {
    let mut shared = Vec::new();
    for endpoint in request.shared {
        let (_, facts, journal) = endpoint.read(watch).await?;
        shared.push((facts.database, journal));
    }
    let here = match request.here {
        None => None,
        Some((endpoint, is_local)) => {
            let (_, facts, journal) = endpoint.read(watch).await?;
            Some((facts.database, journal, is_local))
        }
    };
    for (database, journal) in &shared {
        not_merged(request.migrations, database, journal)?;
    }
    let journal = here.as_ref().map(|(_, journal, _)| journal.clone()).unwrap_or_default();
    let chosen = chosen(request, &journal, &shared)?;
    for migration in &chosen {
        let elsewhere = shared.iter().find(|(_, it)| it.applied.contains_key(&migration.version));
        if let Some((database, _)) = elsewhere {
            return Err(applied(migration, database, None));
        }
        if let Some((database, journal, is_local)) = &here
            && journal.applied.contains_key(&migration.version)
        {
            let entry = journal.record(&migration.version);
            let by = entry.map(|it| it.actor.clone()).filter(|it| !it.is_empty());
            let by = by.filter(|it| it != request.actor);
            if !is_local || by.is_some() {
                return Err(applied(migration, database, by));
            }
        }
        if !migration.links.replaces.is_empty() {
            return Err(RebaseError::Squashed { name: migration.name.clone() }.into());
        }
    }
    moves(request.migrations, &chosen, &journal)
}

fn applied(migration: &Migration, database: &str, by: Option<String>) -> JobError {
    RebaseError::Applied { name: migration.name.clone(), database: database.to_owned(), by }.into()
}

/// Refuses where a shared database has run something newer than what is here.
fn not_merged(
    migrations: &Migrations,
    database: &str,
    journal: &Journal,
) -> Result<(), RebaseError> {
    let settled = squash::settle(migrations, journal);
    let head = migrations.head().map(|it| &it.version);
    let is_new = |it: &&Version| settled.migrations.get(it).is_none() && head < Some(*it);
    match settled.journal.applied.keys().find(is_new) {
        None => Ok(()),
        Some(version) => {
            Err(RebaseError::NotMerged { database: database.to_owned(), version: version.clone() })
        }
    }
}

/// The migrations that get new versions, in their order, with those that depend on them.
fn chosen(
    request: &RebaseRequest<'_>,
    journal: &Journal,
    shared: &[(String, Journal)],
) -> Result<Vec<Migration>, JobError> {
    let all = request.migrations;
    let here = status(all, journal);
    let mut versions: Vec<Version> = Vec::new();
    for text in request.versions {
        match history(&here).find(text)? {
            Point::At(version) if all.get(&version).is_some() => versions.push(version),
            _ => {
                let advice = "Name a migration that is on disk.".into();
                return Err(TargetError::Unknown { text: text.clone(), advice }.into());
            }
        }
    }
    if request.versions.is_empty() {
        versions = match shared {
            [] => behind_late(&here),
            shared => {
                let is_new = |it: &Version| !shared.iter().any(|(_, j)| j.applied.contains_key(it));
                let own = behind_late(&here).into_iter().filter(is_new);
                late_there(all, shared).into_iter().chain(own).collect()
            }
        };
    }
    if versions.is_empty() {
        return Err(RebaseError::Nothing.into());
    }
    let needing: Vec<Version> =
        versions.iter().flat_map(|it| dependents(all, it)).map(|it| it.version.clone()).collect();
    versions.extend(needing);
    Ok(all.iter().filter(|it| versions.contains(&it.version)).cloned().collect())
}

/// What was applied here and is newer than something that came with a merge.
fn behind_late(here: &Status<'_>) -> Vec<Version> {
    let Some(late) = here.in_state(State::OutOfOrder).next() else {
        return Vec::new();
    };
    let rows = here.rows.iter().filter(|row| row.run_on.is_some() && row.version > late.version);
    rows.map(|row| row.version.clone()).collect()
}

/// What no shared database has run, and at least one has run something newer than.
fn late_there(all: &Migrations, shared: &[(String, Journal)]) -> Vec<Version> {
    let is_new = |it: &&Migration| !shared.iter().any(|(_, j)| j.applied.contains_key(&it.version));
    let is_late = |it: &&Migration| {
        shared.iter().any(|(_, j)| j.current().is_some_and(|current| *current > it.version))
    };
    all.iter().filter(is_new).filter(is_late).map(|it| it.version.clone()).collect()
}

/// Gives new versions, after the newest, in the order of the old ones.
fn moves(all: &Migrations, chosen: &[Migration], journal: &Journal) -> Result<Proposal, JobError> {
    let mut moves: Vec<Move> = Vec::new();
    let mut taken = all.clone();
    for old in chosen {
        let key = next_version(&taken);
        let name = match old.name.split_once('_') {
            Some((_, slug)) => format!("{key}_{slug}"),
            None => key.clone(),
        };
        let version = Version::of_directory(&name)
            .map_err(|_| ProjectError::NotAVersion { text: key.clone() })?;
        let is_applied = journal.applied.contains_key(&old.version);
        let new = Migration { version, name, ..old.clone() };
        let list = taken.iter().cloned().chain([new.clone()]).collect();
        taken = Migrations::new(list).map_err(ProjectError::from)?;
        moves.push(Move { old: old.clone(), new, is_applied });
    }
    let left = all.iter().filter(|it| !chosen.iter().any(|old| old.version == it.version));
    let mut list: Vec<Migration> =
        left.cloned().chain(moves.iter().map(|it| it.new.clone())).collect();
    let pairs = pairs(&moves);
    for needed in list.iter_mut().flat_map(|it| &mut it.links.depends_on) {
        if let Some((_, new)) = pairs.iter().find(|(old, _)| old == needed) {
            needed.clone_from(new);
        }
    }
    let after = Migrations::new(list).map_err(ProjectError::from)?;
    let after = after.with_squashed(all.squashed().to_vec());
    order::demand(&after).map_err(Blocked::from)?;
    Ok(Proposal { moves, after })
}

fn pairs(moves: &[Move]) -> Vec<(Version, Version)> {
    moves.iter().map(|it| (it.old.version.clone(), it.new.version.clone())).collect()
}

/// Replays the migrations in their new order: up, down and up again.
///
/// # Errors
/// When one does not work there.
pub(crate) async fn prove(
    proposal: &Proposal,
    shadow: &Shadow,
    options: &RunOptions,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<ProvedOn, JobError> {
    let printer = Printer {
        schemas: PrintSchemas::default(),
        style: Style::default(),
        current: PathBuf::new(),
        record: None,
    };
    let request = verify::VerifyRequest {
        shadow,
        migrations: &proposal.after,
        guard: &options.exec.guard,
        caches: true,
        fail_fast: false,
        accepted: &[],
    };
    let verified = verify::verify(&request, &printer, stop, watch).await?;
    let is_moved = |name: &str| proposal.moves.iter().any(|it| it.new.name == name);
    // what was wrong before is no reason against a new version
    let new = verified.report.problems.iter();
    let new = new.filter(|it| it.kind == ProblemKind::UpFails || is_moved(&it.name));
    let problems: Vec<String> = new.map(|it| it.what.clone()).collect();
    match problems.is_empty() {
        true => Ok(shadow.proved_on()),
        false => Err(RebaseError::Proof { problems }.into()),
    }
}

/// Reverts what is applied here, renames the directories, and upgrades.
///
/// After a kill at any moment nothing is lost: what was reverted is pending under its old name or its new one.
///
/// # Errors
/// When something cannot be reverted, renamed or applied.
pub(crate) async fn rebase(
    proposal: &Proposal,
    request: &RebaseRequest<'_>,
    (dir, shown): (&Path, &str),
    options: &RunOptions,
    watch: Watch<'_>,
) -> Result<RebaseReport, JobError> {
    let mut report = proposal.report();
    report.dry_run = false;
    if let Some((endpoint, _)) = request.here {
        for it in proposal.moves.iter().rev().filter(|it| it.is_applied) {
            let target = it.old.version.to_string();
            let only = run::Operation::Only { target, with_dependents: false };
            let ran = run::run(endpoint, request.migrations, &only, options, watch).await;
            ran.map_err(|error| error.cause)?;
        }
    }
    let names: Vec<(&str, &str)> =
        proposal.moves.iter().map(|it| (it.old.name.as_str(), it.new.name.as_str())).collect();
    files::rename(dir, &names)?;
    let is_applied = proposal.moves.iter().any(|it| it.is_applied);
    if let Some((endpoint, _)) = request.here.filter(|_| is_applied) {
        let migrations = read::migrations(dir, shown)?;
        let head = run::Operation::Upgrade { target: "head".into(), policy: Policy::default() };
        let ran = run::run(endpoint, &migrations, &head, options, watch).await;
        match ran {
            Ok(done) => report.upgrade = Some(done),
            // everything is renamed, and what is left is another matter
            Err(RunError { cause: JobError::Blocked(blocked), .. }) => {
                report.notes.push(format!("the local database was not upgraded: {blocked}"));
            }
            Err(error) => return Err(error.cause),
        }
    }
    Ok(report)
}
