//! Whether two programs can live with what migrations do.

use serde::Serialize;

use crate::{
    migration::version::Version,
    report::{
        deploy::{CompatMatrix, CompatRow, Fit},
        finding::{Finding, Severity},
        proved::ProvedOn,
    },
};

/// Which order works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// Both orders work.
    Either,
    /// Migrate, then deploy.
    MigrateFirst,
    /// Deploy, then migrate.
    DeployFirst,
    /// No order works.
    Neither,
}

impl Verdict {
    /// From whether the running program breaks by it, and whether the new program needs it.
    #[must_use]
    pub(crate) fn of(breaks_running: bool, is_needed: bool) -> Self {
        match (breaks_running, is_needed) {
            (false, false) => Self::Either,
            (false, true) => Self::MigrateFirst,
            (true, false) => Self::DeployFirst,
            (true, true) => Self::Neither,
        }
    }

    /// What it means, as half a sentence.
    #[must_use]
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Either => "either order works",
            Self::MigrateFirst => "migrate first",
            Self::DeployFirst => "deploy first",
            Self::Neither => "neither order works",
        }
    }
}

/// What to do instead of one change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Recipe {
    /// The change, in words.
    pub change: String,
    /// What runs before the deploy, as SQL.
    pub expand: Vec<String>,
    /// What is different in the new program, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// What runs after the deploy, when the running program is gone, as SQL.
    pub contract: Vec<String>,
}

/// What one migration means for the two programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct MigrationReport {
    /// Its key.
    pub version: Version,
    /// Its directory.
    pub name: String,
    /// Which order works with it.
    pub verdict: Verdict,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What to do instead, if no order works.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead: Vec<Recipe>,
}

/// A deploy in the middle of the migrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Cut {
    /// The last migration before it.
    pub after: Version,
    /// How many are before it.
    pub before: usize,
}

/// Whether two programs can live with what migrations do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CompatReport {
    /// Where what the running program knows was read.
    pub running: String,
    /// Where what the new program knows was read.
    pub new: String,
    /// Where the migrations begin, and why.
    pub since: String,
    /// Which order works with all of them.
    pub verdict: Verdict,
    /// Between which of them to deploy, if that works and no order of all of them does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// The migrations, in the order in which they run.
    pub migrations: Vec<MigrationReport>,
    /// How many statements were prepared in each state.
    pub statements: usize,
    /// What else should be known.
    pub notes: Vec<String>,
    /// Where it was found out.
    pub proved_on: ProvedOn,
}

impl CompatReport {
    /// Everything that was found.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.migrations.iter().flat_map(|it| &it.findings)
    }

    /// Which program works on which structure: before the migrations, and after each of them.
    #[must_use]
    pub(crate) fn matrix(&self) -> CompatMatrix {
        let breaks =
            |it: &MigrationReport| matches!(it.verdict, Verdict::DeployFirst | Verdict::Neither);
        let is_needed =
            |it: &MigrationReport| matches!(it.verdict, Verdict::MigrateFirst | Verdict::Neither);
        let warns =
            |it: &MigrationReport| it.findings.iter().any(|it| it.severity == Severity::Warning);
        let row = |count: usize| {
            let (done, open) = self.migrations.split_at(count);
            let running = match (done.iter().any(breaks), done.iter().any(warns)) {
                (true, _) => Fit::Fails,
                (false, true) => Fit::MayFail,
                (false, false) => Fit::Works,
            };
            let new = if open.iter().any(is_needed) { Fit::Fails } else { Fit::Works };
            let last = done.last();
            let faults = last.into_iter().flat_map(|it| &it.findings);
            let faults = faults.filter(|it| it.severity != Severity::Note);
            CompatRow {
                state: last.map_or("before".to_owned(), |it| format!("after {}", it.name)),
                fits: vec![running, new],
                faults: faults.map(|it| it.message.clone()).collect(),
            }
        };
        CompatMatrix {
            programs: vec![format!("running ({})", self.running), format!("new ({})", self.new)],
            rows: (0..=self.migrations.len()).map(row).collect(),
            verdict: Some(match &self.cut {
                Some(cut) => format!("Deploy after migration {}.", cut.after),
                None => format!("Verdict: {}.", self.verdict.words()),
            }),
        }
    }

    /// Whether the running program breaks.
    #[must_use]
    pub(crate) fn breaks(&self) -> bool {
        matches!(self.verdict, Verdict::DeployFirst | Verdict::Neither)
    }
}
