//! The full walk of one migration: the whole guard on each leg, whole catalogs compared after it.

use std::collections::BTreeSet;

use crate::{
    catalog::{Attribute, Catalog, Coverage, Difference, How, Key, ObjectKind},
    introspect::{self, Reader},
    job::{
        JobError, Watch,
        explain::failed,
        run::{RunOptions, job_event, task},
    },
    migration::{
        plan::Step,
        source::{Direction, IRREVERSIBLE, Migration},
    },
    postgres::{
        exec::{Cause, ExecEvent, Task, TaskError},
        guard::Guard,
        lock::Locked,
        session_error::SessionError,
    },
    replay::alike,
    report::verify::{Leg, Problem, ProblemKind, VerifyReport},
};

/// Reads everything.
pub(crate) async fn catalog(locked: &mut Locked<'_>) -> Result<Catalog, JobError> {
    let version = locked.facts().server_version;
    Ok(introspect::read(&mut locked.session, version, &Coverage::all()).await?)
}

/// The legs of one migration.
pub(crate) struct Legs<'l, 'c> {
    pub(crate) locked: &'l mut Locked<'c>,
    pub(crate) migration: &'l Migration,
    pub(crate) options: &'l RunOptions,
    /// Where not all of a catalog counts: what of it does, and what reads it.
    pub(crate) narrow: Option<(&'l mut Reader, &'l (dyn Fn(Catalog) -> Catalog + Sync))>,
    /// What the way up leads to, where somebody has seen it before.
    pub(crate) known: Option<Catalog>,
}

/// What a leg led to.
enum Walked {
    Done,
    Stopped(Box<Problem>),
}

impl Legs<'_, '_> {
    /// Walks all legs. `before` becomes what the migration leads to. Gives the first problem.
    pub(crate) async fn walk(
        &mut self,
        before: &mut Catalog,
        report: &mut VerifyReport,
        watch: Watch<'_>,
    ) -> Result<Option<Problem>, JobError> {
        let noted = self.note().await?;
        if let Walked::Stopped(problem) = self.leg(&[Direction::Up], Leg::Up, None, watch).await? {
            return Ok(Some(*problem));
        }
        let after = match self.known.take() {
            Some(known) => known,
            None => self.read().await?,
        };
        if self.migration.down.is_none() {
            report.one_way.push(self.migration.name.clone());
            *before = after;
            return Ok(None);
        }
        let noted = noted.as_deref();
        if let Walked::Stopped(problem) =
            self.leg(&[Direction::Down], Leg::Down, noted, watch).await?
        {
            if problem.sqlstate.as_deref() != Some(IRREVERSIBLE) {
                return Ok(Some(*problem));
            }
            // it says so itself, and has changed nothing
            report.one_way.push(self.migration.name.clone());
            *before = after;
            return Ok(None);
        }
        let returned = self.read().await?;
        // where not all counts, the places of columns do not
        let is_back = self.narrow.is_some() || *before == returned;
        let wanted = std::mem::take(before);
        let problem = self.compare(wanted, &returned, Leg::Down, report).await?;
        if let Some(problem) = problem {
            return Ok(Some(problem));
        }
        if let Walked::Stopped(problem) =
            self.leg(&[Direction::Up], Leg::UpAgain, None, watch).await?
        {
            return Ok(Some(*problem));
        }
        // from the same place the same script leads to the same
        let again = if is_back {
            after
        } else {
            let again = self.read().await?;
            let problem = self.compare(after, &again, Leg::UpAgain, report).await?;
            if let Some(problem) = problem {
                return Ok(Some(problem));
            }
            again
        };
        let is_whole = self.migration.metadata.run_in_transaction;
        if self.options.exec.guard.is_on() && is_whole && appends(&self.migration.up.text) {
            let legs = [Direction::Down, Direction::Up];
            if let Walked::Stopped(problem) = self.leg(&legs, Leg::Redo, noted, watch).await? {
                return Ok(Some(*problem));
            }
        }
        report.returned += 1;
        // what a redo leaves is what the way up left
        *before = again;
        Ok(None)
    }

    async fn read(&mut self) -> Result<Catalog, JobError> {
        let Some((reader, narrow)) = &mut self.narrow else {
            return catalog(self.locked).await;
        };
        let version = self.locked.facts().server_version;
        Ok(narrow(reader.read(&mut self.locked.session, version).await?))
    }

    /// What the guard would note of the ledgers before the way up.
    async fn note(&mut self) -> Result<Option<String>, JobError> {
        let guard = &self.options.exec.guard;
        if !guard.is_on() {
            return Ok(None);
        }
        let facts = self.locked.facts().clone();
        let seen = guard.observe(&mut self.locked.session, &facts, None).await;
        let seen = seen.map_err(SessionError::while_doing("checking the ledgers"))?;
        Ok(Some(guard.noted(&seen)))
    }

    async fn leg(
        &mut self,
        ways: &[Direction],
        leg: Leg,
        noted: Option<&str>,
        watch: Watch<'_>,
    ) -> Result<Walked, JobError> {
        let steps: Vec<Step<'_>> = ways
            .iter()
            .map(|direction| Step {
                migration: self.migration,
                direction: *direction,
                resume: None,
                noted: noted.filter(|_| *direction == Direction::Down),
            })
            .collect();
        let tasks: Vec<Task<'_>> = steps.iter().map(task).collect::<Result<_, _>>()?;
        let mut tell = |event: ExecEvent<'_>| match event {
            ExecEvent::Started(_) | ExecEvent::Done(..) | ExecEvent::Statement(..) => {}
            event => watch(job_event(&tasks, event)),
        };
        let mut exec = self.options.exec.clone();
        if leg == Leg::UpAgain {
            // it was guarded the first time
            exec.guard = Guard::default();
        }
        let exec = &exec;
        let ran: Result<(), TaskError> = match tasks.as_slice() {
            [task] => self.locked.run(0, task, exec, &mut tell).await.map(|_| ()),
            tasks => self.locked.run_together(0, tasks, exec, &mut tell).await.map(|_| ()),
        };
        let Err(error) = ran else {
            return Ok(Walked::Done);
        };
        let version = self.locked.facts().server_version;
        let whole = tasks.len() > 1;
        let is_refused = matches!(error.cause, Cause::Refused(_));
        let cause = failed(&tasks, &error, whole, version);
        if leg == Leg::Up && !is_refused || cause.is_interrupt() {
            return Err(cause);
        }
        Ok(Walked::Stopped(Box::new(failure(self.migration, leg, &cause))))
    }

    /// Compares what is there with what is wanted.
    async fn compare(
        &mut self,
        wanted: Catalog,
        found: &Catalog,
        leg: Leg,
        report: &mut VerifyReport,
    ) -> Result<Option<Problem>, JobError> {
        let major = self.locked.facts().server_version / 10_000;
        let wanted = alike::agreed(&mut self.locked.session, major, found, wanted).await?;
        let (places, differences): (Vec<Difference>, Vec<Difference>) =
            wanted.differences(found).into_iter().partition(Difference::is_only_position);
        let name = &self.migration.name;
        if !places.is_empty() {
            let columns: Vec<String> = places.iter().map(|it| it.key.to_string()).collect();
            report.notes.push(format!(
                "{name}: after down.sql and up.sql these are in another position in their table: {}",
                columns.join(", ")
            ));
        }
        if differences.is_empty() {
            return Ok(None);
        }
        Ok(Some(elsewhere(name, leg, &wanted, found, &differences)))
    }
}

/// The problem of a migration that leads elsewhere.
pub(super) fn elsewhere(
    name: &str,
    leg: Leg,
    wanted: &Catalog,
    found: &Catalog,
    differences: &[Difference],
) -> Problem {
    let (what, advice) = match leg {
        Leg::Down => (
            format!("the down.sql of {name} does not return to where its up.sql started"),
            format!("Complete down.sql of {name}: it must undo all of up.sql and nothing else."),
        ),
        _ => (
            format!("{name} gives another result when it is applied a second time"),
            format!(
                "Its down.sql leaves something behind that its up.sql skips (IF NOT EXISTS). Complete down.sql of {name}."
            ),
        ),
    };
    let kind = match leg {
        Leg::Down => ProblemKind::NotBack,
        _ => ProblemKind::Elsewhere,
    };
    let differences = leading(differences, wanted, found);
    Problem {
        kind,
        name: name.to_owned(),
        leg,
        what,
        difference: differences.iter().map(ToString::to_string).collect(),
        advice,
        sqlstate: None,
        place: None,
    }
}

/// The problem of a script that failed.
pub(super) fn failure(migration: &Migration, leg: Leg, cause: &JobError) -> Problem {
    let kind = match (cause, leg) {
        (JobError::Refused(_), _) => ProblemKind::HarmsLedger,
        (_, Leg::Up) => ProblemKind::UpFails,
        (_, Leg::UpAgain) => ProblemKind::UpAgainFails,
        (_, Leg::Down | Leg::Redo) => ProblemKind::DownFails,
    };
    let advice = miette::Diagnostic::help(cause).map(|it| it.to_string());
    Problem {
        kind,
        name: migration.name.clone(),
        leg,
        what: cause.to_string(),
        difference: Vec::new(),
        advice: advice.unwrap_or_default(),
        sqlstate: cause.server().map(|it| it.code.clone()),
        place: cause.place(),
    }
}

/// Whether a script failed because of what is in rows.
pub(super) fn is_of_rows(problem: &Problem, guard: &Guard) -> bool {
    let state = problem.sqlstate.as_deref();
    match state.and_then(|it| it.get(..2)) {
        // a value that is no tsquery, say: a script that is wrong itself fails without rows, too
        _ if state == Some("42601") => true,
        // data, constraints, how many rows there are, limits, WITH CHECK OPTION
        Some("22" | "23" | "21" | "54" | "44") => true,
        // a script's own check; a ledger that refuses is what is looked for
        Some("P0") => !guard.is_on(),
        _ => false,
    }
}

/// The differences without those that follow from others: the members of an extension, and the parts of a table, that came or went as a
/// whole.
fn leading<'d>(
    differences: &'d [Difference],
    wanted: &Catalog,
    found: &Catalog,
) -> Vec<&'d Difference> {
    let whole = |it: &&Difference| matches!(it.how, How::Gone | How::New);
    let moved: BTreeSet<&Key> = differences.iter().filter(whole).map(|it| &it.key).collect();
    let follows = |it: &&Difference| {
        let fact = found.get(&it.key).or_else(|| wanted.get(&it.key));
        let extension = fact.and_then(|it| it.get(Attribute::Extension));
        let extension = extension.map(|name| Key::new(ObjectKind::Extension, &[name]));
        let relation = fact.and_then(|fact| it.key.relation(fact));
        let mut owners = extension.iter().chain(&relation);
        owners.any(|owner| *owner != it.key && moved.contains(owner))
    };
    let differences = differences.iter();
    differences.filter(|it| !(whole(it) && follows(it))).collect()
}

/// Whether a script may append rows: a redo would append them twice.
pub(crate) fn appends(script: &str) -> bool {
    let words = crate::words::sql::pieces(script).unwrap_or_default();
    let may = ["insert", "copy", "select", "call", "do", "merge", "with"];
    words.iter().any(|piece| may.iter().any(|word| piece.is(word)))
}
