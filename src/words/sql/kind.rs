//! What a runner must know about a statement before it sends it.
//!
//! How a kind is told from the text is in [`recognise`](super::recognise).

use super::Name;

/// The kind of a statement. Most are [`Other`](Self::Other): they run in a transaction like any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementKind {
    /// Opens or ends a transaction: the leading keywords in upper case, `BEGIN`, `START
    /// TRANSACTION`, `COMMIT`, `END`, `ROLLBACK`, `ABORT`, `PREPARE TRANSACTION`, `COMMIT PREPARED`
    /// or `ROLLBACK PREPARED`.
    Transaction(String),
    /// SAVEPOINT, RELEASE and ROLLBACK TO.
    Savepoint,
    /// COPY that reads data lines from the client.
    CopyStdin,
    /// COPY that sends data lines to the client.
    CopyStdout,
    /// CREATE INDEX CONCURRENTLY, which leaves an invalid index when it fails.
    CreateIndexConcurrently {
        /// The index, where the statement names it; the server puts it into the schema of the
        /// table.
        index: Option<Box<Name>>,
        /// The table.
        table: Box<Name>,
        /// True with IF NOT EXISTS, which an invalid index satisfies.
        if_not_exists: bool,
    },
    /// DROP INDEX CONCURRENTLY.
    DropIndexConcurrently {
        /// The indexes; the server refuses more than one.
        indexes: Vec<Name>,
        /// True with IF EXISTS.
        if_exists: bool,
    },
    /// REINDEX of anything with CONCURRENTLY, which leaves an invalid index `…_ccnew` when it
    /// fails.
    ReindexConcurrently,
    /// ALTER TABLE … DETACH PARTITION … CONCURRENTLY.
    DetachConcurrently {
        /// The partitioned table.
        table: Box<Name>,
        /// The partition.
        partition: Box<Name>,
    },
    /// ALTER TABLE … DETACH PARTITION … FINALIZE, which completes a detach that was interrupted.
    DetachFinalize {
        /// The partitioned table.
        table: Box<Name>,
        /// The partition.
        partition: Box<Name>,
    },
    /// CREATE DATABASE.
    CreateDatabase {
        /// The database.
        name: String,
    },
    /// DROP DATABASE.
    DropDatabase {
        /// The database.
        name: String,
        /// True with IF EXISTS.
        if_exists: bool,
    },
    /// CREATE TABLESPACE.
    CreateTablespace {
        /// The tablespace.
        name: String,
    },
    /// DROP TABLESPACE.
    DropTablespace {
        /// The tablespace.
        name: String,
        /// True with IF EXISTS.
        if_exists: bool,
    },
    /// CREATE SUBSCRIPTION that creates a replication slot, as it does unless told otherwise.
    CreateSubscription {
        /// The subscription.
        name: String,
    },
    /// DROP SUBSCRIPTION; it could run in a transaction only if the subscription has no slot.
    DropSubscription {
        /// The subscription.
        name: String,
        /// True with IF EXISTS.
        if_exists: bool,
    },
    /// ALTER SYSTEM.
    AlterSystem,
    /// VACUUM, CLUSTER without a table, REINDEX of a schema or database: harmless to repeat.
    Maintenance,
    /// What else PostgreSQL refuses in a transaction, by name: `ALTER DATABASE SET TABLESPACE`,
    /// `ALTER SUBSCRIPTION` with a refresh or a change of its slot, `DISCARD ALL` (which also
    /// releases the advisory locks of the session).
    OutsideTransaction(&'static str),
    /// CALL and DO, whose code may commit.
    Call,
    /// Everything else.
    Other,
}

impl StatementKind {
    /// False for what PostgreSQL refuses inside a transaction block.
    ///
    /// Transaction control is not refused there, except for `COMMIT PREPARED` and `ROLLBACK
    /// PREPARED`; whether a script may contain it is another question. Known from the text only:
    /// REINDEX TABLE and CLUSTER of a partitioned table are refused as well, and look like those of
    /// a plain one.
    #[must_use]
    pub fn may_run_in_transaction(&self) -> bool {
        match self {
            Self::Transaction(keywords) => !keywords.ends_with(" PREPARED"),
            Self::Savepoint
            | Self::CopyStdin
            | Self::CopyStdout
            | Self::DetachFinalize { .. }
            | Self::Call
            | Self::Other => true,
            Self::CreateIndexConcurrently { .. }
            | Self::DropIndexConcurrently { .. }
            | Self::ReindexConcurrently
            | Self::DetachConcurrently { .. }
            | Self::CreateDatabase { .. }
            | Self::DropDatabase { .. }
            | Self::CreateTablespace { .. }
            | Self::DropTablespace { .. }
            | Self::CreateSubscription { .. }
            | Self::DropSubscription { .. }
            | Self::AlterSystem
            | Self::Maintenance
            | Self::OutsideTransaction(_) => false,
        }
    }

    /// A short name for messages.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Transaction(_) => "transaction control",
            Self::Savepoint => "savepoint",
            Self::CopyStdin => "COPY FROM STDIN",
            Self::CopyStdout => "COPY TO STDOUT",
            Self::CreateIndexConcurrently { .. } => "CREATE INDEX CONCURRENTLY",
            Self::DropIndexConcurrently { .. } => "DROP INDEX CONCURRENTLY",
            Self::ReindexConcurrently => "REINDEX CONCURRENTLY",
            Self::DetachConcurrently { .. } => "DETACH PARTITION CONCURRENTLY",
            Self::DetachFinalize { .. } => "DETACH PARTITION FINALIZE",
            Self::CreateDatabase { .. } => "CREATE DATABASE",
            Self::DropDatabase { .. } => "DROP DATABASE",
            Self::CreateTablespace { .. } => "CREATE TABLESPACE",
            Self::DropTablespace { .. } => "DROP TABLESPACE",
            Self::CreateSubscription { .. } => "CREATE SUBSCRIPTION",
            Self::DropSubscription { .. } => "DROP SUBSCRIPTION",
            Self::AlterSystem => "ALTER SYSTEM",
            Self::Maintenance => "maintenance",
            Self::OutsideTransaction(name) => name,
            Self::Call => "CALL or DO",
            Self::Other => "statement",
        }
    }
}
