//! What `lint` found.

use serde::Serialize;

use crate::report::{finding::Finding, proved::ProvedOn};

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
    /// What is to be said of the run.
    pub notes: Vec<String>,
    /// The server that it was observed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved_on: Option<ProvedOn>,
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
