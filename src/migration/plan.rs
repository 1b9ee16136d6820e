//! What will run: the steps of an upgrade, a downgrade or a redo, and what stands in their way.

use crate::{
    migration::{
        journal::EntryKind,
        order::{self, OrderError},
        source::{Direction, Migration, Migrations},
        status::{Interruption, Row, State, Status},
        target::Point,
        version::Version,
    },
    words::sql::{Statement, StatementKind},
};

/// One migration of a plan, in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'a> {
    /// The migration.
    pub migration: &'a Migration,
    /// The way.
    pub direction: Direction,
    /// Where an interrupted run of it stopped.
    pub resume: Option<Interruption>,
    /// On the way down: what was noted when it was applied.
    pub noted: Option<&'a str>,
}

/// What will run, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan<'a> {
    /// The steps.
    pub steps: Vec<Step<'a>>,
}

impl Plan<'_> {
    /// Whether all steps may share one transaction.
    #[must_use]
    pub(crate) fn is_transactional(&self) -> bool {
        self.steps.iter().all(|step| step.migration.metadata.run_in_transaction)
    }

    /// Demands that all steps may share one transaction.
    ///
    /// # Errors
    /// [`Blocked::NotTransactional`] with the first that may not.
    pub(crate) fn demand_transactional(&self) -> Result<(), Blocked> {
        let mut migrations = self.steps.iter().map(|step| step.migration);
        match migrations.find(|migration| !migration.metadata.run_in_transaction) {
            None => Ok(()),
            Some(migration) => Err(Blocked::NotTransactional { name: migration.name.clone() }),
        }
    }
}

/// What the user decided beforehand about things that stop an upgrade.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Apply migrations that are older than what is applied.
    pub allow_out_of_order: bool,
    /// Go on although the database has run migrations that are not on disk.
    pub allow_orphaned: bool,
    /// Edited migrations whose present files are right.
    pub accept_edited: Vec<Version>,
}

/// Why a plan cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum Blocked {
    /// An applied migration has another `up.sql` by now.
    #[error("{} since {} applied: {}", were(names, "a migration was edited", "migrations were edited"), if names.len() == 1 { "it was" } else { "they were" }, names.join(", "))]
    #[diagnostic(
        code(upgrade::edited),
        help("Restore the file from version control and write a new migration for the change. If the current file is right, run again with {}.", versions.iter().map(|v| format!("--accept-edited {v}")).collect::<Vec<_>>().join(" "))
    )]
    Edited {
        /// The directories.
        names: Vec<String>,
        /// Their versions.
        versions: Vec<Version>,
    },
    /// The database has run what is not on disk.
    #[error("the database has run {} not on disk: {}", were(names, "a migration that is", "migrations that are"), names.join(", "))]
    #[diagnostic(
        code(upgrade::orphaned),
        help(
            "Is this checkout older than the database? Then use the newer one, or run again with --allow-orphaned. If the directory was removed on purpose, `glowplug stamp current --purge` forgets it."
        )
    )]
    Orphaned {
        /// The versions, with names where they are known.
        names: Vec<String>,
    },
    /// Something older than what is applied is pending.
    #[error("{} older than {current}, which is already applied: {}", were(names, "a pending migration is", "pending migrations are"), names.join(", "))]
    #[diagnostic(
        code(upgrade::out_of_order),
        help(
            "It was probably merged late. `glowplug rebase` gives migrations of a branch versions after the newest; if the order does not matter, run again with --allow-out-of-order."
        )
    )]
    OutOfOrder {
        /// The newest applied version.
        current: Version,
        /// The directories.
        names: Vec<String>,
    },
    /// A run without a transaction stopped half-way, in the other direction.
    #[error("`{name}` was interrupted in {}.sql, after {done} of its statements", if *direction == Direction::Up { "up" } else { "down" })]
    #[diagnostic(code(upgrade::interrupted))]
    Interrupted {
        /// The directory.
        name: String,
        /// The way it was going.
        direction: Direction,
        /// Statements known to be done.
        done: usize,
        /// What to do.
        #[help]
        advice: String,
    },
    /// There is no way back.
    #[error("`{name}` has no down.sql")]
    #[diagnostic(
        code(downgrade::no_way_back),
        help(
            "Write migrations/{name}/down.sql, or choose a target above it. A down.sql with only a comment is a revert that does nothing."
        )
    )]
    NoWayBack {
        /// The directory.
        name: String,
    },
    /// A migration to revert is not on disk.
    #[error("cannot revert {name}: it is not on disk")]
    #[diagnostic(
        code(downgrade::orphaned),
        help(
            "Check out the code that has this migration, or, if it was removed on purpose, forget it with `glowplug stamp current --purge`."
        )
    )]
    CannotRevertOrphan {
        /// The version, or its name where it is known.
        name: String,
    },
    /// One transaction for all was asked for, and one of them runs without.
    #[error("`{name}` runs without a transaction, and cannot be part of one")]
    #[diagnostic(
        code(upgrade::not_transactional),
        help("Remove --single-transaction, or choose a target before `{name}`.")
    )]
    NotTransactional {
        /// The directory.
        name: String,
    },
    /// Migrations that need what does not come before them.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Order(#[from] OrderError),
    /// Others need what is to be reverted alone.
    #[error("applied migrations depend on `{name}`: {}", dependents.join(", "))]
    #[diagnostic(
        code(downgrade::needed),
        help("Revert them first, or with it: --with-dependents.")
    )]
    Needed {
        /// The directory.
        name: String,
        /// The directories that need it.
        dependents: Vec<String>,
    },
    /// The database has run only some of the migrations that were squashed, and the others were not kept.
    #[error("the database has run only some of the migrations that were squashed into `{name}`; not on disk any more: {}", missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    #[diagnostic(
        code(upgrade::partly_squashed),
        help(
            "Restore their directories into migrations/.squashed from version control, or upgrade the database to {version} with the revision before the squash, and run again."
        )
    )]
    PartlySquashed {
        /// The squashed directory.
        name: String,
        /// Its version.
        version: Version,
        /// What would still have to run.
        missing: Vec<Version>,
    },
    /// Rows are there that a migration would fail on.
    #[error("rows are in the way of {}", found.join("; "))]
    #[diagnostic(
        code(upgrade::rows),
        help(
            "Nothing was changed. Correct the rows, or move them in a migration before this one."
        )
    )]
    Rows {
        /// Each with its migration, its number and examples.
        found: Vec<String>,
    },
    /// The target is not applied.
    #[error("{target} is not applied: the database is at {current}")]
    #[diagnostic(
        code(downgrade::not_applied),
        help(
            "`glowplug downgrade` goes back to an applied version; `glowplug upgrade` goes forward."
        )
    )]
    NotApplied {
        /// The target.
        target: Version,
        /// Where the database is.
        current: Point,
    },
}

fn were(names: &[String], one: &str, many: &str) -> String {
    if names.len() == 1 { one.to_owned() } else { format!("{} {many}", names.len()) }
}

/// Plans the way up to `target`.
///
/// # Errors
/// When something stands in the way that `policy` does not allow; nothing has been changed then.
pub(crate) fn upgrade<'a>(
    status: &Status<'a>,
    target: &Point,
    policy: &Policy,
) -> Result<Plan<'a>, Blocked> {
    let edited: Vec<_> = status
        .in_state(State::Edited)
        .filter(|row| !policy.accept_edited.contains(row.version))
        .collect();
    if !edited.is_empty() {
        return Err(Blocked::Edited {
            names: edited.iter().map(|row| row.name.to_owned()).collect(),
            versions: edited.iter().map(|row| row.version.clone()).collect(),
        });
    }
    let orphans: Vec<String> =
        status.in_state(State::Orphaned).map(|row| row.name.to_owned()).collect();
    if !orphans.is_empty() && !policy.allow_orphaned {
        return Err(Blocked::Orphaned { names: orphans });
    }
    interrupted(status, Direction::Down)?;
    let wanted = |version: &Version| match target {
        Point::Base => false,
        Point::At(target) => version <= target,
    };
    let late: Vec<String> = status
        .in_state(State::OutOfOrder)
        .filter(|row| wanted(row.version))
        .map(|row| row.name.to_owned())
        .collect();
    if let (false, false, Some(current)) =
        (late.is_empty(), policy.allow_out_of_order, status.current())
    {
        return Err(Blocked::OutOfOrder { current: current.version.clone(), names: late });
    }
    let steps = status
        .rows
        .iter()
        .filter(|row| row.run_on.is_none() && wanted(row.version))
        .filter_map(|row| {
            let resume = row.interruption.clone();
            row.migration.map(|migration| Step {
                migration,
                direction: Direction::Up,
                resume,
                noted: None,
            })
        })
        .collect();
    Ok(Plan { steps })
}

/// Plans the way down to `target`: what is applied above it, newest first.
///
/// # Errors
/// When a migration on the way cannot be reverted, or the target is not applied.
pub(crate) fn downgrade<'a>(status: &Status<'a>, target: &Point) -> Result<Plan<'a>, Blocked> {
    if let Point::At(version) = target
        && !status.rows.iter().any(|row| row.version == version && row.run_on.is_some())
    {
        let current = status.current().map_or(Point::Base, |row| Point::At(row.version.clone()));
        return Err(Blocked::NotApplied { target: version.clone(), current });
    }
    interrupted(status, Direction::Up)?;
    let above = |version: &Version| match target {
        Point::Base => true,
        Point::At(target) => version > target,
    };
    let rows = status.applied_newest_first().filter(|row| above(row.version));
    let steps = rows.map(down).collect::<Result<_, _>>()?;
    Ok(Plan { steps })
}

/// Plans the way down of one migration alone, wherever it stands; with those that need it, if that is wanted.
///
/// # Errors
/// When it is not applied, others need it, or one of them cannot be reverted.
pub(crate) fn downgrade_only<'a>(
    status: &Status<'a>,
    migrations: &Migrations,
    target: &Point,
    with_dependents: bool,
) -> Result<Plan<'a>, Blocked> {
    let Point::At(version) = target else {
        return Ok(Plan::default());
    };
    let all: Vec<&Version> =
        order::dependents(migrations, version).into_iter().map(|it| &it.version).collect();
    let is_meant = |row: &&Row<'_>| row.version == version || all.contains(&row.version);
    let rows: Vec<&Row<'a>> = status.applied_newest_first().filter(is_meant).collect();
    if !rows.iter().any(|row| row.version == version) {
        let current = status.current().map_or(Point::Base, |row| Point::At(row.version.clone()));
        return Err(Blocked::NotApplied { target: version.clone(), current });
    }
    interrupted(status, Direction::Up)?;
    let dependents = rows.iter().rev().filter(|row| row.version != version);
    let dependents: Vec<String> = dependents.map(|row| row.name.to_owned()).collect();
    if !dependents.is_empty() && !with_dependents {
        let name = migrations.get(version).map_or(version.to_string(), |it| it.name.clone());
        return Err(Blocked::Needed { name, dependents });
    }
    let steps = rows.into_iter().map(down).collect::<Result<_, _>>()?;
    Ok(Plan { steps })
}

/// The step that reverts what a row names.
fn down<'a>(row: &Row<'a>) -> Result<Step<'a>, Blocked> {
    let Some(migration) = row.migration else {
        return Err(Blocked::CannotRevertOrphan { name: row.name.to_owned() });
    };
    if migration.down.is_none() {
        return Err(Blocked::NoWayBack { name: row.name.to_owned() });
    }
    let entry = row.entry.filter(|entry| entry.kind == EntryKind::Up);
    Ok(Step {
        migration,
        direction: Direction::Down,
        resume: row.interruption.clone(),
        noted: entry.and_then(|entry| entry.note.as_deref()),
    })
}

/// Plans the `count` newest migrations down and up again; no others are applied.
///
/// # Errors
/// As [`downgrade`].
pub(crate) fn redo<'a>(status: &Status<'a>, count: usize) -> Result<Plan<'a>, Blocked> {
    interrupted(status, Direction::Up)?;
    let target = status
        .applied_newest_first()
        .nth(count)
        .map_or(Point::Base, |row| Point::At(row.version.clone()));
    let mut plan = downgrade(status, &target)?;
    let again: Vec<_> = plan
        .steps
        .iter()
        .rev()
        .map(|step| Step {
            migration: step.migration,
            direction: Direction::Up,
            resume: None,
            noted: None,
        })
        .collect();
    plan.steps.extend(again);
    Ok(plan)
}

fn interrupted(status: &Status<'_>, direction: Direction) -> Result<(), Blocked> {
    let found = status.rows.iter().find_map(|row| {
        row.interruption.as_ref().filter(|it| it.direction == direction).map(|it| (row, it))
    });
    match found {
        None => Ok(()),
        Some((row, it)) => Err(Blocked::Interrupted {
            name: row.name.to_owned(),
            direction,
            done: it.done,
            advice: match direction {
                Direction::Up => format!("Finish it first: `glowplug upgrade {}`.", row.version),
                Direction::Down => {
                    "Finish it first: `glowplug downgrade -1` continues where it stopped."
                        .to_owned()
                }
            },
        }),
    }
}

/// What commits together in a script without a transaction: one statement, or what stands between BEGIN and COMMIT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Indexes into the statements: of a block, with its BEGIN and without its COMMIT.
    pub statements: std::ops::Range<usize>,
    /// How many statements are done when this unit is.
    pub done: usize,
    /// Whether the script itself opens the transaction.
    pub is_block: bool,
}

/// Groups the statements of a script that runs without a transaction.
///
/// The statements have passed [`check_script`](crate::migration::source::check_script): blocks are closed.
#[must_use]
pub(crate) fn units(statements: &[Statement]) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut index = 0;
    while index < statements.len() {
        let is_block = matches!(statements[index].kind, StatementKind::Transaction(_));
        let end = if is_block {
            (index + 1..statements.len())
                .find(|at| matches!(statements[*at].kind, StatementKind::Transaction(_)))
                .unwrap_or(statements.len())
        } else {
            index + 1
        };
        let done = if is_block { (end + 1).min(statements.len()) } else { end };
        units.push(Unit { statements: index..end, done, is_block });
        index = done;
    }
    units
}
