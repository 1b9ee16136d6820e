//! Indexes. Those of constraints come and go with them.

mod alter;
pub(crate) mod exchange;
pub(crate) mod partition;
pub(crate) mod text;
pub(crate) mod ties;

use std::iter;

use self::partition::Birth;
use crate::{
    catalog::{Attribute, Catalog, Key, ObjectKind},
    ddl::{
        extension,
        rules::{
            Action, Alter, Before, Boundary, Change, KindRules, LockMode, Moment, Object, Stage,
            Statement, Work,
        },
    },
    tables::inheritance,
    words::ident::{Ident, Qualified},
};

/// What is known of indexes.
pub(crate) struct Index;

impl KindRules for Index {
    fn name(&self, index: &Object<'_>) -> Option<String> {
        Some(text::Designation(index.key).to_string())
    }

    // A constraint makes its index; the index of a partitioned table those of the partitions.
    fn created_with(&self, index: &Object<'_>) -> Option<Key> {
        match constraint(index) {
            Some(constraint) => Some(constraint),
            None => partition::whole(index).cloned(),
        }
    }

    // It goes with its constraint, its table, any column that it shows or asks, and the index that it is a part of.
    fn dropped_with(&self, index: &Object<'_>) -> Vec<Key> {
        let mut all = ties::automatic(index);
        ties::add(&mut all, relation(index));
        if let Some(constraint) = constraint(index) {
            ties::add(&mut all, constraint);
        }
        all.extend(extension::tied(index));
        all
    }

    // An index of a whole table takes those of partitions that are like it: one that is to stay by itself is made later.
    fn order(&self, index: &Object<'_>) -> Vec<Before> {
        if index.before.is_none() || index.is(Attribute::Parent) {
            return Vec::new();
        }
        let made = Moment::At(Stage::Create, index.key.clone());
        let table = relation(index);
        let above = inheritance::wholes(index.catalog, &table);
        let of_wholes =
            above.flat_map(|it| of_table(index.catalog, &it).cloned().collect::<Vec<_>>());
        of_wholes.map(|it| (Moment::Made(it), made.clone())).collect()
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        create(object)
    }

    // Takes it away. That of a constraint goes with it, before this is asked.
    fn drop(&self, index: &Object<'_>) -> Vec<Statement> {
        if index.is(Attribute::OfConstraint) {
            return Vec::new();
        }
        let name = qualified(index.key);
        if index.online && !index.is(Attribute::Parent) && !partition::is_partitioned(index) {
            let sql = format!("DROP INDEX CONCURRENTLY {name}");
            return vec![Statement::new(sql).at(Boundary::Alone)];
        }
        let (table, lock) = (relation(index), LockMode::AccessExclusive);
        vec![Statement::new(format!("DROP INDEX {name}")).touching(&table, lock, Work::Catalog)]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        alter::alter(change)
    }
}

/// The relation of an index.
pub(crate) fn relation(index: &Object<'_>) -> Key {
    let table = index.get(Attribute::Table).unwrap_or_default();
    Key::new(ObjectKind::Relation, &[index.key.part(0), table])
}

/// The constraint that an index belongs to.
pub(crate) fn constraint(index: &Object<'_>) -> Option<Key> {
    index.key.constraint_of_index(index.fact)
}

/// Makes it, and sets what the statement that makes it has no words for.
fn create(index: &Object<'_>) -> Vec<Statement> {
    let mut all = Vec::new();
    if !index.is(Attribute::OfConstraint) {
        match partition::birth(index) {
            Birth::Given => {}
            Birth::Called(name) => all.push(rename(index.key.part(0), &name, index.key.name())),
            Birth::Own { only, whole } => {
                let may_exist = whole.is_some() && !index.with_parent;
                let guard: &[&str] = if may_exist { &["IF NOT EXISTS"] } else { &[] };
                all.push(build(index, guard, only));
                all.extend(whole.map(|it| attach(it, index.key)));
            }
        }
    }
    all.extend(finish(index));
    all
}

/// The statement that makes an index: one that does not stop writers where there may be any.
fn build(index: &Object<'_>, guard: &[&str], only: bool) -> Statement {
    let on = |statement: Statement, lock: LockMode| {
        statement.touching(&relation(index), lock, Work::Build)
    };
    if !index.online || partition::is_partitioned(index) {
        let statement = Statement::new(text::create(index, guard, only));
        return on(statement, LockMode::Share);
    }
    let guard = guard.iter().copied();
    let how: Vec<&str> = iter::once("CONCURRENTLY").chain(guard).collect();
    let statement = Statement::new(text::create(index, &how, only));
    on(statement, LockMode::ShareUpdateExclusive).at(Boundary::Alone)
}

/// The indexes of a table.
pub(crate) fn of_table<'c>(catalog: &'c Catalog, table: &Key) -> impl Iterator<Item = &'c Key> {
    let table = table.clone();
    let all = catalog.below(ObjectKind::Index, &[table.part(0)]);
    all.filter(move |(key, fact)| key.relation(fact).as_ref() == Some(&table)).map(|(key, _)| key)
}

/// Builds one beside readers and writers.
pub(crate) fn concurrently(index: &Object<'_>) -> Statement {
    let table = relation(index);
    Statement::new(text::create(index, &["CONCURRENTLY"], false))
        .touching(&table, LockMode::ShareUpdateExclusive, Work::Build)
        .at(Boundary::Alone)
}

/// Gives an index another name, and the constraint with it.
fn rename(schema: &str, from: &str, to: &str) -> Statement {
    let from = Qualified { schema, name: from };
    Statement::new(format!("ALTER INDEX {from} RENAME TO {}", Ident(to)))
}

/// Makes the index of a partition a part of that of the whole. Nothing happens where it is one.
pub(crate) fn attach(whole: &Key, part: &Key) -> Statement {
    let (whole, part) = (text::Designation(whole), qualified(part));
    Statement::new(format!("ALTER {whole} ATTACH PARTITION {part}"))
}

/// `"schema"."name"`.
fn qualified(key: &Key) -> Qualified<'_> {
    Qualified { schema: key.part(0), name: key.name() }
}

/// What a new index is given after it was made. That rows are clustered or told apart by it is lost with an old one of the
/// same name, so that it is said again.
pub(crate) fn finish(index: &Object<'_>) -> Vec<Statement> {
    let mut all = alter::statistics(index.key, None, index.get(Attribute::Statistics));
    if index.is(Attribute::Clustered) {
        all.push(cluster(index));
    }
    if index.is(Attribute::ReplicaIdentity) {
        all.push(replica_identity(index));
    }
    all.extend(extension::ties(index, &text::Designation(index.key).to_string()));
    all
}

/// Marks an index as the one that CLUSTER goes by.
fn cluster(index: &Object<'_>) -> Statement {
    let action = Action::new(format!("CLUSTER ON {}", Ident(index.key.name())));
    on_table(index, action.under(LockMode::ShareUpdateExclusive))
}

/// CLUSTER goes by no index of its table any more.
fn unclustered(index: &Object<'_>) -> Statement {
    on_table(index, Action::new("SET WITHOUT CLUSTER").under(LockMode::ShareUpdateExclusive))
}

/// Marks an index as the one that replication tells rows apart by.
fn replica_identity(index: &Object<'_>) -> Statement {
    let name = Ident(index.key.name());
    on_table(index, format!("REPLICA IDENTITY USING INDEX {name}"))
}

/// An ALTER of its table.
fn on_table(index: &Object<'_>, what: impl Into<Action>) -> Statement {
    Statement::alter_table("TABLE", &relation(index), false, vec![what.into()])
}
