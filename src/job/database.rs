//! Databases as a whole: created and dropped from the outside.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    introspect::environment,
    job::{
        JobError, Watch,
        failure::DatabaseError,
        open::{Endpoint, Limits, host_text},
    },
    migration::environment::Environment,
    postgres::{
        session::{Failure, Message, Session},
        session_error::SessionError,
    },
    words::ident::Ident,
};

/// Who is told the name of a database just before something is done to it.
pub(crate) type Tell<'t> = &'t mut (dyn FnMut(&str) + Send);

/// The database that a URL leads to; libpq's rule: without one, that of the user's name.
#[must_use]
pub(crate) fn name(endpoint: &Endpoint) -> String {
    let url = &endpoint.url;
    let user = || url.user.clone().or(endpoint.environment.user.clone());
    url.database.clone().or_else(user).unwrap_or_default()
}

/// What becomes of the sessions of others in a database that is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// They are in the way.
    Stay,
    /// The server ends them.
    Go,
}

/// Where a database is, for a question: its name, the host and the port.
#[must_use]
pub(crate) fn place(endpoint: &Endpoint) -> String {
    let hosts: Vec<String> = endpoint.url.hosts.iter().map(host_text).collect();
    let name = name(endpoint);
    match hosts.iter().any(|host| !host.is_empty()) {
        true => format!("{name} at {}", hosts.join(",")),
        false => name,
    }
}

/// Asks whether the server says that there is no such database.
///
/// # Errors
/// When the server cannot be reached, or refuses for another reason.
pub(crate) async fn is_missing(endpoint: &Endpoint, watch: Watch<'_>) -> Result<bool, JobError> {
    match endpoint.session(watch).await {
        Ok(_) => Ok(false),
        Err(JobError::Connect(error)) if error.is_missing_database() => Ok(true),
        Err(error) => Err(error),
    }
}

/// What migrations meet in the database when it is made anew: what its server, its role and its URL say. What was set for the old one, and
/// its extensions, go with that.
///
/// # Errors
/// When the server cannot be reached.
pub(crate) async fn environment_of_new(
    endpoint: &Endpoint,
    own_settings: &BTreeSet<String>,
    watch: Watch<'_>,
) -> Result<Environment, JobError> {
    let name = name(endpoint);
    let outside = beside(endpoint, &name);
    let mut session = outside.session(watch).await?;
    let read = environment::read(&mut session, &outside.url, own_settings).await?;
    Ok(Environment { database: name, extensions: BTreeMap::new(), ..read.environment })
}

/// Creates the database, if the server says that there is none.
///
/// # Errors
/// When the server cannot be reached, or refuses.
pub(crate) async fn create_if_missing(
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
pub(crate) async fn track(endpoint: &Endpoint, watch: Watch<'_>) -> Result<(), JobError> {
    let (mut locked, _) = endpoint.lock(&Limits::default(), watch).await?;
    let prepared = locked.prepare().await;
    locked.release().await;
    Ok(prepared?)
}

/// Drops the database, if there is one. Templates are not dropped.
///
/// # Errors
/// When the server cannot be reached, or refuses: while others are connected to it, for example.
pub(crate) async fn drop_if_there(
    endpoint: &Endpoint,
    others: Others,
    dropping: Tell<'_>,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let name = name(endpoint);
    let mut outside = beside(endpoint, &name).session(watch).await?;
    let rows = outside.query(EXISTS, vec![Some(name.clone())]).await;
    let rows = rows.map_err(SessionError::while_doing("checking whether the database exists"))?;
    if rows.is_empty() {
        return Ok(());
    }
    dropping(&name);
    let force = match others {
        Others::Stay => "",
        Others::Go => " WITH (FORCE)",
    };
    let drop = format!("DROP DATABASE IF EXISTS {}{force}", Ident(&name));
    let failed = send(&mut outside, &drop).await;
    match failed {
        Some(Failure::Server(error)) if error.code == IN_USE => {
            let sessions = outside.query(SESSIONS, vec![Some(name.clone())]).await;
            let sessions = sessions.unwrap_or_default().into_iter();
            let sessions = sessions.filter_map(|row| row.into_iter().next().flatten());
            Err(DatabaseError::InUse { database: place(endpoint), sessions: sessions.collect() }
                .into())
        }
        Some(failure) => Err(SessionError::while_doing("dropping the database")(failure).into()),
        None => Ok(()),
    }
}

/// The SQLSTATE of a database that others use.
const IN_USE: &str = "55006";

const SESSIONS: &str = "SELECT ARRAY[pg_catalog.concat_ws(' ', coalesce(nullif(application_name, ''), 'a session'),
        'of role ' || usename, 'from ' || client_addr, 'since ' || date_trunc('second', backend_start AT TIME ZONE 'UTC') || ' UTC',
        '(pid ' || pid || ')')] AS \"row\"
    FROM pg_catalog.pg_stat_activity WHERE datname = $1::text ORDER BY pid LIMIT 5";

const EXISTS: &str = "SELECT ARRAY[datname::text] AS \"row\" FROM pg_catalog.pg_database
    WHERE datname = $1::text AND NOT datistemplate";

/// The way to another database of the same server, because nobody can drop the one that he is in.
fn beside(endpoint: &Endpoint, name: &str) -> Endpoint {
    let mut beside = endpoint.clone();
    let other = if name == "postgres" { "template1" } else { "postgres" };
    beside.url.database = Some(other.to_owned());
    beside
}

async fn execute(
    session: &mut Session<'_>,
    sql: &str,
    doing: &'static str,
) -> Result<(), JobError> {
    send(session, sql)
        .await
        .map_or(Ok(()), |failure| Err(SessionError::while_doing(doing)(failure).into()))
}

async fn send(session: &mut Session<'_>, sql: &str) -> Option<Failure> {
    let replies = session.exchange(&[Message::Batch(sql)], &mut |_| {}).await;
    replies.into_iter().find_map(Result::err)
}
