//! Finds the statement that harms a ledger, by replaying the migrations in the shadow and looking after every statement.

use crate::report::rule::LedgerRule;
use std::collections::BTreeSet;

use crate::{
    job::{
        JobError, Watch,
        attest::failed,
        caret,
        failure::RefusedError,
        open::Endpoint,
        run::{self, Operation, RunOptions},
    },
    ledger::{self, Context, Snapshot},
    migration::{
        plan::Policy,
        source::{Direction, Migrations},
    },
    postgres::{
        guard::{self, Guard},
        session::{Message, Stop},
    },
    replay::shadow::Shadow,
    words::{secrets, sql},
};

/// Completes a refusal with the place of the statement that is to blame, if a replay finds it.
///
/// # Errors
/// When the shadow cannot be made, or the migrations before it fail there. The refusal stands without a place then.
pub(crate) async fn locate(
    (shadow, database): (&Shadow, &Endpoint),
    migrations: &Migrations,
    guard: &Guard,
    refused: &mut RefusedError,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let Some(migration) = migrations.get(&refused.version) else {
        return Ok(());
    };
    let Some(script) = migration.script(refused.direction) else {
        return Ok(());
    };
    let Ok(statements) = sql::split(&script.text) else {
        return Ok(());
    };
    if statements.len() < 2 || refused.at.is_some() {
        mark(refused, script, statements.first().filter(|_| refused.at.is_none()));
        return Ok(());
    }
    let shadow = shadow.like(database, watch).await?;
    let needs = shadow.needs(migrations.texts());
    let scratch = shadow.start(&needs).await?.scratch;
    let endpoint = shadow.endpoint(&scratch, stop);
    let found = replay(&endpoint, &shadow.stood_in(migrations), guard, refused, watch).await;
    let ended = tokio::task::spawn_blocking(move || scratch.stop());
    ended.await.unwrap_or_default();
    if let Some(at) = found? {
        mark(refused, script, statements.get(at));
    }
    Ok(())
}

fn mark(
    refused: &mut RefusedError,
    script: &crate::migration::source::Script,
    statement: Option<&sql::Statement>,
) {
    let Some(statement) = statement else {
        return;
    };
    let mark = caret::mark(script, statement, None);
    refused.place = Some(sql::line_column(&script.text, mark.bytes.start));
    refused.label = mark.label.to_owned();
    refused.text = Some(miette::NamedSource::new(&script.path, secrets::cover(&script.text)));
    refused.at = Some(mark.bytes.into());
}

/// The statement after which what was found is first to be seen.
async fn replay(
    endpoint: &Endpoint,
    migrations: &Migrations,
    guard: &Guard,
    refused: &RefusedError,
    watch: Watch<'_>,
) -> Result<Option<usize>, JobError> {
    let target = match refused.direction {
        Direction::Down => Some(refused.version.to_string()),
        Direction::Up => {
            let earlier = migrations.iter().take_while(|it| it.version != refused.version);
            earlier.last().map(|it| it.version.to_string())
        }
    };
    if let Some(target) = target {
        let operation = Operation::Upgrade { target, policy: Policy::default() };
        let done =
            run::run(endpoint, migrations, &operation, &RunOptions::of_replay(), watch).await;
        done.map_err(|error| error.cause)?;
    }
    let (mut session, facts, _) = endpoint.read(watch).await?;
    session.seed().await.map_err(failed)?;
    let script = migrations.get(&refused.version).and_then(|it| it.script(refused.direction));
    let Some(script) = script else {
        return Ok(None);
    };
    let statements = sql::split(&script.text).unwrap_or_default();
    let settings = guard::fixed_settings();
    let (look, values) = guard.snapshot(&facts.place.schema, facts.server_version, None);
    let mut messages = vec![Message::Batch("BEGIN; SELECT pg_catalog.pg_current_xact_id()")];
    let mut snapshot_messages = Vec::new();
    for at in 0..=statements.len() {
        if let Some(statement) = at.checked_sub(1).and_then(|at| statements.get(at)) {
            messages.push(Message::Script(&script.text[statement.span.clone()]));
        }
        messages.push(Message::Batch(guard::LOOK));
        messages.push(Message::Batch(&settings));
        snapshot_messages.push(messages.len());
        messages.push(Message::Query(&look, values.clone()));
        messages.push(Message::Batch(guard::LOOKED));
    }
    messages.push(Message::Batch("ROLLBACK"));
    let replies = session.exchange(&messages, &mut |_| {}).await;
    let snapshots: Vec<Snapshot> = snapshot_messages
        .iter()
        .map_while(|at| replies.get(*at)?.as_ref().ok())
        .map(|rows| Snapshot::read(rows.clone()))
        .collect();
    let Some((before, after)) = snapshots.split_first() else {
        return Ok(None);
    };
    // rows first: what happened to them is the worst
    let rules = |rows: bool| -> BTreeSet<LedgerRule> {
        let findings = refused.findings.iter().filter(|it| it.rows == rows);
        findings.map(|it| it.rule).collect()
    };
    for wanted in [rules(true), rules(false)] {
        let first = after.iter().position(|now| {
            let seen = seen(guard, before, now);
            wanted.iter().any(|rule| seen.contains(rule))
        });
        if first.is_some() {
            return Ok(first);
        }
    }
    Ok(None)
}

/// The rules that are broken between two moments.
fn seen(guard: &Guard, before: &Snapshot, now: &Snapshot) -> BTreeSet<LedgerRule> {
    let context = Context {
        ledgers: &guard.ledgers,
        before: None,
        unused: &BTreeSet::new(),
        written: ledger::Recorded::default(),
        replaces_triggers: true,
    };
    let mut seen: BTreeSet<LedgerRule> =
        ledger::judge(before, now, &context).iter().map(|it| it.rule).collect();
    for ledger in 0..guard.ledgers.len() {
        let rows = ledger::rows(before, now, ledger);
        if rows.updated + rows.deleted != 0 || !rows.rewritten.is_empty() {
            seen.insert(LedgerRule::RowsChanged);
        }
        if rows.inserted != 0 {
            seen.extend([LedgerRule::Backdated, LedgerRule::AppendedTwice]);
        }
    }
    seen
}
