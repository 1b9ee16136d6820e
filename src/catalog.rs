//! The model of a database's structure: facts at one grain, keyed by name.
//!
//! A [`Catalog`] is a plain value. It holds no oid and nothing of a server's state, so that two catalogs are equal when a
//! person would call the databases alike. Reading one from a server is `introspect`; printing one as
//! Rust is [`schema_rs`](crate::schema_rs).

mod attribute;
mod coverage;
mod dependencies;
mod difference;
mod fact;
mod ignored;
mod key;
mod kind;
mod relation;
mod typed;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use attribute::Attribute;
pub(crate) use coverage::Aspect;
pub use coverage::Coverage;
pub(crate) use dependencies::{Dependencies, Dependency};
pub(crate) use difference::{Changed, Difference, How};
pub(crate) use fact::Fact;
pub(crate) use ignored::Ignored;
pub use key::Key;
pub(crate) use kind::Home;
pub use kind::ObjectKind;
pub(crate) use relation::{Column, ColumnType, ForeignKey, Relation};
pub(crate) use typed::{ConstraintKind, RelationKind};

/// The structure of a database, as far as its source can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// What the source can speak about. What it does not cover is not absent: it is unknown.
    pub coverage: Coverage,
    facts: BTreeMap<Key, Fact>,
    /// Who needs whom: the dependent object first.
    pub dependencies: Dependencies,
    /// Objects that are there and are not read, by their kind in plain words.
    pub unread: BTreeMap<String, BTreeSet<String>>,
    /// Objects that are needed by what was put aside, and is left out here: they cannot go.
    pub needed: BTreeSet<Key>,
    /// Columns that keep their type, because a partition that is left out here is partitioned by it itself: which one.
    pub fixed: BTreeMap<Key, Key>,
}

impl Catalog {
    /// An empty one of a source that can speak about `coverage`.
    #[must_use]
    pub fn new(coverage: Coverage) -> Self {
        Self { coverage, ..Self::default() }
    }

    /// Adds an object. One of the same key is replaced.
    pub fn insert(&mut self, key: Key, fact: Fact) {
        self.facts.insert(key, fact);
    }

    /// What is known of one object.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Fact> {
        self.facts.get(key)
    }

    /// An object with the name that it goes by here.
    #[must_use]
    pub fn entry(&self, key: &Key) -> Option<(&Key, &Fact)> {
        self.facts.get_key_value(key)
    }

    /// The same, to be completed.
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut Fact> {
        self.facts.get_mut(key)
    }

    /// All objects of one kind, in the order of their names.
    pub fn of_kind(&self, kind: ObjectKind) -> impl Iterator<Item = (&Key, &Fact)> {
        self.below(kind, &[])
    }

    /// The objects of one kind whose name begins with these parts: the columns of a table, for example.
    pub fn below<'c>(
        &'c self,
        kind: ObjectKind,
        parts: &[&str],
    ) -> impl Iterator<Item = (&'c Key, &'c Fact)> + use<'c> {
        let first = Key::new(kind, parts);
        let prefix = first.prefix();
        self.facts
            .range(first..)
            .take_while(move |(key, _)| key.kind() == kind && key.is_below(&prefix))
    }

    /// All objects, by kind and then by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Fact)> {
        self.facts.iter()
    }

    /// Keeps those objects that a test lets through, with what depends on what among them.
    pub fn retain(&mut self, keep: impl Fn(&Key, &Fact) -> bool) {
        let count = self.facts.len();
        self.facts.retain(|key, fact| keep(key, fact));
        if self.facts.len() == count {
            return;
        }
        let is_there = |key: &Key| self.facts.contains_key(key);
        self.dependencies.retain(|it| is_there(&it.dependent) && is_there(&it.referenced));
    }

    /// Gives each object another attribute or name, where a function does so.
    pub fn map(&mut self, change: impl Fn(&mut Key, &mut Fact)) {
        let facts = std::mem::take(&mut self.facts);
        let changed = facts.into_iter().map(|(mut key, mut fact)| {
            change(&mut key, &mut fact);
            (key, fact)
        });
        self.facts = changed.collect();
    }

    /// Gives an object that nothing depends on another name.
    pub fn rename(&mut self, key: &Key, name: Key) {
        let Some(fact) = self.facts.remove(key) else { return };
        let needs: Vec<Dependency> = self.dependencies.of(key).cloned().collect();
        self.dependencies.retain(|it| it.dependent != *key);
        let needs = needs.into_iter().map(|it| Dependency { dependent: name.clone(), ..it });
        self.dependencies.extend(needs);
        self.facts.insert(name, fact);
    }

    /// Takes over what some objects need in another catalog, as far as it is there.
    pub fn stand_on(&mut self, other: &Self, objects: &BTreeSet<Key>) {
        let within = other.dependencies.iter();
        let within = within.filter(|it| {
            objects.contains(&it.dependent) && self.facts.contains_key(&it.referenced)
        });
        let within: Vec<Dependency> = within.cloned().collect();
        self.dependencies.extend(within);
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }
}
