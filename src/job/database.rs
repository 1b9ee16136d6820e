//! Databases as a whole: created and dropped from the outside.

use crate::{
    job::{
        JobError, Watch,
        open::{Endpoint, Limits},
    },
    postgres::{
        session::{Message, Session},
        session_error::SessionError,
    },
    words::ident::Ident,
};

/// Who is told the name of a database just before something is done to it.
pub type Tell<'t> = &'t mut (dyn FnMut(&str) + Send);

/// The database that a URL leads to; libpq's rule: without one, that of the user's name.
#[must_use]
pub fn name(endpoint: &Endpoint) -> String {
    let url = &endpoint.url;
    let user = || url.user.clone().or(endpoint.environment.user.clone());
    url.database.clone().or_else(user).unwrap_or_default()
}

/// Asks whether the server says that there is no such database.
///
/// # Errors
/// When the server cannot be reached, or refuses for another reason.
pub async fn is_missing(endpoint: &Endpoint, watch: Watch<'_>) -> Result<bool, JobError> {
    match endpoint.session(watch).await {
        Ok(_) => Ok(false),
        Err(JobError::Connect(error)) if error.is_missing_database() => Ok(true),
        Err(error) => Err(error),
    }
}

/// Creates the database, if the server says that there is none.
///
/// # Errors
/// When the server cannot be reached, or refuses.
pub async fn create_if_missing(
    endpoint: &Endpoint,
    creating: Tell<'_>,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    if !is_missing(endpoint, watch).await? {
        return Ok(());
    }
    let name = name(endpoint);
    let mut outside = beside(endpoint, &name).session(watch).await?;
    creating(&name);
    let create = format!("CREATE DATABASE {}", Ident(&name));
    execute(&mut outside, &create, "creating the database").await
}

/// Makes the tracking tables where nothing else does, as a sign that the database is set up.
///
/// # Errors
/// When the server refuses, or another run holds the lock.
pub async fn track(endpoint: &Endpoint, watch: Watch<'_>) -> Result<(), JobError> {
    let (mut locked, _) = endpoint.lock(&Limits::default(), watch).await?;
    let prepared = locked.prepare().await;
    locked.let_go().await;
    Ok(prepared?)
}

/// Drops the database, if there is one. Templates are not dropped.
///
/// # Errors
/// When the server cannot be reached, or refuses: while others are connected to it, for example.
pub async fn drop_if_there(
    endpoint: &Endpoint,
    dropping: Tell<'_>,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let name = name(endpoint);
    let mut outside = beside(endpoint, &name).session(watch).await?;
    let rows = outside.query(EXISTS, vec![Some(name.clone())]).await;
    let rows = rows.map_err(SessionError::while_doing("looking for the database"))?;
    if rows.is_empty() {
        return Ok(());
    }
    dropping(&name);
    let drop = format!("DROP DATABASE IF EXISTS {}", Ident(&name));
    execute(&mut outside, &drop, "dropping the database").await
}

const EXISTS: &str = "SELECT ARRAY[datname::text] AS \"row\" FROM pg_catalog.pg_database
    WHERE datname = $1::text AND NOT datistemplate";

/// The way to another database of the same server, because nobody can drop the one that he is in.
fn beside(endpoint: &Endpoint, name: &str) -> Endpoint {
    let mut beside = endpoint.clone();
    let other = if name == "postgres" {
        "template1"
    } else {
        "postgres"
    };
    beside.url.database = Some(other.to_owned());
    beside
}

async fn execute(
    session: &mut Session<'_>,
    sql: &str,
    doing: &'static str,
) -> Result<(), JobError> {
    let replies = session.exchange(&[Message::Batch(sql)], &mut |_| {}).await;
    let failed = replies.into_iter().find_map(Result::err);
    failed.map_or(Ok(()), |failure| {
        Err(SessionError::while_doing(doing)(failure).into())
    })
}
