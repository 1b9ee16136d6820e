//! NOT NULL has a name from 18 on, which a column that becomes NOT NULL brings along.

use std::collections::{BTreeMap, BTreeSet};

use super::Planner;
use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Key, ObjectKind},
    ddl::rules::{Change, Steps},
    tables::constraint,
};

impl<'c> Planner<'c> {
    /// Two that differ in nothing else are one that is renamed, and those of columns that
    /// become NOT NULL come with the column.
    pub(super) fn renamed_not_nulls(&mut self) -> BTreeSet<Key> {
        let (from, to) = (self.from, self.to);
        let mut done = BTreeSet::new();
        let of = |catalog: &'c Catalog, other: &'c Catalog| {
            catalog
                .of_kind(ObjectKind::Constraint)
                .filter(move |(key, fact)| {
                    fact.is_constraint(ConstraintKind::NotNull) && other.get(key).is_none()
                })
                .map(|(key, fact)| {
                    let column =
                        fact.list(Attribute::Columns).into_iter().next().unwrap_or_default();
                    ((key.part(0), key.part(1), column), key)
                })
                .collect::<BTreeMap<_, _>>()
        };
        let (gone, new) = (of(from, to), of(to, from));
        for (place, key) in gone.iter().chain(&new) {
            let column = Key::new(ObjectKind::Column, &[place.0, place.1, &place.2]);
            let not_null =
                |catalog: &Catalog| catalog.get(&column).map(|it| it.is(Attribute::NotNull));
            let both = (not_null(from), not_null(to));
            if both.0.is_some() && both.1.is_some() && both.0 != both.1 {
                done.insert((*key).clone());
            }
        }
        for (place, old) in &gone {
            let Some(new) = new.get(place) else { continue };
            let objects = (self.object(from, old), self.object(to, new));
            if let (Some(from), Some(to)) = objects
                && !done.contains(*old)
                && self.from.get(&Key::new(ObjectKind::Relation, &[place.0, place.1])).is_some()
            {
                let statements = constraint::renamed(&Change { from, to });
                self.changed.insert(*new, Steps::late(statements));
                done.extend([(*old).clone(), (*new).clone()]);
            }
        }
        done
    }
}
