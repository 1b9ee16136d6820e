//! Opens sessions: connects, and looks for a pooler in between.

use std::time::Duration;

use crate::{
    connect::{self, ConnectOptions, Environment, Patience, Retry, Wire},
    job::{JobError, Watch, failure::PoolerError},
    migration::journal::Journal,
    postgres::{
        lock::{Facts, Locked, SessionSettings},
        pool::shares_backends,
        session::{Session, Stop},
        session_error::SessionError,
    },
    report::event::Event,
    words::{
        timespan::Timespan,
        url::{HostName, Url},
    },
};

/// A database, and how to get there.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The URL.
    pub url: Url,
    /// The URL that avoids a pooler, if there is another.
    pub direct: Option<Url>,
    /// `PG*` variables and files.
    pub environment: Environment,
    /// What the session is called on the server: `glowplug upgrade`.
    pub application: String,
    /// How long a server is waited for.
    pub deadline: Duration,
    /// Which servers are waited for.
    pub patience: Patience,
    /// Pulled by Ctrl-C.
    pub stop: Stop,
}

/// How long to wait, and the limits of statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Settings of every migration.
    pub settings: SessionSettings,
    /// How long to wait for another run.
    pub wait: Timespan,
}

impl Default for Limits {
    fn default() -> Self {
        Self { settings: SessionSettings::default(), wait: Timespan::seconds(60) }
    }
}

impl Limits {
    /// A URL may come with a limit: asyncpg's `command_timeout`. What is set otherwise is stronger.
    fn with_defaults_of(mut self, url: &Url) -> Self {
        if let (true, Some(ms)) =
            (self.settings.statement_timeout.0.is_zero(), url.params.statement_timeout_ms)
        {
            self.settings.statement_timeout = Timespan(Duration::from_millis(ms));
        }
        self
    }
}

impl Endpoint {
    /// Opens a session that only reads, and reads where the database is. A pooler does no harm to it.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn read(
        &self,
        watch: Watch<'_>,
    ) -> Result<(Session<'static>, Facts, Journal), JobError> {
        let mut session = self.connect(&self.url, watch).await?;
        let (facts, journal) = session.read().await?;
        Ok((session, facts, journal))
    }

    /// Opens a session that holds the migration lock.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, another run holds the lock for too long, or a transaction
    /// pooler stands in between and no direct URL is known.
    pub async fn lock(
        &self,
        limits: &Limits,
        watch: Watch<'_>,
    ) -> Result<(Locked<'static>, Journal), JobError> {
        let url = self.direct.as_ref().unwrap_or(&self.url);
        let limits = &limits.clone().with_defaults_of(url);
        let session = self.connect(url, watch).await?;
        match lock(session, limits, watch).await {
            Err(SessionError::BehindProxy { .. }) => {}
            other => return Ok(other?),
        }
        let mut session = self.connect(url, watch).await?;
        let host = session.wire().map(|wire| host_text(&wire.host)).unwrap_or_default();
        let mut second = self.connect(url, watch).await?;
        if shares_backends(&mut session, &mut second).await? {
            return Err(PoolerError { advice: direct_advice(url), host }.into());
        }
        drop(second);
        Ok(lock(session.behind_known_proxy(), limits, watch).await?)
    }

    /// Opens a session.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn session(&self, watch: Watch<'_>) -> Result<Session<'static>, JobError> {
        self.connect(&self.url, watch).await
    }

    async fn connect(&self, url: &Url, watch: Watch<'_>) -> Result<Session<'static>, JobError> {
        let wire = self.wire(url, watch).await?;
        Ok(Session::over_wire(wire, self.stop.clone()))
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn wire(&self, url: &Url, watch: Watch<'_>) -> Result<Wire, JobError> {
        let options = ConnectOptions {
            application_name: self.application.clone(),
            deadline: self.deadline,
            patience: self.patience,
        };
        let mut told = |retry: Retry| {
            let pause_ms = u64::try_from(retry.waiting.as_millis()).unwrap_or(u64::MAX);
            watch(Event::Connecting { reason: retry.reason, pause_ms });
        };
        let mut stop = self.stop.clone();
        let wire = tokio::select! {
            wire = connect::connect(url, &self.environment, &options, &mut told) => wire?,
            () = stop.pulled() => return Err(JobError::Stopped),
        };
        for text in &wire.notes {
            watch(Event::Note { text: text.clone() });
        }
        Ok(wire)
    }
}

/// Takes the migration lock, and tells who is waited for.
///
/// # Errors
/// When the lock is held for too long, or the session cannot write.
pub(crate) async fn lock<'c>(
    session: Session<'c>,
    limits: &Limits,
    watch: Watch<'_>,
) -> Result<(Locked<'c>, Journal), SessionError> {
    let mut on_wait = |holder: &str| watch(Event::Waiting { holder: holder.to_owned() });
    session.lock(limits.settings.clone(), limits.wait, &mut on_wait).await
}

/// A host with its port, for people.
#[must_use]
pub(crate) fn host_text(host: &crate::words::url::Host) -> String {
    let name = match &host.name {
        HostName::Tcp(name) | HostName::Socket(name) => name.clone(),
        HostName::Unnamed => host.hostaddr.clone().unwrap_or_default(),
    };
    host.port.map_or(name.clone(), |port| format!("{name}:{port}"))
}

/// Names the direct host where the pooler's name tells it.
fn direct_advice(url: &Url) -> String {
    let direct = url.hosts.iter().find_map(|host| match &host.name {
        HostName::Tcp(name) => {
            let (label, domain) = name.split_once('.').unwrap_or((name, ""));
            let label = label.strip_suffix("-pooler")?;
            Some(if domain.is_empty() { label.to_owned() } else { format!("{label}.{domain}") })
        }
        _ => None,
    });
    let why = "Migrations need one backend for the whole run: the lock and the settings belong to a session.";
    match direct {
        Some(host) => format!(
            "{why} The direct host is {host}: pass it with --direct-url or GLOWPLUG_DIRECT_URL."
        ),
        None => format!(
            "{why} Name the server itself with --direct-url or GLOWPLUG_DIRECT_URL: its own port instead of the pooler's (usually 5432), or the provider's direct host."
        ),
    }
}
