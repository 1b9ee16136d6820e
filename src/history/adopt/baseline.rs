//! One migration with the whole structure of a database.

use std::collections::BTreeMap;

use crate::{
    autogenerate::{comparable_of, script, way},
    catalog::{Catalog, ConstraintKind, Key, ObjectKind, RelationKind},
    ddl::Statement,
    history::adopt::{AdoptRequest, Draft, look::Seen, rows},
    introspect::Reader,
    job::{
        JobError,
        failure::AdoptError,
        owner::{ROLE, live_for, roles, runner},
        revision,
    },
    migration::{
        links::Links,
        source::{Checks, Metadata, Migration, Migrations, Script},
        version::Version,
    },
    planner::{Target, segment::Segment},
    postgres::session::Stop,
    project::adopted::Origin,
    replay::shadow::{end, make_roles},
    tools::applied::Evidence,
};

/// What stands for the id of a baseline where no tool has one.
const ID: &str = "baseline";

/// Makes the migration.
pub(super) async fn draft(
    request: &AdoptRequest<'_>,
    seen: &Seen,
    stop: Stop,
) -> Result<Draft, JobError> {
    let shadow = request.shadow.like(request.endpoint, &mut |_| {}).await?;
    let major = seen.facts.server_version / 10_000;
    let shadow = shadow.of_major(major);
    let needs = shadow.needs([]);
    let prepared = shadow.start(&needs).await?;
    let planned = async {
        let endpoint = shadow.endpoint(&prepared.scratch, stop);
        let runner = runner(&seen.live).unwrap_or_else(|| seen.facts.role.clone());
        let live = comparable_of(live_for(seen.live.clone(), &runner), request.ignored);
        make_roles(&endpoint, roles(&live)).await?;
        let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
        let read = Reader::default().read(&mut session, facts.server_version).await?;
        let empty = comparable_of(read, request.ignored);
        let live = prepared.given.agreed(&empty, live);
        let target = Target {
            major: facts.server_version / 10_000,
            role: ROLE,
            online: false,
            batches: false,
            in_one: true,
            portable: false,
        };
        Ok::<_, JobError>((way(&empty, &live, &target)?, live))
    };
    let planned = planned.await;
    end(prepared.scratch).await;
    let (segments, live) = planned?;
    let statements: Vec<Statement> = segments.into_iter().flat_map(|it| it.statements).collect();
    let copied = tables(&live, request.rows)?;
    let inserts = rows::inserts(request.endpoint, &live, &copied).await?;
    let up = text(&live, statements, &copied, &inserts);
    let (version, name) = revision::place(request.dir, &Migrations::default(), ID, None)?;
    let migration = migration(version, name, up);
    let ids = seen.rows.iter().map(|it| it.id.clone());
    let mut remarks: Vec<String> = prepared.notes;
    let mut unread: Vec<String> = live.unread.keys().cloned().collect();
    unread.retain(|it| !it.ends_with("this database"));
    if !unread.is_empty() {
        remarks
            .push(format!("not copied, because glowplug does not read it: {}", unread.join(", ")));
    }
    let id = match seen.recognized.tool {
        Some(tool) if !seen.rows.is_empty() => {
            let last = match seen.rows.len() {
                1 => seen.rows[0].id.clone(),
                many => format!("{} and {} before it", last_id(ids), many - 1),
            };
            format!("{} {last}", tool.id())
        }
        _ => ID.to_owned(),
    };
    Ok(Draft {
        origins: vec![Origin {
            name: migration.name.clone(),
            id: id.clone(),
            from: format!("the structure of {}", seen.facts.database),
        }],
        migrations: vec![migration],
        evidence: BTreeMap::from([(id, Evidence::default())]),
        remarks,
        copied,
    })
}

fn last_id(ids: impl Iterator<Item = String>) -> String {
    ids.last().unwrap_or_default()
}

fn migration(version: Version, name: String, up: String) -> Migration {
    Migration {
        version,
        up: Script::new(format!("{name}/up.sql"), up),
        down: None,
        metadata: Metadata::default(),
        links: Links::default(),
        backfill: None,
        checks: Checks::default(),
        name,
    }
}

/// The tables whose rows are wanted.
fn tables(live: &Catalog, names: &[String]) -> Result<Vec<(String, String)>, JobError> {
    let table = |name: &String| {
        let (schema, table) = name.split_once('.').unwrap_or(("public", name));
        let key = Key::new(ObjectKind::Relation, &[schema, table]);
        let is_table = live.relation_kind(&key).is_some_and(RelationKind::is_table);
        match is_table {
            true => Ok((schema.to_owned(), table.to_owned())),
            false => Err(JobError::from(AdoptError::NoRows { name: name.clone() })),
        }
    };
    names.iter().map(table).collect()
}

/// The script: the structure, with rows before what would judge or change them: foreign keys, triggers and rules.
fn text(
    live: &Catalog,
    statements: Vec<Statement>,
    copied: &[(String, String)],
    inserts: &str,
) -> String {
    let written = |statements: &[Statement]| {
        script::text(&[Segment { statements: statements.to_vec(), alone: false }], &[])
    };
    if inserts.is_empty() {
        return written(&statements);
    }
    let is_of = |key: &Key| {
        copied.iter().any(|(schema, name)| key.part(0) == schema && key.part(1) == name)
    };
    let judges = |it: &Statement| {
        it.target.as_ref().is_some_and(|key| match key.kind() {
            ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Policy => is_of(key),
            ObjectKind::Constraint => {
                is_of(key)
                    && live.get(key).is_some_and(|it| it.is_constraint(ConstraintKind::ForeignKey))
            }
            _ => false,
        })
    };
    let makes = |it: &Statement| {
        it.target.as_ref().is_some_and(|key| {
            matches!(
                key.kind(),
                ObjectKind::Relation
                    | ObjectKind::Column
                    | ObjectKind::Constraint
                    | ObjectKind::Inheritance
            ) && is_of(key)
                && !judges(it)
        })
    };
    let made = statements.iter().rposition(makes).map_or(0, |it| it + 1);
    let judged = statements.iter().position(judges).unwrap_or(statements.len());
    let at = judged.max(made);
    let (before, after) = statements.split_at(at);
    let after = if after.is_empty() { String::new() } else { written(after) };
    format!("{}{inserts}{after}", written(before))
}
