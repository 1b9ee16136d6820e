//! What pg_depend does not say: the order of tables and their parts.

use std::collections::BTreeMap;

use super::super::{Node, Planner, Stage, is_view, parent_table, top};
use crate::{
    catalog::{Attribute, Key, Kind},
    ddl::{composite, inheritance},
    planner::order::Graph,
};

impl<'c> Planner<'c> {
    /// A partition is dropped when no foreign key points to the whole table any more.
    pub(super) fn references(&self, graph: &mut Graph<Node>) {
        let mut partitions: BTreeMap<Key, Vec<&'c Key>> = BTreeMap::new();
        for (key, fact) in self.from.of_kind(Kind::Relation) {
            if self.dropped.contains_key(key) && fact.is(Attribute::PartitionOf) {
                partitions
                    .entry(top(self.from, key.clone()))
                    .or_default()
                    .push(key);
            }
        }
        if partitions.is_empty() {
            return;
        }
        for key in self
            .dropped
            .keys()
            .filter(|it| it.kind() == Kind::Constraint)
        {
            let Some(fact) = self.from.get(key) else {
                continue;
            };
            let name = |part: Attribute| fact.get(part).unwrap_or_default();
            let table = [
                name(Attribute::ReferencesSchema),
                name(Attribute::ReferencesTable),
            ];
            let whole = top(self.from, Key::new(Kind::Relation, &table));
            for partition in partitions.get(&whole).into_iter().flatten() {
                graph.before(&self.drop_of(key), &self.drop_of(partition));
            }
        }
    }

    /// An index of a whole table takes those of partitions that are like it: one that is to stay by itself is made later.
    pub(super) fn indexes(&self, graph: &mut Graph<Node>) {
        let created = || self.created.iter().filter(|it| it.kind() == Kind::Index);
        let table = |key: &Key| {
            let table = self.to.get(key)?.get(Attribute::Table)?;
            Some(Key::new(Kind::Relation, &[key.part(0), table]))
        };
        let mut of_wholes: BTreeMap<Key, Vec<&'c Key>> = BTreeMap::new();
        for key in created() {
            if let Some(table) = table(key) {
                of_wholes.entry(table).or_default().push(key);
            }
        }
        for key in created() {
            if self.to.get(key).is_some_and(|it| it.is(Attribute::Parent)) {
                continue;
            }
            let mut at = table(key);
            for _ in 0..16 {
                at = at.and_then(|it| self.to.get(&it).and_then(parent_table));
                let Some(whole) = &at else { break };
                for index in of_wholes.get(whole).into_iter().flatten() {
                    graph.before(&self.making(index), &Node::new(key, Stage::Create));
                }
            }
        }
    }

    /// What pg_depend does not say: tables are whole before they are attached, and before rows are looked at.
    pub(super) fn tables(&self, graph: &mut Graph<Node>) {
        let node = Node::new;
        for (key, fact) in self.to.of_kind(Kind::Relation) {
            if is_view(self.to, key) {
                continue;
            }
            let late = node(key, Stage::Late);
            let mut relations = vec![key.clone()];
            relations.extend(parent_table(fact));
            for relation in &relations {
                for (column, _) in self
                    .to
                    .below(Kind::Column, &[relation.part(0), relation.part(1)])
                {
                    // one that parents lend comes with the tie to them, and that after the table
                    let object = self.object(self.to, column);
                    if object.is_some_and(|it| inheritance::lends(&it)) {
                        continue;
                    }
                    for stage in [Stage::Create, Stage::Late] {
                        graph.before(&node(column, stage), &late);
                        if relation != key {
                            graph.before(&node(column, stage), &node(key, Stage::Create));
                        }
                    }
                }
            }
        }
        for (key, _) in self.to.of_kind(Kind::Inheritance) {
            // who is made an heir gets the defaults of the moment
            let child = Key::new(Kind::Relation, &[key.part(0), key.part(1)]);
            for (column, _) in self.to.below(Kind::Column, &[key.part(2), key.part(3)]) {
                graph.before(&node(column, Stage::Late), &node(&child, Stage::Create));
            }
            for relation in [
                Key::new(Kind::Relation, &[key.part(0), key.part(1)]),
                Key::new(Kind::Relation, &[key.part(2), key.part(3)]),
            ] {
                for stage in [Stage::Create, Stage::Late] {
                    graph.before(&node(&relation, stage), &node(key, Stage::Create));
                    for (column, _) in self
                        .to
                        .below(Kind::Column, &[relation.part(0), relation.part(1)])
                    {
                        let object = self.object(self.to, column);
                        if object.is_some_and(|it| inheritance::lends(&it)) {
                            graph.before(&node(key, Stage::Create), &node(column, stage));
                        } else {
                            graph.before(&node(column, stage), &node(key, Stage::Create));
                        }
                    }
                }
            }
        }
        for (key, _) in self.from.of_kind(Kind::Inheritance) {
            let parent = Key::new(Kind::Relation, &[key.part(2), key.part(3)]);
            graph.before(&node(key, Stage::Drop), &self.drop_of(&parent));
            // what it keeps is its own before it is dropped
            for column in self.dropped_columns(key.part(0), key.part(1)) {
                graph.before(&node(key, Stage::Drop), &node(column, Stage::Drop));
            }
        }
        for (key, _) in self
            .from
            .of_kind(Kind::Relation)
            .filter(|(key, _)| self.is_detached(key))
        {
            for column in self.dropped_columns(key.part(0), key.part(1)) {
                graph.before(&node(key, Stage::Early), &node(column, Stage::Drop));
            }
        }
    }

    /// Attributes are added in their order.
    pub(super) fn attributes(&self, graph: &mut Graph<Node>) {
        for (key, _) in self.to.of_kind(Kind::Composite) {
            let Some(object) = self.object(self.to, key) else {
                continue;
            };
            let attributes = composite::attributes(&object);
            for (one, next) in attributes.iter().zip(attributes.iter().skip(1)) {
                let node = |key: &Key| Node::new(key, Stage::Create);
                graph.before(&node(one.0), &node(next.0));
            }
        }
    }

    /// The columns of a table that it has from another one, and that have a statement of their own to drop them.
    fn dropped_columns(&self, schema: &str, table: &str) -> impl Iterator<Item = &'c Key> {
        let columns = self.from.below(Kind::Column, &[schema, table]);
        columns
            .filter(|(key, fact)| {
                fact.is(Attribute::Inherited) && matches!(self.dropped.get(key), Some(None))
            })
            .map(|(key, _)| key)
    }
}
