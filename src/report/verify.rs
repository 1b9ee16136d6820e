//! What a replay of all migrations showed.

use serde::Serialize;

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

/// The first thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
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
    /// The first thing that is not as it should be.
    pub problem: Option<Problem>,
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

    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problem.is_none() && self.schema.as_ref().is_none_or(SchemaReport::is_fresh)
    }
}
