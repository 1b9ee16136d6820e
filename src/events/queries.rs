//! The queries, checked at compile time against `schema.rs`.

use diesel::{
    ExpressionMethods as _, Insertable, IntoSql as _, NullableExpressionMethods as _,
    OptionalExtension as _, QueryDsl as _, Queryable, Selectable, SelectableHelper as _,
    data_types::PgTimestamp,
    sql_types::{Jsonb, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    events::{
        error::EventsError,
        model::{Correction, Event, NewEvent},
    },
    schema::events,
};

/// Diesel prepares an INSERT anew each time where a value could be left to its default.
#[derive(Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
struct NewRow<'e> {
    stream: &'e str,
    kind: &'e str,
    payload: &'e Value,
    occurred_at: PgTimestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = events, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: i64,
    stream: String,
    kind: String,
    payload: Value,
    occurred_at: PgTimestamp,
    recorded_at: PgTimestamp,
    corrects: Option<i64>,
}

/// Microseconds from 1970 to 2000, where PostgreSQL's count begins.
const EPOCH: i64 = 946_684_800_000_000;

fn sent(time: Timestamp) -> PgTimestamp {
    PgTimestamp(time.as_microsecond() - EPOCH)
}

/// PostgreSQL knows times that no calendar does: they become the first or the last.
fn received(time: PgTimestamp) -> Timestamp {
    let clamped = if time.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let time = time.0.checked_add(EPOCH).and_then(|it| Timestamp::from_microsecond(it).ok());
    time.unwrap_or(clamped)
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            stream: row.stream,
            kind: row.kind,
            payload: row.payload,
            occurred_at: received(row.occurred_at),
            recorded_at: received(row.recorded_at),
            corrects: row.corrects,
        }
    }
}

impl<'e> From<&'e NewEvent> for NewRow<'e> {
    fn from(event: &'e NewEvent) -> Self {
        Self {
            stream: &event.stream,
            kind: &event.kind,
            payload: &event.payload,
            occurred_at: sent(event.occurred_at),
        }
    }
}

pub(super) async fn append(
    connection: &mut AsyncPgConnection,
    event: &NewEvent,
) -> Result<Event, EventsError> {
    let row: Row = diesel::insert_into(events::table)
        .values(NewRow::from(event))
        .returning(Row::as_returning())
        .get_result(connection)
        .await?;
    Ok(row.into())
}

pub(super) async fn append_all(
    connection: &mut AsyncPgConnection,
    new: &[NewEvent],
) -> Result<Vec<Event>, EventsError> {
    let new: Vec<NewRow<'_>> = new.iter().map(NewRow::from).collect();
    let rows: Vec<Row> = diesel::insert_into(events::table)
        .values(&new)
        .returning(Row::as_returning())
        .get_results(connection)
        .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// One statement: the stream is the corrected event's. Nothing comes back where there is none.
pub(super) async fn correct(
    connection: &mut AsyncPgConnection,
    id: i64,
    correction: &Correction,
) -> Result<Option<Event>, EventsError> {
    let corrected = events::table.filter(events::id.eq(id)).select((
        events::stream,
        correction.kind.as_str().into_sql::<Text>(),
        (&correction.payload).into_sql::<Jsonb>(),
        sent(correction.occurred_at).into_sql::<Timestamptz>(),
        events::id.nullable(),
    ));
    let row: Option<Row> = diesel::insert_into(events::table)
        .values(corrected)
        .into_columns((
            events::stream,
            events::kind,
            events::payload,
            events::occurred_at,
            events::corrects,
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(Event::from))
}

pub(super) async fn history(
    connection: &mut AsyncPgConnection,
    stream: &str,
) -> Result<Vec<Event>, EventsError> {
    let rows: Vec<Row> = events::table
        .filter(events::stream.eq(stream))
        .order(events::id)
        .select(Row::as_select())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

pub(super) async fn after(
    connection: &mut AsyncPgConnection,
    position: i64,
    limit: i64,
) -> Result<Vec<Event>, EventsError> {
    let rows: Vec<Row> = events::table
        .filter(events::id.gt(position))
        .order(events::id)
        .limit(limit)
        .select(Row::as_select())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}
