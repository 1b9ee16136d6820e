//! SQL as a source of truth: loaded into an empty database by PostgreSQL itself.

use std::path::PathBuf;

use crate::{
    autogenerate::comparable_of,
    catalog::{Catalog, Coverage, Ignored},
    introspect,
    job::{JobError, load},
    postgres::session::Stop,
    replay::shadow::{Prepared, Shadow, end},
    words::digest::Digest,
};

/// Loads SQL on a server of its own, after what is there before any migration, and reads what is there then.
pub(crate) async fn beside(
    shadow: &Shadow,
    files: &[(PathBuf, String)],
    ignored: &Ignored,
    stop: &Stop,
) -> Result<(Catalog, Prepared), JobError> {
    let needs = shadow.needs(files.iter().map(|(_, text)| text.as_str()));
    let texts: String = files.iter().map(|(_, text)| format!("{:?} ", Digest::of(text))).collect();
    let bytes = files.iter().map(|(_, text)| text.len()).sum();
    let all = shadow.beginnings("truth", &needs, std::iter::once(texts), bytes);
    let (prepared, known) = shadow.begin(&all, &needs).await?;
    let endpoint = shadow.endpoint(&prepared.scratch, stop.clone());
    let loaded = async {
        if known == 0 {
            let (mut session, _, _) = endpoint.read(&mut |_| {}).await?;
            load::run(&mut session, &shadow.stood_in_files(files)).await?;
            drop(session);
            shadow.kept(&endpoint, &all, &prepared).await?;
        }
        let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
        let read = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
        Ok(comparable_of(read, ignored))
    };
    match loaded.await {
        Ok(catalog) => Ok((catalog, prepared)),
        Err(error) => {
            end(prepared.scratch).await;
            Err(error)
        }
    }
}
