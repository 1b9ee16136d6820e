//! A run as a script: for a person who runs SQL by hand.

use std::fmt::Write as _;

use crate::{
    job::{JobError, run::tasks},
    migration::{
        journal::{EntryKind, Journal},
        plan::{self, Plan, Policy, Step},
        source::{Direction, Migrations},
        status::status,
        target::{Point, TargetError},
    },
    postgres::journal::{Place, Record},
    words::ident::Literal,
};

/// Prints the SQL of `FROM:TO`, in the direction that this is. No database is asked.
///
/// # Errors
/// When a point does not exist, or a script cannot be run.
pub fn between(
    migrations: &Migrations,
    range: &str,
    direction: Direction,
    actor: &str,
) -> Result<String, JobError> {
    let Some((from, to)) = range.split_once(':') else {
        return Err(TargetError::Unknown {
            text: range.into(),
            advice: "Without a database, --sql takes a range: FROM:TO.".into(),
        }
        .into());
    };
    let nothing = Journal::default();
    let status = status(migrations, &nothing);
    let history = crate::job::run::history(&status);
    let or = |text: &str, default: &str| history.find(if text.is_empty() { default } else { text });
    let (from, to) = match direction {
        Direction::Up => (or(from, "base")?, or(to, "head")?),
        Direction::Down => (or(from, "head")?, or(to, "base")?),
    };
    let (low, high) = match direction {
        Direction::Up => (&from, &to),
        Direction::Down => (&to, &from),
    };
    if low > high {
        return Err(TargetError::WrongWay {
            point: to.to_string(),
            newer: direction == Direction::Down,
            advice: "`upgrade --sql A:B` goes from an older A to a newer B; `downgrade --sql A:B` from a newer A to an older B.",
        }
        .into());
    }
    let within = |point: &Point| low < point && point <= high;
    let mut steps: Vec<Step<'_>> = Vec::new();
    for migration in migrations {
        if within(&Point::At(migration.version.clone())) {
            if direction == Direction::Down && migration.down.is_none() {
                return Err(plan::Blocked::NoWayBack {
                    name: migration.name.clone(),
                }
                .into());
            }
            steps.push(Step {
                migration,
                direction,
                resume: None,
            });
        }
    }
    if direction == Direction::Down {
        steps.reverse();
    }
    // where the tables are is not known here: the usual place
    let place = Place {
        schema: "public".into(),
        has_diesel: false,
        has_journal: false,
    };
    print(&Plan { steps }, &place, actor)
}

/// Prints the SQL of what is pending in a database, up to `target`; or of the way down to it.
///
/// # Errors
/// When something stands in the way of the plan, or a script cannot be run.
pub fn pending(
    migrations: &Migrations,
    journal: &Journal,
    place: &Place,
    target: &str,
    direction: Direction,
    policy: &Policy,
    actor: &str,
) -> Result<String, JobError> {
    let status = status(migrations, journal);
    let point = crate::job::run::history(&status).find(target)?;
    let plan = match direction {
        Direction::Up => plan::upgrade(&status, &point, policy)?,
        Direction::Down => plan::downgrade(&status, &point)?,
    };
    print(&plan, place, actor)
}

fn print(plan: &Plan<'_>, place: &Place, actor: &str) -> Result<String, JobError> {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    if plan.steps.is_empty() {
        line("-- Nothing to do.");
        return Ok(out);
    }
    line("-- Written by glowplug. Run it with: psql -X -v ON_ERROR_STOP=1 -f FILE");
    line("SET TIME ZONE 'UTC';");
    if !(place.has_diesel && place.has_journal) {
        line("");
        line("-- the tracking tables");
        line("BEGIN;");
        line(place.ddl().trim_end());
        line("COMMIT;");
    }
    for task in tasks(plan)? {
        let migration = task.step.migration;
        let kind = EntryKind::of_run(task.step.direction);
        let mut record = Record::of(migration, kind, actor);
        record.note = Some("run from a script".into());
        let journal = inline(&record.message(place));
        let whole = migration.metadata.run_in_transaction;
        line("");
        line(&format!("-- {}", task.script.path));
        if whole {
            line("BEGIN;");
        }
        for statement in &task.statements {
            line(&format!("{};", &task.script.text[statement.span.clone()]));
        }
        if !whole {
            line("BEGIN;");
        }
        line("RESET SESSION AUTHORIZATION; RESET ROLE; RESET search_path;");
        line(&format!("{};", journal.trim_end()));
        line("COMMIT;");
    }
    Ok(out)
}

/// Puts the values of a query into its text.
fn inline((sql, values): &(String, Vec<Option<String>>)) -> String {
    let without_comments: Vec<&str> = sql
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect();
    let mut text = without_comments.join("\n");
    // from the last: $1 is the beginning of $11
    for (index, value) in values.iter().enumerate().rev() {
        let mut literal = String::new();
        match value {
            Some(value) => write!(literal, "{}", Literal(value)).expect("a String takes all text"),
            None => literal.push_str("NULL"),
        }
        text = text.replace(&format!("${}", index + 1), &literal);
    }
    text
}
