//! The states between migrations, and what of the programs does not work in each.

use std::collections::BTreeSet;

use crate::{
    catalog::{Catalog, Coverage},
    compat::{
        Answer, State, breaks, queries::query_breaks, statement::statements, verdict::Broken,
    },
    introspect::{
        self,
        probe::{Answered, Asked},
    },
    job::{
        JobError,
        explain::failed,
        open::Endpoint,
        run::{RunOptions, task},
    },
    migration::{
        plan::Step,
        source::{Direction, Migration, Migrations},
    },
    postgres::{lock::Locked, session_error::SessionError},
    project::ProjectError,
    replay::{
        compat::{
            Case, CompatRequest, Side, ended,
            programs::{self, Origin},
        },
        shadow::in_the_shadow,
    },
};

/// What the server said of one program in each state.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Of what its schema.rs says.
    pub(super) states: Vec<State>,
    /// Of its queries.
    pub(super) queries: Vec<Vec<Answer>>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) running: Seen,
    pub(super) new: Seen,
    /// What does not work in each state.
    pub(super) broken: Vec<Broken>,
    /// How many statements were prepared in each.
    pub(super) statements: usize,
    pub(super) notes: Vec<String>,
}

pub(super) const LOOKING: &str = "preparing the statements of the programs";

/// Applies the pending migrations one by one, and asks in each state what becomes of the statements of both programs, which it reads first.
pub(super) async fn walk(
    request: &CompatRequest<'_>,
    origin: &Origin,
    case: &mut Case<'_>,
) -> Result<Walk, JobError> {
    let all = case.base.iter().chain(case.pending.iter().copied()).cloned();
    let all = Migrations::new(all.collect()).map_err(ProjectError::from)?;
    let needs = case.shadow.needs(all.texts());
    // what runs in the shadow is not what was asked for, and is not shown as if it were
    let prepared = case.shadow.ran_with(&needs, &case.base, case.stop.clone(), &mut |_| {}).await?;
    let endpoint = case.shadow.endpoint(&prepared.scratch, case.stop.clone());
    let walked = async {
        let catalog = catalog(&endpoint).await?;
        case.running = programs::running(request, origin, &catalog)?;
        case.new = new(request, origin, case, &all, &catalog).await?;
        through(case, &endpoint).await
    };
    let mut walk = ended(prepared.scratch, walked.await).await?;
    walk.notes.extend(prepared.notes);
    for used in [&case.running.used, &case.new.used].into_iter().flatten() {
        walk.notes.extend(used.unread.as_ref().map(|path| {
            format!(
                "{} cannot be read as Rust: everything in schema.rs counts as used",
                path.display()
            )
        }));
    }
    Ok(walk)
}

/// The new program. What all migrations lead to is asked for only if its files do not say everything.
async fn new(
    request: &CompatRequest<'_>,
    origin: &Origin,
    case: &Case<'_>,
    all: &Migrations,
    before: &Catalog,
) -> Result<Side, JobError> {
    if programs::has_files(request.printer)
        && let Ok(side) = programs::new(request, origin, before)
    {
        return Ok(side);
    }
    let replayed =
        case.shadow.catalog(all, &Coverage::all(), case.stop.clone(), &mut |_| {}).await?;
    programs::new(request, origin, &replayed)
}

async fn catalog(endpoint: &Endpoint) -> Result<Catalog, JobError> {
    let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
    Ok(introspect::read(&mut session, facts.server_version, &Coverage::all()).await?)
}

async fn through(case: &Case<'_>, endpoint: &Endpoint) -> Result<Walk, JobError> {
    let mut walk = Walk {
        statements: statements(&case.running.program).len()
            + statements(&case.new.program).len()
            + case.running.texts().len()
            + case.new.texts().len(),
        ..Walk::default()
    };
    let (mut locked, _) = endpoint.lock(&RunOptions::default().limits, &mut |_| {}).await?;
    locked.prepare().await?;
    look(case, endpoint, &mut walk).await?;
    for migration in &case.pending {
        let stood_in = [(*migration).clone()];
        let stood_in = Migrations::new(stood_in.to_vec()).map_err(ProjectError::from)?;
        for migration in case.shadow.stood_in(&stood_in).iter() {
            up(&mut locked, migration).await?;
        }
        look(case, endpoint, &mut walk).await?;
    }
    locked.release().await;
    walk.broken = broken(case, &walk);
    Ok(walk)
}

/// Applies a migration.
async fn up(locked: &mut Locked<'_>, migration: &Migration) -> Result<(), JobError> {
    let step = Step { migration, direction: Direction::Up, resume: None, noted: None };
    let tasks = [task(&step)?];
    let mut exec = RunOptions::default().exec;
    exec.unrecorded = true;
    let ran = locked.run(0, &tasks[0], &exec, &mut |_| {}).await;
    match ran {
        Ok(_) => Ok(()),
        Err(error) => {
            let version = locked.facts().server_version;
            Err(in_the_shadow(failed(&tasks, &error, false, version)))
        }
    }
}

/// Asks about the present state.
async fn look(case: &Case<'_>, endpoint: &Endpoint, walk: &mut Walk) -> Result<(), JobError> {
    // a new session: a driver remembers the types that it has met
    let mut session = endpoint.session(&mut |_| {}).await?;
    let earlier = earlier(walk);
    let (running, new) = (case.running.texts(), case.new.texts());
    let queries: Vec<&str> = running.iter().chain(&new).copied().collect();
    let asked = Asked {
        programs: &[&case.running.program, &case.new.program],
        only: None,
        queries: &queries,
        earlier: &earlier,
        is_in_transaction: false,
        zone: case.zone,
    };
    let answered = session.probe(&asked).await;
    let answered = answered.map_err(SessionError::while_doing(LOOKING))?;
    let (of_running, of_new) = apart(answered, running.len());
    walk.running.states.push(of_running.0);
    walk.running.queries.push(of_running.1);
    walk.new.states.push(of_new.0);
    walk.new.queries.push(of_new.1);
    Ok(())
}

/// The numbers of the tables that were seen so far.
pub(super) fn earlier(walk: &Walk) -> BTreeSet<String> {
    let states = walk.running.states.iter().chain(&walk.new.states);
    states.flat_map(|it| it.tables.values().map(|it| it.number.clone())).collect()
}

/// What was answered for one program.
pub(super) type Of = (State, Vec<Answer>);

/// Takes the answers of the two programs apart.
pub(super) fn apart(answered: Answered, queries_of_running: usize) -> (Of, Of) {
    let mut states = answered.states.into_iter();
    let mut queries = answered.queries;
    let of_new = queries.split_off(queries_of_running);
    let mut next = || states.next().unwrap_or_default();
    let running = next();
    ((running, queries), (next(), of_new))
}

/// What does not work in each state. The running program was compiled for the first, the new one for the last.
fn broken(case: &Case<'_>, walk: &Walk) -> Vec<Broken> {
    let states = 0..walk.running.states.len();
    let answers = |seen: &'_ Seen, at: usize| (seen.states[at].clone(), seen.queries[at].clone());
    let compared = |at| {
        let (running, new) = (answers(&walk.running, at), answers(&walk.new, at));
        compared(case, walk, &running, &new)
    };
    states.map(compared).collect()
}

/// What does not work of two programs where the server answers so.
pub(super) fn compared(case: &Case<'_>, walk: &Walk, running: &Of, new: &Of) -> Broken {
    let last = walk.new.states.len() - 1;
    let of = |side: &Side, seen: &Seen, own: usize, now: &Of| {
        let mut found = breaks(&side.program, &seen.states[own], &now.0);
        if let Some(used) = &side.used {
            found.retain(|it| used.concerns(&side.program, it));
        }
        (found, query_breaks(&seen.queries[own], &now.1))
    };
    Broken {
        running: of(&case.running, &walk.running, 0, running),
        new: of(&case.new, &walk.new, last, new),
    }
}
