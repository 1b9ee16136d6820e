//! Runs migrations in the shadow at two sizes, watches every statement, and says what is dangerous to deploy.

mod bounds;
mod findings;
mod nulls;
pub(crate) mod record;
mod stage;

use std::{collections::BTreeSet, path::PathBuf};

use self::{
    findings::{Judged, Judgment},
    stage::Stage,
};
use crate::{
    job::{JobError, Watch},
    lint::{case::Said, stats::Stats},
    migration::{
        source::{Direction, Migration, Migrations},
        version::Version,
    },
    postgres::session::Stop,
    replay::shadow::Shadow,
    report::{event::Event, lint::LintReport},
};

/// What is looked at, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'w> {
    /// Where.
    pub shadow: &'w Shadow,
    /// All migrations.
    pub migrations: &'w Migrations,
    /// Those that are looked at.
    pub chosen: &'w BTreeSet<Version>,
    /// Whether the down.sql scripts are looked at as well.
    pub down: bool,
    /// What is known of production.
    pub stats: Option<&'w Stats>,
    /// What the project accepts and demands.
    pub policy: &'w Policy,
}

/// What a project accepts and demands.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Policy {
    /// How long a migration may block others, in seconds; none for no demand beyond the usual.
    pub max_block: Option<f64>,
    /// Whether no table may be rewritten, however small.
    pub denies_rewrites: bool,
    /// Rules that apply although they usually do not.
    pub on: Vec<String>,
    /// Rules that do not apply.
    pub off: Vec<String>,
    /// What is accepted, by rule and path.
    pub accepted: Vec<Accepted>,
    /// Findings that were there before.
    pub known: Vec<Known>,
}

/// That a rule does not count below a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The rule.
    pub rule: String,
    /// A file, or a directory, with `*` for anything.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// A finding that was there before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known {
    /// The code of its rule.
    pub code: String,
    /// The file.
    pub file: String,
    /// What it says.
    pub message: String,
}

/// Looks at the chosen migrations.
///
/// # Errors
/// When the shadow cannot be made, a migration before them fails there, or the user ends it.
pub(crate) async fn lint(
    wish: &Wish<'_>,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<LintReport, JobError> {
    let migrations = wish.shadow.stood_in(wish.migrations);
    let first = migrations.iter().position(|it| wish.chosen.contains(&it.version));
    let Some(first) = first else {
        return Ok(LintReport::default());
    };
    let (before, rest): (Vec<&Migration>, Vec<&Migration>) = {
        let all: Vec<&Migration> = migrations.iter().collect();
        (all[..first].to_vec(), all[first..].to_vec())
    };
    let last = rest.iter().rposition(|it| wish.chosen.contains(&it.version)).map_or(0, |at| at + 1);
    let rest = &rest[..last];
    watch(Event::Planned { steps: rest.len() });
    let mut judgment = Judgment::new(wish);
    let mut stage = Stage::open(wish, &before, rest, stop).await?;
    let looked = look(wish, rest, &mut stage, &mut judgment, watch).await;
    let notes = std::mem::take(&mut stage.notes);
    stage.end().await;
    looked?;
    let mut report = judgment.into_report();
    report.notes.splice(0..0, notes);
    report.proved_on = Some(wish.shadow.proved_on());
    Ok(report)
}

async fn look(
    wish: &Wish<'_>,
    rest: &[&Migration],
    stage: &mut Stage,
    judgment: &mut Judgment<'_>,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    for migration in rest {
        let is_chosen = wish.chosen.contains(&migration.version);
        if !is_chosen {
            stage.pass(migration, Direction::Up).await?;
            continue;
        }
        judgment.begin(migration);
        let goes_on = one(wish, migration, Direction::Up, stage, judgment).await?;
        if goes_on && wish.down && migration.down.is_some() {
            let was_down = one(wish, migration, Direction::Down, stage, judgment).await?;
            if was_down {
                stage.pass(migration, Direction::Up).await?;
            }
        } else if wish.down && migration.down.is_none() {
            judgment.without_down(migration);
        }
        watch(Event::Verified { name: migration.name.clone() });
        if !goes_on {
            judgment.stopped(migration);
            break;
        }
    }
    Ok(())
}

/// Looks at one script. Returns whether what comes after it can be looked at.
async fn one(
    wish: &Wish<'_>,
    migration: &Migration,
    direction: Direction,
    stage: &mut Stage,
    judgment: &mut Judgment<'_>,
) -> Result<bool, JobError> {
    let Some(script) = migration.script(direction) else { return Ok(true) };
    let statements = stage::statements(migration, direction)?;
    let ran = stage.run(migration, direction, &statements).await?;
    let said = Said::all(&script.text, &statements);
    let judged = Judged { migration, script, statements: &statements, said: &said, direction };
    let costs = match wish.stats.is_some() && ran.grows() {
        true => Some(stage.costs().await?),
        false => None,
    };
    judgment.judge(&judged, &ran, costs);
    Ok(ran.failed.is_none())
}
