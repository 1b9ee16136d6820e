//! Ways down that another tool did not have: planned from what each way up leads to, back to where it began.

use std::collections::BTreeMap;

use crate::{
    autogenerate::{comparable_of, proof::way_back, script},
    catalog::{Catalog, Ignored},
    ddl::Fill,
    history::adopt::inserted::Before,
    introspect::Reader,
    job::{
        JobError, Watch,
        explain::failed,
        open::Endpoint,
        owner::ROLE,
        run::{RunOptions, task},
    },
    migration::{
        plan::Step,
        source::{Direction, Migration, Migrations, Script},
    },
    planner::{Target, segment::Segment},
    postgres::{
        lock::Locked,
        session::{Failure, Stop},
        session_error::SessionError,
    },
    replay::shadow::{Shadow, end, in_the_shadow},
    report::event::Event,
    tools::renames::undone,
    words::sql::{place_of, verb},
};

/// The ways down that were written, by their migration.
pub(super) type Written = BTreeMap<String, Back>;

/// A way down that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Back {
    /// Whether there is one.
    pub(super) is_there: bool,
    /// What is to be said of it, or why there is none.
    pub(super) reason: Option<String>,
}

/// Writes the ways down that are missing.
pub(super) async fn write(
    shadow: &Shadow,
    migrations: &mut [Migration],
    ignored: &Ignored,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<Written, JobError> {
    if migrations.iter().all(|it| it.down.is_some()) {
        return Ok(Written::new());
    }
    let set = Migrations::new(migrations.to_vec()).unwrap_or_default();
    let needs = shadow.needs(set.texts());
    let prepared = shadow.start(&needs).await?;
    let endpoint = shadow.endpoint(&prepared.scratch, stop);
    let replay = shadow.stood_in(&set);
    let written = replayed(&endpoint, &replay, migrations, ignored, watch).await;
    end(prepared.scratch).await;
    written
}

async fn replayed(
    endpoint: &Endpoint,
    replay: &Migrations,
    migrations: &mut [Migration],
    ignored: &Ignored,
    watch: Watch<'_>,
) -> Result<Written, JobError> {
    let options = RunOptions::default();
    let (mut locked, _) = endpoint.lock(&options.limits, watch).await?;
    locked.prepare().await?;
    let mut reader = Reader::default();
    let major = locked.facts().server_version / 10_000;
    let mut before = read(&mut locked, &mut reader, ignored).await?;
    let mut written = Written::new();
    watch(Event::Planned { steps: migrations.len() });
    for migration in migrations {
        let Some(script) = replay.get(&migration.version) else { continue };
        let is_missing = migration.down.is_none();
        let rows = match is_missing {
            true => Before::read(&mut locked, &before, migration).await.map_err(reading)?,
            false => Before::default(),
        };
        up(&mut locked, script, &options).await?;
        watch(Event::Verified { name: migration.name.clone() });
        let after = read(&mut locked, &mut reader, ignored).await?;
        if is_missing {
            let removal = rows.removal(&mut locked, (&before, &after)).await.map_err(reading)?;
            let (text, back) = text((&after, &before), migration, &removal, major);
            let path = format!("{}/down.sql", migration.name);
            migration.down = Some(Script::new(path, text));
            written.insert(migration.name.clone(), back);
        }
        before = after;
    }
    locked.release().await;
    Ok(written)
}

fn reading(failure: Failure) -> JobError {
    SessionError::while_doing("reading the rows of a replay")(failure).into()
}

async fn read(
    locked: &mut Locked<'_>,
    reader: &mut Reader,
    ignored: &Ignored,
) -> Result<Catalog, JobError> {
    let version = locked.facts().server_version;
    Ok(comparable_of(reader.read(&mut locked.session, version).await?, ignored))
}

async fn up(
    locked: &mut Locked<'_>,
    migration: &Migration,
    options: &RunOptions,
) -> Result<(), JobError> {
    let mut exec = options.exec.clone();
    exec.unrecorded = true;
    let step = Step { migration, direction: Direction::Up, resume: None, noted: None };
    let tasks = [task(&step)?];
    let version = locked.facts().server_version;
    let ran = locked.run(0, &tasks[0], &exec, &mut |_| {}).await;
    match ran {
        Ok(_) => Ok(()),
        Err(error) => Err(in_the_shadow(failed(&tasks, &error, false, version))),
    }
}

/// The way down from one catalog to another, or why there is none; `removal` is what removes the rows that up.sql inserted.
fn text(
    (after, before): (&Catalog, &Catalog),
    migration: &Migration,
    removal: &str,
    major: u32,
) -> (String, Back) {
    let target =
        Target { major, role: ROLE, online: false, batches: false, in_one: true, portable: false };
    let alone = !migration.metadata.run_in_transaction;
    if let Some(text) = undone(&migration.up.text) {
        return (text, Back { is_there: true, reason: None });
    }
    let way = way_back(after, before, alone, &target).and_then(|down| match unknown(&down) {
        unknown if unknown.is_empty() => Ok(down),
        unknown => Err(unknown),
    });
    match way {
        Ok(down) => {
            let rows = rows_stay(migration, &down, removal);
            let reason = rows.map(str::to_owned);
            (script(&down, rows, removal), Back { is_there: true, reason })
        }
        Err(why) => {
            let reason = Some(why.join("; "));
            (script::refusal(&why), Back { is_there: false, reason })
        }
    }
}

fn script(down: &[Segment], rows: Option<&str>, removal: &str) -> String {
    let lost = down.iter().flat_map(|it| &it.statements).flat_map(|it| &it.loses);
    let lost = lost.map(|it| format!("deletes-data: going back loses {it}"));
    let head: Vec<String> = lost.chain(rows.map(str::to_owned)).collect();
    if removal.is_empty() {
        return script::text(down, &head);
    }
    let structure = match down.iter().all(|it| it.statements.is_empty()) {
        true => head.iter().map(|it| format!("-- {it}\n")).collect(),
        false => script::text(down, &head),
    };
    format!("-- deletes-data: the rows that up.sql inserts\n{removal}{structure}")
}

/// The values that nobody knows.
fn unknown(down: &[Segment]) -> Vec<String> {
    let fills = down.iter().flat_map(|it| &it.statements).flat_map(|it| &it.fills);
    // a label that goes stops a way down only where a row has it, and the script says so
    let fills = fills.filter(|it| !matches!(it, Fill::Labels { .. }));
    let columns = fills.map(|it| format!("nobody knows the values of {}", it.column()));
    columns.collect()
}

/// What is said of a way down that does not restore rows which were changed.
fn rows_stay(migration: &Migration, down: &[Segment], removal: &str) -> Option<&'static str> {
    const CHANGES: [&str; 4] = ["update", "delete", "merge", "truncate"];
    const INSERTS: [&str; 4] = ["insert", "with", "do", "call"];
    let statements = migration.up.statements().ok()?;
    let changes_only_rows = down.iter().all(|it| it.statements.is_empty());
    let changes = statements.iter().any(|it| {
        let text = &migration.up.text[it.span.clone()];
        let verb = verb(text).to_lowercase();
        // what stands within one that inserts is found as a word
        let has_change = || CHANGES.iter().any(|it| place_of(&text.to_lowercase(), it).is_some());
        let inserts = INSERTS.contains(&verb.as_str());
        CHANGES.contains(&verb.as_str())
            || inserts && has_change()
            || inserts && changes_only_rows && removal.is_empty()
    });
    changes.then_some(
        "rows that up.sql changes in another way than by inserting them stay as they are",
    )
}
