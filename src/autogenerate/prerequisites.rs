//! What a database has that its migrations do not make, as SQL: what is there before the first of them.

use std::{collections::BTreeSet, path::Path};

use crate::{
    autogenerate::comparable_of,
    catalog::{Attribute, Catalog, Coverage, Fact, Home, Ignored, Key, ObjectKind},
    introspect::{self, environment},
    job::{
        JobError, Watch,
        failure::AutogenerateError,
        open::Endpoint,
        owner::{ROLE, owned_by, runner},
    },
    migration::{environment::MadeNames, source::Migrations},
    planner::{Target, plan},
    postgres::{session::Stop, session_error::SessionError},
    replay::shadow::{Shadow, end},
};

/// How the file begins: what begins so was written here, and may be written anew.
pub(crate) const HEADER: &str = "-- What exists before the first migration: the database has it, and no migration creates it.
-- `glowplug shadow pin --from-database` writes this file. Review it: what was created by hand is drift and does not belong here.
";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prerequisites {
    /// The SQL.
    pub sql: String,
    /// Whether the migrations make all that is there.
    pub is_empty: bool,
    /// What should be known of it.
    pub notes: Vec<String>,
}

/// Finds what a database has that its migrations do not make, and tries it: it is loaded before a replay. `file` is what it will be called.
///
/// # Errors
/// When the server cannot be reached or refuses, or what is there cannot be written as SQL.
pub(crate) async fn prerequisites(
    database: &Endpoint,
    shadow: &Shadow,
    migrations: &Migrations,
    file: &Path,
    stop: Stop,
    watch: Watch<'_>,
) -> Result<Prerequisites, JobError> {
    let (mut session, facts, _) = database.read(watch).await?;
    let live = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
    let environment = environment::read(&mut session, &database.url, &shadow.own_settings).await?;
    let environment = environment.environment;
    drop(session);
    let path = environment.schemas.clone();
    let mut shadow = shadow.of(environment);
    shadow.prerequisites.clear();
    let runner = runner(&live).unwrap_or(facts.role);
    let live = comparable_of(owned_by(live, &runner), &Ignored::default());

    let scratch = shadow.start_empty().await?;
    let found = look(&shadow.endpoint(&scratch, stop.clone())).await;
    end(scratch).await;
    let (empty, available) = found?;

    let names = MadeNames::of(migrations.texts());
    let is_lacking =
        |key: &Key| key.kind() == ObjectKind::Extension && !available.contains(key.name());
    let mut notes: Vec<String> = live.of_kind(ObjectKind::Extension).map(|it| it.0).filter(|it| is_lacking(it)).map(|key| {
        format!(
            "the extension {} is not installed on this machine, so it and what needs it were left out: install it, or define what is used of it and add `stand_ins = [\"{}\"]` to [shadow]",
            key.name(), key.name()
        )
    }).collect();
    let theirs =
        theirs(live, &empty, |key, fact| is_made(key, fact, &names, &path) || is_lacking(key));
    let target = Target {
        major: shadow.binaries.major(),
        role: ROLE,
        online: false,
        batches: false,
        in_one: true,
        portable: false,
    };
    let statements = plan(&empty, &theirs, &target).map_err(AutogenerateError::Plan)?;
    let mut sql = HEADER.to_owned();
    if !statements.is_empty() {
        sql += "SET check_function_bodies = off;\n";
    }
    for statement in &statements {
        sql += &format!("{};\n", statement.sql());
    }

    shadow.prerequisites = vec![(file.to_owned(), sql.clone())];
    match shadow.replayed(migrations, &Coverage::all(), stop, &mut |_| {}).await {
        Ok(replayed) => end(replayed.prepared.scratch).await,
        Err(error) if error.is_interrupt() => return Err(error),
        Err(error) => notes.push(format!(
            "a replay with it still fails: {error}. Remove what migrations create, or add what they need"
        )),
    }
    Ok(Prerequisites { sql, is_empty: statements.is_empty(), notes })
}

/// Reads an empty database, and which extensions its server could have.
async fn look(endpoint: &Endpoint) -> Result<(Catalog, BTreeSet<String>), JobError> {
    let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
    let empty = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
    let asked = "SELECT ARRAY[name::text] AS \"row\" FROM pg_catalog.pg_available_extensions()";
    let rows = session.query(asked, Vec::new()).await;
    let rows = rows.map_err(SessionError::while_doing("listing the available extensions"))?;
    let names = rows.into_iter().filter_map(|row| row.into_iter().next().flatten());
    Ok((comparable_of(empty, &Ignored::default()), names.collect()))
}

/// Whether scripts make an object, or it is of a kind that holds secrets and hosts.
fn is_made(key: &Key, fact: &Fact, names: &MadeNames, path: &[String]) -> bool {
    let is_in = |schema: &str, name: &str| names.has(schema, name, path);
    match key.kind() {
        ObjectKind::UserMapping | ObjectKind::Subscription | ObjectKind::ForeignServer => true,
        // those of an extension come with it
        _ if fact.is(Attribute::Extension) => false,
        ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Policy | ObjectKind::Constraint => {
            names.has_bare(key.name()) || is_in(key.part(0), key.part(1))
        }
        ObjectKind::Index => names.has_bare(key.name()) || is_in(key.part(0), key.part(1)),
        ObjectKind::Schema
        | ObjectKind::Extension
        | ObjectKind::Publication
        | ObjectKind::EventTrigger => names.has_bare(key.name()),
        kind => match kind.info().home {
            Home::Schema | Home::Relation | Home::BesideRelation => is_in(key.part(0), key.part(1)),
            Home::Database => false,
        },
    }
}

/// What of a catalog is somebody else's: neither is it made, nor does it need what is.
fn theirs(mut live: Catalog, empty: &Catalog, is_made: impl Fn(&Key, &Fact) -> bool) -> Catalog {
    let facts = live.iter().filter(|(key, _)| empty.get(key).is_none());
    let mut made: BTreeSet<Key> =
        facts.filter(|(key, fact)| is_made(key, fact)).map(|it| it.0.clone()).collect();
    loop {
        let needs = |key: &Key, fact: &Fact| {
            let whole = key.relation(fact).is_some_and(|it| it != *key && made.contains(&it));
            let extension =
                fact.get(Attribute::Extension).map(|it| Key::new(ObjectKind::Extension, &[it]));
            let parent = fact.get(Attribute::PartitionOf).and_then(crate::words::ident::split);
            let parent =
                parent.map(|(schema, name)| Key::new(ObjectKind::Relation, &[&schema, &name]));
            whole
                || [extension, parent].into_iter().flatten().any(|it| made.contains(&it))
                || live.dependencies.of(key).any(|it| made.contains(&it.referenced))
        };
        let more = live.iter().filter(|(key, fact)| !made.contains(*key) && needs(key, fact));
        let more: Vec<Key> = more.map(|(key, _)| key.clone()).collect();
        if more.is_empty() {
            break;
        }
        made.extend(more);
    }
    // a privilege for something that goes, goes with it
    let is_for = |key: &Key| {
        let rest: Vec<&str> = key.parts().skip(1).collect();
        let of = |key: &Key| key.parts().eq(rest.iter().take(key.parts().count()).copied());
        key.kind() == ObjectKind::Grant && made.iter().any(of)
    };
    live.retain(|key, _| !made.contains(key) && !is_for(key));
    // whose it is does not matter where nobody compares it
    live.map(|_, fact| {
        if fact.is(Attribute::Owner) {
            fact.set(Attribute::Owner, ROLE.to_owned());
        }
    });
    live
}
