//! Which migrations are new: those that a pull request adds, or that a database has not run.

use std::collections::BTreeSet;

use super::Settings;
use crate::{
    autogenerate, job::JobError, project::git::Git, render::failure::CliError,
    report::status::StatusReport,
};

/// The migrations that are new.
#[derive(Debug, Default)]
pub(in crate::cli) struct New {
    /// Their directories.
    pub(in crate::cli) names: BTreeSet<String>,
    /// What they are new against; none if nothing is known.
    pub(in crate::cli) since: Option<String>,
    /// Whether that is a revision.
    pub(in crate::cli) is_revision: bool,
    /// Notes.
    pub(in crate::cli) notes: Vec<String>,
}

/// Where CI says which branch a change is for.
const BASES: [&str; 2] = ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"];

impl Settings {
    /// Finds out which migrations are new: against a revision that is named, the base of the pull request, or a database.
    pub(in crate::cli) fn new_migrations(
        &self,
        named: Option<&str>,
        status: Option<&StatusReport>,
    ) -> Result<New, CliError> {
        if let Some(named) = named {
            return Ok(self.since(named).map_err(JobError::from)?);
        }
        let mut new = New::default();
        if let Some(base) = BASES.iter().find_map(|it| self.var(it)) {
            match self.since(&format!("origin/{base}")) {
                Ok(found) => return Ok(found),
                Err(error) => new.notes.push(format!("{error}; --since names a revision")),
            }
        }
        if let Some(status) = status {
            new.names = autogenerate::ci::pending(status);
            new.since = Some(status.database.clone().unwrap_or_default());
        }
        Ok(new)
    }

    fn since(&self, named: &str) -> Result<New, crate::project::ProjectError> {
        let old = Git::directories(&self.migrations_dir, named)?;
        let all = self.migrations().map(|it| it.iter().map(|it| it.name.clone()).collect());
        let all: Vec<String> = all.unwrap_or_default();
        let names = all.into_iter().filter(|it| !old.contains(it)).collect();
        Ok(New { names, since: Some(named.to_owned()), is_revision: true, notes: Vec::new() })
    }
}
