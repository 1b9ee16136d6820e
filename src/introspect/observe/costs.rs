//! What a row costs on this machine.

use crate::{
    lint::stats::Costs,
    postgres::session::{Failure, Message, Session},
};

/// How many rows are measured with.
const ROWS: u32 = 40_000;

const CLOCK: &str = "SELECT ARRAY[(EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint::text] AS \"row\"";

/// Measures what a row of about a hundred bytes costs, in microseconds.
///
/// # Errors
/// What the server refused, or the loss of the connection.
pub(crate) async fn costs(session: &mut Session<'_>) -> Result<Costs, Failure> {
    let fill = format!(
        "CREATE TABLE pg_catalog.pg_temp.glowplug_cost AS SELECT i::int AS a, i::bigint AS b, pg_catalog.md5(i::text) AS c, pg_catalog.repeat('x', 40) AS d \
         FROM pg_catalog.generate_series(1, {ROWS}) i"
    );
    let fill = fill.replace("pg_catalog.pg_temp.", "pg_temp.");
    let clock = || Message::Query(CLOCK, Vec::new());
    let scan = "SELECT ARRAY[pg_catalog.count(*)::text] AS \"row\" FROM pg_temp.glowplug_cost WHERE b < 0 AND c IS NOT NULL";
    let messages = [
        Message::Batch("BEGIN"),
        Message::Batch(&fill),
        clock(),
        Message::Query(scan, Vec::new()),
        clock(),
        Message::Batch("ALTER TABLE pg_temp.glowplug_cost ALTER a TYPE bigint"),
        clock(),
        Message::Batch("CREATE INDEX ON pg_temp.glowplug_cost (c)"),
        clock(),
        Message::Batch("UPDATE pg_temp.glowplug_cost SET a = a + 1"),
        clock(),
        Message::Batch("ROLLBACK"),
    ];
    let replies = session.exchange(&messages, &mut |_| {}).await;
    let mut clocks = Vec::new();
    for (at, reply) in replies.into_iter().enumerate() {
        let rows = reply?;
        if matches!(messages[at], Message::Query(CLOCK, _)) {
            let micros = rows.first().and_then(|row| row.first()?.as_deref()?.parse::<f64>().ok());
            clocks.push(micros.unwrap_or_default());
        }
    }
    let each = |at: usize| ((clocks[at + 1] - clocks[at]) / f64::from(ROWS)).max(0.01);
    Ok(Costs { scan: each(0), rewrite: each(1), index: each(2), write: each(3) })
}
