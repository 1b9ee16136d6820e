//! Who needs whom, found from both ends.

use std::{
    collections::{BTreeSet, HashMap, btree_set},
    sync::OnceLock,
};

use crate::catalog::{Key, ObjectKind};

/// That one object needs another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// The object that goes first when both are dropped.
    pub dependent: Key,
    /// The object that it needs.
    pub referenced: Key,
    /// How strong the bond is: `deptype` of pg_depend, such as `n` (normal), `a` (automatic), `i` (internal).
    /// Source: <https://www.postgresql.org/docs/current/catalog-pg-depend.html>
    pub bond: char,
}

/// The dependencies of a catalog, in order. Those that need an object are found by an index that is made when it is first asked.
#[derive(Debug, Default)]
pub struct Dependencies {
    all: BTreeSet<Dependency>,
    users: OnceLock<HashMap<Key, Vec<Dependency>>>,
}

impl Dependencies {
    /// All of them, by who needs and then by what.
    pub fn iter(&self) -> btree_set::Iter<'_, Dependency> {
        self.all.iter()
    }

    /// What an object needs.
    pub fn of<'d, 'k>(
        &'d self,
        dependent: &'k Key,
    ) -> impl Iterator<Item = &'d Dependency> + use<'d, 'k> {
        let first = Dependency {
            dependent: dependent.clone(),
            referenced: Key::new(ObjectKind::Schema, &[]),
            bond: '\0',
        };
        let rest = self.all.range(first..);
        rest.take_while(move |it| it.dependent == *dependent)
    }

    /// Whether one object needs another.
    #[must_use]
    pub fn has(&self, dependent: &Key, referenced: &Key) -> bool {
        let first =
            Dependency { dependent: dependent.clone(), referenced: referenced.clone(), bond: '\0' };
        let found = self.all.range(first..).next();
        found.is_some_and(|it| it.dependent == *dependent && it.referenced == *referenced)
    }

    /// What needs an object, in order.
    pub fn on(&self, referenced: &Key) -> impl Iterator<Item = &Dependency> + use<'_> {
        let users = self.users.get_or_init(|| {
            let mut users: HashMap<Key, Vec<Dependency>> = HashMap::new();
            for it in &self.all {
                users.entry(it.referenced.clone()).or_default().push(it.clone());
            }
            users
        });
        users.get(referenced).into_iter().flatten()
    }

    /// Adds one.
    pub fn insert(&mut self, dependency: Dependency) {
        self.users.take();
        self.all.insert(dependency);
    }

    /// Keeps those that a test lets through.
    pub fn retain(&mut self, keep: impl FnMut(&Dependency) -> bool) {
        self.users.take();
        self.all.retain(keep);
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(&self, dependency: &Dependency) -> bool {
        self.all.contains(dependency)
    }

    /// Those that others do not have.
    pub fn difference<'d>(&'d self, other: &'d Self) -> impl Iterator<Item = &'d Dependency> {
        self.all.difference(&other.all)
    }
}

impl Clone for Dependencies {
    fn clone(&self) -> Self {
        self.iter().cloned().collect()
    }
}

impl PartialEq for Dependencies {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Eq for Dependencies {}

impl FromIterator<Dependency> for Dependencies {
    fn from_iter<I: IntoIterator<Item = Dependency>>(all: I) -> Self {
        Self { all: all.into_iter().collect(), users: OnceLock::new() }
    }
}

impl Extend<Dependency> for Dependencies {
    fn extend<I: IntoIterator<Item = Dependency>>(&mut self, more: I) {
        self.users.take();
        self.all.extend(more);
    }
}

impl<'d> IntoIterator for &'d Dependencies {
    type Item = &'d Dependency;
    type IntoIter = btree_set::Iter<'d, Dependency>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(dependent: &str, referenced: &str) -> Dependency {
        let key = |name: &str| Key::new(ObjectKind::Relation, &["public", name]);
        Dependency { dependent: key(dependent), referenced: key(referenced), bond: 'n' }
    }

    #[test]
    fn they_are_found_from_both_ends_also_after_a_change() {
        let mut all: Dependencies = [one("v", "t"), one("w", "v")].into_iter().collect();
        let t = one("v", "t").referenced;
        assert_eq!(all.on(&t).count(), 1);
        all.insert(one("x", "t"));
        assert_eq!(all.on(&t).count(), 2);
        assert_eq!(all.of(&one("w", "v").dependent).count(), 1);
        assert!(all.has(&one("x", "t").dependent, &t));
        all.retain(|it| it.dependent != one("v", "t").dependent);
        assert_eq!(all.on(&t).count(), 1);
    }
}
