//! Where findings stand, as seen from the root of the repository: that is where code scanning and annotations look.

use std::path::{Path, PathBuf};

use super::Settings;
use crate::{
    cli::render::Sheet,
    project::root,
    report::finding::{Finding, Place},
};

impl Settings {
    /// Findings of some checks, for every format.
    pub(in crate::cli) fn sheet(&self, checks: &[&str], findings: Vec<Finding>) -> Sheet {
        let repository = self.root.ancestors().find(|it| it.join(".git").exists());
        let repository = repository.unwrap_or(&self.root).to_owned();
        let mut findings = findings;
        for finding in &mut findings {
            let replaced = finding.fix.iter_mut().flat_map(|it| &mut it.replacements);
            let related = finding.related.iter_mut().map(|it| &mut it.place);
            let own = finding.place.iter_mut();
            for place in own.chain(related).chain(replaced.map(|it| &mut it.place)) {
                self.moved(place, &repository);
            }
        }
        let named = [&self.glowplug_toml, &self.diesel_toml];
        let home = named.into_iter().find(|it| it.is_file()).unwrap_or(&self.migrations_dir);
        Sheet {
            checks: checks.iter().map(|it| (*it).to_owned()).collect(),
            home: slashed(&root::relative(home, &repository)),
            ..Sheet::of(findings)
        }
    }

    /// Names a file from the root of the repository. It is named from the current directory, or from the root of the project.
    fn moved(&self, place: &mut Place, repository: &Path) {
        let from = [&self.current, &self.root].map(|it| it.join(&place.file));
        let Some(path) = from.iter().find(|it| it.exists()).or(from.first()) else { return };
        place.file = slashed(&root::relative(path, repository));
    }

    /// The file of the source of truth, if it is one: SQL that is named, or the schema file of `[print_schema]`.
    pub(in crate::cli) fn truth_file(&self, source: Option<&Path>) -> Option<String> {
        let configured = self.toml.schema.source.as_ref().map(|it| self.root.join(it));
        let sql: Option<PathBuf> = source.map(Path::to_owned).or(configured);
        let path = match sql {
            Some(path) => path,
            None => {
                let mut files = self.schemas.all.values().filter_map(|it| it.file.clone());
                let first = files.next()?;
                if files.next().is_some() {
                    return None;
                }
                first
            }
        };
        path.is_file().then(|| slashed(&root::relative(&path, &self.current)))
    }
}

/// A path with forward slashes.
fn slashed(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}
