//! Why a plan is not written: the shadow has shown that it does not do what it should.

use crate::{
    catalog::Key,
    job::{JobError, failure::AutogenerateError},
    postgres::session::Failure,
};

/// What kept a plan from being proved; nothing was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProofFailure {
    /// What went wrong.
    pub what: String,
    /// What differs, line by line.
    pub difference: Vec<String>,
    /// The statements.
    pub plan: String,
    /// The SQLSTATE, where PostgreSQL refused something.
    pub sqlstate: Option<String>,
    /// The statement that it refused.
    pub statement: Option<String>,
    /// What that statement changes.
    pub target: Option<Key>,
}

impl ProofFailure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    /// The same, with what differs.
    pub(crate) fn differing(mut self, difference: Vec<String>) -> Self {
        self.difference = difference;
        self
    }

    /// The same, with the plan.
    pub(crate) fn of_plan(mut self, plan: impl Into<String>) -> Self {
        self.plan = plan.into();
        self
    }

    /// The same, with what the server said of a statement.
    pub(crate) fn refused(mut self, statement: &str, failure: &Failure) -> Self {
        self.statement = Some(statement.to_owned());
        if let Failure::Server(error) = failure {
            self.sqlstate = Some(error.code.clone());
        }
        self
    }

    /// Whether it failed because of what is in the rows: data exceptions (class 22), violated constraints (class 23), and a syntax error,
    /// which is also what values of tsquery and jsonpath fail with.
    pub(crate) fn is_of_rows(&self) -> bool {
        let state = self.sqlstate.as_deref().unwrap_or_default();
        ["22", "23", "42601"].iter().any(|it| state.starts_with(it))
    }
}

impl From<ProofFailure> for JobError {
    fn from(failure: ProofFailure) -> Self {
        AutogenerateError::Proof(Box::new(failure)).into()
    }
}
