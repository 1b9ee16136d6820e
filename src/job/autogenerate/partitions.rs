//! Partitions that only a live database has: the application or an extension has made them, and they hold rows. They are left
//! alone, unless they are named. One that was detached is a table like any other.

use std::collections::BTreeSet;

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, Kind},
    ddl::plan::parent_table,
    job::failure::AutogenerateError,
};

/// So many are named.
const NAMED: usize = 3;

/// Partitions that are left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::job) struct LeftAlone(BTreeSet<Key>);

impl LeftAlone {
    /// The partitions of a database that are gone from what is wanted, while the table that they are part of is not. Those that
    /// are to be dropped are named: `schema.name`, or `name` of one in `public`.
    ///
    /// # Errors
    /// When a name is not that of one of these.
    pub(in crate::job) fn of(
        database: &Catalog,
        is_gone: impl Fn(&Key) -> bool,
        named: &[String],
    ) -> Result<Self, AutogenerateError> {
        let relations = database.of_kind(Kind::Relation);
        let gone = relations.filter(|(key, fact)| fact.is(Attribute::PartitionOf) && is_gone(key));
        let gone: Vec<(&Key, Key)> = gone
            .filter_map(|(key, fact)| Some((key, parent_table(fact)?)))
            .collect();
        let is_named = |key: &Key, text: &String| {
            let (schema, name) = (key.part(0), key.part(1));
            *text == format!("{schema}.{name}") || schema == "public" && text == name
        };
        if let Some(text) = named
            .iter()
            .find(|text| !gone.iter().any(|(key, _)| is_named(key, text)))
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
                return Ok(Self(all));
            }
            all.extend(more);
        }
    }

    /// Whether there are none.
    pub(in crate::job) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The catalog without them, and without all that belongs to them.
    pub(in crate::job) fn without(&self, mut catalog: Catalog) -> Catalog {
        if !self.is_empty() {
            let is_one = |key: &Key, fact: &Fact| {
                let relation = key.relation(fact);
                relation.is_some_and(|it| self.0.contains(&it))
            };
            let sequences = catalog.of_kind(Kind::Sequence);
            let sequences = sequences.filter(|(key, fact)| is_one(key, fact));
            let sequences: BTreeSet<Key> = sequences.map(|(key, _)| key.clone()).collect();
            let is_of_sequence = |key: &Key| {
                let sequence = Key::new(Kind::Sequence, &[key.part(1), key.part(2)]);
                key.kind() == Kind::Grant
                    && key.part(0) == "sequence"
                    && sequences.contains(&sequence)
            };
            catalog.retain(|key, fact| !is_one(key, fact) && !is_of_sequence(key));
        }
        catalog
    }

    /// What to say of them.
    pub(in crate::job) fn remark(&self) -> Option<String> {
        let name = |key: &Key| format!("{}.{}", key.part(0), key.part(1));
        let mut names: Vec<String> = self.0.iter().take(NAMED).map(name).collect();
        if self.0.len() > NAMED {
            names.push("…".to_owned());
        }
        let (count, are) = match self.0.len() {
            0 => return None,
            1 => ("1 partition".to_owned(), "is"),
            many => (format!("{many} partitions"), "are"),
        };
        Some(format!(
            "{count} that only the database has {are} left alone: {}; --drop-partition drops the one that it names",
            names.join(", ")
        ))
    }
}
