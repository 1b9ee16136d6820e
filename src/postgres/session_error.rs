//! Why a session cannot be used, or cannot be used any longer.

use crate::{
    postgres::{server_error::ServerError, session::Failure},
    words::timespan::Timespan,
};

/// Why a session cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum SessionError {
    /// The server refused something of ours.
    #[error("{doing}: {error}")]
    #[diagnostic(code(session::refused))]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// What the server said.
        error: ServerError,
        /// What to do.
        #[help]
        advice: String,
    },
    /// The connection is gone.
    #[error("the connection was lost while {doing}: {reason}")]
    #[diagnostic(
        code(session::lost),
        help(
            "Nothing is half-done: a migration and its journal entry commit together. `glowplug current` shows where the database is; running again continues from there."
        )
    )]
    Lost {
        /// What was being done.
        doing: &'static str,
        /// What is known of it.
        reason: String,
    },
    /// Another run holds the lock for longer than one wanted to wait.
    #[error("another run holds the migration lock of {database}: {holder}")]
    #[diagnostic(
        code(lock::held),
        help(
            "Waited {waited}. Wait longer with --wait, or, if that run is dead, terminate it on the server: SELECT pg_terminate_backend({pid});"
        )
    )]
    Held {
        /// The database.
        database: String,
        /// Who holds it, for people.
        holder: String,
        /// The holder's backend.
        pid: String,
        /// How long it was waited for.
        waited: Timespan,
    },
    /// No schema to put tables into.
    #[error("the search_path of role {role} names no schema that exists in database {database}")]
    #[diagnostic(
        code(session::no_schema),
        help("Set one: ALTER ROLE … SET search_path = …, or options=-csearch_path=… in the URL.")
    )]
    NoSchema {
        /// The role.
        role: String,
        /// The database.
        database: String,
    },
    /// A schema that ends with the session.
    #[error(
        "the search_path of role {role} creates objects in pg_temp in database {database}: they are dropped when the session ends"
    )]
    #[diagnostic(
        code(session::temporary_schema),
        help(
            "Name a schema that stays before pg_temp, or remove pg_temp: ALTER ROLE … SET search_path = …, ALTER DATABASE … SET search_path = …, or options=-csearch_path=… in the URL."
        )
    )]
    TemporarySchema {
        /// The role.
        role: String,
        /// The database.
        database: String,
    },
    /// A standby, or a session that may only read.
    #[error("database {database} is read-only: {why}")]
    #[diagnostic(
        code(session::read_only),
        help(
            "Connect to the primary with a role that may write (target_session_attrs=read-write finds it among several hosts)."
        )
    )]
    ReadOnly {
        /// The database.
        database: String,
        /// Why.
        why: &'static str,
    },
    /// The tracking tables belong to somebody else.
    #[error("role {role} cannot write to the tracking tables in schema {schema} of {database}")]
    #[diagnostic(
        code(session::may_not_record),
        help(
            "Connect as their owner, or let the owner grant it: GRANT INSERT, DELETE ON __diesel_schema_migrations TO …; GRANT SELECT, INSERT ON __glowplug_journal TO …;"
        )
    )]
    MayNotRecord {
        /// The role.
        role: String,
        /// The schema of the tables.
        schema: String,
        /// The database.
        database: String,
    },
    /// A proxy stands between, and it is not known of which kind. Answered by a closer look, see `job::open`.
    #[error("a proxy or pooler is in front of the server")]
    #[diagnostic(
        code(session::behind_proxy),
        help("Connect directly, or name the direct URL with --direct-url.")
    )]
    BehindProxy {
        /// The backend that answered.
        session_pid: i32,
    },
    /// The run was asked to stop before it had begun.
    #[error("interrupted while {doing}")]
    #[diagnostic(code(session::interrupted), help("No migration was run."))]
    Interrupted {
        /// What was being done.
        doing: &'static str,
    },
}

impl SessionError {
    /// Gives a failure the words for what was being done.
    pub(crate) fn while_doing(doing: &'static str) -> impl FnOnce(Failure) -> Self {
        move |failure| match failure {
            Failure::Lost(reason) => Self::Lost { doing, reason },
            Failure::Cancelled => Self::Interrupted { doing },
            Failure::Server(error) => {
                let advice = match error.code.as_str() {
                    "42501" => {
                        "The role lacks a privilege. Grant it, or connect as the owner of the database."
                    }
                    "25006" => "Connect to the primary with a role that may write.",
                    "57P01" | "57P02" => {
                        "The server is shutting down or terminated this session. Run again."
                    }
                    "53300" | "53400" => "The server is out of resources. Run again later.",
                    _ => {
                        "This is a query of glowplug's own. If it cannot be explained by the server's state, please report it."
                    }
                };
                Self::Refused { doing, error, advice: advice.to_owned() }
            }
        }
    }
}
