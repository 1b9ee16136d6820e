//! Throwaway databases for the tests of an application: migrated once, copied for each test.
//!
//! The first test makes a template with all migrations applied; every test gets a copy of it, in some
//! milliseconds, and the copy goes with the value. Templates are kept by what the migrations say, so a new migration makes a
//! new one.
//!
//! They are on a server of their own, which needs the `glowplug` program and starts by itself (see [`Server::local`]), or on one
//! that `GLOWPLUG_TEST_URL` leads to, with a role that may create databases.
//!
//! With diesel-async:
//!
//! ```no_run
//! use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
//! use glowplug::testing::TestDatabase;
//!
//! fn database() -> TestDatabase {
//!     let migrations = glowplug::from_directory("migrations".as_ref(), "migrations").unwrap();
//!     TestDatabase::new(&migrations).unwrap()
//! }
//!
//! # // #[tokio::test]
//! async fn an_order_can_be_placed() {
//!     let database = database();
//!     let mut connection = AsyncPgConnection::establish(database.url()).await.unwrap();
//!     connection.batch_execute("INSERT INTO orders DEFAULT VALUES").await.unwrap();
//! }
//! ```
//!
//! With diesel it is `PgConnection::establish(database.url())`. Nothing here is asynchronous to its caller, so that it can be
//! called within a runtime and without one.

mod copies;
mod replay;

use std::{
    future::Future,
    path::{Path, PathBuf},
};

pub use self::{copies::TestDatabase, replay::verify};
use crate::{
    cluster::{ClusterError, Local, LocalOptions, Places, Search, fetch},
    job::{JobError, RunError},
    postgres::{pool::PoolError, session_error::SessionError},
    words::{
        timespan::Timespan,
        url::{Url, UrlError},
    },
};

/// Why there is no database for a test.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum TestingError {
    /// Neither a server nor what it takes to start one.
    #[error("there is no `glowplug` program on the PATH to start a server for tests with")]
    #[diagnostic(
        code(testing::no_program),
        help(
            "Install it (`cargo install glowplug`), or set GLOWPLUG_TEST_URL to a server whose role may create databases."
        )
    )]
    NoProgram,
    /// The URL in GLOWPLUG_TEST_URL is none.
    #[error("GLOWPLUG_TEST_URL: {0}")]
    #[diagnostic(
        code(testing::url),
        help("Write `postgresql://user:password@host:5432/postgres`.")
    )]
    Url(UrlError),
    /// The server for tests does not start.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cluster(#[from] ClusterError),
    /// The server cannot be reached.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Job(#[from] JobError),
    /// The server refuses to make, copy or drop a database.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Session(#[from] SessionError),
    /// The connection for the migrations cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pool(#[from] PoolError),
    /// A migration fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(#[from] RunError),
}

/// The server that test databases are on.
#[derive(Debug, Clone)]
pub struct Server {
    url: Url,
    /// Nobody but tests of this machine uses it: what dead processes left can go.
    is_own: bool,
}

impl Server {
    /// The one of `GLOWPLUG_TEST_URL`, or [`local`](Self::local) with the `glowplug` program of the PATH.
    ///
    /// # Errors
    /// When the URL cannot be read, or the server cannot be started.
    pub fn of_environment() -> Result<Self, TestingError> {
        if let Some(url) = std::env::var("GLOWPLUG_TEST_URL").ok().filter(|it| !it.is_empty()) {
            let url = url.parse().map_err(TestingError::Url)?;
            return Ok(Self { url, is_own: false });
        }
        let program = program()?;
        let places = Places::from_environment();
        let cache = places.usable_cache().map_err(|source| ClusterError::Io {
            action: "use the cache",
            path: places.cache.clone(),
            source,
        })?;
        Self::local(&program, &cache.dir.join("tests"))
    }

    /// A server in a directory, started if it does not run, and shared by every test process that names the same one.
    ///
    /// It writes nothing through to the disk, and stops when nobody has used it for five minutes. In a directory in memory
    /// (`/dev/shm`) copies are made several times as fast. `program` is the `glowplug`
    /// program, which watches over it.
    ///
    /// # Errors
    /// When there is no PostgreSQL, or it does not start.
    pub fn local(program: &Path, directory: &Path) -> Result<Self, TestingError> {
        std::fs::create_dir_all(directory).map_err(|source| ClusterError::Io {
            action: "make",
            path: directory.to_owned(),
            source,
        })?;
        let local = Local::of(directory, "tests");
        if !local.find(None)? {
            let binaries = fetch::find_or_fetch(&search(local.status().major), &mut |_| {})?;
            let setting = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let options = LocalOptions {
                supervisor: program.to_owned(),
                idle: Timespan::minutes(5).0,
                settings: FAST.iter().map(setting).collect(),
            };
            local.start(&binaries, &options)?;
        }
        let mut url = local.admin_url();
        url.database = Some("postgres".to_owned());
        Ok(Self { url, is_own: true })
    }
}

/// What is in a test database need not outlive a power failure.
const FAST: [(&str, &str); 5] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
    ("max_connections", "200"),
    ("autovacuum", "off"),
];

/// The `glowplug` program of the PATH, which watches over servers.
fn program() -> Result<PathBuf, TestingError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|it| it.join("glowplug"));
    found.find(|it| it.is_file()).ok_or(TestingError::NoProgram)
}

/// Where PostgreSQL's programs may be.
fn search(major: Option<u32>) -> Search {
    Search {
        explicit: std::env::var_os("GLOWPLUG_POSTGRES_BIN").map(PathBuf::from),
        major,
        cache: Places::from_environment().searched(),
        path: std::env::var_os("PATH"),
    }
}

/// On a thread of its own: the caller may be within a runtime, where another one must not start.
fn block_on<T: Send>(
    future: impl Future<Output = Result<T, TestingError>> + Send,
) -> Result<T, TestingError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the system gives a runtime its handles");
    // a replay in a debug build needs more than a thread has by default
    let thread = std::thread::Builder::new().stack_size(STACK);
    std::thread::scope(|scope| {
        let spawned = thread.spawn_scoped(scope, move || runtime.block_on(future));
        spawned.expect("the system gives a thread").join()
    })
    .expect("nothing in it panics")
}

/// The stack of a replay, in bytes.
const STACK: usize = 16 << 20;
