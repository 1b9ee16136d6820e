//! What is in the tables of a shadow before a plan and after it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind, RelationKind},
    ddl::{Fill, Loss, Statement},
    job::JobError,
    planner::segment::Segment,
    postgres::{
        session::{Message, Session},
        session_error::SessionError,
    },
    words::ident::{Ident, Qualified},
};

/// The rows of tables.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows(BTreeMap<Key, Table>);

#[derive(Debug, Clone)]
struct Table {
    count: String,
    /// By column: the type, and a digest of the values.
    columns: BTreeMap<String, (String, String)>,
}

/// A table by its name.
pub(super) fn qualified(table: &Key) -> Qualified<'_> {
    Qualified { schema: table.part(0), name: table.part(1) }
}

/// The tables that statements speak of.
fn spoken_of<'c>(catalog: &'c Catalog, segments: &[Segment]) -> BTreeSet<&'c Key> {
    let statements = segments.iter().flat_map(|it| &it.statements);
    let tables = statements.flat_map(Statement::relations);
    let tables = tables.filter_map(|key| catalog.entry(&key));
    tables
        .filter(|(_, fact)| fact.relation_kind().is_some_and(RelationKind::is_table))
        .map(|(key, _)| key)
        .collect()
}

/// The same with those that their rows refer to.
pub(super) fn needed<'c>(catalog: &'c Catalog, segments: &[Segment]) -> BTreeSet<&'c Key> {
    let mut all = spoken_of(catalog, segments);
    let mut open: Vec<&Key> = all.iter().copied().collect();
    while let Some(table) = open.pop() {
        let below = catalog.below(ObjectKind::Constraint, &[table.part(0), table.part(1)]);
        let named = |fact: &'c Fact| {
            let parts =
                [fact.get(Attribute::ReferencesSchema)?, fact.get(Attribute::ReferencesTable)?];
            Some(catalog.entry(&Key::new(ObjectKind::Relation, &parts))?.0)
        };
        for (_, fact) in below {
            if let Some(other) = named(fact)
                && all.insert(other)
            {
                open.push(other);
            }
        }
    }
    all
}

/// The text that a value is compared by. That of a row does not depend on the order of its attributes, nor on one that is NULL.
fn text_of(name: &Ident<'_>, fact: &Fact) -> String {
    match fact.get(Attribute::TypeSchema) {
        Some("pg_catalog") => format!("{name}::text"),
        _ => format!("replace(jsonb_strip_nulls(to_jsonb({name}))::text, '\"', '')"),
    }
}

impl Rows {
    /// Reads the tables that statements speak of.
    pub(super) async fn read(
        session: &mut Session<'_>,
        catalog: &Catalog,
        segments: &[Segment],
    ) -> Result<Self, JobError> {
        let is_table = |key: &&Key| catalog.relation_kind(key) == Some(RelationKind::Table);
        let tables = spoken_of(catalog, segments);
        let tables: Vec<&Key> = tables.into_iter().filter(is_table).collect();
        let mut columns = Vec::new();
        let mut queries = Vec::new();
        for table in &tables {
            let below = catalog.below(ObjectKind::Column, &[table.part(0), table.part(1)]);
            let stored = below.filter(|(_, fact)| !fact.is(Attribute::Generated));
            let stored: Vec<(&Key, &Fact)> = stored.collect();
            let digests = stored.iter().map(|(key, fact)| {
                let text = text_of(&Ident(key.part(2)), fact);
                format!(", md5(string_agg(coalesce({text}, 'NULL'), ',' ORDER BY {text}))")
            });
            let name = qualified(table).to_string();
            queries.push(format!(
                "SELECT ARRAY[count(*)::text{}] AS \"row\" FROM ONLY {name}",
                digests.collect::<String>()
            ));
            let types = stored
                .iter()
                .map(|(key, fact)| (key.part(2), fact.get(Attribute::Type).unwrap_or_default()));
            columns.push(types.collect::<Vec<_>>());
        }
        let messages: Vec<Message<'_>> =
            queries.iter().map(|sql| Message::Query(sql, Vec::new())).collect();
        let mut all = BTreeMap::new();
        let replies = session.exchange(&messages, &mut |_| {}).await;
        for ((table, columns), reply) in tables.into_iter().zip(columns).zip(replies) {
            let rows = reply.map_err(SessionError::while_doing("reading rows"))?;
            let row = rows.into_iter().next().unwrap_or_default();
            let mut values = row.into_iter().map(Option::unwrap_or_default);
            let count = values.next().unwrap_or_default();
            let columns = columns.into_iter().zip(values);
            let columns = columns
                .map(|((name, of), digest)| (name.to_owned(), (of.to_owned(), digest)))
                .collect();
            all.insert(table.clone(), Table { count, columns });
        }
        Ok(Self(all))
    }

    /// What is in another state afterwards, though no statement says that it is lost.
    pub(super) fn lost(&self, after: &Self, segments: &[Segment]) -> Vec<String> {
        let mut lost = Vec::new();
        for (table, was) in &self.0 {
            let Some(is) = after.0.get(table) else {
                continue;
            };
            let name = qualified(table).to_string();
            let says = |it: &Statement| {
                let fills = it.fills.iter().map(Fill::column).any(|column| {
                    (column.part(0), column.part(1)) == (table.part(0), table.part(1))
                });
                fills || it.loses.iter().filter_map(Loss::relation).any(|it| it == *table)
            };
            if segments.iter().flat_map(|it| &it.statements).any(says) {
                continue;
            }
            if was.count != is.count {
                lost.push(format!("{name} had {} rows, and now has {}", was.count, is.count));
                continue;
            }
            for (column, (of, digest)) in &was.columns {
                let now = is.columns.get(column).filter(|it| it.0 == *of);
                if now.is_some_and(|it| it.1 != *digest) {
                    lost.push(format!("{name}.{} has different values", Ident(column)));
                }
            }
        }
        lost
    }
}
