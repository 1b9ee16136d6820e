//! Looks for rows that pending migrations would fail on: before anything runs, and without writing.

use std::collections::BTreeMap;

use crate::{
    job::JobError,
    migration::source::{Check, Direction},
    postgres::{
        exec::Task,
        server_error::ServerError,
        session::{Failure, Message, Session},
        session_error::SessionError,
    },
    report::data_check::DataFinding,
    words::{
        secrets,
        sql::{
            self, Piece,
            demands::{Demand, demands},
            pieces,
        },
    },
};

/// How long one query may take: what takes longer is left to the migration.
const LIMIT: &str = "SET default_transaction_read_only = on; SET statement_timeout = '60s'";
/// Takes both back, for a session that goes on.
const RESET: &str = "RESET default_transaction_read_only; RESET statement_timeout";

/// A question, and what it is about.
#[derive(Clone)]
struct Question {
    name: String,
    place: String,
    what: String,
    rows: String,
    kind: Kind,
}

/// What a question asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Rows that are in the way.
    Demand,
    /// The same; one row that is true is an answer without a fault.
    Check,
    /// Nothing: it fails where a row is in the way.
    Failure,
    /// A statement that demands something of rows.
    Statement,
}

impl Kind {
    fn of(demand: &Demand) -> Self {
        if demand.fails { Self::Failure } else { Self::Demand }
    }
}

/// Whether an error is one of a value: data_exception, integrity_constraint_violation.
fn is_of_a_value(error: &ServerError) -> bool {
    error.code.starts_with("22") || error.code.starts_with("23")
}

/// Asks for the rows that tasks would fail on, as far as that can be told before they run: of tables that no earlier statement of theirs
/// changes, and checks of `pre.sql`. What cannot be asked yet, because it is still to be made, is left out.
///
/// # Errors
/// When the connection is lost.
pub(crate) async fn look(
    session: &mut Session<'_>,
    major: u32,
    tasks: &[Task<'_>],
) -> Result<Vec<DataFinding>, JobError> {
    let questions = known(session, questions(tasks, major), major).await?;
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
            Ok(_) if question.kind == Kind::Failure => continue,
            Ok(rows) => rows,
            Err(Failure::Server(error)) => {
                if question.kind == Kind::Failure && is_of_a_value(&error) {
                    let what = format!("{}: {}", question.what, secrets::cover(&error.message));
                    let (name, place) = (question.name, question.place);
                    found.push(DataFinding { name, place, what, rows: 1, examples: Vec::new() });
                }
                continue;
            }
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

/// Puts what the catalog tells in the place of questions for it.
async fn known(
    session: &mut Session<'_>,
    open: Vec<Question>,
    major: u32,
) -> Result<Vec<Question>, JobError> {
    let mut all = Vec::with_capacity(open.len());
    for question in open {
        if question.kind != Kind::Statement {
            all.push(question);
            continue;
        }
        let told = match session.query(&question.rows, Vec::new()).await {
            Ok(told) => told.into_iter().filter_map(|it| it.into_iter().next().flatten()),
            Err(Failure::Server(_)) => continue,
            Err(failure) => {
                return Err(SessionError::while_doing("reading constraints")(failure).into());
            }
        };
        for statement in told {
            let demands =
                demands(&statement).all.into_iter().filter(|it| it.versions.contains(&major));
            all.extend(demands.map(|it| Question {
                kind: Kind::of(&it),
                what: it.what,
                rows: it.rows,
                ..question.clone()
            }));
        }
    }
    Ok(all)
}

/// Counts the rows of a question, and takes three of them.
fn query(question: &Question) -> String {
    // of a check one row with one column that is true is as good as none
    let holds = match question.kind {
        Kind::Demand | Kind::Failure | Kind::Statement => "false",
        Kind::Check => {
            "pg_catalog.count(*) = 1 AND pg_catalog.bool_and((SELECT pg_catalog.count(*) = 1 AND pg_catalog.bool_and(c.value = 'true'::pg_catalog.jsonb) FROM pg_catalog.jsonb_each(r.line) AS c))"
        }
    };
    include_str!("data_checks.sql").replace("{holds}", holds).replace("{rows}", &question.rows)
}

fn questions(tasks: &[Task<'_>], major: u32) -> Vec<Question> {
    let (mut all, mut changed): (Vec<Question>, Vec<String>) = (Vec::new(), Vec::new());
    let mut later: BTreeMap<(Option<String>, String), Vec<Demand>> = BTreeMap::new();
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
                kind: Kind::Check,
            });
        }
        for statement in &task.statements {
            let text = &task.script.text[statement.span.clone()];
            let mut demands = demands(text);
            let names = mentions(text);
            let is_open = match demands.elsewhere {
                true => changed.is_empty(),
                false => !names.iter().any(|it| changed.contains(it)),
            };
            let question = |what: String, rows: String, kind: Kind| Question {
                name: name.clone(),
                place: place(task.script, statement.span.start),
                what,
                rows,
                kind,
            };
            // what was added before without a look at the rows is looked at now
            for constraint in &demands.validates {
                let key = (demands.table.clone(), constraint.clone());
                demands.all.extend(later.remove(&key).into_iter().flatten());
            }
            let only = demands.only;
            if is_open {
                let asked = demands.all.into_iter().filter(|it| it.versions.contains(&major));
                all.extend(asked.map(|it| {
                    let kind = Kind::of(&it);
                    question(it.what, it.rows, kind)
                }));
                let unknown = demands.unknown.into_iter();
                all.extend(unknown.map(|it| question(String::new(), it, Kind::Statement)));
            }
            let table = &demands.table;
            later.extend(demands.later.into_iter().map(|it| ((table.clone(), it.0), it.1)));
            if !only {
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
    const WORDS: [&str; 28] = [
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
        "to",
        "in",
        "for",
        "values",
        "attach",
        "partition",
    ];
    let pieces = pieces(text).unwrap_or_default();
    let names = pieces.into_iter().filter_map(|it| match it {
        Piece::Word(word) if WORDS.contains(&word.as_str()) => None,
        Piece::Word(name) | Piece::Name(name) => Some(name),
        _ => None,
    });
    names.collect()
}
