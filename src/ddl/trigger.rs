//! Triggers, and their clones on partitions.
//!
//! A clone comes and goes with the trigger of the partitioned table, or with the partition: only its state is its own.

use crate::{
    catalog::{Attribute, Key, ObjectKind},
    ddl::{
        extension,
        rules::{
            Action, Alter, Change, KindRules, LockMode, Object, Statement, Steps, Work, needs,
        },
        view::timely,
    },
    words::ident::{Ident, Qualified},
};

/// Triggers.
pub(crate) struct Trigger;

impl KindRules for Trigger {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(words(object))
    }

    fn created_with(&self, object: &Object<'_>) -> Option<Key> {
        origin(object)
    }

    // The relation; for a clone the trigger that it is cloned from, too.
    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        let mut owners = vec![object.relation()];
        owners.extend(origin(object));
        owners.extend(extension::tied(object));
        owners
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        if is_clone(object) {
            // made with its partition, it has the state of its origin; made with that, the usual one
            let of_origin = origin(object).and_then(|it| object.catalog.get(&it));
            let is_usual = of_origin.is_none_or(|it| !it.is(Attribute::Enabled))
                && !object.is(Attribute::Enabled);
            return if is_usual { Vec::new() } else { vec![state(object)] };
        }
        let mut statements = vec![made(object, definition(object).to_owned())];
        if object.is(Attribute::Enabled) {
            statements.push(state(object));
        }
        statements.extend(extension::ties(object, &words(object)));
        statements
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        if is_clone(object) {
            return Vec::new();
        }
        vec![object.alone_on_relation(format!("DROP {}", words(object)))]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let to = &change.to;
        if change.differs(Attribute::Parent) {
            return Alter::Replace;
        }
        let is_other = change.differs(Attribute::Definition);
        let mut statements = Vec::new();
        if is_clone(to) {
            // the replacement of its origin has made its state the usual one
            if change.differs(Attribute::Enabled) || is_other && to.is(Attribute::Enabled) {
                statements.push(state(to));
            }
            return Alter::By(Steps::late(statements));
        }
        if is_other {
            // for another level PostgreSQL would leave the clones behind
            let is_fixed = change.from.is(Attribute::Constraint) || to.is(Attribute::Constraint);
            if is_fixed || change.differs(Attribute::Level) {
                return Alter::Replace;
            }
            let made = definition(to).replacen("CREATE ", "CREATE OR REPLACE ", 1);
            statements.push(self::made(to, made));
        }
        // replaced, it is in the usual one
        if is_other && to.is(Attribute::Enabled) || !is_other && change.differs(Attribute::Enabled)
        {
            statements.push(state(to));
        }
        statements.extend(extension::retie(change, &words(to)));
        Alter::By(timely(change, statements))
    }
}

/// The trigger that it is a clone of.
fn origin(object: &Object<'_>) -> Option<Key> {
    let is_clone = is_clone(object);
    needs(object)
        .find(|it| is_clone && it.bond == 'P' && it.referenced.kind() == ObjectKind::Trigger)
        .map(|it| it.referenced.clone())
}

/// Whether it was made by PostgreSQL for a partition.
fn is_clone(object: &Object<'_>) -> bool {
    object.is(Attribute::Parent)
}

/// The statement that PostgreSQL prints for it.
fn definition<'c>(object: &Object<'c>) -> &'c str {
    object.get(Attribute::Definition).unwrap_or_default()
}

/// Sets when it fires, for itself alone: its clones have states of their own.
fn state(object: &Object<'_>) -> Statement {
    let verb = match object.get(Attribute::Enabled) {
        Some("disabled") => "DISABLE",
        Some("replica") => "ENABLE REPLICA",
        Some("always") => "ENABLE ALWAYS",
        _ => "ENABLE",
    };
    let name = Ident(object.key.part(2));
    let action = Action::new(format!("{verb} TRIGGER {name}")).under(LockMode::ShareRowExclusive);
    Statement::alter_table("TABLE", &object.relation(), true, vec![action])
}

/// The statement that makes it: writers have to wait.
fn made(object: &Object<'_>, sql: String) -> Statement {
    Statement::new(sql).touching(&object.relation(), LockMode::ShareRowExclusive, Work::Catalog)
}

/// The words that name it after COMMENT ON, ALTER and DROP.
fn words(object: &Object<'_>) -> String {
    format!("TRIGGER {} ON {}", Ident(object.key.part(2)), table(object))
}

/// The relation that it is on.
fn table<'c>(object: &Object<'c>) -> Qualified<'c> {
    Qualified { schema: object.key.part(0), name: object.key.part(1) }
}
