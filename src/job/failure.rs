//! Why a job could not do its work.

mod adopt;
mod autogenerate;
mod compat;
mod database;
mod ledger;
mod place;
mod proof;
mod rebase;
mod rename;
mod schema;
mod squash;
mod twin;

use miette::{NamedSource, SourceSpan};

pub(crate) use self::adopt::AdoptError;
pub(crate) use self::autogenerate::AutogenerateError;
pub(crate) use self::compat::CompatError;
pub(crate) use self::database::DatabaseError;
use self::ledger::listed;
pub(crate) use self::ledger::{DriftError, HarmError, LedgerError};
pub(crate) use self::proof::ProofFailure;
pub(crate) use self::rebase::RebaseError;
pub(crate) use self::rename::{RenameError, RenameFault};
pub(crate) use self::schema::{EditsWouldBeLost, SchemaWouldChange};
pub(crate) use self::squash::SquashError;
pub(crate) use self::twin::TwinError;
pub(crate) use self::twin::missing_extension;

use crate::{
    cluster::ClusterError,
    connect::ConnectError,
    migration::{plan::Blocked, source::Direction, target::TargetError},
    postgres::{pool::PoolError, server_error::ServerError, session_error::SessionError},
    project::ProjectError,
    report::{ledger_finding::LedgerFinding, run::RunReport},
    schema_rs::{PrintError, patch::PatchError},
    tools::ToolError,
    words::secrets,
};

/// Why a job could not do its work.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum JobError {
    /// The files of the project.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Project(#[from] ProjectError),
    /// The way to the server.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Connect(#[from] ConnectError),
    /// A pooler on the way.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pooler(#[from] PoolerError),
    /// The application's own connection.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pool(#[from] PoolError),
    /// The session.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Session(#[from] SessionError),
    /// The target.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Target(#[from] TargetError),
    /// What stands in the way of a plan.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blocked(#[from] Blocked),
    /// A script that cannot be run; nothing was sent.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Script(#[from] Box<ScriptError>),
    /// A migration that failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Migration(#[from] Box<MigrationError>),
    /// A shadow that cannot be made like the database.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Twin(#[from] TwinError),
    /// A plan that is not to be had, or not to be proved.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Autogenerate(#[from] AutogenerateError),
    /// A migration that would have harmed a ledger.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] Box<RefusedError>),
    /// A protection that is not what the last run left.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Drift(#[from] Box<DriftError>),
    /// A ledger that was harmed all the same.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Harm(#[from] Box<HarmError>),
    /// The events ledger.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Events(#[from] crate::events::EventsError),
    /// What is asked of a ledger.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Ledger(#[from] LedgerError),
    /// What schema.rs is printed from.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Print(#[from] PrintError),
    /// The patch of schema.rs.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Patch(#[from] PatchError),
    /// schema.rs and what the migrations lead to.
    #[error(transparent)]
    #[diagnostic(transparent)]
    SchemaWouldChange(#[from] SchemaWouldChange),
    /// schema.rs and what somebody has written into it.
    #[error(transparent)]
    #[diagnostic(transparent)]
    EditsWouldBeLost(#[from] EditsWouldBeLost),
    /// What programs can live with.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Compat(#[from] CompatError),
    /// Migrations that cannot get new versions.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Rebase(#[from] RebaseError),
    /// Migrations that cannot be squashed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Squash(#[from] SquashError),
    /// An adoption.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Adopt(#[from] AdoptError),
    /// The migrations of another tool.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tool(#[from] ToolError),
    /// A database as a whole.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Database(#[from] DatabaseError),
    /// A server of our own.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cluster(#[from] ClusterError),
    /// Ctrl-C before anything began.
    #[error("interrupted")]
    #[diagnostic(code(run::interrupted), help("Nothing was changed."))]
    Stopped,
}

impl JobError {
    /// Whether it is the user who ended it.
    #[must_use]
    pub fn is_interrupt(&self) -> bool {
        match self {
            Self::Stopped | Self::Session(SessionError::Interrupted { .. }) => true,
            Self::Migration(error) => error.interrupted,
            _ => false,
        }
    }

    /// What the server said, where it refused a statement of a migration.
    #[must_use]
    pub fn server(&self) -> Option<&ServerError> {
        match self {
            Self::Migration(error) => error.server.as_ref(),
            _ => None,
        }
    }
}

/// Why a run ended early, and what it had done by then.
#[derive(Debug)]
#[non_exhaustive]
pub struct RunError {
    /// Everything in its steps is applied and recorded; nothing else is.
    pub done: Box<RunReport>,
    /// Why it ended.
    pub cause: JobError,
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cause.fmt(f)
    }
}

/// It says what its cause says, and so its source is the cause's.
impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
    }
}

/// The diagnostic of the cause.
impl miette::Diagnostic for RunError {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.cause.code()
    }
    fn severity(&self) -> Option<miette::Severity> {
        self.cause.severity()
    }
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.cause.help()
    }
    fn url<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.cause.url()
    }
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.cause.source_code()
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        self.cause.labels()
    }
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        self.cause.related()
    }
    fn diagnostic_source(&self) -> Option<&dyn miette::Diagnostic> {
        self.cause.diagnostic_source()
    }
}

impl<E: Into<JobError>> From<E> for RunError {
    fn from(cause: E) -> Self {
        Self { done: Box::default(), cause: cause.into() }
    }
}

/// A pooler that shares its backends between transactions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("{host} is a transaction pooler: two sessions got the same backend")]
#[diagnostic(code(connect::pooler))]
pub struct PoolerError {
    /// The host and port.
    pub host: String,
    /// What to do.
    #[help]
    pub advice: String,
}

/// A script that glowplug does not send to a server.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path}:{line}: {what}")]
#[diagnostic(code(migrations::script))]
pub struct ScriptError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// The script, without secrets.
    #[source_code]
    pub text: NamedSource<String>,
    /// Where.
    #[label("here")]
    pub at: SourceSpan,
    /// What to do.
    #[help]
    pub advice: String,
}

/// A migration that failed, with everything that the server said.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what}{}", said(server.as_ref()))]
#[diagnostic(code(migration::failed))]
pub struct MigrationError {
    /// The sentence: which migration, which way, and the server's primary message.
    pub what: String,
    /// The directory.
    pub name: String,
    /// The way.
    pub direction: Direction,
    /// The file.
    pub path: String,
    /// Line and column, from 1, if it is a place in the script.
    pub place: Option<(usize, usize)>,
    /// What the server said.
    pub server: Option<ServerError>,
    /// The script, without secrets.
    #[source_code]
    pub text: Option<NamedSource<String>>,
    /// Where.
    #[label("{label}")]
    pub at: Option<SourceSpan>,
    /// What stands at the place.
    pub label: String,
    /// What to do.
    #[help]
    pub advice: String,
    /// Whether the user ended it.
    pub interrupted: bool,
    /// Whether it is not known that nothing was committed.
    pub outcome_unknown: bool,
}

/// A migration that the ledger guard refused.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what}{}", listed(findings))]
#[diagnostic(code(ledger::refused))]
pub struct RefusedError {
    /// The sentence: which migration, which way.
    pub what: String,
    /// The directory.
    pub name: String,
    /// The key.
    pub version: crate::migration::version::Version,
    /// The way.
    pub direction: Direction,
    /// The file.
    pub path: String,
    /// What would have become of the ledgers.
    pub findings: Vec<LedgerFinding>,
    /// Line and column of the statement that does it, from 1, where a replay has found it.
    pub place: Option<(usize, usize)>,
    /// The script, without secrets.
    #[source_code]
    pub text: Option<NamedSource<String>>,
    /// Where.
    #[label("{label}")]
    pub at: Option<SourceSpan>,
    /// What stands at the place.
    pub label: String,
    /// What to write instead.
    #[help]
    pub advice: String,
    /// How many statements of a migration without a transaction are committed nevertheless.
    pub committed: usize,
}

/// The rest of what the server said: detail, hint and context, without secrets, each on lines of its own.
fn said(server: Option<&ServerError>) -> String {
    let parts = server.into_iter().flat_map(|server| {
        [("detail", &server.detail), ("hint", &server.hint), ("context", &server.context)]
    });
    let lines = parts.filter_map(|(label, text)| {
        let text = secrets::cover(text.as_ref()?);
        Some(format!("\n{label}: {}", text.replace('\n', "\n  ")))
    });
    lines.collect()
}
