//! Drift: how a live database differs from what its applied migrations produce.

use crate::{
    autogenerate::{LeftAlone, comparable_of, differences, listing::listed},
    catalog::{Attribute, Catalog, Coverage, Ignored, Key},
    cluster::Scratch,
    ddl::Statement,
    introspect::{self, environment},
    job::{
        JobError, Watch,
        open::Endpoint,
        owner::{ROLE, live_for, replayed_for, runner},
    },
    migration::{
        source::{Migration, Migrations},
        squash,
    },
    planner::{Target, no_update, plan, settled},
    postgres::session::Stop,
    replay::{
        alike::agreed_in,
        shadow::{Prepared, Replayed, Shadow, end},
    },
    report::drift::DriftReport,
};

/// A database beside a replay of migrations.
pub(crate) struct Beside {
    /// What the database has.
    pub(crate) live: Catalog,
    /// What the migrations lead to.
    pub(crate) replayed: Catalog,
    /// The server that has replayed them.
    pub(crate) scratch: Scratch,
    /// What is to be said of the replay.
    pub(crate) notes: Vec<String>,
    /// Partitions that only the database has.
    pub(crate) left_alone: LeftAlone,
    /// The shadow of this database.
    pub(crate) shadow: Shadow,
    /// The major version of the database.
    pub(crate) major: u32,
}

/// Replays migrations for a database, and gives both the same texts for what means the same.
pub(crate) async fn beside(
    endpoint: &Endpoint,
    shadow: &Shadow,
    applied: &Migrations,
    (ignored, drop_partitions): (&Ignored, &[String]),
    stop: Stop,
    watch: Watch<'_>,
) -> Result<Beside, JobError> {
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let live = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
    let read = environment::read(&mut session, &endpoint.url, &shadow.own_settings).await?;
    drop(session);
    let major = facts.server_version / 10_000;
    let shadow = shadow.of(read.environment).of_major(major);
    let mut quiet = |_| {};
    let Replayed { prepared, catalog } =
        shadow.replayed(applied, &Coverage::all(), stop.clone(), &mut quiet).await?;
    let Prepared { scratch, given, notes } = prepared;
    // who runs the migrations owns what they make: here and in the shadow
    let runner = runner(&live).unwrap_or(facts.role);
    let live = comparable_of(live_for(live, &runner), ignored);
    let replayed = comparable_of(replayed_for(catalog, &runner), ignored);
    let live = given.agreed(&replayed, live);
    let compared = async {
        let live = agreed_in(&shadow, &scratch, stop, &replayed, live).await?;
        let replayed = settled(&live, replayed);
        let is_gone = |key: &Key| replayed.get(key).is_none();
        let left_alone = LeftAlone::of(&live, is_gone, drop_partitions)?;
        Ok((left_alone.without(live), replayed, left_alone))
    };
    match compared.await {
        Ok((live, replayed, left_alone)) => {
            Ok(Beside { live, replayed, scratch, notes, left_alone, shadow, major })
        }
        Err(error) => {
            end(scratch).await;
            Err(error)
        }
    }
}

/// Compares a database with a replay of the migrations that it has applied. Partitions that no migration has made are left alone,
/// unless they are named.
///
/// # Errors
/// When the server cannot be reached, or a migration fails in the shadow.
pub(crate) async fn drift(
    endpoint: &Endpoint,
    shadow: &Shadow,
    migrations: &Migrations,
    (ignored, drop_partitions): (&Ignored, &[String]),
    stop: Stop,
    watch: Watch<'_>,
) -> Result<DriftReport, JobError> {
    let (session, facts, journal) = endpoint.read(watch).await?;
    drop(session);
    let here = squash::settle(migrations, &journal);
    let (migrations, journal) = (&*here.migrations, &*here.journal);
    let is_applied = |it: &&Migration| journal.applied.contains_key(&it.version);
    let applied: Vec<Migration> = migrations.iter().filter(is_applied).cloned().collect();
    let orphaned = journal.applied.keys().filter(|it| migrations.get(it).is_none());
    let orphaned: Vec<String> = orphaned.map(ToString::to_string).collect();
    let count = applied.len();
    let applied = Migrations::new(applied).unwrap_or_default();
    let beside = beside(endpoint, shadow, &applied, (ignored, drop_partitions), stop, watch);
    let Beside { live, replayed, scratch, notes, left_alone, shadow, major } = beside.await?;
    end(scratch).await;
    let found = differences(&replayed, &live);
    let remark = shadow.remark(major).filter(|_| !found.is_empty());
    let remarks = remark.into_iter().chain(left_alone.remark());
    let remarks: Vec<String> = remarks.chain(notes).collect();
    let target =
        Target { major, role: ROLE, online: true, batches: false, in_one: false, portable: false };
    let mut report = DriftReport {
        database: facts.database,
        applied: count,
        differences: listed(&found, &replayed, &live),
        orphaned,
        remark: (!remarks.is_empty()).then(|| remarks.join("; ")),
        proved_on: Some(shadow.proved_on()),
        ..DriftReport::default()
    };
    // what no update leads back to is said, and stays
    let mut wanted = replayed.clone();
    for key in no_update(&live, &replayed) {
        if let (Some(is), Some(fact)) = (live.get(&key), wanted.get_mut(&key)) {
            match is.get(Attribute::Version) {
                Some(version) => fact.set(Attribute::Version, version.to_owned()),
                None => fact.unset(Attribute::Version),
            }
        }
        let more = format!(
            "no update leads {key} back to the version from the migrations: write a migration that updates it to the installed one"
        );
        report.remark = Some(match report.remark.take() {
            Some(remark) => format!("{remark}; {more}"),
            None => more,
        });
    }
    if !found.is_empty() {
        match plan(&live, &wanted, &target) {
            Ok(statements) => {
                let text = |it: &Statement| {
                    let lost = it.loses.iter().map(|lost| format!("-- deletes-data: {lost}\n"));
                    lost.collect::<String>() + &it.sql()
                };
                report.heal = statements.iter().map(text).collect();
            }
            Err(error) => report.no_way = Some(error.to_string()),
        }
    }
    Ok(report)
}
