//! The supervisor's and the starter's few questions to a server of our own.
//!
//! Not the way to a database: that is `connect`, with its URLs, TLS and settings. These two speak to a socket
//! that they know, before there is anything to connect to and when nobody is connected any more.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls};

use super::SUPERUSER;
use super::error::{ClusterError, cannot};
use crate::words::ident::Ident;

/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(10);

/// How long a server that accepts connections may take to let us in.
const WELCOME: Duration = Duration::from_secs(30);

/// The other clients that are connected now, and how many there have ever been.
const CLIENTS: &str = "\
SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()),
       (SELECT coalesce(sum(sessions), 0)::int8 FROM pg_catalog.pg_stat_database)";

/// Watches whether anybody uses a server.
#[derive(Debug)]
pub(super) struct Watch {
    socket_dir: PathBuf,
    port: u16,
    client: Option<Client>,
    sessions: i64,
}

impl Watch {
    pub(super) fn new(socket_dir: &Path, port: u16) -> Self {
        Self { socket_dir: socket_dir.to_owned(), port, client: None, sessions: -1 }
    }

    /// True if a client is connected, or one has come and gone since the last question.
    ///
    /// True as well when the server does not answer: who cannot tell does not stop it. The connection is kept,
    /// so that it is not itself a client that came and went.
    pub(super) async fn was_used(&mut self) -> bool {
        let answer = tokio::time::timeout(QUESTION, self.ask()).await;
        let Ok(Ok((connected, sessions))) = answer else {
            self.client = None;
            return true;
        };
        let before = std::mem::replace(&mut self.sessions, sessions);
        connected > 0 || sessions != before
    }

    async fn ask(&mut self) -> Result<(i64, i64), Error> {
        let client = match self.client.take() {
            Some(client) if !client.is_closed() => client,
            _ => connect(&self.socket_dir, self.port, SUPERUSER, SUPERUSER).await?,
        };
        let row = client.query_one(CLIENTS, &[]).await?;
        self.client = Some(client);
        Ok((row.try_get(0)?, row.try_get(1)?))
    }
}

/// Makes sure that the ordinary role `name` can log in to its database `name`, and may create in it.
///
/// The role gets LOGIN last, so that being able to log in proves that the rest has been done. A server that is not
/// `alive` any more is not waited for.
pub(super) fn ensure_database(
    socket_dir: &Path,
    port: u16,
    name: &str,
    major: u32,
    alive: &(dyn Fn() -> bool + Sync),
) -> Result<(), ClusterError> {
    // On a thread of its own: the caller may be inside a runtime, where another one must not start.
    let work = || block_on(ensure(socket_dir, port, name, major, alive));
    std::thread::scope(|scope| scope.spawn(work).join()).expect("nothing in `ensure` panics")
}

/// Runs a future to its end on this thread.
pub(super) fn block_on<T>(
    future: impl Future<Output = Result<T, ClusterError>>,
) -> Result<T, ClusterError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot("start a runtime in", Path::new("this process")))?
        .block_on(future)
}

async fn ensure(
    socket_dir: &Path,
    port: u16,
    name: &str,
    major: u32,
    alive: &(dyn Fn() -> bool + Sync),
) -> Result<(), ClusterError> {
    let end = Instant::now() + WELCOME;
    loop {
        let Err(source) = connect(socket_dir, port, name, name).await else {
            return Ok(());
        };
        let refused =
            [SqlState::INVALID_AUTHORIZATION_SPECIFICATION, SqlState::INVALID_CATALOG_NAME];
        let failed = |source| ClusterError::Database { database: name.to_owned(), source };
        if source.code().is_some_and(|code| refused.contains(code)) {
            return create(socket_dir, port, name, major).await.map_err(failed);
        }
        if Instant::now() >= end || !alive() {
            return Err(failed(source));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn create(socket_dir: &Path, port: u16, name: &str, major: u32) -> Result<(), Error> {
    let ident = Ident(name);
    let admin = connect(socket_dir, port, SUPERUSER, SUPERUSER).await?;
    let role = "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1";
    if admin.query_opt(role, &[&name]).await?.is_none() {
        let create = format!("CREATE ROLE {ident} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE");
        admin.batch_execute(&create).await?;
    }
    let database = "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1";
    if admin.query_opt(database, &[&name]).await?.is_none() {
        admin.batch_execute(&format!("CREATE DATABASE {ident} OWNER {ident}")).await?;
    }
    if major < 15 {
        // Later versions give `public` to the owner of the database by themselves.
        let inside = connect(socket_dir, port, SUPERUSER, name).await?;
        inside.batch_execute(&format!("ALTER SCHEMA public OWNER TO {ident}")).await?;
    }
    admin.batch_execute(&format!("ALTER ROLE {ident} LOGIN")).await
}

async fn connect(directory: &Path, port: u16, user: &str, database: &str) -> Result<Client, Error> {
    let (client, connection) = Config::new()
        .host_path(directory)
        .port(port)
        .user(user)
        .dbname(database)
        .application_name("glowplug supervisor")
        .connect_timeout(QUESTION)
        .connect(NoTls)
        .await?;
    // Ends with the client; what went wrong is in the answer to the question that it went wrong for.
    drop(tokio::spawn(connection));
    Ok(client)
}
