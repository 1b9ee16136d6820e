//! Sequences of identity columns that go by another name. A column has one, so that there is nothing to guess.

use std::collections::{BTreeMap, BTreeSet};

use super::Planner;
use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    ddl::rules::Change,
    tables::sequence,
};

/// The sequences of identity columns, by the column.
fn of_identities(catalog: &Catalog) -> BTreeMap<Key, &Key> {
    let all = catalog.of_kind(ObjectKind::Sequence);
    all.filter_map(|(key, fact)| Some((sequence::identity_of(fact)?, key))).collect()
}

/// The grants on a sequence.
fn grants<'c>(
    catalog: &'c Catalog,
    sequence: &Key,
) -> impl Iterator<Item = (&'c Key, &'c Fact)> + use<'c> {
    catalog.below(ObjectKind::Grant, &["sequence", sequence.part(0), sequence.part(1)])
}

impl Planner<'_> {
    /// Renames them, and changes what else differs. Returns what is done with that: their keys, and grants that go along.
    pub(super) fn renamed_sequences(&mut self) -> BTreeSet<Key> {
        let (from, to) = (self.from, self.to);
        let (was, is) = (of_identities(from), of_identities(to));
        let pairs = is.iter().filter_map(|(column, new)| {
            let old = *was.get(column)?;
            let stays = from.get(column)?.is(Attribute::Identity)
                && to.get(column)?.is(Attribute::Identity);
            (stays && old != *new).then_some((*new, old))
        });
        let mut pairs: BTreeMap<&Key, &Key> = pairs.collect();
        // what else has the name must go with a column
        let given_up: BTreeSet<&Key> = pairs.values().copied().collect();
        let goes = |key: &Key| {
            let column = from.get(key).map(sequence::identity_of);
            column.is_none_or(|it| it.is_some_and(|it| to.get(&it).is_none()))
        };
        pairs.retain(|new, _| given_up.contains(new) || goes(new));
        let mut done = BTreeSet::new();
        for (new, old) in &pairs {
            let objects = (self.object(from, old), self.object(to, new));
            let (Some(old_object), Some(new_object)) = objects else {
                continue;
            };
            let change = Change { from: old_object, to: new_object };
            let of_relations = [ObjectKind::Relation, ObjectKind::Index, ObjectKind::Sequence];
            let taken = of_relations.map(|kind| Key::new(kind, &[old.part(0), old.part(1)]));
            let is_reused = taken.iter().any(|it| to.get(it).is_some());
            self.changed.insert(new, sequence::renamed(&change, is_reused));
            self.renamed.insert(new, old);
            done.extend([(*old).clone(), (*new).clone()]);
            for (grant, fact) in grants(from, old) {
                let mut parts: Vec<&str> = grant.parts().collect();
                parts[2] = new.part(1);
                let same = Key::new(ObjectKind::Grant, &parts);
                if to.get(&same) == Some(fact) {
                    done.extend([grant.clone(), same]);
                }
            }
        }
        // what is new under an old name comes with its column
        for old in given_up {
            if !pairs.contains_key(old)
                && let Some((key, _)) = to.entry(old)
            {
                self.created.insert(key);
            }
        }
        done
    }

    /// What was to be renamed, and is made anew with its column.
    pub(super) fn made_anew(&mut self) {
        let dropped = &self.dropped;
        let gone = self.renamed.iter().filter(|(_, old)| dropped.contains_key(*old));
        let gone: Vec<&Key> = gone.map(|(new, _)| *new).collect();
        for new in gone {
            self.renamed.remove(new);
            self.changed.remove(new);
            self.created.insert(new);
        }
    }
}
