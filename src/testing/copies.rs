//! A template with all migrations applied, and its copies.

use std::{
    path::Path,
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use super::{Server, TestingError, block_on};
use crate::{
    connect::{Environment, Patience},
    job::{
        application::{UpgradeOptions, upgrade},
        open::Endpoint,
    },
    migration::source::Migrations,
    postgres::{
        pool::into_diesel,
        session::{Message, Session, Stop},
        session_error::SessionError,
    },
    words::{
        digest::Digest,
        ident::Ident,
        url::{Secrets, Spelling, Url},
    },
};

/// What the names of copies begin with; the number of their process follows.
const COPY: &str = "glowplug_test_";

/// A database with all migrations applied, for one test. It goes with the value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    server: Url,
}

impl TestDatabase {
    /// A new one on the server of the environment: see [`Server::of_environment`].
    ///
    /// # Errors
    /// When there is no server, or a migration fails.
    pub fn new(migrations: &Migrations) -> Result<Self, TestingError> {
        Self::on(&Server::of_environment()?, migrations)
    }

    /// A new one on a server.
    ///
    /// # Errors
    /// When the server cannot be reached, its role may not create databases, or a migration fails.
    pub fn on(server: &Server, migrations: &Migrations) -> Result<Self, TestingError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        static CLEARED: Once = Once::new();
        if server.is_own {
            CLEARED.call_once(|| {
                // a server that does not answer is named by what comes next
                block_on(clear(&server.url)).unwrap_or_default();
            });
        }
        let name =
            format!("{COPY}{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        block_on(make(server, &name, migrations))?;
        let own = beside(&server.url, &name);
        let url = own.print(Spelling::Diesel, Secrets::Revealed).map_err(TestingError::Url)?.0;
        Ok(Self { name, url, server: server.url.clone() })
    }

    /// Its URL, as Diesel, diesel-async and psql take it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // a server that went away has taken it along
        block_on(remove(&self.server, &self.name)).unwrap_or_default();
    }
}

/// Copies the template, which is made first where there is none.
async fn make(server: &Server, name: &str, migrations: &Migrations) -> Result<(), TestingError> {
    let template = template(migrations);
    let mut session = open(&server.url).await?;
    let mut version = version_with(&mut session, &template).await?;
    if version.is_none() {
        // one process makes it; the others wait here
        let locked = session.query(LOCK, vec![Some(template.clone())]).await;
        locked.map_err(SessionError::while_doing("waiting for the template"))?;
        version = version_with(&mut session, &template).await?;
        if version.is_none() {
            migrate(&server.url, &mut session, &template, migrations).await?;
        }
    }
    // without a disk to wait for, copying files is several times as fast as logging every page
    let strategy = match version {
        Some(version) if server.is_own && version >= 150_000 => " STRATEGY file_copy",
        _ => "",
    };
    let copy = format!("CREATE DATABASE {} TEMPLATE {}{strategy}", Ident(name), Ident(&template));
    send(&mut session, &copy, "copying the template").await
}

/// Makes the template under another name, so that whoever finds it finds it whole.
async fn migrate(
    server: &Url,
    session: &mut Session<'_>,
    template: &str,
    migrations: &Migrations,
) -> Result<(), TestingError> {
    let building = format!("{template}_building");
    let fresh = [
        format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", Ident(&building)),
        format!("CREATE DATABASE {}", Ident(&building)),
    ];
    for sql in fresh {
        send(session, &sql, "making the template").await?;
    }
    let inside = endpoint(beside(server, &building));
    let wire = inside.wire(&inside.url, &mut |_| {}).await?;
    let connection = into_diesel(wire).await?;
    upgrade(connection, migrations, &UpgradeOptions::default()).await?;
    let done = [
        format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", Ident(&building)),
        format!("ALTER DATABASE {} RENAME TO {}", Ident(&building), Ident(template)),
    ];
    gone(session, &building).await?;
    for sql in done {
        send(session, &sql, "making the template").await?;
    }
    Ok(())
}

/// Waits until the session that migrated, which is on its way out, is gone.
async fn gone(session: &mut Session<'_>, database: &str) -> Result<(), TestingError> {
    for _ in 0..ATTEMPTS {
        let rows = session.query(CONNECTED, vec![Some(database.to_owned())]).await;
        let rows = rows.map_err(SessionError::while_doing("making the template"))?;
        if rows.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// So often it is asked; then the server itself says who is in the way.
const ATTEMPTS: usize = 1000;
const PAUSE: Duration = Duration::from_millis(5);

const CONNECTED: &str = "SELECT ARRAY[pid::text] AS \"row\" FROM pg_catalog.pg_stat_activity
    WHERE datname = $1::text";

const LOCK: &str =
    "SELECT ARRAY[pg_catalog.pg_advisory_lock(pg_catalog.hashtext($1::text))::text] AS \"row\"";

/// Drops what processes left that are gone.
async fn clear(server: &Url) -> Result<(), TestingError> {
    if !Path::new("/proc/self").exists() {
        return Ok(());
    }
    let mut session = open(server).await?;
    let left = session.query(COPIES, Vec::new()).await;
    let left = left.map_err(SessionError::while_doing("looking for old databases"))?;
    for name in left.into_iter().flatten().flatten() {
        let process = name.strip_prefix(COPY).and_then(|it| it.split('_').next());
        if process.is_some_and(|it| !Path::new("/proc").join(it).exists()) {
            remove(server, &name).await?;
        }
    }
    Ok(())
}

const COPIES: &str = "SELECT ARRAY[datname::text] AS \"row\" FROM pg_catalog.pg_database
    WHERE datname LIKE 'glowplug\\_test\\_%'";

const VERSION_WITH: &str = "SELECT ARRAY[pg_catalog.current_setting('server_version_num')] AS \"row\" FROM pg_catalog.pg_database
    WHERE datname = $1::text";

/// The version of a server, if it has such a database.
async fn version_with(session: &mut Session<'_>, name: &str) -> Result<Option<u32>, TestingError> {
    let rows = session.query(VERSION_WITH, vec![Some(name.to_owned())]).await;
    let rows = rows.map_err(SessionError::while_doing("looking for the template"))?;
    let version = rows.into_iter().flatten().flatten().next();
    Ok(version.map(|version| version.parse().unwrap_or_default()))
}

async fn remove(server: &Url, name: &str) -> Result<(), TestingError> {
    let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", Ident(name));
    send(&mut open(server).await?, &sql, "dropping a test's database").await
}

/// The template of these migrations: another text, another name.
fn template(migrations: &Migrations) -> String {
    let mut all = env!("CARGO_PKG_VERSION").to_owned();
    for migration in migrations.iter() {
        all.push_str(&format!("\n{}\n", migration.name));
        let scripts = [Some(&migration.up), migration.down.as_ref()];
        scripts.into_iter().flatten().for_each(|it| all.push_str(Digest::of(&it.text).as_str()));
    }
    format!("glowplug_template_{}", &Digest::of(&all).as_str()[..16])
}

fn beside(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    url.database = Some(name.to_owned());
    url
}

fn endpoint(url: Url) -> Endpoint {
    Endpoint {
        url,
        direct: None,
        environment: Environment::of_process(),
        application: "glowplug testing".to_owned(),
        deadline: Duration::from_secs(30),
        patience: Patience::default(),
        stop: Stop::never(),
    }
}

async fn open(url: &Url) -> Result<Session<'static>, TestingError> {
    Ok(endpoint(url.clone()).session(&mut |_| {}).await?)
}

async fn send(
    session: &mut Session<'_>,
    sql: &str,
    doing: &'static str,
) -> Result<(), TestingError> {
    let replies = session.exchange(&[Message::Batch(sql)], &mut |_| {}).await;
    let failure = replies.into_iter().find_map(Result::err);
    failure.map_or(Ok(()), |it| Err(SessionError::while_doing(doing)(it).into()))
}
