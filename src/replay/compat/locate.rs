//! Finds the statements of migrations that are to blame, by replaying those migrations statement by statement.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::discriminant,
    ops::Range,
};

use crate::{
    compat::{
        Break, Which,
        verdict::{Broken, Step},
    },
    introspect::probe::Asked,
    job::{
        JobError,
        open::Endpoint,
        run::{self, Operation, RunOptions},
    },
    migration::{
        plan::Policy,
        source::{Migration, Migrations},
    },
    postgres::{
        session::{Message, PROBE, ROLLBACK_PROBE, Session},
        session_error::SessionError,
    },
    project::ProjectError,
    replay::{
        compat::{
            Case, ended,
            walk::{LOOKING, Walk, apart, compared, earlier},
        },
        shadow::in_the_shadow,
    },
    words::sql,
};

/// Something that a statement is to blame for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blamed {
    /// A break of a program.
    Break(Which, Break),
    /// A query of a program.
    Query(Which, usize),
}

/// The bytes of the statements, by the place of the migration among the pending ones and what they are to blame for.
pub(super) type Places = BTreeMap<(usize, Blamed), Range<usize>>;

/// What a migration is to blame for.
fn blamed(step: &Step) -> Vec<Blamed> {
    let of = |which, breaks: &BTreeSet<Break>| {
        breaks.iter().map(|it| Blamed::Break(which, it.clone())).collect::<Vec<_>>()
    };
    let running = of(Which::Running, &step.breaks);
    let new = of(Which::New, &step.mends);
    let queries = step.breaks_queries.iter().map(|it| Blamed::Query(Which::Running, it.query));
    let mended = step.mends_queries.iter().map(|it| Blamed::Query(Which::New, it.query));
    running.into_iter().chain(new).chain(queries).chain(mended).collect()
}

/// Whether what was found does not work.
fn is_broken(broken: &Broken, blamed: &Blamed) -> bool {
    match blamed {
        Blamed::Break(which, wanted) => {
            let found = match which {
                Which::Running => &broken.running.0,
                Which::New => &broken.new.0,
            };
            let is_it = |it: &&Break| {
                (it.table, it.column) == (wanted.table, wanted.column)
                    && discriminant(&it.effect) == discriminant(&wanted.effect)
            };
            found.iter().any(|it| is_it(&it))
        }
        Blamed::Query(which, query) => {
            let found = match which {
                Which::Running => &broken.running.1,
                Which::New => &broken.new.1,
            };
            found.iter().any(|it| it.query == *query)
        }
    }
}

/// Finds the statements. Where a replay does not find one, there is none: the finding stands without a place.
pub(super) async fn locate(
    case: &Case<'_>,
    walk: &Walk,
    steps: &[Step],
) -> Result<Places, JobError> {
    let mut places = Places::new();
    let mut wanted = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let blamed = blamed(step);
        let Ok(statements) = sql::split(&case.pending[at].up.text) else { continue };
        match &statements[..] {
            _ if blamed.is_empty() => {}
            [] => {}
            [only] => {
                places.extend(blamed.into_iter().map(|it| ((at, it), only.span.clone())));
            }
            _ => wanted.push((at, blamed)),
        }
    }
    if wanted.is_empty() {
        return Ok(places);
    }
    let whole = whole(case)?;
    let needs = case.shadow.needs(whole.texts());
    let before = case.base.clone();
    let stop = case.stop.clone();
    let prepared = case.shadow.ran_with(&needs, &before, stop.clone(), &mut |_| {}).await?;
    let endpoint = case.shadow.endpoint(&prepared.scratch, stop);
    let found = async {
        for (at, blamed) in wanted {
            advance(case, &endpoint, &whole, at).await?;
            let found = within(case, walk, &endpoint, (at, blamed)).await?;
            places.extend(found);
        }
        Ok(places)
    };
    ended(prepared.scratch, found.await).await
}

/// All migrations that are replayed.
fn whole(case: &Case<'_>) -> Result<Migrations, JobError> {
    let all = case.base.iter().chain(case.pending.iter().copied()).cloned();
    let all = Migrations::new(all.collect()).map_err(ProjectError::from)?;
    Ok(case.shadow.stood_in(&all).into_owned())
}

/// Applies those before one of the pending migrations.
async fn advance(
    case: &Case<'_>,
    endpoint: &Endpoint,
    whole: &Migrations,
    before: usize,
) -> Result<(), JobError> {
    let Some(last) = before.checked_sub(1) else {
        return Ok(());
    };
    let mut earlier: Vec<Migration> = case.base.iter().cloned().collect();
    earlier.extend(case.pending[..=last].iter().filter_map(|it| whole.get(&it.version).cloned()));
    let earlier = Migrations::new(earlier).map_err(ProjectError::from)?;
    let policy = Policy { allow_out_of_order: true, ..Policy::default() };
    let operation = Operation::Upgrade { target: "head".into(), policy };
    let ran = run::run(endpoint, &earlier, &operation, &RunOptions::default(), &mut |_| {}).await;
    ran.map(drop).map_err(|error| in_the_shadow(error.cause))
}

/// Runs one migration in a transaction that is rolled back, and looks after each statement. A migration that runs outside of
/// transactions is run as if it did not, as far as that goes.
async fn within(
    case: &Case<'_>,
    walk: &Walk,
    endpoint: &Endpoint,
    (at, mut blamed): (usize, Vec<Blamed>),
) -> Result<Places, JobError> {
    let mut places = Places::new();
    let script = &case.pending[at].up;
    let alone = Migrations::new(vec![case.pending[at].clone()]).map_err(ProjectError::from)?;
    let stood_in = case.shadow.stood_in(&alone);
    let sent = stood_in.iter().next().map_or(script, |it| &it.up);
    let spans = sql::split(&script.text).unwrap_or_default();
    let statements = sql::split(&sent.text).unwrap_or_default();
    let mut session = endpoint.session(&mut |_| {}).await?;
    let only = tables(&blamed);
    send(&mut session, Message::Batch("BEGIN")).await;
    for (statement, place) in statements.iter().zip(&spans) {
        if blamed.is_empty() {
            break;
        }
        let text = &sent.text[statement.span.clone()];
        send(&mut session, Message::Batch(PROBE)).await;
        if !send(&mut session, Message::Script(text)).await {
            // such as CREATE INDEX CONCURRENTLY
            send(&mut session, Message::Batch(ROLLBACK_PROBE)).await;
            continue;
        }
        let broken = look(case, walk, &mut session, &only).await?;
        blamed.retain(|it| {
            let which = match it {
                Blamed::Break(which, _) | Blamed::Query(which, _) => *which,
            };
            let is_found = is_broken(&broken, it) == (which == Which::Running);
            if is_found {
                places.insert((at, it.clone()), place.span.clone());
            }
            !is_found
        });
    }
    send(&mut session, Message::Batch("ROLLBACK")).await;
    Ok(places)
}

async fn send(session: &mut Session<'_>, message: Message<'_>) -> bool {
    let replies = session.exchange(&[message], &mut |_| {}).await;
    replies.iter().all(Result::is_ok)
}

/// The tables of both programs that are in question.
fn tables(blamed: &[Blamed]) -> [BTreeSet<usize>; 2] {
    let of = |wanted: Which| {
        let breaks = blamed.iter().filter_map(|it| match it {
            Blamed::Break(which, it) if *which == wanted => Some(it.table),
            _ => None,
        });
        breaks.collect()
    };
    [of(Which::Running), of(Which::New)]
}

async fn look(
    case: &Case<'_>,
    walk: &Walk,
    session: &mut Session<'_>,
    only: &[BTreeSet<usize>],
) -> Result<Broken, JobError> {
    let (running, new) = (case.running.texts(), case.new.texts());
    let queries: Vec<&str> = running.iter().chain(&new).copied().collect();
    let earlier = earlier(walk);
    let asked = Asked {
        programs: &[&case.running.program, &case.new.program],
        only: Some(only),
        queries: &queries,
        earlier: &earlier,
        is_in_transaction: true,
        zone: case.zone,
    };
    let answered = session.probe(&asked).await;
    let answered = answered.map_err(SessionError::while_doing(LOOKING))?;
    let (of_running, of_new) = apart(answered, running.len());
    Ok(compared(case, walk, &of_running, &of_new))
}
