//! What has to make way for what changes, and is made again after it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Planner, edges::extension_of, needs, shell};
use crate::{
    catalog::{
        Attribute, Catalog, ConstraintKind, Dependency, Fact, Key, ObjectKind, RelationKind,
    },
    ddl::{base_type, rules::Object},
    planner::kinds::rules,
    tables::{column, index::ties},
};

impl<'c> Planner<'c> {
    /// Finds all that has to make way, and is made again.
    pub(super) fn expand(&mut self) {
        let mut open: Vec<&'c Key> = self.dropped.keys().copied().collect();
        let clears: Vec<&'c Key> = {
            let wanted: BTreeSet<&Key> = self.changed.values().flat_map(|it| &it.clears).collect();
            self.from.iter().map(|(key, _)| key).filter(|key| wanted.contains(key)).collect()
        };
        for key in clears {
            if self.dropped.insert(key, None).is_none() {
                open.push(key);
            }
        }
        let mut needs: BTreeMap<&'c Key, Vec<&'c Dependency>> = BTreeMap::new();
        for dependency in &self.from.dependencies {
            needs.entry(&dependency.referenced).or_default().push(dependency);
            // what needs a member of an extension needs the extension
            let extension = extension_of(self.from, &dependency.referenced);
            if let Some((extension, _)) = extension.and_then(|it| self.from.entry(&it)) {
                needs.entry(extension).or_default().push(dependency);
            }
        }
        let mut parts: BTreeMap<Key, Vec<&'c Key>> = BTreeMap::new();
        for (key, _) in self.from.iter() {
            if let Some(object) = self.object(self.from, key) {
                for whole in rules(key.kind()).dropped_with(&object) {
                    parts.entry(whole).or_default().push(key);
                }
                for routine in support(&object) {
                    if let Some((routine, _)) = self.from.entry(&routine) {
                        parts.entry(key.clone()).or_default().push(routine);
                    }
                }
            }
        }
        while let Some(key) = open.pop() {
            if let Some(whole) = self.torn(key) {
                self.dropped.insert(whole, None);
                open.push(whole);
            }
            for part in parts.get(key).into_iter().flatten().copied() {
                if self.leaves(part, key) {
                    continue;
                }
                if !self.dropped.contains_key(part) {
                    open.push(part);
                }
                // what goes with something else needs no statement of its own
                self.dropped.insert(part, Some(key));
            }
            for dependency in needs.get(key).into_iter().flatten() {
                if let Some(dependent) = self.clear(dependency) {
                    open.push(dependent);
                }
            }
        }
        // what had the name of one that is renamed is another
        let both = self.dropped.keys().copied();
        let both = both.filter(|key| !self.renamed.contains_key(key));
        let both: Vec<&'c Key> = both.collect();
        for key in both {
            self.changed.remove(key);
            self.finished.remove(key);
            if let Some((key, _)) = self.to.entry(key) {
                self.created.insert(key);
            }
        }
        self.made_anew();
    }

    /// What an index or key of a partition, which is to go, is a part of and cannot leave: PostgreSQL drops them together only.
    fn torn(&self, key: &'c Key) -> Option<&'c Key> {
        let object = self.object(self.from, key)?;
        let table = match key.kind() {
            ObjectKind::Index => self.table_of(key)?,
            ObjectKind::Constraint if !object.fact.is_constraint(ConstraintKind::ForeignKey) => {
                key.table()
            }
            _ => return None,
        };
        let goes = self.to.get(&table).is_none() || self.dropped.contains_key(&table);
        let whole = ties::whole(&object)?;
        let is_torn = !goes && !self.is_detached(&table) && !self.dropped.contains_key(whole);
        is_torn.then(|| self.from.entry(whole)).flatten().map(|(whole, _)| whole)
    }

    /// Whether a part frees itself before the whole is dropped: a sequence that is owned no more, a partition that is detached.
    fn leaves(&self, part: &Key, whole: &Key) -> bool {
        // a partition that is detached keeps its rows, its indexes and its constraints
        match (part.kind(), whole.kind()) {
            (ObjectKind::Index, ObjectKind::Index) => {
                let table = self.table_of(part);
                return table.is_some_and(|table| self.is_detached(&table));
            }
            (ObjectKind::Constraint, ObjectKind::Constraint) => {
                return self.is_no_longer_inherited(part, whole);
            }
            (ObjectKind::Relation, ObjectKind::Relation) => return self.is_detached(part),
            (ObjectKind::Column, ObjectKind::Column) => {
                return self.is_no_longer_inherited(part, whole);
            }
            _ => {}
        }
        let Some(is) = self.to.get(part) else {
            return false;
        };
        let was = self.from.get(part);
        match part.kind() {
            ObjectKind::Sequence => was.is_some_and(|was| {
                was.get(Attribute::OwnedBy) != is.get(Attribute::OwnedBy)
                    && self.to.get(whole).is_none()
            }),
            _ => false,
        }
    }

    /// Whether the table of a column or constraint stays, and gets it no longer from the table of another: then it keeps it.
    fn is_no_longer_inherited(&self, column: &Key, above: &Key) -> bool {
        let table = column.table();
        let (of, parent) = (above.part(0), above.part(1));
        let tie = Key::new(ObjectKind::Inheritance, &[column.part(0), column.part(1), of, parent]);
        if self.to.get(&table).is_none() || self.dropped.contains_key(&table) {
            return false;
        }
        let is_heir = self.from.get(&tie).is_some();
        is_heir && self.to.get(&tie).is_none() || !is_heir && self.is_detached(&table)
    }

    /// The table of an index.
    pub(super) fn table_of(&self, index: &Key) -> Option<Key> {
        let table = self.from.get(index)?.get(Attribute::Table)?;
        Some(Key::new(ObjectKind::Relation, &[index.part(0), table]))
    }

    /// Whether a table stays and is no longer a partition of what it was one of.
    pub(super) fn is_detached(&self, table: &Key) -> bool {
        let (was, is) = (self.from.get(table), self.to.get(table));
        let whole = |fact: Option<&'c Fact>| fact.and_then(|it| it.get(Attribute::PartitionOf));
        is.is_some() && whole(was).is_some() && whole(was) != whole(is)
    }

    /// What an object comes and goes with, where it has no statements of its own: the constraint of an index.
    fn maker(&self, key: &'c Key) -> &'c Key {
        let constraint = self.from.get(key).and_then(|fact| key.constraint_of_index(fact));
        let maker = constraint.and_then(|it| self.from.entry(&it));
        maker.map_or(key, |(maker, _)| maker)
    }

    /// Whether an object is changed in something else than its text: then that is read again only if it is made anew.
    fn says_the_same(&self, key: &Key) -> bool {
        let texts = |catalog: &'c Catalog| {
            let fact = catalog.get(key)?;
            let texts = [Attribute::Definition, Attribute::Using, Attribute::Check];
            Some(texts.map(|it| fact.get(it)))
        };
        let is = texts(self.to);
        is.is_some_and(|it| it.iter().any(Option::is_some)) && texts(self.from) == is
    }

    /// What depends on something that is dropped: whether it has to be dropped before.
    fn clear(&mut self, dependency: &'c Dependency) -> Option<&'c Key> {
        let key = self.maker(&dependency.dependent);
        let is_seen_to = self.dropped.contains_key(key) || self.absorbed.contains_key(key);
        if is_seen_to || self.from.get(key)?.is(Attribute::Extension) {
            return None;
        }
        let stays = self.to.get(key).is_some();
        let still = needs(self.to, key, &dependency.referenced);
        match key.kind() {
            // they hold rows, which those of a foreign table do not
            ObjectKind::Relation
                if self.from.relation_kind(key).is_some_and(RelationKind::is_table) =>
            {
                return None;
            }
            ObjectKind::Sequence | ObjectKind::Schema | ObjectKind::Composite if stays => {
                return None;
            }
            ObjectKind::Column if stays => {
                let object = self.object(self.from, key)?;
                if !still && self.changed.contains_key(key) {
                    return None;
                }
                if let Some(steps) = column::untie(&object) {
                    let mine = self.changed.entry(key).or_default();
                    if mine.early.is_empty() {
                        mine.early.extend(steps.early);
                    }
                    if mine.late.is_empty() {
                        mine.late.extend(steps.late);
                    }
                    return None;
                }
            }
            // it is changed so that it needs it no more
            _ if stays && !still && self.changed.contains_key(key) && !self.says_the_same(key) => {
                return None;
            }
            _ => {}
        }
        self.dropped.insert(key, None);
        Some(key)
    }
}

/// The routines that a type with a shell is made of: they go with it.
fn support(object: &Object<'_>) -> Vec<Key> {
    match shell(object) {
        Some(_) => base_type::support(object),
        None => Vec::new(),
    }
}
