//! The migration lock: the only door to the journal's writes.
//!
//! A session-level advisory lock, the same key in every database. It is asked for again and again instead of waited
//! for: a statement that waits inside the server holds a snapshot, and `CREATE INDEX CONCURRENTLY` of the holder
//! would wait for that snapshot while it is waited for.

use std::time::{Duration, Instant};

use crate::{
    migration::journal::Journal,
    postgres::{
        journal,
        session::{Message, Row, Session},
        session_error::SessionError,
    },
    words::timespan::Timespan,
};

/// The key of the advisory lock: "glowplug" in ASCII.
pub(crate) const KEY: i64 = i64::from_be_bytes(*b"glowplug");

/// Where a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The backend's process.
    pub pid: i32,
    /// `server_version_num`, such as 150018.
    pub server_version: u32,
    /// The database.
    pub database: String,
    /// The role that logged in.
    pub role: String,
    /// Where the tracking tables are, or would be made.
    pub place: journal::Place,
    /// Whether this role may write the tracking tables, as far as they exist.
    pub may_record: bool,
    /// Whether the server is a standby, or the session may not write.
    pub read_only: bool,
    /// Whether the server can notice by itself that a client is gone: on Windows it cannot.
    pub notices_dead_clients: bool,
}

/// A session that holds the migration lock. It is released when this is [released](Locked::release) or dropped.
#[derive(Debug)]
pub struct Locked<'c> {
    pub(crate) session: Session<'c>,
    facts: Facts,
    settings: SessionSettings,
    /// Whether nothing of an earlier task, or of a connection's earlier life, is left in the session.
    pub(crate) is_clean: bool,
    /// What is known of the ledgers, until something touches one.
    pub(crate) known: Option<crate::postgres::known::Known>,
    /// The first rows that the last exchange brought for the last task that it came to.
    pub(crate) answered: Option<Vec<crate::postgres::session::Row>>,
    /// The versions that were reverted under this lock, and whether their ways down appended to a ledger.
    pub(crate) reverted: std::collections::BTreeMap<String, bool>,
    /// The backend of this run that holds the lock, where it is another one.
    pub(crate) holder: Option<i32>,
}

/// Settings of a run, pinned again before every migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSettings {
    /// How long a statement may wait for a lock.
    pub lock_timeout: Timespan,
    /// How long a statement may run.
    pub statement_timeout: Timespan,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { lock_timeout: Timespan::seconds(5), statement_timeout: Timespan::seconds(0) }
    }
}

/// What is told while the lock is waited for: the holder, for people.
pub(crate) type OnWait<'f> = &'f mut (dyn FnMut(&str) + Send);

impl<'c> Session<'c> {
    /// Reads where the database is. Writes nothing and needs nothing but SELECT.
    ///
    /// # Errors
    /// When the server refuses, or the connection is lost.
    pub async fn read(&mut self) -> Result<(Facts, Journal), SessionError> {
        let doing = "reading the state of the database";
        let rows = self
            .query(OPENING, opening_values())
            .await
            .map_err(SessionError::while_doing(doing))?;
        let facts = facts(&rows)?;
        let journal = journal::read(self, &facts.place).await?;
        Ok((facts, journal))
    }

    /// Takes the migration lock, and reads the journal under it.
    ///
    /// # Errors
    /// When the lock is held for longer than `wait` (zero: as long as it takes), or the session cannot write.
    pub async fn lock(
        mut self,
        settings: SessionSettings,
        wait: Timespan,
        on_wait: OnWait<'_>,
    ) -> Result<(Locked<'c>, Journal), SessionError> {
        // in this order: what another run made until it gave the lock back must be seen
        let messages = [
            Message::Query(TRY_LOCK, self.lock_values()),
            Message::Query(OPENING, opening_values()),
        ];
        let mut replies = self.exchange(&messages, &mut |_| {}).await;
        let opened = replies.pop().unwrap_or_else(|| Ok(Vec::new()));
        let tried = replies.pop().unwrap_or_else(|| Ok(Vec::new()));
        let facts = facts(
            &opened.map_err(SessionError::while_doing("reading the state of the database"))?,
        )?;
        let tried = tried.map_err(SessionError::while_doing(LOCKING))?;
        let mut granted = is_true(&tried);
        if matches!(tried.first().and_then(|row| row.first()), Some(None)) {
            return Err(SessionError::BehindProxy { session_pid: facts.pid });
        }
        if facts.read_only {
            let why = "it is a standby, or default_transaction_read_only is on";
            return Err(SessionError::ReadOnly { database: facts.database, why });
        }
        let start = Instant::now();
        let mut told = String::new();
        let waited = !granted;
        while !granted {
            let (pid, holder) = self.holder().await?;
            if pid != RELEASED && holder != told {
                on_wait(&holder);
                told.clone_from(&holder);
            }
            if !wait.0.is_zero() && start.elapsed() >= wait.0 {
                let database = facts.database;
                return Err(SessionError::Held { database, holder, pid, waited: wait });
            }
            let pause = Duration::from_millis(fastrand::u64(40..160));
            let mut stop = self.stop().clone();
            if tokio::time::timeout(pause, stop.pulled()).await.is_ok() {
                let doing = "waiting for the migration lock";
                return Err(SessionError::Interrupted { doing });
            }
            let rows = self.query(TRY_LOCK, self.lock_values()).await;
            granted = is_true(&rows.map_err(SessionError::while_doing(LOCKING))?);
        }
        // another run may have made the tables while this one waited
        let facts = if !waited {
            facts
        } else {
            let rows = self.query(OPENING, opening_values()).await;
            self::facts(
                &rows.map_err(SessionError::while_doing("reading the state of the database"))?,
            )?
        };
        let journal = journal::read(&mut self, &facts.place).await?;
        Ok((
            Locked {
                is_clean: self.wire().is_some(),
                session: self,
                facts,
                settings,
                known: None,
                answered: None,
                reverted: std::collections::BTreeMap::new(),
                holder: None,
            },
            journal,
        ))
    }

    /// The key, and the backend that must be the one to take it: the one that the wire announced.
    fn lock_values(&self) -> Vec<Option<String>> {
        let expected = self.expected_pid().map(|pid| pid.to_string());
        vec![Some(KEY.to_string()), expected]
    }

    async fn holder(&mut self) -> Result<(String, String), SessionError> {
        let halves = [KEY >> 32, KEY & 0xffff_ffff].map(|half| Some(half.to_string())).to_vec();
        let rows = self.query(HOLDER, halves).await.map_err(SessionError::while_doing(LOCKING))?;
        let Some([pid, application, role, since, state]) =
            rows.first().and_then(|row| row.first_chunk())
        else {
            return Ok((RELEASED.into(), "it has just been released".into()));
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let application = match text(application) {
            none if none.is_empty() => "an unnamed application".to_owned(),
            name => format!("`{name}`"),
        };
        let since = match since {
            Some(since) => format!("connected since {since} UTC"),
            None => "whose start time this role cannot see".to_owned(),
        };
        // a run of ours is idle for moments only, and a pooled connection goes by its application's name
        let is_ours = application.starts_with("`glowplug");
        let left = match text(state) == "idle" && !is_ours {
            true => "; it is idle: a transaction pooler may have left the lock on its connection",
            false => "",
        };
        let pid = text(pid);
        Ok((pid.clone(), format!("pid {pid}, {application} of role {}, {since}{left}", text(role))))
    }
}

impl Locked<'_> {
    /// Where this session is.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Another session of the same run, which runs under the lock that this one holds.
    pub(crate) fn beside(&self, session: Session<'static>, role: String) -> Locked<'static> {
        Locked {
            session,
            facts: Facts { role, ..self.facts.clone() },
            settings: self.settings.clone(),
            is_clean: true,
            known: None,
            answered: None,
            reverted: self.reverted.clone(),
            holder: Some(self.facts.pid),
        }
    }

    /// Where this session is, for what creates the tables.
    pub(crate) fn facts_mut(&mut self) -> &mut Facts {
        &mut self.facts
    }

    /// The settings of this run.
    #[must_use]
    pub fn settings(&self) -> &SessionSettings {
        &self.settings
    }

    /// Gives the lock back before the program ends: the server notices the end of a connection a little later, and the
    /// next run would wait for this one. If the connection is lost, so is the lock.
    pub async fn release(self) {
        self.try_release().await.unwrap_or_default();
    }

    /// Gives the lock back at once; a dropped session gives it back when its connection ends.
    ///
    /// # Errors
    /// When the connection is lost. The lock is free then, too.
    pub async fn try_release(mut self) -> Result<(), SessionError> {
        let unlock = Message::Query(UNLOCK, vec![Some(KEY.to_string())]);
        let replies = self.session.exchange(&[Message::Batch(RESET), unlock], &mut |_| {}).await;
        let failed = replies.into_iter().find_map(Result::err);
        let doing = SessionError::while_doing("releasing the migration lock");
        failed.map_or(Ok(()), |failure| Err(doing(failure)))
    }
}

/// Stands for the holder's process when the lock has become free in the meantime.
const RELEASED: &str = "0";
const LOCKING: &str = "acquiring the migration lock";
const OPENING: &str = include_str!("sql/opening.sql");
const HOLDER: &str = include_str!("sql/holder.sql");
/// Takes the lock, unless a proxy put another backend behind this connection than it announced: then NULL.
const TRY_LOCK: &str = "SELECT ARRAY[CASE WHEN pg_catalog.pg_backend_pid() = COALESCE($2::text::int, pg_catalog.pg_backend_pid())
    THEN pg_catalog.pg_try_advisory_lock($1::text::bigint)::text END] AS \"row\"";
/// What a borrowed connection goes back with.
const RESET: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; SET TIME ZONE 'UTC'";
const UNLOCK: &str =
    "SELECT ARRAY[pg_catalog.pg_advisory_unlock($1::text::bigint)::text] AS \"row\"";

fn opening_values() -> Vec<Option<String>> {
    vec![Some(journal::DIESEL_TABLE.to_owned()), Some(journal::TABLE.to_owned())]
}

fn is_true(rows: &[Row]) -> bool {
    matches!(rows.first().and_then(|row| row.first()), Some(Some(text)) if text == "true")
}

fn facts(rows: &[Row]) -> Result<Facts, SessionError> {
    let mut values = rows.first().cloned().unwrap_or_default().into_iter();
    let mut next = || values.next().flatten();
    let pid = next().and_then(|pid| pid.parse().ok()).unwrap_or_default();
    let server_version = next().and_then(|version| version.parse().ok()).unwrap_or_default();
    let database = next().unwrap_or_default();
    let role = next().unwrap_or_default();
    let current_schema = next();
    let tracking = next();
    let has_journal = next().as_deref() == Some("true");
    let may_record = next().as_deref() == Some("true");
    let standby = next().as_deref() == Some("true");
    let read_only = next().as_deref() == Some("on");
    let notices_dead_clients = next().as_deref() == Some("true");
    let has_diesel = tracking.is_some();
    // the server makes the schema of the session where the path begins with it
    if current_schema.as_ref().is_some_and(|it| it.starts_with("pg_temp_")) {
        return Err(SessionError::TemporarySchema { role, database });
    }
    let Some(schema) = tracking.or(current_schema) else {
        return Err(SessionError::NoSchema { role, database });
    };
    let place = journal::Place { schema, has_diesel, has_journal };
    Ok(Facts {
        pid,
        server_version,
        database,
        role,
        place,
        may_record,
        read_only: standby || read_only,
        notices_dead_clients,
    })
}
