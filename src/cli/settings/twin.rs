//! The throwaway databases of a project, and what they should be like.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Settings, quoted, server::own_program};
use crate::{
    autogenerate::prerequisites::HEADER,
    cli::render::Output,
    cluster::{self, Binaries, ClusterError},
    connect::Patience,
    job::{JobError, Watch, database, open::Endpoint},
    migration::environment::{Known, own_settings},
    postgres::session::Stop,
    project::{ProjectError, pin, schema_file, truth},
    render::failure::CliError,
    replay::shadow::Shadow,
};

/// How long to wait for a database that is only asked for its environment.
const ASKING: Duration = Duration::from_secs(5);

/// How long to wait silently.
const SILENCE: Duration = Duration::from_secs(1);

impl Settings {
    /// What is needed to replay migrations in a throwaway database like the pinned one.
    pub(in crate::cli) fn shadow(&self, output: &Output) -> Result<Shadow, JobError> {
        self.shadow_with(|| self.binaries(output), output)
    }

    /// The same if PostgreSQL is installed already.
    pub(in crate::cli) fn shadow_here(&self, output: &Output) -> Result<Shadow, JobError> {
        self.shadow_with(|| self.binaries_here(), output)
    }

    fn shadow_with(
        &self,
        binaries: impl FnOnce() -> Result<Binaries, ClusterError>,
        output: &Output,
    ) -> Result<Shadow, JobError> {
        self.tell_notes(output);
        let pin = pin::read(&self.lock())?;
        let demanded = self.toml.server.major;
        let mut search = self.search();
        search.major = demanded.or(pin.as_ref().map(|it| it.environment.postgresql));
        let mut notes = Vec::new();
        let binaries = match cluster::find(&search) {
            Ok(binaries) if search.major.is_some() => binaries,
            _ => binaries()?,
        };
        if let (None, Some(pin)) = (demanded, &pin)
            && binaries.major() != pin.environment.postgresql
        {
            let (pinned, own) = (pin.environment.postgresql, binaries.major());
            notes.push(format!(
                "glowplug.lock pins PostgreSQL {pinned}, and this was seen on PostgreSQL {own}, which is what this machine has; \
                 `glowplug db install --major {pinned}` helps"
            ));
        }
        output.detail(&format!(
            "replaying the migrations on a throwaway PostgreSQL {}",
            binaries.version()
        ));
        Ok(Shadow {
            binaries,
            search: self.search(),
            major: demanded,
            own_settings: self.migrations().map(|it| own_settings(it.texts())).unwrap_or_default(),
            roles: self.toml.shadow.roles.clone(),
            known: pin.map_or(Known::Nothing, |it| Known::Pinned(Box::new(it))),
            prerequisites: self.prerequisites()?,
            stand_ins: self.toml.shadow.stand_ins.clone(),
            notes,
            supervisor: own_program(),
        })
    }

    /// The same, like the configured database if it answers.
    pub(in crate::cli) async fn twin(
        &self,
        command: &str,
        stop: &Stop,
        output: &Output,
        watch: Watch<'_>,
    ) -> Result<Shadow, CliError> {
        let database = self.server(command, stop, output)?;
        let shadow = self.shadow(output)?;
        let mut asked = std::pin::pin!(shadow.asked(database.as_ref(), watch));
        if let Ok(asked) = tokio::time::timeout(SILENCE, &mut asked).await {
            return Ok(asked?);
        }
        if let Some(database) = &database {
            output.talk(&format!(
                "waiting for {}, to read its environment; up to {} s",
                database::place(database),
                ASKING.as_secs()
            ));
        }
        Ok(asked.await?)
    }

    /// The prerequisites: SQL that is loaded before the first migration.
    fn prerequisites(&self) -> Result<Vec<(PathBuf, String)>, ProjectError> {
        let mut all = Vec::new();
        for path in &self.toml.shadow.sql {
            let files = truth::read(&self.root.join(path))?;
            let short = |(path, text): (PathBuf, String)| (self.relative(&path).into(), text);
            all.extend(files.into_iter().map(short));
        }
        Ok(all)
    }

    /// The file that prerequisites are written to.
    pub(in crate::cli) fn prerequisites_file(&self) -> Result<PathBuf, CliError> {
        let file = match &self.toml.shadow.sql[..] {
            [] => self.root.join("prerequisites.sql"),
            [one] => self.root.join(one),
            [..] => {
                return Err(CliError::Cannot {
                    what: "glowplug.toml names several files of prerequisites".into(),
                    help: "Keep only the file to write in `sql` of [shadow].".into(),
                });
            }
        };
        let text = schema_file::read(&file).map_err(JobError::from)?;
        match text {
            Some(text) if !text.starts_with(HEADER) => Err(CliError::Cannot {
                what: format!("{} was not written by glowplug", self.relative(&file)),
                help: "Move it, or name another file in `sql` of [shadow] of glowplug.toml.".into(),
            }),
            _ => Ok(file),
        }
    }

    /// Adds the file to glowplug.toml if it is missing.
    pub(in crate::cli) fn name_prerequisites(&self, file: &Path) -> Result<(), ProjectError> {
        if !self.toml.shadow.sql.is_empty() {
            return Ok(());
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let line = format!("sql = {}", quoted(&name));
        let path = &self.glowplug_toml;
        let text = schema_file::read(path)?.unwrap_or_default();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        match lines.iter().position(|it| it.trim() == "[shadow]") {
            Some(at) => lines.insert(at + 1, line),
            None => lines.extend([String::new(), "[shadow]".to_owned(), line]),
        }
        schema_file::write(path, &(lines.join("\n") + "\n"))
    }

    /// Where glowplug.lock is, or would be.
    pub(in crate::cli) fn lock(&self) -> PathBuf {
        pin::beside(&self.glowplug_toml)
    }

    /// The configured database, to read its environment. None if none is configured.
    pub(in crate::cli) fn server(
        &self,
        command: &str,
        stop: &Stop,
        output: &Output,
    ) -> Result<Option<Endpoint>, CliError> {
        if let Some(fault) = &self.env_fault {
            output.talk(&format!("note: {}", CliError::from(fault.clone())));
            return Ok(None);
        }
        // only its environment is read: an empty URL counts as none
        let named = self.database_url.as_ref();
        let named = named.filter(|(_, text)| !text.trim().is_empty());
        let url = self.parse(named, output)?;
        Ok(url.map(|url| Endpoint {
            url,
            direct: None,
            environment: self.environment.clone(),
            application: format!("glowplug {command}"),
            deadline: ASKING,
            patience: Patience::Waking,
            stop: stop.clone(),
        }))
    }
}
