//! What was in a database before the first migration: it is neither compared nor changed.

use std::collections::BTreeSet;

use crate::{
    catalog::{Attribute, Catalog, Fact, Home, Key, ObjectKind},
    migration::environment::Needs,
    replay::shadow::Shadow,
};

/// What was there before the first migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    keys: BTreeSet<Key>,
    /// Schemas that came with something in them: what somebody else adds there is theirs, too.
    foreign: BTreeSet<String>,
    /// Extensions that something stands in for.
    stand_ins: BTreeSet<String>,
}

impl Given {
    /// Schemas alone, for migrations to make things in.
    fn schemas(names: &[String]) -> Self {
        let key = |name: &String| Key::new(ObjectKind::Schema, &[name]);
        Self { keys: names.iter().map(key).collect(), ..Self::default() }
    }

    /// What is there before the first migration where no prerequisites are.
    pub(crate) fn before(shadow: &Shadow, needs: &Needs) -> Self {
        let given = match shadow.known.environment() {
            Some(_) => Self::schemas(&needs.schemas),
            None => Self::default(),
        };
        given.standing_in(&shadow.stand_ins)
    }

    /// The same where something stands in for extensions.
    fn standing_in(mut self, extensions: &[String]) -> Self {
        self.stand_ins = extensions.iter().cloned().collect();
        self
    }

    /// What was made between two looks at a database, together with what was there already.
    pub(crate) fn between(mut self, before: &Catalog, after: &Catalog) -> Self {
        let is_new = |key: &&Key| before.get(key).is_none();
        let new: BTreeSet<Key> = after.iter().map(|(key, _)| key).filter(is_new).cloned().collect();
        let schemas = new.iter().filter(|it| it.kind() == ObjectKind::Schema);
        let schemas = schemas.map(|it| it.name().to_owned());
        let is_filled = |schema: &String| {
            let mut inside = new.iter().filter(|it| it.kind() != ObjectKind::Grant);
            inside.any(|it| schema_of(it) == Some(schema))
        };
        self.foreign.extend(schemas.filter(is_filled));
        self.keys.extend(new);
        self
    }

    /// Gives a catalog the facts that another one has of what was given, and takes away what somebody else has put beside it.
    pub(crate) fn agreed(&self, first: &Catalog, mut second: Catalog) -> Catalog {
        if self.keys.is_empty() && self.stand_ins.is_empty() {
            return second;
        }
        second.retain(|key, fact| first.get(key).is_some() || !self.is_beside(key, fact));
        for key in &self.keys {
            match first.get(key) {
                Some(fact) => second.insert(key.clone(), fact.clone()),
                None => second.retain(|it, _| it != key),
            }
        }
        second
    }

    /// Whether an object belongs to something that was given, or is one.
    fn is_beside(&self, key: &Key, fact: &Fact) -> bool {
        let is_foreign = schema_of(key).is_some_and(|it| self.foreign.contains(it));
        let is_part = || {
            let whole = key.relation(fact);
            whole.is_some_and(|it| self.keys.contains(&it))
        };
        let is_brought = || {
            let extension = match key.kind() {
                ObjectKind::Extension => Some(key.name()),
                _ => fact.get(Attribute::Extension),
            };
            extension.is_some_and(|it| {
                let is_given = self.keys.contains(&Key::new(ObjectKind::Extension, &[it]));
                is_given || self.stand_ins.contains(it)
            })
        };
        self.keys.contains(key) || is_foreign || is_part() || is_brought()
    }
}

/// The schema that an object is in.
fn schema_of(key: &Key) -> Option<&str> {
    match key.kind() {
        // what it is for stands in front
        ObjectKind::Grant => match key.part(0) {
            "language" | "foreign data wrapper" | "foreign server" => None,
            _ => Some(key.part(1)),
        },
        kind => match kind.info().home {
            Home::Database => None,
            Home::Schema | Home::Relation | Home::BesideRelation => Some(key.part(0)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Coverage;

    fn catalog(keys: &[(ObjectKind, &[&str])]) -> Catalog {
        let mut catalog = Catalog::new(Coverage::all());
        for (kind, parts) in keys {
            catalog.insert(Key::new(*kind, parts), Fact::default());
        }
        catalog
    }

    #[test]
    fn what_somebody_else_adds_to_what_is_theirs_is_theirs() {
        let empty = catalog(&[(ObjectKind::Schema, &["public"])]);
        let before = catalog(&[
            (ObjectKind::Schema, &["public"]),
            (ObjectKind::Schema, &["auth"]),
            (ObjectKind::Schema, &["bare"]),
            (ObjectKind::Relation, &["auth", "users"]),
            (ObjectKind::Relation, &["public", "theirs"]),
        ]);
        let given = Given::default().between(&empty, &before);
        let live = catalog(&[
            (ObjectKind::Schema, &["public"]),
            (ObjectKind::Schema, &["auth"]),
            (ObjectKind::Relation, &["auth", "users"]),
            (ObjectKind::Relation, &["auth", "more"]),
            (ObjectKind::Column, &["public", "theirs", "more"]),
            (ObjectKind::Relation, &["bare", "ours"]),
            (ObjectKind::Relation, &["public", "ours"]),
        ]);
        let agreed = given.agreed(&before, live);
        let has = |kind, parts: &[&str]| agreed.get(&Key::new(kind, parts)).is_some();
        assert!(!has(ObjectKind::Relation, &["auth", "more"]));
        assert!(!has(ObjectKind::Column, &["public", "theirs", "more"]));
        assert!(
            has(ObjectKind::Relation, &["bare", "ours"])
                && has(ObjectKind::Relation, &["public", "ours"])
        );
        assert!(
            has(ObjectKind::Schema, &["bare"]) && has(ObjectKind::Relation, &["public", "theirs"])
        );
    }
}
