//! Files of SQL, loaded by PostgreSQL itself: sources of truth, and what is there before the first migration.

use std::path::{Path, PathBuf};

use crate::{
    job::{
        JobError,
        failure::{AutogenerateError, TwinError},
    },
    postgres::{
        session::{COMMIT, Message, Session},
        session_error::SessionError,
    },
    words::sql,
};

/// How many statements are sent before the first answer is read.
const AT_ONCE: usize = 100;

/// Runs SQL in a database of our own.
pub(crate) async fn run(
    session: &mut Session<'_>,
    files: &[(PathBuf, String)],
) -> Result<(), JobError> {
    // as every migration runs
    let zone = Message::Batch("SET TimeZone = 'UTC'");
    let set: Result<Vec<_>, _> = session.exchange(&[zone], &mut |_| {}).await.into_iter().collect();
    set.map_err(SessionError::while_doing("loading SQL"))?;
    let mut scripts = Vec::new();
    for (path, text) in files {
        let mut statements = sql::split(text).map_err(|error| refused(path, error.to_string()))?;
        // rows are no part of the structure
        statements.retain(|it| it.kind != sql::StatementKind::CopyStdin);
        scripts.push((path.as_path(), text.as_str(), statements));
    }
    let mut kinds = scripts.iter().flat_map(|(_, _, statements)| statements);
    let is_plain = kinds.all(|it| !matches!(it.kind, sql::StatementKind::Transaction(_)));
    // many in one message, in one transaction, take half of the time; what cannot run so is tried one by one
    if !(is_plain && make_at_once(session, &scripts).await?) {
        make(session, &scripts).await?;
    }
    Ok(())
}

/// A file, its text, and where its statements are.
type Parts<'p> = (&'p Path, &'p str, Vec<sql::Statement>);

fn refused(path: &Path, what: String) -> AutogenerateError {
    AutogenerateError::Sql { what, path: path.display().to_string() }
}

/// Runs all statements of scripts in one transaction. False if one is refused: then nothing is left of them.
async fn make_at_once(session: &mut Session<'_>, scripts: &[Parts<'_>]) -> Result<bool, JobError> {
    let some = scripts.iter().flat_map(|(_, text, statements)| {
        statements.chunks(AT_ONCE).map(|some| {
            let texts: Vec<&str> = some.iter().map(|it| &text[it.span.clone()]).collect();
            texts.join(";\n")
        })
    });
    let some: Vec<String> = some.collect();
    let mut messages = vec![Message::Batch("BEGIN")];
    messages.extend(some.iter().map(|it| Message::Batch(it)));
    let replies = session.exchange(&messages, &mut |_| {}).await;
    let made = replies.iter().all(Result::is_ok);
    let end = Message::Batch(if made { COMMIT } else { "ROLLBACK" });
    let ended = session.exchange(&[end], &mut |_| {}).await;
    let ended: Result<Vec<_>, _> = ended.into_iter().collect();
    ended.map_err(SessionError::while_doing("loading SQL"))?;
    Ok(made)
}

/// Runs the statements of scripts. The first that is refused counts.
async fn make(session: &mut Session<'_>, scripts: &[Parts<'_>]) -> Result<(), JobError> {
    for (path, text, statements) in scripts {
        for some in statements.chunks(AT_ONCE) {
            let texts = some.iter().map(|it| &text[it.span.clone()]);
            let messages: Vec<Message<'_>> = texts.clone().map(Message::Script).collect();
            let replies = session.exchange(&messages, &mut |_| {}).await;
            for ((statement, sql), reply) in some.iter().zip(texts).zip(replies) {
                reply.map_err(|failure| {
                    let line = text[..statement.span.start].matches('\n').count() + 1;
                    let first = sql.trim().lines().next().unwrap_or_default();
                    let what = format!("line {line}: {failure}, in: {first}");
                    let place = format!("{}:{line}", path.display());
                    match TwinError::of(&failure, &place) {
                        Some(error) => JobError::from(error),
                        None => refused(path, what).into(),
                    }
                })?;
            }
        }
    }
    Ok(())
}
