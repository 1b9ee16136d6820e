//! Proves that migrations lead to what a database has, and back.

use std::collections::BTreeMap;

use crate::{
    autogenerate::{
        differences,
        drift::{Beside, beside},
        listing::listed,
        oracle::{compared, structure},
        script,
    },
    catalog::{Catalog, Difference, Key, ObjectKind},
    cluster::{Dumper, Scratch},
    history::adopt::{AdoptRequest, Draft, downs, rows},
    job::{JobError, Watch},
    migration::source::{Migration, Migrations, Script},
    postgres::{guard::Guard, session::Stop},
    project::ProjectError,
    replay::{
        shadow::{Shadow, end},
        verify::{self, verify},
    },
    report::{
        adopt::{Down, TableRows},
        proved::ProvedOn,
        verify::{Problem, ProblemKind},
    },
    tools::table::tracking,
};

/// What was found.
pub(super) struct Proof {
    /// By migration: where its way down comes from, and what is to be said of it.
    pub(super) downs: BTreeMap<String, (Down, Option<String>)>,
    pub(super) differences: Vec<String>,
    pub(super) judged_by_pg_dump: bool,
    pub(super) rows: Vec<TableRows>,
    pub(super) remarks: Vec<String>,
    pub(super) proved_on: ProvedOn,
}

/// Writes the ways down that are missing, walks all of them, and compares what the applied migrations lead to with the database.
pub(super) async fn prove(
    request: &AdoptRequest<'_>,
    draft: &mut Draft,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<Proof, JobError> {
    let shadow = request.shadow.like(request.endpoint, watch).await?;
    let written =
        downs::write(&shadow, &mut draft.migrations, request.ignored, stop.clone(), watch).await?;
    let mut downs: BTreeMap<String, (Down, Option<String>)> = BTreeMap::new();
    for (name, back) in written {
        let down = if back.is_there { Down::Generated } else { Down::Irreversible };
        downs.insert(name, (down, back.reason));
    }
    walk(request, &shadow, draft, &mut downs, stop.clone(), watch).await?;
    let applied = Migrations::new(draft.applied()).map_err(ProjectError::from)?;
    let beside = beside(
        request.endpoint,
        request.shadow,
        &applied,
        (request.ignored, &[]),
        stop.clone(),
        watch,
    );
    let beside = beside.await?;
    let judged = judge(request, draft, &beside, stop).await;
    let (shadow, notes) = (beside.shadow, beside.notes);
    let remark = shadow.remark(beside.major);
    let left_alone = beside.left_alone.remark();
    end(beside.scratch).await;
    let mut proof = judged?;
    proof.downs = downs;
    proof.proved_on = shadow.proved_on();
    let is_clean = proof.differences.is_empty();
    proof.remarks.extend(remark.filter(|_| !is_clean).into_iter().chain(left_alone).chain(notes));
    Ok(proof)
}

/// Walks all migrations up, down and up again. A way down that was written and fails is none; of one that the tool had, it is said.
async fn walk(
    request: &AdoptRequest<'_>,
    shadow: &Shadow,
    draft: &mut Draft,
    downs: &mut BTreeMap<String, (Down, Option<String>)>,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<(), JobError> {
    let migrations = Migrations::new(draft.migrations.clone()).map_err(ProjectError::from)?;
    let walk = verify::VerifyRequest {
        shadow,
        migrations: &migrations,
        guard: &Guard::default(),
        caches: false,
        fail_fast: false,
        accepted: &[],
    };
    let verified = verify(&walk, request.printer, stop, watch).await?;
    if let Some(failure) = verified.failure
        && verified.report.problems.iter().any(|it| it.kind == ProblemKind::UpFails)
    {
        return Err(failure);
    }
    for problem in &verified.report.problems {
        let reason = reason(problem);
        let down = downs.entry(problem.name.clone()).or_insert((Down::Original, None));
        if down.0 == Down::Generated {
            let text = script::refusal(std::slice::from_ref(&reason));
            refuse(&mut draft.migrations, &problem.name, text);
            *down = (Down::Irreversible, Some(reason));
            continue;
        }
        down.1.get_or_insert(reason);
    }
    Ok(())
}

/// What is wrong with a way down, in one line.
fn reason(problem: &Problem) -> String {
    let what = problem.what.lines().next().unwrap_or_default();
    match problem.difference.first() {
        Some(first) => format!("{}: {first}", problem.kind.text()),
        None => format!("{}: {what}", problem.kind.text()),
    }
}

fn refuse(migrations: &mut [Migration], name: &str, text: String) {
    let found = migrations.iter_mut().find(|it| it.name == name);
    if let Some(migration) = found {
        migration.down = Some(Script::new(format!("{name}/down.sql"), text));
    }
}

/// Compares the replay with the database: catalogs, dumps, rows.
async fn judge(
    request: &AdoptRequest<'_>,
    draft: &Draft,
    beside: &Beside,
    stop: Stop,
) -> Result<Proof, JobError> {
    let Beside { live, replayed, scratch, shadow, .. } = beside;
    let found: Vec<Difference> = differences(replayed, live);
    let mut proof = Proof {
        downs: BTreeMap::new(),
        differences: listed(&found, replayed, live),
        judged_by_pg_dump: false,
        rows: Vec::new(),
        remarks: Vec::new(),
        proved_on: ProvedOn::default(),
    };
    // what is left alone here is in its eyes a difference
    let is_whole = request.ignored.is_empty() && beside.left_alone.is_empty();
    if proof.differences.is_empty() && is_whole {
        dumps(request, beside, stop.clone(), &mut proof).await?;
    }
    let endpoint = shadow.endpoint(scratch, stop);
    proof.rows = rows::compare(&endpoint, request.endpoint, replayed).await?;
    for (schema, name) in &draft.copied {
        let table = format!("{schema}.{name}");
        let rows = proof.rows.iter().find(|it| it.table == table);
        if let Some(rows) = rows.filter(|it| it.equal < it.rows && it.skipped.is_none()) {
            let other = rows.rows - rows.equal;
            proof
                .differences
                .push(format!("{other} rows of {table} differ from those of the database"));
        }
    }
    Ok(proof)
}

/// Asks `pg_dump` of both, where it is.
async fn dumps(
    request: &AdoptRequest<'_>,
    beside: &Beside,
    stop: Stop,
    proof: &mut Proof,
) -> Result<(), JobError> {
    let (shadow, scratch) = (&beside.shadow, &beside.scratch);
    // an older one refuses, and a newer one prints other texts
    if shadow.binaries.major() != beside.major {
        return Ok(());
    }
    let url = request.endpoint.direct.as_ref().unwrap_or(&request.endpoint.url);
    let (Some(own), Some(live)) =
        (scratch.dumper(&shadow.binaries), Dumper::of(&shadow.binaries, url))
    else {
        return Ok(());
    };
    let tables = others(request).await?;
    let (own, live) = (own.without(&tables), live.without(&tables));
    let (wanted, found) = tokio::join!(structure(&live, ""), structure(&own, Scratch::MAINTENANCE));
    let wanted = match wanted {
        Ok(wanted) => wanted,
        // the catalogs have been compared: this would have been a second opinion
        Err(error) => {
            let what = miette::Diagnostic::help(&error);
            let what = what.map_or_else(|| error.to_string(), |it| format!("{error}: {it}"));
            let what = what.lines().next().unwrap_or_default().to_owned();
            proof.remarks.push(format!("pg_dump could not read the database: {what}"));
            return Ok(());
        }
    };
    let endpoint = shadow.endpoint(scratch, stop);
    let (mut session, _, _) = endpoint.read(&mut |_| {}).await?;
    let dumps = [wanted, found?];
    let left = compared(&mut session, (shadow, &endpoint), &beside.replayed, dumps).await?;
    proof.judged_by_pg_dump = true;
    proof.differences.extend(left.into_iter().map(|it| format!("pg_dump: {it}")));
    Ok(())
}

/// The tables of other tools, which no dump is to have.
async fn others(request: &AdoptRequest<'_>) -> Result<Vec<(String, String)>, JobError> {
    let (mut session, facts, _) = request.endpoint.read(&mut |_| {}).await?;
    let coverage = crate::catalog::Coverage::printing();
    let catalog: Catalog =
        crate::introspect::read(&mut session, facts.server_version, &coverage).await?;
    let mut tables: Vec<(String, String)> =
        tracking(&catalog).into_iter().map(|it| (it.schema, it.name)).collect();
    let schema = &facts.place.schema;
    let is_there =
        |name: &str| catalog.get(&Key::new(ObjectKind::Relation, &[schema, name])).is_some();
    let own = [crate::postgres::journal::DIESEL_TABLE, crate::postgres::journal::TABLE];
    tables.extend(
        own.into_iter().filter(|it| is_there(it)).map(|it| (schema.clone(), it.to_owned())),
    );
    Ok(tables)
}
