//! What a replay of all migrations showed.

use serde::{Deserialize, Serialize};

use crate::{
    migration::source::Migration,
    report::{proved::ProvedOn, schema::SchemaReport},
};

/// A part of the way of one migration.
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
    /// Its down.sql does not lead back.
    NotBack,
    /// Its up.sql leads elsewhere after its down.sql.
    Elsewhere,
}

impl ProblemKind {
    /// What is wrong, as a heading.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::UpFails => "up.sql fails in an empty database",
            Self::HarmsLedger => "would harm a ledger",
            Self::DownFails => "down.sql fails",
            Self::UpAgainFails => "up.sql fails after down.sql",
            Self::NotBack => "down.sql does not lead back",
            Self::Elsewhere => "leads elsewhere when it is applied a second time",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The migration.
    pub name: String,
    /// Where on its way.
    pub leg: Leg,
    /// The sentence.
    pub what: String,
    /// What differs.
    pub difference: Vec<String>,
    /// What to do.
    pub advice: String,
    /// The SQLSTATE, where PostgreSQL refused a statement.
    #[serde(skip)]
    pub sqlstate: Option<String>,
}

impl Problem {
    /// What tells it from another one of its migration: what differs, else what PostgreSQL said.
    #[must_use]
    pub fn signs(&self) -> Vec<String> {
        match (&self.difference[..], &self.sqlstate) {
            ([], Some(code)) => vec![format!("SQLSTATE {code}")],
            ([], None) => self.what.lines().map(str::to_owned).collect(),
            (difference, _) => difference.to_vec(),
        }
    }
}

/// A problem that is known.
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
pub struct VerifyReport {
    /// How many migrations were replayed.
    pub migrations: usize,
    /// How many of them an earlier run had replayed, with the same scripts before them.
    pub known: usize,
    /// Those that went down and up again.
    pub returned: usize,
    /// Those without a way back: they have no down.sql, or one that says so itself.
    pub one_way: Vec<String>,
    /// The worst thing that is not as it should be.
    pub problem: Option<Problem>,
    /// Everything that is not as it should be: the worst first, and in the order of the migrations.
    pub problems: Vec<Problem>,
    /// Migrations that need what one that fails would have made.
    pub not_replayed: Vec<String>,
    /// What a baseline says is known, and was found again.
    pub accepted: Vec<Problem>,
    /// Whether the schema files are what the migrations lead to.
    pub schema: Option<SchemaReport>,
    /// Protected tables that are not declared as ledgers.
    pub undeclared: Vec<String>,
    /// What should be known besides.
    pub notes: Vec<String>,
    /// What they were replayed on.
    pub proved_on: Option<ProvedOn>,
}

impl VerifyReport {
    /// Counts a migration that is as it should be.
    pub(crate) fn passed(&mut self, migration: &Migration) {
        self.migrations += 1;
        match migration.down {
            Some(_) => self.returned += 1,
            None => self.one_way.push(migration.name.clone()),
        }
    }

    /// Notes a problem; one that only follows from a migration that could not be applied is none of its own.
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

    /// Puts the worst first.
    pub(crate) fn sort(&mut self) {
        // those of one kind stay in the order of the migrations
        self.problems.sort_by_key(|it| it.kind);
        self.problem = self.problems.first().cloned();
    }

    /// Adds what a walk of its own has counted and noted.
    pub(crate) fn extend(&mut self, walked: Self) {
        self.returned += walked.returned;
        self.one_way.extend(walked.one_way);
        self.notes.extend(walked.notes);
    }

    /// Sets aside what is known. Gives what is known and was not found.
    pub fn accept<'k>(&mut self, known: &'k [KnownProblem]) -> Vec<&'k KnownProblem> {
        let is_known = |it: &mut Problem| known.iter().any(|known| known.is(it));
        self.accepted = self.problems.extract_if(.., is_known).collect();
        self.sort();
        let is_gone = |it: &&KnownProblem| !self.accepted.iter().any(|found| it.is(found));
        known.iter().filter(is_gone).collect()
    }

    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.schema.as_ref().is_none_or(SchemaReport::is_fresh)
    }
}
