//! The statements that lead from one structure to another, whatever either comes from.

use std::path::PathBuf;

use crate::{
    catalog::{Catalog, Coverage, Ignored},
    ddl::{
        Statement,
        plan::{Target, plan},
    },
    job::{
        JobError, Watch,
        autogenerate::{comparable_of, proving::load, wanted},
        failure::AutogenerateError,
        open::Endpoint,
        owner::{ROLE, owned_by},
        schema::Printer,
        shadow::{Shadow, end},
    },
    migration::source::Migrations,
    postgres::{introspect, session::Stop},
};

/// The major version that statements are for where no side says so: the oldest that is supported.
const OLDEST: u32 = 14;

/// What a structure comes from.
#[derive(Debug)]
pub enum Side {
    /// A database.
    Database(Box<Endpoint>),
    /// Migrations, replayed.
    Migrations(Migrations),
    /// SQL that makes everything in an empty database.
    Sql(Vec<(PathBuf, String)>),
    /// The file that the printer writes, as a person has edited it. What it cannot say is what the other side says.
    SchemaRs(Box<Printer>),
}

/// Plans the way from one side to the other.
///
/// # Errors
/// When a side cannot be read, or there is no way that keeps the rows.
pub async fn diff(
    from: &Side,
    to: &Side,
    shadow: &Shadow,
    ignored: &Ignored,
    stop: Stop,
) -> Result<Vec<Statement>, JobError> {
    let (first, second) = tokio::join!(
        catalog(from, shadow, ignored, &stop),
        catalog(to, shadow, ignored, &stop),
    );
    let ((first, major), (second, other)) = (first?, second?);
    // what a file cannot say is what is on the other side, or nothing
    let beside = |other: &Option<Catalog>| {
        let nothing = || Catalog::new(Coverage::all());
        other.clone().unwrap_or_else(nothing)
    };
    let completed = |side: &Side, read: Option<Catalog>, other: &Option<Catalog>| match side {
        Side::SchemaRs(printer) => wanted(printer, &beside(other)),
        _ => Ok(read.unwrap_or_default()),
    };
    let from = completed(from, first, &second)?;
    let to = completed(to, second, &Some(from.clone()))?;
    let target = Target {
        major: major.or(other).unwrap_or(OLDEST),
        role: ROLE,
        online: true,
        batches: false,
    };
    Ok(plan(&from, &to, &target).map_err(AutogenerateError::Plan)?)
}

/// Reads a side that says everything.
async fn catalog(
    side: &Side,
    shadow: &Shadow,
    ignored: &Ignored,
    stop: &Stop,
) -> Result<(Option<Catalog>, Option<u32>), JobError> {
    let coverage = Coverage::all();
    let watch: Watch<'_> = &mut |_| {};
    let own = Some(shadow.binaries.major());
    match side {
        Side::Database(endpoint) => {
            let (mut session, facts, _) = endpoint.read(watch).await?;
            let read = introspect::read(&mut session, facts.server_version, &coverage).await?;
            let read = owned_by(read, &facts.role);
            Ok((
                Some(comparable_of(read, ignored)),
                Some(facts.server_version / 10_000),
            ))
        }
        Side::Migrations(migrations) => {
            let read = shadow
                .catalog(migrations, &coverage, stop.clone(), watch)
                .await?;
            Ok((Some(comparable_of(owned_by(read, ROLE), ignored)), own))
        }
        Side::Sql(files) => {
            let scratch = shadow.start().await?;
            let endpoint = shadow.endpoint(&scratch, stop.clone());
            let read = load(&endpoint, files, ignored, watch).await;
            end(scratch).await;
            Ok((Some(owned_by(read?, ROLE)), own))
        }
        Side::SchemaRs(_) => Ok((None, None)),
    }
}
