//! SQL as a source of truth: loaded into an empty database by PostgreSQL itself.

use std::path::PathBuf;

use crate::{
    catalog::{Catalog, Coverage, Ignored},
    job::{
        JobError,
        autogenerate::comparable_of,
        load,
        open::Endpoint,
        shadow::{Prepared, Shadow, end},
    },
    postgres::{introspect, session::Stop},
};

/// Loads SQL on a server of its own, after what is there before any migration, and reads what is there then.
pub(in crate::job) async fn beside(
    shadow: &Shadow,
    files: &[(PathBuf, String)],
    ignored: &Ignored,
    stop: &Stop,
) -> Result<(Catalog, Prepared), JobError> {
    let needs = shadow.needs(files.iter().map(|(_, text)| text.as_str()));
    let prepared = shadow.start(&needs).await?;
    let endpoint = shadow.endpoint(&prepared.scratch, stop.clone());
    match load(&endpoint, &shadow.stood_in_files(files), ignored).await {
        Ok(catalog) => Ok((catalog, prepared)),
        Err(error) => {
            end(prepared.scratch).await;
            Err(error)
        }
    }
}

/// Loads SQL into an empty database, and reads what it makes.
async fn load(
    endpoint: &Endpoint,
    files: &[(PathBuf, String)],
    ignored: &Ignored,
) -> Result<Catalog, JobError> {
    let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
    load::run(&mut session, files).await?;
    let catalog = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
    Ok(comparable_of(catalog, ignored))
}
