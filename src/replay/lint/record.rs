//! Statistics of production, without any value: sizes and rates.

use crate::{
    job::{JobError, Watch, open::Endpoint},
    lint::stats::{Sequence, Stats, Table},
    postgres::session_error::SessionError,
};

const TABLES: &str = include_str!("tables.sql");
const SEQUENCES: &str = include_str!("sequences.sql");
const FORMAT: u32 = 1;

/// Reads the statistics of a database.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn record(endpoint: &Endpoint, watch: Watch<'_>) -> Result<Stats, JobError> {
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let doing = SessionError::while_doing("reading statistics");
    let tables = session.query(TABLES, Vec::new()).await.map_err(doing)?;
    let doing = SessionError::while_doing("reading statistics");
    let sequences = session.query(SEQUENCES, Vec::new()).await.map_err(doing)?;
    let mut stats =
        Stats { format: FORMAT, postgresql: facts.server_version / 10_000, ..Stats::default() };
    for row in tables {
        let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let number = |at: usize| text(at).parse().unwrap_or_default();
        stats.recorded = text(6);
        let table = Table {
            rows: number(1),
            pages: number(2),
            indexes: text(3).parse().unwrap_or_default(),
            reads_per_second: number(4),
            writes_per_second: number(5),
            distinct: serde_json::from_str(&text(7)).unwrap_or_default(),
        };
        stats.tables.insert(text(0), table);
    }
    for row in sequences {
        let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let number = |at: usize| text(at).parse().unwrap_or_default();
        let sequence =
            Sequence { column: text(1), last: number(2), limit: number(3), per_day: number(4) };
        stats.sequences.insert(text(0), sequence);
    }
    Ok(stats)
}
