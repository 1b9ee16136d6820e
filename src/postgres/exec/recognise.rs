//! Asks the catalog whether a statement that cannot run in a transaction took effect.

use crate::{
    postgres::session::{Failure, Row, Session},
    words::{
        ident::Qualified,
        sql::{Kind, Name},
    },
};

/// What the catalog says of a statement that was started.
pub(super) enum Effect {
    /// It took effect.
    Done,
    /// It did not, or may be repeated.
    None,
    /// It did half; this finishes it.
    Finalize(String),
    /// The catalog cannot tell.
    Unknown,
}

/// An index of a table.
pub(super) struct Index {
    schema: String,
    pub(super) name: String,
    pub(super) is_valid: bool,
    pub(super) is_being_built: bool,
}

impl Index {
    pub(super) fn qualified(&self) -> String {
        Qualified {
            schema: &self.schema,
            name: &self.name,
        }
        .to_string()
    }
}

/// The indexes of a table; none if there is no such table.
pub(super) async fn indexes(session: &mut Session<'_>, table: &str) -> Result<Vec<Index>, Failure> {
    let sql = include_str!("../sql/indexes.sql");
    let rows = session.query(sql, vec![Some(table.to_owned())]).await?;
    let index = |row: Row| {
        let [schema, name, valid, building] = <[_; 4]>::try_from(row).ok()?;
        Some(Index {
            schema: schema?,
            name: name?,
            is_valid: valid.as_deref() == Some("true"),
            is_being_built: building.as_deref() == Some("true"),
        })
    };
    Ok(rows.into_iter().filter_map(index).collect())
}

/// The names that were noted when an index without a name was started.
pub(super) fn noted(note: Option<&str>) -> Vec<String> {
    note.and_then(|note| serde_json::from_str(note).ok())
        .unwrap_or_default()
}

/// Whether a statement that was started took effect.
pub(super) async fn effect(
    session: &mut Session<'_>,
    kind: &Kind,
    note: Option<&str>,
) -> Result<Effect, Failure> {
    let done_if = |done: bool| if done { Effect::Done } else { Effect::None };
    match kind {
        Kind::CreateIndexConcurrently { index, table, .. } => {
            let before = noted(note);
            let found = indexes(session, &table.to_sql()).await?;
            Ok(done_if(found.iter().any(|found| {
                found.is_valid
                    && match index {
                        Some(index) => found.name == index.name,
                        None => !before.contains(&found.name),
                    }
            })))
        }
        Kind::DropIndexConcurrently { indexes, .. } => {
            for index in indexes {
                if exists(
                    session,
                    "pg_catalog.to_regclass($1) IS NOT NULL",
                    &index.to_sql(),
                )
                .await?
                {
                    return Ok(Effect::None);
                }
            }
            Ok(Effect::Done)
        }
        Kind::DetachConcurrently { table, partition } => detach(session, table, partition).await,
        Kind::CreateDatabase { name } => Ok(done_if(
            exists(session, &has("pg_database", "datname"), name).await?,
        )),
        Kind::DropDatabase { name, .. } => Ok(done_if(
            !exists(session, &has("pg_database", "datname"), name).await?,
        )),
        Kind::CreateTablespace { name } => Ok(done_if(
            exists(session, &has("pg_tablespace", "spcname"), name).await?,
        )),
        Kind::DropTablespace { name, .. } => Ok(done_if(
            !exists(session, &has("pg_tablespace", "spcname"), name).await?,
        )),
        // pg_subscription may be read by superusers only, except for these columns
        Kind::CreateSubscription { name } => Ok(done_if(
            exists(session, &has("pg_subscription", "subname"), name).await?,
        )),
        Kind::DropSubscription { name, .. } => Ok(done_if(
            !exists(session, &has("pg_subscription", "subname"), name).await?,
        )),
        Kind::ReindexConcurrently | Kind::Maintenance | Kind::AlterSystem => Ok(Effect::None),
        _ => Ok(Effect::Unknown),
    }
}

fn has(catalog: &str, column: &str) -> String {
    format!("EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {column} = $1)")
}

async fn exists(session: &mut Session<'_>, test: &str, name: &str) -> Result<bool, Failure> {
    let sql = format!("SELECT ARRAY[({test})::text] AS \"row\"");
    let rows = session.query(&sql, vec![Some(name.to_owned())]).await?;
    Ok(matches!(rows.first().and_then(|row| row.first()), Some(Some(text)) if text == "true"))
}

async fn detach(
    session: &mut Session<'_>,
    table: &Name,
    partition: &Name,
) -> Result<Effect, Failure> {
    let (table, partition) = (table.to_sql(), partition.to_sql());
    let sql = "SELECT ARRAY[inhdetachpending::text] AS \"row\" FROM pg_catalog.pg_inherits \
               WHERE inhparent = pg_catalog.to_regclass($1) AND inhrelid = pg_catalog.to_regclass($2)";
    let rows = session
        .query(sql, vec![Some(table.clone()), Some(partition.clone())])
        .await?;
    Ok(match rows.first().and_then(|row| row.first()) {
        None => Effect::Done,
        Some(Some(pending)) if pending == "true" => Effect::Finalize(format!(
            "ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE"
        )),
        Some(_) => Effect::None,
    })
}
