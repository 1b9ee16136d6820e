//! What `lint` found.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::{autogenerate::Drafted, finding::Finding, proved::ProvedOn};

/// What `lint` found.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct LintReport {
    /// The migrations that were looked at, in order.
    pub migrations: Vec<String>,
    /// What counts.
    pub findings: Vec<Finding>,
    /// What somebody has accepted.
    pub accepted: Vec<AcceptedFinding>,
    /// Who waits for whom: every strong lock, also those that are brief.
    pub locks: Vec<LockReport>,
    /// For each migration, how much of the work each statement of its up.sql does, in thousandths.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<String, Vec<u32>>,
    /// What is to be said of the run.
    pub notes: Vec<String>,
    /// The server that it was observed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved_on: Option<ProvedOn>,
}

/// What `lint --fix` did.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct FixReport {
    /// The migrations that others stand for now.
    pub fixed: Vec<Fixed>,
    /// Those that stay as they are.
    pub refused: Vec<NotFixed>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The server that it was proved on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved_on: Option<ProvedOn>,
}

/// A migration that others stand for.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fixed {
    /// Its directory.
    pub migration: String,
    /// What stands in its place.
    pub by: Vec<Drafted>,
}

/// A migration that stays as it is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NotFixed {
    /// Its directory.
    pub migration: String,
    /// Why.
    pub reason: String,
}

/// A finding that does not count.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AcceptedFinding {
    /// The finding.
    pub finding: Finding,
    /// Why it was accepted.
    pub reason: String,
}

/// A lock that somebody waits for.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LockReport {
    /// The migration.
    pub migration: String,
    /// The script: `up.sql`.
    pub script: &'static str,
    /// The table whose users wait.
    pub table: String,
    /// The index or sequence that is locked, if it is not the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// The mode: `AccessExclusive`; `Rows` for the locks of rows.
    pub mode: &'static str,
    /// Whether readers wait.
    pub readers: bool,
    /// Whether writers wait.
    pub writers: bool,
    /// The line of the statement that takes it.
    pub line: usize,
    /// The line of the last statement of its transaction.
    pub until_line: usize,
    /// Rows of work while it is held, per row of the tables that it grows with.
    pub slope: f64,
    /// The table that it grows with most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// How long others wait in production, in seconds: at least and at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<(f64, f64)>,
}

impl LintReport {
    /// Whether nothing has to be changed or looked at.
    #[must_use]
    pub(crate) fn is_clean(&self) -> bool {
        use crate::report::finding::Severity::Note;
        self.findings.iter().all(|it| it.severity == Note)
    }
}
