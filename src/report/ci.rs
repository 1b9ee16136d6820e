//! What `ci` found: every check that applies, in one report.

use serde::Serialize;

use crate::report::{
    changes::Changes,
    deploy::{CompatMatrix, LockTimeline},
    proved::ProvedOn,
};

/// A check of `ci`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// Every migration goes up, down and up again.
    Verify,
    /// The migrations and the source of truth agree.
    Check,
    /// schema.rs is what the migrations produce.
    Schema,
    /// The history of the database.
    Status,
    /// The running program works with the new migrations.
    Compat,
    /// The new migrations are safe to run while others work.
    Lint,
}

impl Part {
    /// All, in the order of the report.
    pub(crate) const ALL: [Self; 6] =
        [Self::Verify, Self::Check, Self::Schema, Self::Status, Self::Compat, Self::Lint];

    /// Its name, as `--only` takes it and as the codes of its findings begin.
    #[must_use]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Check => "check",
            Self::Schema => "schema",
            Self::Status => "status",
            Self::Compat => "compat",
            Self::Lint => "lint",
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It found nothing that counts.
    Passed,
    /// It found something.
    Found,
    /// It could not do its work.
    Failed,
    /// It does not apply here, or was not wanted.
    Skipped,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PartReport {
    /// Which.
    pub part: Part,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was skipped, or what it did.
    pub about: String,
}

/// What `ci` found. The findings are beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct CiReport {
    /// The checks, in their order.
    pub parts: Vec<PartReport>,
    /// The migrations that are new, by their directories: pending, or not in the revision that was named.
    pub new: Vec<String>,
    /// What they are new compared with: a database, or a revision.
    pub new_since: Option<String>,
    /// What becomes of tables through them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// The locks that the new migrations take.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<LockTimeline>,
    /// Which program works on which structure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<CompatMatrix>,
    /// Notes.
    pub notes: Vec<String>,
    /// What everything was proved on.
    pub proved_on: Option<ProvedOn>,
}
