//! The statements that lead from one structure to another, whatever either comes from.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{
    autogenerate::{LeftAlone, comparable_of, dropped, load::beside, wanted},
    catalog::{Catalog, Coverage, Ignored},
    ddl::Statement,
    introspect::{self, environment},
    job::{
        JobError, Watch,
        failure::AutogenerateError,
        open::Endpoint,
        owner::{ROLE, live_for, owned_by},
    },
    migration::{environment::Environment, source::Migrations},
    planner::{Target, plan, settled},
    postgres::session::Stop,
    replay::{
        alike::{agreed_beside, agreed_in},
        schema::Printer,
        shadow::{Prepared, Shadow, end},
    },
};

/// The major version that statements are for where no side says so: the oldest that is supported.
const OLDEST: u32 = 14;

/// What a structure comes from.
#[derive(Debug)]
pub(crate) enum Side {
    /// A database.
    Database(Box<Endpoint>),
    /// Migrations, replayed.
    Migrations(Migrations),
    /// SQL that makes everything in an empty database.
    Sql(Vec<(PathBuf, String)>),
    /// The file that the printer writes, as a person has edited it. What it cannot say is what the other side says.
    SchemaRs(Box<Printer>),
}

/// The way from one side to the other.
#[derive(Debug)]
pub(crate) struct Diff {
    /// Nothing, where they are alike.
    pub statements: Vec<Statement>,
    /// What to keep in mind when reading them.
    pub remarks: Vec<String>,
}

impl Side {
    /// Whether it takes a shadow to read it.
    #[must_use]
    pub(crate) fn is_made(&self) -> bool {
        matches!(self, Self::Migrations(_) | Self::Sql(_))
    }
}

/// Plans the way from one side to the other. There is a shadow if one of them [is made](Side::is_made) in one; else one that is there
/// helps to tell whether texts mean the same. Partitions that only a database has are left alone, unless they are named.
///
/// # Errors
/// When a side cannot be read, or there is no way that keeps the rows.
pub(crate) async fn diff(
    from: &Side,
    to: &Side,
    shadow: Option<&Shadow>,
    (ignored, drop_partitions): (&Ignored, &[String]),
    stop: Stop,
) -> Result<Diff, JobError> {
    // what a server tells, and what is made beside it on one of the same major version
    let own = shadow.map(|it| it.own_settings.clone()).unwrap_or_default();
    // of two databases, what somebody was granted in one of them counts
    let is_made = from.is_made() || to.is_made();
    let by = if is_made { live_for } else { owned_by };
    let (first, second) = tokio::join!(live(from, ignored, &own, by), live(to, ignored, &own, by));
    let (first, second) = (first?, second?);
    let there = first.as_ref().or(second.as_ref()).map(|it| &it.1);
    let major = there.map(|it| it.postgresql);
    let shadow = shadow.map(|it| match there {
        Some(environment) => it.of(environment.clone()).of_major(environment.postgresql),
        None => it.clone(),
    });
    let made = |side| made(side, shadow.as_ref(), ignored, &stop);
    let (third, fourth) = tokio::join!(made(from), made(to));
    let own = shadow.as_ref().filter(|_| is_made);
    let own = own.map(|it| it.binaries.major());
    let ((third, one), (fourth, other)) = (third?.unzip(), fourth?.unzip());
    let mut first = first.map(|it| it.0).or(third);
    let mut second = second.map(|it| it.0).or(fourth);
    // what is there before the first migration differs in nothing
    match (&one, &other, &mut first, &mut second) {
        (Some(one), _, Some(first), Some(second)) => {
            *second = one.given.agreed(first, std::mem::take(second));
        }
        (None, Some(other), Some(first), Some(second)) => {
            *first = other.given.agreed(second, std::mem::take(first));
        }
        _ => {}
    }
    let notes: Vec<String> = one.iter().chain(&other).flat_map(|it| it.notes.clone()).collect();
    let (one, other) = (one.map(|it| it.scratch), other.map(|it| it.scratch));
    // what a file cannot say is what is on the other side, or nothing
    let mut remarks = Vec::new();
    let completed = |side: &Side, read: Option<Catalog>, other: Option<&Catalog>| match side {
        Side::SchemaRs(printer) => {
            let nothing = Catalog::new(Coverage::all());
            let wanted = wanted(printer, other.unwrap_or(&nothing))?;
            Ok::<_, JobError>((wanted.catalog, wanted.remark))
        }
        _ => Ok((read.unwrap_or_default(), None)),
    };
    let (mut there, remark) = completed(from, first, second.as_ref())?;
    remarks.extend(remark);
    if matches!(from, Side::Database(_)) {
        let left_alone = match (to, &second) {
            (Side::SchemaRs(printer), _) => {
                let dropped = dropped(printer, &there)?;
                LeftAlone::of(&there, |key| dropped.contains(key), drop_partitions)?
            }
            (_, Some(wanted)) => {
                LeftAlone::of(&there, |key| wanted.get(key).is_none(), drop_partitions)?
            }
            (_, None) => LeftAlone::default(),
        };
        there = left_alone.without(there);
        remarks.extend(left_alone.remark());
    } else if let Some(text) = drop_partitions.first().cloned() {
        return Err(AutogenerateError::NoPartition { text }.into());
    }
    let (mut to, remark) = completed(to, second, Some(&there))?;
    remarks.extend(remark);
    match (&shadow, &one, &other) {
        (Some(shadow), Some(scratch), _) => {
            to = agreed_in(shadow, scratch, stop, &there, to).await?;
        }
        (Some(shadow), None, Some(scratch)) => {
            there = agreed_in(shadow, scratch, stop, &to, there).await?;
        }
        // databases are only read
        (Some(shadow), None, None) => {
            to = agreed_beside(shadow, stop, &there, to).await?;
        }
        (None, ..) => {}
    }
    for scratch in one.into_iter().chain(other) {
        end(scratch).await;
    }
    let to = settled(&there, to);
    let target = Target {
        major: major.or(own).unwrap_or(OLDEST),
        role: ROLE,
        online: true,
        batches: false,
        in_one: false,
        portable: false,
    };
    let statements = plan(&there, &to, &target).map_err(AutogenerateError::Plan)?;
    let remark = shadow.filter(|_| is_made);
    let remark = remark.zip(major.filter(|_| !statements.is_empty()));
    remarks.extend(remark.and_then(|(shadow, major)| shadow.remark(major)));
    remarks.extend(notes);
    Ok(Diff { statements, remarks })
}

/// Reads a database, with its environment.
async fn live(
    side: &Side,
    ignored: &Ignored,
    own_settings: &BTreeSet<String>,
    by: fn(Catalog, &str) -> Catalog,
) -> Result<Option<(Catalog, Environment)>, JobError> {
    let Side::Database(endpoint) = side else {
        return Ok(None);
    };
    let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
    let read = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
    let read = by(read, &facts.role);
    let environment = environment::read(&mut session, &endpoint.url, own_settings).await?;
    let environment = environment.environment;
    Ok(Some((comparable_of(read, ignored), environment)))
}

/// Reads what a side makes in a shadow, which has it then.
async fn made(
    side: &Side,
    shadow: Option<&Shadow>,
    ignored: &Ignored,
    stop: &Stop,
) -> Result<Option<(Catalog, Prepared)>, JobError> {
    let Some(shadow) = shadow.filter(|_| side.is_made()) else {
        return Ok(None);
    };
    let (read, prepared) = match side {
        Side::Database(_) | Side::SchemaRs(_) => return Ok(None),
        Side::Migrations(migrations) => {
            let coverage = Coverage::all();
            let quiet: Watch<'_> = &mut |_| {};
            let replay = shadow.replayed(migrations, &coverage, stop.clone(), quiet);
            let replayed = replay.await?;
            (comparable_of(replayed.catalog, ignored), replayed.prepared)
        }
        Side::Sql(files) => beside(shadow, files, ignored, stop).await?,
    };
    Ok(Some((owned_by(read, ROLE), prepared)))
}
