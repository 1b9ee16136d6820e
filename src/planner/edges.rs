//! What comes before what: the edges of the graph.

use std::collections::{BTreeMap, BTreeSet};

use super::{Node, Planner, Stuck, is_type, needs, shell};
use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Dependency, Fact, Key, ObjectKind},
    ddl::{
        base_type,
        rules::{Moment, Object, Stage},
    },
    planner::kinds::rules,
    planner::order::Graph,
    tables::{
        constraint,
        index::{self, partition, ties},
        inheritance::is_rebound,
    },
};

impl<'c> Planner<'c> {
    /// Drops the foreign keys of tables that cannot go one after the other before all of these.
    pub(super) fn cut(&mut self, stuck: &[Node]) -> bool {
        let tables: BTreeSet<&Key> = stuck.iter().map(|node| &node.key).collect();
        let between = |key: &Key| {
            let table = key.table();
            let fact = self.from.get(key);
            tables.contains(&table)
                && fact.is_some_and(|it| it.is_constraint(ConstraintKind::ForeignKey))
        };
        let all = self.dropped.iter();
        let keys: Vec<&'c Key> = all
            .filter(|(key, whole)| {
                whole.is_some() && key.kind() == ObjectKind::Constraint && between(key)
            })
            .map(|(key, _)| *key)
            .collect();
        for key in &keys {
            self.dropped.insert(key, None);
        }
        // that of a partition goes with that of the whole
        let constraints = self.dropped.keys().filter(|it| it.kind() == ObjectKind::Constraint);
        let wholes: Vec<(&'c Key, &'c Key)> = constraints
            .filter_map(|key| {
                let whole = ties::whole(&self.object(self.from, key)?)?;
                let is_cut = matches!(self.dropped.get(whole), Some(None));
                is_cut.then_some((*key, whole))
            })
            .collect();
        for (key, whole) in wholes {
            self.dropped.insert(key, Some(whole));
        }
        !keys.is_empty()
    }

    /// All stages, in order.
    pub(super) fn order(&mut self) -> Result<Vec<Node>, Stuck> {
        let mut graph = Graph::of(self.nodes().into_iter());
        let node = Node::new;
        for key in self.dropped.keys() {
            graph.before(&self.drop_of(key), &node(key, Stage::Create));
            if self.created.contains(key) {
                graph.before(&self.drop_of(key), &node(key, Stage::Early));
            }
        }
        for (key, steps) in &self.changed {
            graph.before(&node(key, Stage::Early), &node(key, Stage::Late));
            graph.before(&node(key, Stage::Late), &node(key, Stage::Finish));
            for clear in &steps.clears {
                let drop = self.drop_of(clear);
                graph.before(&drop, &node(key, Stage::Early));
                graph.before(&drop, &node(key, Stage::Late));
                graph.before(&node(key, Stage::Late), &node(clear, Stage::Create));
            }
        }
        for key in &self.created {
            graph.before(&node(key, Stage::Create), &node(key, Stage::Finish));
            let Some(object) = self.object(self.to, key) else {
                continue;
            };
            if shell(&object).is_some() {
                let schema = Key::new(ObjectKind::Schema, &[key.part(0)]);
                graph.before(&node(&schema, Stage::Create), &node(key, Stage::Early));
            }
            let parent = rules(key.kind()).created_with(&object);
            let is_first = self.is_first(&object);
            // a part of an index or key of a whole table, which takes it over
            let takes_over = |whole: &Key| is_first && whole.kind() == key.kind();
            if let Some(parent) = parent.filter(|it| !takes_over(it)) {
                graph.before(&node(&parent, Stage::Create), &node(key, Stage::Create));
                // a table that changes is whole before it does
                if parent.kind() != ObjectKind::Relation {
                    graph.before(&node(&parent, Stage::Late), &node(key, Stage::Create));
                }
            }
            // a sequence is there before the column that owns it, whose default it is
            let is_owned = key.kind() == ObjectKind::Sequence && object.is(Attribute::OwnedBy);
            // one in the way of that of a new identity
            if key.kind() == ObjectKind::Sequence
                && let Some(column) = rules(ObjectKind::Sequence).created_with(&object)
            {
                graph.before(&self.drop_of(key), &node(&column, Stage::Late));
            }
            // privileges are given by the owner that an object ends with
            let is_grant = key.kind() == ObjectKind::Grant;
            let stages = [(Stage::Create, !is_owned), (Stage::Finish, is_grant)];
            for (stage, _) in stages.into_iter().filter(|(_, counts)| *counts) {
                for whole in rules(key.kind()).dropped_with(&object) {
                    if takes_over(&whole) {
                        graph.before(&node(key, stage), &node(&whole, stage));
                        continue;
                    }
                    graph.before(&node(&whole, stage), &node(key, Stage::Create));
                }
            }
        }
        for key in self.dropped.keys().filter(|it| it.kind() == ObjectKind::Index) {
            if let Some(table) = self.table_of(key).filter(|it| self.is_detached(it)) {
                graph.before(&node(&table, Stage::Early), &node(key, Stage::Drop));
            }
        }
        self.ways_up(&mut graph);
        self.ways_down(&mut graph);
        self.by_rules(&mut graph);
        self.names(&mut graph);
        self.sorted(graph)
    }

    fn nodes(&self) -> BTreeSet<Node> {
        let mut nodes = BTreeSet::new();
        for (key, whole) in &self.dropped {
            if whole.is_none() {
                nodes.insert(Node::new(key, Stage::Drop));
            }
        }
        for key in &self.created {
            nodes.insert(Node::new(key, Stage::Create));
            nodes.insert(Node::new(key, Stage::Finish));
            if self.object(self.to, key).is_some_and(|it| shell(&it).is_some()) {
                nodes.insert(Node::new(key, Stage::Early));
            }
        }
        for (key, steps) in &self.changed {
            if !steps.early.is_empty() {
                nodes.insert(Node::new(key, Stage::Early));
            }
            nodes.insert(Node::new(key, Stage::Late));
            if key.kind() == ObjectKind::Sequence {
                nodes.insert(Node::new(key, Stage::Finish));
            }
        }
        nodes.extend(self.finished.iter().map(|key| Node::new(key, Stage::Finish)));
        nodes
    }

    /// The drop that takes an object away.
    fn drop_of(&self, key: &Key) -> Node {
        let mut key = key;
        // a part of a part of a part
        for _ in 0..8 {
            match self.dropped.get(key) {
                Some(Some(whole)) => key = whole,
                _ => break,
            }
        }
        Node::new(key, Stage::Drop)
    }

    /// The statement that makes an object: that of what it is made with.
    pub(super) fn making(&self, key: &'c Key) -> Node {
        let mut at = key.clone();
        for _ in 0..8 {
            let Some((key, _)) = self.to.entry(&at) else {
                break;
            };
            let Some(object) = self.object(self.to, key).filter(|it| it.with_parent) else {
                break;
            };
            // the index of a key is made by that
            if index::constraint(&object).is_none() && self.is_first(&object) {
                break;
            }
            match rules(key.kind()).created_with(&object) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        Node::new(&at, Stage::Create)
    }

    /// What needs something comes after it.
    fn ways_up(&self, graph: &mut Graph<Node>) {
        for Dependency { dependent, referenced, bond } in &self.to.dependencies {
            // a column that a table is partitioned by needs that: within a table the rules know the order
            if dependent.kind() == ObjectKind::Column && dependent.table() == *referenced {
                continue;
            }
            // a type and the functions that it is made of: its shell comes first
            if dependent.kind() == ObjectKind::Routine
                && self.created.contains(referenced)
                && let Some(whole) = self.object(self.to, referenced)
                && shell(&whole).is_some()
                && base_type::support(&whole).contains(dependent)
            {
                let shell = Node::new(referenced, Stage::Early);
                graph.before(&shell, &Node::new(dependent, Stage::Create));
                continue;
            }
            if dependent.kind() == referenced.kind()
                && self.created.contains(dependent)
                && self.object(self.to, dependent).is_some_and(|it| self.is_first(&it))
            {
                continue;
            }
            // the tie of an owned sequence is made last
            let is_owned =
                dependent.kind() == ObjectKind::Sequence && referenced.kind() == ObjectKind::Column;
            let ends: Vec<Node> = match () {
                () if self.absorbed.contains_key(dependent) => self.absorbing(dependent).collect(),
                () if is_owned && *bond == 'a' => vec![Node::new(dependent, Stage::Finish)],
                () if self.created.contains(dependent) => {
                    vec![self.making(dependent), Node::new(dependent, Stage::Create)]
                }
                () => vec![Node::new(dependent, Stage::Late)],
            };
            for end in &ends {
                for start in self.absorbing(referenced) {
                    graph.before(&start, end);
                }
                let extension = extension_of(self.to, referenced);
                let referenced = extension
                    .as_ref()
                    .and_then(|it| Some(self.to.entry(it)?.0))
                    .unwrap_or(referenced);
                for stage in [Stage::Create, Stage::Late] {
                    let start = Node::new(referenced, stage);
                    // within one statement there is no order
                    if self.making_of(referenced) != Some(end.clone()) || stage == Stage::Late {
                        graph.before(&start, end);
                    }
                }
            }
        }
    }

    /// The changes that something comes with.
    fn absorbing(&self, key: &Key) -> impl Iterator<Item = Node> {
        let wholes = self.absorbed.get(key).into_iter().flatten();
        wholes.map(|whole| Node::new(whole, Stage::Late))
    }

    /// Whether a part of an index or key of a partitioned table comes before the whole.
    fn is_first(&self, object: &Object<'c>) -> bool {
        match object.key.kind() {
            ObjectKind::Index => match index::constraint(object) {
                Some(key) => self
                    .to
                    .entry(&key)
                    .and_then(|(key, _)| self.object(self.to, key))
                    .is_some_and(|it| constraint::is_first(&it)),
                None => partition::is_first(object),
            },
            ObjectKind::Constraint => constraint::is_first(object),
            _ => false,
        }
    }

    fn making_of(&self, key: &'c Key) -> Option<Node> {
        self.created.contains(key).then(|| self.making(key))
    }

    /// What is needed goes after all that needs it.
    fn ways_down(&self, graph: &mut Graph<Node>) {
        for Dependency { dependent, referenced, .. } in &self.from.dependencies {
            let is_dropped = self.dropped.contains_key(dependent);
            let needs_still = needs(self.to, dependent, referenced);
            let is_type = is_type(referenced);
            // a member goes with its extension
            let extension = extension_of(self.from, referenced);
            let referenced = extension.as_ref().unwrap_or(referenced);
            if is_dropped {
                let first = self.drop_of(dependent);
                if self.dropped.contains_key(referenced) {
                    let second = self.drop_of(referenced);
                    graph.before(&first, &second);
                    // the column of an heir goes with that of the parent, too
                    let column = self.from.entry(referenced);
                    let column = column.and_then(|(key, _)| self.object(self.from, key));
                    let column = column.filter(|it| it.is(Attribute::Inherited));
                    for whole in column.iter().flat_map(|it| rules(it.key.kind()).dropped_with(it))
                    {
                        graph.before(&first, &self.drop_of(&whole));
                    }
                } else if self.changed.contains_key(referenced)
                    // an owned sequence may go before and after
                    && dependent.kind() != ObjectKind::Sequence
                    && !self.is_of_rebound(dependent, referenced)
                {
                    graph.before(&first, &Node::new(referenced, Stage::Late));
                }
                for whole in self.absorbing(referenced) {
                    graph.before(&first, &whole);
                }
            } else if self.dropped.contains_key(referenced) {
                let second = self.drop_of(referenced);
                let early = self.changed.get(dependent).is_some_and(|it| !it.early.is_empty());
                if early {
                    graph.before(&Node::new(dependent, Stage::Early), &second);
                }
                // what is done early looses a column from what its default calls, and not from its type
                let is_loosed = early && !is_type;
                if !is_loosed && !needs_still && self.to.get(referenced).is_none() {
                    graph.before(&Node::new(dependent, Stage::Late), &second);
                    for whole in self.absorbing(dependent) {
                        graph.before(&whole, &second);
                    }
                }
            }
        }
    }

    /// Whether something is a part of a partition whose bounds change: that comes before.
    fn is_of_rebound(&self, part: &Key, table: &Key) -> bool {
        let facts = self.from.get(table).zip(self.to.get(table));
        facts.is_some_and(|(was, is)| is_rebound(was, is))
            && self.from.get(part).is_some_and(|it| part.relation(it).as_ref() == Some(table))
    }

    /// What the rules of each kind say.
    fn by_rules(&self, graph: &mut Graph<Node>) {
        let old = self.dropped.keys().map(|key| (self.from, *key));
        let wanted = self.created.iter().chain(self.changed.keys());
        let all = old.chain(wanted.map(|key| (self.to, *key)));
        for object in all.filter_map(|(catalog, key)| self.object(catalog, key)) {
            for (first, second) in rules(object.key.kind()).order(&object) {
                graph.before(&self.node_of(first), &self.node_of(second));
            }
        }
    }

    fn node_of(&self, moment: Moment) -> Node {
        match moment {
            Moment::At(stage, key) => Node::new(&key, stage),
            Moment::Gone(key) => self.drop_of(&key),
            Moment::Made(key) => match self.to.entry(&key) {
                Some((key, _)) => self.making(key),
                None => Node::new(&key, Stage::Create),
            },
        }
    }

    /// A name is given up before it is taken.
    fn names(&self, graph: &mut Graph<Node>) {
        let mut old: BTreeMap<(bool, &str, &str), Vec<&Key>> = BTreeMap::new();
        // that of a check or a foreign key is its table's own
        let is_shared = |catalog: &Catalog, key: &Key| {
            key.kind() != ObjectKind::Constraint || catalog.get(key).is_some_and(Fact::has_index)
        };
        for key in self.dropped.keys().filter(|it| is_shared(self.from, it)) {
            if let Some(name) = name_of(key) {
                old.entry(name).or_default().push(key);
            }
        }
        for key in self.created.iter().filter(|it| is_shared(self.to, it)) {
            for gone in name_of(key).and_then(|name| old.get(&name)).into_iter().flatten() {
                graph.before(&self.drop_of(gone), &self.making(key));
            }
        }
        for key in self.renamed.keys() {
            let gone = name_of(key).and_then(|name| old.get(&name));
            for gone in gone.into_iter().flatten() {
                graph.before(&self.drop_of(gone), &Node::new(key, Stage::Late));
            }
        }
    }
}

/// The extension that an object is a member of.
pub(super) fn extension_of(catalog: &Catalog, key: &Key) -> Option<Key> {
    let name = catalog.get(key)?.get(Attribute::Extension)?;
    Some(Key::new(ObjectKind::Extension, &[name]))
}

/// What an object's name must differ from: relations and types share theirs, routines those of any arguments.
fn name_of(key: &Key) -> Option<(bool, &str, &str)> {
    match key.kind() {
        ObjectKind::Relation | ObjectKind::Index | ObjectKind::Sequence => {
            Some((false, key.part(0), key.part(1)))
        }
        _ if is_type(key) => Some((false, key.part(0), key.part(1))),
        ObjectKind::Constraint => Some((false, key.part(0), key.part(2))),
        ObjectKind::Routine => Some((true, key.part(0), key.part(1))),
        _ => None,
    }
}
