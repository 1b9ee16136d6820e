//! Exchanges over a Diesel connection, which sends nothing before the answer to what it has sent.

use diesel::{
    QueryableByName,
    pg::Pg,
    sql_types::{Array, Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};

use super::{COMMIT, Failure, Message, Observe, PROBE, ROLLBACK_PROBE, Row, Seen};
use crate::postgres::server_error::ServerError;

#[derive(QueryableByName)]
struct Texts {
    #[diesel(sql_type = Array<Nullable<Text>>)]
    row: Row,
}

/// Sends messages one by one, and no further than the first failure.
pub(super) async fn over_diesel(
    connection: &mut AsyncPgConnection,
    messages: &[Message<'_>],
    observe: Observe<'_>,
) -> Vec<Result<Vec<Row>, Failure>> {
    let mut replies: Vec<Result<Vec<Row>, Failure>> = Vec::with_capacity(messages.len());
    let mut resume = 0;
    for (index, message) in messages.iter().enumerate() {
        if index < resume {
            replies.push(Err(Failure::Server(skipped())));
            continue;
        }
        let result = match message {
            Message::Script(sql) | Message::Batch(sql) | Message::Several(sql) => {
                connection.batch_execute(sql).await.map(|()| Vec::new())
            }
            // this driver cannot COPY, nor prepare and not run
            Message::Digest(_) | Message::Describe(_) => {
                replies.push(Err(Failure::Server(skipped())));
                continue;
            }
            Message::Query(sql, values) | Message::Kept(sql, values) => {
                let mut query = diesel::sql_query(*sql).into_boxed::<Pg>();
                for value in values {
                    query = query.bind::<Nullable<Text>, _>(value.clone());
                }
                let rows = query.load::<Texts>(connection).await;
                rows.map(|rows| rows.into_iter().map(|texts| texts.row).collect())
            }
        };
        let failed = result.is_err();
        if let Ok(rows) = &result {
            observe(Seen::Done(index, rows));
        }
        replies.push(result.map_err(|error| match &error {
            diesel::result::Error::DatabaseError(
                diesel::result::DatabaseErrorKind::UnableToSendCommand
                | diesel::result::DatabaseErrorKind::ClosedConnection,
                info,
            ) => Failure::Lost(info.message().to_owned()),
            error => Failure::Server(ServerError::from(error)),
        }));
        if failed {
            let until = |mark: &str, from: usize| {
                let found = messages[from..].iter();
                let is_mark = |it: &Message<'_>| matches!(it, Message::Batch(sql) if *sql == mark);
                found.into_iter().position(is_mark).map(|at| from + at)
            };
            // within a probe a failure is an answer
            if let Some(end) = until(ROLLBACK_PROBE, index)
                && until(PROBE, index).is_none_or(|next| next > end)
                && messages[..index].iter().any(|it| matches!(it, Message::Batch(PROBE)))
            {
                resume = end;
                continue;
            }
            replies.resize_with(messages.len(), || Err(Failure::Server(skipped())));
            if messages.iter().any(|it| matches!(it, Message::Batch(COMMIT)))
                && connection.batch_execute("ROLLBACK").await.is_err()
            {
                // the connection is gone, and the transaction with it
                break;
            }
            break;
        }
    }
    replies
}

fn skipped() -> ServerError {
    ServerError {
        severity: "ERROR".into(),
        code: "25P02".into(),
        message: "not sent after the failure before it".into(),
        detail: None,
        hint: None,
        position: None,
        context: None,
        internal_query: None,
        internal_position: None,
    }
}
