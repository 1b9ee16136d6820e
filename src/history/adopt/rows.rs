//! Rows that migrations insert: compared with those of the database, and copied from it.

use std::collections::BTreeMap;

use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Fact, Key, ObjectKind, RelationKind},
    job::{JobError, open::Endpoint},
    postgres::{
        session::{Message, Row, Session},
        session_error::SessionError,
    },
    report::adopt::TableRows,
    words::ident::{Ident, Literal, Qualified},
};

/// More rows than this are no reference data, and are not compared.
const MANY: usize = 10_000;

/// So many rows stand in one statement.
const TOGETHER: usize = 200;

/// Settings under which two servers print the same value in the same way.
const PRINT: &str = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET lc_monetary = 'C'";

const READING: &str = "reading rows";

/// A table, with the columns that hold what was written.
struct Table<'c> {
    key: &'c Key,
    columns: Vec<&'c str>,
    /// The columns of the primary key, with their types.
    primary: Vec<(&'c str, &'c str)>,
    /// Whether a column takes values of its own only when told so.
    overrides: bool,
}

impl<'c> Table<'c> {
    fn of(catalog: &'c Catalog, key: &'c Key) -> Self {
        let (schema, name) = (key.part(0), key.part(1));
        let below: Vec<(&Key, &Fact)> =
            catalog.below(ObjectKind::Column, &[schema, name]).collect();
        let stored = below.iter().filter(|(_, fact)| !fact.is(Attribute::Generated));
        let primary = catalog
            .below(ObjectKind::Constraint, &[schema, name])
            .find(|(_, fact)| fact.is_constraint(ConstraintKind::PrimaryKey))
            .map(|(_, fact)| fact.list(Attribute::Columns))
            .unwrap_or_default();
        let typed = primary.iter().filter_map(|name| {
            let (key, fact) = below.iter().find(|(key, _)| key.part(2) == name)?;
            Some((key.part(2), fact.get(Attribute::Type)?))
        });
        Self {
            columns: stored.map(|(key, _)| key.part(2)).collect(),
            primary: typed.collect(),
            overrides: below
                .iter()
                .any(|(_, fact)| fact.get(Attribute::Identity) == Some("always")),
            key,
        }
    }

    fn name(&self) -> String {
        Qualified { schema: self.key.part(0), name: self.key.part(1) }.to_string()
    }

    /// A digest of a row.
    fn digest(&self) -> String {
        let columns: Vec<String> =
            self.columns.iter().map(|it| format!("t.{}", Ident(it))).collect();
        format!("pg_catalog.md5(ROW({})::text)", columns.join(", "))
    }

    /// The rows: the key as JSON, and a digest of all.
    fn rows(&self) -> String {
        let key: Vec<String> =
            self.primary.iter().map(|(it, _)| format!("t.{}::text", Ident(it))).collect();
        format!(
            "SELECT ARRAY[pg_catalog.jsonb_build_array({})::text, {}] AS \"row\" FROM {} t LIMIT {}",
            key.join(", "),
            self.digest(),
            self.name(),
            MANY + 1
        )
    }

    /// The rows of some keys.
    fn rows_of_keys(&self) -> String {
        let pairs: Vec<String> = self
            .primary
            .iter()
            .enumerate()
            .map(|(at, (name, of))| format!("t.{} = (k.v->>{at})::{of}", Ident(name)))
            .collect();
        format!(
            "SELECT ARRAY[k.v::text, {}] AS \"row\" FROM pg_catalog.jsonb_array_elements($1::text::jsonb) AS k(v) JOIN {} t ON {}",
            self.digest(),
            self.name(),
            pairs.join(" AND ")
        )
    }
}

async fn query(
    session: &mut Session<'_>,
    sql: &str,
    values: Vec<Option<String>>,
) -> Result<Vec<Row>, JobError> {
    let rows = session.query(sql, values).await;
    Ok(rows.map_err(SessionError::while_doing(READING))?)
}

async fn prints(session: &mut Session<'_>) -> Result<(), JobError> {
    for reply in session.exchange(&[Message::Batch(PRINT)], &mut |_| {}).await {
        reply.map_err(SessionError::while_doing(READING))?;
    }
    Ok(())
}

/// Compares the rows that a replay has with those of the database: by primary key, each as a whole.
pub(super) async fn compare(
    replayed: &Endpoint,
    live: &Endpoint,
    catalog: &Catalog,
) -> Result<Vec<TableRows>, JobError> {
    let tables = catalog.of_kind(ObjectKind::Relation);
    // the rows of a partitioned table are those of its partitions
    let tables = tables.filter(|(_, fact)| {
        fact.relation_kind() == Some(RelationKind::Table) && !fact.is(Attribute::Extension)
    });
    let tables: Vec<Table<'_>> = tables.map(|(key, _)| Table::of(catalog, key)).collect();
    let (mut shadow, _, _) = replayed.read(&mut |_| {}).await?;
    let filled: Vec<String> = tables
        .iter()
        .map(|it| format!("SELECT ARRAY[EXISTS (SELECT FROM ONLY {})::text] AS \"row\"", it.name()))
        .collect();
    let messages: Vec<Message<'_>> =
        filled.iter().map(|sql| Message::Query(sql, Vec::new())).collect();
    let mut some = Vec::new();
    let replies = shadow.exchange(&messages, &mut |_| {}).await;
    for (table, reply) in tables.iter().zip(replies) {
        let rows = reply.map_err(SessionError::while_doing(READING))?;
        let is_filled = rows.first().and_then(|it| it.first()?.as_deref()) == Some("true");
        if is_filled {
            some.push(table);
        }
    }
    if some.is_empty() {
        return Ok(Vec::new());
    }
    let (mut database, _, _) = live.read(&mut |_| {}).await?;
    prints(&mut shadow).await?;
    prints(&mut database).await?;
    let mut all = Vec::new();
    for table in some {
        all.push(compare_one(&mut shadow, &mut database, table).await?);
    }
    Ok(all)
}

async fn compare_one(
    shadow: &mut Session<'_>,
    database: &mut Session<'_>,
    table: &Table<'_>,
) -> Result<TableRows, JobError> {
    let name = format!("{}.{}", table.key.part(0), table.key.part(1));
    let mut report = TableRows { table: name, ..TableRows::default() };
    let pair = |row: Row| {
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        (values.next().unwrap_or_default(), values.next().unwrap_or_default())
    };
    let found = query(shadow, &table.rows(), Vec::new()).await?;
    report.rows = found.len();
    if found.len() > MANY {
        report.skipped = Some(format!("it has more than {MANY} rows"));
        return Ok(report);
    }
    if table.primary.is_empty() {
        report.skipped = Some("it has no primary key".into());
        return Ok(report);
    }
    let found: BTreeMap<String, String> = found.into_iter().map(pair).collect();
    let keys = format!("[{}]", found.keys().cloned().collect::<Vec<_>>().join(","));
    let there = database.query(&table.rows_of_keys(), vec![Some(keys)]).await;
    let there = match there {
        Ok(there) => there,
        Err(failure) => {
            report.skipped = Some(failure.to_string());
            return Ok(report);
        }
    };
    let there: BTreeMap<String, String> = there.into_iter().map(pair).collect();
    for (key, digest) in &found {
        match there.get(key) {
            Some(other) if other == digest => report.equal += 1,
            Some(_) => report.changed += 1,
            None => report.missing += 1,
        }
    }
    Ok(report)
}

/// The rows of some tables as INSERT statements, and the numbers that their sequences have come to.
pub(super) async fn inserts(
    endpoint: &Endpoint,
    live: &Catalog,
    tables: &[(String, String)],
) -> Result<String, JobError> {
    if tables.is_empty() {
        return Ok(String::new());
    }
    let (mut session, _, _) = endpoint.read(&mut |_| {}).await?;
    prints(&mut session).await?;
    let mut text = String::new();
    for (schema, name) in tables {
        let key = Key::new(ObjectKind::Relation, &[schema, name]);
        let Some((key, _)) = live.entry(&key) else { continue };
        let table = Table::of(live, key);
        let columns: Vec<String> = table.columns.iter().map(|it| Ident(it).to_string()).collect();
        let values = columns.iter().map(|it| format!("pg_catalog.quote_nullable({it}::text)"));
        let values: Vec<String> = values.collect();
        let order: Vec<String> =
            table.primary.iter().map(|(it, _)| Ident(it).to_string()).collect();
        let order = match order.is_empty() {
            true => String::new(),
            false => format!(" ORDER BY {}", order.join(", ")),
        };
        let sql = format!(
            "SELECT ARRAY[pg_catalog.concat_ws(', ', {})] AS \"row\" FROM {}{order}",
            values.join(", "),
            table.name()
        );
        let rows = query(&mut session, &sql, Vec::new()).await?;
        let rows: Vec<String> =
            rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
        let overriding = if table.overrides { " OVERRIDING SYSTEM VALUE" } else { "" };
        for some in rows.chunks(TOGETHER) {
            let lines: Vec<String> = some.iter().map(|it| format!("    ({it})")).collect();
            text += &format!(
                "INSERT INTO {} ({}){overriding} VALUES\n{};\n",
                table.name(),
                columns.join(", "),
                lines.join(",\n")
            );
        }
        text += &sequences(&mut session, live, key).await?;
    }
    Ok(text)
}

/// Lets the sequences of a table go on where they are.
async fn sequences(
    session: &mut Session<'_>,
    live: &Catalog,
    table: &Key,
) -> Result<String, JobError> {
    let own = live.of_kind(ObjectKind::Sequence);
    let own = own.filter(|(key, fact)| key.relation(fact).as_ref() == Some(table));
    let mut text = String::new();
    for (key, _) in own {
        let name = Qualified { schema: key.part(0), name: key.part(1) }.to_string();
        let sql = format!("SELECT ARRAY[last_value::text, is_called::text] AS \"row\" FROM {name}");
        let rows = query(session, &sql, Vec::new()).await?;
        let row = rows.into_iter().next().unwrap_or_default();
        if let [Some(last), Some(is_called)] = &row[..] {
            text +=
                &format!("SELECT pg_catalog.setval({}, {last}, {is_called});\n", Literal(&name));
        }
    }
    Ok(text)
}
