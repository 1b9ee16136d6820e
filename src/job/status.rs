//! Where a database is, and the history of a project. Reads, and creates nothing.

use crate::{
    job::{JobError, Watch, open::Endpoint},
    migration::{journal::Journal, source::Migrations, squash, status::status},
    report::status::StatusReport,
};

/// Compares the migrations with a database.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn of_database(
    endpoint: &Endpoint,
    migrations: &Migrations,
    watch: Watch<'_>,
) -> Result<StatusReport, JobError> {
    let (_session, facts, journal) = endpoint.read(watch).await?;
    let settled = squash::settle(migrations, &journal);
    let status = status(&settled.migrations, &settled.journal);
    Ok(StatusReport::new(&status, Some(facts.database)))
}

/// Lists the migrations on disk.
#[must_use]
pub(crate) fn of_disk(migrations: &Migrations) -> StatusReport {
    StatusReport::new(&status(migrations, &Journal::default()), None)
}
