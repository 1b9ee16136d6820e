//! A run as a script: for a person who runs SQL by hand.

use std::fmt::Write as _;

use crate::{
    job::{JobError, run::tasks},
    migration::{
        journal::{EntryKind, Journal},
        order,
        plan::{self, Blocked, Plan, Policy, Step},
        source::{Direction, Migrations},
        squash,
        status::status,
        target::{Point, TargetError},
    },
    postgres::{
        exec::{CLEAN, START, settled},
        journal::{Place, Record},
        lock::KEY,
    },
    words::ident::Literal,
};

/// How a script is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfflineOptions<'a> {
    /// Who, for the journal.
    pub actor: &'a str,
    /// One transaction for everything.
    pub single_transaction: bool,
}

/// Takes the migration lock, or stops the script: the cast of the sentence fails.
const TAKE: &str = "SELECT (CASE WHEN pg_catalog.pg_try_advisory_lock($1) THEN '1'
    ELSE 'another run holds the migration lock' END)::integer AS locked";

/// Prints the SQL of `FROM:TO`, in the direction that this is. No database is asked.
///
/// # Errors
/// When a point does not exist, or a script cannot be run.
pub(crate) fn between(
    migrations: &Migrations,
    range: &str,
    direction: Direction,
    options: &OfflineOptions<'_>,
) -> Result<String, JobError> {
    let Some((from, to)) = range.split_once(':') else {
        return Err(TargetError::Unknown {
            text: range.into(),
            advice: "Without a database, --sql takes a range: FROM:TO.".into(),
        }
        .into());
    };
    order::demand(migrations).map_err(Blocked::from)?;
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
            than: from.to_string(),
            advice: "`upgrade --sql A:B` goes from an older A to a newer B; `downgrade --sql A:B` from a newer A to an older B.",
        }
        .into());
    }
    let within = |point: &Point| low < point && point <= high;
    let mut steps: Vec<Step<'_>> = Vec::new();
    for migration in migrations {
        if within(&Point::At(migration.version.clone())) {
            if direction == Direction::Down && migration.down.is_none() {
                return Err(plan::Blocked::NoWayBack { name: migration.name.clone() }.into());
            }
            steps.push(Step { migration, direction, resume: None, noted: None });
        }
    }
    if direction == Direction::Down {
        steps.reverse();
    }
    // where the tables are is not known here: the usual place
    let place = Place { schema: "public".into(), has_diesel: false, has_journal: false };
    print(&Plan { steps }, &place, options)
}

/// Prints the SQL of what is pending in a database, up to `target`; or of the way down to it.
///
/// # Errors
/// When something stands in the way of the plan, or a script cannot be run.
pub(crate) fn pending(
    migrations: &Migrations,
    journal: &Journal,
    place: &Place,
    target: &str,
    direction: Direction,
    policy: &Policy,
    options: &OfflineOptions<'_>,
) -> Result<String, JobError> {
    let settled = squash::settle(migrations, journal);
    if let Some(blocked) = settled.blocked {
        return Err(blocked.into());
    }
    // what only the journal does not know yet is left to the next run
    let (migrations, journal) = (&*settled.migrations, &*settled.journal);
    order::demand(migrations).map_err(Blocked::from)?;
    let status = status(migrations, journal);
    let point = crate::job::run::history(&status).find(target)?;
    let plan = match direction {
        Direction::Up => plan::upgrade(&status, &point, policy)?,
        Direction::Down => plan::downgrade(&status, &point)?,
    };
    print(&plan, place, options)
}

fn print(plan: &Plan<'_>, place: &Place, options: &OfflineOptions<'_>) -> Result<String, JobError> {
    if options.single_transaction {
        plan.demand_transactional()?;
    }
    let tasks = tasks(plan)?;
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    if tasks.is_empty() {
        line("-- Nothing to do.");
        return Ok(out);
    }
    line("-- Written by glowplug. Run it with: psql -X -v ON_ERROR_STOP=1 -f FILE");
    line("");
    line("-- no other run at the same time");
    line(&format!("{};", inline(TAKE, &[Some(KEY.to_string())])));
    if !(place.has_diesel && place.has_journal) {
        line("");
        line(&format!("-- the tracking tables, in schema {}", place.schema));
        line("BEGIN;");
        line("SET LOCAL client_min_messages = warning;");
        line(place.ddl().trim_end());
        line("COMMIT;");
    }
    for (index, task) in tasks.iter().enumerate() {
        let whole = task.step.migration.metadata.run_in_transaction;
        let (first, last) = (index == 0, index + 1 == tasks.len());
        let opens = whole && (first || !options.single_transaction);
        let closes = !whole || last || !options.single_transaction;
        line("");
        // a directory's name may hold anything but a slash
        line(&format!("-- {}", task.script.path.replace(['\n', '\r'], " ")));
        if opens {
            line("BEGIN;");
        } else if whole {
            line(&format!("{START};"));
        }
        line("SET TIME ZONE 'UTC';");
        for statement in &task.statements {
            line(&format!("{};", &task.script.text[statement.span.clone()]));
        }
        if !whole {
            line("BEGIN;");
        }
        let kind = EntryKind::of_run(task.step.direction);
        let mut record = Record::of(task.step.migration, kind, options.actor);
        record.note = Some("run from a script".into());
        let (sql, values) = record.message(place);
        line(&format!("{};", settled()));
        line(&format!("{};", inline(&sql, &values)));
        if closes {
            line("COMMIT;");
        }
        line(&format!("{CLEAN};"));
    }
    Ok(out)
}

/// Puts the values of a query into its text, in one go: a value may read like a placeholder.
fn inline(sql: &str, values: &[Option<String>]) -> String {
    let code: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let code = code.join("\n");
    let mut parts = code.trim_end().split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let value =
            part[..end].parse().ok().and_then(|number: usize| values.get(number.checked_sub(1)?));
        match value {
            Some(Some(value)) => {
                write!(text, "{}", Literal(value)).expect("a String takes all text");
            }
            Some(None) => text.push_str("NULL"),
            None => {
                text.push('$');
                text.push_str(&part[..end]);
            }
        }
        text.push_str(&part[end..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::inline;

    #[test]
    fn values_that_read_like_placeholders_stay_values() {
        let values = [Some("$2".to_owned()), None, Some("it's $1".to_owned())];
        assert_eq!(
            inline("-- $1\nSELECT $1, $2, $3, $4", &values),
            "SELECT '$2', NULL, 'it''s $1', $4"
        );
    }
}
