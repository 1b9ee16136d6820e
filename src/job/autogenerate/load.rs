//! SQL as a source of truth: loaded into an empty database by PostgreSQL itself.

use std::path::{Path, PathBuf};

use crate::{
    catalog::{Catalog, Coverage, Ignored},
    job::{
        JobError, Watch,
        autogenerate::{
            comparable_of,
            send::{first_line, send},
        },
        failure::AutogenerateError,
        open::Endpoint,
    },
    postgres::{
        introspect,
        session::{COMMIT, Message, Session},
        session_error::SessionError,
    },
    words::sql,
};

/// How many statements are sent before the first answer is read.
const AT_ONCE: usize = 100;

/// Loads SQL into an empty database, and reads what it makes.
pub(in crate::job) async fn load(
    endpoint: &Endpoint,
    files: &[(PathBuf, String)],
    ignored: &Ignored,
    watch: Watch<'_>,
) -> Result<Catalog, JobError> {
    let (mut session, facts, _) = endpoint.read(watch).await?;
    run(&mut session, files).await?;
    let catalog = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
    Ok(comparable_of(catalog, ignored))
}

/// Runs SQL in an empty database.
pub(super) async fn run(
    session: &mut Session<'_>,
    files: &[(PathBuf, String)],
) -> Result<(), JobError> {
    let mut scripts = Vec::new();
    for (path, text) in files {
        let mut statements = sql::split(text).map_err(|error| refused(path, error.to_string()))?;
        // rows are no part of the structure
        statements.retain(|it| it.kind != sql::Kind::CopyStdin);
        scripts.push((path.as_path(), text.as_str(), statements));
    }
    let mut kinds = scripts.iter().flat_map(|(_, _, statements)| statements);
    let is_plain = kinds.all(|it| !matches!(it.kind, sql::Kind::Transaction(_)));
    // many in one message, in one transaction, take half of the time; what cannot run so is tried one by one
    if !(is_plain && make_at_once(session, &scripts).await?) {
        make(session, &scripts).await?;
    }
    Ok(())
}

/// A file, its text, and where its statements are.
type Parts<'p> = (&'p Path, &'p str, Vec<sql::Statement>);

fn refused(path: &Path, what: String) -> AutogenerateError {
    AutogenerateError::Sql {
        what,
        path: path.display().to_string(),
    }
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
    let made = send(session, &messages).await.is_ok();
    let end = Message::Batch(if made { COMMIT } else { "ROLLBACK" });
    let ended = send(session, &[end]).await;
    ended.map_err(SessionError::while_doing("loading the source of truth"))?;
    Ok(made)
}

/// Runs the statements of scripts. The first that is refused counts.
async fn make(session: &mut Session<'_>, scripts: &[Parts<'_>]) -> Result<(), AutogenerateError> {
    for (path, text, statements) in scripts {
        for some in statements.chunks(AT_ONCE) {
            let texts = some.iter().map(|it| &text[it.span.clone()]);
            let messages: Vec<Message<'_>> = texts.clone().map(Message::Script).collect();
            let replies = session.exchange(&messages, &mut |_| {}).await;
            for ((statement, sql), reply) in some.iter().zip(texts).zip(replies) {
                reply.map_err(|failure| {
                    let line = text[..statement.span.start].matches('\n').count() + 1;
                    let what = format!("line {line}: {failure}, in: {}", first_line(sql));
                    refused(path, what)
                })?;
            }
        }
    }
    Ok(())
}
