//! What becomes of tables between two structures: those that change, and their neighbors. For pictures.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalog::{Attribute, Catalog, ConstraintKind, Fact, How, Key, ObjectKind};

/// What becomes of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
    /// It appears.
    Added,
    /// It disappears.
    Dropped,
    /// It stays, and something of it differs.
    Changed,
    /// It stays as it is.
    Same,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ColumnShape {
    /// Its name.
    pub name: String,
    /// Its type, as SQL.
    pub sql_type: String,
    /// The type that it had, if that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Whether it belongs to the primary key.
    pub is_key: bool,
    /// Whether a foreign key leads from it.
    pub is_reference: bool,
    /// Whether it may be NULL.
    pub is_nullable: bool,
    /// What becomes of it.
    pub change: Change,
}

/// Something else of a table that changes, such as an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PartShape {
    /// What it is and what it is called.
    pub name: String,
    /// What becomes of it.
    pub change: Change,
}

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TableShape {
    /// Its name, with its schema in front if that is not `public`.
    pub name: String,
    /// What it is: `table`, `view`, …
    pub kind: String,
    /// What becomes of it.
    pub change: Change,
    /// Its columns, in their order; those that disappear come last.
    pub columns: Vec<ColumnShape>,
    /// What else of it changes.
    pub parts: Vec<PartShape>,
}

/// A foreign key between two of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Reference {
    /// The table that holds it, by its index.
    pub from: usize,
    /// The table that it leads to.
    pub to: usize,
    /// The columns of the first.
    pub columns: Vec<String>,
    /// Whether the columns may be NULL.
    pub is_optional: bool,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Changes {
    /// Tables that change, then their neighbors, each in the order of their names.
    pub tables: Vec<TableShape>,
    /// The foreign keys between them.
    pub references: Vec<Reference>,
    /// Tables that change and are not among them, because there are too many.
    pub left_out: Vec<String>,
}

/// How many tables a picture can hold.
pub(crate) const PICTURE: usize = 30;

impl Changes {
    /// Compares two structures. At most `limit` tables are described: those that change come first.
    #[must_use]
    pub(crate) fn between(before: &Catalog, after: &Catalog, limit: usize) -> Self {
        let found = Found::of(before, after);
        let mut chosen: Vec<Key> = found.changed.iter().cloned().collect();
        let left_out: Vec<String> = chosen.iter().skip(limit).map(name).collect();
        chosen.truncate(limit);
        let is_near = |edge: &&Edge| chosen.contains(&edge.from) || chosen.contains(&edge.to);
        let near = found.edges.iter().filter(is_near).flat_map(|it| [&it.from, &it.to]);
        let near: BTreeSet<&Key> = near.filter(|it| !found.changed.contains(*it)).collect();
        let room = limit - chosen.len();
        let near: Vec<Key> = near.into_iter().take(room).cloned().collect();
        chosen.extend(near);
        let index: BTreeMap<&Key, usize> = chosen.iter().zip(0..).collect();
        let tables = chosen.iter().map(|key| found.table(key)).collect();
        let references = found.edges.iter().filter_map(|edge| {
            Some(Reference {
                from: *index.get(&edge.from)?,
                to: *index.get(&edge.to)?,
                columns: edge.columns.clone(),
                is_optional: edge.is_optional,
                change: edge.change,
            })
        });
        Self { tables, references: references.collect(), left_out }
    }

    /// Whether no table changes.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}

/// A foreign key, by the tables' keys.
struct Edge {
    from: Key,
    to: Key,
    columns: Vec<String>,
    is_optional: bool,
    change: Change,
}

/// Two structures, compared.
struct Found<'c> {
    before: &'c Catalog,
    after: &'c Catalog,
    /// What becomes of each object that differs.
    differing: BTreeMap<Key, Change>,
    /// The relations that differ, or something of them does.
    changed: BTreeSet<Key>,
    /// The parts that differ, by their relation.
    parts: BTreeMap<Key, Vec<PartShape>>,
    edges: Vec<Edge>,
}

impl<'c> Found<'c> {
    fn of(before: &'c Catalog, after: &'c Catalog) -> Self {
        let mut found = Self {
            before,
            after,
            differing: BTreeMap::new(),
            changed: BTreeSet::new(),
            parts: BTreeMap::new(),
            edges: Vec::new(),
        };
        for difference in before.differences(after) {
            if !difference.counts() {
                continue;
            }
            let change = match difference.how {
                How::Gone => Change::Dropped,
                How::New => Change::Added,
                How::Other(_) => Change::Changed,
            };
            found.note(difference.key, change);
        }
        found.edges = found.references();
        found
    }

    fn note(&mut self, key: Key, change: Change) {
        let fact = self.after.get(&key).or_else(|| self.before.get(&key));
        let Some(fact) = fact else { return };
        let Some(relation) = key.relation(fact) else { return };
        let is_there = |catalog: &Catalog| catalog.get(&relation).is_some();
        let is_own = fact.is(Attribute::Extension) || is_tracking(relation.name());
        if is_own || !(is_there(self.before) || is_there(self.after)) {
            return;
        }
        // what comes or goes with its table is no change of its own
        let stays = is_there(self.before) && is_there(self.after);
        if stays && !matches!(key.kind(), ObjectKind::Relation | ObjectKind::Column) {
            let name = format!("{} {}", key.kind().label(), key.name());
            self.parts.entry(relation.clone()).or_default().push(PartShape { name, change });
        }
        self.changed.insert(relation);
        self.differing.insert(key, change);
    }

    fn change(&self, key: &Key) -> Change {
        self.differing.get(key).copied().unwrap_or(Change::Same)
    }

    /// The foreign keys of both structures.
    fn references(&self) -> Vec<Edge> {
        let mut all: BTreeMap<&Key, &Fact> = BTreeMap::new();
        for catalog in [self.before, self.after] {
            let foreign = catalog.of_kind(ObjectKind::Constraint);
            all.extend(foreign.filter(|it| it.1.is_constraint(ConstraintKind::ForeignKey)));
        }
        let edge = |(key, fact): (&Key, &Fact)| {
            let from = key.table();
            let columns = fact.list(Attribute::Columns);
            let is_required = |column: &String| {
                let column = Key::new(ObjectKind::Column, &[from.part(0), from.part(1), column]);
                let fact = self.after.get(&column).or_else(|| self.before.get(&column));
                fact.is_some_and(|it| it.is(Attribute::NotNull))
            };
            Some(Edge {
                to: fact.referenced_table()?,
                is_optional: !columns.iter().all(is_required),
                columns,
                change: self.change(key),
                from,
            })
        };
        all.into_iter().filter_map(edge).collect()
    }

    fn table(&self, key: &Key) -> TableShape {
        let fact = self.after.get(key).or_else(|| self.before.get(key));
        let kind = fact.and_then(Fact::relation_kind).map_or("table", |it| it.word());
        let change = match (self.before.get(key), self.after.get(key)) {
            (None, _) => Change::Added,
            (_, None) => Change::Dropped,
            _ if self.changed.contains(key) => Change::Changed,
            _ => Change::Same,
        };
        TableShape {
            name: name(key),
            kind: kind.to_owned(),
            change,
            columns: self.columns(key),
            parts: self.parts.get(key).cloned().unwrap_or_default(),
        }
    }

    fn columns(&self, table: &Key) -> Vec<ColumnShape> {
        let parts = [table.part(0), table.part(1)];
        let mut all: BTreeMap<&Key, (bool, usize)> = BTreeMap::new();
        let position =
            |fact: &Fact| fact.get(Attribute::Position).and_then(|it| it.parse().ok()).unwrap_or(0);
        for (key, fact) in self.before.below(ObjectKind::Column, &parts) {
            all.insert(key, (true, position(fact)));
        }
        for (key, fact) in self.after.below(ObjectKind::Column, &parts) {
            all.insert(key, (false, position(fact)));
        }
        let mut all: Vec<(&Key, (bool, usize))> = all.into_iter().collect();
        all.sort_by_key(|it| it.1);
        let catalog = if self.after.get(table).is_some() { self.after } else { self.before };
        let constraints = catalog.below(ObjectKind::Constraint, &parts);
        let (mut keys, mut references) = (BTreeSet::new(), BTreeSet::new());
        for (_, fact) in constraints {
            match fact.constraint_kind() {
                Some(ConstraintKind::PrimaryKey) => keys.extend(fact.list(Attribute::Columns)),
                Some(ConstraintKind::ForeignKey) => {
                    references.extend(fact.list(Attribute::Columns));
                }
                _ => {}
            }
        }
        let stays = self.before.get(table).is_some() && self.after.get(table).is_some();
        let shape = |key: &Key| {
            let name = key.name().to_owned();
            let both = [self.before.get(key), self.after.get(key)];
            let types = both.map(|it| it.and_then(|it| it.get(Attribute::Type)));
            ColumnShape {
                sql_type: types[1].or(types[0]).unwrap_or_default().to_owned(),
                was: types[0].filter(|it| types[1].is_some_and(|is| is != *it)).map(str::to_owned),
                is_key: keys.contains(&name),
                is_reference: references.contains(&name),
                is_nullable: !both[1].or(both[0]).is_some_and(|it| it.is(Attribute::NotNull)),
                change: if stays { self.change(key) } else { Change::Same },
                name,
            }
        };
        all.into_iter().map(|(key, _)| shape(key)).collect()
    }
}

/// The name of a relation, as people write it.
fn name(key: &Key) -> String {
    match key.part(0) {
        "public" => key.name().to_owned(),
        schema => format!("{schema}.{}", key.name()),
    }
}

/// Whether it is where applied migrations are recorded.
fn is_tracking(name: &str) -> bool {
    name.starts_with("__diesel_schema_migrations") || name.starts_with("__glowplug_journal")
}
