//! What a database and a directory are before they are adopted.

use std::path::Path;

use crate::{
    autogenerate::comparable_of,
    catalog::{Attribute, Catalog, Coverage, Ignored, ObjectKind},
    history::adopt::AdoptRequest,
    introspect,
    job::{JobError, Watch, open::Endpoint},
    migration::journal::Journal,
    postgres::{lock::Facts, session_error::SessionError},
    project::{other, read},
    tools::{
        applied::Row,
        listing::{Place, places},
        recognize::{Recognized, recognize},
        table::{self, Found, tracking},
    },
};

/// What was seen.
pub(super) struct Seen {
    pub(super) facts: Facts,
    pub(super) journal: Journal,
    /// All that the database has.
    pub(super) live: Catalog,
    /// Whether it has tables of its own.
    pub(super) has_tables: bool,
    pub(super) recognized: Recognized,
    /// What the tool has run.
    pub(super) rows: Vec<Row>,
    /// How many migrations there are already.
    pub(super) migrations: usize,
}

/// Looks at the database and the directory.
pub(super) async fn look(request: &AdoptRequest<'_>, watch: Watch<'_>) -> Result<Seen, JobError> {
    let (mut session, facts, journal) = request.endpoint.read(watch).await?;
    let live = introspect::read(&mut session, facts.server_version, &Coverage::all()).await?;
    let tables = tracking(&live);
    let places = own_places(request.root, request.dir);
    let recognized = recognize(&tables, &places, request.tool)?;
    let mut rows = Vec::new();
    if let Some(sql) = recognized.table.as_ref().and_then(table::rows) {
        let read = session.query(&sql, Vec::new()).await;
        let read =
            read.map_err(SessionError::while_doing("reading what the other tool has run"))?;
        rows.extend(read.into_iter().map(Row::read));
    }
    let migrations = match request.dir.is_dir() {
        true => read::migrations(request.dir, &request.dir.display().to_string())?.len(),
        false => 0,
    };
    let has_tables = has_tables(&comparable_of(live.clone(), request.ignored));
    Ok(Seen { facts, journal, live, has_tables, recognized, rows, migrations })
}

/// Whether a database has relations, types or routines that no extension has brought.
fn has_tables(catalog: &Catalog) -> bool {
    let kinds = [
        ObjectKind::Relation,
        ObjectKind::Routine,
        ObjectKind::Enum,
        ObjectKind::Domain,
        ObjectKind::Composite,
    ];
    let mut all = kinds.into_iter().flat_map(|kind| catalog.of_kind(kind));
    all.any(|(_, fact)| !fact.is(Attribute::Extension))
}

/// The directories of tools in a project, without what adopting has written itself.
fn own_places(root: &Path, dir: &Path) -> Vec<Place> {
    let mut files = other::listing(root);
    let own = dir.strip_prefix(root).ok().and_then(Path::to_str).map(str::to_owned);
    if let Some(own) = own.filter(|it| !it.is_empty()) {
        // our migrations are directories of this one, and the files in it are the tool's
        let is_ours = |path: &str| {
            let rest = path.strip_prefix(&own).and_then(|it| it.strip_prefix('/'));
            rest.is_some_and(|it| it.ends_with("/up.sql") || it.ends_with("/down.sql"))
        };
        files.retain(|it| !is_ours(&it.path));
    }
    places(&files)
}

/// What another tool has in a project or in its database, for whoever begins a new one: none if nothing was found. A database that
/// does not answer counts as one that has nothing.
pub(crate) async fn found(
    root: &Path,
    dir: &Path,
    endpoint: Option<&Endpoint>,
    watch: Watch<'_>,
) -> Option<String> {
    let places = own_places(root, dir);
    let mut tables: Vec<Found> = Vec::new();
    let mut database = None;
    if let Some(endpoint) = endpoint
        && let Ok((mut session, facts, journal)) = endpoint.read(watch).await
        && journal.applied.is_empty()
        && let Ok(catalog) =
            introspect::read(&mut session, facts.server_version, &Coverage::printing()).await
    {
        tables = tracking(&catalog);
        let own = comparable_of(catalog, &Ignored::default());
        database = has_tables(&own).then_some(facts.database);
    }
    let place = places.iter().max_by_key(|it| it.count);
    match (tables.first(), place, database) {
        (Some(table), _, _) => Some(format!(
            "the database has the table {}.{} of {}",
            table.schema,
            table.name,
            table.tool.label()
        )),
        (None, Some(place), _) => {
            let dir = if place.dir.is_empty() { "." } else { &place.dir };
            Some(format!("{dir} contains migrations of {}", place.tool.label()))
        }
        (None, None, Some(database)) => Some(format!("the database {database} already has tables")),
        (None, None, None) => None,
    }
}
