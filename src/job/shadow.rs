//! The shadow: a throwaway database in which migrations are replayed.

use std::path::PathBuf;

use crate::{
    catalog::{Catalog, Coverage},
    job::{
        JobError, Watch,
        open::Endpoint,
        run::{self, Options, Wish},
    },
    migration::{plan::Policy, source::Migrations},
    postgres::{
        cluster::{self, Binaries, Kept, Scratch, ScratchOptions, Search},
        connect::Environment,
        introspect,
        session::{Message, Stop},
        session_error::SessionError,
    },
    words::ident::Ident,
};

/// How a shadow is made.
#[derive(Debug, Clone)]
pub struct Shadow {
    /// PostgreSQL's programs.
    pub binaries: Binaries,
    /// Where those of another major version would be.
    pub search: Search,
    /// The roles that are there beside the one that runs migrations.
    pub roles: Vec<String>,
    /// The program that becomes the guard of the server: `glowplug` itself.
    pub guard: PathBuf,
}

/// How long the shadow's own server is waited for.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(10);

impl Shadow {
    /// Replays all migrations in an empty database, and reads what they lead to.
    ///
    /// # Errors
    /// When the server cannot be started, or a migration fails.
    pub async fn catalog(
        &self,
        migrations: &Migrations,
        coverage: &Coverage,
        stop: Stop,
        watch: Watch<'_>,
    ) -> Result<Catalog, JobError> {
        let (scratch, catalog) = self.replayed(migrations, coverage, stop, watch).await?;
        end(scratch).await;
        Ok(catalog)
    }

    /// The same with the server, which has what they lead to.
    pub(super) async fn replayed(
        &self,
        migrations: &Migrations,
        coverage: &Coverage,
        stop: Stop,
        watch: Watch<'_>,
    ) -> Result<(Scratch, Catalog), JobError> {
        let scratch = self.start().await?;
        let endpoint = self.endpoint(&scratch, stop);
        let wish = Wish::Upgrade {
            target: "head".into(),
            policy: Policy::default(),
        };
        let options = Options::default();
        run::run(&endpoint, migrations, &wish, &options, watch)
            .await
            .map_err(|error| in_the_shadow(error.cause))?;
        let (mut session, facts, _) = endpoint.read(watch).await?;
        let catalog = introspect::read(&mut session, facts.server_version, coverage).await;
        drop(session);
        Ok((scratch, catalog?))
    }

    /// The same with the programs of a major version, where this machine has them: each prints definitions in its own way.
    pub(super) fn of_major(&self, major: u32) -> Self {
        let mut shadow = self.clone();
        if self.binaries.major() != major {
            shadow.search.major = Some(major);
            if let Ok(binaries) = cluster::find(&shadow.search) {
                shadow.binaries = binaries;
            }
        }
        shadow
    }

    /// What is to be said where a database of this major version is compared with what is made here.
    pub(super) fn remark(&self, major: u32) -> Option<String> {
        let own = self.binaries.major();
        (own != major).then(|| {
            format!(
                "the database is PostgreSQL {major} and was compared with a PostgreSQL {own}: what the two print differently, such as \
                 definitions of views, is taken for a difference; `glowplug db install --major {major}` helps"
            )
        })
    }

    /// What is to be said where statements for a server of this major version are made here.
    pub(super) fn caution(&self, major: u32) -> Option<String> {
        let own = self.binaries.major();
        (own != major).then(|| {
            format!(
                "the database is PostgreSQL {major}, and this was made and proved with PostgreSQL {own}, whose words an older one may not \
                 know; `glowplug db install --major {major}` helps"
            )
        })
    }

    /// The way to the database of a shadow.
    pub(super) fn endpoint(&self, scratch: &Scratch, stop: Stop) -> Endpoint {
        Endpoint {
            url: scratch.url(Scratch::MAINTENANCE),
            direct: None,
            environment: Environment::default(),
            application: "glowplug shadow".into(),
            deadline: DEADLINE,
            stop,
        }
    }

    /// Starts the server of a shadow.
    pub(super) async fn start(&self) -> Result<Scratch, JobError> {
        self.start_with(None).await
    }

    /// Starts one that begins with what was kept of another.
    pub(super) async fn start_with(&self, kept: Option<Kept>) -> Result<Scratch, JobError> {
        let scratch = self.bare(kept).await?;
        if self.roles.is_empty() {
            return Ok(scratch);
        }
        let endpoint = self.endpoint(&scratch, Stop::never());
        match make_roles(&endpoint, &self.roles).await {
            Ok(()) => Ok(scratch),
            Err(error) => {
                end(scratch).await;
                Err(error)
            }
        }
    }

    async fn bare(&self, kept: Option<Kept>) -> Result<Scratch, JobError> {
        let shadow = self.clone();
        let started = tokio::task::spawn_blocking(move || {
            let mut options = ScratchOptions::new(shadow.guard);
            options.kept = kept;
            Scratch::start(&shadow.binaries, &options)
        });
        let scratch = started.await.expect("starting a server does not panic");
        Ok(scratch?)
    }
}

/// Makes roles on the server of an endpoint, where they are not there yet.
pub(super) async fn make_roles(
    endpoint: &Endpoint,
    roles: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<(), JobError> {
    let (mut session, _, _) = endpoint.read(&mut |_| {}).await?;
    let create = |role: &str| {
        format!(
            "DO $role$ BEGIN CREATE ROLE {}; EXCEPTION WHEN duplicate_object THEN NULL; END $role$",
            Ident(role)
        )
    };
    let texts: Vec<String> = roles.into_iter().map(|it| create(it.as_ref())).collect();
    let messages: Vec<Message<'_>> = texts.iter().map(|it| Message::Batch(it)).collect();
    for made in session.exchange(&messages, &mut |_| {}).await {
        made.map_err(SessionError::while_doing("making roles"))?;
    }
    Ok(())
}

/// The end of a server takes a moment, and nobody should wait for it in the runtime.
pub(super) async fn end(scratch: Scratch) {
    let ended = tokio::task::spawn_blocking(move || scratch.stop());
    ended.await.unwrap_or_default();
}

/// Says of a failed migration that it was only a replay that failed.
pub(super) fn in_the_shadow(error: JobError) -> JobError {
    match error {
        JobError::Migration(mut error) => {
            error.what = format!("replayed in an empty database, {}", error.what);
            JobError::Migration(error)
        }
        error => error,
    }
}
