//! What routines need whose body is text: PostgreSQL records nothing of it, so it is read.
//!
//! Such edges are soft. PostgreSQL makes a routine without what its body names, as long as nothing calls it meanwhile and
//! `check_function_bodies` is off: where they lead round in a circle, they give way. Something that does call it while it is
//! made (a generated column, an index) finds it with an empty body, which is replaced at last.

use std::collections::{BTreeMap, BTreeSet};

use super::{Node, Planner, Stage, Stuck, is_type, needs};
use crate::{
    catalog::{Attribute, ConstraintKind, Key, ObjectKind, RelationKind},
    ddl::{
        routine,
        rules::{Object, Steps},
    },
    planner::order::Graph,
    words::sql::mentions::{Mention, Mentions, Place},
};

/// Edges that may give way: and whether what they stand for is certain.
type Soft = BTreeMap<(Node, Node), bool>;

/// What is made or changed in a plan, by its name; and all routines.
struct Named<'c> {
    objects: BTreeMap<&'c str, Vec<&'c Key>>,
    operators: Vec<&'c Key>,
    /// What is made or changed of a relation or composite type.
    parts: BTreeMap<(&'c str, &'c str), Vec<&'c Key>>,
}

impl<'c> Planner<'c> {
    /// All stages in order, once the bodies of routines are read.
    pub(super) fn sorted(&mut self, mut graph: Graph<Node>) -> Result<Vec<Node>, Stuck> {
        let mut soft = self.bodies(&mut graph);
        loop {
            match graph.sorted() {
                Ok(order) => return Ok(order),
                Err(stuck) if self.untangle(&mut graph, &mut soft, &stuck) => {}
                Err(stuck) => {
                    let circle = graph.circle(&stuck);
                    return Err(Stuck { circle, all: stuck });
                }
            }
        }
    }

    /// Puts routines behind what their bodies name.
    fn bodies(&mut self, graph: &mut Graph<Node>) -> Soft {
        let mut soft = Soft::new();
        let (mut open, users) = self.routines();
        for key in &open {
            // one that calls itself cannot be made as it is
            let node = Node::new(key, Stage::Create);
            if needs(self.to, key, key) {
                self.empty(graph, &mut soft, &BTreeSet::new(), &node);
            }
        }
        if open.is_empty() {
            return soft;
        }
        let named = self.named();
        let mut seen: BTreeSet<&'c Key> = open.iter().copied().collect();
        while let Some(key) = open.pop() {
            let Some(object) = self.object(self.to, key).filter(routine::is_text) else {
                continue;
            };
            let place = self.place(key);
            let mut add = |graph: &mut Graph<Node>, first: &Node, second: &Node, is_sure| {
                if graph.before(first, second) {
                    soft.insert((first.clone(), second.clone()), is_sure);
                }
            };
            if !self.is_touched(key) {
                // nothing happens to it: what calls it comes after what it names
                graph.add(place.clone());
                for user in users.get(key).into_iter().flatten() {
                    for node in self.makings(user) {
                        add(graph, &place, &node, false);
                    }
                }
            }
            for (found, is_sure) in self.needed(&object, &named) {
                if found.kind() == ObjectKind::Routine && !self.is_touched(found) {
                    let is_text = self.object(self.to, found);
                    if is_sure && is_text.is_some_and(|it| routine::is_text(&it)) {
                        graph.add(self.place(found));
                        if seen.insert(found) {
                            open.push(found);
                        }
                    }
                }
                for node in self.ready(found) {
                    add(graph, &node, &place, is_sure);
                }
            }
        }
        soft
    }

    /// Where edges lead round in a circle: what gives way there. Returns whether anything did.
    fn untangle(&mut self, graph: &mut Graph<Node>, soft: &mut Soft, stuck: &[Node]) -> bool {
        for knot in graph.knots(stuck) {
            let inside = |wanted: bool| {
                let edges = soft.iter().filter(|((first, second), is_sure)| {
                    **is_sure == wanted && knot.contains(first) && knot.contains(second)
                });
                edges.map(|(edge, _)| edge.clone()).collect::<Vec<_>>()
            };
            let doubtful = inside(false);
            if !doubtful.is_empty() {
                loosen(graph, soft, &knot, &doubtful);
                return true;
            }
            let sure = inside(true);
            let routines = knot.iter().filter(|it| it.key.kind() == ObjectKind::Routine);
            let called = routines.filter(|it| match sure.is_empty() {
                true => self.is_parsed(it),
                false => self.is_evaluated(&it.key, &knot),
            });
            let called: Vec<Node> = called.cloned().collect();
            let emptied = called.iter().filter(|node| self.empty(graph, soft, &knot, node)).count();
            if emptied > 0 {
                return true;
            }
            if !sure.is_empty() {
                loosen(graph, soft, &knot, &sure);
                return true;
            }
        }
        false
    }

    /// Lets those in a knot that wait for a routine wait for it with an empty body, or with its old one; and what its body needs
    /// go before it does. Returns whether it could.
    fn empty(
        &mut self,
        graph: &mut Graph<Node>,
        soft: &mut Soft,
        knot: &BTreeSet<Node>,
        node: &Node,
    ) -> bool {
        let Some(object) = self.routine(node) else {
            return false;
        };
        if self.hollow.contains(object.key)
            || node.stage != Stage::Late && routine::emptied("", &object).is_none()
        {
            return false;
        }
        self.hollow.insert(object.key);
        let early = Node::new(&node.key, Stage::Early);
        let followers = graph.followers(node).into_iter();
        let within: Vec<Node> =
            followers.filter(|it| it.key != node.key && knot.contains(it)).collect();
        if node.stage != Stage::Late {
            graph.add(early.clone());
            graph.before(&early, node);
        }
        if node.stage == Stage::Create {
            for first in graph.leaders(node) {
                let is_soft = soft.contains_key(&(first.clone(), node.clone()));
                let is_of_body =
                    routine::is_parsed(&object) && knot.contains(&first) && !is_type(&first.key);
                if !is_soft && !is_of_body {
                    graph.before(&first, &early);
                }
            }
        }
        for second in within {
            graph.cut(node, &second);
            let is_sure = soft.remove(&(node.clone(), second.clone()));
            if graph.before(&early, &second)
                && let Some(is_sure) = is_sure
            {
                soft.insert((early.clone(), second), is_sure);
            }
        }
        true
    }

    /// The routine that a stage makes, changes or drops.
    fn routine(&self, node: &Node) -> Option<Object<'c>> {
        let catalog = match node.stage {
            Stage::Drop if self.created.contains(&node.key) => return None,
            Stage::Drop => self.from,
            Stage::Create | Stage::Late => self.to,
            Stage::Early | Stage::Finish => return None,
        };
        let (key, _) = catalog.entry(&node.key)?;
        self.object(catalog, key)
    }

    fn is_parsed(&self, node: &Node) -> bool {
        self.routine(node).is_some_and(|it| routine::is_parsed(&it))
    }

    /// Whether something in a knot calls a routine while it is made.
    fn is_evaluated(&self, routine: &Key, knot: &BTreeSet<Node>) -> bool {
        let needs = self.to.dependencies.iter();
        let mut users = needs.filter(|it| it.referenced == *routine).map(|it| &it.dependent);
        users.any(|user| {
            let is_there = self.makings(user).iter().any(|it| knot.contains(it));
            is_there && self.object(self.to, user).is_some_and(|it| evaluates(&it))
        })
    }

    fn is_touched(&self, key: &Key) -> bool {
        self.created.contains(key) || self.changed.contains_key(key)
    }

    /// The routines whose bodies count: those that are made or changed, and those that something calls which is; and what
    /// calls them.
    fn routines(&self) -> (Vec<&'c Key>, BTreeMap<&'c Key, Vec<&'c Key>>) {
        let mut users: BTreeMap<&'c Key, Vec<&'c Key>> = BTreeMap::new();
        let calls = self.to.dependencies.iter();
        for it in calls.filter(|it| it.referenced.kind() == ObjectKind::Routine) {
            if self.is_touched(&it.dependent) {
                users.entry(&it.referenced).or_default().push(&it.dependent);
            }
        }
        let own = self.created.iter().chain(self.changed.keys()).copied();
        let all: BTreeSet<&'c Key> = own
            .filter(|it| it.kind() == ObjectKind::Routine)
            .chain(users.keys().copied())
            .collect();
        (all.into_iter().collect(), users)
    }

    fn named(&self) -> Named<'c> {
        let mut named =
            Named { objects: BTreeMap::new(), operators: Vec::new(), parts: BTreeMap::new() };
        let touched = self.created.iter().chain(self.changed.keys()).copied();
        let untouched = self.to.of_kind(ObjectKind::Routine).map(|(key, _)| key);
        for key in touched.chain(untouched.filter(|it| !self.is_touched(it))) {
            match key.kind() {
                ObjectKind::Operator => named.operators.push(key),
                ObjectKind::Column | ObjectKind::CompositeAttribute | ObjectKind::Constraint => {
                    let whole = (key.part(0), key.part(1));
                    named.parts.entry(whole).or_default().push(key);
                }
                ObjectKind::Cast => named.operators.push(key),
                ObjectKind::Index
                | ObjectKind::Trigger
                | ObjectKind::Rule
                | ObjectKind::Policy
                | ObjectKind::Statistics
                | ObjectKind::Grant
                | ObjectKind::DefaultPrivilege
                | ObjectKind::Inheritance
                | ObjectKind::DomainConstraint => {}
                _ => named.objects.entry(key.part(1)).or_default().push(key),
            }
        }
        // a relation may stay as it is while its columns change
        for (schema, name) in named.parts.keys() {
            for kind in [ObjectKind::Relation, ObjectKind::Composite] {
                let found = self.to.entry(&Key::new(kind, &[schema, name]));
                if let Some((key, _)) = found.filter(|(key, _)| !self.is_touched(key)) {
                    named.objects.entry(name).or_default().push(key);
                }
            }
        }
        named
    }

    /// What a body names, and whether it certainly does.
    fn needed(&self, object: &Object<'c>, named: &Named<'c>) -> BTreeMap<&'c Key, bool> {
        let body = object.get(Attribute::Body).unwrap_or_default();
        let language = object.get(Attribute::Language).unwrap_or_default();
        let is_sql = language == "sql";
        let mentions = match language {
            "sql" | "plpgsql" => Mentions::of(body),
            _ => Mentions::words(body),
        };
        let path = search_path(object);
        let mut needed: BTreeMap<&'c Key, bool> = BTreeMap::new();
        let mut add = |key: &'c Key, is_sure: bool| {
            // nobody asks for a body that is not SQL while something is made
            *needed.entry(key).or_default() |= is_sure && is_sql;
        };
        for mention in &mentions.names {
            for key in named.objects.get(&*mention.name).into_iter().flatten() {
                let is_in = match &mention.schema {
                    Some(schema) => key.part(0) == schema,
                    None => path.iter().any(|it| it == key.part(0)),
                };
                if mention.schema.is_some() && !is_in || *key == object.key {
                    continue;
                }
                let is_sure = is_in && self.fits(mention, key);
                add(key, is_sure);
                let whole = (key.part(0), key.part(1));
                let parts = named.parts.get(&whole).into_iter().flatten();
                for part in parts.filter(|_| key.kind() != ObjectKind::Routine) {
                    let is_named = mentions.has(part.name());
                    let is_key = part.kind() == ObjectKind::Constraint;
                    if is_named || !is_key || mentions.has("group") {
                        add(part, is_sure && is_named && !is_key);
                    }
                }
            }
        }
        for key in &named.operators {
            let is_there = match key.kind() {
                ObjectKind::Operator => {
                    mentions.operators.iter().any(|it| it.contains(key.part(1)))
                }
                // between types that it may well not name
                _ => true,
            };
            if is_there {
                add(key, false);
            }
        }
        needed
    }

    /// Whether an object is what the place of its name asks for.
    fn fits(&self, mention: &Mention, key: &'c Key) -> bool {
        match mention.place {
            Place::Relation => matches!(key.kind(), ObjectKind::Relation | ObjectKind::Sequence),
            Place::Call(count) => {
                let object = self.object(self.to, key);
                key.kind() == ObjectKind::Routine
                    && object.is_some_and(|it| routine::takes(&it, count))
            }
            Place::Type => is_type(key) || key.kind() == ObjectKind::Relation,
            Place::Any => false,
        }
    }

    /// Where the statement of a routine stands.
    fn place(&self, key: &'c Key) -> Node {
        let is_early = |it: &Steps| it.late.is_empty() && !it.early.is_empty();
        match self.changed.get(key) {
            Some(steps) if is_early(steps) => Node::new(key, Stage::Early),
            _ if self.created.contains(key) => Node::new(key, Stage::Create),
            _ => Node::new(key, Stage::Late),
        }
    }

    /// The statements after which an object is as it is to be.
    fn ready(&self, key: &'c Key) -> Vec<Node> {
        let mut nodes = vec![Node::new(key, Stage::Late)];
        if self.created.contains(key) {
            nodes.extend([self.making(key), Node::new(key, Stage::Create)]);
        }
        nodes
    }

    /// The statements that make or change an object.
    fn makings(&self, key: &'c Key) -> Vec<Node> {
        match self.created.contains(key) {
            true => vec![self.making(key), Node::new(key, Stage::Create)],
            false => vec![Node::new(key, Stage::Late)],
        }
    }
}

/// Lets edges of a knot give way; what waits for one routine of it waits for all of them, for they call each other.
fn loosen(graph: &mut Graph<Node>, soft: &mut Soft, knot: &BTreeSet<Node>, edges: &[(Node, Node)]) {
    let routines = || knot.iter().filter(|it| it.key.kind() == ObjectKind::Routine);
    let after: BTreeSet<Node> =
        routines().flat_map(|it| graph.followers(it)).filter(|it| !knot.contains(it)).collect();
    for first in routines() {
        for second in after.iter().filter(|it| it.key != first.key) {
            if graph.before(first, second) {
                soft.insert((first.clone(), second.clone()), false);
            }
        }
    }
    for (first, second) in edges {
        graph.cut(first, second);
        soft.remove(&(first.clone(), second.clone()));
    }
}

/// Whether PostgreSQL reads, or runs, what an object calls when it is made.
fn evaluates(object: &Object<'_>) -> bool {
    match object.key.kind() {
        // rows that are there would keep what the empty body says
        ObjectKind::Column if object.is(Attribute::Generated) => !object.stays,
        ObjectKind::Column => object.stays && !object.with_parent,
        ObjectKind::Index => true,
        ObjectKind::Constraint => {
            object.fact.is_constraint(ConstraintKind::Exclusion)
                || !object.with_parent && !object.is(Attribute::NotValid)
        }
        ObjectKind::Relation => {
            object.is(Attribute::PartitionKey)
                || object.fact.relation_kind() == Some(RelationKind::MaterializedView)
                    && !object.is(Attribute::Unpopulated)
        }
        _ => false,
    }
}

/// The schemas in which a routine finds names that stand alone.
fn search_path(object: &Object<'_>) -> Vec<String> {
    let settings = object.list(Attribute::Configuration);
    let set = settings.iter().find_map(|it| it.strip_prefix("search_path="));
    match set {
        Some(path) => {
            let schemas = Mentions::of(path).names.into_iter();
            schemas.map(|it| it.name).collect()
        }
        None => vec!["public".to_owned(), object.key.part(0).to_owned()],
    }
}
