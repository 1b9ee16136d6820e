//! Partitions and other children of a table: what they have from it, schema.rs need not say, and cannot say otherwise.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    schema_rs::{
        merge::{Place, find, text::qualified},
        parse::{Edit, TableName},
        tables::PUBLIC,
    },
};

/// Which table has its columns from which.
pub(super) struct Families {
    /// The children of a table.
    children: BTreeMap<Key, Vec<Key>>,
    /// The parents of a table.
    parents: BTreeMap<Key, Vec<Key>>,
}

impl Families {
    pub(super) fn of(catalog: &Catalog) -> Self {
        let relations = catalog.of_kind(ObjectKind::Relation);
        let by_text: BTreeMap<String, &Key> =
            relations.map(|(key, _)| (qualified(key.part(0), key.part(1)), key)).collect();
        let relations = catalog.of_kind(ObjectKind::Relation);
        let partitions = relations.filter_map(|(key, fact)| {
            let whole = by_text.get(fact.get(Attribute::PartitionOf)?)?;
            Some((key.clone(), (*whole).clone()))
        });
        let ties = catalog.of_kind(ObjectKind::Inheritance).map(|(key, _)| {
            let table = |at| Key::new(ObjectKind::Relation, &[key.part(at), key.part(at + 1)]);
            (table(0), table(2))
        });
        let mut all = Self { children: BTreeMap::new(), parents: BTreeMap::new() };
        for (child, parent) in partitions.chain(ties) {
            let children = all.children.entry(parent.clone()).or_default();
            children.push(child.clone());
            all.parents.entry(child).or_default().push(parent);
        }
        all
    }

    /// The children of a table, and theirs.
    pub(super) fn below(&self, table: &Key) -> BTreeSet<Key> {
        reached(&self.children, table)
    }

    /// The parents of a table, and theirs.
    pub(super) fn above(&self, table: &Key) -> BTreeSet<Key> {
        reached(&self.parents, table)
    }
}

/// All that a relation leads to, itself not counted.
fn reached(steps: &BTreeMap<Key, Vec<Key>>, start: &Key) -> BTreeSet<Key> {
    let mut all = BTreeSet::new();
    let mut open = vec![start];
    while let Some(key) = open.pop() {
        for next in steps.get(key).into_iter().flatten() {
            if all.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    all
}

/// Takes out of the edits of all files what a table has from its parents: that comes with the edit of the parent, or does not
/// come at all. Says which tables a file shows otherwise than their parents make them.
#[must_use]
pub(crate) fn settled(
    files: Vec<Vec<Edit>>,
    catalog: &Catalog,
) -> (Vec<Vec<Edit>>, Vec<TableName>) {
    let families = Families::of(catalog);
    if families.parents.is_empty() {
        return (files, Vec::new());
    }
    let settling = Settling { families, catalog, all: files.concat() };
    let mut other = BTreeSet::new();
    let mut left = Vec::new();
    for edits in files {
        let mut own = Vec::new();
        for edit in edits {
            match settling.origin(&edit) {
                Origin::Own => own.push(edit),
                Origin::Parent => {}
                Origin::Nobody(table) => {
                    other.insert(table);
                }
            }
        }
        left.push(own);
    }
    (left, other.into_iter().collect())
}

/// The edits, with those of children that follow from them. New columns and keys follow when they are laid.
pub(super) fn spread(edits: &[Edit], catalog: &Catalog) -> Vec<Edit> {
    let families = Families::of(catalog);
    let mut all = Vec::new();
    for edit in edits {
        all.push(edit.clone());
        let Some((table, column)) = followed(edit) else {
            continue;
        };
        let place = find::place(catalog, table);
        for child in families.below(&place.key()) {
            let fact = catalog.get(&part(&child, column));
            let follows = match edit {
                // a column of its own, too, is kept
                Edit::DroppedColumn { .. } => fact.is_some_and(|it| it.is(Attribute::Inherited)),
                _ => fact.is_some(),
            };
            let edit = of_child(edit, &child);
            if follows && !edits.contains(&edit) && !all.contains(&edit) {
                all.push(edit);
            }
        }
    }
    all
}

/// The table and column of an edit that children follow.
fn followed(edit: &Edit) -> Option<(&TableName, &str)> {
    match edit {
        Edit::DroppedColumn { table, column }
        | Edit::ChangedType { table, column, .. }
        | Edit::ChangedMaxLength { table, column, .. }
        | Edit::ChangedNullability { table, column, nullable: true } => Some((table, column)),
        _ => None,
    }
}

/// The same edit of another table.
fn of_child(edit: &Edit, child: &Key) -> Edit {
    let mut edit = edit.clone();
    match &mut edit {
        Edit::DroppedColumn { table, .. }
        | Edit::NewColumn { table, .. }
        | Edit::ChangedType { table, .. }
        | Edit::ChangedMaxLength { table, .. }
        | Edit::ChangedNullability { table, .. }
        | Edit::ChangedPrimaryKey { table, .. } => *table = name(child),
        Edit::NewJoin(join) | Edit::DroppedJoin(join) => join.child = name(child),
        Edit::NewTable(_) | Edit::DroppedTable(_) | Edit::ChangedComment { .. } => {}
    }
    edit
}

/// A relation, as schema.rs names it.
fn name(relation: &Key) -> TableName {
    TableName {
        schema: Some(relation.part(0).to_owned()).filter(|it| it != PUBLIC),
        name: relation.part(1).to_owned(),
    }
}

/// A column of a relation.
fn part(relation: &Key, column: &str) -> Key {
    Key::new(ObjectKind::Column, &[relation.part(0), relation.part(1), column])
}

/// Who has the say about an edit.
enum Origin {
    /// The table itself.
    Own,
    /// A parent, and the file says the same of it.
    Parent,
    /// A parent, of which the file does not say that.
    Nobody(TableName),
}

struct Settling<'c> {
    families: Families,
    catalog: &'c Catalog,
    /// Those of all files.
    all: Vec<Edit>,
}

impl Settling<'_> {
    fn origin(&self, edit: &Edit) -> Origin {
        let table = match edit {
            Edit::NewColumn { table, .. }
            | Edit::DroppedColumn { table, .. }
            | Edit::ChangedType { table, .. }
            | Edit::ChangedMaxLength { table, .. }
            | Edit::ChangedNullability { table, .. }
            | Edit::ChangedPrimaryKey { table, .. } => table,
            Edit::NewJoin(join) | Edit::DroppedJoin(join) => &join.child,
            Edit::NewTable(_) | Edit::DroppedTable(_) | Edit::ChangedComment { .. } => {
                return Origin::Own;
            }
        };
        let place = find::place(self.catalog, table);
        let above = self.families.above(&place.key());
        if above.is_empty() || !above.iter().any(|it| self.governs(it, &place, edit)) {
            return Origin::Own;
        }
        let is_said = |parent: &Key| {
            let same = of_child(edit, parent);
            self.all.iter().any(|it| says(it, &same))
        };
        // that it is not printed of a partition says nothing
        let is_silent = matches!(edit, Edit::DroppedJoin(_));
        match is_silent || above.iter().any(is_said) {
            true => Origin::Parent,
            false => Origin::Nobody(table.clone()),
        }
    }

    /// Whether a parent decides what an edit says of its child.
    fn governs(&self, parent: &Key, child: &Place, edit: &Edit) -> bool {
        let whole = self.catalog.get(&child.key());
        let is_partition = whole.is_some_and(|it| it.is(Attribute::PartitionOf));
        match edit {
            Edit::NewColumn { column, .. } => is_partition || self.has(parent, &column.name),
            Edit::DroppedColumn { column, .. } => {
                let fact = self.catalog.get(&child.part(ObjectKind::Column, column));
                is_partition
                    || fact.is_some_and(|it| it.is(Attribute::Inherited))
                    || self.has(parent, column)
            }
            Edit::ChangedType { column, .. } | Edit::ChangedMaxLength { column, .. } => {
                is_partition || self.has(parent, column)
            }
            // it can be stricter than its parents, and not less
            Edit::ChangedNullability { column, nullable, .. } => match nullable {
                true => self.is_not_null(parent, column),
                false => {
                    let same = of_child(edit, parent);
                    self.all.iter().any(|it| says(it, &same))
                }
            },
            Edit::ChangedPrimaryKey { .. } => is_partition && self.has_key(parent),
            Edit::NewJoin(join) => is_partition && self.has_join(parent, &join.column, edit),
            Edit::DroppedJoin(join) => is_partition && self.has_join(parent, &join.column, edit),
            Edit::NewTable(_) | Edit::DroppedTable(_) | Edit::ChangedComment { .. } => false,
        }
    }

    /// Whether a table has a column after the edits.
    fn has(&self, table: &Key, column: &str) -> bool {
        let name = name(table);
        let is_new = |edit: &Edit| matches!(edit, Edit::NewColumn { table, column: it, .. } if *table == name && it.name == column);
        let is_gone = |edit: &Edit| matches!(edit, Edit::DroppedColumn { table, column: it } if *table == name && it == column);
        let was = self.catalog.get(&part(table, column)).is_some();
        self.all.iter().any(is_new) || was && !self.all.iter().any(is_gone)
    }

    /// Whether a column of a table is or becomes NOT NULL, or ceases to be.
    fn is_not_null(&self, table: &Key, column: &str) -> bool {
        let fact = self.catalog.get(&part(table, column));
        fact.is_some_and(|it| it.is(Attribute::NotNull))
    }

    /// Whether a table has a primary key, or gets one.
    fn has_key(&self, table: &Key) -> bool {
        let place = Place::of(table);
        let name = name(table);
        find::primary_key(self.catalog, &place).is_some()
            || self
                .all
                .iter()
                .any(|it| matches!(it, Edit::ChangedPrimaryKey { table, .. } if *table == name))
    }

    /// Whether a table has, or gets, a foreign key of a column.
    fn has_join(&self, table: &Key, column: &str, edit: &Edit) -> bool {
        let is_it = |fact: &Fact| {
            fact.get(Attribute::Type) == Some("foreign key")
                && fact.list(Attribute::Columns) == [column]
        };
        let same = of_child(edit, table);
        let mut constraints = Place::of(table).parts(self.catalog, ObjectKind::Constraint);
        constraints.any(|(_, fact)| is_it(fact)) || self.all.iter().any(|it| says(it, &same))
    }
}

/// Whether two edits lead to the same, wherever they stand in a file.
fn says(one: &Edit, other: &Edit) -> bool {
    match (one, other) {
        (Edit::NewColumn { table, column, .. }, Edit::NewColumn { table: of, column: it, .. }) => {
            (table, &column.name, &column.tpe, column.max_length)
                == (of, &it.name, &it.tpe, it.max_length)
        }
        (
            Edit::ChangedType { table, column, to, max_length, .. },
            Edit::ChangedType { table: of, column: it, to: tpe, max_length: length, .. },
        ) => (table, column, to, max_length) == (of, it, tpe, length),
        (Edit::NewJoin(join), Edit::NewJoin(it))
        | (Edit::DroppedJoin(join), Edit::DroppedJoin(it)) => {
            (&join.child, &join.parent, &join.column) == (&it.child, &it.parent, &it.column)
        }
        _ => one == other,
    }
}
