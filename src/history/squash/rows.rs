//! The rows that migrations leave in tables: counted, compared, and written as statements.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind, RelationKind},
    job::{JobError, Watch, open::Endpoint},
    postgres::{
        session::{Message, Row, Session},
        session_error::SessionError,
    },
    words::ident::{Ident, Literal, Qualified, split},
};

/// What is in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) count: u64,
    digest: String,
}

/// How far a sequence has counted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counted {
    last: String,
    is_called: bool,
}

/// The rows of all tables, and the sequences.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) tables: BTreeMap<Key, Content>,
    sequences: BTreeMap<Key, Counted>,
    /// The statements that write the rows of those tables that have some, by table.
    pub(super) written: BTreeMap<Key, String>,
}

/// So many rows are one statement.
const MANY: usize = 500;

/// The label of a table, for people and for flags.
pub(super) fn label(table: &Key) -> String {
    format!("{}.{}", table.part(0), table.part(1))
}

impl Rows {
    /// Reads what is in all tables of a catalog; with the statements that write it, where `writes`.
    pub(super) async fn read(
        endpoint: &Endpoint,
        catalog: &Catalog,
        writes: bool,
        watch: Watch<'_>,
    ) -> Result<Self, JobError> {
        let (mut session, _, _) = endpoint.read(watch).await?;
        let tables: Vec<&Key> = tables(catalog).collect();
        let counts: Vec<String> = tables.iter().map(|it| content(catalog, it)).collect();
        let mut rows = Self::default();
        for (table, row) in tables.iter().zip(ask(&mut session, &counts).await?) {
            let mut values = row.into_iter().flatten().flatten();
            let count = values.next().and_then(|it| it.parse().ok()).unwrap_or_default();
            let digest = values.next().unwrap_or_default();
            rows.tables.insert((*table).clone(), Content { count, digest });
        }
        let sequences = catalog.of_kind(ObjectKind::Sequence);
        let sequences = sequences.filter(|(_, fact)| !fact.is(Attribute::Extension));
        let sequences: Vec<&Key> = sequences.map(|(key, _)| key).collect();
        let states = sequences.iter().map(|key| {
            format!("SELECT ARRAY[last_value::text, is_called::text] AS \"row\" FROM {}", name(key))
        });
        let states: Vec<String> = states.collect();
        for (key, row) in sequences.iter().zip(ask(&mut session, &states).await?) {
            let mut values = row.into_iter().flatten().flatten();
            let last = values.next().unwrap_or_default();
            let is_called = values.next().is_some_and(|it| it == "true");
            rows.sequences.insert((*key).clone(), Counted { last, is_called });
        }
        let filled = |it: &&&Key| writes && rows.tables.get(**it).is_some_and(|it| it.count > 0);
        let filled: Vec<&Key> = tables.iter().filter(filled).copied().collect();
        let queries: Vec<String> = filled.iter().map(|it| values(catalog, it)).collect();
        for (table, values) in filled.iter().zip(ask(&mut session, &queries).await?) {
            let text = inserts(catalog, table, &values);
            rows.written.insert((*table).clone(), text);
        }
        Ok(rows)
    }

    /// The statements that write the rows of some tables: what others refer to comes first.
    pub(super) fn script(&self, catalog: &Catalog, tables: &BTreeSet<Key>) -> String {
        let order = referred_first(catalog, tables);
        let filled: Vec<&Key> = order.iter().filter(|it| self.written.contains_key(it)).collect();
        let around = Around::of(catalog, &filled, |it| self.is_one_statement(it));
        let mut script = around.before.clone();
        for table in &filled {
            script += self.written.get(table).map(String::as_str).unwrap_or_default();
        }
        script += &around.after;
        let has_moved = |(key, counted): &(&Key, &Counted)| {
            let start = catalog.get(key).and_then(|it| it.get(Attribute::Start)).unwrap_or("1");
            counted.is_called || counted.last != start
        };
        for (key, counted) in self.sequences.iter().filter(has_moved) {
            if owner(catalog, key).is_none_or(|it| tables.contains(&it)) {
                let (sequence, last) = (Literal(&name(key)).to_string(), &counted.last);
                let is_called = counted.is_called;
                writeln!(script, "SELECT pg_catalog.setval({sequence}, {last}, {is_called});")
                    .unwrap_or_default();
            }
        }
        if !filled.is_empty() {
            for view in views_in_order(catalog) {
                writeln!(script, "REFRESH MATERIALIZED VIEW {};", name(&view)).unwrap_or_default();
            }
        }
        script
    }

    fn is_one_statement(&self, table: &Key) -> bool {
        self.tables.get(table).is_some_and(|it| it.count <= MANY as u64)
    }

    /// What is in another state in the other, apart from the tables that are left out, for people.
    pub(super) fn differences(
        &self,
        catalog: &Catalog,
        other: &Self,
        left_out: &BTreeSet<Key>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        for (table, content) in self.tables.iter().filter(|(it, _)| !left_out.contains(it)) {
            match other.tables.get(table) {
                Some(it) if it == content => {}
                Some(it) if it.count == content.count => {
                    found.push(format!("{} has different rows", label(table)));
                }
                it => {
                    let count = it.map(|it| it.count).unwrap_or_default();
                    let wanted = content.count;
                    found.push(format!("{} has {count} rows instead of {wanted}", label(table)));
                }
            }
        }
        for (key, counted) in &self.sequences {
            let is_left_out = owner(catalog, key).is_some_and(|it| left_out.contains(&it));
            if !is_left_out && other.sequences.get(key) != Some(counted) {
                found.push(format!("the sequence {} has counted differently", label(key)));
            }
        }
        found
    }
}

/// The tables that have rows of their own.
fn tables(catalog: &Catalog) -> impl Iterator<Item = &Key> {
    let all = catalog.of_kind(ObjectKind::Relation);
    let own = all.filter(|(_, fact)| {
        fact.relation_kind() == Some(RelationKind::Table) && !fact.is(Attribute::Extension)
    });
    own.map(|(key, _)| key)
}

fn name(key: &Key) -> String {
    Qualified { schema: key.part(0), name: key.part(1) }.to_string()
}

/// The columns that are stored, by name.
fn columns<'c>(catalog: &'c Catalog, table: &Key) -> Vec<(&'c str, &'c Fact)> {
    let below = catalog.below(ObjectKind::Column, &[table.part(0), table.part(1)]);
    let stored = below.filter(|(_, fact)| !fact.is(Attribute::Generated));
    stored.map(|(key, fact)| (key.part(2), fact)).collect()
}

/// The query for how many rows there are and a digest of them, whatever the order of the columns.
fn content(catalog: &Catalog, table: &Key) -> String {
    let columns = columns(catalog, table);
    let names: Vec<String> = columns.iter().map(|(name, _)| Ident(name).to_string()).collect();
    let row = match names.is_empty() {
        true => "''".to_owned(),
        false => format!("ROW({})::text", names.join(", ")),
    };
    format!(
        "SELECT ARRAY[pg_catalog.count(*)::text, pg_catalog.md5(pg_catalog.string_agg(line, E'\\n' ORDER BY line COLLATE \"C\"))] AS \"row\" FROM (SELECT {row} AS line FROM ONLY {}) AS rows",
        name(table)
    )
}

/// The query for the rows as lists of literals, in the order in which they lie.
fn values(catalog: &Catalog, table: &Key) -> String {
    let value =
        |name: &str| format!("COALESCE(pg_catalog.quote_literal({}::text), 'NULL')", Ident(name));
    let columns = columns(catalog, table);
    let all: Vec<String> = columns.iter().map(|(name, _)| value(name)).collect();
    let all = match all.is_empty() {
        true => "''".to_owned(),
        false => all.join(" || ', ' || "),
    };
    format!("SELECT ARRAY['(' || {all} || ')'] AS \"row\" FROM ONLY {} ORDER BY ctid", name(table))
}

/// The statements that write rows.
fn inserts(catalog: &Catalog, table: &Key, values: &[Row]) -> String {
    let columns = columns(catalog, table);
    let names: Vec<String> = columns.iter().map(|(name, _)| Ident(name).to_string()).collect();
    let is_identity = columns.iter().any(|(_, fact)| fact.is(Attribute::Identity));
    let overriding = if is_identity { " OVERRIDING SYSTEM VALUE" } else { "" };
    let mut text =
        format!("-- {} rows of {}, as the migrations leave them\n", values.len(), name(table));
    let lines: Vec<&str> = values.iter().filter_map(|row| row.first()?.as_deref()).collect();
    for lines in lines.chunks(MANY) {
        let head = format!("INSERT INTO {} ({}){overriding} VALUES", name(table), names.join(", "));
        let rows: Vec<String> = lines.iter().map(|it| format!("\n    {it}")).collect();
        text += &match names.is_empty() {
            true => format!("INSERT INTO {} DEFAULT VALUES;\n", name(table)).repeat(lines.len()),
            false => format!("{head}{};\n", rows.join(",")),
        };
    }
    text
}

/// What stands before the rows, and behind them.
#[derive(Default)]
struct Around {
    before: String,
    after: String,
}

impl Around {
    /// Triggers that users made are asleep meanwhile: what they did before is in the rows. Foreign keys of tables that refer to one another
    /// are judged when all rows are there.
    fn of(catalog: &Catalog, order: &[&Key], is_one_statement: impl Fn(&Key) -> bool) -> Self {
        let mut around = Self::default();
        let (mut awake, mut strict) = (String::new(), String::new());
        let mut is_deferred = false;
        for (place, table) in order.iter().enumerate() {
            let path = [table.part(0), table.part(1)];
            let alter = format!("ALTER TABLE {}", name(table));
            let mut triggers = catalog.below(ObjectKind::Trigger, &path).map(|it| it.1).peekable();
            if triggers.peek().is_some() && triggers.all(|it| !it.is(Attribute::Enabled)) {
                around.before += &format!("{alter} DISABLE TRIGGER USER;\n");
                awake += &format!("{alter} ENABLE TRIGGER USER;\n");
            }
            for (key, fact) in catalog.below(ObjectKind::Constraint, &path) {
                let Some(other) = fact.referenced_table() else { continue };
                is_deferred |= fact.is(Attribute::Deferrable);
                // what a table refers to is there already, unless they refer to one another
                let others = with_partitions(catalog, &other);
                let first = place + usize::from(is_one_statement(table));
                let is_later = order[first..].iter().any(|it| others.contains(it));
                let is_own = !fact.is(Attribute::Inherited) && !fact.is(Attribute::Deferrable);
                if is_later && is_own {
                    is_deferred = true;
                    let alter = format!("{alter} ALTER CONSTRAINT {}", Ident(key.part(2)));
                    around.before += &format!("{alter} DEFERRABLE;\n");
                    strict += &format!("{alter} NOT DEFERRABLE;\n");
                }
            }
        }
        if is_deferred {
            around.before += "SET CONSTRAINTS ALL DEFERRED;\n";
            // no table can be altered while something of it is to be judged
            around.after += "SET CONSTRAINTS ALL IMMEDIATE;\n";
        }
        around.after += &(strict + &awake);
        around
    }
}

/// The materialized views that have rows, each behind those that it reads.
fn views_in_order(catalog: &Catalog) -> Vec<Key> {
    fn visit(catalog: &Catalog, view: &Key, done: &mut Vec<Key>, seen: &mut BTreeSet<Key>) {
        if !seen.insert(view.clone()) {
            return;
        }
        for it in catalog.dependencies.of(view) {
            let other = match it.referenced.kind() {
                ObjectKind::Column => {
                    let path = [it.referenced.part(0), it.referenced.part(1)];
                    Key::new(ObjectKind::Relation, &path)
                }
                _ => it.referenced.clone(),
            };
            visit(catalog, &other, done, seen);
        }
        let is_filled = catalog.get(view).is_some_and(|it| {
            it.relation_kind() == Some(RelationKind::MaterializedView)
                && !it.is(Attribute::Unpopulated)
        });
        if is_filled {
            done.push(view.clone());
        }
    }
    let (mut done, mut seen) = (Vec::new(), BTreeSet::new());
    for (view, fact) in catalog.of_kind(ObjectKind::Relation) {
        if fact.relation_kind() == Some(RelationKind::MaterializedView) {
            visit(catalog, view, &mut done, &mut seen);
        }
    }
    done
}

/// The table whose column counts with a sequence.
fn owner(catalog: &Catalog, sequence: &Key) -> Option<Key> {
    let fact = catalog.get(sequence)?;
    let lists = [Attribute::OwnedBy, Attribute::IdentityOf].map(|it| fact.list(it));
    let place = lists.into_iter().find(|it| it.len() >= 2)?;
    Some(Key::new(ObjectKind::Relation, &[&place[0], &place[1]]))
}

/// A table, and those that are its partitions, at any depth.
fn with_partitions(catalog: &Catalog, table: &Key) -> Vec<Key> {
    let mut all = vec![table.clone()];
    let mut at = 0;
    while let Some(parent) = all.get(at).cloned() {
        let parts = catalog.of_kind(ObjectKind::Relation);
        let parts = parts.filter(|(_, fact)| {
            let of = fact.get(Attribute::PartitionOf).and_then(split);
            of.is_some_and(|(schema, name)| {
                (schema.as_str(), name.as_str()) == (parent.part(0), parent.part(1))
            })
        });
        all.extend(parts.map(|(key, _)| key.clone()));
        at += 1;
    }
    all
}

/// Tables in an order in which foreign keys find what they refer to.
pub(crate) fn referred_first(catalog: &Catalog, tables: &BTreeSet<Key>) -> Vec<Key> {
    fn visit(
        catalog: &Catalog,
        table: &Key,
        all: &BTreeSet<Key>,
        done: &mut Vec<Key>,
        open: &mut Vec<Key>,
    ) {
        if done.contains(table) || open.contains(table) {
            return;
        }
        open.push(table.clone());
        for (_, fact) in catalog.below(ObjectKind::Constraint, &[table.part(0), table.part(1)]) {
            for other in fact.referenced_table().iter().flat_map(|it| with_partitions(catalog, it))
            {
                if all.contains(&other) {
                    visit(catalog, &other, all, done, open);
                }
            }
        }
        open.pop();
        done.push(table.clone());
    }
    let mut done = Vec::new();
    for table in tables {
        visit(catalog, table, tables, &mut done, &mut Vec::new());
    }
    done
}

/// Asks queries at once, and gives the rows of each.
async fn ask(session: &mut Session<'_>, queries: &[String]) -> Result<Vec<Vec<Row>>, JobError> {
    let messages = queries.iter().map(|sql| Message::Query(sql, Vec::new()));
    let messages: Vec<Message<'_>> = messages.collect();
    let replies = session.exchange(&messages, &mut |_| {}).await.into_iter();
    let rows = replies.map(|reply| reply.map_err(SessionError::while_doing("reading rows")));
    Ok(rows.collect::<Result<_, _>>()?)
}
