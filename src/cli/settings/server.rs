//! The project's own local server, and PostgreSQL's programs.

use std::path::PathBuf;

use super::Settings;
use crate::{
    cli::render::Output,
    cluster::{
        self, Binaries, ClusterError, Local, LocalOptions, LocalState, Places, Search, fetch,
    },
    project::{pin, printed::Record},
    render::failure::CliError,
    words::timespan::Timespan,
};

impl Settings {
    /// The project's local server, running or not.
    pub(in crate::cli) fn local(&self) -> Local {
        let directory = self.root.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = self.toml.server.name.clone().or(directory).unwrap_or_default();
        Local::of(&self.root, &name)
    }

    /// PostgreSQL's programs for the local server.
    pub(in crate::cli) fn binaries(&self, output: &Output) -> Result<Binaries, ClusterError> {
        match self.binaries_here() {
            Err(ClusterError::NoBinaries { .. }) if self.installs => {
                let mut search = self.search();
                // the pinned version and the existing data decide
                let pinned = || Some(pin::read(&self.lock()).ok()??.environment.postgresql);
                let major = search.major.or_else(pinned);
                search.major = major.or_else(|| self.local().status().major);
                fetch::find_or_fetch(&search, &mut |line| output.talk(line))
            }
            found => found,
        }
    }

    /// The same, without fetching anything.
    pub(super) fn binaries_here(&self) -> Result<Binaries, ClusterError> {
        let mut search = self.search();
        if search.major.is_none() && search.explicit.is_none() {
            // a newer PostgreSQL on this machine must not hide the project's data
            search.major = self.local().status().major;
            if let Ok(found) = cluster::find(&search) {
                return Ok(found);
            }
            search.major = None;
        }
        cluster::find(&search)
    }

    /// Where they may be.
    pub(super) fn search(&self) -> Search {
        Search {
            explicit: self.postgres_bin.clone(),
            major: self.toml.server.major,
            cache: Places::from_environment().searched(),
            path: std::env::var_os("PATH"),
        }
    }

    /// What was last printed to schema files, if that can be kept.
    pub(in crate::cli) fn record(&self) -> Option<Record> {
        let cache = Places::from_environment().usable_cache().ok()?;
        Some(Record::within(&cache.dir))
    }

    /// Reports once which parts of the environment cannot be used.
    pub(super) fn tell_notes(&self, output: &Output) {
        self.told.get_or_init(|| {
            for note in Places::from_environment().notes() {
                output.talk(&format!("note: {note}"));
            }
        });
    }

    /// Starts the local server if it is not running, and says so.
    pub(in crate::cli) fn start_local(&self, output: &Output) -> Result<Local, CliError> {
        let local = self.local();
        let wanted = self.toml.server.major;
        if local.find(wanted).map_err(CliError::Cluster)? {
            return Ok(local);
        }
        self.tell_notes(output);
        let binaries = self.binaries(output).map_err(CliError::Cluster)?;
        let (old, new) = (local.status().major, binaries.major());
        if let Some(old) = old.filter(|old| *old != new) {
            output.talk(&format!(
                "The data of PostgreSQL {old} is left in place; PostgreSQL {new} has its own."
            ));
        }
        let why = if self.is_local { "" } else { "No DATABASE_URL: " };
        output.talk(&format!(
            "{why}starting the project's own PostgreSQL {} ...",
            binaries.version()
        ));
        let supervisor = own_program();
        let idle = self.toml.server.idle.unwrap_or(Timespan::minutes(15)).0;
        let options = LocalOptions { supervisor, idle, settings: Vec::new() };
        let state = local.start(&binaries, &options).map_err(CliError::Cluster)?;
        if state == LocalState::Created {
            output.detail(&format!("its data is in {}", local.status().data_dir.display()));
        }
        Ok(local)
    }
}

/// The program itself, which also supervises our own servers.
pub(super) fn own_program() -> PathBuf {
    // if the system does not say, use the name that it was called by
    let called = || std::env::args_os().next().unwrap_or_default().into();
    std::env::current_exe().unwrap_or_else(|_| called())
}
