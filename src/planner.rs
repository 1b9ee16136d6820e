//! From two catalogs to the statements that lead from one to the other: what happens to each object, what is dropped and made anew
//! for it, and in which order. How that is said in SQL is the business of the [rules](crate::ddl) of each kind.

mod bodies;
mod edges;
pub(crate) mod filling;
mod kinds;
mod not_nulls;
mod order;
mod recreate;
pub(crate) mod segment;
mod sequences;
mod state;
mod swap_type;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Fact, Home, Key, ObjectKind, RelationKind},
    ddl::{
        Boundary, Statement, base_type,
        hazard::Hazard,
        rules::{Alter, Change, Object, Stage, Steps},
        stored::stored_in,
    },
    planner::kinds::rules,
};

/// What statements are made for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'t> {
    /// The major version of the server.
    pub major: u32,
    /// The role that objects belong to when nobody says so: the one that runs the statements.
    pub role: &'t str,
    /// Whether tables that are there before are changed in forms that do not stop their readers and writers.
    pub online: bool,
    /// Whether a column may be filled by a block that commits now and then.
    pub batches: bool,
    /// Whether all statements share one transaction, whatever they are: a value that is added to an enum cannot be used in it.
    pub in_one: bool,
    /// Whether forms that older servers know are preferred where there is a choice: nobody says which one it is for.
    pub portable: bool,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// PostgreSQL has no way from one to the other that keeps the rows.
    #[error("there is no way that keeps the rows: {}", .0.join("; "))]
    Impossible(Vec<String>),
    /// Objects that need each other.
    #[error("each of these must come before the next, and the last before the first: {}", .0.join(", "))]
    Circle(Vec<String>),
}

impl PlanError {
    /// What PostgreSQL has no way for, one by one.
    #[must_use]
    pub fn reasons(self) -> Vec<String> {
        match self {
            Self::Impossible(all) => all,
            Self::Circle(_) => vec![self.to_string()],
        }
    }
}

/// What of a catalog can be compared: without foreign keys to partitions that PostgreSQL derives, under names of its own,
/// from one to the whole table.
#[must_use]
pub fn comparable(mut catalog: Catalog) -> Catalog {
    let is_partition = |(_, fact): &(&Key, &Fact)| fact.is(Attribute::PartitionOf);
    let partitions = catalog.of_kind(ObjectKind::Relation).filter(is_partition);
    let partitions: BTreeSet<Key> = partitions.map(|(key, _)| key.clone()).collect();
    catalog.retain(|key, fact| {
        let is_derived = key.kind() == ObjectKind::Constraint
            && fact.is_constraint(ConstraintKind::ForeignKey)
            && fact.is(Attribute::OfPartitioned);
        let table = || key.table();
        !is_derived || partitions.contains(&table())
    });
    catalog
}

pub use self::state::settled;
pub(crate) use crate::{
    ddl::extension::no_update,
    tables::inheritance::{is_in_key, parent_table},
};

/// Plans the way from one catalog to another.
///
/// # Errors
/// When PostgreSQL has no way that keeps the rows.
pub fn plan(
    from: &Catalog,
    to: &Catalog,
    target: &Target<'_>,
) -> Result<Vec<Statement>, PlanError> {
    let mut planner = Planner::new(from, to, *target);
    planner.decide();
    planner.expand();
    if !planner.impossible.is_empty() {
        return Err(PlanError::Impossible(planner.impossible));
    }
    let mut order = planner.order();
    if let Err(stuck) = &order
        && planner.cut(&stuck.all)
    {
        order = planner.order();
    }
    let order = order.map_err(|stuck| {
        let stage = |node: &Node| format!("{:?} of {}", node.stage, node.key).to_lowercase();
        PlanError::Circle(stuck.circle.iter().map(stage).collect())
    })?;
    let mut all = Vec::new();
    // where keys begin that only take over what was built for them
    let mut taking = None;
    for node in &order {
        let mut statements = planner.statements(node);
        // who runs the statements owns what they make
        let is_own = |it: &Statement| it.new_owner() == Some(target.role);
        if node.stage != Stage::Finish {
            statements.retain(|it| !is_own(it));
        }
        let mut statements = statements.into_iter().map(|mut it| {
            if is_own(&it) {
                it = it.for_current_role();
            }
            let felt = it.touches.iter().filter(|it| planner.is_used(&it.relation));
            it.hazard = felt.filter_map(Hazard::of).max();
            it.target = Some(node.key.clone());
            it
        });
        // the indexes of several keys are built one after the other, and the keys take them over at once
        taking = match statements.next() {
            Some(built) if builds_for_key(node, &built) => {
                let at = taking.unwrap_or(all.len());
                all.insert(at, built);
                Some(at + 1)
            }
            Some(first) => {
                all.push(first);
                None
            }
            None => taking,
        };
        all.extend(statements);
    }
    Ok(all)
}

/// Whether a statement builds the index that a new key takes over.
fn builds_for_key(node: &Node, statement: &Statement) -> bool {
    let is_key = node.key.kind() == ObjectKind::Constraint && node.stage == Stage::Create;
    is_key && statement.boundary == Boundary::Alone
}

/// One stage of one object. The order of the fields is the order of the plan, where dependencies leave it open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    rank: u32,
    key: Key,
    stage: Stage,
}

impl Node {
    fn new(key: &Key, stage: Stage) -> Self {
        Self { rank: rank(key.kind(), stage), key: key.clone(), stage }
    }
}

/// Nodes that wait for each other.
struct Stuck {
    all: Vec<Node>,
    circle: Vec<Node>,
}

/// What comes sooner, where it may come at any time: what is in the way goes first, what was made for rows is there before what
/// is made from them.
fn rank(kind: ObjectKind, stage: Stage) -> u32 {
    let place = kind.info().rank;
    match stage {
        Stage::Early => place,
        // the other way round
        Stage::Drop => 100 + (50 - place),
        Stage::Create | Stage::Late | Stage::Finish => 200 + place,
    }
}

/// What becomes of an object that is in both.
#[derive(Debug)]
struct Planner<'c> {
    from: &'c Catalog,
    to: &'c Catalog,
    target: Target<'c>,
    /// What is changed, and how.
    changed: BTreeMap<&'c Key, Steps>,
    /// What is dropped; with it what takes it away, if it is not a statement of its own.
    dropped: BTreeMap<&'c Key, Option<&'c Key>>,
    /// What is made.
    created: BTreeSet<&'c Key>,
    /// What only gets another owner or comment.
    finished: BTreeSet<&'c Key>,
    /// What goes by another name, and by which before.
    renamed: BTreeMap<&'c Key, &'c Key>,
    /// What comes to be what it will be with something else that is changed.
    absorbed: BTreeMap<&'c Key, Vec<&'c Key>>,
    impossible: Vec<String>,
    /// Routines that are made with an empty body first, or get one before they are dropped.
    hollow: BTreeSet<&'c Key>,
}

impl<'c> Planner<'c> {
    fn new(from: &'c Catalog, to: &'c Catalog, target: Target<'c>) -> Self {
        Self {
            from,
            to,
            target,
            changed: BTreeMap::new(),
            dropped: BTreeMap::new(),
            created: BTreeSet::new(),
            finished: BTreeSet::new(),
            renamed: BTreeMap::new(),
            absorbed: BTreeMap::new(),
            impossible: Vec::new(),
            hollow: BTreeSet::new(),
        }
    }

    /// The object of a key in one of the catalogs.
    fn object(&self, catalog: &'c Catalog, key: &'c Key) -> Option<Object<'c>> {
        let fact = catalog.get(key)?;
        let stays = self.stays(catalog, key, fact);
        let mut object = Object {
            catalog,
            before: std::ptr::eq(catalog, self.to).then_some(self.from),
            key,
            fact,
            major: self.target.major,
            stays,
            online: stays && self.target.online && !self.is_of_new_partition(key, fact),
            batches: self.target.batches,
            in_one: self.target.in_one,
            portable: self.target.portable,
            role: self.target.role,
            with_parent: false,
        };
        let parent = rules(key.kind()).created_with(&object);
        object.with_parent = parent.is_some_and(|parent| self.created.contains(&parent));
        Some(object)
    }

    /// Whether the relation that an object is part of is in both, and is not made anew.
    fn stays(&self, catalog: &Catalog, key: &Key, fact: &Fact) -> bool {
        let relation = match (key.kind(), key.kind().info().home) {
            (ObjectKind::Relation, _) | (_, Home::Relation | Home::BesideRelation) => {
                key.relation(fact)
            }
            _ => None,
        };
        let Some(relation) = relation else {
            return self.from.get(key).is_some() && self.to.get(key).is_some();
        };
        // an index of a partition is built as that of the whole table is
        let relation = match key.kind() {
            ObjectKind::Index | ObjectKind::Constraint => {
                crate::tables::inheritance::top(catalog, relation)
            }
            _ => relation,
        };
        self.from.get(&relation).is_some()
            && self.to.get(&relation).is_some()
            && !self.dropped.contains_key(&relation)
    }

    /// Whether an index or constraint is one of a partition that is made with it: there are no rows yet.
    fn is_of_new_partition(&self, key: &Key, fact: &Fact) -> bool {
        matches!(key.kind(), ObjectKind::Index | ObjectKind::Constraint)
            && key.relation(fact).is_some_and(|it| self.from.get(&it).is_none())
    }

    /// Whether a relation with rows is there before, and stays: others may use it meanwhile.
    fn is_used(&self, relation: &Key) -> bool {
        let has_rows = |catalog: &Catalog| {
            let kind = catalog.relation_kind(relation);
            kind.is_some_and(|it| it != RelationKind::View)
        };
        has_rows(self.from) && has_rows(self.to) && !self.dropped.contains_key(relation)
    }

    /// Decides what happens to each object by itself.
    fn decide(&mut self) {
        let (from, to) = (self.from, self.to);
        let keys: BTreeSet<&'c Key> = from.iter().chain(to.iter()).map(|(key, _)| key).collect();
        let mut renamed = self.renamed_not_nulls();
        renamed.extend(self.renamed_sequences());
        for key in keys {
            let (was, is) = (from.get(key), to.get(key));
            let is_member = |fact: &Fact| fact.is(Attribute::Extension);
            if was.is_some_and(is_member) || is.is_some_and(is_member) || renamed.contains(key) {
                continue;
            }
            match (was, is) {
                (Some(was), Some(is)) if was != is || self.has_other_parts(key) => self.change(key),
                (Some(_), None) => {
                    self.dropped.insert(key, None);
                }
                (None, Some(_)) => {
                    self.created.insert(key);
                }
                _ => {}
            }
        }
        self.absorb();
    }

    /// Whether the attributes or constraints of a type differ.
    fn has_other_parts(&self, key: &Key) -> bool {
        let part = match key.kind() {
            ObjectKind::Composite => ObjectKind::CompositeAttribute,
            ObjectKind::Domain => ObjectKind::DomainConstraint,
            _ => return false,
        };
        let path = [key.part(0), key.part(1)];
        !self.from.below(part, &path).eq(self.to.below(part, &path))
    }

    /// What comes with something else is no business of its own.
    fn absorb(&mut self) {
        let wholes = self.changed.iter();
        let all: Vec<(&'c Key, Vec<Key>)> = wholes
            .filter(|(_, steps)| !steps.absorbs.is_empty())
            .map(|(key, steps)| (*key, steps.absorbs.clone()))
            .collect();
        for (whole, parts) in &all {
            for part in parts {
                for (key, _) in [self.from, self.to].iter().filter_map(|it| it.entry(part)) {
                    self.created.remove(key);
                    self.dropped.remove(key);
                    self.changed.remove(key);
                    self.finished.remove(key);
                    let wholes = self.absorbed.entry(key).or_default();
                    if !wholes.contains(whole) {
                        wholes.push(whole);
                    }
                }
            }
        }
    }

    fn change(&mut self, key: &'c Key) {
        let objects = (self.object(self.from, key), self.object(self.to, key));
        let (Some(from), Some(to)) = objects else {
            return;
        };
        let change = Change { from, to };
        if change.differs(Attribute::Comment) || change.differs(Attribute::Owner) {
            self.finished.insert(key);
        }
        if change.differs_only_in(&[]) && !self.has_other_parts(key) {
            return;
        }
        match rules(key.kind()).alter(&change) {
            Alter::By(steps) if change.differs_only_in(&[]) && steps == Steps::default() => {}
            Alter::By(steps) => {
                self.changed.insert(key, steps);
            }
            Alter::Replace => {
                self.dropped.insert(key, None);
            }
            Alter::Swap(_) if stored_in(self.from, key).is_empty() => {
                self.dropped.insert(key, None);
            }
            Alter::Swap(swap) => match self.swap(&change, &swap) {
                Ok(steps) => {
                    self.changed.insert(key, steps);
                }
                Err(why) => self.impossible.push(format!("{key}: {why}")),
            },
            Alter::ReplaceParent => {
                let parent = rules(key.kind()).created_with(&from);
                if let Some((parent, _)) = parent.and_then(|it| self.from.entry(&it)) {
                    self.dropped.insert(parent, None);
                }
            }
            Alter::Impossible(why) => self.impossible.push(format!("{key}: {why}")),
        }
    }
}

/// Whether one object depends on another.
fn needs(catalog: &Catalog, dependent: &Key, referenced: &Key) -> bool {
    catalog.dependencies.has(dependent, referenced)
}

/// What comes before a type and the functions that it is made of.
fn shell(object: &Object<'_>) -> Option<Statement> {
    let is_one = matches!(object.key.kind(), ObjectKind::BaseType | ObjectKind::Range);
    is_one.then(|| base_type::shell(object)).flatten()
}

fn is_type(key: &Key) -> bool {
    matches!(
        key.kind(),
        ObjectKind::Enum
            | ObjectKind::Domain
            | ObjectKind::Composite
            | ObjectKind::Range
            | ObjectKind::BaseType
    )
}

#[cfg(test)]
mod tests;
