//! The shadow: a throwaway database in which migrations are replayed.
//!
//! It is a twin of the one that they are for: of its major version, with its [`Environment`](crate::migration::environment), and with what is there before the first
//! migration. What is [known](Shadow::known) of that comes from glowplug.lock, or from the database itself ([`Shadow::asked`]),
//! and goes into every server that is started here.

mod given;
mod prepare;
mod replays;
mod stand_in;

use std::{borrow::Cow, collections::BTreeSet, path::PathBuf};

pub(crate) use self::given::Given;
pub(crate) use self::replays::{Beginning, Beginnings, MANY, of_migration};
use self::stand_in::Extensions;

use crate::{
    catalog::{Catalog, Coverage},
    cluster::{self, Binaries, Kept, Scratch, ScratchOptions, Search},
    connect::{self, Patience},
    introspect::{self, environment},
    job::{
        JobError, Watch,
        failure::{TwinError, missing_extension},
        open::Endpoint,
    },
    migration::{
        environment::{Environment, Known, Locale, Needs},
        source::Migrations,
    },
    postgres::{
        session::{Message, Stop},
        session_error::SessionError,
    },
    report::proved::ProvedOn,
    words::ident::Ident,
};

/// How a shadow is made.
#[derive(Debug, Clone)]
pub(crate) struct Shadow {
    /// PostgreSQL's programs.
    pub binaries: Binaries,
    /// Where those of another major version would be.
    pub search: Search,
    /// The major version that the project demands, whatever the database's is.
    pub major: Option<u32>,
    /// The settings of somebody's own that the migrations may ask for.
    pub own_settings: BTreeSet<String>,
    /// The roles that are there beside the one that runs migrations.
    pub roles: Vec<String>,
    /// What it is a twin of.
    pub known: Known,
    /// What is there before the first migration: where it stands, and its text.
    pub prerequisites: Vec<(PathBuf, String)>,
    /// The extensions that they stand in for: scripts that make these do nothing.
    pub stand_ins: Vec<String>,
    /// What is to be said of what is proved here.
    pub notes: Vec<String>,
    /// The program that becomes the supervisor of the server: `glowplug` itself.
    pub supervisor: PathBuf,
}

/// A server that is ready for the first migration.
pub(crate) struct Prepared {
    pub(crate) scratch: Scratch,
    /// What is there before it.
    pub(crate) given: Given,
    /// What is to be said of it.
    pub(crate) notes: Vec<String>,
}

/// A server that has run migrations.
pub(crate) struct Replayed {
    pub(crate) prepared: Prepared,
    /// What they lead to, with what was there before.
    pub(crate) catalog: Catalog,
}

/// How long the shadow's own server is waited for.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(10);

impl Shadow {
    /// Replays all migrations in an empty database, and reads what they lead to.
    ///
    /// # Errors
    /// When the server cannot be started, or a migration fails.
    pub(crate) async fn catalog(
        &self,
        migrations: &Migrations,
        coverage: &Coverage,
        stop: Stop,
        watch: Watch<'_>,
    ) -> Result<Catalog, JobError> {
        let replayed = self.replayed(migrations, coverage, stop, watch).await?;
        end(replayed.prepared.scratch).await;
        Ok(replayed.catalog)
    }

    /// The same with the server, which has what they lead to.
    pub(crate) async fn replayed(
        &self,
        migrations: &Migrations,
        coverage: &Coverage,
        stop: Stop,
        watch: Watch<'_>,
    ) -> Result<Replayed, JobError> {
        let prepared = self.ran(migrations, stop.clone(), watch).await?;
        let endpoint = self.endpoint(&prepared.scratch, stop);
        match read(&endpoint, coverage).await {
            Ok(catalog) => Ok(Replayed { prepared, catalog }),
            Err(error) => {
                end(prepared.scratch).await;
                Err(error)
            }
        }
    }

    /// The shadow of the database that migrations are for, where one is named and answers. Else what was pinned counts.
    ///
    /// # Errors
    /// When the user ends it.
    pub(crate) async fn asked(
        &self,
        database: Option<&Endpoint>,
        watch: Watch<'_>,
    ) -> Result<Self, JobError> {
        let Some(database) = database else {
            return Ok(self.clone());
        };
        match self.like(database, watch).await {
            Ok(mut shadow) => {
                let major = shadow.known.environment().map(|it| it.postgresql);
                let caution = major.filter(|_| self.major.is_none());
                let caution = caution.and_then(|it| shadow.caution(it));
                shadow.notes.extend(caution);
                Ok(shadow)
            }
            Err(error) if error.is_interrupt() => Err(error),
            Err(_) => {
                let mut shadow = self.clone();
                let major = self.binaries.major();
                shadow.notes.push(match (&self.known, self.major) {
                    (Known::Pinned(pin), _) => format!(
                        "could not read the environment of the database: using that of {} from glowplug.lock",
                        pin.environment.database
                    ),
                    (_, Some(_)) => "could not read the environment of the database; `glowplug shadow pin` saves it".to_owned(),
                    (_, None) => format!(
                        "could not read the version of the database, so this is made for PostgreSQL {major}; `glowplug shadow pin` saves its environment, and `major` in [server] of glowplug.toml sets the version"
                    ),
                });
                Ok(shadow)
            }
        }
    }

    /// The shadow of a database.
    pub(crate) async fn like(
        &self,
        database: &Endpoint,
        watch: Watch<'_>,
    ) -> Result<Self, JobError> {
        let (mut session, _, _) = database.read(watch).await?;
        let read = environment::read(&mut session, &database.url, &self.own_settings).await?;
        Ok(self.of(read.environment))
    }

    /// The shadow of a database whose environment is known.
    pub(crate) fn of(&self, environment: Environment) -> Self {
        let mut shadow = match self.major {
            Some(_) => self.clone(),
            None => self.of_major(environment.postgresql),
        };
        shadow.known = Known::Asked(Box::new(environment));
        shadow
    }

    /// What is proved here is proved for this.
    #[must_use]
    pub(crate) fn proved_on(&self) -> ProvedOn {
        let pinned = match &self.known {
            Known::Pinned(pin) => Some(pin.pinned.clone()),
            _ => None,
        };
        ProvedOn {
            postgresql: self.binaries.major(),
            database: self.known.environment().map(|it| it.database.clone()),
            pinned,
        }
    }

    /// The same with the programs of a major version, where this machine has them: each prints definitions in its own way.
    pub(crate) fn of_major(&self, major: u32) -> Self {
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
    pub(crate) fn remark(&self, major: u32) -> Option<String> {
        let own = self.binaries.major();
        (own != major).then(|| {
            format!(
                "the database is PostgreSQL {major} and was compared with a PostgreSQL {own}: what the two print differently, such as view definitions, counts as a difference; `glowplug db install --major {major}` helps"
            )
        })
    }

    /// What is to be said where statements for a server of this major version are made here.
    pub(crate) fn caution(&self, major: u32) -> Option<String> {
        let own = self.binaries.major();
        (own != major).then(|| {
            format!(
                "the database is PostgreSQL {major}, and this was made and proved with PostgreSQL {own}, whose syntax an older one may not know; `glowplug db install --major {major}` helps"
            )
        })
    }

    /// The way to the database of a shadow.
    pub(crate) fn endpoint(&self, scratch: &Scratch, stop: Stop) -> Endpoint {
        Endpoint {
            url: scratch.url(Scratch::MAINTENANCE),
            direct: None,
            environment: connect::Environment::default(),
            application: "glowplug shadow".into(),
            deadline: DEADLINE,
            patience: Patience::Waking,
            stop,
        }
    }

    /// Migrations as they are replayed here: without the extensions that something stands in for, and with others in the versions that
    /// the database has.
    pub(crate) fn stood_in<'m>(&self, migrations: &'m Migrations) -> Cow<'m, Migrations> {
        let extensions = self.extensions();
        match extensions.stand_ins.is_empty() && extensions.versions.is_empty() {
            true => Cow::Borrowed(migrations),
            false => Cow::Owned(extensions.migrations(migrations)),
        }
    }

    /// What becomes of extensions here.
    fn extensions(&self) -> Extensions<'_> {
        let known = self.known.environment().map(|it| &it.extensions);
        let known = known.filter(|it| !it.is_empty());
        let here = known.map(|_| self.binaries.extensions()).unwrap_or_default();
        let is_here =
            |name: &str, version: &str| here.get(name).is_some_and(|it| it.contains(version));
        let versions = known.into_iter().flatten();
        let versions = versions.map(|(name, it)| (name.as_str(), it.version.as_str()));
        Extensions {
            stand_ins: &self.stand_ins,
            versions: versions.filter(|(name, version)| is_here(name, version)).collect(),
        }
    }

    /// SQL as it is loaded here.
    pub(crate) fn stood_in_files(&self, files: &[(PathBuf, String)]) -> Vec<(PathBuf, String)> {
        let all = files.iter();
        let extensions = self.extensions();
        all.map(|(path, text)| (path.clone(), extensions.text(text))).collect()
    }

    /// What has to be there before some scripts run.
    pub(crate) fn needs<'t>(&'t self, scripts: impl IntoIterator<Item = &'t str>) -> Needs {
        let known = self.known.environment();
        if known.is_none() && self.roles.is_empty() {
            return Needs::default();
        }
        let unknown = Environment::default();
        let first = || self.prerequisites.iter().map(|(_, text)| text.as_str());
        let needs = Needs::of(known.unwrap_or(&unknown), first().chain(scripts));
        needs.after(first())
    }

    /// Starts a server, and makes what is there before the first migration.
    pub(crate) async fn start(&self, needs: &Needs) -> Result<Prepared, JobError> {
        self.start_with(None, needs).await
    }

    /// Starts one that begins with what was kept of another.
    pub(crate) async fn start_with(
        &self,
        kept: Option<Kept>,
        needs: &Needs,
    ) -> Result<Prepared, JobError> {
        let is_ready = kept.is_some();
        let (scratch, mut notes) = self.bare(kept).await?;
        if is_ready {
            let given = Given::default();
            return Ok(Prepared { scratch, given, notes });
        }
        let endpoint = self.endpoint(&scratch, Stop::never());
        match prepare::prepare(self, &endpoint, needs).await {
            Ok((given, more)) => {
                notes.extend(more);
                Ok(Prepared { scratch, given, notes })
            }
            Err(error) => {
                end(scratch).await;
                Err(error)
            }
        }
    }

    /// Starts one with nothing in it.
    pub(crate) async fn start_empty(&self) -> Result<Scratch, JobError> {
        Ok(self.bare(None).await?.0)
    }

    /// How its databases encode and sort.
    #[must_use]
    pub(crate) fn locale(&self) -> Locale {
        let environment = self.known.environment();
        environment.map(|it| it.locale.clone()).unwrap_or_default()
    }

    async fn bare(&self, kept: Option<Kept>) -> Result<(Scratch, Vec<String>), JobError> {
        let shadow = self.clone();
        let started = tokio::task::spawn_blocking(move || {
            let mut options = ScratchOptions::new(shadow.supervisor.clone());
            options.kept = kept;
            options.locale = shadow.locale();
            let (usual, wanted) = (Locale::default(), options.locale.clone());
            match Scratch::start(&shadow.binaries, &options) {
                Err(_) if wanted != usual => {
                    options.locale = usual;
                    let scratch = Scratch::start(&shadow.binaries, &options)?;
                    let note = format!(
                        "this machine's PostgreSQL cannot sort and encode as the database does ({}, {}, {}): the throwaway one uses C and UTF8",
                        wanted.encoding, wanted.collate, wanted.ctype
                    );
                    Ok((scratch, vec![note]))
                }
                started => started.map(|it| (it, Vec::new())),
            }
        });
        let started = started.await.expect("starting a server does not panic");
        Ok(started?)
    }
}

/// Reads what a server has.
async fn read(endpoint: &Endpoint, coverage: &Coverage) -> Result<Catalog, JobError> {
    let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
    Ok(introspect::read(&mut session, facts.server_version, coverage).await?)
}

/// Makes roles on the server of an endpoint, where they are not there yet.
pub(crate) async fn make_roles(
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
        made.map_err(SessionError::while_doing("creating roles"))?;
    }
    Ok(())
}

/// The end of a server takes a moment, and nobody should wait for it in the runtime.
pub(crate) async fn end(scratch: Scratch) {
    let ended = tokio::task::spawn_blocking(move || scratch.stop());
    ended.await.unwrap_or_default();
}

/// Says of a failed migration that it was only a replay that failed.
pub(crate) fn in_the_shadow(error: JobError) -> JobError {
    match lacking(error) {
        JobError::Migration(mut error) => {
            error.what = format!("replayed in an empty database, {}", error.what);
            if error.server.as_ref().is_some_and(|it| it.code == "42501") {
                error.advice += " A replay does not know what was granted before the first migration: `glowplug shadow pin --from-database` writes it.";
            }
            JobError::Migration(error)
        }
        error => error,
    }
}

/// Says of a migration that failed on a server of our own that it is this machine which lacks an extension, where that is why.
pub(crate) fn lacking(error: JobError) -> JobError {
    let JobError::Migration(failed) = &error else {
        return error;
    };
    let Some(name) = failed.server.as_ref().and_then(missing_extension) else {
        return error;
    };
    let line = failed.place.map(|(line, _)| format!(":{line}"));
    let place = format!("{}{}", failed.path, line.unwrap_or_default());
    let name = name.to_owned();
    TwinError::Extension { name, place }.into()
}
