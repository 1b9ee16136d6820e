//! What `verify` found.

use serde::{Deserialize, Serialize};

use crate::{
    migration::source::Migration,
    report::{finding::Place, proved::ProvedOn, schema::SchemaReport},
};

/// A step in the replay of one migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// Up for the first time.
    Up,
    /// Down again.
    Down,
    /// Up for the second time.
    UpAgain,
    /// Down and up in one transaction.
    Redo,
}

/// What is wrong with a migration, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// Its up.sql fails in an empty database.
    UpFails,
    /// It would harm a ledger.
    HarmsLedger,
    /// Its down.sql fails.
    DownFails,
    /// Its up.sql fails after its down.sql.
    UpAgainFails,
    /// Its down.sql does not restore the structure.
    NotBack,
    /// Its up.sql gives another result after its down.sql.
    Elsewhere,
}

impl ProblemKind {
    /// What is wrong, as a heading.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::UpFails => "up.sql fails in an empty database",
            Self::HarmsLedger => "would harm a ledger",
            Self::DownFails => "down.sql fails",
            Self::UpAgainFails => "up.sql fails after down.sql",
            Self::NotBack => "down.sql does not restore the structure",
            Self::Elsewhere => "gives another result when applied a second time",
        }
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The migration.
    pub name: String,
    /// The step.
    pub leg: Leg,
    /// The message.
    pub what: String,
    /// What differs.
    pub difference: Vec<String>,
    /// What to do.
    pub advice: String,
    /// The SQLSTATE, where PostgreSQL refused a statement.
    #[serde(skip)]
    pub sqlstate: Option<String>,
    /// Where the script fails, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl Problem {
    /// What identifies it among the problems of its migration: what differs, else what PostgreSQL said.
    #[must_use]
    pub fn signs(&self) -> Vec<String> {
        match (&self.difference[..], &self.sqlstate) {
            ([], Some(code)) => vec![format!("SQLSTATE {code}")],
            ([], None) => self.what.lines().map(str::to_owned).collect(),
            (difference, _) => difference.to_vec(),
        }
    }
}

/// A known problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownProblem {
    /// The directory of the migration.
    pub migration: String,
    /// What is wrong with it.
    pub kind: ProblemKind,
    /// Its [signs](Problem::signs).
    pub what: Vec<String>,
}

impl KnownProblem {
    /// Whether a problem is this one, or a part of it.
    #[must_use]
    pub fn is(&self, problem: &Problem) -> bool {
        self.migration == problem.name
            && self.kind == problem.kind
            && problem.signs().iter().all(|it| self.what.contains(it))
    }
}

impl From<&Problem> for KnownProblem {
    fn from(problem: &Problem) -> Self {
        Self { migration: problem.name.clone(), kind: problem.kind, what: problem.signs() }
    }
}

/// What `verify` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerifyReport {
    /// How many migrations were replayed.
    pub migrations: usize,
    /// How many of them an earlier run had replayed, after the same scripts.
    pub known: usize,
    /// How many went down and up again.
    pub returned: usize,
    /// Those that cannot be reverted: they have no down.sql, or one that says so itself.
    pub one_way: Vec<String>,
    /// The worst problem.
    pub problem: Option<Problem>,
    /// All problems: the worst first, then in the order of the migrations.
    pub problems: Vec<Problem>,
    /// Migrations that depend on one that fails.
    pub not_replayed: Vec<String>,
    /// Problems that the baseline lists.
    pub accepted: Vec<Problem>,
    /// Whether the schema files match the migrations.
    pub schema: Option<SchemaReport>,
    /// Protected tables that are not declared as ledgers.
    pub undeclared: Vec<String>,
    /// Notes.
    pub notes: Vec<String>,
    /// What they were replayed on.
    pub proved_on: Option<ProvedOn>,
}

impl VerifyReport {
    /// Counts a migration without a problem.
    pub(crate) fn passed(&mut self, migration: &Migration) {
        self.migrations += 1;
        match migration.down {
            Some(_) => self.returned += 1,
            None => self.one_way.push(migration.name.clone()),
        }
    }

    /// Records a problem, unless it only follows from a migration that could not be applied.
    pub(crate) fn note(&mut self, problem: Problem) {
        let is_failed = |it: &Problem| it.kind == ProblemKind::UpFails;
        // undefined: a table, a column, an object, a function, a schema
        let missing = ["42P01", "42703", "42704", "42883", "3F000"];
        let code = problem.sqlstate.as_deref().unwrap_or_default();
        let has_failed = self.problems.iter().any(is_failed);
        if is_failed(&problem) && has_failed && missing.contains(&code) {
            self.not_replayed.push(problem.name);
            return;
        }
        self.problems.push(problem);
    }

    /// Sorts the worst first.
    pub(crate) fn sort(&mut self) {
        // those of one kind stay in the order of the migrations
        self.problems.sort_by_key(|it| it.kind);
        self.problem = self.problems.first().cloned();
    }

    /// Adds the counts and notes of a separate replay.
    pub(crate) fn extend(&mut self, walked: Self) {
        self.returned += walked.returned;
        self.one_way.extend(walked.one_way);
        self.notes.extend(walked.notes);
    }

    /// Sets known problems aside. Returns the known problems that were not found.
    pub fn accept<'k>(&mut self, known: &'k [KnownProblem]) -> Vec<&'k KnownProblem> {
        let is_known = |it: &mut Problem| known.iter().any(|known| known.is(it));
        self.accepted = self.problems.extract_if(.., is_known).collect();
        self.sort();
        let is_gone = |it: &&KnownProblem| !self.accepted.iter().any(|found| it.is(found));
        known.iter().filter(is_gone).collect()
    }

    /// Whether there is no problem.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.schema.as_ref().is_none_or(SchemaReport::is_fresh)
    }
}
