//! Asks the catalog whether a statement that cannot run in a transaction took effect.

use serde::{Deserialize, Serialize};

use crate::{
    postgres::session::{Failure, Row, Session},
    words::{
        ident::Qualified,
        sql::{Name, StatementKind},
    },
};

/// What the catalog says of a statement that was started.
pub(super) enum Effect {
    /// It took effect.
    Done,
    /// It did not, or may be repeated.
    None,
    /// The catalog cannot tell.
    Unknown,
}

/// What is remembered of a statement that runs outside of any transaction.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Note {
    /// Before it started, the catalog looked as if it had taken effect.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    was_done: bool,
    /// Indexes that were there before, where only that tells them from what it made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    before: Vec<String>,
    /// Invalid indexes that it left when the server refused it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left: Vec<String>,
}

impl Note {
    /// Reads what an entry remembers.
    pub(super) fn read(note: Option<&str>) -> Self {
        note.and_then(|note| serde_json::from_str(note).ok()).unwrap_or_default()
    }

    /// What an entry is to remember.
    pub(super) fn write(&self) -> Option<String> {
        let text = serde_json::to_string(self).ok();
        text.filter(|text| text != "{}")
    }

    /// Looks around before a statement is started.
    pub(super) async fn before(
        session: &mut Session<'_>,
        kind: &StatementKind,
    ) -> Result<Self, Failure> {
        let mut note = Self::default();
        match kind {
            StatementKind::CreateIndexConcurrently { index: None, table, .. } => {
                let found = indexes(session, Which::OfTable(&table.to_sql())).await?;
                note.before = found.iter().map(Index::qualified).collect();
            }
            StatementKind::ReindexConcurrently => {
                let found = indexes(session, Which::LeftByReindex).await?;
                note.before = found.iter().map(Index::qualified).collect();
            }
            _ => note.was_done = matches!(effect(session, kind, &note).await?, Effect::Done),
        }
        Ok(note)
    }

    /// What is to be remembered of a statement that the server refused.
    pub(super) fn of_left(left: &[Index]) -> Self {
        Self { left: left.iter().map(Index::qualified).collect(), ..Self::default() }
    }

    /// The invalid indexes that a failed build of this kind has left, now.
    pub(super) async fn left_by(
        &self,
        session: &mut Session<'_>,
        kind: &StatementKind,
    ) -> Result<Vec<Index>, Failure> {
        let (name, mut found) = match kind {
            StatementKind::CreateIndexConcurrently { index, table, .. } => (
                index.as_ref().map(|index| &index.name),
                indexes(session, Which::OfTable(&table.to_sql())).await?,
            ),
            StatementKind::ReindexConcurrently => {
                (None, indexes(session, Which::LeftByReindex).await?)
            }
            _ => return Ok(Vec::new()),
        };
        found.retain(|index| {
            !index.is_valid
                && match name {
                    Some(name) => index.name == *name,
                    None => !self.before.contains(&index.qualified()),
                }
        });
        Ok(found)
    }

    /// Those of the noted invalid indexes that are still there, and still invalid.
    pub(super) async fn left(&self, session: &mut Session<'_>) -> Result<Vec<Index>, Failure> {
        let mut left = Vec::new();
        for name in &self.left {
            let found = indexes(session, Which::Named(name)).await?;
            left.extend(found.into_iter().filter(|index| !index.is_valid));
        }
        Ok(left)
    }
}

/// An index.
pub(super) struct Index {
    schema: String,
    pub(super) name: String,
    is_valid: bool,
    pub(super) is_being_built: bool,
}

impl Index {
    pub(super) fn qualified(&self) -> String {
        Qualified { schema: &self.schema, name: &self.name }.to_string()
    }
}

/// Which indexes are meant.
enum Which<'w> {
    /// Those of a table; none if there is no such table.
    OfTable(&'w str),
    /// This one.
    Named(&'w str),
    /// What a REINDEX CONCURRENTLY that failed leaves, by the names that PostgreSQL gives them.
    LeftByReindex,
}

async fn indexes(session: &mut Session<'_>, which: Which<'_>) -> Result<Vec<Index>, Failure> {
    let (which, name) = match which {
        Which::OfTable(name) => ("i.indrelid = pg_catalog.to_regclass($1)", Some(name)),
        Which::Named(name) => ("c.oid = pg_catalog.to_regclass($1)", Some(name)),
        Which::LeftByReindex => {
            (r"NOT i.indisvalid AND c.relname ~ '_cc(new|old)\d*$' AND n.nspname !~ '^pg_'", None)
        }
    };
    let sql = include_str!("../sql/indexes.sql").replace("{which}", which);
    let values = name.map(|name| Some(name.to_owned())).into_iter().collect();
    let rows = session.query(&sql, values).await?;
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

/// Whether a statement that was started took effect.
pub(super) async fn effect(
    session: &mut Session<'_>,
    kind: &StatementKind,
    note: &Note,
) -> Result<Effect, Failure> {
    if note.was_done {
        // it finds what it found before: it does nothing again, or is refused again
        return Ok(Effect::None);
    }
    let done = match kind {
        StatementKind::CreateIndexConcurrently { index, table, .. } => {
            let found = indexes(session, Which::OfTable(&table.to_sql())).await?;
            found.iter().any(|found| {
                found.is_valid
                    && match index {
                        Some(index) => found.name == index.name,
                        None => !note.before.contains(&found.qualified()),
                    }
            })
        }
        StatementKind::DropIndexConcurrently { indexes, .. } => {
            let test = "pg_catalog.to_regclass($1) IS NOT NULL";
            let mut is_left = false;
            for index in indexes {
                is_left |= exists(session, test, &index.to_sql()).await?;
            }
            !is_left
        }
        StatementKind::DetachConcurrently { table, partition } => {
            attachment(session, table, partition).await? == Attachment::None
        }
        StatementKind::CreateDatabase { name } => {
            exists(session, &has("pg_database", "datname"), name).await?
        }
        StatementKind::DropDatabase { name, .. } => {
            !exists(session, &has("pg_database", "datname"), name).await?
        }
        StatementKind::CreateTablespace { name } => {
            exists(session, &has("pg_tablespace", "spcname"), name).await?
        }
        StatementKind::DropTablespace { name, .. } => {
            !exists(session, &has("pg_tablespace", "spcname"), name).await?
        }
        // pg_subscription may be read by superusers only, except for these columns
        StatementKind::CreateSubscription { name } => {
            exists(session, &has("pg_subscription", "subname"), name).await?
        }
        StatementKind::DropSubscription { name, .. } => {
            !exists(session, &has("pg_subscription", "subname"), name).await?
        }
        StatementKind::ReindexConcurrently
        | StatementKind::Maintenance
        | StatementKind::AlterSystem => false,
        _ => return Ok(Effect::Unknown),
    };
    Ok(if done { Effect::Done } else { Effect::None })
}

/// The statement that finishes what an earlier try of this one has begun, if it has.
pub(super) async fn rest(
    session: &mut Session<'_>,
    kind: &StatementKind,
) -> Result<Option<String>, Failure> {
    let StatementKind::DetachConcurrently { table, partition } = kind else {
        return Ok(None);
    };
    let attachment = attachment(session, table, partition).await?;
    Ok((attachment == Attachment::Detaching).then(|| {
        let (table, partition) = (table.to_sql(), partition.to_sql());
        format!("ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE")
    }))
}

fn has(catalog: &str, column: &str) -> String {
    format!("EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {column} = $1)")
}

async fn exists(session: &mut Session<'_>, test: &str, name: &str) -> Result<bool, Failure> {
    let sql = format!("SELECT ARRAY[({test})::text] AS \"row\"");
    let rows = session.query(&sql, vec![Some(name.to_owned())]).await?;
    Ok(matches!(rows.first().and_then(|row| row.first()), Some(Some(text)) if text == "true"))
}

/// How a partition belongs to its table.
#[derive(PartialEq, Eq)]
enum Attachment {
    Attached,
    /// A detach was begun and not finished.
    Detaching,
    None,
}

async fn attachment(
    session: &mut Session<'_>,
    table: &Name,
    partition: &Name,
) -> Result<Attachment, Failure> {
    let sql = "SELECT ARRAY[inhdetachpending::text] AS \"row\" FROM pg_catalog.pg_inherits \
               WHERE inhparent = pg_catalog.to_regclass($1) AND inhrelid = pg_catalog.to_regclass($2)";
    let values = vec![Some(table.to_sql()), Some(partition.to_sql())];
    let rows = session.query(sql, values).await?;
    Ok(match rows.first().and_then(|row| row.first()) {
        None => Attachment::None,
        Some(Some(pending)) if pending == "true" => Attachment::Detaching,
        Some(_) => Attachment::Attached,
    })
}
