//! What goes with what is dropped.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{Attribute, Catalog, Dependency, Fact, Key, ObjectKind},
    schema_rs::{
        merge::{ApplyError, Place, find, text::quoted},
        parse::{Edit, Join},
    },
};

/// Everything that is not there any more after the edits.
pub(super) fn of(edits: &[Edit], catalog: &Catalog) -> Result<BTreeSet<Key>, ApplyError> {
    let mut gone = Gone { catalog, keys: BTreeSet::new(), replaced: BTreeSet::new() };
    for edit in edits {
        match edit {
            Edit::DroppedTable(table) => gone.table(&find::relation(catalog, table)?.0),
            Edit::DroppedColumn { table, column } => {
                let place = find::table(catalog, table)?;
                find::column(catalog, &place, table, column)?;
                gone.column(&place, column);
            }
            Edit::DroppedJoin(join) => gone.join(join)?,
            Edit::ChangedPrimaryKey { table, .. } => {
                gone.primary_key(&find::table(catalog, table)?);
            }
            Edit::ChangedNullability { table, column, nullable: true } => {
                gone.not_null(&find::table(catalog, table)?, column)
            }
            _ => {}
        }
    }
    gone.spread();
    gone.check()?;
    gone.grants();
    Ok(gone.keys)
}

/// The catalog without what goes; the columns that stay close up.
pub(super) fn without(catalog: &Catalog, gone: &BTreeSet<Key>) -> Catalog {
    let mut left = Catalog::new(catalog.coverage.clone());
    left.unread.clone_from(&catalog.unread);
    let stays = |it: &&Dependency| !gone.contains(&it.dependent) && !gone.contains(&it.referenced);
    left.dependencies = catalog.dependencies.iter().filter(stays).cloned().collect();
    let mut positions: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for key in gone.iter().filter(|it| it.kind() == ObjectKind::Column) {
        let of_table = positions.entry((key.part(0), key.part(1))).or_default();
        of_table.extend(catalog.get(key).and_then(position));
    }
    for (key, fact) in catalog.iter().filter(|(key, _)| !gone.contains(*key)) {
        let mut fact = fact.clone();
        let dropped = positions.get(&(key.part(0), key.part(1)));
        if let (ObjectKind::Column, Some(dropped), Some(at)) =
            (key.kind(), dropped, position(&fact))
        {
            let before = dropped.iter().filter(|it| **it < at).count();
            fact.set(Attribute::Position, (at - before).to_string());
        }
        left.insert(key.clone(), fact);
    }
    left
}

fn position(fact: &Fact) -> Option<usize> {
    fact.get(Attribute::Position)?.parse().ok()
}

struct Gone<'c> {
    catalog: &'c Catalog,
    keys: BTreeSet<Key>,
    /// Primary keys that are dropped while their table stays, with their indexes.
    replaced: BTreeSet<Key>,
}

impl Gone<'_> {
    fn table(&mut self, place: &Place) {
        const PARTS: [ObjectKind; 5] = [
            ObjectKind::Column,
            ObjectKind::Constraint,
            ObjectKind::Trigger,
            ObjectKind::Rule,
            ObjectKind::Policy,
        ];
        self.keys.insert(place.key());
        for kind in PARTS {
            let parts = place.parts(self.catalog, kind);
            self.keys.extend(parts.map(|(key, _)| key.clone()));
        }
        let indexes = place.indexes(self.catalog);
        self.keys.extend(indexes.map(|(key, _)| key.clone()));
        let at = [place.schema.as_str(), place.name.as_str()];
        let full = place.text();
        for (key, fact) in self.catalog.iter() {
            let is_part = match key.kind() {
                ObjectKind::Inheritance => {
                    [key.part(0), key.part(1)] == at || [key.part(2), key.part(3)] == at
                }
                ObjectKind::PublicationTable => [key.part(1), key.part(2)] == at,
                ObjectKind::Statistics => fact.get(Attribute::Table) == Some(full.as_str()),
                ObjectKind::Sequence => owner_of(fact).is_some_and(|it| it[..2] == at),
                ObjectKind::Constraint => refers_to(fact, place),
                _ => false,
            };
            if is_part {
                self.keys.insert(key.clone());
            }
        }
    }

    fn column(&mut self, place: &Place, column: &str) {
        self.keys.insert(place.part(ObjectKind::Column, column));
        let has =
            |fact: &Fact, list: Attribute, name: &str| fact.list(list).iter().any(|it| it == name);
        let written = quoted(column);
        for (key, fact) in self.catalog.of_kind(ObjectKind::Constraint) {
            let is_own = [key.part(0), key.part(1)] == [place.schema.as_str(), place.name.as_str()];
            if is_own && has(fact, Attribute::Columns, column)
                || refers_to(fact, place) && has(fact, Attribute::ReferencesColumns, column)
            {
                self.keys.insert(key.clone());
            }
        }
        for (key, fact) in place.indexes(self.catalog) {
            if has(fact, Attribute::Columns, &written) || has(fact, Attribute::Include, &written) {
                self.keys.insert(key.clone());
            }
        }
        let owner = [place.schema.as_str(), place.name.as_str(), column];
        for (key, fact) in self.catalog.of_kind(ObjectKind::Sequence) {
            if owner_of(fact).is_some_and(|it| it == owner) {
                self.keys.insert(key.clone());
            }
        }
    }

    /// The foreign keys that were printed as a `joinable!`: those of one column to the primary key.
    fn join(&mut self, join: &Join) -> Result<(), ApplyError> {
        let child = find::relation(self.catalog, &join.child)?.0;
        let parent = find::relation(self.catalog, &join.parent)?.0;
        let Some((_, referenced)) = find::primary_key(self.catalog, &parent) else {
            return Ok(());
        };
        let columns = [join.column.clone()];
        let constraints = child.parts(self.catalog, ObjectKind::Constraint);
        let printed = constraints
            .filter(|(_, fact)| find::refers(fact, &columns, &parent, &referenced))
            .map(|(key, _)| key.clone());
        self.keys.extend(printed);
        Ok(())
    }

    fn primary_key(&mut self, place: &Place) {
        let Some((name, _)) = find::primary_key(self.catalog, place) else {
            return;
        };
        let constraint = place.part(ObjectKind::Constraint, &name);
        let fact = self.catalog.get(&constraint);
        if let Some(index) = fact.and_then(|it| it.get(Attribute::Index)) {
            let index = Key::new(ObjectKind::Index, &[&place.schema, index]);
            self.replaced.insert(index.clone());
            self.keys.insert(index);
        }
        self.replaced.insert(constraint.clone());
        self.keys.insert(constraint);
    }

    /// The constraints that keep NULL out, where PostgreSQL has such.
    fn not_null(&mut self, place: &Place, column: &str) {
        let own = place.parts(self.catalog, ObjectKind::Constraint);
        let own = own.filter(|(_, fact)| {
            fact.get(Attribute::Type) == Some("not null")
                && fact.list(Attribute::Columns) == [column]
        });
        self.keys.extend(own.map(|(key, _)| key.clone()));
    }

    /// What PostgreSQL drops by itself along with something. Tables and columns go by name only.
    fn spread(&mut self) {
        let constraints = self.keys.iter().filter(|it| it.kind() == ObjectKind::Constraint);
        let indexes: Vec<Key> = constraints.filter_map(|it| self.index_of(it)).collect();
        self.keys.extend(indexes);
        loop {
            let along: Vec<Key> = self
                .catalog
                .dependencies
                .iter()
                .filter(|it| self.breaks(it) && self.goes_along(it))
                .map(|it| it.dependent.clone())
                .collect();
            if along.is_empty() {
                return;
            }
            self.keys.extend(along);
        }
    }

    fn index_of(&self, constraint: &Key) -> Option<Key> {
        let name = self.catalog.get(constraint)?.get(Attribute::Index)?;
        Some(Key::new(ObjectKind::Index, &[constraint.part(0), name]))
    }

    fn breaks(&self, dependency: &Dependency) -> bool {
        self.keys.contains(&dependency.referenced) && !self.keys.contains(&dependency.dependent)
    }

    fn goes_along(&self, dependency: &Dependency) -> bool {
        let Dependency { dependent, referenced, bond } = dependency;
        let fact = self.catalog.get(dependent);
        let is_foreign_key = fact.is_some_and(|it| it.get(Attribute::Type) == Some("foreign key"));
        match dependent.kind() {
            ObjectKind::Relation | ObjectKind::Column => false,
            ObjectKind::Constraint if is_foreign_key => !self.replaced.contains(referenced),
            _ => *bond != 'n',
        }
    }

    /// That nothing which stays needs what goes.
    fn check(&self) -> Result<(), ApplyError> {
        let mut dependencies = self.catalog.dependencies.iter();
        match dependencies.find(|it| self.breaks(it)) {
            Some(broken) => Err(ApplyError::Needed {
                object: broken.referenced.to_string(),
                by: broken.dependent.to_string(),
            }),
            None => Ok(()),
        }
    }

    fn grants(&mut self) {
        let grants = self.catalog.of_kind(ObjectKind::Grant).map(|(key, _)| key);
        let of_gone = grants.filter(|key| {
            let mut parts: Vec<&str> = key.parts().collect();
            // behind the object: the grantee and the privilege
            parts.truncate(parts.len().saturating_sub(2));
            let kind = match parts.first() {
                Some(&"table") => ObjectKind::Relation,
                Some(&"column") => ObjectKind::Column,
                Some(&"sequence") => ObjectKind::Sequence,
                _ => return false,
            };
            self.keys.contains(&Key::new(kind, &parts[1..]))
        });
        let of_gone: Vec<Key> = of_gone.cloned().collect();
        self.keys.extend(of_gone);
    }
}

fn refers_to(fact: &Fact, place: &Place) -> bool {
    fact.get(Attribute::ReferencesSchema) == Some(place.schema.as_str())
        && fact.get(Attribute::ReferencesTable) == Some(place.name.as_str())
}

/// The schema, table and column that a sequence belongs to.
fn owner_of(fact: &Fact) -> Option<[String; 3]> {
    [Attribute::OwnedBy, Attribute::IdentityOf]
        .into_iter()
        .find_map(|name| fact.list(name).try_into().ok())
}
