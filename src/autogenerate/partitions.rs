//! Partitions that only a live database has: the application or an extension has made them, and they hold rows. They are left
//! alone, unless they are named. One that was detached is a table like any other.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    job::failure::AutogenerateError,
    planner::{is_in_key, parent_table},
};

/// So many are named.
const NAMED: usize = 3;

/// Partitions that are left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LeftAlone {
    partitions: BTreeSet<Key>,
    /// What they need, and what only the database has, too: the function of a trigger, the type of a default.
    needed: BTreeSet<Key>,
}

impl LeftAlone {
    /// The partitions of a database that are gone from what is wanted, while the table that they are part of is not. Those that
    /// are to be dropped are named: `schema.name`, or `name` of one in `public`.
    ///
    /// # Errors
    /// When a name is not that of one of these.
    pub(crate) fn of(
        database: &Catalog,
        is_gone: impl Fn(&Key) -> bool,
        named: &[String],
    ) -> Result<Self, AutogenerateError> {
        let relations = database.of_kind(ObjectKind::Relation);
        let gone = relations.filter(|(key, fact)| fact.is(Attribute::PartitionOf) && is_gone(key));
        let gone: Vec<(&Key, Key)> =
            gone.filter_map(|(key, fact)| Some((key, parent_table(fact)?))).collect();
        let is_named = |key: &Key, text: &String| {
            let (schema, name) = (key.part(0), key.part(1));
            *text == format!("{schema}.{name}") || schema == "public" && text == name
        };
        if let Some(text) =
            named.iter().find(|text| !gone.iter().any(|(key, _)| is_named(key, text)))
        {
            return Err(AutogenerateError::NoPartition { text: text.clone() });
        }
        let mut all = BTreeSet::new();
        loop {
            let more = gone.iter().filter(|(key, whole)| {
                let stays = all.contains(whole) || !is_gone(whole);
                stays && !all.contains(*key) && !named.iter().any(|text| is_named(key, text))
            });
            let more: Vec<Key> = more.map(|(key, _)| (*key).clone()).collect();
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        let mut found = Self { partitions: all, needed: BTreeSet::new() };
        while !found.is_empty() && found.spread(database, &is_gone) {}
        Ok(found)
    }

    /// Adds what those that are left alone need. Says whether there was anything.
    fn spread(&mut self, database: &Catalog, is_gone: impl Fn(&Key) -> bool) -> bool {
        let is_one = |key: &Key| database.get(key).is_some_and(|fact| self.has(key, fact));
        let needs = database.dependencies.iter();
        let more = needs.filter(|it| is_one(&it.dependent) && !is_one(&it.referenced));
        let more: Vec<Key> =
            more.filter(|it| is_gone(&it.referenced)).map(|it| it.referenced.clone()).collect();
        let is_more = !more.is_empty();
        self.needed.extend(more);
        is_more
    }

    /// Whether an object is one of them, or belongs to one.
    fn has(&self, key: &Key, fact: &Fact) -> bool {
        let is_one = |it: &Key| self.partitions.contains(it) || self.needed.contains(it);
        is_one(key) || key.relation(fact).is_some_and(|it| is_one(&it))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// The catalog without them, and without all that belongs to them.
    pub(crate) fn without(&self, mut catalog: Catalog) -> Catalog {
        if !self.is_empty() {
            catalog.fixed = self.fixed(&catalog);
            let sequences = catalog.of_kind(ObjectKind::Sequence);
            let sequences = sequences.filter(|(key, fact)| self.has(key, fact));
            let sequences: BTreeSet<Key> = sequences.map(|(key, _)| key.clone()).collect();
            let is_of_sequence = |key: &Key| {
                let sequence = Key::new(ObjectKind::Sequence, &[key.part(1), key.part(2)]);
                key.kind() == ObjectKind::Grant
                    && key.part(0) == "sequence"
                    && sequences.contains(&sequence)
            };
            catalog.retain(|key, fact| !self.has(key, fact) && !is_of_sequence(key));
        }
        catalog
    }

    /// The columns that these are partitioned by, in the tables that are not left alone.
    fn fixed(&self, catalog: &Catalog) -> BTreeMap<Key, Key> {
        let mut all = BTreeMap::new();
        for (key, fact) in self.partitions.iter().filter_map(|it| catalog.entry(it)) {
            let mut whole = parent_table(fact);
            while let Some(next) = whole.clone().filter(|it| self.partitions.contains(it)) {
                whole = catalog.get(&next).and_then(parent_table);
            }
            let Some(whole) = whole else { continue };
            let columns = catalog.below(ObjectKind::Column, &[whole.part(0), whole.part(1)]);
            let in_key = columns.filter(|(column, _)| is_in_key(fact, column.name()));
            all.extend(in_key.map(|(column, _)| (column.clone(), key.clone())));
        }
        all
    }

    /// What to say of them.
    pub(crate) fn remark(&self) -> Option<String> {
        let name = |key: &Key| format!("{}.{}", key.part(0), key.part(1));
        let mut names: Vec<String> = self.partitions.iter().take(NAMED).map(name).collect();
        if self.partitions.len() > NAMED {
            names.push("…".to_owned());
        }
        let (count, are) = match self.partitions.len() {
            0 => return None,
            1 => ("1 partition".to_owned(), "is"),
            many => (format!("{many} partitions"), "are"),
        };
        Some(format!(
            "{count} that only the database has {are} left alone: {}; --drop-partition drops the one named",
            names.join(", ")
        ))
    }
}
