//! Rows that a migration inserts, and the statements that remove them again: found by what the replay has before it and after it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Fact, Key, ObjectKind, RelationKind},
    history::squash::referred_first,
    migration::source::Migration,
    postgres::{
        lock::Locked,
        session::{Failure, Row},
    },
    words::{
        ident::{Ident, Qualified},
        sql::verb,
    },
};

/// Tables with more rows than this have no rows that are removed one by one.
const MANY: usize = 2_000;

/// The rows that are in tables before a migration.
#[derive(Debug, Default)]
pub(super) struct Before(BTreeMap<Key, Vec<String>>);

/// How the rows of a table are told from one another.
#[derive(Debug, PartialEq, Eq)]
struct Telling<'c> {
    columns: Vec<&'c str>,
    /// Whether no two rows have the same values.
    is_key: bool,
    /// Whether rows are in other tables below.
    is_whole: bool,
}

impl<'c> Telling<'c> {
    /// By a key whose values a script gives; else by all values that it gives, and the number that the row got.
    fn of(catalog: &'c Catalog, table: &Key) -> Option<Self> {
        let fact = catalog.get(table)?;
        let is_whole = fact.relation_kind() == Some(RelationKind::PartitionedTable);
        let path = [table.part(0), table.part(1)];
        let below = catalog.below(ObjectKind::Column, &path);
        let stored: Vec<(&str, &Fact)> = below
            .filter(|(_, fact)| !fact.is(Attribute::Generated))
            .map(|(key, fact)| (key.part(2), fact))
            .collect();
        let given = |name: &str| {
            let column = stored.iter().find(|it| it.0 == name);
            column.is_some_and(|(_, fact)| is_given(fact) && fact.is(Attribute::NotNull))
        };
        let keys = |kind| {
            let all = catalog.below(ObjectKind::Constraint, &path);
            let all = all.filter(move |(_, fact)| fact.is_constraint(kind));
            all.map(|(_, fact)| fact.list(Attribute::Columns))
        };
        let primary: Vec<String> = keys(ConstraintKind::PrimaryKey).next().unwrap_or_default();
        let mut candidates = [primary.clone()].into_iter().chain(keys(ConstraintKind::Unique));
        let key = candidates.find(|it| !it.is_empty() && it.iter().all(|name| given(name)));
        let is_key = key.is_some();
        let key = key.unwrap_or_default();
        let belongs = |(name, fact): &(&str, &Fact)| {
            let has = |all: &[String]| all.iter().any(|it| it == name);
            match is_key {
                true => has(&key),
                false => is_given(fact) && is_comparable(fact) || has(&primary) && is_number(fact),
            }
        };
        let columns: Vec<&str> = stored.iter().filter(|it| belongs(it)).map(|it| it.0).collect();
        (!columns.is_empty()).then_some(Self { columns, is_key, is_whole })
    }

    /// The query for the rows: what tells each, then its values as literals.
    fn query(&self, table: &Key) -> String {
        let columns: Vec<String> = self.columns.iter().map(|it| Ident(it).to_string()).collect();
        let literals = columns.iter().map(|it| format!("pg_catalog.quote_nullable({it}::text)"));
        let literals: Vec<String> = literals.collect();
        let only = if self.is_whole { "" } else { "ONLY " };
        format!(
            "SELECT ARRAY[ROW({})::text, {}] AS \"row\" FROM {only}{} LIMIT {}",
            columns.join(", "),
            literals.join(", "),
            name(table),
            MANY + 1
        )
    }

    /// The statements that remove rows.
    fn removal(&self, table: &Key, rows: &[Vec<String>]) -> String {
        let columns: Vec<String> = self.columns.iter().map(|it| Ident(it).to_string()).collect();
        if !self.is_key {
            let one = |row: &Vec<String>| {
                let pairs = columns.iter().zip(row).map(|(column, value)| match value.as_str() {
                    "NULL" => format!("{column} IS NULL"),
                    value => format!("{column} = {value}"),
                });
                let pairs: Vec<String> = pairs.collect();
                format!("DELETE FROM {} WHERE {};\n", name(table), pairs.join(" AND "))
            };
            return rows.iter().map(one).collect();
        }
        let list = |all: &[String]| match all {
            [one] => one.clone(),
            all => format!("({})", all.join(", ")),
        };
        let rows: Vec<String> = rows.iter().map(|it| list(it)).collect();
        format!("DELETE FROM {} WHERE {} IN ({});\n", name(table), list(&columns), rows.join(", "))
    }
}

/// What rows of other tables lose when rows of these are deleted: those that refer to them, and those that refer to these in turn.
fn taken_along(catalog: &Catalog, tables: &BTreeSet<Key>) -> BTreeSet<String> {
    let mut deleted = tables.clone();
    let mut lost = BTreeSet::new();
    loop {
        let before = (deleted.len(), lost.len());
        for (key, fact) in catalog.of_kind(ObjectKind::Constraint) {
            let path = [Attribute::ReferencesSchema, Attribute::ReferencesTable];
            let path = path.map(|it| fact.get(it).unwrap_or_default());
            if !deleted.contains(&Key::new(ObjectKind::Relation, &path)) {
                continue;
            }
            let child = Key::new(ObjectKind::Relation, &[key.part(0), key.part(1)]);
            match fact.get(Attribute::OnDelete) {
                Some("cascade") => {
                    lost.insert(format!("the rows of {} that refer to them", name(&child)));
                    deleted.insert(child);
                }
                Some(action @ ("set null" | "set default")) => {
                    let action = action.to_uppercase();
                    let what = format!("what refers to them in {} ({action})", name(&child));
                    lost.insert(what);
                }
                _ => {}
            }
        }
        if before == (deleted.len(), lost.len()) {
            return lost;
        }
    }
}

/// Whether a column has the value that a script gives it: a default that calls something gives another one each time.
fn is_given(fact: &Fact) -> bool {
    let default = fact.get(Attribute::Default).unwrap_or_default();
    let calls = default.contains('(') || default.contains("CURRENT_") || default.contains("LOCAL");
    !calls && !fact.is(Attribute::Identity)
}

/// Whether values of its type can be compared.
fn is_comparable(fact: &Fact) -> bool {
    const NOT: [&str; 7] = ["json", "xml", "point", "line", "path", "polygon", "circle"];
    let of = fact.get(Attribute::Type).unwrap_or_default();
    !NOT.contains(&of.trim_start_matches("pg_catalog.").trim_end_matches("[]"))
}

fn is_number(fact: &Fact) -> bool {
    matches!(fact.get(Attribute::Type), Some("smallint" | "integer" | "bigint"))
}

fn name(table: &Key) -> String {
    Qualified { schema: table.part(0), name: table.part(1) }.to_string()
}

/// The tables that a script names, if it may insert rows.
fn named<'c>(catalog: &'c Catalog, migration: &Migration) -> Vec<&'c Key> {
    const VERBS: [&str; 6] = ["insert", "with", "do", "call", "select", "execute"];
    let text = &migration.up.text;
    let statements = migration.up.statements().unwrap_or_default();
    let mut verbs = statements.iter().map(|it| verb(&text[it.span.clone()]).to_lowercase());
    if !verbs.any(|it| VERBS.contains(&it.as_str())) {
        return Vec::new();
    }
    let text = text.to_lowercase();
    let tables = catalog.of_kind(ObjectKind::Relation).filter(|(key, fact)| {
        let kinds = [RelationKind::Table, RelationKind::PartitionedTable];
        let is_table = fact.relation_kind().is_some_and(|it| kinds.contains(&it));
        is_table && !fact.is(Attribute::Extension) && text.contains(&key.part(1).to_lowercase())
    });
    tables.map(|(key, _)| key).collect()
}

async fn rows(
    locked: &mut Locked<'_>,
    telling: &Telling<'_>,
    table: &Key,
) -> Result<Option<Vec<Row>>, Failure> {
    match locked.session.query(&telling.query(table), Vec::new()).await {
        Ok(rows) if rows.len() <= MANY => Ok(Some(rows)),
        Ok(_) | Err(Failure::Server(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

impl Before {
    /// Reads the rows of the tables that a migration names.
    pub(super) async fn read(
        locked: &mut Locked<'_>,
        catalog: &Catalog,
        migration: &Migration,
    ) -> Result<Self, Failure> {
        let mut all = BTreeMap::new();
        for table in named(catalog, migration) {
            let Some(telling) = Telling::of(catalog, table) else { continue };
            if let Some(rows) = rows(locked, &telling, table).await? {
                let told = rows.into_iter().filter_map(|it| it.into_iter().next().flatten());
                all.insert(table.clone(), told.collect());
            }
        }
        Ok(Self(all))
    }

    /// The statements that remove what is there since then, those that refer to others first. A table whose rows are told in another way
    /// now is left alone.
    pub(super) async fn removal(
        &self,
        locked: &mut Locked<'_>,
        (before, after): (&Catalog, &Catalog),
    ) -> Result<String, Failure> {
        let tables: BTreeSet<Key> = self.0.keys().cloned().collect();
        let (mut text, mut emptied) = (String::new(), BTreeSet::new());
        for table in referred_first(after, &tables).iter().rev() {
            let Some(telling) = Telling::of(after, table) else { continue };
            if Telling::of(before, table).as_ref() != Some(&telling) {
                continue;
            }
            let Some(rows) = rows(locked, &telling, table).await? else { continue };
            let known = self.0.get(table).map(Vec::as_slice).unwrap_or_default();
            let mut seen: BTreeSet<&str> = known.iter().map(String::as_str).collect();
            let rows: Vec<Vec<String>> =
                rows.into_iter().map(|it| it.into_iter().flatten().collect()).collect();
            let mut new = Vec::new();
            for row in &rows {
                let Some((told, values)) = row.split_first() else { continue };
                if seen.insert(told) {
                    new.push(values.to_vec());
                }
            }
            if !new.is_empty() {
                text += &telling.removal(table, &new);
                emptied.insert(table.clone());
            }
        }
        let along = taken_along(after, &emptied);
        let along = along.iter().map(|it| format!("-- deletes-data: {it}\n"));
        Ok(along.collect::<String>() + &text)
    }
}
