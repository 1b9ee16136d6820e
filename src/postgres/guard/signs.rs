//! Signs of changed rows, the sums of rows, and the key up to which nothing can come any more.

use std::time::Duration;

use crate::{
    ledger::Signs,
    postgres::{
        guard::{Guard, asked::pinned},
        session::{Failure, Message, Row, Session},
    },
};

/// Which server it is: a copy that was restored is another one.
const SERVER: &str =
    "SELECT ARRAY[system_identifier::text] AS \"row\" FROM pg_catalog.pg_control_system()";

/// Who is appending at this moment, by virtual transaction. $1: [[schema, table]].
const APPENDING: &str = "WITH RECURSIVE tree AS ( \
        SELECT c.oid FROM jsonb_array_elements($1::text::jsonb) d (names) \
        JOIN pg_catalog.pg_namespace s ON s.nspname = d.names ->> 0 \
        JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = d.names ->> 1 \
        UNION SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid) \
    SELECT DISTINCT ARRAY[k.virtualtransaction] AS \"row\" FROM pg_catalog.pg_locks k JOIN tree t ON t.oid = k.relation \
    WHERE k.locktype = 'relation' AND k.granted AND k.mode LIKE '%Exclusive%' AND k.pid IS DISTINCT FROM pg_backend_pid() \
    AND k.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())";

/// How often, and how long, others are waited for.
const WAITS: [u64; 8] = [1, 5, 20, 50, 100, 200, 300, 400];

/// What a database is called where heads are kept: the identifier of its server, and its name.
pub(crate) async fn identity(session: &mut Session<'_>, database: &str) -> String {
    format!("{}/{database}", server(session).await)
}

/// The identifier of the server; empty where the role may not ask.
async fn server(session: &mut Session<'_>) -> String {
    let rows = pinned(session, &Message::Query(SERVER, Vec::new())).await.unwrap_or_default();
    rows.into_iter().flatten().flatten().next().unwrap_or_default()
}

impl Guard {
    /// The signs of every ledger; none for one that is not there.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn signs(
        &self,
        session: &mut Session<'_>,
    ) -> Result<Vec<Option<Signs>>, Failure> {
        let server = server(session).await;
        let question = Message::Query(include_str!("signs.sql"), vec![Some(self.names())]);
        let rows = pinned(session, &question).await?;
        let mut found = vec![None; self.ledgers.len()];
        for row in rows {
            let mut row = row.into_iter();
            let mut next = || row.next().flatten().unwrap_or_default();
            let place = next().parse::<usize>().ok();
            let here = format!("{server}/{}", next());
            let snapshot = next();
            let mut number = || next().parse().unwrap_or_default();
            let (updated, deleted, inserted) = (number(), number(), number());
            let (since, files, catalog) = (next(), next(), next());
            let pages = next().parse().unwrap_or_default();
            let signs =
                Signs { here, snapshot, updated, deleted, inserted, since, files, catalog, pages };
            if let Some(slot) = place.and_then(|place| found.get_mut(place)) {
                *slot = Some(signs);
            }
        }
        Ok(found)
    }

    /// Whether everybody is done who was appending to a ledger when this was asked: no number below what is visible then can
    /// come any more.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn is_settled(
        &self,
        session: &mut Session<'_>,
        ledger: usize,
    ) -> Result<bool, Failure> {
        let only = Self::of(&self.ledgers[ledger..=ledger]);
        let question = Message::Query(APPENDING, vec![Some(only.names())]);
        let mut open: Vec<Row> = pinned(session, &question).await?;
        for pause in WAITS {
            if open.is_empty() {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let now = pinned(session, &question).await?;
            open.retain(|it| now.contains(it));
        }
        Ok(open.is_empty())
    }
}

/// Lets the server's counters tell of what this session did, where it can be told to.
pub(crate) async fn flush(session: &mut Session<'_>, server_version: u32) {
    if server_version >= 150_000 {
        let sql = "SELECT ARRAY[pg_catalog.pg_stat_force_next_flush()::text] AS \"row\"";
        session.query(sql, Vec::new()).await.unwrap_or_default();
    }
}
