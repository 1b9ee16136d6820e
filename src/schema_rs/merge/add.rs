//! What new facts are called, and how they get into the catalog.

use crate::{
    catalog::{Aspect, Catalog, Dependency, Fact, Key, ObjectKind},
    schema_rs::merge::{Merge, Place, text::choose_name},
};

impl Merge<'_> {
    pub(super) fn constraint_name(&self, place: &Place, column: &str, label: &str) -> String {
        let taken = constraint_names(&self.catalog, &place.schema);
        choose_name(&place.name, column, label, |it| taken.contains(&it))
    }

    pub(super) fn index_name(&self, place: &Place, label: &str) -> String {
        let relations = relation_names(&self.catalog, &place.schema);
        let constraints = constraint_names(&self.catalog, &place.schema);
        choose_name(&place.name, "", label, |it| {
            relations.contains(&it) || constraints.contains(&it)
        })
    }

    /// A comment, if the catalog can speak about such.
    pub(super) fn told(&self, comment: Option<&String>) -> Option<String> {
        let tells = self.catalog.coverage.tells(Aspect::Comments);
        comment.filter(|_| tells).cloned()
    }

    /// Adds what the catalog can speak about.
    pub(super) fn insert(&mut self, key: Key, fact: Fact) {
        if self.catalog.coverage.has(key.kind()) {
            self.catalog.insert(key, fact);
        }
    }

    /// Adds a dependency, as far as the catalog can speak about it.
    pub(super) fn depends(&mut self, dependent: &Key, referenced: &Key, bond: char) {
        let has = |key: &Key| self.catalog.get(key).is_some();
        let tells = self.catalog.coverage.tells(Aspect::Dependencies);
        if tells && has(dependent) && has(referenced) {
            self.catalog.dependencies.insert(Dependency {
                dependent: dependent.clone(),
                referenced: referenced.clone(),
                bond,
            });
        }
    }
}

/// The names that a relation of a schema cannot have.
pub(super) fn relation_names<'c>(catalog: &'c Catalog, schema: &str) -> Vec<&'c str> {
    [ObjectKind::Relation, ObjectKind::Index, ObjectKind::Sequence]
        .into_iter()
        .flat_map(|kind| catalog.below(kind, &[schema]))
        .map(|(key, _)| key.name())
        .collect()
}

/// The names that a constraint of a schema cannot have.
pub(super) fn constraint_names<'c>(catalog: &'c Catalog, schema: &str) -> Vec<&'c str> {
    let constraints = catalog.below(ObjectKind::Constraint, &[schema]);
    constraints.map(|(key, _)| key.name()).collect()
}
