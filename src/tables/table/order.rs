//! What pg_depend does not say of tables: they are whole before they are attached, and before rows are looked at.

use super::{is_view, rebound, whole};
use crate::{
    catalog::{Attribute, Catalog, Key, ObjectKind},
    ddl::rules::{Before, Moment, Object, Stage},
    tables::inheritance::{child, is_detached, lends},
};

/// The columns of a relation.
fn columns<'c>(catalog: &'c Catalog, relation: &Key) -> impl Iterator<Item = &'c Key> {
    let below = catalog.below(ObjectKind::Column, &[relation.part(0), relation.part(1)]);
    below.map(|(key, _)| key)
}

/// The order around a table that is wanted.
pub(super) fn of_table(table: &Object<'_>) -> Vec<Before> {
    if is_view(table) || table.before.is_none() {
        return Vec::new();
    }
    if let Some(order) = rebound::order(table) {
        return order;
    }
    let mut all = Vec::new();
    for (relation, is_whole) in [(Some(table.key.clone()), false), (whole(table), true)] {
        let Some(relation) = relation else { continue };
        for column in columns(table.catalog, &relation) {
            // one that parents lend comes with the tie to them, and that after the table
            if table.other(column).is_some_and(|it| lends(&it)) {
                continue;
            }
            for stage in [Stage::Create, Stage::Late] {
                let made = || Moment::At(stage, column.clone());
                all.push((made(), Moment::At(Stage::Late, table.key.clone())));
                if is_whole {
                    all.push((made(), Moment::At(Stage::Create, table.key.clone())));
                }
            }
        }
    }
    if let Some(before) = table.before.filter(|_| is_detached(table)) {
        let early = Moment::At(Stage::Early, table.key.clone());
        all.extend(inherited(before, table.key).map(|it| (early.clone(), dropped(it))));
    }
    all
}

/// The order around a tie between a table and a parent that is wanted.
pub(crate) fn of_tie(tie: &Object<'_>) -> Vec<Before> {
    let made = || Moment::At(Stage::Create, tie.key.clone());
    let parent = Key::new(ObjectKind::Relation, &[tie.key.part(2), tie.key.part(3)]);
    let child = child(tie);
    let mut all = Vec::new();
    // who is made a child gets the defaults of the moment
    for column in columns(tie.catalog, &parent) {
        let changed = Moment::At(Stage::Late, column.clone());
        all.push((changed, Moment::At(Stage::Create, child.clone())));
    }
    all.extend(of_successor(tie, &child, &parent));
    for relation in [&child, &parent] {
        for stage in [Stage::Create, Stage::Late] {
            all.push((Moment::At(stage, relation.clone()), made()));
            for column in columns(tie.catalog, relation) {
                let its = Moment::At(stage, column.clone());
                all.push(match tie.other(column).is_some_and(|it| lends(&it)) {
                    true => (made(), its),
                    false => (its, made()),
                });
            }
        }
    }
    all
}

/// The order of a tie that takes the place of another one: what a child has from the old parent and from the new one does not become
/// its own in between.
fn of_successor(tie: &Object<'_>, child: &Key, parent: &Key) -> Vec<Before> {
    let Some(before) = tie.before else { return Vec::new() };
    let mut all = Vec::new();
    let old = before.below(ObjectKind::Inheritance, &[child.part(0), child.part(1)]);
    for (old, _) in old.filter(|(old, _)| tie.catalog.get(old).is_none()) {
        let was = |key: &&Key| before.get(key).is_some_and(|it| it.is(Attribute::Inherited));
        for key in inherited(tie.catalog, child).filter(was) {
            let source = Key::new(key.kind(), &[parent.part(0), parent.part(1), key.name()]);
            if tie.catalog.get(&source).is_some() {
                let gone = || Moment::Gone(old.clone());
                all.push((Moment::At(Stage::Create, tie.key.clone()), gone()));
                all.push((Moment::At(Stage::Create, source), gone()));
            }
        }
    }
    all
}

/// The order around a tie that goes: what a child keeps is its own before it is dropped, and before the parent's is.
pub(crate) fn of_old_tie(tie: &Object<'_>) -> Vec<Before> {
    let gone = Moment::At(Stage::Drop, tie.key.clone());
    let parent = Key::new(ObjectKind::Relation, &[tie.key.part(2), tie.key.part(3)]);
    let path = [parent.part(0), parent.part(1)];
    let constraints = tie.catalog.below(ObjectKind::Constraint, &path);
    let of_parent = columns(tie.catalog, &parent).chain(constraints.map(|(key, _)| key));
    let child = child(tie);
    let all = inherited(tie.catalog, &child).chain(of_parent).map(dropped);
    all.chain([Moment::Gone(parent.clone())]).map(|it| (gone.clone(), it)).collect()
}

/// The columns and constraints that a table has from another one.
fn inherited<'c>(catalog: &'c Catalog, table: &Key) -> impl Iterator<Item = &'c Key> {
    let path = [table.part(0), table.part(1)];
    let columns = catalog.below(ObjectKind::Column, &path);
    let all = columns.chain(catalog.below(ObjectKind::Constraint, &path));
    all.filter(|(_, fact)| fact.is(Attribute::Inherited)).map(|(key, _)| key)
}

/// When something is dropped by a statement of its own.
fn dropped(key: &Key) -> Moment {
    Moment::At(Stage::Drop, key.clone())
}
