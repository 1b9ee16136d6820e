//! Why a command failed.

use std::path::PathBuf;

use crate::{
    cluster::ClusterError,
    connect::ConnectError,
    job::{JobError, RunError},
    words::url::UrlError,
};

/// Why a command failed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum CliError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Job(JobError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(RunError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cluster(ClusterError),
    #[error("{from}: {error}")]
    #[diagnostic(code(url::unusable))]
    Url {
        /// Where the URL came from: a flag, a variable, a file.
        from: &'static str,
        error: UrlError,
        #[help]
        help: String,
    },
    #[error("{from} is set but empty")]
    #[diagnostic(
        code(url::empty),
        help(
            "Is a secret missing? Set it to the database's URL, unset it, or use the project's own server with --local."
        )
    )]
    EmptyUrl {
        /// Where the URL came from: a flag, a variable, a file.
        from: &'static str,
    },
    #[error("{} cannot be used: line {line} is not NAME=VALUE", path.display())]
    #[diagnostic(
        code(env_file::malformed),
        help("Write one NAME=VALUE per line; values with spaces need quotes.")
    )]
    EnvFile { path: PathBuf, line: usize },
    #[error("cannot write the result to stdout")]
    #[diagnostic(
        code(cli::stdout),
        help(
            "The command did its work, but its output is incomplete. Free disk space, or redirect stdout elsewhere."
        )
    )]
    Stdout(#[source] std::io::Error),
    #[error("{what}")]
    #[diagnostic(code(cli::cannot))]
    Cannot {
        what: String,
        #[help]
        help: String,
    },
}

impl<E: Into<JobError>> From<E> for CliError {
    fn from(error: E) -> Self {
        Self::Job(error.into())
    }
}

impl CliError {
    pub(crate) fn run(error: RunError) -> Self {
        Self::Run(error)
    }

    pub(crate) fn url(from: &'static str) -> impl FnOnce(UrlError) -> Self {
        move |error| {
            let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
            Self::Url { from, help: help.unwrap_or_default(), error }
        }
    }

    pub(crate) fn is_interrupt(&self) -> bool {
        match self {
            Self::Job(error) => error.is_interrupt(),
            Self::Run(error) => error.cause.is_interrupt(),
            _ => false,
        }
    }

    /// What a failed run had done, and details of the migration that failed.
    pub(crate) fn job(&self) -> Option<&JobError> {
        match self {
            Self::Job(error) => Some(error),
            Self::Run(error) => Some(&error.cause),
            _ => None,
        }
    }

    pub(crate) fn from_connect(error: ConnectError) -> Self {
        Self::Job(error.into())
    }
}
