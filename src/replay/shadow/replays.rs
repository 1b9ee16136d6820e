//! Servers on which scripts have run are kept by what has run there, so that the next one begins with the longest known beginning.

use crate::{
    cluster::{self, Kept, Scratch},
    job::{
        JobError, Watch,
        open::Endpoint,
        run::{self, Operation, RunOptions},
    },
    migration::{
        environment::{Environment, Needs},
        plan::Policy,
        source::{Migration, Migrations, Script},
    },
    postgres::{
        session::{Message, Stop},
        session_error::SessionError,
    },
    replay::shadow::{Given, Prepared, Shadow, end, in_the_shadow},
    words::digest::Digest,
};

/// From so many migrations on, starting with a copy is faster than running them.
pub(crate) const MANY: usize = 40;

/// From so many bytes of SQL on, it is faster, too.
const LONG: usize = 64 * 1024;

/// What stands for the first of some scripts, for the first two, and so on.
pub(crate) struct Beginnings {
    keys: Vec<Digest>,
}

/// A server that was kept.
pub(crate) struct Beginning {
    /// How many scripts have run on it.
    pub(crate) count: usize,
    pub(crate) kept: Kept,
    /// What was noted.
    pub(crate) notes: Vec<String>,
}

impl Beginnings {
    /// The keys of scripts that run in this shadow, one after the other; none where nothing may be kept, or it is not worth it. `what`
    /// says what else the server depends on.
    pub(crate) fn of(
        shadow: &Shadow,
        what: &str,
        scripts: impl ExactSizeIterator<Item = String>,
        bytes: usize,
    ) -> Self {
        let environment = shadow.known.environment();
        // a setting of somebody's own may be a secret, which is not kept
        let mut settings = environment.into_iter().flat_map(|it| it.settings.keys());
        let is_open = !settings.any(|it| Environment::is_custom(it));
        if !is_open || scripts.len() < MANY && bytes < LONG {
            return Self { keys: Vec::new() };
        }
        // another glowplug or another beginning may lead elsewhere
        let mut key = Digest::of(&format!(
            "{} {what} {:?} {:?} {:?} {environment:?}",
            env!("CARGO_PKG_VERSION"),
            shadow.roles,
            shadow.prerequisites,
            shadow.stand_ins,
        ));
        let keys = scripts.map(|it| {
            key = Digest::of(&format!("{key:?} {it}"));
            key.clone()
        });
        Self { keys: keys.collect() }
    }

    /// The longest beginning that is known.
    pub(crate) fn known(&self, shadow: &Shadow) -> Option<Beginning> {
        let numbered = self.keys.iter().enumerate().rev();
        let locale = shadow.locale();
        let kept = |(at, key)| Some((at + 1, Kept::of(&shadow.binaries, &locale, key).ok()?));
        let (count, kept) = numbered.filter_map(kept).find(|(_, kept)| kept.exists())?;
        let notes = serde_json::from_str(&kept.note()?).ok()?;
        Some(Beginning { count, kept, notes })
    }

    /// Keeps a server on which all of them have run. What fails here costs time later, and nothing else.
    pub(crate) fn keep(&self, shadow: &Shadow, scratch: &Scratch, notes: &[String]) {
        let Some(key) = self.keys.last() else { return };
        let note = serde_json::json!(notes).to_string();
        if let Ok(kept) = Kept::of(&shadow.binaries, &shadow.locale(), key) {
            kept.keep(scratch.data_dir(), &note).unwrap_or_default();
        }
    }
}

/// A migration as text.
pub(crate) fn of_migration(migration: &Migration) -> String {
    let of = |script: &Option<Script>| script.as_ref().map(|it| it.digest.clone());
    let checks = (of(&migration.checks.pre), of(&migration.checks.post));
    let scripts = (&migration.up.digest, of(&migration.down), checks);
    format!("{:?}", (&migration.name, scripts, migration.metadata, &migration.backfill))
}

impl Shadow {
    /// Starts a server on which migrations have run.
    pub(crate) async fn ran(
        &self,
        migrations: &Migrations,
        stop: Stop,
        watch: Watch<'_>,
    ) -> Result<Prepared, JobError> {
        cluster::cache_limit()?;
        let needs = self.needs(migrations.texts());
        self.ran_with(&needs, migrations, stop, watch).await
    }

    /// The same for a server on which others are to follow, with what all of them need.
    pub(crate) async fn ran_with(
        &self,
        needs: &Needs,
        migrations: &Migrations,
        stop: Stop,
        watch: Watch<'_>,
    ) -> Result<Prepared, JobError> {
        let count = migrations.iter().count();
        let all = self.replays(migrations, needs);
        let (prepared, known) = self.begin(&all, needs).await?;
        let endpoint = self.endpoint(&prepared.scratch, stop);
        let ran = async {
            let operation = Operation::Upgrade { target: "head".into(), policy: Policy::default() };
            let migrations = self.stood_in(migrations);
            let ran =
                run::run(&endpoint, &migrations, &operation, &RunOptions::of_replay(), watch).await;
            ran.map_err(|error| in_the_shadow(error.cause))?;
            match known < count {
                true => self.kept(&endpoint, &all, &prepared).await,
                false => Ok(()),
            }
        };
        match ran.await {
            Ok(()) => Ok(prepared),
            Err(error) => {
                end(prepared.scratch).await;
                Err(error)
            }
        }
    }

    /// What is kept of the replay of migrations, if such replays are kept.
    pub(crate) fn whole(&self, migrations: &Migrations) -> Option<Kept> {
        let needs = self.needs(migrations.texts());
        let key = self.replays(migrations, &needs).keys.pop()?;
        Kept::of(&self.binaries, &self.locale(), &key).ok()
    }

    fn replays(&self, migrations: &Migrations, needs: &Needs) -> Beginnings {
        let all: Vec<String> = migrations.iter().map(of_migration).collect();
        let bytes = migrations.texts().map(str::len).sum();
        self.beginnings("replay", needs, all.into_iter(), bytes)
    }

    /// Keys of scripts, where what is there before the first of them is known without a server.
    pub(crate) fn beginnings(
        &self,
        what: &str,
        needs: &Needs,
        scripts: impl ExactSizeIterator<Item = String>,
        bytes: usize,
    ) -> Beginnings {
        // tablespaces are outside of the server's directory
        if self.prerequisites.is_empty() && needs.tablespaces.is_empty() {
            Beginnings::of(self, &format!("{what} {needs:?}"), scripts, bytes)
        } else {
            Beginnings { keys: Vec::new() }
        }
    }

    /// Starts a server with the longest beginning that is known, and says how long that is.
    pub(crate) async fn begin(
        &self,
        all: &Beginnings,
        needs: &Needs,
    ) -> Result<(Prepared, usize), JobError> {
        let Some(known) = all.known(self) else {
            return Ok((self.start(needs).await?, 0));
        };
        // another run may remove it at this moment
        let Ok(mut prepared) = self.start_with(Some(known.kept), needs).await else {
            return Ok((self.start(needs).await?, 0));
        };
        prepared.given = Given::before(self, needs);
        prepared.notes.extend(known.notes);
        Ok((prepared, known.count))
    }

    /// Keeps a server, if it is worth it.
    pub(crate) async fn kept(
        &self,
        endpoint: &Endpoint,
        all: &Beginnings,
        prepared: &Prepared,
    ) -> Result<(), JobError> {
        if all.keys.is_empty() {
            return Ok(());
        }
        let mut session = endpoint.session(&mut |_| {}).await?;
        for done in session.exchange(&[Message::Batch("CHECKPOINT")], &mut |_| {}).await {
            done.map_err(SessionError::while_doing("writing everything to disk"))?;
        }
        drop(session);
        all.keep(self, &prepared.scratch, &prepared.notes);
        Ok(())
    }
}
