//! How a table becomes an heir of another one, and is let go.

use crate::{
    catalog::{Attribute, ConstraintKind, Fact, Key, ObjectKind},
    ddl::rules::{Alter, Before, Change, KindRules, LockMode, Object, Statement, Steps, Work},
    tables::{
        column,
        inheritance::{Place, again, child, free, lends, parents, tie, tied},
        table::order,
    },
    words::ident::{Ident, Qualified},
};

/// What is known of inheritance.
pub(crate) struct Inheritance;

impl KindRules for Inheritance {
    fn created_with(&self, object: &Object<'_>) -> Option<Key> {
        Some(child(object))
    }

    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        vec![child(object)]
    }

    fn order(&self, object: &Object<'_>) -> Vec<Before> {
        match object.before {
            Some(_) => order::of_tie(object),
            None => order::of_old_tie(object),
        }
    }

    // Makes a table that is there a child. Columns and checks that it is to have from there alone come from a stand-in first: those of
    // its own stay its own.
    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        if object.with_parent {
            return Vec::new();
        }
        let mut statements = vec![tie(object, "INHERIT")];
        let (columns, checks) = (lent(object), lent_checks(object));
        if !columns.is_empty() || !checks.is_empty() {
            let own = object.key.part(0);
            let free = free(object, 0);
            let stand_in = Qualified { schema: own, name: &free };
            let (made, heir) = (Key::new(ObjectKind::Relation, &[own, &free]), child(object));
            let alter = |what: String| {
                let statement = Statement::new(format!("ALTER TABLE {stand_in} {what}"));
                statement.touching(&made, LockMode::AccessExclusive, Work::Catalog)
            };
            // what the stand-in gets while it is inherited from
            let hand_down =
                |what: String, work| alter(what).touching(&heir, LockMode::AccessExclusive, work);
            let mut before = Vec::new();
            if checks.is_empty() {
                before.push(Statement::new(format!("CREATE TABLE {stand_in} ()")));
            } else {
                let parent = Qualified { schema: object.key.part(2), name: object.key.part(3) };
                let like = format!("CREATE TABLE {stand_in} (LIKE {parent} INCLUDING GENERATED)");
                before.push(Statement::new(like));
                let names = columns.iter().map(|it| Ident(it.key.name()));
                before.extend(names.map(|it| alter(format!("DROP COLUMN {it}"))));
            }
            before.push(tied(object, "INHERIT", (own, &free)));
            for column in &columns {
                let what = format!("ADD COLUMN {}", column::definition(column));
                before.push(hand_down(what, Work::Catalog));
            }
            for (key, fact) in &checks {
                let definition = fact.get(Attribute::Definition).unwrap_or_default();
                let name = Ident(key.name());
                before.push(hand_down(format!("ADD CONSTRAINT {name} {definition}"), Work::Scan));
            }
            let after = [
                tied(object, "NO INHERIT", (own, &free)),
                Statement::new(format!("DROP TABLE {stand_in}")),
            ];
            statements.splice(0..0, before);
            statements.extend(after);
        }
        statements
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![tie(object, "NO INHERIT")]
    }

    // Another place among the parents: INHERIT adds at the end, so that those behind the first that is out of order
    // are let go and taken again.
    fn alter(&self, change: &Change<'_>) -> Alter {
        let (schema, table) = (change.to.key.part(0), change.to.key.part(1));
        let before = parents(change.from.catalog, schema, table);
        let after = parents(change.to.catalog, schema, table);
        let mut rest = before.iter();
        let in_order = after.iter().take_while(|it| rest.any(|was| was == *it));
        let stays = in_order.count();
        let own = (change.to.key.part(2), change.to.key.part(3));
        let moved: Vec<&Place> =
            after.iter().skip(stays).filter(|it| (it.0.as_str(), it.1.as_str()) == own).collect();
        Alter::By(Steps::late(again(&change.to, &moved, &[])))
    }
}

/// The columns that a new tie brings to a table that was there without them.
fn lent<'c>(object: &Object<'c>) -> Vec<Object<'c>> {
    let (schema, table) = (object.key.part(0), object.key.part(1));
    let (of, parent) = (object.key.part(2), object.key.part(3));
    let columns = object.catalog.below(ObjectKind::Column, &[schema, table]);
    columns
        .filter(|(key, _)| {
            let above = Key::new(ObjectKind::Column, &[of, parent, key.part(2)]);
            object.catalog.get(&above).is_some()
        })
        .map(|(key, fact)| Object { key, fact, ..*object })
        .filter(lends)
        .collect()
}

/// The checks that a new tie brings to a table that was there without them: those that the parent has already.
fn lent_checks<'c>(object: &Object<'c>) -> Vec<(&'c Key, &'c Fact)> {
    let (schema, table) = (object.key.part(0), object.key.part(1));
    let (of, parent) = (object.key.part(2), object.key.part(3));
    let Some(before) = object.before else { return Vec::new() };
    let below = object.catalog.below(ObjectKind::Constraint, &[schema, table]);
    below
        .filter(|(key, fact)| {
            let above = Key::new(ObjectKind::Constraint, &[of, parent, key.name()]);
            let is = before.get(&above).map(|it| it.get(Attribute::Definition));
            fact.is_constraint(ConstraintKind::Check)
                && fact.is(Attribute::Inherited)
                && before.get(key).is_none_or(|it| !it.is(Attribute::Inherited))
                && is == Some(fact.get(Attribute::Definition))
        })
        .collect()
}
