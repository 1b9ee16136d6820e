//! The tables in which other tools keep what they ran.

use std::collections::BTreeSet;

use crate::{
    catalog::{Catalog, Fact, Key, ObjectKind, RelationKind},
    tools::Tool,
    words::ident::Qualified,
};

/// A table of a tool.
struct Known {
    tool: Tool,
    name: &'static str,
    columns: &'static [&'static str],
    /// Whether it has no other columns: its name alone says little.
    is_exact: bool,
}

const fn known(tool: Tool, name: &'static str, columns: &'static [&'static str]) -> Known {
    Known { tool, name, columns, is_exact: false }
}

const fn exactly(tool: Tool, name: &'static str, columns: &'static [&'static str]) -> Known {
    Known { tool, name, columns, is_exact: true }
}

const FLYWAY: &[&str] =
    &["installed_rank", "version", "description", "type", "script", "checksum", "success"];

/// Every table but Alembic's, which may have any name; its tool's own first.
const KNOWN: [Known; 23] = [
    known(Tool::Sqlx, "_sqlx_migrations", &["version", "description", "success", "checksum"]),
    exactly(
        Tool::Refinery,
        "refinery_schema_history",
        &["version", "name", "applied_on", "checksum"],
    ),
    known(Tool::Flyway, "flyway_schema_history", FLYWAY),
    known(Tool::Flyway, "schema_version", FLYWAY),
    exactly(Tool::GolangMigrate, "schema_migrations", &["version", "dirty"]),
    exactly(Tool::Dbmate, "schema_migrations", &["version"]),
    known(
        Tool::Prisma,
        "_prisma_migrations",
        &["id", "checksum", "finished_at", "migration_name", "rolled_back_at", "started_at"],
    ),
    exactly(Tool::SeaOrm, "seaql_migrations", &["version", "applied_at"]),
    exactly(Tool::Rails, "ar_internal_metadata", &["key", "value", "created_at", "updated_at"]),
    exactly(Tool::Django, "django_migrations", &["id", "app", "name", "applied"]),
    exactly(Tool::Knex, "knex_migrations", &["id", "name", "batch", "migration_time"]),
    exactly(Tool::Knex, "knex_migrations_lock", &["index", "is_locked"]),
    exactly(Tool::Drizzle, "__drizzle_migrations", &["id", "hash", "created_at"]),
    exactly(Tool::Goose, "goose_db_version", &["id", "version_id", "is_applied", "tstamp"]),
    known(Tool::Liquibase, "databasechangelog", &["id", "author", "filename", "md5sum"]),
    known(Tool::Liquibase, "databasechangeloglock", &["id", "locked", "lockgranted"]),
    known(Tool::Atlas, "atlas_schema_revisions", &["version", "description", "applied", "hash"]),
    known(Tool::Sqitch, "changes", &["change_id", "script_hash", "change", "project"]),
    known(Tool::Sqitch, "tags", &["tag_id", "tag", "project", "change_id"]),
    known(Tool::Sqitch, "dependencies", &["change_id", "type", "dependency", "dependency_id"]),
    known(Tool::Sqitch, "events", &["event", "change_id", "change", "project", "requires"]),
    known(Tool::Sqitch, "projects", &["project", "uri", "creator_name", "creator_email"]),
    known(Tool::Sqitch, "releases", &["version", "installer_name", "installer_email"]),
];

/// A table of another tool in a database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// The tool.
    pub tool: Tool,
    /// The schema.
    pub schema: String,
    /// The table.
    pub name: String,
}

impl Found {
    /// Its name, for SQL.
    #[must_use]
    pub(crate) fn qualified(&self) -> String {
        Qualified { schema: &self.schema, name: &self.name }.to_string()
    }
}

/// The tables of other tools in a database: by name and columns, so that a table of somebody's own with such a name is none.
#[must_use]
pub(crate) fn tracking(catalog: &Catalog) -> Vec<Found> {
    let tables = catalog.of_kind(ObjectKind::Relation);
    let tables = tables.filter(|(_, fact)| fact.relation_kind() == Some(RelationKind::Table));
    let found = tables.filter_map(|(key, _)| found(catalog, key));
    let mut all: Vec<Found> = found.collect();
    // Rails' table is called as dbmate's is, and has another one beside it
    let rails: BTreeSet<String> =
        all.iter().filter(|it| it.tool == Tool::Rails).map(|it| it.schema.clone()).collect();
    for table in &mut all {
        if table.tool == Tool::Dbmate && rails.contains(&table.schema) {
            table.tool = Tool::Rails;
        }
    }
    all
}

/// Schemas that a tool makes for its tables alone.
const SCHEMAS: [&str; 3] = ["atlas_schema_revisions", "drizzle", "sqitch"];

/// A catalog without the tables of other tools, and without what belongs to them.
#[must_use]
pub(crate) fn without(mut catalog: Catalog) -> Catalog {
    let tables = tracking(&catalog);
    if tables.is_empty() {
        return catalog;
    }
    let key = |it: &Found| Key::new(ObjectKind::Relation, &[&it.schema, &it.name]);
    let keys: BTreeSet<Key> = tables.iter().map(key).collect();
    let is_of = |key: &Key, fact: &Fact| key.relation(fact).is_some_and(|it| keys.contains(&it));
    let sequences = catalog.of_kind(ObjectKind::Sequence).filter(|(key, fact)| is_of(key, fact));
    let sequences: BTreeSet<(String, String)> =
        sequences.map(|(key, _)| (key.part(0).to_owned(), key.part(1).to_owned())).collect();
    let own = |schema: &str| {
        let is_own = SCHEMAS.contains(&schema) && tables.iter().any(|it| it.schema == schema);
        is_own && catalog.below(ObjectKind::Relation, &[schema]).all(|(key, _)| keys.contains(key))
    };
    let schemas: Vec<&str> = SCHEMAS.into_iter().filter(|it| own(it)).collect();
    catalog.retain(|key, fact| {
        let is_of_own = match key.kind() {
            ObjectKind::Schema => schemas.contains(&key.part(0)),
            ObjectKind::Grant if key.part(0) == "schema" => schemas.contains(&key.part(1)),
            ObjectKind::Grant if key.part(0) == "sequence" => {
                sequences.contains(&(key.part(1).to_owned(), key.part(2).to_owned()))
            }
            _ => schemas.contains(&key.part(0)) && key.kind() != ObjectKind::Grant,
        };
        !is_of_own && !is_of(key, fact)
    });
    catalog
}

fn found(catalog: &Catalog, key: &Key) -> Option<Found> {
    let mut candidates = KNOWN.iter().filter(|it| it.name == key.part(1)).peekable();
    let mut columns = catalog.below(ObjectKind::Column, &[key.part(0), key.part(1)]).peekable();
    // Alembic's may have any name
    let is_alembic = |key: &Key| key.part(2) == "version_num";
    if candidates.peek().is_none() && !columns.peek().is_some_and(|it| is_alembic(it.0)) {
        return None;
    }
    let columns: BTreeSet<&str> = columns.map(|(key, _)| key.part(2)).collect();
    let (schema, name) = (key.part(0).to_owned(), key.part(1).to_owned());
    if columns.len() == 1 && columns.contains("version_num") {
        return Some(Found { tool: Tool::Alembic, schema, name });
    }
    let is_it = |it: &&Known| {
        let has_all = it.columns.iter().all(|name| columns.contains(name));
        let is_in_place = it.tool != Tool::Sqitch || key.part(0) == "sqitch";
        has_all && is_in_place && (!it.is_exact || it.columns.len() == columns.len())
    };
    let known = candidates.find(is_it)?;
    Some(Found { tool: known.tool, schema, name })
}

/// The query for what a tool has run: what it is called there, when it ran, its checksum, and how it ended. None for a tool whose files
/// are not converted.
#[must_use]
pub(crate) fn rows(table: &Found) -> Option<String> {
    let time = |column: &str| format!("pg_catalog.to_char({column}, 'YYYY-MM-DD HH24:MI:SS')");
    let columns = match table.tool {
        Tool::Alembic => "version_num::text, NULL, NULL, 'done'".to_owned(),
        Tool::Dbmate => "version::text, NULL, NULL, 'done'".to_owned(),
        Tool::GolangMigrate => {
            "version::text, NULL, NULL, CASE WHEN dirty THEN 'failed' ELSE 'done' END".to_owned()
        }
        Tool::Sqlx => format!(
            "version::text, {}, pg_catalog.encode(checksum, 'hex'), CASE WHEN success THEN 'done' ELSE 'failed' END",
            time("pg_catalog.timezone('UTC', installed_on)")
        ),
        Tool::Refinery => "version::text, applied_on::text, checksum::text, 'done'".to_owned(),
        Tool::Prisma => format!(
            "migration_name::text, {}, checksum::text, CASE WHEN rolled_back_at IS NOT NULL THEN 'reverted' WHEN finished_at IS NULL THEN 'failed' ELSE 'done' END",
            time("pg_catalog.timezone('UTC', finished_at)")
        ),
        Tool::Flyway => format!(
            "COALESCE(version::text, 'R:' || description), {}, checksum::text, CASE WHEN NOT success THEN 'failed' WHEN type ~ '^UNDO|^DELETE' THEN 'reverted' WHEN type = 'SCHEMA' THEN 'nothing' WHEN type = 'BASELINE' THEN 'baseline' ELSE 'done' END",
            time("installed_on")
        ),
        _ => return None,
    };
    let order = match table.tool {
        Tool::Flyway => "installed_rank",
        Tool::Prisma => "started_at",
        Tool::Alembic => "version_num",
        _ => "version",
    };
    Some(format!("SELECT ARRAY[{columns}] AS \"row\" FROM {} ORDER BY {order}", table.qualified()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Attribute, Coverage};

    #[test]
    fn tables_are_known_by_their_columns() {
        for (name, columns, expected) in [
            ("alembic_version", "version_num", Some(Tool::Alembic)),
            ("versions", "version_num", Some(Tool::Alembic)),
            ("alembic_version", "version_num more", None),
            (
                "_sqlx_migrations",
                "version description installed_on success checksum execution_time",
                Some(Tool::Sqlx),
            ),
            ("refinery_schema_history", "version name applied_on checksum", Some(Tool::Refinery)),
            (
                "flyway_schema_history",
                "installed_rank version description type script checksum installed_by installed_on execution_time success",
                Some(Tool::Flyway),
            ),
            ("schema_version", "version", None),
            ("schema_migrations", "version dirty", Some(Tool::GolangMigrate)),
            ("schema_migrations", "version", Some(Tool::Dbmate)),
            ("schema_migrations", "version name", None),
            (
                "_prisma_migrations",
                "id checksum finished_at migration_name logs rolled_back_at started_at applied_steps_count",
                Some(Tool::Prisma),
            ),
            ("seaql_migrations", "version applied_at", Some(Tool::SeaOrm)),
            ("ar_internal_metadata", "key value created_at updated_at", Some(Tool::Rails)),
            ("django_migrations", "id app name applied", Some(Tool::Django)),
            ("knex_migrations", "id name batch migration_time", Some(Tool::Knex)),
            ("goose_db_version", "id version_id is_applied tstamp", Some(Tool::Goose)),
            ("changes", "change_id script_hash change project", None),
            ("visits", "version", None),
        ] {
            let mut catalog = Catalog::new(Coverage::all());
            let table = Fact::of([(Attribute::Kind, Some("table".to_owned()))]);
            catalog.insert(Key::new(ObjectKind::Relation, &["app", name]), table);
            for column in columns.split(' ') {
                catalog
                    .insert(Key::new(ObjectKind::Column, &["app", name, column]), Fact::default());
            }
            let found = tracking(&catalog);
            assert_eq!(found.first().map(|it| it.tool), expected, "{name} {columns}");
        }
    }
}
