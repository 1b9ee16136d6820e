//! Migrations at the start of an application, over its own connections.

use std::{future::Future, pin::Pin, time::Duration};

use crate::{
    job::{
        RunError, Watch, open,
        run::{self, Operation, RunOptions},
    },
    ledger::Declaration,
    migration::{plan::Policy, source::Migrations},
    postgres::{
        pool::IntoSession,
        session::{Session, Stop},
    },
    report::run::RunReport,
    words::timespan::Timespan,
};

/// How an application upgrades.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UpgradeOptions {
    /// Where to end; `head` by default.
    pub target: String,
    /// What may be passed over. By default migrations that are not in this build are: an instance of yesterday's
    /// version may start beside one of today's.
    pub policy: Policy,
    /// Limits and waiting.
    pub run: RunOptions,
    /// How long a pool tries to connect to a server that is not there yet. Zero by default: it fails at once.
    pub wait_for_server: Duration,
    /// A request to stop.
    pub stop: Stop,
}

impl Default for UpgradeOptions {
    fn default() -> Self {
        Self {
            target: "head".into(),
            policy: Policy { allow_orphaned: true, ..Policy::default() },
            run: RunOptions::default(),
            wait_for_server: Duration::ZERO,
            stop: Stop::never(),
        }
    }
}

/// Applies what is pending, under the same lock and with the same journal as the `glowplug` program.
///
/// Of several instances that start at once, one migrates; the others wait for it, and find nothing to do.
/// `connection` is a `bb8` pool of [`AsyncPgConnection`](diesel_async::AsyncPgConnection), such a connection, or
/// a mutable reference to one. Dropping the future while it runs leaves the running migration to be rolled back by the
/// server; a borrowed connection must be closed then, because it may hold the lock.
///
/// ```no_run
/// use diesel_async::{
///     AsyncPgConnection,
///     pooled_connection::{AsyncDieselConnectionManager, bb8::Pool},
/// };
/// use diesel_migrations::{EmbeddedMigrations, embed_migrations};
///
/// const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");
///
/// # async fn start(url: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url);
/// let pool = Pool::builder().build(manager).await?;
///
/// let migrations = glowplug::from_source(&MIGRATIONS)?;
/// let report = glowplug::upgrade(&pool, &migrations, &glowplug::UpgradeOptions::default()).await?;
/// println!("applied {} migrations", report.steps.len());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the connection fails, something stands in the way, another run holds the lock for too long, or a migration fails.
/// The error carries what was done by then.
#[expect(clippy::manual_async_fn, reason = "the caller must know that the future is Send")]
pub fn upgrade<'a, 'c: 'a>(
    connection: impl IntoSession<'c> + 'a,
    migrations: &'a Migrations,
    options: &'a UpgradeOptions,
) -> impl Future<Output = Result<RunReport, RunError>> + Send + 'a {
    async move { upgrade_watched(connection, migrations, options, &mut |_| {}).await }
}

/// As [`upgrade`], and tells what happens meanwhile.
///
/// # Errors
/// As [`upgrade`].
pub fn upgrade_watched<'a, 'c: 'a>(
    connection: impl IntoSession<'c> + 'a,
    migrations: &'a Migrations,
    options: &'a UpgradeOptions,
    watch: Watch<'a>,
) -> Pin<Box<dyn Future<Output = Result<RunReport, RunError>> + Send + 'a>> {
    Box::pin(async move {
        let session =
            connection.into_session(options.stop.clone(), options.wait_for_server).await?;
        run(session, migrations, options, watch).await
    })
}

async fn run(
    session: Session<'_>,
    migrations: &Migrations,
    options: &UpgradeOptions,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    let limits = &options.run.limits;
    let (mut locked, journal) = open::lock(session, limits, watch).await?;
    let operation =
        Operation::Upgrade { target: options.target.clone(), policy: options.policy.clone() };
    let result =
        run::run_locked(&mut locked, &journal, migrations, &operation, &options.run, watch).await;
    // a failure of the run says more than a failure to let go after it
    match (result, locked.try_release().await) {
        (Ok(report), Err(error)) => Err(RunError { done: Box::new(report), cause: error.into() }),
        (result, _) => result,
    }
}

/// Each takes the options and gives them back changed: `UpgradeOptions::default().target("+1").actor("api")`.
impl UpgradeOptions {
    /// Where to end: `head`, a version, `+1`.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// What may be passed over.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// An append-only table that no migration may harm. Can be called for several.
    #[must_use]
    pub fn ledger(mut self, ledger: Declaration) -> Self {
        self.run.exec.guard.ledgers.push(ledger);
        self
    }

    /// Who runs, for the journal.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.run.exec.actor = actor.into();
        self
    }

    /// How long a statement may wait for a lock; 5 s by default.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.run.limits.settings.lock_timeout = Timespan(timeout);
        self
    }

    /// How long to wait for another run; 60 s by default.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.run.limits.wait = Timespan(wait);
        self
    }

    /// How long a pool tries to connect to a server that does not answer yet; not at all by default.
    #[must_use]
    pub fn wait_for_server(mut self, wait: Duration) -> Self {
        self.wait_for_server = wait;
        self
    }

    /// One transaction for all migrations.
    #[must_use]
    pub fn single_transaction(mut self) -> Self {
        self.run.single_transaction = true;
        self
    }

    /// A request to stop.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }
}
