//! Looks for rows that pending migrations would fail on: before anything runs, and without writing.

use crate::{
    job::JobError,
    migration::source::{Check, Direction},
    postgres::{
        exec::Task,
        session::{Message, Session},
        session_error::SessionError,
    },
    report::data_check::DataFinding,
    words::{
        secrets,
        sql::{self, Piece, demands::demands, pieces},
    },
};

/// How long one query may take: what takes longer is left to the migration.
const LIMIT: &str = "SET default_transaction_read_only = on; SET statement_timeout = '60s'";
/// Takes both back, for a session that goes on.
const RESET: &str = "RESET default_transaction_read_only; RESET statement_timeout";

/// A question, and what it is about.
struct Question {
    name: String,
    place: String,
    what: String,
    rows: String,
    /// Whether one row that is true is an answer without a fault.
    is_check: bool,
}

/// Asks for the rows that tasks would fail on, as far as that can be told before they run: of tables that no earlier statement of theirs
/// changes, and checks of `pre.sql`. What cannot be asked yet, because it is still to be made, is left out.
///
/// # Errors
/// When the connection is lost.
pub(super) async fn look(
    session: &mut Session<'_>,
    major: u32,
    tasks: &[Task<'_>],
) -> Result<Vec<DataFinding>, JobError> {
    let questions = questions(tasks, major);
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let queries: Vec<String> = questions.iter().map(query).collect();
    let mut messages = vec![Message::Batch(LIMIT)];
    messages.extend(queries.iter().map(|sql| Message::Query(sql, Vec::new())));
    messages.push(Message::Batch(RESET));
    let mut replies = session.exchange(&messages, &mut |_| {}).await.into_iter();
    let doing = "looking for rows in the way";
    if let Some(first) = replies.next() {
        first.map_err(SessionError::while_doing(doing))?;
    }
    let mut found = Vec::new();
    for (question, reply) in questions.into_iter().zip(replies) {
        let rows = match reply {
            Ok(rows) => rows,
            Err(crate::postgres::session::Failure::Server(_)) => continue,
            Err(failure) => return Err(SessionError::while_doing(doing)(failure).into()),
        };
        let mut values = rows.into_iter().next().unwrap_or_default().into_iter();
        let count = values.next().flatten().and_then(|it| it.parse().ok()).unwrap_or(0);
        if count == 0 {
            continue;
        }
        found.push(DataFinding {
            name: question.name,
            place: question.place,
            what: question.what,
            rows: count,
            examples: values.flatten().map(|it| secrets::cover(&it)).collect(),
        });
    }
    Ok(found)
}

/// Counts the rows of a question, and takes three of them.
fn query(question: &Question) -> String {
    // of a check one row with one column that is true is as good as none
    let holds = match question.is_check {
        false => "false",
        true => {
            "pg_catalog.count(*) = 1 AND pg_catalog.bool_and((SELECT pg_catalog.count(*) = 1 AND pg_catalog.bool_and(c.value = 'true'::pg_catalog.jsonb) FROM pg_catalog.jsonb_each(r.line) AS c))"
        }
    };
    include_str!("data_checks.sql").replace("{holds}", holds).replace("{rows}", &question.rows)
}

fn questions(tasks: &[Task<'_>], major: u32) -> Vec<Question> {
    let (mut all, mut changed): (Vec<Question>, Vec<String>) = (Vec::new(), Vec::new());
    for task in tasks.iter().filter(|it| it.step.direction == Direction::Up) {
        let name = &task.step.migration.name;
        for check in task.checks.iter().filter(|it| it.when == Check::Before) {
            let text = &check.script.text[check.statement.span.clone()];
            if mentions(text).iter().any(|it| changed.contains(it)) {
                continue;
            }
            all.push(Question {
                name: name.clone(),
                place: place(check.script, check.statement.span.start),
                what: "the check of pre.sql does not hold".into(),
                rows: text.to_owned(),
                is_check: true,
            });
        }
        for statement in &task.statements {
            let text = &task.script.text[statement.span.clone()];
            let demands = demands(text);
            let names = mentions(text);
            let is_open = !names.iter().any(|it| changed.contains(it));
            for demand in demands.all.into_iter().filter(|it| is_open && it.since <= major) {
                all.push(Question {
                    name: name.clone(),
                    place: place(task.script, statement.span.start),
                    what: demand.what,
                    rows: demand.rows,
                    is_check: false,
                });
            }
            if !demands.only {
                changed.extend(names);
            }
        }
    }
    all
}

fn place(script: &crate::migration::source::Script, at: usize) -> String {
    format!("{}:{}", script.path, sql::line_column(&script.text, at).0)
}

/// Every name that a text holds: one too many only leaves out a question.
fn mentions(text: &str) -> Vec<String> {
    const WORDS: [&str; 22] = [
        "alter",
        "table",
        "column",
        "set",
        "not",
        "null",
        "add",
        "constraint",
        "check",
        "unique",
        "primary",
        "key",
        "foreign",
        "references",
        "create",
        "index",
        "on",
        "update",
        "where",
        "and",
        "select",
        "from",
    ];
    let pieces = pieces(text).unwrap_or_default();
    let names = pieces.into_iter().filter_map(|it| match it {
        Piece::Word(word) if WORDS.contains(&word.as_str()) => None,
        Piece::Word(name) | Piece::Name(name) => Some(name),
        _ => None,
    });
    names.collect()
}
